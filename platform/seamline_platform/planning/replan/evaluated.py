"""Plans by names, evaluated and checked: no schedule leaves without the independent checker."""

from seamline_platform.planning.replan.provisional import placeable
from seamline_platform.planning.shop.check import check
from seamline_platform.planning.shop.compiled import compile_problem
from seamline_platform.planning.shop.decode import lines_for, unplaced
from seamline_platform.planning.shop.problem import Problem
from seamline_platform.planning.shop.schedule import Schedule, schedule_of
from seamline_platform.planning.shop.sequences import Sequences, plan_of
from seamline_platform.planning.shop.solve import CheckError, reasons


def evaluated(problem: Problem, sequences: Sequences) -> Schedule:
    """Return the checked schedule of a plan; orders without a place are listed with the reason.

    Raises:
        ConfigError: if the sequences do not fit the problem.
        DeadlockError: if orders wait for each other across lines.
        CheckError: if the independent checker refuses the plan.
    """
    c = compile_problem(problem)
    plan = plan_of(c, sequences)
    able = placeable(c)
    without = unplaced(c, plan)
    told = dict(reasons(c, [i for i in without if i not in able]))
    told |= {i: "It has no place in this plan yet." for i in without if i in able}
    schedule = schedule_of(c, plan, told)
    wrong = check(problem, schedule)
    if wrong:
        raise CheckError(f"The plan was refused by the checker: {wrong[0]} ({len(wrong)} in all)")
    return schedule


def survivors(problem: Problem, sequences: Sequences) -> Sequences:
    """Return the plan without orders that are gone, have begun, or may not stay where they are.

    Orders fixed at the head of their line are put there. What waits for an order that has no place
    loses its own.
    """
    c = compile_problem(problem)
    index = {o.order: i for i, o in enumerate(problem.orders)}
    able = placeable(c)
    fixed = {name for row in problem.fixed.values() for name in row}
    named = {name for row in sequences.lines.values() for name in row} | fixed
    placed = {i for i in able if problem.orders[i].order in named}
    rows: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(problem.lines):
        stays = [
            name
            for name in sequences.lines.get(line.line, ())
            if name in index and name not in fixed and number in lines_for(c, index[name])
        ]
        rows[line.line] = (*problem.fixed.get(line.line, ()), *stays)
    placed &= {index[name] for row in rows.values() for name in row}
    while True:
        waiting = {i for i in placed if any(c.sewn[j] < 0 and j not in placed for j in c.before[i])}
        if not waiting:
            break
        placed -= waiting
    names = {problem.orders[i].order for i in placed}
    return Sequences(
        {line: tuple(n for n in row if n in names) for line, row in rows.items()},
        tuple(n for n in sequences.cut_order if n in index),
    )
