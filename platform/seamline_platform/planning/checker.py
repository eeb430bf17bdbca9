"""An independent check of a plan: it walks calendars day by day, apart from the decoder's code."""

from collections.abc import Sequence
from typing import Final

from seamline_broker.contracts.catalogue import LineInfo
from seamline_broker.contracts.view import View
from seamline_platform.planning.plan import Bar

_MINUTE: Final = 60_000
_DAY: Final = 1_440 * _MINUTE
_PLANNED: Final = frozenset({"received", "promised", "cutting", "in_transit", "queued", "sewing"})
_ROUNDING_MS: Final = 10
BEST_EFFICIENCY: Final = 1.5
"""No plan may count on a line being faster than this times the standard."""


def check_plan(view: View, bars: Sequence[Bar]) -> list[str]:
    """Return what is wrong with a plan, one sentence each; an empty list if it can be carried out.

    Every order that is not sewn yet has exactly one bar on a line that exists; bars of a line do
    not overlap; each starts and ends inside a shift, has the set-up that the change of style needs,
    and enough working time for its pieces.
    """
    lines = {(info.site, info.line): info for info in view.catalogue.lines}
    problems = _check_orders(view, bars)
    by_line: dict[tuple[str, str], list[Bar]] = {}
    for bar in bars:
        key = (bar.site, bar.line)
        if key in lines:
            by_line.setdefault(key, []).append(bar)
        else:
            problems.append(
                f"{bar.order} is planned for {bar.site}/{bar.line}, which does not exist."
            )
    for key, mine in by_line.items():
        problems += _check_line(
            view, lines[key], sorted(mine, key=lambda b: (b.start_ms, b.end_ms))
        )
    return problems


def _check_orders(view: View, bars: Sequence[Bar]) -> list[str]:
    problems: list[str] = []
    count: dict[str, int] = {}
    for bar in bars:
        count[bar.order] = count.get(bar.order, 0) + 1
    for name, times in count.items():
        if times > 1:
            problems.append(f"{name} is planned {times} times.")
        if name not in view.orders:
            problems.append(f"{name} is planned but not known.")
    for name, order in view.orders.items():
        known = order.style in view.catalogue.styles
        if order.state in _PLANNED and known and name not in count:
            problems.append(f"{name} is {order.state} but has no place in the plan.")
    return problems


def _check_line(view: View, info: LineInfo, bars: Sequence[Bar]) -> list[str]:
    where = f"{info.site}/{info.line}"
    workdays = frozenset(view.catalogue.workdays)
    seen = view.lines.get(where)
    style = seen.style if seen else ""
    colours = [view.orders[o].colour for o in (seen.sewing if seen else ()) if o in view.orders]
    before: tuple[str, str] = (style, colours[-1] if colours else "")
    problems: list[str] = []
    end = None
    for bar in bars:
        order = view.orders.get(bar.order)
        if order is None:
            continue
        if end is not None and bar.start_ms < end:
            problems.append(f"{bar.order} starts on {where} before the order ahead of it ends.")
        end = bar.end_ms
        if bar.start_ms < view.now_ms:
            problems.append(f"{bar.order} starts in the past.")
        if not (_inside(info, workdays, bar.start_ms) and _inside(info, workdays, bar.end_ms)):
            problems.append(f"{bar.order} starts or ends outside the shifts of {where}.")
        now = (order.style, order.colour)
        needed = _setup_min(view, before, now) * _MINUTE
        if bar.setup_ms != needed:
            problems.append(
                f"{bar.order} needs a set-up of {needed} ms on {where} and has {bar.setup_ms} ms."
            )
        before = now
        operators = max(info.operators, seen.operators if seen else 0, 1)
        sewing = bar.pieces * view.catalogue.smv_ms(order.style) / operators / BEST_EFFICIENCY
        if _working_ms(info, workdays, bar.start_ms, bar.end_ms) + _ROUNDING_MS < needed + sewing:
            problems.append(f"{bar.order} has too little working time on {where}.")
    return problems


def _setup_min(view: View, before: tuple[str, str], after: tuple[str, str]) -> int:
    """Return the set-up in minutes between two (style, colour)."""
    if before == after:
        return 0
    styles = view.catalogue.styles
    if before[0] == after[0]:
        kind = "same_style"
    elif before[0] in styles and styles[before[0]].bulletin == styles[after[0]].bulletin:
        kind = "same_bulletin"
    else:
        kind = "other"
    return view.catalogue.setup_min.get(kind, 0)


def _weekday(day: int) -> int:
    """Return the weekday of a day since 1970-01-01, which was a Thursday (3)."""
    return (day + 3) % 7


def _shift(info: LineInfo, day: int) -> tuple[int, int]:
    midnight = day * _DAY
    return midnight + info.shift_start_min * _MINUTE, midnight + info.shift_end_min * _MINUTE


def _inside(info: LineInfo, workdays: frozenset[int], t_ms: int) -> bool:
    day = t_ms // _DAY
    start, end = _shift(info, day)
    return _weekday(day) in workdays and start <= t_ms <= end


def _working_ms(info: LineInfo, workdays: frozenset[int], start_ms: int, end_ms: int) -> int:
    total = 0
    for day in range(start_ms // _DAY, end_ms // _DAY + 1):
        if _weekday(day) in workdays:
            opens, closes = _shift(info, day)
            total += max(min(closes, end_ms) - max(opens, start_ms), 0)
    return total
