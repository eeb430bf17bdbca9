"""The plans of a platform wired together: hub, solver's process, publisher, planned and actual."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from seamline_broker.clock import Clock
from seamline_broker.contracts.catalogue import Catalogue
from seamline_broker.contracts.view import OrderView, View
from seamline_platform.api.hub import Hub
from seamline_platform.app.plan_answers import PlanAnswers, policy_of
from seamline_platform.app.plan_hub import PlanHub
from seamline_platform.app.plan_publisher import PlanPublisher
from seamline_platform.app.plan_wires import PlanWires, Snapshot
from seamline_platform.app.solver import Heard, SolverProcess, SolverState
from seamline_platform.app.sql import integer, text
from seamline_platform.app.triggers import Trigger
from seamline_platform.domain.batches import DecodedBatch
from seamline_platform.domain.causes import MINOR_CAUSES
from seamline_platform.planning.dispatch import DispatchPolicy
from seamline_platform.planning.explain import Text
from seamline_platform.planning.floor import Floor
from seamline_platform.planning.hub.actuals import Actual, Ledger
from seamline_platform.planning.hub.efficiency import learned
from seamline_platform.planning.hub.follow import FollowedPlan
from seamline_platform.planning.hub.question import NOISE, OUTLOOK, Question
from seamline_platform.settings import PlanningSettings

T = TypeVar("T")
MOST_STOPS: Final = 500
LOOK_EVERY_MS: Final = 15 * 60_000
"""Plant time between two comparisons of the plan with the plants."""


@dataclass(frozen=True, slots=True)
class RoomWires:
    """What plans are connected to."""

    preview: Callable[[], tuple[View, Floor]]
    catalogue: Callable[[], Catalogue]
    publish: Callable[[str, bytes], bool]
    """Publish a retained message."""
    post: Callable[[Callable[[Hub], None]], None]
    insert: Callable[[str, Sequence[Mapping[str, object]]], None]
    order: Callable[[str], OrderView | None]
    ask: Callable[[Trigger], None]
    """Ask the dispatch hub to decide soon; on the loop's thread."""
    trouble: Callable[[Text], None]
    """Tell a person what went wrong; on the loop's thread."""


class PlanRoom:
    """Everything about plans that a running platform has. `run` is its task."""

    def __init__(
        self, policy: DispatchPolicy, wires: RoomWires, clock: Clock, settings: PlanningSettings
    ) -> None:
        self._policy, self._wires, self._clock = policy, wires, clock
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pool = ThreadPoolExecutor(1, "plans")
        self._looked_ms = 0
        self._down: dict[str, int] = {}
        self._stops: list[tuple[str, int, int]] = []
        self.ledger = Ledger()
        self.publisher = PlanPublisher(wires.publish, wires.post, wires.insert, self.ledger, clock)
        self.hub = PlanHub(self._hub_wires(), clock, policy_of(settings.accept))
        self.hub.may_spend(settings.search_share)
        self.solver = SolverProcess(self._heard, self._show, clock)
        self.answers = PlanAnswers(self.hub, self.ledger, wires.order, lambda: policy.params)

    def _hub_wires(self) -> PlanWires:
        return PlanWires(
            preview=self._wires.preview,
            params=lambda: self._policy.params,
            follow=self._policy.follow,
            decide=lambda: self._later(self._decide),
            ask=lambda question: self._later(self._ask, question),
            changed=self._changed,
            trouble=lambda text: self._later(self._wires.trouble, text),
        )

    def resume(self, rows: Sequence[Mapping[str, object]]) -> None:
        """Follow the plan that was in force when the platform ended (rows of `LAST_PLAN`)."""
        if not rows:
            return
        lines: dict[str, list[str]] = {}
        for row in rows:
            lines.setdefault(text(row["line"]), []).append(text(row["order_id"]))
        version, as_of_ms = integer(rows[0]["version"]), integer(rows[0]["as_of_ms"])
        self._policy.follow(FollowedPlan(version, as_of_ms, lines))
        self.hub.resume(integer(rows[0]["numbers"]))

    # ---- life ------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Serve the solver's process until cancelled."""
        self._loop = asyncio.get_running_loop()
        await self.solver.run()

    def close(self) -> None:
        """Wait for the step under way."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    # ---- what happens; on the loop's thread ------------------------------------------------------

    async def disturbed(self, trigger: Trigger) -> None:
        """Answer a disturbance with a provisional plan before anything else is decided."""
        await self._in_turn(lambda: self.hub.disturbed(trigger))

    async def looked(self, now_ms: int) -> None:
        """Compare the plan with the plants, every quarter of a plant hour."""
        if 0 <= now_ms - self._looked_ms < LOOK_EVERY_MS:
            return
        self._looked_ms = now_ms
        await self._in_turn(lambda: self.learn(self._wires.catalogue()))
        found = await self._in_turn(self.hub.looked)
        for news in found:
            self._wires.ask(Trigger(news.kind, self._clock.wall_ms(), news.order, news.line))

    def batch(self, batch: DecodedBatch) -> None:
        """Note repairs as expected, orders that begin and orders that are sewn."""
        node = f"{batch.site}/{batch.node}"
        stations = batch.events.get("station")
        if stations:
            for ts_ms, state, cause, expected in zip(
                *(stations[name] for name in ("ts_ms", "state", "cause", "expected_ms")),
                strict=True,
            ):
                if state in ("down", "up") and cause not in MINOR_CAUSES:
                    self._stood(node, str(state), int(ts_ms), int(expected))
        orders = batch.events.get("order")
        if orders:
            for ts_ms, order, state in zip(
                orders["ts_ms"], orders["order"], orders["state"], strict=True
            ):
                self._order(str(order), str(state), node, int(ts_ms))

    def _stood(self, line: str, state: str, ts_ms: int, expected_ms: int) -> None:
        """Note when a line stood: a stop of a station from its breakdown to its repair."""
        if state == "down":
            self._down.setdefault(line, ts_ms)
            if expected_ms:
                self._pool.submit(self.hub.broke, line, ts_ms + expected_ms)
        elif (since := self._down.pop(line, None)) is not None:
            self._stops.append((line, since, ts_ms))
            del self._stops[:-MOST_STOPS]

    def learn(self, catalogue: Catalogue) -> None:
        """Let finished orders correct the efficiencies and the chance that plans count with."""
        params = self._policy.params
        orders = self.ledger.newest(MOST_STOPS)
        found, noise = learned(orders, self._stops, catalogue, params, NOISE)
        self.hub.chance(noise)
        if found and dict(params.line_efficiency) != dict(found):
            self._policy.params = replace(params, line_efficiency=found)

    def _order(self, order: str, state: str, line: str, ts_ms: int) -> None:
        if state == "sewing":
            self.ledger.began(order, line, ts_ms)
        elif state == "sewn":
            actual = self.ledger.ended(order, ts_ms)
            if actual is not None:
                self._wires.insert("plan_actuals", [self._actual_row(actual)])

    def _actual_row(self, actual: Actual) -> Mapping[str, object]:
        params = self._policy.params
        line = f"{actual.site}/{actual.line}"
        return {
            "order_id": actual.order, "site": actual.site, "line": actual.line,
            "style": actual.style, "version": actual.version,
            "planned_start_ts": actual.planned_start_ms, "actual_start_ts": actual.actual_start_ms,
            "planned_end_ts": actual.planned_end_ms, "actual_end_ts": actual.actual_end_ms,
            "error_min": float(actual.error_min), "p50_ts": actual.p50_ms,
            "p90_ts": actual.p90_ms,
            "efficiency": params.line_efficiency.get(line, params.efficiency),
        }  # fmt: skip

    # ---- between threads -------------------------------------------------------------------------

    async def _in_turn(self, step: Callable[[], T]) -> T:
        """Run a step in the one thread of plans, so that steps keep their sequence."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, step)

    def _later(self, call: Callable[..., None], *args: object) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, *args)

    def _decide(self) -> None:
        self._wires.ask(Trigger("plan", self._clock.wall_ms()))

    def _ask(self, question: Question) -> None:
        self.solver.ask(question)

    def _heard(self, heard: Heard) -> None:
        early = heard.answer is not None and OUTLOOK in heard.answer.compared
        if heard.final or heard.reason or early:
            self._pool.submit(self.hub.heard, heard)

    def _show(self, state: SolverState) -> None:
        self._pool.submit(self.hub.show, state)

    def _changed(self, snapshot: Snapshot) -> None:
        self.publisher.changed(snapshot)
