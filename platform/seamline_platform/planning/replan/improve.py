"""From the provisional plan to a good one that moves few orders; it may be stopped at any time.

All free orders may change line, and each that leaves the one where it was planned pays a tax
(annealing). Then only those that the disturbance concerns may: new ones, those of the struck lines
and those that begin soon (CP-SAT with a complete hint where OR-Tools is there, annealing else).
"""

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Final

from seamline_broker.errors import ConfigError
from seamline_platform.planning.replan.keeper import Keeper
from seamline_platform.planning.shop.annealing import Budget, Cancelled, Timer, anneal_plan
from seamline_platform.planning.shop.compiled import CANNOT, Compiled, compile_problem
from seamline_platform.planning.shop.cpsat import Limits, have_cp_sat, lns
from seamline_platform.planning.shop.cpsat import improve as solve_part
from seamline_platform.planning.shop.decode import Plan, decode, evaluate
from seamline_platform.planning.shop.problem import Problem
from seamline_platform.planning.shop.sequences import Sequences, plan_of, sequences_of

Strategy = Callable[["Search", Budget], None]
PART_ORDERS: Final = 12
"""Orders of one exact sub-problem; more are not solved within a second."""
PART_TICKS: Final = 0.1
WARMTHS: Final = (0.3, 0.1, 0.1)
"""First temperatures of annealing, as shares of that for a plan of a rule: it stays near."""
ANNEALING: Final = 0.85
"""Share of the budget for all free orders; what is left is for those that the event concerns."""


@dataclass(frozen=True, slots=True)
class Tether:
    """How far a new plan may go from the old one."""

    tax_share: float = 0.2
    """Tax of an order that changes line, in mean costs of an order (at least `Objective.move`)."""
    most_moved: float = 0.2
    """Share of the free orders that may change line at most."""

    def __post_init__(self) -> None:
        for name, most in (("tax_share", 100.0), ("most_moved", 1.0)):
            value = getattr(self, name)
            if not 0 <= value <= most:
                raise ConfigError(f"Tether.{name} is {value}; allowed: 0 to {most:g}.")


@dataclass(frozen=True, slots=True)
class Improved:
    """The best plan found, and how it came about.

    `cost` and `start_cost` are by the problem's own objective.
    """

    sequences: Sequences
    cost: int
    start_cost: int
    moved: tuple[str, ...]
    """Orders on another line than planned."""
    first_cpu_s: float | None
    """CPU seconds until the first better plan; None: there was none."""
    cpu_s: float
    moves: int
    ticks: float


class Search:
    """One improvement that is under way: the taxed problem and the best plan within the limits."""

    def __init__(
        self,
        problem: Problem,
        sequences: Sequences,
        cpu: Timer,
        *,
        seed: int,
        struck: Collection[str],
        tether: Tether,
        on_improve: Callable[[Sequences, int], None] | None,
        cancelled: Cancelled,
    ) -> None:
        self.plain = compile_problem(problem)
        start = plan_of(self.plain, sequences)
        free = _free(self.plain, start)
        self.cancelled, self.cpu, self.seed = cancelled, cpu, seed
        self.struck = struck
        self.c = compile_problem(_taxed(problem, _tax(self.plain, start, tether, len(free))))
        most = math.floor(tether.most_moved * len(free))
        told = None if on_improve is None else self._teller(on_improve)
        self.keeper = Keeper(self.plain, self.c, start, most, cpu, told)
        self.moves, self.ticks = 0, 0.0

    def _teller(self, tell: Callable[[Sequences, int], None]) -> Callable[[Plan, int], None]:
        return lambda plan, cost: tell(sequences_of(self.plain, plan), cost)

    def anneal(self, c: Compiled, budget: Budget, seed: int, warmth: float) -> None:
        """Anneal from the best plan; every better one on the way is offered."""
        if any(c.before):
            self.keeper.reinsert(budget, self.cancelled)
            return
        found = anneal_plan(
            c,
            self.keeper.plan,
            budget,
            self.cpu,
            seed=seed,
            warmth=warmth,
            on_improve=self.take,
            cancelled=self.cancelled,
        )
        self.moves += found.moves
        self.keeper.offer(self.keeper.brought_back(found.plan))

    def take(self, plan: Plan, _cost: int) -> None:
        """Offer a plan that a search has met."""
        self.keeper.offer(plan)

    def pool(self, most: int) -> list[int]:
        """Return orders that the disturbance concerns: new, homeless, of struck lines, soon."""
        c, plan = self.c, self.keeper.plan
        times = decode(c, plan)
        names = [line.line for line in c.problem.lines]

        def rank(i: int) -> tuple[int, int]:
            line = times.line[i]
            if c.planned[i] == CANNOT or c.planned[i] != line:
                return (0, times.sew_start[i])
            return (1 if names[line] in self.struck else 2, times.sew_start[i])

        return sorted(_free(c, plan), key=rank)[:most]


def improve(
    problem: Problem,
    sequences: Sequences,
    budget: Budget,
    cpu: Timer,
    *,
    seed: int = 1,
    struck: Collection[str] = (),
    tether: Tether | None = None,
    strategies: Collection[Strategy] | None = None,
    on_improve: Callable[[Sequences, int], None] | None = None,
    cancelled: Cancelled = lambda: False,
) -> Improved:
    """Return a plan that costs at most what `sequences` cost, the tax of moves counted.

    `sequences` is a plan that can be carried out (see `provisional`); `problem.planned` says where
    orders stood before, `struck` names the lines that broke down. No more orders change line than
    `tether.most_moved` allows, unless `sequences` moves more already. Every better plan goes to
    `on_improve` at once, with its cost, so that nothing is lost if the search is ended.

    Raises:
        ConfigError: if the sequences do not fit the problem.
        DeadlockError: if orders of `sequences` wait for each other across lines.
    """
    began = cpu()
    search = Search(
        problem, sequences, cpu, seed=seed, struck=struck, tether=tether or Tether(),
        on_improve=on_improve, cancelled=cancelled,
    )  # fmt: skip
    for strategy, share in _shares(strategies, any(search.plain.before)):
        if cancelled():
            break
        strategy(search, _part(budget, share, began, cpu))
    keeper = search.keeper
    return Improved(
        sequences=sequences_of(search.plain, keeper.plan),
        cost=keeper.plain_cost,
        start_cost=keeper.start_cost,
        moved=tuple(problem.orders[i].order for i in keeper.moved(keeper.plan)),
        first_cpu_s=None if keeper.first_at is None else keeper.first_at - began,
        cpu_s=cpu() - began,
        moves=search.moves,
        ticks=search.ticks,
    )


def restricted_cp_sat(search: Search, budget: Budget) -> None:
    """Solve the orders that the disturbance concerns, with the plan as a complete hint."""
    c, keeper = search.c, search.keeper
    began = search.cpu()
    size = PART_ORDERS
    while size >= 2 and not search.cancelled():
        if budget.cpu_s - (search.cpu() - began) <= 0:
            break
        free = search.pool(size)
        if len(free) < 2:
            break
        result = solve_part(
            c,
            keeper.plan,
            free,
            Limits(PART_TICKS),
            seed=search.seed,
            cpu=search.cpu,
            stop=lambda: search.cancelled() or search.cpu() - began >= budget.cpu_s,
        )
        search.ticks += result.ticks
        better = keeper.offer(result.plan)
        if result.status == "optimal" or (not better and budget.cpu_s == math.inf):
            break
        if not better:
            size = size * 2 // 3


def restricted_annealing(search: Search, budget: Budget) -> None:
    """Anneal while only the orders that the disturbance concerns may change line."""
    c = search.c
    line_of = {i: k for k, row in enumerate(search.keeper.plan.sequences) for i in row}
    may = set(search.pool(PART_ORDERS))
    names = [line.line for line in c.problem.lines]
    orders = tuple(
        o if i in may or i not in line_of else replace(o, lines=(names[line_of[i]],))
        for i, o in enumerate(c.problem.orders)
    )
    tied = compile_problem(replace(c.problem, orders=orders))
    search.anneal(tied, budget, search.seed, WARMTHS[-1])


def taxed_annealing(search: Search, budget: Budget) -> None:
    """Anneal with all free orders; whoever leaves the planned line pays.

    Each turn begins with the best plan of those before, none as warm as the first.
    """
    began, turns = search.cpu(), len(WARMTHS)
    for turn, warmth in enumerate(WARMTHS):
        share = Budget(
            _left(budget.cpu_s, search.cpu() - began, turns - turn),
            math.ceil(budget.moves / turns),
            budget.ticks / turns,
        )
        search.anneal(search.c, share, search.seed + turn, warmth)


def taxed_lns(search: Search, budget: Budget) -> None:
    """Solve one part of the plan after another by CP-SAT; whoever leaves the line pays."""
    found = lns(
        search.c,
        search.keeper.plan,
        budget,
        search.cpu,
        seed=search.seed,
        on_improve=search.take,
        cancelled=search.cancelled,
    )
    search.moves += found.moves
    search.ticks += found.ticks
    search.keeper.offer(search.keeper.brought_back(found.plan))


def scratch_annealing(search: Search, budget: Budget) -> None:
    """Anneal as if there had been no plan before: no tax. Orders move as they like."""
    search.anneal(search.plain, budget, search.seed, 1.0)


def _taxed(problem: Problem, move: int) -> Problem:
    """Return the problem in which leaving the planned line costs `move`."""
    return replace(problem, objective=replace(problem.objective, move=move))


def _shares(strategies: Collection[Strategy] | None, chained: bool) -> list[tuple[Strategy, float]]:
    """Return strategies with the share of the budget that has passed when each ends.

    Annealing comes first: its better plans come at once, and it goes far from the plan that it is
    given, so that an exact search before it would be lost. Where orders wait for others
    (`chained`), which annealing does not know, parts are solved by CP-SAT in its place.
    """
    if strategies is not None:
        return [(s, (k + 1) / len(strategies)) for k, s in enumerate(strategies)]
    if have_cp_sat():
        return [(taxed_lns if chained else taxed_annealing, ANNEALING), (restricted_cp_sat, 1.0)]
    return [(taxed_annealing, ANNEALING), (restricted_annealing, 1.0)]


def _left(budget_cpu_s: float, spent_cpu_s: float, turns: int) -> float:
    """Return the CPU seconds of one turn of those that are left."""
    return max((budget_cpu_s - spent_cpu_s) / turns, 1e-3)


def _part(budget: Budget, until: float, began: float, cpu: Timer) -> Budget:
    """Return what of a budget is left until a share of it has passed."""
    left = until * budget.cpu_s - (cpu() - began)
    return Budget(
        cpu_s=budget.cpu_s if math.isinf(budget.cpu_s) else max(left, 1e-3),
        moves=math.ceil(budget.moves * until),
        ticks=budget.ticks * until,
    )


def _free(c: Compiled, plan: Plan) -> list[int]:
    heads = (len(c.problem.fixed.get(line.line, ())) for line in c.problem.lines)
    return [i for n, row in zip(heads, plan.sequences, strict=True) for i in row[n:]]


def _tax(c: Compiled, plan: Plan, tether: Tether, free: int) -> int:
    mean = evaluate(c, plan) / max(free, 1)
    return max(round(tether.tax_share * mean), c.problem.objective.move, 1)
