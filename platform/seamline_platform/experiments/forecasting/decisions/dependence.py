"""How errors of different periods go together: one figure per task, the same for all models."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

FloatArray = npt.NDArray[np.float64]

MAX_CORRELATION: Final = 0.5
_MINUTES_OF_DAY: Final = 1_440.0
_OUT: Final = 0.75
"""A day that was out of stock for longer says nothing of demand."""


def error_correlation(
    history: pa.Table, ids: Sequence[str], periods: int, season_length: int = 1
) -> float:
    """Return the correlation of forecast errors of different periods within `periods` of them.

    Errors are those of a plain forecast (mean of the `4 * periods` before, times the season's
    factor over all series): pooled variance of block sums against the sum of variances, minus 1,
    over `periods - 1`; between 0 and 0.5. It is 0 where there is too little history.
    """
    if periods < 2:
        return 0.0
    y = _dense(history, ids)
    memory = min(4 * periods, y.shape[1] // 2)
    if memory < 2 or y.shape[1] < memory + 2 * periods:
        return 0.0
    factor = _season(y, season_length)
    alone = together = 0.0
    for start in range(memory, y.shape[1] - periods + 1, periods):
        block = slice(start, start + periods)
        window = y[:, start - memory : start]
        level = np.where(np.isnan(window), 0.0, window).sum(axis=1)
        level = level / np.maximum((~np.isnan(window)).sum(axis=1), 1)
        errors = y[:, block] - level[:, None] * factor[block]
        errors = errors[~np.isnan(errors).any(axis=1) & ~np.isnan(window).all(axis=1)]
        alone += float((errors * errors).sum())
        together += float((errors.sum(axis=1) ** 2).sum())
    if alone <= 0.0:
        return 0.0
    return float(np.clip((together / alone - 1) / (periods - 1), 0.0, MAX_CORRELATION))


def _season(y: FloatArray, season_length: int) -> FloatArray:
    """Return the factor of each period's place in the season, 1 where it cannot be told."""
    count = y.shape[1]
    if season_length < 2 or count < 2 * season_length:
        return np.ones(count)
    total = np.where(np.isnan(y), 0.0, y).sum(axis=0)
    place = np.arange(count) % season_length
    means = np.array([total[place == p].mean() for p in range(season_length)])
    return np.asarray((means / max(means.mean(), 1e-9))[place])


def _dense(history: pa.Table, ids: Sequence[str]) -> FloatArray:
    """Return observed demand as (series, periods): NaN before a series begins and where hidden."""
    known = history.filter(
        pc.and_(pc.is_valid(history["y"]), pc.is_in(history["unique_id"], pa.array(list(ids))))
    )
    dates = pc.unique(known["ds"]).sort()
    names = pa.array(list(ids), pa.string())
    row = pc.index_in(known["unique_id"], names).to_numpy()
    column = pc.index_in(known["ds"], dates).to_numpy()
    y = np.zeros((len(ids), len(dates)))
    y[row, column] = pc.cast(known["y"], pa.float64()).to_numpy()
    first = np.full(len(ids), len(dates))
    np.minimum.at(first, row, column)
    y[np.arange(len(dates)) < first[:, None]] = np.nan
    if "stockout_min" in known.column_names:
        out = pc.fill_null(pc.cast(known["stockout_min"], pa.float64()), 0.0).to_numpy()
        hidden = out > _OUT * _MINUTES_OF_DAY
        y[row[hidden], column[hidden]] = np.nan
    return y
