"""Which (series, origin, horizon) a global model learns from."""

import numpy as np

from seamline_platform.demand.features import WINDOWS
from seamline_platform.demand.frame import FloatArray, IntArray, Panel

_LEAST_BEFORE = 7
"""Periods that an origin of a count has before it."""


def newest_rows(
    panel: Panel, horizon: int, max_rows: int, rng: np.random.Generator
) -> tuple[IntArray, IntArray, IntArray]:
    """Return (series, origin, horizon): every known period once as target, horizons mixed.

    Later periods come first if there are more than `max_rows`; origins have at least a week (or a
    third of the history, if that is shorter) before them.
    """
    least = max(1, min(_LEAST_BEFORE, panel.periods // 3))
    long = WINDOWS[panel.freq.name][1]
    first = min(long, max(panel.periods - horizon - 1, least))
    series, target = np.nonzero(~np.isnan(panel.y[:, first:]))
    target = target + first
    ahead = rng.integers(1, horizon + 1, size=len(target))
    ahead = np.minimum(ahead, target - least + 1)
    keep = ahead >= 1
    series, target, ahead = series[keep], target[keep], ahead[keep]
    if len(series) > max_rows:
        newest = np.argsort(-target, kind="stable")[:max_rows]
        series, target, ahead = series[newest], target[newest], ahead[newest]
    return series, target - ahead, ahead


def spread_rows(
    y: FloatArray, horizon: int, least_before: int, max_rows: int, rng: np.random.Generator
) -> tuple[IntArray, IntArray, IntArray]:
    """Return (series, origin, horizon): known origins drawn from all of the history.

    Each origin comes with one horizon at random, and more than once (up to `horizon` times) if
    there are fewer origins than `max_rows`; series with little history give what they have. Origins
    have at least `least_before` periods of their series before them.
    """
    known = ~np.isnan(y)
    length = known.shape[1]
    begin = np.where(known.any(axis=1), known.argmax(axis=1), length)
    first = np.minimum(begin + least_before, max(length - 1 - horizon, 0))
    allowed = known & (np.arange(length) >= np.maximum(first, begin)[:, None])
    allowed[:, -1] = False
    series, origin = np.nonzero(allowed)
    if len(series) > max_rows:
        chosen = np.sort(rng.choice(len(series), max_rows, replace=False))
        series, origin = series[chosen], origin[chosen]
    elif len(series):
        times = min(horizon, max(1, max_rows // len(series)))
        series, origin = np.tile(series, times), np.tile(origin, times)
    ahead = rng.integers(1, horizon + 1, size=len(series))
    ahead = np.minimum(ahead, length - 1 - origin)
    return series, origin, ahead
