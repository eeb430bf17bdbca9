"""Simulated annealing as an anytime solver: it takes a plan and gives a plan that costs no more."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from seamline_platform.planning.shop.compiled import Compiled
from seamline_platform.planning.shop.decode import Plan, evaluate

CHUNK_MOVES: Final = 4_000
"""Moves between two looks at the budget, on up to 60 orders; on more orders fewer moves."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How long to search: CPU seconds of this process, moves, or ticks; the first that ends.

    `ticks` is deterministic time of an exact solver. Moves and ticks alone give equal results on
    every machine.
    """

    cpu_s: float = math.inf
    moves: int = 0
    ticks: float = 0.0

    def __post_init__(self) -> None:
        counted = self.moves or self.ticks
        least = min(self.moves, self.ticks)
        if not self.cpu_s > 0 or least < 0 or (math.isinf(self.cpu_s) and not counted):
            raise ValueError(
                f"A budget needs CPU seconds, moves or ticks above 0; got {self.cpu_s} s, "
                f"{self.moves} and {self.ticks}."
            )

    def used(self, cpu_s: float, moves: int, ticks: float = 0.0) -> float:
        """Return the share that is used; 1 or more: it is at its end."""
        by_moves = moves / self.moves if self.moves else 0.0
        by_ticks = ticks / self.ticks if self.ticks else 0.0
        return max(by_moves, by_ticks, cpu_s / self.cpu_s)


@dataclass(frozen=True, slots=True)
class Found:
    """The best plan, its cost, and what it took: moves, ticks (deterministic time), CPU seconds."""

    plan: Plan
    cost: int
    moves: int
    cpu_s: float
    ticks: float = 0.0


Improved = Callable[[Plan, int], None]
Cancelled = Callable[[], bool]


class Timer(Protocol):
    """Tells CPU seconds."""

    def __call__(self) -> float:
        """Return CPU seconds used so far."""


def anneal_plan(
    c: Compiled,
    plan: Plan,
    budget: Budget,
    cpu: Timer,
    *,
    seed: int = 1,
    fixed: Sequence[int] | None = None,
    warmth: float = 1.0,
    on_improve: Improved | None = None,
    cancelled: Cancelled = lambda: False,
) -> Found:
    """Return a plan that costs at most what `plan` costs.

    `warmth` scales the first temperature: below 1 the search stays nearer to `plan`.
    `fixed` is the number of orders at the head of each line that stay (by default the problem's).
    Orders of one line alone, and plans without an order, come back as they are.

    Raises:
        ValueError: if an order has to come after another: the inner loop does not know that,
            `annealing_decoded` does.
    """
    if any(c.before):
        raise ValueError("Annealing does not handle orders that have to come after others.")
    cost = evaluate(c, plan)
    count = sum(len(s) for s in plan.sequences)
    began = cpu()
    if count < 2:
        return Found(plan, cost, 0, 0.0)
    from seamline_platform.planning.shop import annealing_kernel as kernel
    from seamline_platform.planning.shop.search import Search

    search = Search(c, plan, fixed)
    x, best, done = 1 + seed % 2_147_483_646, cost, 0
    kernel.evaluate_all(search.tables, search.state)
    # One move that changes nothing for the worse: what is compiled is so before the clock runs.
    x, cost, best = kernel.anneal(
        search.tables, search.state, x, cost, best, 1, 1e-9, 1e-9, *search.best
    )
    began = cpu()
    hot, cold = temperatures(plan, cost)
    chunk = max(CHUNK_MOVES * 60 // max(count, 60), 10)
    hot = max(hot * warmth, cold)
    while True:
        share = budget.used(cpu() - began, done)
        if share >= 1 or cancelled() or best == 0:
            break
        moves = min(chunk, budget.moves - done) if budget.moves else chunk
        ahead = min(share + (moves / budget.moves if budget.moves else 0.01), 1.0)
        a, b = (hot * (cold / hot) ** min(s / 0.9, 1.0) for s in (share, ahead))
        x, cost, new = kernel.anneal(
            search.tables, search.state, x, cost, best, moves, a, b, *search.best
        )
        done += moves
        if new < best and on_improve is not None:
            on_improve(search.best_plan(), int(new))
        best = int(new)
    return Found(search.best_plan(), int(best), done, cpu() - began)


def temperatures(plan: Plan, cost: int) -> tuple[float, float]:
    """Return the first and the last temperature, in costs of one order.

    Found on drawn plants (seeds 1 to 10): starting hotter or ending colder costs 2 to 3 points of
    improvement on 60 orders x 12 lines at equal moves.
    """
    each = max(cost / max(sum(len(s) for s in plan.sequences), 1), 1.0)
    return 0.6 * each, 0.05 * each
