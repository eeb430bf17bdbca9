"""A version of a plan, and in words what became of it."""

from dataclasses import dataclass
from typing import Literal

from seamline_broker.errors import SeamlineError
from seamline_platform.planning.explain import Text
from seamline_platform.planning.replan.edits import Edit, Lock, Move, Swap, Unlock
from seamline_platform.planning.replan.state import line_of_order
from seamline_platform.planning.shop.problem import Problem
from seamline_platform.planning.shop.schedule import Schedule
from seamline_platform.planning.shop.sequences import Sequences

Status = Literal["accepted", "provisional", "proposal", "rejected", "superseded", "undone", "stale"]
Author = Literal["policy", "person", "hub"]


class BoardError(SeamlineError):
    """A step that the board cannot take now; `text` says why, in English and in Chinese."""

    def __init__(self, text: Text) -> None:
        super().__init__(text[0])
        self.text = text


@dataclass(frozen=True, slots=True)
class Version:
    """One plan: where it came from, what became of it, its times in ticks of the board's problem.

    `author` gave it its status. `p50` and `p90` are quantiles of its cost under chance, if they
    were simulated.
    """

    number: int
    status: Status
    reason: Text
    author: Author
    at_ms: int
    sequences: Sequences
    schedule: Schedule
    by_hand: bool = False
    """A person made it; a solver's proposal does not take its place."""
    stale: Text | None = None
    """What happened since it was proposed that it did not foresee."""
    p50: float | None = None
    p90: float | None = None


def missed(problem: Problem, sequences: Sequences) -> Text | None:
    """Say which orders began elsewhere than that plan has them, and which it does not have."""
    line = line_of_order(sequences)
    elsewhere = [
        f"{o.order} ({o.lines[0]})"
        for o in problem.orders
        if o.sewn is not None and line.get(o.order, o.lines[0]) != o.lines[0]
    ]
    fixed = {name: at for at, row in problem.fixed.items() for name in row}
    elsewhere += [f"{n} ({at})" for n, at in fixed.items() if line.get(n, at) != at]
    new = [o.order for o in problem.orders if o.sewn is None and o.order not in line]
    parts: list[Text] = []
    if elsewhere:
        shown = _some(elsewhere)
        parts.append(
            (f"Begun since, and stays there: {shown}.", f"此后已开工、不再移动：{shown}。")
        )
    if new:
        shown = _some(new)
        parts.append((f"Put in since: {shown}.", f"此后补排：{shown}。"))
    if not parts:
        return None
    return " ".join(en for en, _ in parts), "".join(zh for _, zh in parts)


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" +{len(names) - 5}" if len(names) > 5 else "")


def came(names: list[str]) -> Text:
    """Say why there is a provisional plan: orders without a place, or a line that lost some."""
    if not names:
        return ("A line may not sew what stood on it.", "原产线已不能缝制所排订单。")
    shown = _some(names)
    return f"Without a place so far: {shown}.", f"尚未排产：{shown}。"


def told(edit: Edit) -> Text:
    """Say what a person changed."""
    match edit:
        case Move(order, line, position):
            return (
                f"By hand: {order} to place {position + 1} of {line}.",
                f"人工调整：{order} 改到 {line} 第 {position + 1} 位。",
            )
        case Swap(a, b):
            return f"By hand: {a} and {b} change places.", f"人工调整：{a} 与 {b} 互换。"
        case Lock(order, line):
            return f"By hand: {order} locked on {line}.", f"人工锁定：{order} 在 {line}。"
        case Unlock(order):
            return f"By hand: {order} unlocked.", f"人工解锁：{order}。"
