"""From a problem to a plan: the best rule, annealing, CP-SAT; who gets no place is told why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Final

from seamline_broker.errors import SeamlineError
from seamline_platform.planning.shop.annealing import Budget, Cancelled, Improved, Timer
from seamline_platform.planning.shop.check import check
from seamline_platform.planning.shop.compiled import Compiled, compile_problem
from seamline_platform.planning.shop.decode import Plan, lines_for, unplaced
from seamline_platform.planning.shop.dispatching import RuleResult, every_rule, list_rule
from seamline_platform.planning.shop.pipeline import Journal, OnStage, StageReport, run_stages
from seamline_platform.planning.shop.problem import Order, Problem
from seamline_platform.planning.shop.schedule import Schedule, schedule_of

RULES_SHARE: Final = 0.5
"""Of the budget, after which no further rule is tried (the first one always is)."""
ALL_RULES_ORDERS: Final = 500
"""Of larger plants only the quick rules are tried, behind the list rule (`EDD-ECT`)."""
QUICK_RULES: Final = ("FIFO", "SPT", "EDD", "WSPT")
QUICK_RULES_ORDERS: Final = 2_000
"""Of plants larger than this only the list rule is tried: the others take minutes."""


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
    """Moves of annealing."""
    cpu_s: float
    plan: Plan
    stages: tuple[StageReport, ...]
    ticks: float
    """Deterministic time of CP-SAT."""
    course: tuple[tuple[float, int], ...]
    """(CPU seconds, cost) of every improvement."""


def solve(
    problem: Problem,
    budget: Budget,
    cpu: Timer,
    *,
    seed: int = 1,
    start: RuleResult | None = None,
    on_improve: Improved | None = None,
    on_stage: OnStage | None = None,
    cancelled: Cancelled = lambda: False,
) -> Solved:
    """Return the best plan found; it never costs more than that of the best rule tried.

    With `start` the search begins with that rule's plan instead, and costs no more than it. Orders
    that no line may sew, and those that wait for one of them, are left out with a reason.

    Raises:
        CheckError: if the independent checker refuses the plan.
    """
    c = compile_problem(problem)
    began = cpu()
    if on_stage is not None:
        on_stage("rules")
    rules = iter([start]) if start is not None else _rules(c)
    best = next(rules)
    journal = Journal(best.plan, best.cost, cpu, began, on_improve, on_stage)
    for result in rules:
        if cancelled() or journal.spent_s > RULES_SHARE * budget.cpu_s:
            break
        best = min(best, result, key=lambda r: r.cost)
        journal.take(best.plan, best.cost)
    journal.end("rules", 0.0)
    run_stages(c, budget, journal, seed, cancelled)
    return Solved(
        checked_schedule(c, journal.plan), f"{best.rule}/{best.cut_rule}", best.cost,
        journal.moves, journal.spent_s, journal.plan, tuple(journal.stages), journal.ticks,
        tuple(journal.course),
    )  # fmt: skip


def _rules(c: Compiled) -> Iterator[RuleResult]:
    """Yield the plans of rules: of all, or, in large plants, of those that can be afforded."""
    count = len(c.cut)
    if count <= ALL_RULES_ORDERS:
        return every_rule(c)
    quick = every_rule(c, QUICK_RULES) if count <= QUICK_RULES_ORDERS else ()
    return chain([list_rule(c)], quick)


def checked_schedule(c: Compiled, plan: Plan) -> Schedule:
    """Return the schedule of a plan, with reasons for orders without a place.

    Raises:
        CheckError: if the independent checker refuses it.
    """
    schedule = schedule_of(c, plan, reasons(c, unplaced(c, plan)))
    wrong = check(c.problem, schedule)
    if wrong:
        raise CheckError(f"The plan was refused by the checker: {wrong[0]} ({len(wrong)} in all)")
    return schedule


def reasons(c: Compiled, orders: list[int]) -> Mapping[int, str]:
    """Return by order why it has no place, and what would have to change."""
    return {i: _reason(c, c.problem.orders[i], i) for i in orders}


def _reason(c: Compiled, order: Order, i: int) -> str:
    if lines_for(c, i):
        names = [c.problem.orders[j].order for j in c.before[i]]
        if not names:
            return "The solver gave it no place, though a line can sew it."
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
