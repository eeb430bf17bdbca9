"""Simulated annealing on whole plans, each laid out by the decoder: it knows all that one knows.

A few thousand moves a second on 60 orders, a hundredth of the compiled loop; for plans in which
orders have to follow others across lines, which that loop does not know.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import log
from random import Random
from typing import Final

from seamline_platform.planning.shop.annealing import (
    Budget,
    Cancelled,
    Found,
    Improved,
    Timer,
    temperatures,
)
from seamline_platform.planning.shop.compiled import CANNOT, Compiled
from seamline_platform.planning.shop.decode import DeadlockError, Plan, Times, decode, value

NEAR: Final = 8
"""So many ranks away is close by in time."""
_LOOK_MOVES: Final = 16
"""Moves between two looks at the budget."""


@dataclass(slots=True)
class _State:
    """A plan, what it costs, and the orders that may move by start of sewing."""

    c: Compiled
    plan: Plan
    held: frozenset[int]
    fixed: Sequence[int]
    cost: int = 0
    line: list[int] = field(default_factory=list)
    ranked: list[int] = field(default_factory=list)

    def take(self, plan: Plan, cost: int, times: Times) -> None:
        self.plan, self.cost, self.line = plan, cost, times.line
        placed = (i for row in plan.sequences for i in row if i not in self.held)
        self.ranked = sorted(placed, key=lambda i: (times.sew_start[i], i))

    def neighbour(self, rng: Random) -> Plan | None:
        """Return a plan with one thing changed; None where the draw may not be."""
        draw = rng.random()
        if draw < 0.1 and len(self.plan.cut_order) > 1:
            return self._recut(rng)
        a = rng.randrange(len(self.ranked))
        near = rng.random() < 0.7
        b = a + rng.randint(-NEAR, NEAR) if near else rng.randrange(len(self.ranked))
        if a == b or not 0 <= b < len(self.ranked):
            return None
        one, two = self.ranked[a], self.ranked[b]
        return self._swap(one, two) if draw < 0.5 else self._relocate(rng, one, two)

    def _recut(self, rng: Random) -> Plan:
        order = list(self.plan.cut_order)
        start = rng.randrange(len(order))
        moved = order.pop(start)
        order.insert(max(start + rng.randint(-NEAR, NEAR), 0), moved)
        return Plan(self.plan.sequences, tuple(order))

    def _swap(self, one: int, two: int) -> Plan | None:
        here, there = self.line[one], self.line[two]
        if self.c.work[here][two] == CANNOT or self.c.work[there][one] == CANNOT:
            return None
        other = {one: two, two: one}
        rows = list(self.plan.sequences)
        for line in {here, there}:
            rows[line] = tuple(other.get(i, i) for i in rows[line])
        return Plan(tuple(rows), self.plan.cut_order)

    def _relocate(self, rng: Random, one: int, two: int) -> Plan | None:
        """Put one order beside another, or now and then last on any line."""
        last = rng.random() < 0.1
        to = rng.randrange(len(self.c.work)) if last else self.line[two]
        if self.c.work[to][one] == CANNOT:
            return None
        rows = [list(row) for row in self.plan.sequences]
        rows[self.line[one]].remove(one)
        at = len(rows[to]) if last else rows[to].index(two) + rng.randrange(2)
        rows[to].insert(max(at, self.fixed[to]), one)
        return Plan(tuple(map(tuple, rows)), self.plan.cut_order)


def anneal_decoded(
    c: Compiled,
    plan: Plan,
    budget: Budget,
    cpu: Timer,
    *,
    seed: int = 1,
    fixed: Sequence[int] | None = None,
    on_improve: Improved | None = None,
    cancelled: Cancelled = lambda: False,
) -> Found:
    """Return a plan that costs at most what `plan` costs; see `annealing.anneal_plan`.

    Raises:
        DeadlockError: if the orders of `plan` wait for each other across lines.
    """
    heads = fixed if fixed is not None else [
        len(c.problem.fixed.get(line.line, ())) for line in c.problem.lines
    ]  # fmt: skip
    held = frozenset(i for n, row in zip(heads, plan.sequences, strict=True) for i in row[:n])
    state, times = _State(c, plan, held, heads), decode(c, plan)
    state.take(plan, value(c, times).cost, times)
    best, cost, moves, rng = plan, state.cost, 0, Random(f"annealing {seed}")
    hot, cold = temperatures(plan, state.cost)
    began = cpu()
    while len(state.ranked) > 1 and cost > 0:
        share = budget.used(cpu() - began, moves)
        if share >= 1 or cancelled():
            break
        temperature = hot * (cold / hot) ** min(share / 0.9, 1.0)
        for _ in range(min(_LOOK_MOVES, budget.moves - moves) if budget.moves else _LOOK_MOVES):
            moves += 1
            _move(state, rng, temperature)
            if state.cost < cost:
                best, cost = state.plan, state.cost
                if on_improve is not None:
                    on_improve(best, cost)
    return Found(best, cost, moves, cpu() - began)


def _move(state: _State, rng: Random, temperature: float) -> None:
    made = state.neighbour(rng)
    if made is None:
        return
    most = state.cost - temperature * log(1.0 - rng.random())
    try:
        times = decode(state.c, made)
    except DeadlockError:
        return
    cost = value(state.c, times).cost
    if cost <= most:
        state.take(made, cost, times)
