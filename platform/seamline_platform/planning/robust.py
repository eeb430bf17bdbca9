"""Estimates that one absurd value does not move, and shrinkage of small groups."""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
HUBER_K: Final = 1.345
"""95 % efficient for normal data (Huber, Annals of Mathematical Statistics 35, 1964)."""
MAD_TO_SD: Final = 1.4826
REJECT: Final = 5.0
"""Farther than so many robust standard deviations from the median is an error of recording."""
_FLOOR: Final = 1e-9
_QN: Final = 2.2219
_QN_SMALL: Final = {2: 0.399, 3: 0.994, 4: 0.512, 5: 0.844, 6: 0.611, 7: 0.857, 8: 0.669, 9: 0.872}
_QN_MOST: Final = 1_000
"""More values are thinned out evenly by rank."""


def scale(values: Sequence[float]) -> float:
    """Return the standard deviation by the median absolute deviation: 1.4826 MAD."""
    middle = median(values)
    return MAD_TO_SD * median(abs(v - middle) for v in values)


def spread(values: Sequence[float]) -> float:
    """Return the standard deviation by Qn, a quantile of all distances between two values.

    Half of the values may be wrong, as with `scale`, but for normal data it is as good as the
    plain one of 82 % of the data (Rousseeuw and Croux, JASA 88, 1993, with their corrections for
    small samples); `scale` is as good as that of 37 %. 0 for less than two values.
    """
    import numpy as np

    x = np.sort(np.asarray(values, dtype=np.float64))
    if len(x) > _QN_MOST:
        x = x[np.linspace(0, len(x) - 1, _QN_MOST).round().astype(int)]
    n = len(x)
    if n < 2:
        return 0.0
    distances = np.abs(x[:, None] - x[None, :])[np.triu_indices(n, 1)]
    half = n // 2 + 1
    rank = half * (half - 1) // 2 - 1
    small = _QN_SMALL[n] if n in _QN_SMALL else n / (n + (1.4 if n % 2 else 3.8))
    return float(_QN * small * np.partition(distances, rank)[rank])


def inliers(values: Sequence[float], least_sd: float = 0.02) -> list[bool]:
    """Return which values are no gross errors (Hampel identifier; JASA 69, 1974).

    `least_sd` keeps values apart that differ by next to nothing.
    """
    if len(values) < 3:
        return [True] * len(values)
    middle, sd = median(values), max(scale(values), least_sd)
    return [abs(v - middle) <= REJECT * sd for v in values]


def location(values: Sequence[float]) -> float:
    """Return Huber's M-estimate of location, scaled by the median absolute deviation."""
    middle, sd = median(values), max(scale(values), _FLOOR)
    for _ in range(50):
        weights = [min(1.0, HUBER_K * sd / max(abs(v - middle), _FLOOR)) for v in values]
        new = math.fsum(w * v for w, v in zip(weights, values, strict=True)) / math.fsum(weights)
        if abs(new - middle) < 1e-12 * max(1.0, abs(new)):
            break
        middle = new
    return middle


@dataclass(frozen=True, slots=True)
class Shrunk(Generic[K]):
    """Effects of groups, each pulled towards 0 as its data are few; `within` is the sd inside."""

    effects: Mapping[K, float]
    within: float


def shrink(groups: Mapping[K, Sequence[float]], least: int) -> Shrunk[K]:
    """Return effects of groups whose values are deviations from a common mean of 0.

    Bühlmann's credibility (ASTIN Bulletin 4, 1967): effect = Z x mean of the group with
    Z = n tau^2 / (n tau^2 + sigma^2); sigma^2 is the pooled robust variance inside groups, tau^2
    that between them by the method of moments. Groups with less than `least` values have effect 0,
    and so has a single group, which nothing can be compared with.
    """
    able = {key: values for key, values in groups.items() if len(values) >= least}
    means = {key: location(values) for key, values in able.items()}
    inside = [v - means.get(key, median(values)) for key, values in groups.items() for v in values]
    # One degree of freedom of every group goes into its mean.
    freedom = max(len(inside) - len(groups), 1)
    within = spread(inside) * math.sqrt(len(inside) / freedom) if len(inside) > 1 else 0.0
    if len(able) < 2:
        return Shrunk(dict.fromkeys(able, 0.0), within)
    apart = math.fsum(m * m for m in means.values()) / (len(means) - 1)
    noise = fmean(within**2 / len(values) for values in able.values())
    between = max(apart - noise, 0.0)
    if between == 0:
        return Shrunk(dict.fromkeys(able, 0.0), within)
    return Shrunk(
        {
            key: means[key] * (n := len(values)) * between / (n * between + within**2)
            for key, values in able.items()
        },
        within,
    )
