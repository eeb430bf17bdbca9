"""What happens to a plan, and what is left of it then: breakdown, rush, absence, cloth, quality.

All ticks are those of the problem in which the disturbed plan was made.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from seamline_broker.errors import ConfigError
from seamline_platform.planning.replan.outages import closed, thinned
from seamline_platform.planning.replan.state import State, carry_out
from seamline_platform.planning.shop.problem import Line, Order, Problem
from seamline_platform.planning.shop.schedule import Row
from seamline_platform.planning.shop.sequences import Sequences
from seamline_platform.planning.shop.times import WorkTimes


class Disturbance(ABC):
    """Something that happens while a plan is carried out.

    `before` changes the problem in which the old plan is carried out up to now and goes on (a line
    that stands still delays what runs on it); `after` changes what is left.
    """

    def before(self, problem: Problem, now: int) -> Problem:
        """Return the problem with what the disturbance does to working times."""
        return problem

    def after(self, state: State, now: int) -> State:
        """Return the state with what the disturbance does to orders."""
        return state

    @property
    @abstractmethod
    def lines(self) -> frozenset[str]:
        """Lines that it strikes."""


@dataclass(frozen=True, slots=True)
class Breakdown(Disturbance):
    """A line stands still from `from_` to `until`; what runs on it goes on afterwards."""

    line: str
    from_: int
    until: int

    def __post_init__(self) -> None:
        if self.from_ < 0 or self.until <= self.from_:
            raise ConfigError(
                f"The breakdown of {self.line} lasts from {self.from_} to {self.until}; it has to "
                "begin at 0 or later and end after that."
            )

    @property
    def lines(self) -> frozenset[str]:
        """The broken line."""
        return frozenset((self.line,))

    def before(self, problem: Problem, now: int) -> Problem:
        """Close the line."""
        line = _line(problem, self.line)
        times = closed(problem.times(line.calendar), self.from_, self.until)
        return with_times(problem, line, times)


@dataclass(frozen=True, slots=True)
class Absence(Disturbance):
    """So many operators of a line are away from now until `until`: it gives so much less."""

    line: str
    operators: int
    until: int

    def __post_init__(self) -> None:
        if self.operators < 1:
            raise ConfigError(f"{self.operators} operators of {self.line} are away; at least 1.")

    @property
    def lines(self) -> frozenset[str]:
        """The line that lacks people."""
        return frozenset((self.line,))

    def before(self, problem: Problem, now: int) -> Problem:
        """Take their share of the line's open time."""
        line = _line(problem, self.line)
        if self.operators > line.operators:
            raise ConfigError(
                f"{self.operators} operators of {self.line} are away; it has {line.operators}."
            )
        if self.until <= now:
            raise ConfigError(f"An absence until {self.until} is over at {now}.")
        share = self.operators / line.operators
        return with_times(
            problem, line, thinned(problem.times(line.calendar), now, self.until, share)
        )


@dataclass(frozen=True, slots=True)
class Rush(Disturbance):
    """An order that nobody planned for."""

    order: Order

    @property
    def lines(self) -> frozenset[str]:
        """None: it may go anywhere."""
        return frozenset()

    def after(self, state: State, now: int) -> State:
        """Add it; its cloth is there at its release, at the earliest now."""
        order = self.order
        if order.sewn is not None:
            raise ConfigError(f"The rush order {order.order} is sewn already.")
        moved = replace(
            order,
            due=order.due - now,
            release=max(order.release - now, 0),
            kit=None if order.kit is None else max(order.kit - now, 0),
            after=tuple(name for name in order.after if name not in state.settled),
        )
        return _with_order(state, moved)


@dataclass(frozen=True, slots=True)
class LateFabric(Disturbance):
    """The cloth of these orders comes at `until`; those that are cut already have theirs."""

    orders: tuple[str, ...]
    until: int

    def __post_init__(self) -> None:
        if not self.orders:
            raise ConfigError("Late cloth needs the orders that wait for it.")

    @property
    def lines(self) -> frozenset[str]:
        """None: lines go on with other orders."""
        return frozenset()

    def after(self, state: State, now: int) -> State:
        """Let them be cut later."""
        for name in self.orders:
            if name not in state.problem.order_of and name not in state.settled:
                raise _unknown("order", name, state.problem.order_of)
        until = max(self.until - now, 0)
        orders = tuple(
            replace(o, release=max(o.release, until))
            if o.order in self.orders and o.kit is None and o.sewn is None
            else o
            for o in state.problem.orders
        )
        return replace(state, problem=replace(state.problem, orders=orders))


@dataclass(frozen=True, slots=True)
class QualityLoss(Disturbance):
    """Pieces of an order turned out bad: they are cut and sewn again, as an order of their own.

    With `rework` they are sewn again as they are: their kit is at hand. The new order is due when
    the old one is, and as important; its name is that of the old one with `/remake` or `/rework`.
    """

    order: str
    pieces: int
    rework: bool = False

    def __post_init__(self) -> None:
        if self.pieces < 1:
            raise ConfigError(f"{self.pieces} pieces of {self.order} are bad; at least 1.")

    @property
    def lines(self) -> frozenset[str]:
        """None: the pieces may be made anywhere."""
        return frozenset()

    def after(self, state: State, now: int) -> State:
        """Add the order of what is made again."""
        order = state.origin.order_of.get(self.order)
        if order is None:
            raise _unknown("order", self.order, state.origin.order_of)
        if self.pieces > order.pieces:
            raise ConfigError(
                f"{self.pieces} pieces of {self.order} are bad; it has {order.pieces}."
            )
        left = state.problem.order_of.get(self.order)
        if left is not None and left.kit is None and left.sewn is None:
            raise ConfigError(f"{self.order} is not cut yet: none of its pieces can be bad.")
        again = replace(
            order,
            order=_free_name(f"{self.order}/{'rework' if self.rework else 'remake'}", state),
            pieces=self.pieces,
            sizes={},
            due=order.due - now,
            release=0,
            kit=0 if self.rework else None,
            lines=() if order.sewn is not None else order.lines,
            after=(),
            sewn=None,
        )
        return _with_order(state, again)


@dataclass(frozen=True, slots=True)
class Disturbed:
    """What is left of a disturbed plan, in ticks from now.

    `sequences` are the old ones without what has begun or is gone: new orders have no place in
    them yet. `struck` names the lines that the disturbances hit.
    """

    problem: Problem
    sequences: Sequences
    free: frozenset[str]
    """Orders that a new plan may move: neither begun nor fixed, or new."""
    new: frozenset[str] = frozenset()
    struck: frozenset[str] = frozenset()
    past: tuple[Row, ...] = ()
    """Rows of all that has begun, as they stand after the disturbance (see `State.past`)."""
    settled: frozenset[str] = field(default=frozenset())


def disturb(
    problem: Problem,
    sequences: Sequences,
    now: int,
    what: Disturbance | Sequence[Disturbance],
    freeze_ticks: int = 0,
) -> Disturbed:
    """Return the state at `now` of a plan that was carried out and is disturbed.

    Raises:
        ConfigError: if a disturbance names what does not exist, or contradicts the state.
    """
    events = (what,) if isinstance(what, Disturbance) else tuple(what)
    struck = problem
    for event in events:
        struck = event.before(struck, now)
    state = carry_out(struck, sequences, now, freeze_ticks)
    known = frozenset(state.problem.order_of)
    for event in events:
        state = event.after(state, now)
    orders = state.problem.orders
    fixed = {name for row in state.problem.fixed.values() for name in row}
    return Disturbed(
        problem=state.problem,
        sequences=state.sequences,
        free=frozenset(o.order for o in orders if o.sewn is None and o.order not in fixed),
        new=frozenset(state.problem.order_of) - known,
        struck=frozenset().union(*(event.lines for event in events)),
        past=state.past,
        settled=state.settled,
    )


def with_times(problem: Problem, line: Line, times: WorkTimes) -> Problem:
    """Return the problem with other working times of one line; what it sews now is delayed."""
    before = problem.times(line.calendar)
    others = {x.calendar for x in problem.lines if x.line != line.line}
    others |= {problem.cutting.calendar, problem.finishing.calendar}
    taken = others | (problem.calendars.keys() - {line.calendar})
    name = f"line {line.line}"
    while name in taken:
        name += "'"

    def later(tick: int) -> int:
        return max(tick, times.end_at(before.to_work(tick))) if tick else tick

    lines = tuple(
        replace(x, calendar=name, free=later(x.free)) if x.line == line.line else x
        for x in problem.lines
    )
    orders = tuple(
        replace(o, sewn=later(o.sewn)) if o.sewn and o.lines == (line.line,) else o
        for o in problem.orders
    )
    return replace(
        problem, lines=lines, orders=orders, calendars={**problem.calendars, name: times}
    )


def _with_order(state: State, order: Order) -> State:
    if order.order in state.origin.order_of or order.order in state.problem.order_of:
        raise ConfigError(f"The new order is named {order.order!r}, which is there already.")
    orders = (*state.problem.orders, order)
    return replace(state, problem=replace(state.problem, orders=orders))


def _free_name(name: str, state: State) -> str:
    taken = {*state.origin.order_of, *state.problem.order_of}
    number, result = 2, name
    while result in taken:
        result, number = f"{name}-{number}", number + 1
    return result


def _line(problem: Problem, name: str) -> Line:
    if name not in problem.line_of:
        raise _unknown("line", name, problem.line_of)
    return problem.line_of[name]


def _unknown(kind: str, name: str, known: Iterable[str]) -> ConfigError:
    names = list(known)
    shown = ", ".join(names[:8]) + (", .." if len(names) > 8 else "")
    return ConfigError(f"The disturbed {kind} is {name!r}; there is: {shown or 'none'}.")
