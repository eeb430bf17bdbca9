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
def means(spread_permille: int) -> tuple[tuple[int, ...], ...]:
    """Return, by n = 0 .. 30, the knots of the mean of n draws of `lognormal` (sd / sqrt(n))."""
    return tuple(lognormal(math.isqrt(spread_permille**2 // max(n, 1))) for n in range(31))


def any_defect(n: int, chance: int) -> int:
    """Return the limit below which a draw of 32 bits means: of n garments one or more is bad.

    Binomial with `chance` of 65,536, worked out in whole numbers.
    """
    good: int = max(65_536 - chance, 0) ** n
    return (1 << 32) - (good << 32 >> 16 * n)


def defects(draw: int, n: int, chance: int) -> int:
    """Return how many of n garments are bad, for a draw of 32 bits (see `any_defect`)."""
    good = max(65_536 - chance, 0)
    bad, above = 0, 65_536**n
    while bad < n:
        above -= math.comb(n, bad) * (65_536 - good) ** bad * good ** (n - bad)
        if draw << 16 * n >= above << 32:
            break
        bad += 1
    return bad


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


@functools.lru_cache(maxsize=65_536)
def exp_permille(log_milli: int) -> int:
    """Return 1,000 exp(x / 1,000), rounded."""
    return round(1000 * math.exp(log_milli / 1000))


@functools.cache
def normal_milli() -> tuple[int, ...]:
    """Return the knots of a standard normal, times 1,000."""
    normal = NormalDist()
    return tuple(round(1000 * normal.inv_cdf((i + 0.5) / KNOTS)) for i in range(KNOTS))


_LN2_MICRO = 693_147


@functools.cache
def _octave() -> tuple[int, ...]:
    """Return -ln(1 - v) for v = 0 .. 1/2 in 1,024 equal parts, times a million."""
    return tuple(round(-1e6 * math.log(1 - (i + 0.5) / (2 * KNOTS))) for i in range(KNOTS))


def exponential_micro(draw: int) -> int:
    """Return an exponential of mean 1, times a million, for a draw of 32 bits.

    Each leading one bit halves what is left of the tail (ln 2 more); the next ten bits choose
    within the octave. So the tail is there to 21 octaves, which a table of equal parts cuts off.
    """
    ones = 0
    while ones < 21 and draw >> (31 - ones) & 1:
        ones += 1
    return ones * _LN2_MICRO + _octave()[draw >> (21 - ones) & (KNOTS - 1)]


@functools.cache
def poisson(mean_permille: int) -> tuple[int, ...]:
    """Return the cumulative probabilities of a Poisson, times 2**32; for means up to 20."""
    mean = mean_permille / 1000
    p = math.exp(-mean)
    cumulative, x, steps = p, 0, [round(p * 2**32)]
    while cumulative < 1 - 2**-31 and x < 200:
        x += 1
        p *= mean / x
        cumulative += p
        steps.append(round(cumulative * 2**32))
    return tuple(steps)


@functools.cache
def hawkes_share_permille(branching_permille: int, delay_ms: int, length_ms: int) -> int:
    """Return the part of a self-exciting stream's final number that falls into its own window.

    The stream starts empty: 1 - n (1 - exp(-kT)) / (k T) with k = (1 - n) / delay (Hawkes 1971, by
    the mean's differential equation).
    """
    n = branching_permille / 1000
    kt = (1 - n) / delay_ms * length_ms
    return round(1000 * (1 - n * (1 - math.exp(-kt)) / kt))


@functools.cache
def bass(p_permille: int, q_permille: int, days: int) -> tuple[int, ...]:
    """Return the daily density of a Bass diffusion over `days`, scaled to a mean of 1,000.

    `p` (innovation) and `q` (imitation) are per week (Bass 1969, eq. 4).
    """
    p, q = p_permille / 1000, q_permille / 1000
    raw = []
    for day in range(days):
        e = math.exp(-(p + q) * (day + 0.5) / 7)
        raw.append((p + q) ** 2 / p * e / (1 + q / p * e) ** 2)
    mean = sum(raw) / days
    return tuple(round(1000 * x / mean) for x in raw)


@functools.cache
def power_permille(ratio_permille: int, exponent_milli: int) -> int:
    """Return 1,000 (ratio)^-exponent, rounded: what a price ratio does to demand."""
    return round(1000 * math.pow(ratio_permille / 1000, -exponent_milli / 1000))


@functools.cache
def lognormal_median(spread_permille: int) -> tuple[int, ...]:
    """Return the knots of a lognormal of median 1 with this sd of the logarithm."""
    normal = NormalDist()
    raw = [
        math.exp(spread_permille / 1000 * normal.inv_cdf((i + 0.5) / KNOTS)) for i in range(KNOTS)
    ]
    return tuple(max(1, round(KNOTS * x)) for x in raw)
