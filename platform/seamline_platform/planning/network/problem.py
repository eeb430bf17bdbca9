"""Orders, plants and days as data: the generalised assignment problem behind promise and dispatch.

Every order (or lot of one) is sewn on one day in one plant, or given outside. A bucket is a plant's
hours on a day. Money is in yuan, times are whole days counted from the first day of the plan.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from seamline_broker.errors import ConfigError

MOQ_PIECES: Final = 100
"""Least order that is taken, as published for the case (100 pieces)."""
PROMISE_DAYS: Final = 7
"""Days to delivery that are promised by default, as published for the case."""


def _require(ok: bool, what: str, came: object, allowed: str) -> None:
    if not ok:
        raise ConfigError(f"{what} is {came!r}; allowed: {allowed}.")


@dataclass(frozen=True, slots=True)
class Plant:
    """A plant: where it is, how many hours it has each day, what it can sew and at what cost.

    `efficiency` maps families to standard hours of work (pieces x SMV) that are done in an hour of
    an operator; families that are missing cannot be sewn. `capacity_h` counts operator hours by
    day.
    """

    plant: str
    region: str
    capacity_h: tuple[float, ...]
    efficiency: Mapping[str, float]
    cost_per_h: float
    """Yuan per operator hour."""

    def __post_init__(self) -> None:
        who = f"Plant {self.plant}"
        _require(bool(self.plant), "Plant.plant", self.plant, "a name")
        _require(bool(self.capacity_h), f"{who}: capacity_h", self.capacity_h, "hours of each day")
        for hours in self.capacity_h:
            _require(0 <= hours < 1e9, f"{who}: capacity_h", hours, "0 or more")
        for family, value in self.efficiency.items():
            _require(0 < value <= 5, f"{who}: efficiency of {family}", value, "above 0, at most 5")
        _require(self.cost_per_h >= 0, f"{who}: cost_per_h", self.cost_per_h, "0 or more")


@dataclass(frozen=True, slots=True)
class Demand:
    """An order as the network sees it: standard hours of a family, for a region, by a day."""

    order: str
    family: str
    pieces: int
    hours: float
    """Standard operator hours (efficiency 1)."""
    region: str
    due: int
    """Day on which the goods have to be there; a day later is a day late."""
    release: int = 0
    """First day on which it can be sewn."""
    weight: float = 1.0
    plants: tuple[str, ...] = ()
    """Plants that may sew it; empty: any that can."""

    def __post_init__(self) -> None:
        who = f"Order {self.order}"
        _require(bool(self.order), "Demand.order", self.order, "a name")
        _require(
            type(self.pieces) is int and self.pieces >= 1, f"{who}: pieces", self.pieces, ">= 1"
        )
        _require(0 < self.hours < 1e9, f"{who}: hours", self.hours, "above 0")
        _require(type(self.due) is int, f"{who}: due", self.due, "a whole day")
        _require(
            type(self.release) is int and self.release >= 0, f"{who}: release", self.release, ">= 0"
        )
        _require(self.weight >= 0, f"{who}: weight", self.weight, "0 or more")


@dataclass(frozen=True, slots=True)
class Terms:
    """What time, way and failure cost; yuan."""

    late_per_h_day: float = 60.0
    """For a standard hour of work being a day late, times the order's weight."""
    early_per_h_day: float = 1.0
    """For a standard hour of work lying a day before it is due (stock, bound cloth)."""
    wait_per_h_day: float = 0.0
    """For a standard hour of work being there a day later than today, late or not."""
    outside_per_h: float = 600.0
    """For a standard hour that no bucket takes: given to another maker, or refused."""
    transport_per_piece: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """(from region, to region): yuan per piece; same region .1 and other .45 where missing."""
    transport_days: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """(from region, to region): days after the day of sewing; 0 and 1 where missing."""

    def __post_init__(self) -> None:
        for name in ("late_per_h_day", "early_per_h_day", "wait_per_h_day", "outside_per_h"):
            value = getattr(self, name)
            _require(0 <= value < 1e12, f"Terms.{name}", value, "0 or more")

    def way_cost(self, a: str, b: str) -> float:
        """Return yuan per piece from region `a` to region `b`."""
        return self.transport_per_piece.get((a, b), 0.1 if a == b else 0.45)

    def way_days(self, a: str, b: str) -> int:
        """Return days on the way from region `a` to region `b`."""
        return self.transport_days.get((a, b), 0 if a == b else 1)


@dataclass(frozen=True)
class Network:
    """Plants and orders over a horizon of days.

    Raises:
        ConfigError: naming what is there twice, unknown, or of another length.
    """

    name: str
    plants: tuple[Plant, ...]
    orders: tuple[Demand, ...]
    terms: Terms = field(default_factory=Terms)

    def __post_init__(self) -> None:
        _unique("plant", (p.plant for p in self.plants))
        _unique("order", (o.order for o in self.orders))
        lengths = {len(p.capacity_h) for p in self.plants}
        if len(lengths) > 1:
            raise ConfigError(
                f"Plants have capacities of {sorted(lengths)} days; expected the same for all."
            )
        known = self.plant_of
        for order in self.orders:
            for plant in order.plants:
                if plant not in known:
                    raise ConfigError(
                        f"Order {order.order} names the plant {plant!r}; "
                        f"there is: {', '.join(list(known)[:8]) or 'none'}."
                    )

    @cached_property
    def plant_of(self) -> Mapping[str, Plant]:
        """Plants by name."""
        return {p.plant: p for p in self.plants}

    @cached_property
    def order_of(self) -> Mapping[str, Demand]:
        """Orders by name."""
        return {o.order: o for o in self.orders}

    @property
    def days(self) -> int:
        """Days of the horizon."""
        return len(self.plants[0].capacity_h) if self.plants else 0

    def able(self, order: Demand) -> tuple[Plant, ...]:
        """Return the plants that may and can sew an order."""
        return tuple(
            p
            for p in self.plants
            if order.family in p.efficiency and (not order.plants or p.plant in order.plants)
        )

    def hours(self, order: Demand, plant: Plant) -> float:
        """Return the operator hours that an order takes in a plant."""
        return order.hours / plant.efficiency[order.family]

    def making(self, order: Demand, plant: Plant) -> float:
        """Return yuan for sewing an order in a plant and bringing it to its region."""
        way = self.terms.way_cost(plant.region, order.region)
        return self.hours(order, plant) * plant.cost_per_h + order.pieces * way

    def cost(self, order: Demand, plant: Plant, day: int) -> float:
        """Return yuan for an order in a plant on a day: making, lateness, earliness."""
        terms = self.terms
        arrives = day + terms.way_days(plant.region, order.region)
        late, early = max(arrives - order.due, 0), max(order.due - arrives, 0)
        return self.making(order, plant) + order.hours * (
            late * terms.late_per_h_day * order.weight
            + early * terms.early_per_h_day
            + arrives * terms.wait_per_h_day
        )

    def outside(self, order: Demand) -> float:
        """Return yuan for an order that no bucket takes."""
        return order.hours * self.terms.outside_per_h * max(order.weight, 1.0)


def _unique(kind: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ConfigError(f"The {kind} {name!r} is there twice.")
        seen.add(name)
