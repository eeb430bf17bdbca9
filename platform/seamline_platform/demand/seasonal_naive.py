"""SeasonalNaive: next Tuesday sells what last Tuesday sold, spread by how wrong that used to be."""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import pyarrow as pa

from seamline_platform.demand.frame import FloatArray, forecast_table, panel_of

WEEK = 7


class SeasonalNaive:
    """Weekly seasonal naive with quantiles of its own past errors.

    The centre is the last value of the same weekday that a stock-out did not hide. The spread for k
    weeks ahead are the empirical quantiles of `y[t] - y[t - 7k]` of the same series over the last
    `weeks` weeks; series with too little history take a spread as wide as a Poisson count's.
    """

    def __init__(self, weeks: int = 12) -> None:
        if weeks < 2:
            raise ValueError(f"SeasonalNaive needs at least 2 weeks of memory, not {weeks}.")
        self._weeks = weeks

    def forecast(self, history: pa.Table, horizon: int, quantiles: Sequence[float]) -> pa.Table:
        """Return the forecast as the long table `unique_id, ds, quantile, value`."""
        panel = panel_of(history)
        weeks = _by_week(panel.tail(self._weeks * WEEK).demand())
        filled = _forward_fill(weeks)
        last = filled[:, -1, :]
        known = ~np.isnan(last)
        count = np.maximum(known.sum(axis=1), 1)
        level = np.where(known, last, 0.0).sum(axis=1) / count
        centre = np.where(known, last, level[:, None])
        values = np.empty((len(panel.ids), horizon, len(quantiles)))
        for start in range(0, horizon, WEEK):
            spread = _spread(weeks, filled, start // WEEK + 1, quantiles, level)
            for day in range(start, min(start + WEEK, horizon)):
                values[:, day, :] = centre[:, day % WEEK, None] + spread
        values = np.maximum.accumulate(np.maximum(values, 0.0), axis=2)
        return forecast_table(panel.ids, panel.next_day, quantiles, values)


def _by_week(y: FloatArray) -> FloatArray:
    """Return `y` as (series, weeks, 7) so that the last cell is the last day; NaN in front."""
    missing = -y.shape[1] % WEEK
    padded = np.pad(y, ((0, 0), (missing, 0)), constant_values=np.nan)
    return padded.reshape(len(y), -1, WEEK)


def _forward_fill(weeks: FloatArray) -> FloatArray:
    filled = weeks.copy()
    for i in range(1, filled.shape[1]):
        filled[:, i] = np.where(np.isnan(filled[:, i]), filled[:, i - 1], filled[:, i])
    return filled


def _spread(
    weeks: FloatArray,
    filled: FloatArray,
    ahead: int,
    quantiles: Sequence[float],
    level: FloatArray,
) -> FloatArray:
    """Return (series, quantiles): what to add to the centre `ahead` weeks ahead."""
    normal = np.array([NormalDist().inv_cdf(q) for q in quantiles])
    result: FloatArray = np.sqrt(level + 0.5)[:, None] * normal
    lag = min(ahead, weeks.shape[1] - 1)
    if lag < 1:
        return result
    errors = (weeks[:, lag:] - filled[:, :-lag]).reshape(len(weeks), -1)
    enough = (~np.isnan(errors)).sum(axis=1) >= WEEK
    if enough.any():
        result[enough] = np.nanquantile(errors[enough], list(quantiles), axis=1).T
    return result
