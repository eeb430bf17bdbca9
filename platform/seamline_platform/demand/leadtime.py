"""Demand over a lead time from the forecasts of its days.

Quantiles do not add: summing daily 95 % quantiles buys far more than 95 % service, because bad days
do not all fall into one week. Means and variances do add. So, for each series:

1. mean and variance of each day from its quantile function (straight between levels, exponential
   above the highest, straight towards zero below the lowest);
2. M = sum of means, V = (1 - r) * sum of variances + r * (sum of standard deviations)^2, where r is
   the correlation of errors of different days, estimated from the history;
3. quantiles of a gamma distribution with mean M and variance V by Wilson and Hilferty's cube root
   (PNAS 17 (1931) 684-688): M * (1 - 1/(9k) + z / (3 sqrt k))^3 with k = M^2 / V, never below 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pyarrow as pa

from seamline_platform.demand.frame import FloatArray, Panel, grid_of

MAX_CORRELATION = 0.5


def moments(levels: Sequence[float], values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return mean and variance of distributions whose quantiles at `levels` are `values[..., i]`.

    Raises:
        ValueError: if there are fewer than two levels or they do not rise inside (0, 1).
    """
    u = np.asarray(levels, dtype=np.float64)
    if len(u) < 2 or u[0] <= 0 or u[-1] >= 1 or (np.diff(u) <= 0).any():
        raise ValueError(f"Need at least two rising quantile levels inside (0, 1), not {levels}.")
    low = values[..., 0] - (values[..., 1] - values[..., 0]) * u[0] / (u[1] - u[0])
    q = np.concatenate([np.maximum(low, 0.0)[..., None], values], axis=-1)
    width = np.diff(np.concatenate([[0.0], u]))
    a, b = q[..., :-1], q[..., 1:]
    first = (width * (a + b) / 2).sum(axis=-1)
    second = (width * (a * a + a * b + b * b) / 3).sum(axis=-1)
    top, rest = values[..., -1], 1 - u[-1]
    scale = (top - values[..., -2]) / np.log((1 - u[-2]) / rest)
    first = first + rest * (top + scale)
    second = second + rest * (top * top + 2 * top * scale + 2 * scale * scale)
    return first, np.maximum(second - first * first, 0.0)


def error_correlation(panel: Panel, block: int = 7, memory: int = 28) -> float:
    """Return the correlation of forecast errors of different days of one `block`, over all series.

    Errors are those of a plain forecast (mean of the `memory` days before the block, times the
    weekday's factor): pooled variance of block sums against block times the daily variance.
    """
    y = panel.demand()
    if panel.days < memory + 2 * block:
        return 0.0
    known = ~np.isnan(y)
    total = np.where(known, y, 0.0).sum(axis=0)
    weekday = (panel.first_day + np.arange(panel.days)) % 7
    by_day = np.array([total[weekday == d].mean() for d in range(7)])
    factor = (by_day / max(by_day.mean(), 1e-9))[weekday]
    daily = blocks = 0.0
    for start in range(memory, panel.days - block + 1, block):
        window, ahead = y[:, start - memory : start], y[:, start : start + block]
        full = known[:, start - memory : start + block].all(axis=1)
        if not full.any():
            continue
        expected = window[full].mean(axis=1, keepdims=True) * factor[start : start + block]
        errors = ahead[full] - expected
        daily += float((errors * errors).sum())
        blocks += float((errors.sum(axis=1) ** 2).sum())
    if daily <= 0.0:
        return 0.0
    return float(np.clip((blocks / daily - 1) / (block - 1), 0.0, MAX_CORRELATION))


@dataclass(frozen=True, slots=True)
class LeadTimeDemand:
    """Demand of each series over a number of days: mean, standard deviation, any quantile."""

    ids: tuple[str, ...]
    days: int
    mean: FloatArray
    sd: FloatArray

    def expected(self) -> dict[str, float]:
        """Return the mean by series."""
        return dict(zip(self.ids, self.mean.tolist(), strict=True))

    def quantile(self, level: float) -> dict[str, float]:
        """Return the quantile at `level` by series."""
        return dict(zip(self.ids, gamma_quantile(self.mean, self.sd, level).tolist(), strict=True))


def gamma_quantile(mean: FloatArray, sd: FloatArray, level: float) -> FloatArray:
    """Return the quantile of gamma distributions with the given means and standard deviations."""
    shape = (mean * mean) / np.maximum(sd * sd, 1e-12)
    shape = np.maximum(shape, 1e-6)
    z = NormalDist().inv_cdf(level)
    root = 1 - 1 / (9 * shape) + z / (3 * np.sqrt(shape))
    result: FloatArray = mean * np.maximum(root, 0.0) ** 3
    return result


def lead_time_demand(
    forecast: pa.Table, days: int, correlation: float = 0.0, skip: int = 0
) -> LeadTimeDemand:
    """Return demand over `days` days of `forecast`, after its first `skip` days.

    Raises:
        ValueError: if the forecast does not reach that far, or the correlation is outside 0 to 1.
    """
    grid = grid_of(forecast)
    if not 0.0 <= correlation <= 1.0:
        raise ValueError(f"A correlation of {correlation} is outside 0 to 1.")
    if days < 1 or skip < 0 or skip + days > grid.values.shape[1]:
        raise ValueError(
            f"The forecast covers {grid.values.shape[1]} days; asked for {days} after {skip}."
        )
    mean, variance = moments(grid.quantiles, grid.values[:, skip : skip + days, :])
    total = variance.sum(axis=1)
    together = np.sqrt(variance).sum(axis=1) ** 2
    sd = np.sqrt((1 - correlation) * total + correlation * together)
    return LeadTimeDemand(grid.ids, days, mean.sum(axis=1), sd)
