"""Turns what was reported into the view that policies decide on: events in, view out.

Nothing here reads a clock, a socket or the store. Batches of one node come in the sequence of their
numbers; batches of different nodes, messages and decisions come in any order. An event that was
taken before (same node, kind and `seq`) changes nothing, so a restart may hand on everything that
the store holds (batches with source `rebuild`, ascending `seq`) and then whatever is sent again.
"""

import threading
from collections.abc import Mapping
from typing import NamedTuple, cast

from seamline_broker.contracts.catalogue import Catalogue
from seamline_broker.contracts.events import Columns
from seamline_broker.contracts.messages import SellerOrder
from seamline_broker.contracts.view import LineView, OrderView, View
from seamline_platform.domain.batches import DecodedBatch
from seamline_platform.domain.fresh import FreshEvents
from seamline_platform.twin.orders import OrderBook, OrderStep
from seamline_platform.twin.stations import LineState, StationNow
from seamline_platform.twin.warehouse import Warehouse

_EMPTY = Catalogue({}, {}, (), (), {}, {}, 1, ())


class Changes(NamedTuple):
    """Keys whose state may have changed since the last call: for the live page."""

    stations: set[str]
    lines: set[str]
    orders: set[str]


class Projection:
    """The state of every order, line, station and stock. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._catalogue = _EMPTY
        self._book = OrderBook()
        self._lines: dict[str, LineState] = {}
        self._warehouse = Warehouse()
        self._fresh = FreshEvents()
        self._changed_lines: set[str] = set()

    @property
    def duplicates(self) -> int:
        """Events left out because they had been taken before."""
        return self._fresh.duplicates

    def catalogue(self, catalogue: Catalogue) -> None:
        """Take the master data: every line of it exists from now on."""
        with self._lock:
            self._catalogue = catalogue
            for info in catalogue.lines:
                self._line(info.site, info.line).install(info)

    def order(self, message: SellerOrder) -> None:
        """Take a seller's order; the same order again changes nothing."""
        with self._lock:
            self._book.placed(message)

    def replenishment(self, view: OrderView) -> None:
        """Take an order that the platform itself made."""
        with self._lock:
            self._book.made(view)

    def decided(self, order: str, site: str, line: str, promise_ms: int) -> None:
        """Take a decision about an order; it holds until an event says otherwise."""
        with self._lock:
            self._book.decided(order, site, line, promise_ms)

    def refused(self, order: str) -> None:
        """Take the refusal of an order that nothing was done for yet."""
        with self._lock:
            self._book.refused(order)

    def sequenced(self, site: str, line: str, orders: list[str]) -> None:
        """Take a `sequence` command that a line has executed."""
        with self._lock:
            self._line(site, line).sequence(orders)

    def apply(self, batch: DecodedBatch) -> None:
        """Take the events of one batch; of samples, whether the shafts of stations turn."""
        with self._lock:
            events = self._fresh.take(batch)
            if "rpm" in batch.readings.metric and batch.source != "raw":
                self._turning(batch)
            if not events:
                return
            steps = self._book.events(events["order"]) if "order" in events else []
            # A line may report before the catalogue names it.
            here = any(step.line == batch.node and step.site == batch.site for step in steps)
            key = f"{batch.site}/{batch.node}"
            if here or key in self._lines or {"piece", "station", "shift"} & events.keys():
                self._apply_line(self._line(batch.site, batch.node), events, steps)
            self._warehouse.apply(batch.site, events)

    def _turning(self, batch: DecodedBatch) -> None:
        line = self._lines.get(f"{batch.site}/{batch.node}")
        if line is None:
            return
        r = batch.readings
        rpm = r.metric.index("rpm")
        for d, m, ts_ms, value in zip(r.d, r.m, r.ts_ms, r.value, strict=True):
            if m == rpm and value is not None:
                line.turning(r.device[d], value > 0, ts_ms)

    def _apply_line(
        self, line: LineState, events: Mapping[str, Columns], steps: list[OrderStep]
    ) -> None:
        line.now_ms = max(line.now_ms, *(cast("int", c["ts_ms"][-1]) for c in events.values()))
        self._changed_lines.add(f"{line.site}/{line.line}")
        if "shift" in events:
            line.shifts(events["shift"])
        line.steps(steps)
        if "piece" in events:
            self._book.pieces_off(*line.pieces(events["piece"]))
        if "station" in events:
            line.station_events(events["station"])

    def _line(self, site: str, line: str) -> LineState:
        key = f"{site}/{line}"
        state = self._lines.get(key)
        if state is None:
            state = self._lines[key] = LineState(site, line)
        return state

    @property
    def orders(self) -> dict[str, OrderView]:
        """All orders by id."""
        with self._lock:
            return self._book.views()

    def order_view(self, order: str) -> OrderView | None:
        """Return one order, None if it is not known."""
        with self._lock:
            return self._book.get(order)

    def lines(self) -> dict[str, LineView]:
        """Return all lines by `site/line`."""
        with self._lock:
            return {key: self._line_view(line) for key, line in self._lines.items()}

    def _line_view(self, line: LineState) -> LineView:
        at = self._book.at_line
        return LineView(
            site=line.site,
            line=line.line,
            open=line.open,
            operators=line.operators,
            style=line.style,
            queue=tuple(at(line.queue, line.site, line.line, "queued")),
            sewing=tuple(at(line.sewing, line.site, line.line, "sewing")),
            down=line.down,
            broken=line.broken,
            wip=len(line.garments),
            joined=line.joined,
        )

    def view(self, now_ms: int) -> View:
        """Return everything that a policy may know at `now_ms`."""
        with self._lock:
            return View(
                now_ms=now_ms,
                catalogue=self._catalogue,
                lines=self.lines(),
                orders=self._book.views(),
                stock=self._warehouse.stock(),
                cloth_cm=dict(self._warehouse.cloth),
            )

    def station_states(self, keys: set[str] | None = None) -> dict[str, StationNow]:
        """Return what stations do now, by `site/line/station`: all, or those of `keys`."""
        with self._lock:
            if keys is None:
                return {
                    f"{key}/{name}": line.now(name)
                    for key, line in self._lines.items()
                    for name in line.stations
                }
            result: dict[str, StationNow] = {}
            for key in keys:
                line_key, _, name = key.rpartition("/")
                line = self._lines.get(line_key)
                if line is not None and name in line.stations:
                    result[key] = line.now(name)
            return result

    def good_today(self) -> dict[str, int]:
        """Return good garments that left each line on its newest day, by `site/line`."""
        with self._lock:
            return {key: line.good_today for key, line in self._lines.items()}

    def take_changes(self) -> Changes:
        """Return what changed since the last call."""
        with self._lock:
            stations: set[str] = set()
            for key, line in self._lines.items():
                stations.update(f"{key}/{name}" for name in line.changed)
                line.changed.clear()
            changes = Changes(stations, self._changed_lines, self._book.changed)
            self._changed_lines, self._book.changed = set(), set()
            return changes
