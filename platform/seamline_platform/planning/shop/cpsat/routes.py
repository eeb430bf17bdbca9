"""The sequence of a line as a circuit: arcs carry set-ups, and what a line still has to learn."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from seamline_platform.planning.shop.compiled import CONTINUE, Compiled
from seamline_platform.planning.shop.cpsat.engine import Reader
from seamline_platform.planning.shop.cpsat.part import LineStart

if TYPE_CHECKING:
    from seamline_platform.planning.shop.cpsat.model import ShopModel

DEPOT: Final = -1


@dataclass(frozen=True, slots=True)
class Route:
    """Arcs of one line (order, order; DEPOT before the first and after the last) and set-ups."""

    arcs: dict[tuple[int, int], Any]
    setups: list[Any] = field(default_factory=list)

    def sequence(self, read: Reader) -> tuple[int, ...]:
        """Return the orders in the sequence of a solution."""
        after = {a: b for (a, b), arc in self.arcs.items() if a != b and read(arc)}
        result: list[int] = []
        at = after.get(DEPOT, DEPOT)
        while at != DEPOT:
            result.append(at)
            at = after[at]
        return tuple(result)


def add_route(model: "ShopModel", line: int) -> Route:
    """Add circuit, set-ups and the sequence in time of one line to the model."""
    part = model.part
    row = part.plan.sequences[line][len(part.heads[line]) :]
    now = set(pairwise((DEPOT, *row, DEPOT))) if model.m.hinted else set()
    route = Route({})
    for a, b in _pairs(part.on(line), part.chains[line]):
        route.arcs[a, b] = model.m.flag((a, b) in now)
    listed = [(a + 1, b + 1, arc) for (a, b), arc in route.arcs.items()]
    listed += [(i + 1, i + 1, model.on[i, line].negated()) for i in part.on(line)]
    if not part.chains[line]:
        route.arcs[DEPOT, DEPOT] = model.m.flag(not row)
        listed.append((0, 0, route.arcs[DEPOT, DEPOT]))
    model.m.cp.add_circuit(listed)
    _in_time(model, line, route)
    if len(part.c.losses[-1]) > 1 and max(map(max, part.c.losses)) > 0:
        _learning(model, line, route)
    return route


def _pairs(orders: Sequence[int], chain: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the arcs that may be: orders of the chain follow each other only as they stand."""
    place = {i: k for k, i in enumerate(chain)}
    for a in orders:
        if place.get(a, 0) == 0:
            yield DEPOT, a
        if place.get(a, len(chain) - 1) == len(chain) - 1:
            yield a, DEPOT
        for b in orders:
            if a != b and (a not in place or b not in place or place[b] == place[a] + 1):
                yield a, b


def _in_time(model: "ShopModel", line: int, route: Route) -> None:
    """No order starts before the one before it has ended and its own set-up is made."""
    c, cp, number = model.c, model.m.cp, model.axis_of[line]
    begin = model.part.starts[line]
    anticipatory = c.problem.setups.anticipatory
    for (a, b), arc in route.arcs.items():
        if b == DEPOT:
            continue
        setup = _setup(c, begin, a, b)
        start = model.start[b, number]
        before = begin.free if a == DEPOT else model.end[a, number]
        cp.add(start >= before + setup).only_enforce_if(arc)
        if setup and not anticipatory:
            cp.add(start >= model.kit[b, number] + setup).only_enforce_if(arc)
        if setup:
            route.setups.append(setup * arc)
    for a, b in pairwise(model.part.chains[line]):  # also where free orders come between
        cp.add(model.start[b, number] >= model.end[a, number])
    spans = [
        cp.new_optional_fixed_size_interval_var(
            model.start[i, number], c.work[line][i], model.on[i, line], ""
        )
        for i in model.part.on(line)
    ]
    cp.add_no_overlap(spans)


def _setup(c: Compiled, begin: LineStart, a: int, b: int) -> int:
    return c.setup[begin.klass if a == DEPOT else c.klass[a]][c.klass[b]]


def _learning(model: "ShopModel", line: int, route: Route) -> None:
    """Let sewing take as much longer as the arc into an order says.

    On arcs of the present sequence that is what the decoder found; on others an order that goes on
    with a style is taken to follow the first order of it.
    """
    c, part, begin = model.c, model.part, model.part.starts[line]
    axis, t = c.times[line], model.t
    row = part.plan.sequences[line][len(part.heads[line]) :]
    now = set(pairwise((DEPOT, *row))) if model.m.hinted else set()
    for (a, b), arc in route.arcs.items():
        if b == DEPOT:
            continue
        work = c.work[line][b]
        if (a, b) in now:
            spent = axis.to_work(t.sew_end[b]) - axis.to_work(t.sew_start[b])
            loss = max(spent - work, 0)
        else:
            loss = _loss(c, begin, line, a, b)
        if loss:
            model.extra[b] = model.extra.get(b, 0) + loss * arc


def _loss(c: Compiled, begin: LineStart, line: int, a: int, b: int) -> int:
    klass = begin.klass if a == DEPOT else c.klass[a]
    change, age, kind = c.change[klass][c.klass[b]], 0, begin.kind
    if change != CONTINUE:
        kind = change
    elif a == DEPOT:
        age = begin.age
    else:
        age = c.work[line][a]
    table = c.losses[kind]
    top = len(table) - 1
    return table[min(age + c.work[line][b], top)] - table[min(age, top)]
