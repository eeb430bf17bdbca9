"""Changes of a plan by hand: what may be moved, and in words why something may not."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from seamline_broker.errors import SeamlineError
from seamline_platform.planning.explain import Text
from seamline_platform.planning.shop.compiled import compile_problem
from seamline_platform.planning.shop.decode import DeadlockError, decode
from seamline_platform.planning.shop.problem import Problem
from seamline_platform.planning.shop.sequences import Sequences, plan_of

Locks = Mapping[str, str]
"""Orders that a person has locked, and the line on which they stay."""
Rows = dict[str, list[str]]


class EditError(SeamlineError):
    """A change that cannot be made; `text` says why, in English and in Chinese."""

    def __init__(self, text: Text) -> None:
        super().__init__(text[0])
        self.text = text


@dataclass(frozen=True, slots=True)
class Move:
    """Put an order on a line, as the `position`-th of those that have not begun (0 = first)."""

    order: str
    line: str
    position: int


@dataclass(frozen=True, slots=True)
class Swap:
    """Let two orders change places."""

    a: str
    b: str


@dataclass(frozen=True, slots=True)
class Lock:
    """Keep an order on a line (empty: on the one where it stands); its turn there may change."""

    order: str
    line: str = ""


@dataclass(frozen=True, slots=True)
class Unlock:
    """Let an order go wherever it may."""

    order: str


Edit = Move | Swap | Lock | Unlock


def edited(problem: Problem, sequences: Sequences, edit: Move | Swap, locks: Locks) -> Sequences:
    """Return the sequences with an order moved, or two swapped.

    Raises:
        EditError: if an order is unknown, has begun or is frozen; if the line may not or cannot sew
            it; if it is locked elsewhere; if orders would wait for each other.
    """
    rows = {line.line: list(sequences.lines.get(line.line, ())) for line in problem.lines}
    if isinstance(edit, Move):
        _move(problem, rows, edit, locks)
    else:
        _swap(problem, rows, edit, locks)
    result = Sequences({line: tuple(row) for line, row in rows.items()}, sequences.cut_order)
    _refuse_waiting(problem, result)
    return result


def _move(problem: Problem, rows: Rows, edit: Move, locks: Locks) -> None:
    _refuse_untouchable(problem, edit.order)
    line = line_of(rows, edit.order)
    _refuse_line(problem, edit.order, edit.line, locks)
    if line:
        rows[line].remove(edit.order)
    row = rows[edit.line]
    if not 0 <= edit.position <= len(row):
        raise EditError(
            (
                f"Place {edit.position} of {edit.line} does not exist; it has 0 to {len(row)}.",
                f"{edit.line} 没有第 {edit.position} 位；可选 0 到 {len(row)}。",
            )
        )
    head = len(problem.fixed.get(edit.line, ()))
    if edit.position < head:
        raise _frozen(row[edit.position], edit.line)
    row.insert(edit.position, edit.order)


def _swap(problem: Problem, rows: Rows, edit: Swap, locks: Locks) -> None:
    if edit.a == edit.b:
        raise EditError(
            (f"{edit.a} cannot change places with itself.", f"{edit.a} 不能与自身交换。")
        )
    for order in (edit.a, edit.b):
        _refuse_untouchable(problem, order)
        if not line_of(rows, order):
            raise EditError((f"{order} has no place in the plan.", f"{order} 未排入计划。"))
    one, other = line_of(rows, edit.a), line_of(rows, edit.b)
    _refuse_line(problem, edit.a, other, locks)
    _refuse_line(problem, edit.b, one, locks)
    at, to = rows[one].index(edit.a), rows[other].index(edit.b)
    rows[one][at], rows[other][to] = edit.b, edit.a


def line_of(rows: Mapping[str, list[str]] | Mapping[str, tuple[str, ...]], order: str) -> str:
    """Return the line on which an order stands; empty if on none."""
    return next((line for line, row in rows.items() if order in row), "")


def _refuse_untouchable(problem: Problem, name: str) -> None:
    order = problem.order_of.get(name)
    if order is None:
        raise EditError(
            (
                f"{name} is not in the plan: it is unknown, delivered or in finishing.",
                f"{name} 不在计划中：未知、已交付或已进入后整。",
            )
        )
    if order.sewn is not None:
        line = order.lines[0]
        raise EditError(
            (
                f"{name} is being sewn on {line}, or sewn already: what runs is never moved.",
                f"{name} 正在 {line} 缝制或已缝制完成：在制订单不可移动。",
            )
        )
    for line, row in problem.fixed.items():
        if name in row:
            raise _frozen(name, line)


def _frozen(name: str, line: str) -> EditError:
    return EditError(
        (
            f"{name} begins on {line} within the frozen time: its place is fixed.",
            f"{name} 即将在 {line} 开工，处于冻结期，位置不可变更。",
        )
    )


def _refuse_line(problem: Problem, name: str, line: str, locks: Locks) -> None:
    """Refuse a line that does not exist, may not or cannot sew the order, or is not its lock."""
    if line not in problem.line_of:
        shown = ", ".join(list(problem.line_of)[:8])
        raise EditError(
            (f"There is no line {line}; there is: {shown}.", f"没有产线 {line}；现有：{shown}。")
        )
    if locks.get(name, line) != line:
        raise EditError(
            (
                f"{name} is locked on {locks[name]}; unlock it before it goes to {line}.",
                f"{name} 已锁定在 {locks[name]}；改到 {line} 前请先解锁。",
            )
        )
    order = problem.order_of[name]
    style = problem.style_of[order.style]
    place = problem.line_of[line]
    if order.lines and line not in order.lines:
        allowed = ", ".join(order.lines)
        raise EditError(
            (f"{name} may only be sewn on {allowed}.", f"{name} 只能在 {allowed} 缝制。")
        )
    if style.family not in place.efficiency:
        raise EditError(
            (
                f"{line} does not sew {style.family}, which {name} needs.",
                f"{line} 不能缝制 {name} 所需的 {style.family}。",
            )
        )
    missing = ", ".join(sorted(style.skills - place.skills))
    if missing:
        raise EditError(
            (
                f"{line} lacks the skills {missing}, which {name} needs.",
                f"{line} 缺少 {name} 所需技能：{missing}。",
            )
        )


def _refuse_waiting(problem: Problem, sequences: Sequences) -> None:
    for line, row in sequences.lines.items():
        for place, name in enumerate(row):
            for other in problem.order_of[name].after:
                if other in row[place + 1 :]:
                    raise EditError(
                        (
                            f"{name} has to follow {other}, which stands behind it on {line}.",
                            f"{name} 须在 {other} 之后缝制，但 {other} 在 {line} 上排在其后。",
                        )
                    )
    c = compile_problem(problem)
    try:
        decode(c, plan_of(c, sequences))
    except DeadlockError as exc:
        raise EditError(
            (
                "Orders would wait for each other across lines and never begin.",
                "各产线上的订单会互相等待，永远无法开工。",
            )
        ) from exc


def locked(problem: Problem, sequences: Sequences, edit: Lock, locks: Locks) -> Locks:
    """Return the locks with one more.

    Raises:
        EditError: if it contradicts another lock, what runs or the frozen time; both are named.
    """
    line = edit.line or line_of(sequences.lines, edit.order)
    if not line:
        raise EditError(
            (
                f"{edit.order} stands on no line; name the one to lock it on.",
                f"{edit.order} 未在任何产线；请指定要锁定的产线。",
            )
        )
    old = locks.get(edit.order)
    if old is not None and old != line:
        raise EditError(
            (
                f"The lock of {edit.order} on {line} contradicts its lock on {old}; unlock it "
                "first.",
                f"{edit.order} 锁定到 {line} 与已有的锁定（{old}）矛盾；请先解锁。",
            )
        )
    for at, row in problem.fixed.items():
        if edit.order in row and at != line:
            raise EditError(
                (
                    f"The lock of {edit.order} on {line} contradicts its fixed place on {at}.",
                    f"{edit.order} 锁定到 {line} 与其在 {at} 的冻结位置矛盾。",
                )
            )
    if not any(edit.order in row for row in problem.fixed.values()):
        _refuse_untouchable(problem, edit.order)
    _refuse_line(problem, edit.order, line, {})
    return {**locks, edit.order: line}


def unlocked(edit: Unlock, locks: Locks) -> Locks:
    """Return the locks without one.

    Raises:
        EditError: if the order is not locked.
    """
    if edit.order not in locks:
        shown = ", ".join(locks) or "none"
        raise EditError(
            (
                f"{edit.order} is not locked; locked are: {shown}.",
                f"{edit.order} 未锁定；已锁定：{', '.join(locks) or '无'}。",
            )
        )
    return {name: line for name, line in locks.items() if name != edit.order}


def with_locks(problem: Problem, locks: Locks) -> Problem:
    """Return the problem in which locked orders may be sewn on their line alone.

    Locks of orders that have begun, are fixed or are gone say nothing any more.
    """
    alive = live_locks(problem, locks)
    if not alive:
        return problem
    orders = tuple(
        replace(o, lines=(alive[o.order],)) if o.order in alive else o for o in problem.orders
    )
    return replace(problem, orders=orders)


def live_locks(problem: Problem, locks: Locks) -> Locks:
    """Return the locks of orders that could still go to another line."""
    fixed = {name for row in problem.fixed.values() for name in row}
    free = {o.order for o in problem.orders if o.sewn is None} - fixed
    return {name: line for name, line in locks.items() if name in free}
