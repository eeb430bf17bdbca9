"""From expected demand to quantiles: how far off earlier forecasts were, over as many days.

Demand over a window with mean m is negative binomial with variance m + phi m^2. phi is the variance
of the style's level (1 / alpha of its gamma belief) plus what earlier forecasts of windows of this
length missed, by moments. Then levels are corrected: of earlier forecasts of about this size and
length, the share below what a level promised is put right (split-conformal on the probability
scale: Chernozhukov, Wuethrich and Zhu, PNAS 118 (2021) e2107794118; for counts, at a random point
of the step: Czado, Gneiting and Held, Biometrics 65 (2009) 1254-1261). Sums over days are windows
themselves; no quantile of a day is ever added.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from seamline_platform.demand.frame import FloatArray, IntArray

SIZES: Final = (0.5, 2.0, 6.0, 20.0, 60.0)
"""Borders between classes of expected demand over a window, in pieces."""
_MIN_SCATTER: Final = 0.01
_START_SCATTER: Final = 0.3
_PRIOR_WINDOWS: Final = 100
"""Windows on which every level is right, that stand against a class's own."""
_GRID: Final = np.linspace(0.005, 0.995, 100)


@dataclass(frozen=True, slots=True)
class PastWindows:
    """Earlier windows of one length: what was expected, how sure the level was, what was sold.

    `mean` and `sold` are over the share of the window in stock; `doubt` is 1 / alpha.
    """

    mean: FloatArray
    doubt: FloatArray
    sold: FloatArray

    def usable(self) -> "PastWindows":
        """Return the windows in which something was expected."""
        rows = self.mean > 1e-6
        return PastWindows(self.mean[rows], self.doubt[rows], self.sold[rows])


@dataclass(frozen=True, slots=True)
class Scatter:
    """How demand over windows of one length scatters around its mean."""

    phi: float
    corrected: FloatArray
    """(classes, grid) level to ask for instead of each level of the grid."""

    def quantiles(self, mean: FloatArray, doubt: FloatArray, levels: Sequence[float]) -> FloatArray:
        """Return quantiles (series, levels) of demand over a window."""
        place = size_class(mean)
        result = np.empty((len(mean), len(levels)))
        for i, level in enumerate(levels):
            asked = np.array([np.interp(level, _GRID, row) for row in self.corrected])[place]
            result[:, i] = negative_binomial_quantile(asked, mean, self.phi + doubt)
        return np.maximum.accumulate(result, axis=1)


def size_class(mean: FloatArray) -> IntArray:
    """Return the class of each expected demand."""
    return np.searchsorted(SIZES, mean).astype(np.int64)


def fit_scatter(past: PastWindows, rng: np.random.Generator) -> Scatter:
    """Learn phi and the correction of levels from earlier windows of one length."""
    rows = past.usable()
    even = np.tile(_GRID, (len(SIZES) + 1, 1))
    if not len(rows.mean):
        return Scatter(_START_SCATTER, even)
    phi = moments_scatter(rows)
    spread = phi + rows.doubt
    high = negative_binomial_cdf(rows.sold, rows.mean, spread)
    low = np.where(rows.sold > 0, negative_binomial_cdf(rows.sold - 1, rows.mean, spread), 0.0)
    position = low + rng.random(len(low)) * (high - low)
    place = size_class(rows.mean)
    corrected = np.array([_corrected(position[place == i]) for i in range(len(SIZES) + 1)])
    return Scatter(phi, corrected)


def moments_scatter(rows: PastWindows) -> float:
    """Return phi such that squared errors are, in all, what m + (phi + doubt) m^2 says.

    Each window weighs by the inverse of its variance at phi = .3, so that best-sellers, whose
    errors are large in pieces, do not decide alone.
    """
    m = rows.mean
    weight = 1.0 / (m + _START_SCATTER * m * m)
    above = float((weight * ((rows.sold - m) ** 2 - m - rows.doubt * m * m)).sum())
    return max(above / float((weight * m * m).sum()), _MIN_SCATTER)


def _corrected(position: FloatArray) -> FloatArray:
    """Return the level to ask for in place of each of the grid, shrunk to the level itself."""
    count = len(position)
    if not count:
        return _GRID
    found = np.quantile(position, _GRID)
    weight = count / (count + _PRIOR_WINDOWS)
    result: FloatArray = np.clip(weight * found + (1 - weight) * _GRID, 1e-4, 1 - 1e-4)
    return result


def negative_binomial_cdf(count: FloatArray, mean: FloatArray, phi: FloatArray) -> FloatArray:
    """Return the probability of at most `count` at variance mean + phi mean^2."""
    from scipy.stats import nbinom

    k = 1.0 / phi
    result: FloatArray = nbinom.cdf(np.floor(count), k, k / (k + mean))
    return result


def negative_binomial_quantile(level: FloatArray, mean: FloatArray, phi: FloatArray) -> FloatArray:
    """Return the least count with at least `level` of the probability; 0 where mean is 0."""
    from scipy.stats import nbinom

    some = mean > 1e-9
    k = 1.0 / phi[some]
    result = np.zeros(len(mean))
    result[some] = nbinom.ppf(level[some], k, k / (k + mean[some]))
    return result
