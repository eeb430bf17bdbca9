"""How good the forecasts of many nights were: by horizon, by quantile level, beside a plain model.

Counts and sums alone are kept, so that nights, horizons and levels can be added up in any way. A
quantile of a count is met by ties: a calibrated level tau lies between share(y < q) and
share(y <= q), and one of the two alone says little.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from seamline_platform.demand.frame import FloatArray, ForecastGrid, Panel
from seamline_platform.demand.leadtime import moments

LOW: Final = 0.1
HIGH: Final = 0.9


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over scored days: arrays are (horizon,) or (horizon, levels).

    `loss` is the summed pinball loss in pieces, `below` and `at_most` count y < q and y <= q,
    `expected` and `sold` are pieces (expected = mean of the forecast), `values` counts days scored.
    """

    levels: tuple[float, ...]
    values: FloatArray
    loss: FloatArray
    below: FloatArray
    at_most: FloatArray
    expected: FloatArray
    sold: FloatArray

    @property
    def horizon(self) -> int:
        """Days ahead that are told apart."""
        return len(self.values)

    def pinball(self) -> float | None:
        """Return the mean pinball loss over days and levels, None if nothing is scored."""
        total = float(self.values.sum())
        return float(self.loss.sum()) / (total * len(self.levels)) if total else None

    def coverage_80(self) -> float | None:
        """Return the share of sales inside [q10, q90], ends included; None without those levels."""
        total = float(self.values.sum())
        low, high = _at(self.levels, LOW), _at(self.levels, HIGH)
        if not total or low is None or high is None:
            return None
        return float(self.at_most[:, high].sum() - self.below[:, low].sum()) / total

    def bias(self) -> float | None:
        """Return (expected - sold) / sold, None if nothing was sold."""
        sold = float(self.sold.sum())
        return (float(self.expected.sum()) - sold) / sold if sold > 0 else None

    def calibration(self) -> tuple[tuple[float, float, float], ...]:
        """Return (level, share of y < q, share of y <= q) for each level; empty if nothing is."""
        total = float(self.values.sum())
        if not total:
            return ()
        below, at_most = self.below.sum(axis=0) / total, self.at_most.sum(axis=0) / total
        return tuple(
            (level, float(below[i]), float(at_most[i])) for i, level in enumerate(self.levels)
        )

    def step(self, ahead: int) -> "Tally":
        """Return the sums of one day ahead, from 1."""
        one = slice(ahead - 1, ahead)
        return Tally(
            self.levels,
            self.values[one],
            self.loss[one],
            self.below[one],
            self.at_most[one],
            self.expected[one],
            self.sold[one],
        )


def _at(levels: tuple[float, ...], level: float) -> int | None:
    near = [i for i, one in enumerate(levels) if abs(one - level) < 1e-6]
    return near[0] if near else None


def add_up(tallies: Iterable[Tally]) -> Tally | None:
    """Return the sums of all tallies that have the levels of the first; None if there is none.

    A shorter horizon is filled up with nothing.
    """
    given = list(tallies)
    same = [tally for tally in given if tally.levels == given[0].levels]
    if not same:
        return None
    longest = max(tally.horizon for tally in same)

    def total(name: str) -> FloatArray:
        arrays = [getattr(tally, name) for tally in same]
        result = np.zeros((longest, *arrays[0].shape[1:]))
        for array in arrays:
            result[: len(array)] += array
        return result

    names = ("values", "loss", "below", "at_most", "expected", "sold")
    return Tally(same[0].levels, *(total(name) for name in names))


def tally(forecast: ForecastGrid, actuals: Panel) -> Tally:
    """Score a forecast against the days that are closed; days with a stock-out are left out.

    Days still to come count nothing. Series that the actuals do not know are left out.
    """
    place = {name: i for i, name in enumerate(actuals.ids)}
    pairs = [(i, place[name]) for i, name in enumerate(forecast.ids) if name in place]
    horizon, levels = forecast.values.shape[1], forecast.quantiles
    values, expected, sold = (np.zeros(horizon) for _ in range(3))
    loss, below, at_most = (np.zeros((horizon, len(levels))) for _ in range(3))
    mine = [pair[0] for pair in pairs]
    theirs = [pair[1] for pair in pairs]
    for ahead in range(horizon if pairs else 0):
        column = forecast.first_day + ahead - actuals.first_day
        if not 0 <= column < actuals.days:
            continue
        y, out = actuals.y[theirs, column], actuals.out_share[theirs, column]
        usable = ~np.isnan(y) & (out <= 0.0)
        if not usable.any():
            continue
        y, q = y[usable], forecast.values[mine, ahead, :][usable]
        error = y[:, None] - q
        tau = np.asarray(levels)
        values[ahead] = len(y)
        loss[ahead] = np.maximum(tau * error, (tau - 1.0) * error).sum(axis=0)
        below[ahead] = (y[:, None] < q).sum(axis=0)
        at_most[ahead] = (y[:, None] <= q).sum(axis=0)
        mean = moments(levels, q)[0] if len(levels) > 1 else q[:, 0]
        expected[ahead], sold[ahead] = float(mean.sum()), float(y.sum())
    return Tally(levels, values, loss, below, at_most, expected, sold)
