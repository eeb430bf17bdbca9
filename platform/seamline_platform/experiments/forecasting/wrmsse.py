"""WRMSSE, the score of the M5 competition, for any hierarchy.

Every level weighs the same. Within a level, a node's RMSSE weighs by its share of revenue over the
last 28 days of the history. A node's scale is the mean squared change from one period to the next,
from its first sale on (Makridakis, Spiliotis, Assimakopoulos, International Journal of Forecasting
38 (2022) 1346-1364).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seamline_platform.demand.frame import FloatArray, Panel

IntArray = npt.NDArray[np.int64]
LATE_DAYS = 28


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a hierarchy: which node each series belongs to, 0, 1, .."""

    name: str
    node: IntArray

    def sums(self, values: FloatArray) -> FloatArray:
        """Return sums over the series of each node: (series, periods) to (nodes, periods)."""
        total = np.zeros((int(self.node.max()) + 1, values.shape[1]))
        np.add.at(total, self.node, values)
        return total


def levels_of(panel: Panel, hierarchy: Sequence[Sequence[str]]) -> tuple[Level, ...]:
    """Return the levels that columns of text make; no columns: the total.

    Raises:
        KeyError: if a column is not in the panel.
    """
    made = []
    for columns in hierarchy or ((),):
        keys = list(zip(*(panel.static[name] for name in columns), strict=True)) or [()] * len(
            panel.ids
        )
        place = {key: number for number, key in enumerate(sorted(set(keys)))}
        node = np.array([place[key] for key in keys], dtype=np.int64)
        made.append(Level(" x ".join(columns) or "total", node))
    return tuple(made)


def late_periods(freq_minutes: float) -> int:
    """Return how many periods 28 days are, at least 1."""
    return max(round(LATE_DAYS * 1440 / freq_minutes), 1)


def wrmsse(
    levels: Sequence[Level],
    history: FloatArray,
    truth: FloatArray,
    forecast: FloatArray,
    price: FloatArray | None = None,
    late: int = LATE_DAYS,
) -> float:
    """Return WRMSSE of bottom-level forecasts, summed up through the levels.

    Args:
        levels: the hierarchy.
        history: sales of the bottom series (series, periods), NaN before a series begins.
        truth: what came (series, horizon).
        forecast: of the same shape.
        price: prices over the history, by which sales become revenue; None: sales are revenue.
        late: last periods of the history whose revenue gives the weights.

    Raises:
        ValueError: if shapes differ, or nothing was sold in the last periods.
    """
    if truth.shape != forecast.shape or len(truth) != len(history):
        raise ValueError(
            f"Truth is {truth.shape}, forecast {forecast.shape}, history {history.shape}: "
            "they need the same series and periods."
        )
    sold = np.nan_to_num(history[:, -late:])
    paid = sold if price is None else sold * np.nan_to_num(price[:, -late:])
    if not paid.sum() > 0:
        raise ValueError(f"Nothing was sold in the last {late} periods: there are no weights.")
    return float(np.mean([_of_level(level, history, truth, forecast, paid) for level in levels]))


def _of_level(
    level: Level, history: FloatArray, truth: FloatArray, forecast: FloatArray, paid: FloatArray
) -> float:
    weight = level.sums(paid).sum(axis=1)
    weight = np.maximum(weight, 0.0)  # returns may exceed sales at a small node
    scale = _scale(level.sums(np.nan_to_num(history)))
    error = ((level.sums(truth) - level.sums(forecast)) ** 2).mean(axis=1)
    known = scale > 0
    weight = np.where(known, weight, 0.0)
    root = np.sqrt(error / np.where(known, scale, 1.0))
    return float((weight * root).sum() / max(weight.sum(), 1e-12))


def _scale(sums: FloatArray) -> FloatArray:
    """Return the mean squared change per node from its first sale on."""
    began = np.logical_or.accumulate(sums != 0, axis=1)
    change = np.where(began[:, :-1], np.diff(sums, axis=1), 0.0)
    steps = began[:, :-1].sum(axis=1)
    result: FloatArray = (change**2).sum(axis=1) / np.maximum(steps, 1)
    return result
