"""SeasonalNaive: next Tuesday sells what last Tuesday sold, spread by how wrong that used to be."""

from collections.abc import Sequence
from statistics import NormalDist
from typing import Final

import numpy as np
import pyarrow as pa

from seamline_platform.demand.frame import FloatArray, forecast_table, panel_of

WEEK: Final = 7
"""Errors needed before their quantiles are believed, and the shortest season to count in."""


class SeasonalNaive:
    """Seasonal naive of any season, with quantiles of its own past errors.

    The centre, which is also the median, is the last value of the same place in the season that a
    stock-out did not hide. The spread for k seasons ahead are the empirical quantiles of
    `y[t] - y[t - k seasons]` of the same series over the last `weeks` seasons (of less than seven
    periods: as many periods as so many weeks have days), below the centre for quantiles below 0.5
    and above it for others. Series with too little history take a spread as wide as a Poisson
    count's. `season_length` None: that of the frequency (7 for days).
    """

    def __init__(self, weeks: int = 12, season_length: int | None = None) -> None:
        if weeks < 2:
            raise ValueError(f"SeasonalNaive needs at least 2 weeks of memory, not {weeks}.")
        if season_length is not None and season_length < 1:
            raise ValueError(f"A season of {season_length} periods is less than one period.")
        self._weeks = weeks
        self._season = season_length

    def forecast(self, history: pa.Table, horizon: int, quantiles: Sequence[float]) -> pa.Table:
        """Return the forecast as the long table `unique_id, ds, quantile, value`."""
        panel = panel_of(history)
        season = self._season or panel.freq.season_length
        memory = self._weeks if season >= WEEK else -(-self._weeks * WEEK // season)
        demand = panel.tail(memory * season).demand()
        seasons = _by_season(demand, season)
        filled = _forward_fill(seasons)
        last = filled[:, -1, :]
        known = ~np.isnan(last)
        count = np.maximum(known.sum(axis=1), 1)
        level = np.where(known, last, 0.0).sum(axis=1) / count
        centre = np.where(known, last, level[:, None])
        values = np.empty((len(panel.ids), horizon, len(quantiles)))
        for start in range(0, horizon, season):
            spread = _spread(seasons, filled, start // season + 1, quantiles, level)
            for step in range(start, min(start + season, horizon)):
                values[:, step, :] = centre[:, step % season, None] + spread
        sold = ~np.less(panel.y, 0.0).any(axis=1)  # only a history below zero is forecast below it
        values[sold] = np.maximum(values[sold], 0.0)
        rising = np.argsort(quantiles)
        values[:, :, rising] = np.maximum.accumulate(values[:, :, rising], axis=2)
        return forecast_table(panel.ids, panel.next_period, quantiles, values, panel.freq)


def _by_season(y: FloatArray, season: int) -> FloatArray:
    """Return `y` as (series, seasons, season); the last cell is the last period; NaN in front."""
    missing = -y.shape[1] % season
    padded = np.pad(y, ((0, 0), (missing, 0)), constant_values=np.nan)
    return padded.reshape(len(y), -1, season)


def _forward_fill(seasons: FloatArray) -> FloatArray:
    filled = seasons.copy()
    for i in range(1, filled.shape[1]):
        filled[:, i] = np.where(np.isnan(filled[:, i]), filled[:, i - 1], filled[:, i])
    return filled


def _spread(
    seasons: FloatArray,
    filled: FloatArray,
    ahead: int,
    quantiles: Sequence[float],
    level: FloatArray,
) -> FloatArray:
    """Return (series, quantiles): what to add to the centre `ahead` seasons ahead."""
    normal = np.array([NormalDist().inv_cdf(q) for q in quantiles])
    result: FloatArray = np.sqrt(np.abs(level) + 0.5)[:, None] * normal
    lag = min(ahead, seasons.shape[1] - 1)
    if lag < 1:
        return result
    errors = (seasons[:, lag:] - filled[:, :-lag]).reshape(len(seasons), -1)
    enough = (~np.isnan(errors)).sum(axis=1) >= WEEK
    if enough.any():
        found = np.nanquantile(errors[enough], list(quantiles), axis=1).T
        tau = np.asarray(quantiles)
        # Past errors may all be of one sign (a trend); the median stays the seasonal naive value.
        found = np.where(tau < 0.5, np.minimum(found, 0.0), np.maximum(found, 0.0))
        result[enough] = np.where(tau == 0.5, 0.0, found)
    return result
