"""Curves that theory predicts, to be drawn beside the measured ones.

Each function names its source. Everything is dimensionless or in the units of its arguments.
"""

import math
from statistics import NormalDist
from typing import Final

_NORMAL: Final = NormalDist()


def critical_ratio(underage: float, overage: float) -> float:
    """Return the newsvendor's best service level, cu / (cu + co).

    Raises:
        ValueError: if a cost is not positive.
    """
    if underage <= 0 or overage <= 0:
        raise ValueError(f"costs are {underage} and {overage}; both must be positive")
    return underage / (underage + overage)


def normal_mismatch_cost(underage: float, overage: float, sd: float) -> float:
    """Return the newsvendor's expected cost at the best order, (cu + co) sd phi(z)."""
    z = _NORMAL.inv_cdf(critical_ratio(underage, overage))
    return (underage + overage) * sd * _NORMAL.pdf(z)


def lognormal_mismatch_share(underage: float, overage: float, log_sd: float) -> float:
    """Return the best expected cost as a share of perfect-information profit, lognormal demand.

    At the optimum the profit is (cu + co) E[D; D <= Q], and E[D; D <= Q] = E[D] Phi(z - s).
    """
    z = _NORMAL.inv_cdf(critical_ratio(underage, overage))
    return 1 - (underage + overage) / underage * _NORMAL.cdf(z - log_sd)


def lognormal_fill(service: float, log_sd: float) -> float:
    """Return the fill rate of an order at the `service` quantile of lognormal demand."""
    z = _NORMAL.inv_cdf(service)
    order = math.exp(z * log_sd - log_sd**2 / 2)
    return _NORMAL.cdf(z - log_sd) + order * (1 - service)


def learning_rmse(n: float, irreducible: float, spread: float, parameters: int) -> float:
    """Return `sqrt(s^2 (1 + k / (n + k s^2 / tau^2)))`, the error after `n` examples.

    `irreducible`: sd s of what attributes do not tell; `spread`: sd tau of what they do;
    `parameters`: k. Bayesian linear regression with orthogonal attributes.
    """
    variance = irreducible * irreducible
    excess = parameters / (n + parameters * variance / (spread * spread))
    return math.sqrt(variance * (1 + excess))


def tracking_rmse(
    n: int, irreducible: float, spread: float, parameters: int, half_life: float = math.inf
) -> float:
    """Return the best error after `n` examples of a taste that changes from one to the next.

    A Kalman filter of `parameters` equal directions: each example takes P^2 / (k (s^2 + P)) off the
    variance P of what is not known of the attribute part; between examples the effects are an AR(1)
    whose correlation halves in `half_life` examples. Without drift it is `learning_rmse`, and holds
    for fewer examples than parameters too.
    """
    keep = math.exp2(-2 / half_life)
    noise, prior = irreducible * irreducible, spread * spread
    unknown = prior
    for _ in range(n):
        unknown -= unknown * unknown / (parameters * (noise + unknown))
        unknown = keep * unknown + (1 - keep) * prior
    return math.sqrt(noise + unknown)


def pooled_stock(members: int, correlation: float) -> float:
    """Return safety stock per member, relative to one alone: sqrt((1 + (m-1) rho) / m).

    Eppen, Management Science 25 (1979).
    """
    return math.sqrt((1 + (members - 1) * correlation) / members)


def erlang_c_wait(servers: int, load: float) -> float:
    """Return the mean wait before service in an M/M/c queue, in service times.

    `load` is the utilisation of each server, above 0 and below 1. Erlang (1917).

    Raises:
        ValueError: if there is no steady state or no server.
    """
    if servers < 1 or not 0 < load < 1:
        raise ValueError(f"{servers} servers at load {load}: need one, and a load between 0 and 1")
    offered, blocked = servers * load, 1.0
    for c in range(1, servers + 1):  # Erlang B by recursion
        blocked = offered * blocked / (c + offered * blocked)
    waits = blocked / (1 - load * (1 - blocked))
    return waits / (servers * (1 - load))


def bullwhip(protection: int, window: int, correlation: float = 0.0) -> float:
    """Return Var(orders) / Var(demand) of order-up-to on a moving average.

    1 + (2L/p + 2L^2/p^2)(1 - rho^p) with L = `protection`, the periods that an order must cover
    (lead time and review), p = `window`, rho of AR(1) demand. Exact for a safety factor of zero,
    backlog, and orders that may be negative: Chen, Drezner, Ryan and Simchi-Levi, Management
    Science 46 (2000).
    """
    ratio = protection / window
    return 1 + (2 * ratio + 2 * ratio**2) * (1 - correlation**window)


def hawkes_dispersion(branching: float, decay_per_min: float, window_min: float) -> float:
    """Return variance / mean of the counts of a stationary Hawkes process in a window.

    g + (1 - g)(1 - e^{-kT}) / (kT), g = 1 / (1 - n)^2, k = beta (1 - n); kernel n beta e^{-beta t}.
    Hawkes, Biometrika 58 (1971).
    """
    g = 1 / (1 - branching) ** 2
    kt = decay_per_min * (1 - branching) * window_min
    return g + (1 - g) * -math.expm1(-kt) / kt
