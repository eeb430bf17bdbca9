"""Windows of event time of one node: what fell into each, and when a window is over.

A window closes when the node itself has been heard beyond its end by the allowed lateness. A
gateway that was cut off for hours therefore finds its windows open, and a clock of another year is
judged by itself alone.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import cast

from seamline_broker.contracts.events import Columns
from seamline_platform.streams import formulas
from seamline_platform.streams.sums import Sums

MAX_ORDERS = 500
"""Orders of which a line remembers the standard time of a garment."""

Garment = tuple[str, int]


@dataclass(slots=True)
class Window:
    """An open window: sums, and what becomes sums at its end."""

    sums: Sums = field(default_factory=Sums)
    good_by_order: Counter[str] = field(default_factory=Counter)
    wip_change: int = 0
    meter_kwh: float | None = None


@dataclass(frozen=True, slots=True)
class Closed:
    """A window that is over."""

    index: int
    sums: Sums


class NodeWindows:
    """Reduces the events of one node to windows."""

    def __init__(self, window_ms: int, lateness_ms: int, after: int = -1) -> None:
        """Start with window `after` as the last that is closed."""
        self.window_ms = window_ms
        self.heard_ms = 0
        """Newest source time heard of this node."""
        self.late = 0
        """Events that came after their window had closed."""
        self.garments: set[Garment] = set()
        self._lateness_ms = lateness_ms
        self._open: dict[int, Window] = {}
        self._closed = after
        self._wip = 0
        self._meter_kwh: float | None = None
        self._standard: dict[str, dict[str, int]] = {}
        self._shift_ms: int | None = None
        self._operators = 0
        self._stations = 0

    def _window(self, index: int) -> Window | None:
        if index <= self._closed:
            return None
        window = self._open.get(index)
        if window is None:
            window = self._open[index] = Window()
        return window

    def heard(self, ts_ms: int) -> None:
        """Note that the node was heard at `ts_ms`."""
        self.heard_ms = max(self.heard_ms, ts_ms)

    def pieces(self, columns: Columns) -> None:
        """Take `piece` events, window by window, by whole columns."""
        stamps = cast("list[int]", columns["ts_ms"])
        self.heard(stamps[-1])
        start = 0
        while start < len(stamps):
            index = stamps[start] // self.window_ms
            end = len(stamps)
            if stamps[-1] // self.window_ms != index:
                end = bisect_left(stamps, (index + 1) * self.window_ms, start)
            part = columns
            if start or end < len(stamps):
                part = {name: column[start:end] for name, column in columns.items()}
            self._pieces_of(index, part, end - start)
            start = end

    def _pieces_of(self, index: int, columns: Columns, count: int) -> None:
        orders = cast("list[str]", columns["order"])
        standard = cast("list[int]", columns["smv_ms"])
        self._learn(set(zip(orders, cast("list[str]", columns["op"]), standard, strict=True)))
        garments = list(zip(orders, cast("list[int]", columns["piece"]), strict=True))
        good = [g for g, last in zip(garments, columns["last"], strict=True) if last]
        outcome = columns["outcome"]
        scrap: list[Garment] = []
        if "scrap" in outcome:
            scrap = [g for g, o in zip(garments, outcome, strict=True) if o == "scrap"]
        before = len(self.garments)
        self.garments.update(garments)
        entered = len(self.garments) - before
        self.garments.difference_update(good)
        self.garments.difference_update(scrap)
        window = self._window(index)
        if window is None:
            self.late += count
            self._wip += entered - len(good) - len(scrap)
            return
        sums = window.sums
        sums.operations += count
        sums.apt_ms += sum(cast("list[int]", columns["sewing_ms"]))
        sums.standard_ms += sum(standard)
        sums.good += len(good)
        sums.scrapped += len(scrap)
        window.good_by_order.update(order for order, _ in good)
        window.wip_change += entered - len(good) - len(scrap)

    def _learn(self, operations: set[tuple[str, str, int]]) -> None:
        for order, op, smv_ms in operations:
            known = self._standard.get(order)
            if known is None:
                known = self._standard[order] = {}
                if len(self._standard) > MAX_ORDERS:
                    del self._standard[next(iter(self._standard))]
            known[op] = smv_ms

    def shifts(self, columns: Columns) -> None:
        """Take begins and ends of shifts and breaks."""
        for ts_ms, phase, operators, stations in zip(
            cast("list[int]", columns["ts_ms"]),
            columns["phase"],
            cast("list[int]", columns["operators"]),
            cast("list[int]", columns["stations"]),
            strict=True,
        ):
            self.heard(ts_ms)
            if phase in ("joined", "left"):  # of the line as a whole: its shift goes on
                continue
            self._present(ts_ms)
            self._shift_ms = ts_ms if phase in ("start", "break_end") else None
            self._operators, self._stations = operators, stations

    def _present(self, until_ms: int) -> None:
        """Count the time present up to `until_ms` into its windows."""
        if self._shift_ms is None or until_ms <= self._shift_ms:
            return
        for index, length_ms in self._spans(self._shift_ms, until_ms):
            window = self._window(index)
            if window is not None:
                self._count_presence(window.sums, length_ms)
        self._shift_ms = until_ms

    def _spans(self, from_ms: int, until_ms: int) -> Iterator[tuple[int, int]]:
        while from_ms < until_ms:
            index = from_ms // self.window_ms
            end_ms = min(until_ms, (index + 1) * self.window_ms)
            yield index, end_ms - from_ms
            from_ms = end_ms

    def _count_presence(self, sums: Sums, length_ms: int) -> None:
        sums.open_ms += length_ms
        sums.pbt_ms += length_ms * self._stations
        sums.labour_ms += length_ms * self._operators

    def meter(self, ts_ms: int, energy_kwh: float) -> None:
        """Take a reading of the line's electricity meter (cumulative)."""
        self.heard(ts_ms)
        window = self._window(ts_ms // self.window_ms)
        if window is None:
            self._meter_kwh = max(energy_kwh, self._meter_kwh or 0.0)
        else:
            window.meter_kwh = max(energy_kwh, window.meter_kwh or 0.0)

    def delivered(self, ts_ms: int, due_ms: int, placed_ms: int | None) -> None:
        """Take the delivery of an order."""
        self.heard(ts_ms)
        window = self._window(ts_ms // self.window_ms)
        if window is None:
            self.late += 1
            return
        window.sums.delivered += 1
        window.sums.on_time += ts_ms <= due_ms
        if placed_ms is not None:
            window.sums.timed += 1
            window.sums.lead_ms += ts_ms - placed_ms

    def close(self) -> list[Closed]:
        """Close the windows that are over, oldest first; empty ones are passed over."""
        mark_ms = self.heard_ms - self._lateness_ms
        upto = mark_ms // self.window_ms - 1
        if upto <= self._closed:
            return []
        self._present((upto + 1) * self.window_ms)
        done = [
            Closed(index, self._finish(self._open.pop(index)))
            for index in sorted(self._open)
            if index <= upto
        ]
        self._closed = upto
        return [closed for closed in done if closed.sums.busy]

    def _finish(self, window: Window) -> Sums:
        sums, self._wip, self._meter_kwh = self._summed(window, self._wip, self._meter_kwh)
        return sums

    def _summed(
        self, window: Window, wip: int, meter_kwh: float | None
    ) -> tuple[Sums, int, float | None]:
        """Return the window's sums, and WIP and meter at its end."""
        sums = replace(window.sums, wip=wip + window.wip_change)
        sums.earned_ms = sum(
            count * sum(self._standard.get(order, {}).values())
            for order, count in window.good_by_order.items()
        )
        sums.rate_per_h = formulas.throughput_per_h(sums.good, sums.open_ms) or 0.0
        if window.meter_kwh is not None:
            if meter_kwh is not None and window.meter_kwh >= meter_kwh:
                sums.energy_kwh, sums.metered_good = window.meter_kwh - meter_kwh, sums.good
            meter_kwh = window.meter_kwh
        return sums, sums.wip, meter_kwh

    def running(self) -> dict[int, Sums]:
        """Return what fell into the open windows up to now, by window."""
        windows = {index: replace(w, sums=replace(w.sums)) for index, w in self._open.items()}
        if self._shift_ms is not None:
            # An end of shift may still come for the time since the watermark: not counted for good.
            for index, length_ms in self._spans(self._shift_ms, self.heard_ms):
                if index > self._closed:
                    window = windows.setdefault(index, Window())
                    self._count_presence(window.sums, length_ms)
        result: dict[int, Sums] = {}
        wip, meter_kwh = self._wip, self._meter_kwh
        for index in sorted(windows):
            result[index], wip, meter_kwh = self._summed(windows[index], wip, meter_kwh)
        return result
