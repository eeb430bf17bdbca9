"""Order-up-to levels by service level, from whatever a model says of the demand an order covers.

Three ways from a forecast to the demand over lead time and review; each row of results names its
own. `own`: the model gives quantiles of sums itself (also from its sample paths: `paths`).
`single`: the order covers one period, whose quantiles are the forecast. Else the stated default of
`seamline_platform.demand.leadtime`: means and variances of the periods add up with one correlation
of errors, estimated from the history and the same for all models, and the quantile is a gamma's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from seamline_platform.demand.leadtime import gamma_quantile, moments
from seamline_platform.experiments.forecasting.contract import Forecasted
from seamline_platform.experiments.forecasting.decisions.wide import steps_of, wide

FloatArray = npt.NDArray[np.float64]

SINGLE: Final = "single"
OWN: Final = "own"
MOMENTS: Final = "moments+correlation->gamma"
SWEEP: Final = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.975, 0.99, 0.995)
"""Service levels of the trade-off curve."""
RUNGS: Final = (0.01, *SWEEP)
"""Service levels of a ladder; scarce capacity is shared out at the lower ones."""

_SAME: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Ladder:
    """Quantiles of the demand that an order covers: `values` is (origins, rungs, series)."""

    rungs: tuple[float, ...]
    values: FloatArray
    aggregation: str

    def __post_init__(self) -> None:
        if self.values.ndim != 3 or self.values.shape[1] != len(self.rungs):
            raise ValueError(
                f"A ladder of {len(self.rungs)} rungs needs (origins, rungs, series), "
                f"not {self.values.shape}."
            )
        if not np.isfinite(self.values).all():
            raise ValueError("A ladder with values that are not numbers would order anything.")

    def at(self, rung: float) -> int:
        """Return where a rung is.

        Raises:
            ValueError: if the ladder has no such rung.
        """
        found = [i for i, there in enumerate(self.rungs) if abs(there - rung) < _SAME]
        if not found:
            raise ValueError(f"The ladder has no rung {rung}; it has {self.rungs}.")
        return found[0]


def rungs_with(ratio: float) -> tuple[float, ...]:
    """Return the rungs of a ladder that also has the critical ratio itself."""
    if any(abs(rung - ratio) < _SAME for rung in RUNGS):
        return RUNGS
    return tuple(sorted([*RUNGS, ratio]))


def quantile_at(levels: Sequence[float], values: FloatArray, wanted: Sequence[float]) -> FloatArray:
    """Return quantiles at `wanted` (.., wanted) of distributions known at `levels` (.., levels).

    Straight between levels, straight towards zero below the lowest, exponential above the highest:
    the same shape of which `demand.leadtime.moments` takes mean and variance.
    """
    u = np.asarray(levels, dtype=np.float64)
    low = values[..., 0] - (values[..., 1] - values[..., 0]) * u[0] / (u[1] - u[0])
    known = np.concatenate([np.maximum(low, 0.0)[..., None], values], axis=-1)
    nodes = np.concatenate([[0.0], u])
    scale = (values[..., -1] - values[..., -2]) / np.log((1 - u[-2]) / (1 - u[-1]))
    result = np.empty((*values.shape[:-1], len(wanted)))
    for i, level in enumerate(wanted):
        hit = int(np.argmin(np.abs(u - level)))
        if abs(u[hit] - level) < _SAME:
            result[..., i] = values[..., hit]
        elif level > u[-1]:
            result[..., i] = values[..., -1] + scale * np.log((1 - u[-1]) / (1 - level))
        else:
            right = int(np.searchsorted(nodes, level))
            share = (level - nodes[right - 1]) / (nodes[right] - nodes[right - 1])
            result[..., i] = known[..., right - 1] * (1 - share) + known[..., right] * share
    return result


def ladder_of(
    forecasts: Sequence[Forecasted],
    ids: Sequence[str],
    periods: int,
    rungs: Sequence[float],
    correlation: float,
) -> Ladder:
    """Return the ladder of one model: demand over the first `periods` periods of each origin.

    Raises:
        ValueError: if a forecast is missing, too short, or lacks one of the series.
    """
    found = [_of_origin(f, ids, periods, rungs, correlation) for f in forecasts]
    names = {name for _, name in found}
    return Ladder(
        tuple(rungs),
        np.maximum(np.stack([values for values, _ in found]), 0.0),
        "/".join(sorted(names)),
    )


def _of_origin(
    forecast: Forecasted,
    ids: Sequence[str],
    periods: int,
    rungs: Sequence[float],
    correlation: float,
) -> tuple[FloatArray, str]:
    """Return (rungs, series), and how it came about."""
    sums = forecast.cumulative
    if sums is not None and periods in steps_of(sums, "steps"):
        table = sums.filter(pc.equal(sums["steps"], periods))
        values = wide(table, ids, ["quantile"])
        quantiles = quantile_at(steps_of(table, "quantile"), values, rungs)
        return quantiles.T, forecast.aggregation or OWN
    if forecast.table is None:
        raise ValueError(f"{forecast.model} has no forecast in window {forecast.window}.")
    levels = steps_of(forecast.table, "quantile")
    grid = wide(forecast.table, ids, ["ds", "quantile"])
    if grid.shape[1] < periods:
        raise ValueError(
            f"{forecast.model} forecasts {grid.shape[1]} periods in window {forecast.window}; "
            f"an order covers {periods}."
        )
    if periods == 1:
        return quantile_at(levels, grid[:, 0], rungs).T, SINGLE
    mean, variance = moments(levels, grid[:, :periods])
    together = np.sqrt(variance).sum(axis=1) ** 2
    sd = np.sqrt((1 - correlation) * variance.sum(axis=1) + correlation * together)
    total = mean.sum(axis=1)
    return np.stack([gamma_quantile(total, sd, rung) for rung in rungs]), MOMENTS


def foresight(ahead: FloatArray, periods: int, rungs: Sequence[float]) -> Ladder:
    """Return the ladder of one who knows the truth `ahead` (origins, series, horizon).

    Every rung is the demand that will come. Under a fixed policy this is no lower bound of cost: a
    minimum order, scarce capacity or a review period may be met better by another policy.
    """
    total = ahead[:, :, :periods].sum(axis=2)
    values = np.repeat(total[:, None, :], len(rungs), axis=1)
    return Ladder(tuple(rungs), values, "truth")
