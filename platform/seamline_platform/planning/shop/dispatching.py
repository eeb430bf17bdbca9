"""Dispatch rules on a shop: lines that are free take the order with the best index.

Every rule is non-delay: the line that is free first takes an order at once. FIFO, SPT, EDD, WSPT,
ATC (Vepsalainen and Morton 1987), ATCS (Lee, Bhaskaran and Pinedo 1997), and ECT-ATCS, which gives
the order with the best ATCS index to the line that would complete it first. Any other name is a
rule of the `DispatchRule` protocol, registered or in a loose file (`mine.py:Mine`).
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Final

from seamline_platform.planning.rules import load_rule
from seamline_platform.planning.shop.compiled import CANNOT, Compiled
from seamline_platform.planning.shop.decode import Plan, Times, cut, evaluate
from seamline_platform.planning.shop.rule_jobs import RuleJobs

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
        PluginError: if a rule cannot be found or fails.
    """
    results = list(every_rule(c, rules))
    if not results:
        raise ValueError(f"No rule is named; there are {', '.join(RULES)}.")
    return min(results, key=lambda r: r.cost)


def every_rule(c: Compiled, rules: Sequence[str] = RULES) -> Iterator[RuleResult]:
    """Yield the plan of every rule with every cutting rank.

    Raises:
        PluginError: if a rule cannot be found or fails.
    """
    means = _means(c)
    asked = {rule: RuleJobs(c, load_rule(rule)) for rule in rules if rule not in RULES}
    for cut_rule in CUT_RULES:
        rank = cut_rank(c, cut_rule)
        kit = cut(c, rank, Times.empty(len(c.cut)))
        for rule in rules:
            plans = (
                Plan(_dispatch(c, _Rule(rule, k1, k2, *means, asked.get(rule)), kit), tuple(rank))
                for k1, k2 in (ATCS_GRID if rule in RULES and "ATC" in rule else ((1.0, 1.0),))
            )
            cost, _, plan = min((evaluate(c, p), n, p) for n, p in enumerate(plans))
            yield RuleResult(rule, cut_rule, plan, cost)


def rule_plan(c: Compiled, spec: str) -> RuleResult:
    """Return the best plan of one rule over cutting ranks.

    `spec` is one of `RULES`, the name of a registered rule, or a loose file `mine.py:Mine`.

    Raises:
        PluginError: if there is no such rule, or if it fails.
    """
    return best_rule(c, (spec,))


def list_rule(c: Compiled) -> RuleResult:
    """Return the plan that takes orders by due date and gives each to the line that ends it first.

    Its time grows with orders x lines, not with their square: for plants that are too large for
    rules that weigh all waiting orders at every step.
    """
    rank = cut_rank(c, "EDD")
    floor = _Floor(c, cut(c, rank, Times.empty(len(c.cut))))
    for line, i in _fixed_first(c):
        floor.place(line, i)
    left = {i: sum(j not in floor.placed for j in c.before[i]) for i in _placeable(c)}
    waiting = [(c.due[i], i) for i, count in left.items() if not count and i not in floor.placed]
    heapify(waiting)
    while waiting:
        _, i = heappop(waiting)
        able = [k for k, row in enumerate(c.work) if row[i] != CANNOT]
        floor.place(min(able, key=lambda k: (c.times[k].end_at(floor.trial(k, i)), k)), i)
        for j in floor.followers.get(i, ()):
            left[j] -= 1
            if not left[j]:
                heappush(waiting, (c.due[j], j))
    plan = Plan(tuple(tuple(row) for row in floor.sequences), tuple(rank))
    return RuleResult("EDD-ECT", "EDD", plan, evaluate(c, plan))


def cut_rank(c: Compiled, rule: str) -> list[int]:
    """Return the orders that are to be cut, the first one first."""
    work = [
        min((row[i] for row in c.work if row[i] != CANNOT), default=0) for i in range(len(c.cut))
    ]
    keys: dict[str, Callable[[int], float]] = {
        "FIFO": lambda i: c.release[i],
        "EDD": lambda i: c.due[i],
        "WSPT": lambda i: (c.cut[i] + work[i]) / max(c.weight[i], 1e-9),
        "SLACK": lambda i: c.due[i] - work[i] - c.cut[i] - c.finish[i],
    }
    return sorted(c.cuts, key=lambda i: (keys[rule](i), c.due[i], i))


class _Floor:
    """Lines while a rule fills them; times of a line are in its own work."""

    def __init__(self, c: Compiled, kit: Sequence[int]) -> None:
        self.c = c
        self.ready = list(kit)
        """Tick from which an order may be sewn: its kit is there, those before it are sewn."""
        count = len(c.work)
        self.free = [c.times[k].to_work(c.line_free[k]) for k in range(count)]
        self.klass, self.age, self.kind = list(c.line_class), list(c.line_age), [2] * count
        self.sequences: list[list[int]] = [[] for _ in range(count)]
        self.placed = {i for i, end in enumerate(c.sewn) if end != CANNOT}
        self.followers: dict[int, list[int]] = {}
        for i, before in enumerate(c.before):
            for j in before:
                self.followers.setdefault(j, []).append(i)
                self.ready[i] = max(self.ready[i], c.sewn[j])

    def at(self, line: int, i: int) -> int:
        """Return when order `i` may be sewn, in work of `line`."""
        return self.c.times[line].to_work(self.ready[i])

    def may_start(self, i: int) -> bool:
        """Return True if all orders that come before `i` have their place."""
        return self.placed.issuperset(self.c.before[i])

    def trial(self, line: int, i: int) -> int:
        """Return when `i` would be sewn if it were next on `line`, in its work."""
        c, klass = self.c, self.c.klass[i]
        setup, change = c.setup[self.klass[line]][klass], c.change[self.klass[line]][klass]
        early = setup if c.problem.setups.anticipatory else 0
        start = max(self.free[line] + early, self.at(line, i)) + setup - early
        age, kind = (self.age[line], self.kind[line]) if change == 0 else (0, change)
        table, work = c.losses[kind], c.work[line][i]
        top = len(table) - 1
        return start + work + table[min(age + work, top)] - table[min(age, top)]

    def place(self, line: int, i: int) -> None:
        """Sew order `i` next on `line`."""
        c = self.c
        change = c.change[self.klass[line]][c.klass[i]]
        self.free[line] = self.trial(line, i)
        if change != 0:
            self.age[line], self.kind[line] = 0, change
        self.age[line] += c.work[line][i]
        self.klass[line] = c.klass[i]
        self.sequences[line].append(i)
        self.placed.add(i)
        end = c.times[line].end_at(self.free[line])
        for j in self.followers.get(i, ()):
            self.ready[j] = max(self.ready[j], end)


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    k1: float
    k2: float
    mean_work: float
    mean_setup: float
    jobs: RuleJobs | None = None


def _dispatch(c: Compiled, rule: _Rule, kit: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    floor = _Floor(c, kit)
    waiting = set(_placeable(c))
    for line, i in _fixed_first(c):
        floor.place(line, i)
        waiting.discard(i)
    follow = any(c.before)
    while eligible := sorted(i for i in waiting if not follow or floor.may_start(i)):
        line = _first_free(c, floor, eligible)
        able = [i for i in eligible if c.work[line][i] != CANNOT]
        now = max(floor.free[line], min(floor.at(line, i) for i in able))
        looks_ahead = rule.name == "ECT-ATCS"
        there = eligible if looks_ahead else [i for i in able if floor.at(line, i) <= now]
        if rule.jobs is not None:
            chosen = rule.jobs.next_of(floor, line, there, now)
        else:
            chosen = max(there, key=lambda i: (_index(floor, rule, line, i, now), -i))
        if looks_ahead:
            lines = [k for k in range(len(c.work)) if c.work[k][chosen] != CANNOT]
            line = min(lines, key=lambda k: (c.times[k].end_at(floor.trial(k, chosen)), k))
        floor.place(line, chosen)
        waiting.discard(chosen)
    return tuple(tuple(s) for s in floor.sequences)


def _fixed_first(c: Compiled) -> Iterator[tuple[int, int]]:
    index = {o.order: i for i, o in enumerate(c.problem.orders)}
    for number, line in enumerate(c.problem.lines):
        for name in c.problem.fixed.get(line.line, ()):
            yield number, index[name]


def _first_free(c: Compiled, floor: _Floor, eligible: Sequence[int]) -> int:
    """Return the line that can start something first; of equal ones the first."""
    soonest, chosen = 0, -1
    for line, row in enumerate(c.work):
        free = c.times[line].start_at(floor.free[line])
        if chosen >= 0 and free >= soonest:
            continue  # whatever is ready, it cannot start before the line is free
        ready = [floor.ready[i] for i in eligible if row[i] != CANNOT]
        if ready:
            start = max(free, min(ready))
            if chosen < 0 or start < soonest:
                soonest, chosen = start, line
    return chosen


def _means(c: Compiled) -> tuple[float, float]:
    """Return mean work and mean set-up of the orders that rules place, over all pairs of them."""
    fixed = {i for _, i in _fixed_first(c)}
    waiting = [i for i in _placeable(c) if i not in fixed]
    works = [row[i] for row in c.work for i in waiting if row[i] != CANNOT]
    classes = Counter(c.klass[i] for i in waiting)
    setups = sum(
        m * (n - (a == b)) * c.setup[a][b] for a, m in classes.items() for b, n in classes.items()
    )
    pairs = len(waiting) * (len(waiting) - 1)
    return max(sum(works) / max(len(works), 1), 1e-9), max(setups / max(pairs, 1), 1e-9)


def _placeable(c: Compiled) -> list[int]:
    return [i for i in range(len(c.cut)) if any(row[i] != CANNOT for row in c.work)]


def _index(floor: _Floor, rule: _Rule, line: int, i: int, now: int) -> float:
    c = floor.c
    work = c.work[line][i]
    if work == CANNOT:
        work = min(row[i] for row in c.work if row[i] != CANNOT)
    work, weight = max(work, 1), max(c.weight[i], 1e-9)
    match rule.name:
        case "FIFO":
            return -float(floor.ready[i])
        case "SPT":
            return -float(work)
        case "EDD":
            return -float(c.due[i])
        case "WSPT":
            return weight / work
    due = c.times[line].to_work(max(c.due[i] - c.finish[i] - c.problem.finishing.transport, 0))
    index = math.log(weight / work) - max(due - work - now, 0) / (rule.k1 * rule.mean_work)
    if rule.name == "ATC":
        return index
    index -= c.setup[floor.klass[line]][c.klass[i]] / (rule.k2 * rule.mean_setup)
    if rule.name == "ECT-ATCS":
        index -= max(floor.at(line, i) - now, 0) / (rule.k1 * rule.mean_work)
    return index
