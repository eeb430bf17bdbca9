"""Integer quantile tables: distributions whose draws are equal on machines with and without FMA.

Each table has 1,024 knots at the middles of equal parts of probability, in 1/1024 of the mean. The
only floats are in here, and each is rounded to a whole number before anything is decided with it.
"""

import bisect
import functools
import math
from statistics import NormalDist

KNOTS = 1024


@functools.cache
def lognormal(spread_permille: int) -> tuple[int, ...]:
    """Return the knots of a lognormal of mean 1 with this sd of the logarithm."""
    sigma = spread_permille / 1000
    normal = NormalDist()
    raw = [
        math.exp(sigma * normal.inv_cdf((i + 0.5) / KNOTS) - sigma * sigma / 2)
        for i in range(KNOTS)
    ]
    return tuple(max(1, round(KNOTS * x)) for x in raw)


@functools.cache
def exponential() -> tuple[int, ...]:
    """Return the knots of an exponential of mean 1."""
    return tuple(max(1, round(-KNOTS * math.log(1 - (i + 0.5) / KNOTS))) for i in range(KNOTS))


@functools.cache
def gamma_half() -> tuple[int, ...]:
    """Return the knots of a Gamma of shape 1/2 and mean 1: the square of a standard normal."""
    normal = NormalDist()
    return tuple(
        round(KNOTS * normal.inv_cdf((1 + (i + 0.5) / KNOTS) / 2) ** 2) for i in range(KNOTS)
    )


@functools.cache
def beta2(b: int) -> tuple[int, ...]:
    """Return the knots of a Beta(2, b) in 1/1024 of its mean 2 / (2 + b).

    Its distribution has a closed form, F(x) = 1 - (1 - x)^b (1 + b x), which is inverted here.
    """
    knots = []
    for i in range(KNOTS):
        low, high = 0.0, 1.0
        for _ in range(50):
            middle = (low + high) / 2
            if 1 - (1 - middle) ** b * (1 + b * middle) < (i + 0.5) / KNOTS:
                low = middle
            else:
                high = middle
        knots.append(round(KNOTS * low * (2 + b) / 2))
    return tuple(knots)


@functools.cache
def decay(start: int, end: int, tau_mdays: int) -> tuple[int, ...]:
    """Return `end - (end - start) exp(-d/tau)` for d = 0, .05, .. 40 days (permille, rounded)."""
    return tuple(round(end - (end - start) * math.exp(-(50 * i) / tau_mdays)) for i in range(801))


_LATTICE = tuple(round(1000 * 1.02**i) for i in range(-345, 620))


@functools.cache
def _negative_binomial(level: int, k: int) -> tuple[int, ...]:
    """Return the cumulative probabilities of a negative binomial, times 2**32, rounded."""
    mean = _LATTICE[level] / 1000
    q = mean / (mean + k)
    p = 1.0
    for _ in range(k):
        p *= 1.0 - q
    cumulative, x, steps = p, 0, [round(p * 2**32)]
    while cumulative < 1 - 2**-31 and x < 100_000:
        p *= q * (x + k) / (x + 1)
        cumulative += p
        x += 1
        steps.append(round(cumulative * 2**32))
    return tuple(steps)


def count(draw: int, mean_milli: int, k: int) -> int:
    """Return a negative binomial count for a draw of 32 bits; `mean_milli` is 1,000 x the mean.

    Means are rounded to a lattice of steps of 2 %; a mean below .001 gives none.
    """
    if mean_milli < 1:
        return 0
    level = min(bisect.bisect_left(_LATTICE, mean_milli), len(_LATTICE) - 1)
    return bisect.bisect_right(_negative_binomial(level, k), draw)
