"""Quantiles of tonight corrected by how those of earlier nights turned out.

Conformalized quantile regression (Romano, Patterson and Candes, NeurIPS 2019), one-sided for each
quantile and separately for each number of days ahead: a quantile is moved by the order statistic of
rank ceil((n + 1) level) among the n residuals `actual - quantile` of earlier nights. Residuals are
divided by the spread of a count, sqrt(median + 1/2), so that slow and fast sellers can be pooled.
Sales are counts: where a quantile already splits its ties rightly, that residual is 0 and nothing
moves. Residuals of one night hang together, so that coverage is that of the past, not a guarantee.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from seamline_platform.demand.frame import FloatArray, IntArray, forecast_table, grid_of

MIN_RESIDUALS: Final = 100
"""With fewer residuals a number of days ahead takes the correction of the nearest below it."""


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
    outcomes: Outcomes, levels: Sequence[float], horizon: int, minimum: int = MIN_RESIDUALS
) -> FloatArray:
    """Return (horizon, levels): by how many spreads each quantile is to be moved.

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
            rank = min(math.ceil((len(of_step) + 1) * level), len(of_step))
            result[step, i] = of_step[rank - 1, i]
    return result


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
