"""What the learner sees of each series, origin and horizon: a table of numbers, all at once.

A row asks: standing at the end of day `origin`, what will series `s` sell `h` days later? Sales are
divided by the series' own level, so that one model serves all series.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from seamline_platform.demand.frame import FloatArray, IntArray, Panel

WEEK: Final = 7
MEMORY: Final = 28
"""Days before an origin that features look at."""
NUMBERS: Final = (
    "horizon",
    "weekday",
    "lag_1w",
    "lag_2w",
    "weekday_mean",
    "mean_7",
    "trend",
    "spread_28",
    "zero_share",
    "level",
    "promo",
    "promo_share_7",
    "price_ratio",
)
CATEGORIES: Final = ("style", "colour", "size", "region")
MAX_CODES: Final = 255
"""scikit-learn takes categories below this number."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Features, the level that sales were divided by, and for training the divided sales."""

    x: FloatArray
    level: FloatArray
    y: FloatArray


def categories_of(ids: Sequence[str]) -> FloatArray:
    """Return codes of style, colour, size and region from `style-colour-size@region` names.

    Names of another form get what there is of it; the rest is one unknown category.
    """
    result = np.zeros((len(ids), len(CATEGORIES)))
    parts = []
    for name in ids:
        sku, _, region = name.partition("@")
        pieces = [*sku.split("-", 2), "", ""][:3]
        parts.append((*pieces, region))
    for column in range(len(CATEGORIES)):
        values = sorted({part[column] for part in parts})
        code = {value: min(i, MAX_CODES - 1) for i, value in enumerate(values)}
        result[:, column] = [code[part[column]] for part in parts]
    return result


class FeatureMaker:
    """Computes rows for many (series, origin, horizon) at once from cumulative sums."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        demand = panel.demand()
        self._known = ~np.isnan(demand)
        self._y = np.where(self._known, demand, 0.0)
        self._sum = _cumulate(self._y)
        self._square = _cumulate(self._y**2)
        self._count = _cumulate(self._known.astype(np.float64))
        self._zeros = _cumulate((self._known & (self._y <= 0)).astype(np.float64))
        self._promo = np.nan_to_num(panel.promo, nan=0.0)
        self._promo_sum = _cumulate(self._promo)
        self._price, self._usual = _prices(panel.price)
        self._codes = categories_of(panel.ids)

    def rows(self, series: IntArray, origin: IntArray, horizon: IntArray) -> Rows:
        """Return features for target day `origin + horizon` (columns of the panel).

        `y` is NaN where the target is not known; nothing later than `origin` is used but price and
        promotions that are known in advance.
        """
        target = origin + horizon
        mean_28, spread = self._window(series, origin, MEMORY)
        mean_7, _ = self._window(series, origin, WEEK)
        level = mean_28 + 0.5
        weekday = (self._panel.first_day + target) % WEEK
        columns = [
            horizon.astype(np.float64),
            weekday.astype(np.float64),
            *self._lags(series, origin, target, level),
            mean_7 / level,
            (mean_7 - mean_28) / level,
            spread / level,
            self._mean(self._zeros, series, origin, MEMORY),
            np.log(level),
            self._promo_at(series, target),
            self._mean(self._promo_sum, series, origin, WEEK),
            self._price_at(series, target),
        ]
        x = np.column_stack([*columns, self._codes[series]])
        inside = target < self._y.shape[1]
        column = np.minimum(target, self._y.shape[1] - 1)
        seen = inside & self._known[series, column]
        return Rows(x, level, np.where(seen, self._y[series, column] / level, np.nan))

    def _lags(
        self, series: IntArray, origin: IntArray, target: IntArray, level: FloatArray
    ) -> list[FloatArray]:
        """Return the last two values of the target's weekday and the mean of its last four."""
        back = target - ((target - origin + WEEK - 1) // WEEK) * WEEK
        values, known = [], []
        for week in range(4):
            column = back - week * WEEK
            inside = column >= 0
            column = np.maximum(column, 0)
            known.append(inside & self._known[series, column])
            values.append(np.where(known[-1], self._y[series, column] / level, 0.0))
        count = np.sum(known, axis=0)
        mean = np.where(count > 0, np.sum(values, axis=0) / np.maximum(count, 1), np.nan)
        first = np.where(known[0], values[0], np.nan)
        second = np.where(known[1], values[1], np.nan)
        return [first, second, mean]

    def _mean(self, total: FloatArray, series: IntArray, origin: IntArray, days: int) -> FloatArray:
        start = np.maximum(origin + 1 - days, 0)
        count = self._count[series, origin + 1] - self._count[series, start]
        value = total[series, origin + 1] - total[series, start]
        result: FloatArray = value / np.maximum(count, 1.0)
        return result

    def _window(
        self, series: IntArray, origin: IntArray, days: int
    ) -> tuple[FloatArray, FloatArray]:
        mean = self._mean(self._sum, series, origin, days)
        square = self._mean(self._square, series, origin, days)
        return mean, np.sqrt(np.maximum(square - mean**2, 0.0))

    def _promo_at(self, series: IntArray, day: IntArray) -> FloatArray:
        inside = day < self._promo.shape[1]
        column = np.minimum(day, self._promo.shape[1] - 1)
        return np.where(inside, self._promo[series, column], 0.0)

    def _price_at(self, series: IntArray, day: IntArray) -> FloatArray:
        column = np.minimum(day, self._price.shape[1] - 1)
        inside = day < self._price.shape[1]
        ratio = self._price[series, column] / self._usual[series]
        return np.where(inside, ratio, 1.0)


def _cumulate(values: FloatArray) -> FloatArray:
    return np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)


def _prices(price: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return prices without holes (the usual price there) and the usual price of each series."""
    known = ~np.isnan(price)
    usual = np.ones(len(price))
    some = known.any(axis=1)
    if some.any():
        usual[some] = np.nanmedian(price[some], axis=1)
    usual = np.where(usual > 0, usual, 1.0)
    return np.where(known, price, usual[:, None]), usual


def training_grid(
    panel: Panel, horizon: int, max_rows: int, rng: np.random.Generator
) -> tuple[IntArray, IntArray, IntArray]:
    """Return (series, origin, horizon) of training rows: every known day once, horizons mixed.

    Later days come first if there are more than `max_rows`; origins have at least one week before
    them.
    """
    first = min(MEMORY, max(panel.days - horizon - 1, WEEK))
    series, target = np.nonzero(~np.isnan(panel.y[:, first:]))
    target = target + first
    ahead = rng.integers(1, horizon + 1, size=len(target))
    ahead = np.minimum(ahead, target - WEEK + 1)
    keep = ahead >= 1
    series, target, ahead = series[keep], target[keep], ahead[keep]
    if len(series) > max_rows:
        newest = np.argsort(-target, kind="stable")[:max_rows]
        series, target, ahead = series[newest], target[newest], ahead[newest]
    return series, target - ahead, ahead


Bools = npt.NDArray[np.bool_]


def categorical_mask() -> Bools:
    """Return which feature columns are categories."""
    return np.array([False] * len(NUMBERS) + [True] * len(CATEGORIES))
