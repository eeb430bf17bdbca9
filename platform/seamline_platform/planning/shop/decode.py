"""The decoder in plain Python: sequences become times. Rules, search, simulator and page share it.

1. Cutting: whenever a table is free, the order that comes first in `cut_order` among those whose
   cloth is there is cut (non-delay: no table waits while something could be cut).
2. Sewing: each line takes its sequence as it is; set-up, then sewing, when the kit is there.
3. Finishing: first come, first served (equal times: the order that is earlier in the problem).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from seamline_platform.planning.shop.compiled import CANNOT, CONTINUE, Compiled
from seamline_platform.planning.shop.tariff import MICRO
from seamline_platform.planning.shop.times import WorkTimes

Sequences = Sequence[Sequence[int]]
NEVER = -1


@dataclass(frozen=True, slots=True)
class Plan:
    """What is decided: orders (indices) by line in sequence, and who is cut first."""

    sequences: tuple[tuple[int, ...], ...]
    cut_order: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Times:
    """Ticks of every order by stage; -1 where an order is not planned or does not pass there."""

    line: list[int]
    cut_start: list[int]
    cut_end: list[int]
    setup_start: list[int]
    setup: list[int]
    sew_start: list[int]
    sew_end: list[int]
    finish_start: list[int]
    done: list[int]
    """When the finished goods are where they are due."""

    @classmethod
    def empty(cls, orders: int) -> "Times":
        """Return times of which none is known."""
        return cls(*([NEVER] * orders for _ in range(9)))


@dataclass(frozen=True, slots=True)
class Value:
    """What a plan costs: `cost` is the sum of what follows, each times its weight (`Objective`).

    The part of electricity in `cost` is rounded down to a whole number, over the whole plan.
    """

    cost: int
    weighted_tardiness: int
    setup: int
    late: int
    """Orders that are late."""
    makespan: int
    moved: int = 0
    """Orders on another line than in the plan before."""
    energy_cost: float = 0.0
    """In money of the tariff."""
    co2: float = 0.0
    """In kg."""


class DeadlockError(ValueError):
    """Sequences in which orders wait for each other across lines."""


def decode(c: Compiled, plan: Plan) -> Times:
    """Return the times of a plan.

    Raises:
        DeadlockError: if orders that have to come after others never get their turn.
    """
    t = Times.empty(len(c.cut))
    kit = cut(c, plan.cut_order, t)
    _sew(c, plan.sequences, kit, t)
    _finish(c, t)
    return t


def cut(c: Compiled, cut_order: Sequence[int], t: Times) -> list[int]:
    """Fill in the times of cutting; return when each kit is at its line."""
    stage, axis = c.problem.cutting, c.cutting
    kit = list(c.kit)
    ready = [(axis.to_work(c.release[i]), rank, i) for rank, i in enumerate(cut_order)]
    heapify(ready)
    waiting: list[tuple[int, int]] = []
    tables = list(c.cut_busy)
    now = 0  # a table that has stood idle had nothing to cut before the last start
    while ready or waiting:
        now = max(now, tables[0])
        if not waiting:
            now = max(now, ready[0][0])
        while ready and ready[0][0] <= now:
            _, rank, i = heappop(ready)
            heappush(waiting, (rank, i))
        _, i = heappop(waiting)
        heappop(tables)
        heappush(tables, now + c.cut[i])
        t.cut_start[i] = axis.start_at(now)
        t.cut_end[i] = axis.end_at(now + c.cut[i]) if c.cut[i] else t.cut_start[i]
        kit[i] = t.cut_end[i] + stage.transport
    return kit


def _sew(c: Compiled, sequences: Sequences, kit: list[int], t: Times) -> None:
    lines = [_LineState(c, number) for number in range(len(sequences))]
    for i, end in enumerate(c.sewn):
        if end != CANNOT:
            t.sew_end[i], t.setup[i] = end, 0
    left = sum(len(s) for s in sequences)
    at = [0] * len(sequences)
    while left:
        moved = False
        for number, sequence in enumerate(sequences):
            while at[number] < len(sequence):
                i = sequence[at[number]]
                ends = [t.sew_end[j] for j in c.before[i]]
                if NEVER in ends:
                    break
                lines[number].place(i, max([kit[i], *ends]), t)
                at[number] += 1
                left -= 1
                moved = True
        if not moved:
            raise DeadlockError("Orders wait for each other across lines.")


class _LineState:
    """A line while its sequence is laid out; times of work are those of its own calendar."""

    def __init__(self, c: Compiled, number: int) -> None:
        self.c, self.number = c, number
        self.axis: WorkTimes = c.times[number]
        self.free = self.axis.to_work(c.line_free[number])
        self.klass, self.age, self.kind = c.line_class[number], c.line_age[number], 2

    def place(self, i: int, ready: int, t: Times) -> None:
        c, axis = self.c, self.axis
        klass = c.klass[i]
        setup, change = c.setup[self.klass][klass], c.change[self.klass][klass]
        if change != CONTINUE:
            self.age, self.kind = 0, change
        at = axis.to_work(ready)
        if c.problem.setups.anticipatory:
            begin = self.free
            start = max(begin + setup, at)
        else:
            begin = max(self.free, at)
            start = begin + setup
        work = c.work[self.number][i]
        table = c.losses[self.kind]
        last = len(table) - 1
        work += table[min(self.age + work, last)] - table[min(self.age, last)]
        self.age += c.work[self.number][i]
        self.free, self.klass = start + work, klass
        t.line[i], t.setup[i] = self.number, setup
        t.setup_start[i] = axis.start_at(begin)
        t.sew_start[i] = axis.start_at(start)
        t.sew_end[i] = axis.end_at(start + work) if work else t.sew_start[i]


def _finish(c: Compiled, t: Times) -> None:
    stage, axis = c.problem.finishing, c.finishing
    places = list(c.finish_busy)
    for end, i in sorted((end, i) for i, end in enumerate(t.sew_end) if end != NEVER):
        start = max(heappop(places), axis.to_work(end))
        stop = start + c.finish[i]
        heappush(places, stop)
        t.finish_start[i] = axis.start_at(start) if c.finish[i] else end
        t.done[i] = (axis.end_at(stop) if c.finish[i] else end) + stage.transport


def value(c: Compiled, t: Times) -> Value:
    """Return what these times cost; orders without a place do not count."""
    planned = [i for i, done in enumerate(t.done) if done != NEVER]
    late = [max(t.done[i] - c.due[i], 0) for i in planned]
    tardiness = sum(c.weight[i] * x for i, x in zip(planned, late, strict=True))
    setup = sum(t.setup[i] for i in planned)
    sewn_here = [i for i in planned if c.sewn[i] == CANNOT]
    moved = sum(c.planned[i] not in (CANNOT, t.line[i]) for i in sewn_here)
    money, co2 = _electricity(c, t, sewn_here)
    goal = c.problem.objective
    return Value(
        cost=goal.tardiness * tardiness
        + goal.setup * setup
        + goal.move * moved
        + (goal.energy * money + goal.co2 * co2) // MICRO,
        weighted_tardiness=tardiness,
        setup=setup,
        late=sum(x > 0 for x in late),
        makespan=max((t.done[i] for i in planned), default=0),
        moved=moved,
        energy_cost=money / MICRO,
        co2=co2 / MICRO,
    )


def _electricity(c: Compiled, t: Times, orders: Sequence[int]) -> tuple[int, int]:
    """Return money and CO2 of the electricity for sewing, in millionths of unit and kg."""
    if c.problem.tariff is None:
        return 0, 0
    money = co2 = 0
    for i in orders:
        line = t.line[i]
        begin, end = c.times[line].to_work(t.sew_start[i]), c.times[line].to_work(t.sew_end[i])
        money += c.money[line].between(begin, end)
        co2 += c.co2[line].between(begin, end)
    return money, co2


def evaluate(c: Compiled, plan: Plan) -> int:
    """Return the cost of a plan."""
    return value(c, decode(c, plan)).cost


def unplaced(c: Compiled, plan: Plan) -> list[int]:
    """Return orders that no line may sew, or that the plan does not name."""
    named = {i for sequence in plan.sequences for i in sequence}
    return [i for i, sewn in enumerate(c.sewn) if i not in named and sewn == CANNOT]


def lines_for(c: Compiled, i: int) -> list[int]:
    """Return the lines that may sew order `i`."""
    return [number for number, row in enumerate(c.work) if row[i] != CANNOT]
