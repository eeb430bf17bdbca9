"""Tables and state of the search's inner loop: arrays where it is compiled, else lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seamline_platform.planning.shop.annealing_state import State, Tables
from seamline_platform.planning.shop.compiled import CANNOT, Compiled
from seamline_platform.planning.shop.decode import Plan
from seamline_platform.planning.shop.kernels import HAVE_NUMBA
from seamline_platform.planning.shop.tables import Make, as_array, as_list, joined_axes


class Search:
    """A plan as the inner loop sees it, and the best one that it has met.

    `fixed` is the number of orders at the head of each line that stay (by default the problem's).
    `arrays` says what the loop reads: arrays (compiled), or lists (plain Python).
    """

    def __init__(
        self,
        c: Compiled,
        plan: Plan,
        fixed: Sequence[int] | None = None,
        arrays: bool = HAVE_NUMBA,
    ) -> None:
        make = as_array if arrays else as_list
        heads = fixed if fixed is not None else [
            len(c.problem.fixed.get(line.line, ())) for line in c.problem.lines
        ]  # fmt: skip
        self.tables = _tables(c, heads, make)
        self.state, self.best = _state(c, plan, make)

    def best_plan(self) -> Plan:
        """Return the best state as a plan."""
        sequences, lengths, cut_order = self.best
        return Plan(
            tuple(
                tuple(int(i) for i in row[: int(n)])
                for row, n in zip(sequences, lengths, strict=True)
            ),
            tuple(int(i) for i in cut_order),
        )


def _tables(c: Compiled, heads: Sequence[int], make: Make) -> Tables:
    axes, meters = joined_axes([*c.times, c.cutting, c.finishing]), _meters(c)
    goal, lines = c.problem.objective, range(len(c.work))
    return Tables(
        work=make(c.work), klass=make(c.klass), setup=make(c.setup), change=make(c.change),
        losses=make(c.losses),
        states=make(
            [[c.times[k].to_work(c.line_free[k]), c.line_class[k], c.line_age[k]] for k in lines]
        ),
        anticipatory=int(c.problem.setups.anticipatory),
        release=make([c.cutting.to_work(r) for r in c.release]), cut=make(c.cut),
        cut_transport=c.problem.cutting.transport, finish=make(c.finish),
        finish_transport=c.problem.finishing.transport,
        cut_busy=make(c.cut_busy), finish_busy=make(c.finish_busy), due=make(c.due),
        weight=make(c.weight),
        fixed=make(heads), axes=make(axes.bounds), starts=make(axes.starts),
        ends=make(axes.ends), done=make(axes.done), tardiness=goal.tardiness, set_up=goal.setup,
        move=goal.move, planned=make(c.planned),
        meters=make(meters.bounds), meter_starts=make(meters.starts),
        before=make(meters.before), rates=make(meters.rates), near=make(meters.near),
    )  # fmt: skip


def _state(c: Compiled, plan: Plan, make: Make) -> tuple[State, tuple[Any, Any, Any]]:
    lines, orders = len(c.work), len(c.cut)
    planned = [i for s in plan.sequences for i in s]
    width = max(len(planned), 1)
    planned += [i for i, end in enumerate(c.sewn) if end != CANNOT]
    rows = [[*s, *[0] * (width - len(s))] for s in plan.sequences]
    lengths = [len(s) for s in plan.sequences]
    line_of = [-1] * orders
    for number, sequence in enumerate(plan.sequences):
        for i in sequence:
            line_of[i] = number
    cuts = set(c.cuts)
    cut_order = [i for i in plan.cut_order if i in cuts]
    state = State(
        sequences=make(rows), lengths=make(lengths), line_of=make(line_of),
        cut_order=make(cut_order), kit=make(c.kit), sew_end=make(c.sewn),
        spans=make([[0] * orders, [0] * orders]), costs=make([0] * lines),
        burnt=make([0] * lines), ranked=make(planned),
        tables=make([0] * c.problem.cutting.places), taken=make([0] * orders),
        places=make([0] * c.problem.finishing.places), saved_kit=make([0] * orders),
        saved_end=make([0] * orders), saved_costs=make([0] * lines),
        saved_burnt=make([0] * lines),
    )  # fmt: skip
    return state, (make(rows), make(lengths), make(cut_order))


@dataclass(frozen=True, slots=True)
class _Meters:
    bounds: list[list[int]]
    starts: list[int]
    before: list[int]
    rates: list[int]
    near: list[int]


def _meters(c: Compiled) -> _Meters:
    """Return the meters of all lines, money and CO2 in one by their weights."""
    goal = c.problem.objective
    result = _Meters([], [0], [0], [0], [0])
    for money, co2 in zip(c.money, c.co2, strict=True):
        rates = [
            goal.energy * a + goal.co2 * b for a, b in zip(money.rates, co2.rates, strict=True)
        ]
        if not any(rates):
            result.bounds.append([0, 0, 0, 0, 0])
            continue
        first, near = len(result.starts), len(result.near)
        width = max(money.starts[-1] // (2 * len(rates)), 1)
        result.starts.extend(money.starts)
        result.rates.extend(rates)
        result.before.extend(
            goal.energy * a + goal.co2 * b for a, b in zip(money.before, co2.before, strict=True)
        )
        k = 0
        for work in range(0, money.starts[-1] + 1, width):
            while k + 1 < len(rates) and money.starts[k + 1] <= work:
                k += 1
            result.near.append(first + k)
        last = len(result.starts) - 1
        result.bounds.append([first, last, near, len(result.near) - 1, width])
    return result
