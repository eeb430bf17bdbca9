"""What would be: a plan with something changed, laid out by the decoder."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from seamline_broker.errors import ConfigError
from seamline_platform.planning.shop.compiled import CANNOT, Compiled
from seamline_platform.planning.shop.decode import DeadlockError, Plan, Times, decode, value
from seamline_platform.planning.shop.schedule import Schedule
from seamline_platform.planning.shop.times import WorkTimes


def plan_of_schedule(c: Compiled, schedule: Schedule) -> Plan:
    """Return the plan that a schedule carries out: its sequences, and its order of cutting.

    Raises:
        ConfigError: if it names an order or a line that the problem does not have.
    """
    index = {o.order: i for i, o in enumerate(c.problem.orders)}
    number = {x.line: k for k, x in enumerate(c.problem.lines)}
    rows: list[list[tuple[int, int, int]]] = [[] for _ in c.problem.lines]
    cuts: list[tuple[int, int, int]] = []
    for row in schedule.rows:
        if row.order not in index or row.line not in number:
            raise ConfigError(
                f"The schedule has {row.order} on {row.line}; the problem {c.problem.name!r} does "
                "not have both."
            )
        i = index[row.order]
        if c.sewn[i] == CANNOT:
            rows[number[row.line]].append((row.sew_start, row.setup_start, i))
        if row.cut_start is not None and row.cut_end is not None:
            cuts.append((row.cut_start, row.cut_end, i))
    return Plan(
        tuple(tuple(i for *_, i in sorted(line)) for line in rows),
        tuple(i for *_, i in sorted(cuts)),
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """Times and cost of a plan."""

    times: Times
    cost: int


class Trials:
    """A plan and what becomes of it when something is changed, counted so that it stays quick."""

    def __init__(self, c: Compiled, plan: Plan, limit: int) -> None:
        self.c, self.plan = c, plan
        self.left = limit
        self.base = _outcome(c, plan)

    def outcome(self, plan: Plan | None = None, c: Compiled | None = None) -> Outcome | None:
        """Return what `plan` leads to (by other tables where given); None if it cannot be.

        That is if orders wait for each other, or all trials are used up.
        """
        if self.left <= 0:
            return None
        self.left -= 1
        try:
            return _outcome(c or self.c, plan or self.plan)
        except DeadlockError:
            return None

    def without(self, i: int) -> Plan:
        """Return the plan without order `i`."""
        return Plan(
            tuple(tuple(j for j in s if j != i) for s in self.plan.sequences),
            tuple(j for j in self.plan.cut_order if j != i),
        )

    def put(self, i: int, line: int, at: int) -> Plan:
        """Return the plan with order `i` at place `at` of `line`, and in its old rank at cutting.

        `at` counts the orders of the line without `i`.
        """
        rows = [[j for j in s if j != i] for s in self.plan.sequences]
        rows[line].insert(at, i)
        return Plan(tuple(map(tuple, rows)), self.plan.cut_order)

    def fixed(self, line: int) -> int:
        """Return how many orders at the head of `line` may not move."""
        return len(self.c.problem.fixed.get(self.c.problem.lines[line].line, ()))

    def places(self, i: int, line: int, most: int) -> Iterator[int]:
        """Yield at most `most` places for order `i` on `line`, those near its own time first."""
        others = [j for j in self.plan.sequences[line] if j != i]
        times = self.base.times
        starts = [times.sew_start[j] for j in others]
        starts.append(times.sew_end[others[-1]] if others else 0)
        own = times.sew_start[i] if times.line[i] >= 0 else 0
        able = range(self.fixed(line), len(others) + 1)
        yield from sorted(able, key=lambda at: (abs(starts[at] - own), at))[:most]


def _outcome(c: Compiled, plan: Plan) -> Outcome:
    times = decode(c, plan)
    return Outcome(times, value(c, times).cost)


def with_value(row: Sequence[int], i: int, new: int) -> list[int]:
    """Return a copy of `row` with `new` at `i`."""
    made = list(row)
    made[i] = new
    return made


def with_work(c: Compiled, line: int, i: int, work: int) -> Compiled:
    """Return tables in which `line` sews order `i` in `work` ticks."""
    return replace(
        c, work=[with_value(r, i, work) if k == line else r for k, r in enumerate(c.work)]
    )


def longer_shift(times: WorkTimes, before: int, ticks: int) -> tuple[WorkTimes, int] | None:
    """Return working times with `ticks` of overtime before the tick `before`, and its beginning.

    It follows the last shift that ends before then; breaks that are not longer stay. None if there
    is none.
    """
    closings = [
        k
        for k, (end, opens) in enumerate(zip(times.ends, times.starts[1:], strict=False))
        if end < before and opens - end > ticks
    ]
    if not closings:
        return None
    k = closings[-1]
    ends = list(times.ends)
    ends[k] += ticks
    return WorkTimes(times.starts, tuple(ends)), times.ends[k]
