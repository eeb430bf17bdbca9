"""The linear programme of a network: exact, by columns that prices say are worth having.

min sum c_k x_k, one column of every order, hours in buckets within capacity. The programme starts
with the columns that Lagrangian prices find cheap; columns that its duals price below the order's
own are added until none is left, so that its value is that of the full programme (Dantzig and Wolfe
1960). Solved by HiGHS (Huangfu and Hall 2018).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from seamline_broker.errors import SeamlineError
from seamline_platform.planning.network.prices import UPPER, find_prices, lower_bound, priced
from seamline_platform.planning.network.tables import Bools, Floats, Ints, Tables

_CLOSE: Final = 1e-4
"""Stop when bound and value differ by less than this share."""
_ROUNDS: Final = 30


@dataclass(frozen=True)
class Relaxed:
    """The solved programme.

    `share[i]` belongs to column `column[i]` of order `order[i]`; `prices` are the duals: yuan that
    one more hour in a bucket would save. `bound` is proved: no assignment costs less.
    """

    order: Ints
    column: Ints
    share: Floats
    prices: Floats
    value: float
    bound: float
    rounds: int
    columns: int
    """Columns of the last programme."""


def relax(t: Tables) -> Relaxed:
    """Return the solved relaxation of a network.

    Raises:
        SeamlineError: if HiGHS ends without an optimum.
    """
    prices = find_prices(t, _upper(t), 300)
    bound = lower_bound(t, prices)
    chosen = _first(t, prices)
    rounds = 0
    while True:
        rounds += 1
        solved = _solve(t, chosen)
        bound = max(bound, lower_bound(t, solved.prices))
        more = _missing(t, chosen, solved.prices)
        near = solved.value - bound <= _CLOSE * abs(solved.value)
        if near or rounds >= _ROUNDS or not more.any():
            return Relaxed(
                solved.order, solved.column, solved.share, solved.prices,
                solved.value, bound, rounds, int(chosen.sum()),
            )  # fmt: skip
        chosen |= more


@dataclass(frozen=True)
class _Solved:
    order: Ints
    column: Ints
    share: Floats
    prices: Floats
    value: float


def _upper(t: Tables) -> float:
    """Return a cost that prices aim at: a third above the cheapest columns without capacities."""
    return UPPER * float(t.cost.min(axis=1).sum()) if t.orders else 0.0


def _first(t: Tables, prices: Floats) -> Bools:
    """Return a mask of the columns to begin with: the cheapest few of every order, and outside."""
    cost = priced(t, prices)
    best = cost.min(axis=1, keepdims=True)
    over = (cost - best) / np.maximum(t.hours, 1e-9).max(axis=1, keepdims=True)
    finite = over[np.isfinite(over)]
    level = np.quantile(finite, min(1.0, 4.0 * t.orders / max(len(finite), 1)))
    mask = over <= level
    mask[:, -1] = True
    return np.asarray(mask)


def _missing(t: Tables, chosen: Bools, prices: Floats) -> Bools:
    """Return columns outside the programme that its duals find cheaper than what it has."""
    cost = priced(t, prices)
    inside = np.where(chosen, cost, np.inf).min(axis=1, keepdims=True)
    better = cost < inside - 1e-7 * np.maximum(np.abs(inside), 1.0)
    return np.asarray(better & ~chosen)


def _solve(t: Tables, chosen: Bools) -> _Solved:
    """Solve the programme over the chosen columns."""
    # Heavy, and not needed where prices alone choose.
    from scipy import sparse
    from scipy.optimize import linprog

    order, column = np.nonzero(chosen & np.isfinite(t.cost))
    cost, hours = t.cost[order, column], t.hours[order, column]
    bucket = t.bucket[order, column]
    n = len(order)
    equal = sparse.csr_matrix((np.ones(n), (order, np.arange(n))), (t.orders, n))
    inside = bucket < t.buckets
    below = sparse.csr_matrix(
        (hours[inside], (bucket[inside], np.nonzero(inside)[0])), (t.buckets, n)
    )
    result = linprog(
        cost, A_ub=below, b_ub=t.capacity[:-1], A_eq=equal, b_eq=np.ones(t.orders),
        bounds=(0, None), method="highs-ds",
    )  # fmt: skip
    if result.status != 0:
        raise SeamlineError(f"HiGHS could not solve the relaxation: {result.message}")
    prices = np.maximum(-result.ineqlin.marginals, 0.0)
    used = result.x > 1e-9
    return _Solved(order[used], column[used], result.x[used], prices, float(result.fun))
