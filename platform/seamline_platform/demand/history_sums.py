"""Means, spreads and single values of many series at many origins at once, from running sums."""

import numpy as np
import numpy.typing as npt

from seamline_platform.demand.frequency import IntArray
from seamline_platform.demand.quantile_table import FloatArray


class HistorySums:
    """Answers questions about `y` (series, periods; NaN where unknown) without a loop over rows.

    A row is a pair of `series` and `origin` (column of the last period that may be looked at).
    Periods without a known value do not count.
    """

    def __init__(self, y: FloatArray) -> None:
        self.known = ~np.isnan(y)
        self.y = np.where(self.known, y, 0.0)
        # Sums of squares lose all digits where the level is far above the spread: take it off.
        count = np.maximum(self.known.sum(axis=1, keepdims=True), 1)
        self._centre = self.y.sum(axis=1, keepdims=True) / count
        centred = np.where(self.known, self.y - self._centre, 0.0)
        self._sum = cumulate(centred)
        self._square = cumulate(centred**2)
        self._count = cumulate(self.known.astype(np.float64))
        self._zeros = cumulate((self.known & (self.y <= 0)).astype(np.float64))
        step = np.abs(np.diff(np.where(self.known, self.y, np.nan), axis=1, prepend=np.nan))
        self._step_count = cumulate((~np.isnan(step)).astype(np.float64))
        self._step = cumulate(np.nan_to_num(step, nan=0.0))

    @property
    def periods(self) -> int:
        """Return the number of columns."""
        return int(self.y.shape[1])

    def at(self, series: IntArray, column: IntArray) -> FloatArray:
        """Return `y` there; NaN outside the history and where nothing is known."""
        inside = (column >= 0) & (column < self.periods)
        place = np.clip(column, 0, self.periods - 1)
        return np.where(inside & self.known[series, place], self.y[series, place], np.nan)

    def count(self, series: IntArray, origin: IntArray, periods: int) -> FloatArray:
        """Return how many of the last `periods` are known."""
        return _over(self._count, series, origin, periods)

    def mean(self, series: IntArray, origin: IntArray, periods: int) -> FloatArray:
        """Return the mean of the last `periods`; 0 where none is known."""
        count = self.count(series, origin, periods)
        total = _over(self._sum, series, origin, periods)
        centre = self._centre[series, 0]
        return np.where(count > 0, total / np.maximum(count, 1.0) + centre, 0.0)

    def spread(self, series: IntArray, origin: IntArray, periods: int) -> FloatArray:
        """Return the standard deviation over the last `periods`; 0 where none is known."""
        count = np.maximum(self.count(series, origin, periods), 1.0)
        mean = _over(self._sum, series, origin, periods) / count
        square = _over(self._square, series, origin, periods) / count
        return np.sqrt(np.maximum(square - mean**2, 0.0))

    def zero_share(self, series: IntArray, origin: IntArray, periods: int) -> FloatArray:
        """Return the share of known values at or below zero over the last `periods`."""
        count = np.maximum(self.count(series, origin, periods), 1.0)
        return _over(self._zeros, series, origin, periods) / count

    def mean_step(self, series: IntArray, origin: IntArray, periods: int) -> FloatArray:
        """Return the mean absolute change from one period to the next; 0 where none is known."""
        count = np.maximum(_over(self._step_count, series, origin, periods), 1.0)
        return _over(self._step, series, origin, periods) / count


def cumulate(values: FloatArray) -> FloatArray:
    """Return running sums along periods, starting with 0 before the first."""
    return np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)


def _over(total: FloatArray, series: IntArray, origin: IntArray, periods: int) -> FloatArray:
    start = np.maximum(origin + 1 - periods, 0)
    result: FloatArray = total[series, origin + 1] - total[series, start]
    return result


def mean_of_known(columns: list[FloatArray]) -> FloatArray:
    """Return the mean over columns, row by row, of what is not NaN; NaN where all is."""
    stacked = np.stack(columns)
    known: npt.NDArray[np.bool_] = ~np.isnan(stacked)
    count = known.sum(axis=0)
    total = np.where(known, stacked, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
