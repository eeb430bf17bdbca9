"""Lateness by cause: capacity, set-ups, material, breakdown, cutting, finishing, or the due date.

Six constraints of a plan are in force or relaxed; the lateness v(S) of an order with the set S in
force is a game whose Shapley value (Shapley, 1953) is shared out: a constraint gets the mean, over
all sequences in which constraints can come into force, of what it adds. Relaxed are

- capacity: the order is alone on its line, which waits for it;
- setup: no set-ups, and nothing is lost to learning after a change of style;
- material: cloth and kits are there when they were promised, or else at once;
- breakdown: lines are free, manned and open as they were to be;
- cutting and finishing: as many places as there are orders.

Line sequences and the ranks at cutting stay as planned. A constraint never makes anybody earlier:
v(S) is taken as the least lateness with S and any others in force. What is left with all of them
relaxed is `due`, which no plan avoids (the order is late alone on its fastest line with its cloth
as promised, or because of what has begun already), and, beyond that, the choice of a line that is
not its fastest, which counts as capacity. The seven parts are whole ticks, none is below 0, and
they sum exactly to the lateness.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Final, Literal

from seamline_platform.planning.explain import Text, join, span
from seamline_platform.planning.shop.compiled import compile_problem
from seamline_platform.planning.shop.problem import Problem
from seamline_platform.planning.shop.relaxed import CAUSES, Relaxations
from seamline_platform.planning.shop.schedule import Schedule
from seamline_platform.planning.shop.trials import plan_of_schedule

Part = Literal["capacity", "setup", "material", "breakdown", "cutting", "finishing", "due"]
PARTS: Final[tuple[Part, ...]] = (*CAUSES, "due")
_ALL: Final = (1 << len(CAUSES)) - 1
_SIXTIETHS: Final = (10, 2, 1, 1, 2, 10)
"""|S|! (5 - |S|)! / 6! in sixtieths, by |S|: the share of sequences in which S comes first."""
_NAMES: Final[Mapping[Part, Text]] = {
    "capacity": ("for want of capacity", "产能不足"),
    "setup": ("for set-ups and learning", "换款及爬坡"),
    "material": ("because cloth or kits come late", "面料或裁片晚到"),
    "breakdown": ("because its line stood still", "产线停机或缺员"),
    "cutting": ("at the cutting tables", "裁床排队"),
    "finishing": ("in finishing", "后整排队"),
    "due": ("that no plan can avoid", "交期本身无法满足"),
}


@dataclass(frozen=True, slots=True)
class Blame:
    """An order's lateness and its parts, in ticks."""

    order: str
    weight: int
    late: int
    parts: Mapping[Part, int]

    @property
    def main(self) -> Part:
        """The greatest part."""
        return max(PARTS, key=lambda p: self.parts[p])


@dataclass(frozen=True)
class PlanBlame:
    """Lateness of a plan by cause: its late orders, the latest first, and the sums."""

    orders: tuple[Blame, ...]

    @property
    def parts(self) -> dict[Part, int]:
        """Ticks of lateness by cause."""
        return {p: sum(o.parts[p] for o in self.orders) for p in PARTS}

    @property
    def weighted(self) -> dict[Part, int]:
        """Sum w_j T_j by cause: the parts sum to the plan's weighted tardiness."""
        return {p: sum(o.weight * o.parts[p] for o in self.orders) for p in PARTS}

    def of(self, order: str) -> Blame | None:
        """Return the blame of an order; None if it is not late."""
        return next((o for o in self.orders if o.order == order), None)


def blame(problem: Problem, schedule: Schedule, undisturbed: Problem | None = None) -> PlanBlame:
    """Return what causes the lateness of a plan.

    `undisturbed` is the problem without what went wrong (breakdown, absence, late cloth), in the
    same ticks; without it there is no breakdown, and all cloth could be there at once.

    Raises:
        ConfigError: if the schedule names what the problem does not have.
    """
    late = {row.order: row.late for row in schedule.rows if row.late}
    if not late:
        return PlanBlame(())
    c = compile_problem(problem)
    relaxed = Relaxations(c, plan_of_schedule(c, schedule), undisturbed)
    games = _games(relaxed)
    unavoidable = relaxed.unavoidable()
    found = []
    for i, order in enumerate(problem.orders):
        if order.order in late:
            parts = share([v[i] for v in games], unavoidable[i])
            found.append(Blame(order.order, order.weight, late[order.order], parts))
    return PlanBlame(tuple(sorted(found, key=lambda b: (-b.late, b.order))))


def _games(relaxed: Relaxations) -> list[list[int]]:
    """Return every order's lateness by set of constraints in force (bit k: CAUSES[k])."""
    return [
        relaxed.late([cause for k, cause in enumerate(CAUSES) if mask >> k & 1])
        for mask in range(_ALL + 1)
    ]


def share(values: Sequence[int], unavoidable: int) -> dict[Part, int]:
    """Return the parts of `values[_ALL]`; `values` are lateness by set of constraints in force."""
    v = list(values)
    for k in range(len(CAUSES)):
        for mask in range(_ALL + 1):
            if not mask >> k & 1:
                v[mask] = min(v[mask], v[mask | 1 << k])
    due = min(unavoidable, v[_ALL])
    v = [max(late, due) for late in v]
    sixtieths = [_shapley(v, k) for k in range(len(CAUSES))]
    shares = _whole(sixtieths, v[_ALL] - v[0])
    parts: dict[Part, int] = dict(zip(CAUSES, shares, strict=True))
    parts["capacity"] += v[0] - due
    parts["due"] = due
    return parts


def _shapley(v: Sequence[int], k: int) -> int:
    """Return the Shapley value of constraint `k` in sixtieths."""
    others = [j for j in range(len(CAUSES)) if j != k]
    sets = chain.from_iterable(combinations(others, n) for n in range(len(CAUSES)))
    total = 0
    for members in sets:
        mask = sum(1 << j for j in members)
        total += _SIXTIETHS[len(members)] * (v[mask | 1 << k] - v[mask])
    return total


def _whole(sixtieths: Sequence[int], total: int) -> list[int]:
    """Round to whole numbers that sum to `total`, by the largest remainders."""
    whole = [x // 60 for x in sixtieths]
    by_rest = sorted(range(len(whole)), key=lambda k: (-(sixtieths[k] % 60), k))
    for k in by_rest[: total - sum(whole)]:
        whole[k] += 1
    return whole


def part_text(part: Part, ticks: int, tick_ms: int) -> Text:
    """Say how much of a lateness comes from one cause."""
    (en, zh), (name, name_zh) = span(ticks * tick_ms), _NAMES[part]
    return f"{en} {name}", f"{name_zh} {zh}"


def blame_text(found: Blame, tick_ms: int) -> Text:
    """Say why an order is late, the greatest part first."""
    parts = sorted((p for p in PARTS if found.parts[p]), key=lambda p: -found.parts[p])
    en, zh = span(found.late * tick_ms)
    said = join(*(part_text(p, found.parts[p], tick_ms) for p in parts))
    return f"{found.order} is {en} late: {said[0]}", f"{found.order} 晚 {zh}：{said[1]}"
