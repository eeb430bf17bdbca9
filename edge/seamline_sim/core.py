"""The engine: clock, event heap, outbox and the state that handlers change. No floats, no I/O."""

import heapq
from collections.abc import Callable
from typing import Literal

from seamline_broker.contracts.catalogue import Catalogue
from seamline_broker.contracts.events import Value
from seamline_sim import tables
from seamline_sim.cutting import CuttingRules
from seamline_sim.market import Market
from seamline_sim.products import catalogue
from seamline_sim.scenario import Scenario
from seamline_sim.state import Line, Order, PlantState, Warehouse

FIRST_SEQ = 10_000_000
"""Events of the run are numbered above this; rows of history before the run below it."""

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
DAY_MS = DAY_US // 1000

FLOOR_KINDS = frozenset({"piece", "station", "qc", "andon", "lay", "sale"})
"""Events that a world of resolution `bundle` does not emit."""

SEASON_PERIODS = 4
NEUTRAL_KINDS = frozenset({"gathered", "finished", "packed", "delivered", "hour", "place", "burst"})
"""Events in which no line has a part, and which cause none: lines may have run past them."""
Resolution = Literal["piece", "bundle"]

Args = tuple[int | str, ...]
HeapEvent = tuple[int, int, int, str, Args]
RawEvent = tuple[int, int, str, str, tuple[Value, ...]]


class Core:
    """What every handler gets: time, the heap, the outbox and the state of market and plants."""

    def __init__(
        self, scenario: Scenario, seed: int, market: Market, resolution: Resolution = "piece"
    ) -> None:
        self.scenario = scenario
        self.seed = seed
        self.resolution: Resolution = resolution
        self.bundles = resolution == "bundle"
        self.market = market
        self.catalogue: Catalogue = catalogue(scenario, market.collection.styles)
        self.start_ms = scenario.start_ms
        self.time_factor = tables.lognormal(scenario.figure("operators.time_spread_permille"))
        self.mean_factor = tables.means(scenario.figure("operators.time_spread_permille"))
        self.cutting = CuttingRules.of(scenario)
        self.now_us = 0
        self.count = 0
        self.seq = FIRST_SEQ
        self.heap: list[HeapEvent] = []
        self.gates: list[int] = []
        """Seasons: times of the pending events in which a line may have a part, a heap."""
        self.outbox: list[RawEvent] = []
        self.lines: list[Line] = []
        self.line_of: dict[str, Line] = {}
        self.plants: list[PlantState] = []
        self.warehouses: dict[str, Warehouse] = {}
        self.orders: dict[str, Order] = {}
        self.ids: dict[str, str] = {}
        self.serials: dict[str, int] = {}
        self.paces: dict[tuple[int, int, str], int] = {}
        """Looked up once: line, operator, machine class -> pace (see `crew.pace_of`)."""
        self.periods = SEASON_PERIODS if self.bundles else 24
        """Consumers come so many times a day: hourly, or less often in long runs (then `sale`
        events and the count of unchanged stock are left out)."""
        self.rushes = 0
        self.bursts = 0
        self.events_done = 0

    @property
    def now_ms(self) -> int:
        """Plant time as epoch milliseconds."""
        return self.start_ms + self.now_us // 1000

    def fig(self, name: str) -> int:
        """Return a figure of the calibration."""
        return self.scenario.figures[name]

    def at(self, t_us: int, kind: str, *args: int | str, prio: int = 5) -> None:
        """Schedule an event; equal times go by `prio`, then by sequence of scheduling."""
        self.count += 1
        heapq.heappush(self.heap, (t_us, prio, self.count, kind, args))
        if self.bundles and kind not in NEUTRAL_KINDS:
            heapq.heappush(self.gates, t_us)

    def gate_us(self) -> int:
        """Return the time that no line may run past by itself."""
        return self.gates[0] if self.bundles else self.heap[0][0]

    def emit(self, node: str, kind: str, *values: Value) -> None:
        """Put a domain event into the outbox; seasons are silent about single garments."""
        if self.bundles and kind in FLOOR_KINDS:
            return
        self.seq += 1
        self.outbox.append((self.seq, self.start_ms + self.now_us // 1000, node, kind, values))


Handler = Callable[..., None]
