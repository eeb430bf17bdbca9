"""An independent check of a schedule: can it be carried out, and does it cost what it says?

Nothing of the decoder is used: working time is counted interval by interval, capacity by sweeping
over starts and ends, set-ups and learning from the problem's own words.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from seamline_platform.planning.shop.problem import Line, Order, Problem, Stage
from seamline_platform.planning.shop.schedule import Row, Schedule
from seamline_platform.planning.shop.times import WorkTimes


def check(problem: Problem, schedule: Schedule) -> list[str]:
    """Return what is wrong, one sentence each; an empty list if the schedule can be carried out."""
    rows = {row.order: row for row in schedule.rows}
    found = _check_names(problem, schedule, rows)
    known = [row for row in schedule.rows if row.order in problem.order_of]
    for line in problem.lines:
        mine = sorted(
            (
                row
                for row in known
                if row.line == line.line and problem.order_of[row.order].sewn is None
            ),
            key=lambda r: (r.sew_start, r.setup_start),
        )
        found += _check_line(problem, line, mine)
    for row in known:
        found += _check_order(problem, problem.order_of[row.order], row, rows)
    cuts = [(r.cut_start, r.cut_end) for r in known if r.cut_start is not None]
    found += _check_places("cutting", problem.cutting, cuts)
    found += _check_places(
        "finishing",
        problem.finishing,
        [(r.finish_start, r.done - problem.finishing.transport) for r in known],
    )
    return found + _check_cost(problem, schedule)


def _check_names(problem: Problem, schedule: Schedule, rows: dict[str, Row]) -> list[str]:
    found = []
    if len(rows) != len(schedule.rows):
        twice = sorted({r.order for r in schedule.rows if rows[r.order] is not r})
        found.append(f"{', '.join(twice[:3])} is planned more than once.")
    for row in schedule.rows:
        if row.order not in problem.order_of:
            found.append(f"{row.order} is planned but not known.")
        if row.line not in problem.line_of:
            found.append(f"{row.order} is planned for line {row.line}, which does not exist.")
    for order in problem.orders:
        if (order.order in rows) == (order.order in schedule.unplanned):
            found.append(f"{order.order} is neither planned nor refused with a reason, or both.")
    return found


def _check_line(problem: Problem, line: Line, rows: Sequence[Row]) -> list[str]:
    found = []
    times = problem.times(line.calendar)
    fixed = problem.fixed.get(line.line, ())
    if tuple(r.order for r in rows[: len(fixed)]) != fixed:
        found.append(f"Line {line.line} has to begin with {', '.join(fixed)}, as fixed.")
    before = (line.style, line.colour)
    free, age, depth = line.free, line.age, problem.ramp.depth_other
    for row in rows:
        order = problem.order_of[row.order]
        if not problem.can(line, order):
            found.append(f"{row.order} is planned for {line.line}, which may not or cannot sew it.")
            continue
        now = (order.style, order.colour)
        needed = setup_between(problem, before, now)
        if row.setup != needed:
            found.append(f"{row.order} needs a set-up of {needed} and has {row.setup}.")
        if row.setup_start < free:
            found.append(f"{row.order} is set up on {line.line} before that line is free.")
        if open_ticks(times, row.setup_start, row.sew_start) < needed:
            found.append(f"{row.order} has too little time for its set-up on {line.line}.")
        if before[0] != order.style:
            age, depth = 0, _depth(problem, before[0], order.style)
        work = _work(problem, line, order)
        due = work + _lost(problem, depth, age, work)
        spent = open_ticks(times, row.sew_start, row.sew_end)
        if abs(spent - due) > 1:
            found.append(f"{row.order} needs {due} ticks of sewing on {line.line}, has {spent}.")
        age += work
        before, free = now, row.sew_end
    return found


def _check_order(problem: Problem, order: Order, row: Row, rows: dict[str, Row]) -> list[str]:
    found = []
    style = problem.style_of[order.style]
    if order.sewn is not None:
        return _check_sewn(order, row) + _check_finishing(problem, order, row)
    if order.kit is not None:
        kit = order.kit
        if row.cut_start is not None:
            found.append(f"{row.order} is cut already and is planned to be cut again.")
    elif row.cut_start is None or row.cut_end is None:
        return [f"{row.order} is sewn without being cut."]
    else:
        kit = row.cut_end + problem.cutting.transport
        if row.cut_start < order.release:
            found.append(f"{row.order} is cut before its cloth is there.")
        spent = open_ticks(problem.times(problem.cutting.calendar), row.cut_start, row.cut_end)
        if spent != math.ceil(order.pieces * style.cut):
            found.append(f"{row.order} is cut in {spent} ticks.")
    if row.sew_start < kit:
        found.append(f"{row.order} is sewn before its kit is at the line.")
    if not problem.setups.anticipatory and row.setup_start < kit:
        found.append(f"{row.order} is set up before its kit is at the line.")
    for name in order.after:
        if name not in rows or rows[name].sew_end > row.sew_start:
            found.append(f"{row.order} starts before {name}, which it has to follow.")
    return found + _check_finishing(problem, order, row)


def _check_sewn(order: Order, row: Row) -> list[str]:
    """What runs or ran is not moved, not cut again and not set up again."""
    if (row.line, row.sew_start, row.sew_end, row.setup, row.cut_start) != (
        order.lines[0], order.sewn, order.sewn, 0, None,
    ):  # fmt: skip
        return [f"{row.order} is sewn on {order.lines[0]} at {order.sewn}; the plan moves it."]
    return []


def _check_finishing(problem: Problem, order: Order, row: Row) -> list[str]:
    style = problem.style_of[order.style]
    end = row.done - problem.finishing.transport
    spent = open_ticks(problem.times(problem.finishing.calendar), row.finish_start, end)
    if row.finish_start < row.sew_end or spent != math.ceil(order.pieces * style.finish):
        return [f"{row.order} is finished from {row.finish_start} to {end}."]
    return []


def _check_places(
    stage: str, of: Stage, spans: Iterable[tuple[int | None, int | None]]
) -> list[str]:
    """Sweep over starts and ends: no more at once than there are places."""
    held = [(0, tick) for tick in of.busy]
    edges = sorted(
        edge
        for start, end in [*held, *spans]
        if start is not None and end is not None and end > start
        for edge in ((start, 1), (end, -1))
    )
    busy = 0
    for tick, step in edges:
        busy += step
        if busy > of.places:
            return [f"At tick {tick} {busy} orders are in {stage}, which has {of.places} places."]
    return []


def _check_cost(problem: Problem, schedule: Schedule) -> list[str]:
    tardiness = setup = moved = ticks = 0
    money = co2 = 0.0
    for row in schedule.rows:
        if row.order not in problem.order_of or row.line not in problem.line_of:
            continue
        order = problem.order_of[row.order]
        tardiness += order.weight * max(row.done - order.due, 0)
        setup += row.setup
        if order.sewn is None:
            moved += problem.planned.get(row.order, row.line) != row.line
            used = _electricity(problem, row)
            money, co2, ticks = money + used[0], co2 + used[1], ticks + row.sew_end - row.sew_start
    goal, said = problem.objective, schedule.value
    exact = goal.tardiness * tardiness + goal.setup * setup + goal.move * moved
    electricity = goal.energy * money + goal.co2 * co2
    # What a line uses in a tick is counted in whole millionths, and the sum is rounded down.
    blur = 1e-6 * ticks + 1e-6
    apart = (goal.energy + goal.co2) * blur
    least, most = (exact + math.floor(electricity + sign * apart) for sign in (-1, 1))
    found = []
    if not least <= said.cost <= most:
        found.append(f"The schedule costs {exact + electricity:.0f} and says {said.cost}.")
    for what, came, should, within in (
        ("weighted ticks late", said.weighted_tardiness, tardiness, 0),
        ("set-up ticks", said.setup, setup, 0),
        ("moved orders", said.moved, moved, 0),
        ("money for electricity", said.energy_cost, money, blur),
        ("kg of CO2", said.co2, co2, blur),
    ):
        if abs(came - should) > within:
            found.append(f"The schedule has {should:g} {what} and says {came:g}.")
    return found


def _electricity(problem: Problem, row: Row) -> tuple[float, float]:
    """Return money and kg of CO2 for sewing an order, rate by rate of the tariff."""
    tariff, line = problem.tariff, problem.line_of[row.line]
    if tariff is None:
        return 0.0, 0.0
    times, money, co2 = problem.times(line.calendar), 0.0, 0.0
    ends = (*tariff.starts[1:], row.sew_end)
    for begin, end, price, carbon in zip(
        tariff.starts, ends, tariff.price, tariff.co2, strict=True
    ):
        if begin < row.sew_end and end > row.sew_start:
            ticks = open_ticks(times, max(begin, row.sew_start), min(end, row.sew_end))
            kwh = line.power_kw * ticks * problem.tick_ms / 3_600_000
            money, co2 = money + kwh * price, co2 + kwh * carbon
    return money, co2


def setup_between(problem: Problem, before: tuple[str, str], after: tuple[str, str]) -> int:
    """Return the set-up that the problem's words ask for between two (style, colour)."""
    setups = problem.setups
    named = setups.pairs.get((before[0], after[0]))
    if named is not None:
        return named
    if before[0] == after[0]:
        return 0 if before[1] == after[1] else setups.same_style
    known = before[0] in problem.style_of
    same = known and problem.style_of[before[0]].family == problem.style_of[after[0]].family
    return setups.same_family if same else setups.other


def _depth(problem: Problem, before: str, after: str) -> float:
    styles = problem.style_of
    same = before in styles and styles[before].family == styles[after].family
    return problem.ramp.depth_family if same else problem.ramp.depth_other


def _work(problem: Problem, line: Line, order: Order) -> int:
    style = problem.style_of[order.style]
    exact = order.pieces * style.smv / line.operators / line.efficiency[style.family]
    return math.ceil(exact - 1e-6)


def _lost(problem: Problem, depth: float, age: int, work: int) -> int:
    tau = problem.ramp.tau
    return round(depth * tau * (math.exp(-age / tau) - math.exp(-(age + work) / tau)))


def open_ticks(times: WorkTimes, start: int, end: int) -> int:
    """Return the ticks between `start` and `end` in which a resource is open, by walking."""
    total = 0
    for k in range(max(bisect_right(times.starts, start) - 1, 0), len(times.starts)):
        opens, closes = times.starts[k], times.ends[k]
        if opens >= end:
            break
        total += max(min(closes, end) - max(opens, start), 0)
    return total
