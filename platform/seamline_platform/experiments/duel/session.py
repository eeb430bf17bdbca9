"""A duel that somebody watches: paced, paused, with switches that are flipped while it runs.

What comes in and goes out are plain documents, one JSON object a line between two processes:

| in | |
|---|---|
| `{"op": "pace", "paused": true, "days_per_s": 2.0}` | either may be null or left out |
| `{"op": "switch", "side": "right", "name": "elastic", "value": true}` | counts from the next day |
| `{"op": "stop"}` | ends it; so does the end of the input |

| out | |
|---|---|
| `{"t": "began", "start_ms": .., "days": .., "calendar": [..]}` | once, when both worlds stand |
| `{"t": "day", "day": .., "left": {..}, "right": {..}, "reached_days_per_s": ..}` | each day |
| `{"t": "mark", "day": .., "side": .., "kind": .., "name": .., "value": ..}` | worth seeing |
| `{"t": "digests", "left": .., "right": ..}` | every week and at the end |
| `{"t": "refused", "what": ..}` | an order that cannot be obeyed |
| `{"t": "done"}` | the season is over |
"""

import queue
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Final

from seamline_broker.clock import Clock
from seamline_broker.errors import ConfigError
from seamline_platform.experiments.duel.duel import SIDES, Duel, Mark
from seamline_platform.experiments.duel.pace import Pace

Emit = Callable[[Mapping[str, Any]], None]
Inbox = queue.Queue[Mapping[str, Any] | None]
_DIGEST_DAYS: Final = 7


class Session:
    """One duel with its pace; `emit` is handed everything that goes out."""

    def __init__(self, duel: Duel, pace: Pace, clock: Clock, emit: Emit) -> None:
        self._duel, self._pace, self._clock, self._emit = duel, pace, clock, emit

    @property
    def over(self) -> bool:
        """Whether the season has been lived."""
        return self._duel.over

    def wait_s(self) -> float | None:
        """Return how long until the next day is due; None while paused."""
        return self._pace.wait_s(self._clock.steady_s())

    def obey(self, order: Mapping[str, Any]) -> None:
        """Carry out an order; one that cannot be obeyed changes nothing and is answered."""
        try:
            if order.get("op") == "switch":
                self._switch(order)
            elif order.get("op") == "pace":
                self._set_pace(order)
            else:
                raise ConfigError(f"Order {order.get('op')!r}; there are pace, switch, stop.")
        except ConfigError as exc:
            self._emit({"t": "refused", "what": str(exc)})

    def live_a_day(self) -> None:
        """Let both sides live the next day, and tell about it."""
        self._pace.began(self._clock.steady_s())
        day = self._duel.advance()
        for mark in day.marks:
            self._tell(mark)
        reached = self._pace.reached_per_s
        told = {"day": day.day, "left": dict(day.left), "right": dict(day.right)}
        self._emit({"t": "day", **told, "reached_days_per_s": reached and round(reached, 2)})
        if self._duel.over or self._duel.day % _DIGEST_DAYS == 0:
            left, right = self._duel.digests()
            self._emit({"t": "digests", "left": left, "right": right})
        if self._duel.over:
            self._emit({"t": "done"})

    def _switch(self, order: Mapping[str, Any]) -> None:
        side = order.get("side")
        if side not in SIDES:
            raise ConfigError(f"side is {side!r}; allowed: {', '.join(SIDES)}.")
        mark = self._duel.flip(side, str(order.get("name")), order.get("value"))
        if mark is not None:
            self._tell(mark)

    def _set_pace(self, order: Mapping[str, Any]) -> None:
        now_s = self._clock.steady_s()
        if order.get("days_per_s") is not None:
            self._pace.set_speed(float(order["days_per_s"]), now_s)
        if order.get("paused") is True:
            self._pace.pause()
        elif order.get("paused") is False:
            self._pace.go_on(now_s)

    def _tell(self, mark: Mark) -> None:
        self._emit({"t": "mark", **asdict(mark)})


def run(session: Session, inbox: Inbox) -> None:
    """Live until the season is over or `inbox` says to stop (`{"op": "stop"}` or None)."""
    while not session.over:
        wait_s = session.wait_s()
        try:
            order = inbox.get_nowait() if wait_s == 0 else inbox.get(timeout=wait_s)
        except queue.Empty:
            session.live_a_day()
            continue
        if order is None or order.get("op") == "stop":
            return
        session.obey(order)
