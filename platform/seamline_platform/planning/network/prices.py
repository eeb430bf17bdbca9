"""What an hour of every bucket is worth: Lagrangian prices, by subgradients.

Relaxing the capacities of the assignment problem with prices u >= 0 leaves the choice of the
cheapest column for each order: L(u) = sum_o min_k (c_k + u_b(k) h_k) - sum_b u_b C_b is a lower
bound for every u, and max L equals the bound of the linear programme (Geoffrion 1974). Steps after
Polyak (1969) with the deflection of Camerini, Fratta and Maffioli (1975).
"""

from typing import Final

import numpy as np

from seamline_platform.planning.network.tables import Floats, Tables

UPPER: Final = 1.3
"""Times the cheapest columns without capacities: a cost for prices to aim at."""


def priced(t: Tables, prices: Floats) -> Floats:
    """Return cost plus price of the hours taken, by order and column."""
    u = np.append(prices, 0.0)
    return np.asarray(t.cost + u[t.bucket] * t.hours)


def lower_bound(t: Tables, prices: Floats) -> float:
    """Return L(prices): no assignment costs less, whole or divided."""
    if t.orders == 0:
        return 0.0
    return float(priced(t, prices).min(axis=1).sum() - prices @ t.capacity[:-1])


def find_prices(t: Tables, upper: float, rounds: int = 150) -> Floats:
    """Return prices whose bound is near the best; `upper` is the cost of any assignment."""
    u = np.zeros(t.buckets)
    if t.orders == 0 or not t.buckets:
        return u
    capacity, rows = t.capacity[:-1], np.arange(t.orders)
    best, best_u, direction = -np.inf, u, np.zeros(t.buckets)
    share, stalled = 1.0, 0
    for _ in range(rounds):
        cost = priced(t, u)
        chosen = cost.argmin(axis=1)
        bound = float(cost[rows, chosen].sum() - u @ capacity)
        if bound > best + 1e-4 * abs(best if best > -np.inf else 0.0):
            stalled = 0
        else:
            stalled += 1
        if bound > best:
            best, best_u = bound, u
        if stalled >= 6:
            share, stalled, u, direction = share * 0.6, 0, best_u, np.zeros(t.buckets)
            continue
        load = np.bincount(t.bucket[rows, chosen], t.hours[rows, chosen], minlength=t.buckets + 1)[
            :-1
        ]
        step = load - capacity
        direction = step + 0.6 * direction
        # what would only push a price below nothing does not count as a direction
        direction = np.where((u <= 0) & (direction < 0), 0.0, direction)
        norm = float(direction @ direction)
        if norm == 0:
            break
        length = share * max(upper - bound, 1e-9 * abs(upper)) / norm
        u = np.maximum(u + length * direction, 0.0)
    return best_u
