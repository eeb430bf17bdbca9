"""Dispatch rules on a shop: lines that are free take the order with the best index.

Every rule is non-delay: the line that is free first takes an order at once. FIFO, SPT, EDD, WSPT,
ATC (Vepsalainen and Morton 1987), ATCS (Lee, Bhaskaran and Pinedo 1997), and ECT-ATCS, which gives
the order with the best ATCS index to the line that would complete it first.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from seamline_platform.planning.shop.compiled import CANNOT, Compiled
from seamline_platform.planning.shop.decode import Plan, Times, cut, evaluate

RULES: Final = ("FIFO", "SPT", "EDD", "WSPT", "ATC", "ATCS", "ECT-ATCS")
CUT_RULES: Final = ("FIFO", "EDD", "WSPT", "SLACK")
ATCS_GRID: Final = tuple((a, b) for a in (0.5, 1.0, 2.0, 4.0) for b in (0.1, 0.3, 1.0))


@dataclass(frozen=True, slots=True)
class RuleResult:
    """The best plan of a rule over cutting ranks and parameters, and its cost."""

    rule: str
    cut_rule: str
    plan: Plan
    cost: int


def best_rule(c: Compiled, rules: Sequence[str] = RULES) -> RuleResult:
    """Return the cheapest of all rules, each with four cutting ranks.

    Raises:
        ValueError: if no rule is named.
    """
    results = list(every_rule(c, rules))
    if not results:
        raise ValueError(f"No rule is named; there are {', '.join(RULES)}.")
    return min(results, key=lambda r: r.cost)


def every_rule(c: Compiled, rules: Sequence[str] = RULES) -> Iterator[RuleResult]:
    """Yield the plan of every rule with every cutting rank."""
    for cut_rule in CUT_RULES:
        rank = cut_rank(c, cut_rule)
        kit = cut(c, rank, Times.empty(len(c.cut)))
        for rule in rules:
            plans = (
                Plan(_dispatch(c, rule, kit, k1, k2), tuple(rank))
                for k1, k2 in (ATCS_GRID if "ATC" in rule else ((1.0, 1.0),))
            )
            cost, _, plan = min((evaluate(c, p), n, p) for n, p in enumerate(plans))
            yield RuleResult(rule, cut_rule, plan, cost)


def cut_rank(c: Compiled, rule: str) -> list[int]:
    """Return the orders that are to be cut, the first one first."""
    work = [min((row[i] for row in c.work if row[i] != CANNOT), default=0) for i in range(len(c.cut))]
    keys: dict[str, Callable[[int], float]] = {
        "FIFO": lambda i: c.release[i],
        "EDD": lambda i: c.due[i],
        "WSPT": lambda i: (c.cut[i] + work[i]) / max(c.weight[i], 1e-9),
        "SLACK": lambda i: c.due[i] - work[i] - c.cut[i] - c.finish[i],
    }
    return sorted(c.cuts, key=lambda i: (keys[rule](i), c.due[i], i))


class _Floor:
    """Lines while a rule fills them; times in work of each line."""

    def __init__(self, c: Compiled, kit: Sequence[int]) -> None:
        self.c = c
        self.kit = kit
        count = len(c.work)
        self.free = [c.times[k].to_work(c.line_free[k]) for k in range(count)]
        self.klass, self.age, self.kind = list(c.line_class), list(c.line_age), [2] * count
        self.sequences: list[list[int]] = [[] for _ in range(count)]

    def trial(self, line: int, i: int) -> tuple[int, int]:
        """Return start of sewing and end on `line`, in its work."""
        c = self.c
        setup, change = c.setup[self.klass[line]][c.klass[i]], c.change[self.klass[line]][c.klass[i]]
        ready = c.times[line].to_work(self.kit[i])
        if c.problem.setups.anticipatory:
            start = max(self.free[line] + setup, ready)
        else:
            start = max(self.free[line], ready) + setup
        age, kind = (self.age[line], self.kind[line]) if change == 0 else (0, change)
        table, work = c.losses[kind], c.work[line][i]
        top = len(table) - 1
        return start, start + work + table[min(age + work, top)] - table[min(age, top)]

    def place(self, line: int, i: int) -> None:
        """Sew order `i` next on `line`."""
        c = self.c
        change = c.change[self.klass[line]][c.klass[i]]
        _, self.free[line] = self.trial(line, i)
        if change != 0:
            self.age[line], self.kind[line] = 0, change
        self.age[line] += c.work[line][i]
        self.klass[line] = c.klass[i]
        self.sequences[line].append(i)


def _dispatch(
    c: Compiled, rule: str, kit: Sequence[int], k1: float, k2: float
) -> tuple[tuple[int, ...], ...]:
    floor = _Floor(c, kit)
    index = {o.order: i for i, o in enumerate(c.problem.orders)}
    waiting = set(range(len(c.cut)))
    for number, line in enumerate(c.problem.lines):
        for name in c.problem.fixed.get(line.line, ()):
            floor.place(number, index[name])
            waiting.discard(index[name])
    waiting = {i for i in waiting if any(row[i] != CANNOT for row in c.work)}
    means = _means(c, waiting)
    while waiting:
        line = _first_free(c, floor, waiting)
        able = [i for i in waiting if c.work[line][i] != CANNOT]
        now = max(floor.free[line], min(c.times[line].to_work(kit[i]) for i in able))
        there = sorted(i for i in able if c.times[line].to_work(kit[i]) <= now)
        if rule == "ECT-ATCS":
            there = sorted(i for i in waiting)
        chosen = max(there, key=lambda i: (_index(c, rule, floor, line, i, now, k1, k2, means), -i))
        if rule == "ECT-ATCS":
            lines = [k for k in range(len(c.work)) if c.work[k][chosen] != CANNOT]
            line = min(lines, key=lambda k: (c.times[k].end_at(floor.trial(k, chosen)[1]), k))
        floor.place(line, chosen)
        waiting.discard(chosen)
    return tuple(tuple(s) for s in floor.sequences)


def _first_free(c: Compiled, floor: _Floor, waiting: set[int]) -> int:
    """Return the line that can start something first."""
    best: tuple[int, int] | None = None
    for line, row in enumerate(c.work):
        ready = [floor.kit[i] for i in waiting if row[i] != CANNOT]
        if ready:
            at = max(c.times[line].start_at(floor.free[line]), min(ready))
            if best is None or (at, line) < best:
                best = (at, line)
    if best is None:
        raise AssertionError("Orders that no line can sew are left out before.")
    return best[1]


def _means(c: Compiled, waiting: set[int]) -> tuple[float, float]:
    """Return mean work and mean set-up."""
    works = [row[i] for row in c.work for i in waiting if row[i] != CANNOT]
    setups = [c.setup[c.klass[i]][c.klass[j]] for i in waiting for j in waiting if i != j]
    return (
        max(sum(works) / max(len(works), 1), 1e-9),
        max(sum(setups) / max(len(setups), 1), 1e-9),
    )


def _index(
    c: Compiled, rule: str, floor: _Floor, line: int, i: int, now: int, k1: float, k2: float,
    means: tuple[float, float],
) -> float:  # fmt: skip
    work = c.work[line][i]
    if work == CANNOT:
        work = min(row[i] for row in c.work if row[i] != CANNOT)
    weight = max(c.weight[i], 1e-9)
    match rule:
        case "FIFO":
            return -float(floor.kit[i])
        case "SPT":
            return -float(work)
        case "EDD":
            return -float(c.due[i])
        case "WSPT":
            return weight / max(work, 1e-9)
    due = c.times[line].to_work(max(c.due[i] - c.finish[i] - c.problem.finishing.transport, 0))
    slack = max(due - work - now, 0)
    index = math.log(weight / max(work, 1e-9)) - slack / (k1 * means[0])
    if rule == "ATC":
        return index
    setup = c.setup[floor.klass[line]][c.klass[i]]
    wait = max(c.times[line].to_work(floor.kit[i]) - now, 0) if rule == "ECT-ATCS" else 0
    return index - setup / (k2 * means[1]) - wait / (k1 * means[0])
