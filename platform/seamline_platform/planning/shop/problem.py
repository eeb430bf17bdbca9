"""A garment plant's scheduling problem as data: frozen, validated, in ticks since its start.

Orders are cut (parallel tables), sewn on one of several unrelated lines with set-ups that depend on
the sequence, and finished (parallel stations): a hybrid flow shop with sequence-dependent family
set-ups, `FHc | r_j, s_ijk, M_j | sum w_j T_j` in the notation of Graham et al. (1979) and Pinedo
(Scheduling, 5th ed., 2016). A tick is `Problem.tick_ms` milliseconds, a minute by default.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from seamline_broker.errors import ConfigError
from seamline_platform.planning.shop.tariff import Tariff
from seamline_platform.planning.shop.times import ALWAYS, WorkTimes

MAX_ORDERS: Final = 100_000


def _require(ok: bool, what: str, came: object, allowed: str) -> None:
    if not ok:
        raise ConfigError(f"{what} is {came!r}; allowed: {allowed}.")


def _whole(what: str, came: object, least: int) -> None:
    _require(type(came) is int and came >= least, what, came, f"a whole number >= {least}")


@dataclass(frozen=True, slots=True)
class Style:
    """What is sewn: its family (same operation bulletin) and standard times per piece.

    `smv` is the standard minute value of sewing one piece in ticks of one operator (a float);
    `cut` and `finish` are ticks of a table or a finishing station per piece.
    """

    style: str
    family: str
    smv: float
    cut: float = 0.0
    finish: float = 0.0
    skills: frozenset[str] = frozenset()
    """Skills that a line needs to have."""

    def __post_init__(self) -> None:
        for name in ("smv", "cut", "finish"):
            came = getattr(self, name)
            _require(0 <= came < float("inf"), f"Style {self.style}: {name}", came, "0 or more")


@dataclass(frozen=True, slots=True)
class Order:
    """So many pieces of a style and colour, not before `release`, best by `due`."""

    order: str
    style: str
    colour: str
    pieces: int
    due: int
    release: int = 0
    """Tick from which its cloth is there and it may be cut."""
    weight: int = 1
    sizes: Mapping[str, int] = field(default_factory=dict)
    kit: int | None = None
    """Tick at which its cut kit is (or will be) at the line; None: it is still to be cut."""
    lines: tuple[str, ...] = ()
    """Lines that it may be sewn on; empty: any that can."""
    after: tuple[str, ...] = ()
    """Orders that have to be sewn before it starts."""
    sewn: int | None = None
    """Tick at which it is (or will be) sewn on its only line, by what runs there: no plan moves it,
    only its finishing lies ahead. None: it is still to be sewn."""

    def __post_init__(self) -> None:
        who = f"Order {self.order}"
        _require(bool(self.order), "Order.order", self.order, "a name")
        _whole(f"{who}: pieces", self.pieces, 1)
        _whole(f"{who}: weight", self.weight, 0)
        _whole(f"{who}: release", self.release, 0)
        _require(type(self.due) is int, f"{who}: due", self.due, "a whole number")
        if self.sewn is not None:
            _whole(f"{who}: sewn", self.sewn, 0)
            _require(len(self.lines) == 1, f"{who}: lines", self.lines, "the one it is sewn on")
        if self.sizes and sum(self.sizes.values()) != self.pieces:
            raise ConfigError(
                f"{who}: its sizes sum to {sum(self.sizes.values())}, its pieces are {self.pieces}."
            )


@dataclass(frozen=True, slots=True)
class Line:
    """A sewing line: who sits there, how well it sews each family, what it sews now."""

    line: str
    operators: int
    efficiency: Mapping[str, float]
    """Line efficiency by family: pieces x SMV / operator time. Other families cannot be sewn."""
    calendar: str = ""
    """Name of its working times; empty: always."""
    skills: frozenset[str] = frozenset()
    free: int = 0
    """Tick from which it is free; until then it sews what runs, which no plan moves."""
    style: str = ""
    """Style that is set up at `free`; empty: none, the first set-up counts as `other`."""
    colour: str = ""
    age: int = 0
    """Working ticks that the line has spent on that style by then (learning)."""
    power_kw: float = 0.0
    """What its machines draw while it sews."""

    def __post_init__(self) -> None:
        who = f"Line {self.line}"
        _require(bool(self.line), "Line.line", self.line, "a name")
        _whole(f"{who}: operators", self.operators, 1)
        _whole(f"{who}: free", self.free, 0)
        _whole(f"{who}: age", self.age, 0)
        _require(0 <= self.power_kw <= 10_000, f"{who}: power_kw", self.power_kw, "0 to 10,000 kW")
        for family, value in self.efficiency.items():
            _require(0 < value <= 2, f"{who}: efficiency of {family}", value, "above 0, at most 2")


@dataclass(frozen=True, slots=True)
class Stage:
    """Cutting or finishing: so many equal places, and the way to the next stage in ticks."""

    places: int = 1
    calendar: str = ""
    transport: int = 0
    busy: tuple[int, ...] = ()
    """Ticks from which those places are free that hold what runs; the others are free at 0."""

    def __post_init__(self) -> None:
        _whole("Stage.places", self.places, 1)
        _whole("Stage.transport", self.transport, 0)
        for tick in self.busy:
            _whole("Stage.busy", tick, 0)
        _require(
            len(self.busy) <= self.places, "Stage.busy", self.busy, f"at most {self.places} ticks"
        )


@dataclass(frozen=True, slots=True)
class Setups:
    """Set-up ticks by kind of change, or between two (style, colour) pairs where that is given."""

    same_style: int = 10
    """Another colour of the same style."""
    same_family: int = 60
    other: int = 180
    pairs: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """(style, style): ticks; goes before the kinds. A style may be named before itself."""
    anticipatory: bool = True
    """The line is set up while the kit is on its way (the set-up data are sent ahead)."""

    def __post_init__(self) -> None:
        for name in ("same_style", "same_family", "other"):
            _whole(f"Setups.{name}", getattr(self, name), 0)
        for pair, ticks in self.pairs.items():
            _whole(f"Setups.pairs[{pair}]", ticks, 0)


@dataclass(frozen=True, slots=True)
class Ramp:
    """Learning: after a change of style a line gives 1 - depth e^(-t / tau) of its output.

    `t` is the working time on the style since the change, over all orders of it in a row.
    """

    depth_other: float = 0.0
    depth_family: float = 0.0
    tau: int = 120

    def __post_init__(self) -> None:
        for name in ("depth_other", "depth_family"):
            value = getattr(self, name)
            _require(0 <= value <= 0.95, f"Ramp.{name}", value, "0 to 0.95")
        _whole("Ramp.tau", self.tau, 1)


@dataclass(frozen=True, slots=True)
class Objective:
    """Cost of a plan, a whole number: the sum of these weights, each times what it weighs."""

    tardiness: int = 10
    """Per tick and weight of an order that is late."""
    setup: int = 1
    """Per tick of set-up."""
    move: int = 0
    """Per order that is on another line than in the plan before (`Problem.planned`)."""
    energy: int = 0
    """Per unit of money of the tariff that sewing costs in electricity."""
    co2: int = 0
    """Per kg of CO2 of that electricity."""

    def __post_init__(self) -> None:
        for name in ("tardiness", "setup", "move", "energy", "co2"):
            _whole(f"Objective.{name}", getattr(self, name), 0)


@dataclass(frozen=True)
class Problem:
    """A plant and its orders.

    `fixed` holds, by line, the orders that lie first on it and may not move: what runs or lies
    within the frozen window.

    Raises:
        ConfigError: naming the first thing that contradicts another: names twice, unknown styles,
            lines, calendars or orders, locks against each other, cycles in precedence.
    """

    name: str
    styles: tuple[Style, ...]
    orders: tuple[Order, ...]
    lines: tuple[Line, ...]
    cutting: Stage = Stage()
    finishing: Stage = Stage()
    setups: Setups = Setups()
    ramp: Ramp = Ramp()
    objective: Objective = Objective()
    calendars: Mapping[str, WorkTimes] = field(default_factory=dict)
    fixed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    planned: Mapping[str, str] = field(default_factory=dict)
    """Line of an order in the plan before; each that leaves it costs `Objective.move`."""
    tariff: Tariff | None = None
    start_ms: int = 0
    """Plant time (epoch ms) of tick 0."""
    tick_ms: int = 60_000

    def __post_init__(self) -> None:
        _whole("Problem.tick_ms", self.tick_ms, 1)
        _require(
            len(self.orders) <= MAX_ORDERS, "Number of orders", len(self.orders), f"{MAX_ORDERS}"
        )
        _unique("style", (s.style for s in self.styles))
        _unique("order", (o.order for o in self.orders))
        _unique("line", (x.line for x in self.lines))
        self._check_calendars()
        for order in self.orders:
            self._check_order(order)
        self._check_fixed()
        self._check_weighed()
        _check_precedence(self.orders)

    @cached_property
    def style_of(self) -> Mapping[str, Style]:
        """Styles by name."""
        return {s.style: s for s in self.styles}

    @cached_property
    def order_of(self) -> Mapping[str, Order]:
        """Orders by name."""
        return {o.order: o for o in self.orders}

    @cached_property
    def line_of(self) -> Mapping[str, Line]:
        """Lines by name."""
        return {x.line: x for x in self.lines}

    def times(self, calendar: str) -> WorkTimes:
        """Return the working times of that name; the empty name works always."""
        return self.calendars[calendar] if calendar else ALWAYS

    def can(self, line: Line, order: Order) -> bool:
        """Return True if `line` may and can sew `order`; what is sewn is not sewn again."""
        style = self.style_of[order.style]
        allowed = order.sewn is None and (not order.lines or line.line in order.lines)
        return allowed and style.family in line.efficiency and style.skills <= line.skills

    def _check_calendars(self) -> None:
        named = [("cutting", self.cutting.calendar), ("finishing", self.finishing.calendar)]
        named += [(f"line {x.line}", x.calendar) for x in self.lines]
        for who, calendar in named:
            _known(f"Calendar of {who}", calendar, self.calendars, empty=True)

    def _check_order(self, order: Order) -> None:
        _known(f"Order {order.order}: style", order.style, self.style_of)
        for line in order.lines:
            _known(f"Order {order.order}: line", line, self.line_of)
        for other in order.after:
            _known(f"Order {order.order}: order to come after", other, self.order_of)

    def _check_fixed(self) -> None:
        place: dict[str, str] = {}
        for line, orders in self.fixed.items():
            _known("Fixed line", line, self.line_of)
            for name in orders:
                _known(f"Fixed order on {line}", name, self.order_of)
                if name in place:
                    raise ConfigError(f"Order {name} is fixed on {place[name]} and on {line}.")
                place[name] = line
                if not self.can(self.line_of[line], self.order_of[name]):
                    raise ConfigError(
                        f"Order {name} is fixed on {line}, which may not or cannot sew it."
                    )

    def _check_weighed(self) -> None:
        for order, line in self.planned.items():
            _known("Planned order", order, self.order_of)
            _known(f"Line on which {order} was planned", line, self.line_of)
        goal = self.objective
        if self.tariff is None and (goal.energy or goal.co2):
            raise ConfigError(
                f"Objective: energy is {goal.energy} and co2 {goal.co2}, and there is no tariff; "
                "give the problem one, or leave both at 0."
            )


def _unique(kind: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ConfigError(f"The {kind} {name!r} is there twice.")
        seen.add(name)


def _known(what: str, name: str, known: Collection[str], empty: bool = False) -> None:
    if name in known or (empty and not name):
        return
    shown = ", ".join(list(known)[:8]) + (", .." if len(known) > 8 else "")
    raise ConfigError(f"{what} is {name!r}; there is: {shown or 'none'}.")


def _check_precedence(orders: Iterable[Order]) -> None:
    """Refuse a cycle, by removing orders that wait for nobody until none is left (Kahn 1962)."""
    waits = {o.order: set(o.after) for o in orders if o.after}
    followers: dict[str, list[str]] = {}
    for name, before in waits.items():
        before.intersection_update(waits)
        for other in before:
            followers.setdefault(other, []).append(name)
    free = [name for name, before in waits.items() if not before]
    while free:
        gone = free.pop()
        del waits[gone]
        for name in followers.get(gone, ()):
            waits[name].discard(gone)
            if not waits[name]:
                free.append(name)
    if waits:
        chain = [next(iter(waits))]
        while len(set(chain)) == len(chain):
            chain.append(min(waits[chain[-1]]))
        circle = " after ".join(chain[chain.index(chain[-1]) :])
        raise ConfigError(f"Orders wait for each other in a circle: {circle}.")
