"""Why an order is where it is and when it is, what would make it earlier, and whom it displaces.

Nothing here is a guess by rule of thumb: each statement comes from laying the plan out again with
one thing changed (`trials`), or from the chain of work without a gap that leads to the order
(`chain`). The number of trials is bounded, so that an answer takes well under a tenth of a second.
"""

from datetime import UTC, tzinfo
from typing import Final

from seamline_broker.errors import ConfigError
from seamline_platform.planning.shop.chain import Step, chain_of
from seamline_platform.planning.shop.compiled import CANNOT, Compiled, compile_problem
from seamline_platform.planning.shop.explanation import (
    Displaced,
    Elsewhere,
    Explanation,
    Link,
    Sentence,
)
from seamline_platform.planning.shop.levers import Alternative, alternatives, levers
from seamline_platform.planning.shop.problem import Problem
from seamline_platform.planning.shop.schedule import Row, Schedule
from seamline_platform.planning.shop.trials import Trials, plan_of_schedule
from seamline_platform.planning.shop.why_words import Words

TRIALS: Final = 110
"""Of a plant of 60 orders; less where an order more makes each of them slower."""
_PLACES: Final = 56
_RIVALS: Final = 5


def explain(
    problem: Problem, schedule: Schedule, order: str, *, zone: tzinfo = UTC, trials: int = TRIALS
) -> Explanation:
    """Explain the place of `order`; clock times in sentences are those of `zone`.

    Raises:
        ConfigError: if the order is unknown, or the schedule is not one of this problem.
    """
    if order not in problem.order_of:
        raise ConfigError(
            f"The order to explain is {order!r}; {problem.name!r} has {len(problem.orders)} "
            f"orders, the first: {', '.join(o.order for o in problem.orders[:5])}."
        )
    words = Words(problem, zone)
    row = next((r for r in schedule.rows if r.order == order), None)
    if row is None:
        said = words.unplanned(problem.order_of[order], schedule.unplanned)
        return Explanation(order, None, sentences=(Sentence("where", *said),))
    c = compile_problem(problem)
    plan = plan_of_schedule(c, schedule)
    index = {o.order: i for i, o in enumerate(problem.orders)}
    size = max(len(problem.orders), 60)
    tried = Trials(c, plan, max(trials * 60 // size, 12))
    for r in schedule.rows:
        if tried.base.times.done[index[r.order]] != r.done:
            raise ConfigError(
                f"The schedule has {r.order} done at {r.done}, its sequences at "
                f"{tried.base.times.done[index[r.order]]}: it belongs to another problem."
            )
    explained = _explained(tried, index[order], row)
    return words.told(explained)


def _explained(tried: Trials, i: int, row: Row) -> Explanation:
    c, plan, times = tried.c, tried.plan, tried.base.times
    name = c.problem.orders[i].order
    chain = chain_of(c, plan, times, i)
    links = tuple(_link(tried, step) for step in chain)
    if c.sewn[i] != CANNOT:
        return Explanation(name, row, chain=links)
    line = times.line[i]
    at = plan.sequences[line].index(i)
    displaces, burden = _displaces(tried, i)
    found = [] if at < tried.fixed(line) else alternatives(tried, i, min(_PLACES, tried.left // 2))
    by = _displaced_by(tried, i, chain)
    return Explanation(
        order=name,
        row=row,
        position=at,
        queue=len(plan.sequences[line]),
        follows=c.problem.orders[plan.sequences[line][at - 1]].order if at else "",
        elsewhere=_elsewhere(c, line, found),
        chain=links,
        levers=tuple(levers(tried, i, found)),
        displaces=displaces,
        burden=burden,
        displaced_by=by,
    )


def _link(tried: Trials, step: Step) -> Link:
    problem, line = tried.c.problem, tried.base.times.line[step.order]
    order = problem.orders[step.order]
    name = problem.lines[line].line if line >= 0 else order.lines[0]
    return Link(step.kind, order.order, name, step.start, step.end, step.closed)


def _elsewhere(c: Compiled, own: int, found: list[Alternative]) -> tuple[Elsewhere, ...]:
    best: dict[int, Alternative] = {}
    for a in sorted(found, key=lambda a: (a.dearer, a.later, a.line, a.at)):
        if a.line != own:
            best.setdefault(a.line, a)
    return tuple(
        Elsewhere(c.problem.lines[a.line].line, a.at, a.done, a.later, a.dearer)
        for a in best.values()
    )


def _displaces(tried: Trials, i: int) -> tuple[tuple[Displaced, ...], int]:
    """Return orders that would be earlier without `i`, the most first, and what that costs."""
    made = tried.outcome(tried.without(i))
    if made is None:
        return (), 0
    c, base = tried.c, tried.base
    found = [
        Displaced(c.problem.orders[j].order, done - made.times.done[j])
        for j, done in enumerate(base.times.done)
        if j != i and made.times.done[j] >= 0 and done > made.times.done[j]
    ]
    late = max(base.times.done[i] - c.due[i], 0)
    own = c.problem.objective.tardiness * c.weight[i] * late
    return tuple(sorted(found, key=lambda d: (-d.by, d.order))), base.cost - made.cost - own


def _displaced_by(tried: Trials, i: int, chain: tuple[Step, ...]) -> tuple[Displaced, ...]:
    """Return the orders of the chain (the nearest ones) without which `i` would be earlier."""
    c, done = tried.c, tried.base.times.done[i]
    found = []
    others = [j for j in dict.fromkeys(s.order for s in reversed(chain)) if j != i]
    for j in others[:_RIVALS]:
        made = tried.outcome(tried.without(j)) if c.sewn[j] == CANNOT else None
        if made is not None and 0 <= made.times.done[i] < done:
            found.append(Displaced(c.problem.orders[j].order, done - made.times.done[i]))
    return tuple(sorted(found, key=lambda d: (-d.by, d.order)))
