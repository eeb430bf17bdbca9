"""What the events of a run add up to: the sums that KPIs are made of. Values in, values out."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast

from seamline_broker.contracts.events import Event, Value
from seamline_platform.streams import formulas
from seamline_platform.streams.sums import Sums

_Values = tuple[Value, ...]


@dataclass(slots=True)
class _Presence:
    """Who is at a line since when; None while the shift is off."""

    since_ms: int | None = None
    operators: int = 0
    stations: int = 0


@dataclass(slots=True)
class Tally:
    """Counts over all nodes of a run. Feed it every event once, in order of `seq`.

    `sums` are those of `streams`: a KPI of a headless run is the KPI of the live page.
    """

    sums: Sums = field(default_factory=Sums)
    first_pass: int = 0
    """Good garments that were never sent back."""
    defects: int = 0
    """Defects that quality control found."""
    flow_ms: int = 0
    """Time on the line, added over good garments."""
    orders: int = 0
    """Orders that sellers placed."""
    replenishment_orders: int = 0
    dispatched: int = 0
    """Orders that went to a cutting table's queue."""
    deliveries: dict[str, int] = field(default_factory=dict)
    """Delivered orders by kind."""
    delivered_pieces: int = 0
    breakdowns: int = 0
    """Machines that needed a mechanic."""
    stops: int = 0
    """Thread and needle stops."""
    style_changes: int = 0
    """Rebuilds of a line for another bulletin."""
    stockout_min: int = 0
    """Minutes without stock, added over SKUs and regions, of days that are over."""
    _placed_ms: dict[str, int] = field(default_factory=dict)
    _smv_ms: dict[str, dict[str, int]] = field(default_factory=dict)
    _good: dict[str, int] = field(default_factory=dict)
    _line_good: dict[str, int] = field(default_factory=dict)
    _line_open_ms: dict[str, int] = field(default_factory=dict)
    _rebuilt_ms: dict[str, int] = field(default_factory=dict)
    _present: dict[str, _Presence] = field(default_factory=dict)

    def take(self, events: Iterable[Event]) -> None:
        """Count events."""
        for _, ts_ms, node, kind, v in events:
            if kind == "piece":
                self._piece(ts_ms, node, v)
            elif kind == "order":
                self._order(ts_ms, v)
            elif kind == "shift":
                self._shift(ts_ms, node, v)
            elif kind == "station":
                self._station(ts_ms, node, v)
            elif kind == "qc":
                self.defects += 1
            elif kind == "seller_order":
                self.orders += 1
                self._placed_ms[str(v[0])] = ts_ms
            elif kind == "sale_day":
                self.stockout_min += cast("int", v[2])

    def close(self, now_ms: int) -> None:
        """Count the time up to the end of the run, and work out what follows from all of it."""
        for node, presence in self._present.items():
            self._count_presence(node, presence, now_ms)
        self.sums.earned_ms = sum(
            n * sum(self._smv_ms[order].values()) for order, n in self._good.items()
        )
        self.sums.rate_per_h = sum(
            formulas.throughput_per_h(self._line_good.get(node, 0), open_ms) or 0.0
            for node, open_ms in self._line_open_ms.items()
        )

    def _piece(self, ts_ms: int, node: str, v: _Values) -> None:
        _, order, _, op, sewing_ms, smv_ms, outcome, last, _, first_pass, in_ms = v
        sums = self.sums
        sums.operations += 1
        sums.apt_ms += cast("int", sewing_ms)
        sums.standard_ms += cast("int", smv_ms)
        known = self._smv_ms.get(cast("str", order))
        if known is None:
            known = self._smv_ms[cast("str", order)] = {}
        known[cast("str", op)] = cast("int", smv_ms)
        if last:
            sums.good += 1
            self.first_pass += bool(first_pass)
            self.flow_ms += ts_ms - cast("int", in_ms)
            self._good[cast("str", order)] = self._good.get(cast("str", order), 0) + 1
            self._line_good[node] = self._line_good.get(node, 0) + 1
        elif outcome == "scrap":
            sums.scrapped += 1

    def _order(self, ts_ms: int, v: _Values) -> None:
        order, state, kind = str(v[0]), v[1], str(v[2])
        if state == "cutting" and order not in self._placed_ms:
            self._placed_ms[order] = ts_ms
            self.replenishment_orders += 1
        if state == "delivered":
            self.deliveries[kind] = self.deliveries.get(kind, 0) + 1
            self.delivered_pieces += cast("int", v[6])
            sums = self.sums
            sums.delivered += 1
            sums.on_time += ts_ms <= cast("int", v[10])
            sums.timed += 1
            sums.lead_ms += ts_ms - self._placed_ms[order]
        elif state == "cutting":
            self.dispatched += 1

    def _shift(self, ts_ms: int, node: str, v: _Values) -> None:
        phase, operators, stations = v
        if phase in ("joined", "left"):  # of the line as a whole: its shift goes on
            return
        presence = self._present.setdefault(node, _Presence())
        self._count_presence(node, presence, ts_ms)
        presence.since_ms = ts_ms if phase in ("start", "break_end") else None
        presence.operators = cast("int", operators)
        presence.stations = cast("int", stations)

    def _count_presence(self, node: str, presence: _Presence, until_ms: int) -> None:
        if presence.since_ms is None:
            return
        length_ms = until_ms - presence.since_ms
        presence.since_ms = until_ms
        self.sums.open_ms += length_ms
        self.sums.pbt_ms += length_ms * presence.stations
        self.sums.labour_ms += length_ms * presence.operators
        self._line_open_ms[node] = self._line_open_ms.get(node, 0) + length_ms

    def _station(self, ts_ms: int, node: str, v: _Values) -> None:
        _, state, cause, _ = v
        if state == "down":
            if cause in ("thread", "needle"):
                self.stops += 1
            else:
                self.breakdowns += 1
        elif state == "setup" and self._rebuilt_ms.get(node) != ts_ms:
            self._rebuilt_ms[node] = ts_ms  # all stations of a line are rebuilt at once
            self.style_changes += 1
