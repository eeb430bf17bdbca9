"""One call of CP-SAT on a small part of a plan: about ten free orders on two to four lines."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from seamline_platform.planning.shop.annealing import Timer
from seamline_platform.planning.shop.compiled import Compiled
from seamline_platform.planning.shop.cpsat.engine import Limits, Reader, Status, run
from seamline_platform.planning.shop.cpsat.model import ShopModel
from seamline_platform.planning.shop.cpsat.part import part_of
from seamline_platform.planning.shop.decode import DeadlockError, Plan, decode, value

_NO_TIME: Final = 0.0


@dataclass(frozen=True, slots=True)
class SubResult:
    """The best plan of a call by the decoder's cost, and what the call took."""

    plan: Plan
    cost: int
    status: Status
    """Of the model: `optimal` says that the part was solved to the end within the model."""
    ticks: float
    cpu_s: float


def no_timer() -> float:
    """Return zero: for callers that count ticks, not CPU seconds."""
    return _NO_TIME


class Keeper:
    """The best plan so far by the decoder's cost, kept outside the solver."""

    def __init__(self, c: Compiled, plan: Plan) -> None:
        self.c, self.plan = c, plan
        self.cost = value(c, decode(c, plan)).cost

    def offer(self, plan: Plan) -> bool:
        """Take a plan, or the same with cutting as before, if it costs less than the best."""
        taken = False
        for candidate in (plan, Plan(plan.sequences, self.plan.cut_order)):
            cost = cost_or_none(self.c, candidate)
            if cost is not None and cost < self.cost:
                self.plan, self.cost, taken = candidate, cost, True
        return taken


def cost_or_none(c: Compiled, plan: Plan) -> int | None:
    """Return what a plan costs; None where its orders wait for each other."""
    try:
        return value(c, decode(c, plan)).cost
    except DeadlockError:
        return None


def heads_of(c: Compiled) -> list[int]:
    """Return how many orders at the head of each line the problem fixes."""
    return [len(c.problem.fixed.get(line.line, ())) for line in c.problem.lines]


def improve(
    c: Compiled,
    plan: Plan,
    free: Collection[int],
    limits: Limits,
    *,
    lines: Mapping[int, Collection[int]] | None = None,
    seed: int = 1,
    fixed: Sequence[int] | None = None,
    cpu: Timer = no_timer,
    stop: Callable[[], bool] | None = None,
) -> SubResult:
    """Return a plan that costs at most what `plan` costs, by the decoder.

    Orders in `free` may change place: among the lines on which free orders stand, or order `i`
    among `lines[i]` where that is given. All others keep their line and their sequence relative to
    each other; orders fixed at the head of a line (`fixed` of them; by default the problem's) do
    not move. `stop` ends the call early; `cpu` measures it.

    Raises:
        ConfigError: if OR-Tools is not installed.
        DeadlockError: if the orders of `plan` wait for each other across lines.
        ValueError: if a free order has no place in the plan.
    """
    times = decode(c, plan)
    part = part_of(c, plan, times, free, lines, heads_of(c) if fixed is None else fixed)
    keeper = Keeper(c, plan)
    if not part.free:
        return SubResult(plan, keeper.cost, "optimal", 0.0, 0.0)
    began = cpu()
    model = ShopModel(part)

    def on_solution(read: Reader) -> None:
        made = model.plan(read)
        if part.keeps(made):
            keeper.offer(made)

    ended = run(model.m, limits, cpu, seed=seed, on_solution=on_solution, stop=stop)
    return SubResult(keeper.plan, keeper.cost, ended.status, ended.ticks, cpu() - began)
