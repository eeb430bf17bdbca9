"""From a problem to a plan: the best rule, then annealing; who gets no place is told why."""

from collections.abc import Mapping
from dataclasses import dataclass

from seamline_broker.errors import SeamlineError
from seamline_platform.planning.shop.annealing import (
    Budget,
    Cancelled,
    Improved,
    Timer,
    anneal_plan,
)
from seamline_platform.planning.shop.check import check
from seamline_platform.planning.shop.compiled import Compiled, compile_problem
from seamline_platform.planning.shop.decode import lines_for, unplaced
from seamline_platform.planning.shop.dispatching import best_rule
from seamline_platform.planning.shop.problem import Order, Problem
from seamline_platform.planning.shop.schedule import Schedule, schedule_of


class CheckError(SeamlineError):
    """A plan that the independent checker refuses: an error of ours, never shown as a plan."""


@dataclass(frozen=True, slots=True)
class Solved:
    """A checked schedule, and how it came about."""

    schedule: Schedule
    rule: str
    """The best rule, with its rank at cutting, as in `ATCS/EDD`."""
    rule_cost: int
    moves: int
    cpu_s: float


def solve(
    problem: Problem,
    budget: Budget,
    cpu: Timer,
    *,
    seed: int = 1,
    on_improve: Improved | None = None,
    cancelled: Cancelled = lambda: False,
) -> Solved:
    """Return the best plan found; it never costs more than that of the best rule.

    Orders that no line may sew, and those that wait for one of them, are left out with a reason.
    Where orders have to follow others the plan is that of the best rule.

    Raises:
        CheckError: if the independent checker refuses the plan.
    """
    c = compile_problem(problem)
    begun = cpu()
    rule = best_rule(c)
    plan, moves = rule.plan, 0
    if not any(c.before):
        found = anneal_plan(
            c, plan, budget, cpu, seed=seed, on_improve=on_improve, cancelled=cancelled
        )
        plan, moves = found.plan, found.moves
    schedule = schedule_of(c, plan, reasons(c, unplaced(c, plan)))
    wrong = check(problem, schedule)
    if wrong:
        raise CheckError(f"The plan was refused by the checker: {wrong[0]} ({len(wrong)} in all)")
    return Solved(schedule, f"{rule.rule}/{rule.cut_rule}", rule.cost, moves, cpu() - begun)


def reasons(c: Compiled, orders: list[int]) -> Mapping[int, str]:
    """Return by order why it has no place, and what would have to change."""
    return {i: _reason(c, c.problem.orders[i], i) for i in orders}


def _reason(c: Compiled, order: Order, i: int) -> str:
    if lines_for(c, i):
        names = [c.problem.orders[j].order for j in c.before[i]]
        return f"It has to come after {', '.join(names)}, and not all of these have a place."
    if not c.problem.lines:
        return "There is no line. Add one."
    style = c.problem.style_of[order.style]
    able = [x.line for x in c.problem.lines if style.family in x.efficiency]
    skilled = [name for name in able if style.skills <= c.problem.line_of[name].skills]
    if order.lines and skilled:
        return (
            f"It is tied to {', '.join(order.lines)}, which cannot sew {order.style}; "
            f"{', '.join(skilled[:5])} can. Untie it."
        )
    if able:
        missing = sorted(style.skills)
        return (
            f"No line that sews {style.family} has the skills {', '.join(missing)}; "
            f"train {', '.join(able[:3])}."
        )
    return f"No line sews {style.family}. Give a line an efficiency for it."
