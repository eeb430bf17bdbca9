"""The plan at once: the old sequences, delayed, with every homeless order at its best place.

Right-shift repair keeps line and sequence of every order that has one; new orders, and those whose
line may not sew them any more, are tried at every place of every line that may (best insertion).
"""

from collections.abc import Iterator, Sequence
from typing import Final

from seamline_platform.planning.shop.compiled import CANNOT, Compiled, compile_problem
from seamline_platform.planning.shop.decode import DeadlockError, Plan, evaluate, lines_for
from seamline_platform.planning.shop.problem import Problem
from seamline_platform.planning.shop.sequences import Sequences, plan_of, sequences_of

MOST_TRIALS: Final = 200
"""Places tried for one order; more are thinned out evenly."""
MOST_RANKS: Final = 24
MOST_DECODED: Final = 60_000
"""Orders decoded for one order that is put in: bounds the time in plants of many thousands."""

Rows = list[list[int]]


def provisional(problem: Problem, sequences: Sequences) -> Sequences:
    """Return a plan that can be carried out: `sequences` as they are, and the best insertion.

    Orders of `sequences` that the problem does not have, or that are sewn already, are left out, as
    are orders that no line may sew and those that wait for one of these. Orders fixed at the head
    of a line are put there. New orders are inserted one after the other, the most urgent first
    (weight by time left); each is cut at the rank that costs least.
    """
    c = compile_problem(problem)
    index = {o.order: i for i, o in enumerate(problem.orders)}
    able = placeable(c)
    heads = [[index[n] for n in problem.fixed.get(x.line, ())] for x in problem.lines]
    pinned = {i for head in heads for i in head}
    rows: Rows = []
    for number, line in enumerate(problem.lines):
        old = (index[n] for n in sequences.lines.get(line.line, ()) if n in index)
        stays = [i for i in old if i in able and i not in pinned and c.work[number][i] != CANNOT]
        rows.append([*heads[number], *stays])
    homeless = able - {i for row in rows for i in row}
    kept = Sequences(
        {x.line: tuple(problem.orders[i].order for i in row)
         for x, row in zip(problem.lines, rows, strict=True)},
        sequences.cut_order,
    )  # fmt: skip
    plan = plan_of(c, kept)
    for i in _urgent_first(c, homeless):
        plan = insert(c, plan, [len(head) for head in heads], i)
    return sequences_of(c, _without_deadlock(c, plan, [len(head) for head in heads], able))


def placeable(c: Compiled) -> set[int]:
    """Return the orders that can be planned: a line may sew them and all that they wait for."""
    able = {i for i, sewn in enumerate(c.sewn) if sewn == CANNOT and lines_for(c, i)}
    done = {i for i, sewn in enumerate(c.sewn) if sewn != CANNOT}
    while True:
        lost = {i for i in able if not (able | done).issuperset(c.before[i])}
        if not lost:
            return able
        able -= lost


def _urgent_first(c: Compiled, orders: set[int]) -> list[int]:
    """Sort by weight over time left; what waits for another comes after it."""

    def urgency(i: int) -> tuple[float, int]:
        work = min(row[i] for row in c.work if row[i] != CANNOT)
        left = max(c.due[i] - work - c.cut[i] - c.finish[i], 0)
        return (-c.weight[i] / (1 + left), i)

    waiting, result = sorted(orders, key=urgency), []
    while waiting:
        ready = next(i for i in waiting if not set(c.before[i]) & set(waiting))
        waiting.remove(ready)
        result.append(ready)
    return result


def insert(
    c: Compiled, plan: Plan, heads: Sequence[int], i: int, lines: Sequence[int] | None = None
) -> Plan:
    """Return the plan with order `i` at the place and the cutting rank that cost least.

    `heads` is the number of orders at the head of each line that stay there; `lines` are those to
    try (None: all that may sew it).
    """
    able = lines_for(c, i) if lines is None else lines
    cuts = tuple(j for j in plan.cut_order if j != i)
    first = (i, *cuts) if i in plan.cut_order else cuts
    places = [
        (number, at)
        for number in able
        for at in range(heads[number], len(plan.sequences[number]) + 1)
    ]
    most = max(min(MOST_TRIALS, MOST_DECODED // max(len(c.cut), 1)), len(c.work), 1)
    step = -(-len(places) // most)
    tried = (_at(plan, number, at, i, first) for number, at in places[::step])
    ends = (_at(plan, number, len(plan.sequences[number]), i, first) for number in able)
    best = _cheapest(c, [*tried, *ends], plan)
    if i not in plan.cut_order:
        return best
    gap = -(-(len(cuts) + 1) // max(min(MOST_RANKS, most), 1))
    ranked = (
        Plan(best.sequences, (*cuts[:at], i, *cuts[at:])) for at in range(gap, len(cuts) + 1, gap)
    )
    return _cheapest(c, [best, *ranked], plan)


def _at(plan: Plan, line: int, at: int, i: int, cut_order: tuple[int, ...]) -> Plan:
    row = plan.sequences[line]
    rows = (*plan.sequences[:line], (*row[:at], i, *row[at:]), *plan.sequences[line + 1 :])
    return Plan(rows, cut_order)


def _cheapest(c: Compiled, plans: Sequence[Plan], otherwise: Plan) -> Plan:
    """Return the cheapest plan in which nobody waits for ever; `otherwise` if there is none."""
    costs = list(_costs(c, plans))
    return min(costs, key=lambda pair: pair[0])[1] if costs else otherwise


def _costs(c: Compiled, plans: Sequence[Plan]) -> Iterator[tuple[int, Plan]]:
    for plan in plans:
        try:
            yield evaluate(c, plan), plan
        except DeadlockError:
            continue


def _without_deadlock(c: Compiled, plan: Plan, heads: Sequence[int], able: set[int]) -> Plan:
    """Return the plan if it can be carried out, else one laid out in an order that can.

    Old sequences may contradict a precedence that came later, and then no insertion mends them:
    all orders keep their lines and are sorted so that what is waited for comes first, behind the
    fixed heads if that can be.
    """
    if list(_costs(c, [plan])) and able == {i for row in plan.sequences for i in row}:
        return plan
    depth = _depths(c)
    rows: Rows = [list(row) for row in plan.sequences]
    for i in sorted(able - {i for row in rows for i in row}, key=lambda i: (depth[i], i)):
        rows[min(lines_for(c, i), key=lambda k: (c.work[k][i], k))].append(i)
    sorted_behind, sorted_all = (
        Plan(
            tuple((*row[:n], *sorted(row[n:], key=depth.__getitem__)) for row, n in pairs),
            plan.cut_order,
        )
        for pairs in (list(zip(rows, heads, strict=True)), [(row, 0) for row in rows])
    )
    return _cheapest(c, [sorted_behind], sorted_all)


def _depths(c: Compiled) -> list[int]:
    """Return by order the length of the longest chain of orders that it waits for."""
    depth = [0] * len(c.before)
    changed = any(c.before)
    while changed:
        changed = False
        for i, before in enumerate(c.before):
            least = max((1 + depth[j] for j in before), default=0)
            if least > depth[i]:
                depth[i], changed = least, True
    return depth
