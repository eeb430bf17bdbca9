"""How good a forecast was, once the actuals are there."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from seamline_platform.demand.frame import FloatArray, grid_of, panel_of
from seamline_platform.demand.leadtime import moments


def pinball(y: FloatArray, q: FloatArray, level: float) -> float:
    """Return the mean pinball (quantile) loss of forecasts `q` of quantile `level`.

    Raises:
        ValueError: if there is nothing to score or the level is not inside (0, 1).
    """
    _check(y, q)
    if not 0.0 < level < 1.0:
        raise ValueError(f"A quantile level lies inside (0, 1); {level} does not.")
    error = y - q
    return float(np.maximum(level * error, (level - 1.0) * error).mean())


def coverage(y: FloatArray, q: FloatArray) -> tuple[float, float]:
    """Return the shares (y < q, y <= q): a calibrated quantile lies between them.

    One share is not enough for counts: a perfect forecast of a rare item is met by many ties.

    Raises:
        ValueError: if there is nothing to score.
    """
    _check(y, q)
    return float((y < q).mean()), float((y <= q).mean())


def bias(y: FloatArray, point: FloatArray) -> float:
    """Return (sum of forecasts - sum of actuals) / sum of actuals; positive = forecast too much.

    Without any actual sales the plain difference per value is returned.

    Raises:
        ValueError: if there is nothing to score.
    """
    _check(y, point)
    total = float(y.sum())
    return float(point.sum() - total) / total if total > 0 else float(point.mean())


def _check(y: FloatArray, q: FloatArray) -> None:
    if y.shape != q.shape or y.size == 0:
        raise ValueError(
            f"Need as many actuals as forecasts, and at least one: {y.shape}, {q.shape}."
        )


@dataclass(frozen=True, slots=True)
class Score:
    """One forecast against what came: `pinball` is the mean over all quantiles.

    `coverage_80` is the share of actuals inside [q10, q90], ends included; `bias` is that of the
    forecast means; `levels` holds
    (level, share y < q, share y <= q).
    """

    series: int
    days: int
    values: int
    pinball: float
    coverage_80: float
    bias: float
    levels: tuple[tuple[float, float, float], ...]


def score(forecast: pa.Table, actuals: pa.Table) -> Score | None:
    """Score a forecast table against a long frame of actuals; None if no day overlaps.

    Days that a stock-out cut short are left out: sales of such a day are not demand.
    """
    panel = panel_of(actuals)
    grid = grid_of(forecast, panel.freq)
    place = {name: i for i, name in enumerate(panel.ids)}
    rows = [(i, place[name]) for i, name in enumerate(grid.ids) if name in place]
    first = max(grid.first_day, panel.first_day)
    last = min(grid.first_day + grid.values.shape[1], panel.next_day)
    if not rows or last <= first:
        return None
    mine, theirs = [r[0] for r in rows], [r[1] for r in rows]
    q = grid.values[mine, first - grid.first_day : last - grid.first_day, :]
    window = slice(first - panel.first_day, last - panel.first_day)
    y = panel.y[theirs, window]
    usable = ~np.isnan(y) & (panel.out_share[theirs, window] <= 0.0)
    if not usable.any():
        return None
    y, q = y[usable], q[usable]
    levels = grid.quantiles
    # The mean, not the median: the median of a rare item is 0 and says nothing about volume.
    point = moments(levels, q)[0] if len(levels) > 1 else q[:, 0]
    inside = (y >= q[:, _nearest(levels, 0.1)]) & (y <= q[:, _nearest(levels, 0.9)])
    return Score(
        series=int(usable.any(axis=1).sum()),
        days=last - first,
        values=int(y.size),
        pinball=float(np.mean([pinball(y, q[:, i], tau) for i, tau in enumerate(levels)])),
        coverage_80=float(inside.mean()),
        bias=bias(y, point),
        levels=tuple((tau, *coverage(y, q[:, i])) for i, tau in enumerate(levels)),
    )


def _nearest(levels: tuple[float, ...], level: float) -> int:
    return int(np.argmin(np.abs(np.asarray(levels) - level)))
