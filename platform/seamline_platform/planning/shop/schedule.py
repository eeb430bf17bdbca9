"""A plan in times that people read: one row per order, what is not planned, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from seamline_platform.planning.shop.compiled import CANNOT, Compiled
from seamline_platform.planning.shop.decode import NEVER, Plan, Times, Value, decode, value


@dataclass(frozen=True, slots=True)
class Row:
    """When an order passes its stages, in ticks of the problem.

    `cut_start` and `cut_end` are None where its kit is cut already. An order that is sewn by what
    runs has the end of its sewing as start, and no set-up.
    """

    order: str
    line: str
    cut_start: int | None
    cut_end: int | None
    setup_start: int
    setup: int
    sew_start: int
    sew_end: int
    finish_start: int
    done: int
    late: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """Rows in order of lines and time, the cost, and the orders without a place with reasons.

    The rows of what is sewn already, which only waits for finishing, come last.
    """

    rows: tuple[Row, ...]
    value: Value
    unplanned: Mapping[str, str]

    def on(self, line: str) -> tuple[Row, ...]:
        """Return the rows of a line in sequence, with those it has sewn already at the end."""
        return tuple(row for row in self.rows if row.line == line)


COLUMNS = tuple(f.name for f in fields(Row))


def schedule_of(c: Compiled, plan: Plan, reasons: Mapping[int, str] | None = None) -> Schedule:
    """Return the schedule of a plan; `reasons` says of orders (indices) why they have no place.

    Raises:
        DeadlockError: if orders wait for each other across lines.
    """
    t = decode(c, plan)
    rows = tuple(
        _row(c, t, i) for sequence in plan.sequences for i in sequence if t.done[i] != NEVER
    )
    sewn = tuple(_sewn_row(c, t, i) for i, end in enumerate(c.sewn) if end != CANNOT)
    told = {c.problem.orders[i].order: why for i, why in (reasons or {}).items()}
    return Schedule(rows + sewn, value(c, t), told)


def _sewn_row(c: Compiled, t: Times, i: int) -> Row:
    order, end = c.problem.orders[i], c.sewn[i]
    late = max(t.done[i] - c.due[i], 0)
    return Row(
        order.order,
        order.lines[0],
        None,
        None,
        end,
        0,
        end,
        end,
        t.finish_start[i],
        t.done[i],
        late,
    )


def _row(c: Compiled, t: Times, i: int) -> Row:
    cut = t.cut_start[i] != NEVER
    return Row(
        order=c.problem.orders[i].order,
        line=c.problem.lines[t.line[i]].line,
        cut_start=t.cut_start[i] if cut else None,
        cut_end=t.cut_end[i] if cut else None,
        setup_start=t.setup_start[i],
        setup=t.setup[i],
        sew_start=t.sew_start[i],
        sew_end=t.sew_end[i],
        finish_start=t.finish_start[i],
        done=t.done[i],
        late=max(t.done[i] - c.due[i], 0),
    )
