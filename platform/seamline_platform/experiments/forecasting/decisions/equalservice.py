"""Cost at equal achieved service: each model's curve read off where it serves the same share.

At one nominal service level a model that forecasts too high serves more and costs more, and
the cost mixes the quality of its forecasts with how its spread is calibrated. Read off at one
achieved fill rate, costs can be compared. Intervals are by the draws that all models share; in
each draw the curve is read off anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from seamline_platform.experiments.forecasting.decisions.bootstrap import Blocks, interval
from seamline_platform.experiments.forecasting.decisions.ledger import Ledger

FloatArray = npt.NDArray[np.float64]

EQUAL_FILL: Final = 0.95
"""Fill rate at which costs are compared."""
_ENOUGH: Final = 0.95
"""Share of the draws in which a curve has to reach the fill rate for an interval to be given."""


@dataclass(frozen=True, slots=True)
class EqualService:
    """Cost and stock per series and period at `EQUAL_FILL`; `drawn`: costs by draw, or NaN."""

    cost: float
    stock: float
    drawn: FloatArray


def equal_service(
    ledger: Ledger, first: int, blocks: Blocks, draws: FloatArray
) -> EqualService | None:
    """Return cost at equal service of the targets from `first` on; None where it is not reached."""
    demand, unmet, cost, stock = (
        blocks.sums(values[first:])
        for values in (ledger.demand, ledger.unmet, ledger.cost, ledger.stock)
    )
    whole = np.ones((1, draws.shape[1]))
    points = []
    for weights in (whole, draws):
        wanted = weights @ demand.T
        fills = 1 - (weights @ unmet.T) / np.where(wanted > 0, wanted, 1.0)
        per = (weights @ blocks.sizes)[:, None] * ledger.periods
        costs, held = (weights @ cost.T) / per, (weights @ stock.T) / per
        points.append((read_off(fills, costs), read_off(fills, held)))
    (now, held_now), (drawn, _) = points
    if not np.isfinite(now[0]):
        return None
    return EqualService(float(now[0]), float(held_now[0]), drawn)


def read_off(fills: FloatArray, values: FloatArray, wanted: float = EQUAL_FILL) -> FloatArray:
    """Return values (draws,) where curves (draws, points) of rising fill first reach `wanted`.

    Between two points of the sweep it is the straight line. NaN where a curve does not reach it,
    or lies above it from its first point on.
    """
    above = fills >= wanted
    high = np.argmax(above, axis=1)
    rows = np.arange(len(fills))
    low = np.maximum(high - 1, 0)
    step = fills[rows, high] - fills[rows, low]
    share = (wanted - fills[rows, low]) / np.where(step > 0, step, 1.0)
    found = values[rows, low] + share * (values[rows, high] - values[rows, low])
    return np.where(above.any(axis=1) & (high > 0), found, np.nan)


def equal_parts(
    model: str, found: Mapping[str, EqualService | None], base: str
) -> dict[str, float]:
    """Return the parts of a row; the ones that cannot be told are not in it.

    `equal_fill_versus` is the paired difference in cost at equal service to `base`, relative to it.
    """
    mine, other = found[model], found.get(base)
    if mine is None:
        return {}
    parts = {"cost_at_equal_fill": mine.cost, "stock_at_equal_fill": mine.stock}
    parts |= _ends("cost_at_equal_fill", mine.drawn)
    if other is not None and model != base and other.cost > 0:
        parts["equal_fill_versus"] = mine.cost / other.cost - 1
        parts |= _ends("equal_fill_versus", mine.drawn / other.drawn - 1)
    return parts


def _ends(name: str, drawn: FloatArray) -> dict[str, float]:
    known = drawn[np.isfinite(drawn)]
    if len(known) < _ENOUGH * len(drawn):
        return {}
    low, high = interval(known)
    return {f"{name}_lo": low, f"{name}_hi": high}
