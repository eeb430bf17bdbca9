"""CP-SAT on the whole plant at once: what the benchmark compares with, cold or with a hint."""

from dataclasses import dataclass

from seamline_platform.planning.shop.annealing import Budget, Cancelled, Improved, Timer
from seamline_platform.planning.shop.compiled import CANNOT, Compiled
from seamline_platform.planning.shop.cpsat.engine import Limits, Reader, Status, run
from seamline_platform.planning.shop.cpsat.model import ShopModel
from seamline_platform.planning.shop.cpsat.part import part_of
from seamline_platform.planning.shop.cpsat.subproblem import cost_or_none, heads_of
from seamline_platform.planning.shop.decode import Plan, decode, lines_for

UNLIMITED_TICKS = 1e9


@dataclass(slots=True)
class _Incumbent:
    """The best plan so far, kept outside the solver: it may end within presolve with nothing."""

    c: Compiled
    plan: Plan | None
    cost: int | None
    on_improve: Improved | None

    def offer(self, plan: Plan) -> None:
        cost = cost_or_none(self.c, plan)
        if cost is not None and (self.cost is None or cost < self.cost):
            self.plan, self.cost = plan, cost
            if self.on_improve is not None:
                self.on_improve(plan, cost)


@dataclass(frozen=True, slots=True)
class FullResult:
    """The best plan by the decoder's cost; None where CP-SAT, left alone, found nothing.

    `ticks` is the solver's deterministic time; `cpu_s` sums the threads and includes building.
    """

    plan: Plan | None
    cost: int | None
    status: Status
    ticks: float
    cpu_s: float


def solve_full(
    c: Compiled,
    plan: Plan | None,
    budget: Budget,
    cpu: Timer,
    seed: int = 1,
    workers: int = 2,
    *,
    on_improve: Improved | None = None,
    cancelled: Cancelled = lambda: False,
) -> FullResult:
    """Give the whole plant to CP-SAT, with `plan` as a complete hint, or cold.

    The budget's CPU seconds are those of all threads, asked for from a thread beside the solver.

    Raises:
        ConfigError: if OR-Tools is not installed.
        DeadlockError: if the orders of `plan` wait for each other across lines.
    """
    began = cpu()
    base = plan if plan is not None else _any_plan(c)
    times = decode(c, base)
    every = {i: lines_for(c, i) for row in base.sequences for i in row}
    cost = cost_or_none(c, plan) if plan is not None else None
    best = _Incumbent(c, plan, cost, on_improve)
    if not every:
        return FullResult(base, cost_or_none(c, base), "optimal", 0.0, cpu() - began)
    part = part_of(c, base, times, every, every, heads_of(c))
    if not part.free:  # all are fixed
        best.offer(base)
        return FullResult(best.plan, best.cost, "optimal", 0.0, cpu() - began)
    model = ShopModel(part, hinted=plan is not None)

    def on_solution(read: Reader) -> None:
        best.offer(model.plan(read))

    def stop() -> bool:
        return cancelled() or cpu() - began >= budget.cpu_s

    limits = Limits(budget.ticks or UNLIMITED_TICKS, workers)
    ended = run(model.m, limits, cpu, seed=seed, on_solution=on_solution, stop=stop)
    return FullResult(best.plan, best.cost, ended.status, ended.ticks, cpu() - began)


def _any_plan(c: Compiled) -> Plan:
    """Return a plan in which no order waits in a circle: by precedence, to the fastest line.

    It gives the cold model its horizon and its fixed heads, nothing else.
    """
    index = {o.order: i for i, o in enumerate(c.problem.orders)}
    rows = [[index[n] for n in c.problem.fixed.get(x.line, ())] for x in c.problem.lines]
    placed = {i for row in rows for i in row} | {i for i, end in enumerate(c.sewn) if end != CANNOT}
    waiting = [i for i in range(len(c.cut)) if i not in placed and lines_for(c, i)]
    waiting.sort(key=lambda i: (c.due[i], i))
    while ready := [i for i in waiting if placed.issuperset(c.before[i])]:
        i = ready[0]
        rows[min(lines_for(c, i), key=lambda k: c.work[k][i])].append(i)
        placed.add(i)
        waiting.remove(i)
    cuts = sorted(c.cuts, key=lambda i: (c.due[i], i))
    return Plan(tuple(tuple(row) for row in rows), tuple(cuts))
