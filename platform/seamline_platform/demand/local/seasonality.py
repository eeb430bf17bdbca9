"""Seasonality as the M4 competition's benchmarks see it: a test, and multiplicative factors."""

from typing import Final

import numpy as np

from seamline_platform.demand.frame import FloatArray

Z_90: Final = 1.645
"""Two-sided 90 % point of the normal distribution, as the organisers wrote it."""


def is_seasonal(y: FloatArray, season: int) -> bool:
    """Return whether `y` has a seasonal autocorrelation at 90 % confidence.

    The autocorrelation at lag `season` must lie outside 1.645 sqrt((1 + 2 r2) / n), where r2 is the
    sum of the squares of those at shorter lags (Bartlett). As in the organisers' R code
    (Makridakis, Spiliotis and Assimakopoulos, IJF 36 (2020) 54-74, supplement), fewer than three
    seasons are not seasonal, nor is a season above R's longest lag, 10 log10(n).
    """
    n = len(y)
    if season < 2 or n < 3 * season or season > int(10 * np.log10(n)):
        return False
    centred = y - y.mean()
    total = float(centred @ centred)
    if total <= 0.0:
        return False
    lags = range(1, season + 1)
    correlation = np.array([float(centred[:-lag] @ centred[lag:]) for lag in lags]) / total
    limit = Z_90 * np.sqrt((1.0 + 2.0 * float((correlation[:-1] ** 2).sum())) / n)
    return bool(abs(correlation[-1]) > limit)


def seasonal_factors(y: FloatArray, season: int) -> FloatArray:
    """Return `season` factors, that of y[0] first; all 1 where `y` is not seasonal.

    Classical multiplicative decomposition: `y` over its centred moving average of one season,
    averaged by position in the season, scaled to a mean of 1. Where a factor would not be above
    zero, or a value is negative, factors have no meaning and are 1.
    """
    none = np.ones(max(season, 1))
    if (y < 0).any() or not is_seasonal(y, season):
        return none
    half = season // 2
    weights = np.ones(season) if season % 2 else np.r_[0.5, np.ones(season - 1), 0.5]
    trend = np.convolve(y, weights / season, mode="valid")
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(trend > 0, y[half : half + len(trend)] / trend, np.nan)
    padded = np.full(len(y) + -len(y) % season, np.nan)
    padded[half : half + len(ratio)] = ratio
    table = padded.reshape(-1, season)
    known = ~np.isnan(table)
    if not known.any(axis=0).all():
        return none
    figure = np.where(known, table, 0.0).sum(axis=0) / known.sum(axis=0)
    figure = figure / figure.mean() if figure.mean() > 0 else figure
    return figure if (figure > 0).all() else none


def repeat_season(factors: FloatArray, begin: int, count: int) -> FloatArray:
    """Return the factors of `count` periods from period `begin` on (period 0 has the first)."""
    return factors[(begin + np.arange(count)) % len(factors)]
