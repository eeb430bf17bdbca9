"""Quantiles of tonight corrected by how those of earlier nights turned out.

Conformalized quantile regression (Romano, Patterson and Candes, NeurIPS 2019), one-sided for each
quantile and separately for each number of days ahead: a quantile is moved by the conformal quantile
of its level (`conformal_quantiles`) of the residuals `actual - quantile` of earlier nights. They
are divided by the spread of a count, sqrt(median + 1/2), so that slow and fast sellers can be
pooled. Sales are counts, of which a move of one residual's width takes or leaves whole pieces; and
the residuals of one night hang together. So a quantile stays where it is as long as its past is
within `TOLERANCE` of right: share(y < q) <= level + .03 and share(y <= q) >= level - .03. Coverage
is that of the past, not a guarantee.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from seamline_platform.demand.conformal import conformal_quantiles
from seamline_platform.demand.frame import FloatArray, IntArray, forecast_table, grid_of

MIN_RESIDUALS: Final = 100
"""With fewer residuals a number of days ahead takes the correction of the nearest below it."""
TOLERANCE: Final = 0.03
"""By how much the share of sales below a quantile may be off before it is moved."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Earlier forecasts and what came: `quantiles` is (outcomes, levels), the rest (outcomes,).

    `ahead` counts days from the origin: 1 is the first day that was foretold.
    """

    ahead: IntArray
    actual: FloatArray
    quantiles: FloatArray

    def __post_init__(self) -> None:
        n = len(self.ahead)
        if self.actual.shape != (n,) or self.quantiles.ndim != 2 or len(self.quantiles) != n:
            raise ValueError(
                f"{n} days ahead, {self.actual.shape} actuals and {self.quantiles.shape} quantiles "
                "do not belong together."
            )
        if not (np.isfinite(self.actual).all() and np.isfinite(self.quantiles).all()):
            raise ValueError("Outcomes and their quantiles are finite numbers.")


def corrections(
    outcomes: Outcomes,
    levels: Sequence[float],
    horizon: int,
    minimum: int = MIN_RESIDUALS,
    tolerance: float = TOLERANCE,
) -> FloatArray:
    """Return (horizon, levels): by how many spreads each quantile is to be moved.

    Args:
        outcomes: earlier forecasts with what came.
        levels: of their quantiles.
        horizon: days ahead to correct.
        minimum: fewest residuals of one number of days ahead that are trusted.
        tolerance: by how much a share may be off before a quantile is moved.

    Raises:
        ValueError: if there are not as many levels as columns of quantiles.
    """
    if outcomes.quantiles.shape[1] != len(levels):
        raise ValueError(
            f"{outcomes.quantiles.shape[1]} quantiles were stored; asked for {len(levels)}."
        )
    result = np.zeros((horizon, len(levels)))
    spread = _spread(outcomes.quantiles, levels)
    residuals = (outcomes.actual[:, None] - outcomes.quantiles) / spread[:, None]
    for step in range(horizon):
        of_step = np.sort(residuals[outcomes.ahead == step + 1], axis=0)
        if len(of_step) < minimum:
            result[step] = result[step - 1] if step else 0.0
            continue
        for i, level in enumerate(levels):
            result[step, i] = _move(of_step[:, i], level, tolerance)
    return result


def _move(residuals: FloatArray, level: float, tolerance: float) -> float:
    """Return the order statistic of sorted residuals, 0 where the quantile is right as it is."""
    below = float(np.searchsorted(residuals, 0.0, "left")) / len(residuals)
    not_above = float(np.searchsorted(residuals, 0.0, "right")) / len(residuals)
    if below <= level + tolerance and not_above >= level - tolerance:
        return 0.0
    return float(conformal_quantiles(residuals, (level,))[0])


def corrected(forecast: pa.Table, moves: FloatArray) -> pa.Table:
    """Return a forecast whose quantiles are moved by `corrections`; never negative, never falling.

    Raises:
        ValueError: if the moves are of another horizon or other levels.
    """
    grid = grid_of(forecast)
    if moves.shape != grid.values.shape[1:]:
        raise ValueError(
            f"The corrections are of shape {moves.shape}; the forecast has {grid.values.shape[1:]}."
        )
    spread = _spread(grid.values, grid.quantiles)
    values = np.maximum(grid.values + moves * spread[..., None], 0.0)
    values = np.maximum.accumulate(values, axis=-1)
    return forecast_table(grid.ids, grid.first_day, grid.quantiles, values)


def _spread(quantiles: FloatArray, levels: Sequence[float]) -> FloatArray:
    """Return the standard deviation of a count whose median is the one foretold."""
    middle = int(np.argmin(np.abs(np.asarray(levels) - 0.5)))
    result: FloatArray = np.sqrt(np.maximum(quantiles[..., middle], 0.0) + 0.5)
    return result
