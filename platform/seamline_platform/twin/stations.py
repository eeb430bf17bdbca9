"""One line as reported: shift, states of its stations, garments on its hangers, its queue."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, cast

from seamline_broker.contracts.catalogue import LineInfo
from seamline_broker.contracts.events import Columns
from seamline_platform.domain.causes import MINOR_CAUSES
from seamline_platform.twin.orders import OrderStep
from seamline_platform.twin.rows import rows

State = Literal["run", "idle", "starved", "setup", "down", "off"]
DAY_MS: Final = 86_400_000
IDLE_AFTER_MS: Final = 300_000
"""A station without a finished operation for so long is not running, whatever it did before."""


@dataclass(frozen=True, slots=True)
class StationNow:
    """What one station does, as far as anybody can tell from outside."""

    state: State
    order: str
    op: str
    pieces: int


@dataclass(slots=True)
class _Station:
    order: str = ""
    op: str = ""
    pieces: int = 0
    day: int = -1
    last_ms: int = 0
    down: bool = False
    cause: str = ""
    setup: bool = False
    turns: bool | None = None
    sensed_ms: int = 0


class LineState:
    """Reduces the events of one line."""

    def __init__(self, site: str, line: str) -> None:
        self.site = site
        self.line = line
        self.open = False
        self.operators = 0
        self.joined = True
        self.stations: dict[str, _Station] = {}
        self.garments: set[tuple[str, int]] = set()
        self.queue: list[str] = []
        self.sewing: list[str] = []
        self.style = ""
        self.good_today = 0
        self.day = -1
        self.now_ms = 0
        self.changed: set[str] = set()

    def install(self, info: LineInfo) -> None:
        """Take the stations that the catalogue says."""
        for number in range(1, info.stations + 1):
            self.station(f"st-{number:02d}")

    def station(self, name: str) -> _Station:
        """Return a station, made on first sight; mark it as changed."""
        self.changed.add(name)
        station = self.stations.get(name)
        if station is None:
            station = self.stations[name] = _Station()
        return station

    def pieces(self, columns: Columns) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """Take `piece` events; return good and scrapped garments by order.

        Works on whole columns: this is the path of ten thousand events a second.
        """
        orders, stations = columns["order"], columns["station"]
        garments = list(zip(orders, columns["piece"], strict=True))
        good = [g for g, last in zip(garments, columns["last"], strict=True) if last]
        outcome = columns["outcome"]
        scrap: list[tuple[object, object]] = []
        if "scrap" in outcome:
            scrap = [g for g, o in zip(garments, outcome, strict=True) if o == "scrap"]
        self.garments.update(cast("list[tuple[str, int]]", garments))
        self.garments.difference_update(cast("list[tuple[str, int]]", good))
        self.garments.difference_update(cast("list[tuple[str, int]]", scrap))
        ts_ms = columns["ts_ms"]
        self._count_stations(stations, zip(orders, columns["op"], ts_ms, strict=True))
        self._count_good(len(good), cast("int", ts_ms[-1]))
        by_order = Counter(cast("str", order) for order, _ in good)
        return by_order, Counter(cast("str", order) for order, _ in scrap)

    def _count_stations(
        self, names: list[str | int | float | bool], newest: Iterable[tuple[object, ...]]
    ) -> None:
        last = dict(zip(names, newest, strict=True))
        for name, count in Counter(names).items():
            order, op, at_ms = cast("tuple[str, str, int]", last[name])
            station = self.station(cast("str", name))
            if station.day != (day := at_ms // DAY_MS):
                station.day, station.pieces = day, 0
            station.order, station.op, station.last_ms = order, op, at_ms
            station.pieces += count

    def _count_good(self, count: int, at_ms: int) -> None:
        if self.day != (day := at_ms // DAY_MS):
            self.day, self.good_today = day, 0
        self.good_today += count

    def station_events(self, columns: Columns) -> None:
        """Take breakdowns, repairs and style set-ups."""
        for name, state, cause in rows(columns, ("station", "state", "cause")):
            station = self.station(name)
            if state in ("down", "up"):
                station.down = state == "down"
                station.cause = cause if station.down else ""
            else:
                station.setup = state == "setup"

    def shifts(self, columns: Columns) -> None:
        """Take begins and ends of shifts and breaks."""
        for phase, operators in rows(columns, ("phase", "operators")):
            if phase in ("joined", "left"):
                self.joined = phase == "joined"
                continue
            self.open = phase in ("start", "break_end")
            self.operators = 0 if phase == "end" else operators  # those of an end go home
        self.changed.update(self.stations)

    def steps(self, steps: Iterable[OrderStep]) -> None:
        """Take the progress of orders at this line."""
        for step in steps:
            if step.state == "queued":
                # told again for the whole queue after a `sequence`, and after a way round
                if step.order in self.queue:
                    self.queue.remove(step.order)
                self.queue.append(step.order)
            elif step.state == "sewing" and step.order not in self.sewing:
                self.sewing.append(step.order)
                self.style = step.style
                if step.order in self.queue:
                    self.queue.remove(step.order)
            elif step.state == "sewn" and step.order in self.sewing:
                self.sewing.remove(step.order)

    def sequence(self, orders: Iterable[str]) -> None:
        """Put the named orders first, in this sequence; the others keep their place after."""
        named = [order for order in orders if order in self.queue]
        self.queue = named + [order for order in self.queue if order not in set(named)]

    def turning(self, name: str, turns: bool, at_ms: int) -> None:
        """Take whether the main shaft of a station turned at a moment."""
        station = self.stations.get(name) or self.station(name)
        if at_ms >= station.sensed_ms:
            station.sensed_ms = at_ms
            self.now_ms = max(self.now_ms, at_ms)
            if station.turns != turns:
                station.turns = turns
                self.changed.add(name)

    @property
    def down(self) -> tuple[str, ...]:
        """Stations that are down, by name."""
        return tuple(sorted(name for name, s in self.stations.items() if s.down))

    @property
    def broken(self) -> tuple[str, ...]:
        """Stations that are down and need a mechanic, by name."""
        return tuple(name for name in self.down if self.stations[name].cause not in MINOR_CAUSES)

    def now(self, name: str) -> StationNow:
        """Return what a station does now."""
        station = self.stations[name]
        return StationNow(self._state(station), station.order, station.op, station.pieces)

    def _state(self, station: _Station) -> State:
        if station.down:
            return "down"
        if not self.open:
            return "off"
        if station.setup:
            return "setup"
        if station.turns is not None and station.sensed_ms >= station.last_ms:
            runs = station.turns
        else:
            runs = bool(station.last_ms) and self.now_ms - station.last_ms < IDLE_AFTER_MS
        # From outside a station that waits looks the same whatever it waits for; with an order on
        # the line it waits for work.
        return "run" if runs else ("starved" if self.sewing else "idle")
