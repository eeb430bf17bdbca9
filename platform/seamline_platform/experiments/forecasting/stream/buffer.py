"""A model's side of the stream: orders are gathered, periods are closed by the clock."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from seamline_broker.errors import ContractError
from seamline_platform.demand.frame import long_frame
from seamline_platform.demand.frequency import Frequency
from seamline_platform.experiments.forecasting.stream.messages import (
    Brief,
    Call,
    Clock,
    End,
    Known,
    Message,
    Orders,
    Request,
    Series,
)
from seamline_platform.experiments.forecasting.stream.periods import Periods


@dataclass(slots=True)
class Counts:
    """What the stream was like."""

    orders: int = 0
    twice: int = 0
    late: int = 0
    """Orders of periods that had been closed already; they count from the next forecast on."""


@dataclass(slots=True)
class _Row:
    """One series: its first period, orders by period, what else is known by period."""

    first: int
    pieces: dict[int, float] = field(default_factory=dict)
    missing: set[int] = field(default_factory=set)
    facts: dict[int, dict[str, float]] = field(default_factory=dict)
    static: dict[str, str | None] = field(default_factory=dict)


class Buffer:
    """Takes messages in any order and any number of times; says when a forecast is due.

    A request is due when plant time has passed the end of its origin by the allowed lateness (the
    watermark): what is known then is the history. An order of that period which comes later is
    counted as late, and still corrects the history of later forecasts.
    """

    def __init__(self) -> None:
        self.counts = Counts()
        self.brief: Brief | None = None
        self.ended = False
        self.called = False
        """Somebody asked who is there; whoever says hello sets it back."""
        self._periods = Periods(Frequency("D"))
        self._next = 1
        self._early: dict[int, Message] = {}
        self._series: dict[str, _Row] = {}
        self._known_orders: set[str] = set()
        self._requests: list[tuple[int, Request]] = []
        self._closed = -(2**62)
        self.syncs: list[int] = []
        """Numbers of clock messages that want a `synced`; whoever answers empties it."""

    def take(self, seq: int, message: Message) -> tuple[Request, ...]:
        """Take one message; return the requests that are due now."""
        if isinstance(message, Call):
            self.called = True
        elif seq >= self._next:
            self._early.setdefault(seq, message)
        due: list[Request] = []
        while self._next in self._early:
            due += self._apply(self._next, self._early.pop(self._next))
            self._next += 1
        return tuple(due)

    def history(self, request: Request) -> pa.Table:
        """Return the long frame up to the request's origin, and what is known ahead of it.

        Raises:
            ContractError: if nothing was told yet.
        """
        (origin,) = self._periods.ordinals((request.origin,))
        last = int(self._periods.ordinals(request.ds)[-1])
        rows = _Frame()
        for name in sorted(self._series):
            row = self._series[name]
            for period in range(row.first, int(origin) + 1):
                y = None if period in row.missing else row.pieces.get(period, 0.0)
                rows.add(name, period, y, row.facts.get(period, {}), row.static)
            for period in range(max(int(origin) + 1, row.first), last + 1):
                if period in row.facts:
                    rows.add(name, period, None, row.facts[period], row.static)
        if not rows.names:
            raise ContractError("No series was told before a forecast was asked for.")
        return rows.table(self._periods)

    def _apply(self, seq: int, message: Message) -> list[Request]:
        if isinstance(message, Brief):
            self.brief = message
            self._periods = Periods(Frequency(message.frequency, message.anchor))
        elif isinstance(message, Series):
            self._begin(message)
        elif isinstance(message, Orders):
            self._order(message)
        elif isinstance(message, Known):
            self._know(message)
        elif isinstance(message, Request):
            (origin,) = self._periods.ordinals((message.origin,))
            self._requests.append((int(origin), message))
        elif isinstance(message, End):
            self.ended = True
        elif isinstance(message, Clock):
            return self._tick(seq, message)
        return []

    def _tick(self, seq: int, clock: Clock) -> list[Request]:
        if clock.sync:
            self.syncs.append(seq)
        lateness = self.brief.allowed_lateness_ms if self.brief else 0
        due = [(o, r) for o, r in self._requests if r.close_ms + lateness <= clock.plant_ms]
        self._requests = [pair for pair in self._requests if pair not in due]
        self._closed = max([self._closed, *(origin for origin, _ in due)])
        return [request for _, request in due]

    def _begin(self, message: Series) -> None:
        for i, (name, first) in enumerate(
            zip(message.unique_id, self._periods.ordinals(message.first), strict=True)
        ):
            static = {key: values[i] for key, values in message.static.items()}
            row = self._series.setdefault(name, _Row(int(first)))
            row.first, row.static = min(row.first, int(first)), static

    def _order(self, message: Orders) -> None:
        periods = self._periods.ordinals(message.ds).tolist()
        for number, name, period, qty in zip(
            message.id, message.unique_id, periods, message.qty, strict=True
        ):
            if number in self._known_orders:
                self.counts.twice += 1
                continue
            self._known_orders.add(number)
            self.counts.orders += 1
            self.counts.late += period <= self._closed
            row = self._series.setdefault(name, _Row(period))
            row.first = min(row.first, period)
            row.pieces[period] = row.pieces.get(period, 0.0) + qty

    def _know(self, message: Known) -> None:
        periods = self._periods.ordinals(message.ds).tolist()
        for i, (name, period) in enumerate(zip(message.unique_id, periods, strict=True)):
            row = self._series.setdefault(name, _Row(period))
            if message.missing[i]:
                row.missing.add(period)
            facts = row.facts.setdefault(period, {})
            facts.update({
                key: value for key, values in message.columns.items()
                if (value := values[i]) is not None
            })  # fmt: skip


class _Frame:
    """Rows of a long frame in the making."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.periods: list[int] = []
        self.y: list[float | None] = []
        self.facts: list[dict[str, float]] = []
        self.static: list[dict[str, str | None]] = []

    def add(
        self, name: str, period: int, y: float | None, facts: dict[str, float],
        static: dict[str, str | None],
    ) -> None:  # fmt: skip
        self.names.append(name)
        self.periods.append(period)
        self.y.append(y)
        self.facts.append(facts)
        self.static.append(static)

    def table(self, periods: Periods) -> pa.Table:
        columns: dict[str, Any] = {
            "unique_id": pa.array(self.names, pa.string()),
            "ds": periods.frequency.ds(np.array(self.periods, dtype=np.int64)),
            "y": pa.array(self.y, pa.float64()),
        }
        for name in sorted({key for facts in self.facts for key in facts}):
            columns[name] = pa.array([facts.get(name) for facts in self.facts], pa.float64())
        for name in sorted({key for static in self.static for key in static}):
            columns[name] = pa.array([static.get(name) for static in self.static], pa.string())
        return long_frame(pa.table(columns))
