"""KPIs of every line as they happen: windows, the plant day, the whole maker. No clock, no SQL."""

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from seamline_broker.contracts.events import Columns
from seamline_platform.domain.batches import DecodedBatch
from seamline_platform.domain.fresh import FreshEvents
from seamline_platform.streams.sums import KPIS, Sums, total, values
from seamline_platform.streams.windows import NodeWindows

WINDOW_MS = 900_000
LATENESS_MS = 120_000
DAY_MS = 86_400_000
TREND = 60
METER = "energy_kwh"
"""Metric of a line: electric energy since the start; no other device of a line's node has it."""


@dataclass(frozen=True, slots=True)
class KpiRow:
    """One KPI of one closed window: a row of table `kpis`."""

    window_start_ms: int
    window_end_ms: int
    site: str
    line: str
    name: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class KpiTile:
    """One KPI of the plant day: of the whole maker if `site` is empty."""

    name: str
    unit: str
    value: float | None
    trend: list[float | None]
    site: str
    iso22400: bool


class Kpis:
    """Feeds on decoded batches. Safe to use from several threads."""

    def __init__(self, window_ms: int = WINDOW_MS, lateness_ms: int = LATENESS_MS) -> None:
        self.window_ms = window_ms
        self._lateness_ms = lateness_ms
        self._lock = threading.Lock()
        self._fresh = FreshEvents()
        self._nodes: dict[tuple[str, str], NodeWindows] = {}
        self._stored: dict[tuple[str, str], int] = {}
        self._placed: dict[str, int] = {}
        self._days: dict[tuple[str, str], tuple[int, Sums]] = {}
        self._trend: dict[int, Sums] = {}
        self._rows: deque[KpiRow] = deque()

    def stored(self, site: str, line: str, window_end_ms: int) -> None:
        """Say up to where the store has rows of a node, before a rebuild: none is made twice."""
        with self._lock:
            self._stored[site, line] = window_end_ms

    def placed(self, order: str, placed_ms: int) -> None:
        """Note when an order was placed; the first time counts."""
        with self._lock:
            self._placed.setdefault(order, placed_ms)

    def apply(self, batch: DecodedBatch) -> None:
        """Take a batch. Raw devices and replays have no KPIs."""
        if batch.source == "raw":
            return
        with self._lock:
            events = self._fresh.take(batch)
            readings = batch.readings
            if not events and not len(readings):
                return
            key = (batch.site, batch.node)
            node = self._nodes.get(key)
            if node is None:
                node = self._nodes[key] = NodeWindows(self.window_ms, self._lateness_ms)
            self._events(node, events)
            if len(readings):
                self._readings(node, batch)
            self._close(key, node)

    def _events(self, node: NodeWindows, events: Mapping[str, Columns]) -> None:
        if "shift" in events:
            node.shifts(events["shift"])
        if "piece" in events:
            node.pieces(events["piece"])
        if "order" in events:
            self._deliveries(node, events["order"])
        for columns in events.values():
            node.heard(cast("int", columns["ts_ms"][-1]))

    def _deliveries(self, node: NodeWindows, columns: Columns) -> None:
        for state, order, ts_ms, due_ms in zip(
            columns["state"],
            cast("list[str]", columns["order"]),
            cast("list[int]", columns["ts_ms"]),
            cast("list[int]", columns["due_ms"]),
            strict=True,
        ):
            if state == "delivered":
                node.delivered(ts_ms, due_ms, self._placed.get(order))

    @staticmethod
    def _readings(node: NodeWindows, batch: DecodedBatch) -> None:
        readings = batch.readings
        node.heard(max(readings.ts_ms))
        if METER not in readings.metric:
            return
        meter = readings.metric.index(METER)
        for ts_ms, m, value in zip(readings.ts_ms, readings.m, readings.value, strict=True):
            if m == meter and value is not None:
                node.meter(ts_ms, value)

    def _close(self, key: tuple[str, str], node: NodeWindows) -> None:
        for closed in node.close():
            start_ms = closed.index * self.window_ms
            day = start_ms // DAY_MS
            have = self._days.get(key)
            if have is None or have[0] != day:
                have = self._days[key] = (day, Sums())
            _add(have[1], closed.sums)
            self._keep_trend(closed.index, closed.sums)
            if start_ms + self.window_ms > self._stored.get(key, 0):
                self._rows.extend(self._rows_of(key, start_ms, closed.sums))

    def _rows_of(self, key: tuple[str, str], start_ms: int, sums: Sums) -> list[KpiRow]:
        end_ms = start_ms + self.window_ms
        return [
            KpiRow(start_ms, end_ms, *key, name, value, KPIS[name].unit)
            for name, value in values(sums).items()
            if value is not None
        ]

    def _keep_trend(self, index: int, sums: Sums) -> None:
        trend = self._trend.get(index)
        if trend is None:
            trend = self._trend[index] = Sums()
            if len(self._trend) > TREND:
                del self._trend[min(self._trend)]
                if index not in self._trend:
                    return
        trend.add(sums)

    def take_rows(self) -> list[KpiRow]:
        """Return the rows of windows closed since the last call, for table `kpis`."""
        with self._lock:
            rows = list(self._rows)
            self._rows.clear()
            return rows

    @property
    def late(self) -> int:
        """Events that came after their window had closed."""
        with self._lock:
            return sum(node.late for node in self._nodes.values())

    def today(self) -> dict[str, dict[str, float | None]]:
        """Return KPI name -> value of the newest plant day, by `site/node`."""
        with self._lock:
            return {f"{s}/{n}": values(sums) for (s, n), sums in self._today().items()}

    def snapshot(self) -> list[KpiTile]:
        """Return the tiles of the newest plant day: the maker's with trends, then each plant's."""
        return self._tiles()[1]

    def _tiles(self) -> tuple[list[int], list[KpiTile]]:
        """Return when the windows of the trends ended, and the tiles."""
        with self._lock:
            today = self._today()
            ends_ms = [(index + 1) * self.window_ms for index in sorted(self._trend)]
            windows = [values(self._trend[index]) for index in sorted(self._trend)]
        tiles = [
            KpiTile(name, KPIS[name].unit, value, [w[name] for w in windows], "", spec.iso22400)
            for (name, value), spec in zip(
                values(total(today.values())).items(), KPIS.values(), strict=True
            )
        ]
        sites: dict[str, list[Sums]] = {}
        for (site, _), sums in today.items():
            if sums.open_ms:
                sites.setdefault(site, []).append(sums)
        for site in sorted(sites):
            tiles += [
                KpiTile(name, KPIS[name].unit, value, [], site, KPIS[name].iso22400)
                for name, value in values(total(sites[site])).items()
                if value is not None
            ]
        return ends_ms, tiles

    def board(self) -> dict[str, object]:
        """Return the payload of topic `kpi`."""
        ends_ms, tiles = self._tiles()
        items = [
            {
                "name": tile.name,
                "unit": tile.unit,
                "value": _rounded(tile.value),
                "trend": [_rounded(value) for value in tile.trend],
                "site": tile.site,
                "iso22400": tile.iso22400,
            }
            for tile in tiles
        ]
        return {"window_ms": self.window_ms, "ends_ms": ends_ms, "items": items}

    def _today(self) -> dict[tuple[str, str], Sums]:
        """Return what happened on the newest plant day, by node."""
        heard_ms = max((node.heard_ms for node in self._nodes.values()), default=0)
        day = heard_ms // DAY_MS
        result: dict[tuple[str, str], Sums] = {}
        for key, node in self._nodes.items():
            have = self._days.get(key)
            sums = Sums()
            if have is not None and have[0] == day:
                sums.add(have[1])
            for index, running in node.running().items():
                if index * self.window_ms // DAY_MS == day:
                    _add(sums, running)
            if sums.busy:
                result[key] = sums
        return result


def _add(day: Sums, window: Sums) -> None:
    """Add a later window of the same node: its WIP and its mean rate replace those before."""
    day.add(window)
    day.wip = window.wip
    day.rate_per_h = day.good * 3_600_000 / day.open_ms if day.open_ms else 0.0


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")
