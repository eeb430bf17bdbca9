"""Learners of the global model: counts by quantile regression, the rest by median and spread."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from seamline_platform.demand.anchored_features import AnchoredFeatures, memory_of
from seamline_platform.demand.features import Bools, CountFeatures, FeatureMaker, Outlook, Rows
from seamline_platform.demand.frame import FloatArray, IntArray, Panel
from seamline_platform.demand.training_rows import newest_rows, spread_rows

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingRegressor

MAX_FITTED: Final = 7
"""Quantile levels that are learned; further ones are interpolated."""
ROWS_AT_ONCE: Final = 200_000
"""Rows that are forecast at once."""
MOST_BEFORE: Final = 24
"""Periods that an origin has before it at most: short series are to be learned from, too."""
TINY: Final = 1e-3
"""Added to absolute residuals before the logarithm, in units of a series' spread."""


@dataclass(frozen=True, slots=True)
class Growth:
    """How much is learned: trees, leaves per tree, least rows per leaf, step, rows at most."""

    iterations: int
    leaves: int
    least_rows: int
    rate: float
    max_rows: int


class Learner(Protocol):
    """Learns from one panel and forecasts another (the same, or a later one)."""

    def predict(self, panel: Panel, horizon: int, quantiles: Sequence[float]) -> FloatArray:
        """Return (series, periods, quantiles), not yet sorted."""


def regressor(
    loss: str, growth: Growth, categorical: Bools, seed: int, level: float | None = None
) -> "HistGradientBoostingRegressor":
    """Return an unfitted scikit-learn model."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(
        loss=loss,
        quantile=level,
        max_iter=growth.iterations,
        max_leaf_nodes=growth.leaves,
        learning_rate=growth.rate,
        min_samples_leaf=growth.least_rows,
        l2_regularization=1.0,
        categorical_features=categorical if categorical.any() else None,
        early_stopping=False,
        random_state=seed,
    )


def asked_rows(maker: FeatureMaker, panel: Panel, horizon: int) -> Iterator[tuple[Rows, IntArray]]:
    """Yield the rows of the forecast from the end of the history, with each row's horizon.

    They come in parts of `ROWS_AT_ONCE`, so that a million series fit into memory.
    """
    at_once = max(1, ROWS_AT_ONCE // horizon)
    for first in range(0, len(panel.ids), at_once):
        count = min(at_once, len(panel.ids) - first)
        series = np.repeat(np.arange(first, first + count), horizon)
        ahead = np.tile(np.arange(1, horizon + 1), count)
        yield maker.rows(series, np.full(len(series), panel.periods - 1), ahead), ahead


class CountLearner:
    """Quantiles of counts, jittered.

    A quantile regression stands still on a mass at zero: it learns counts plus a random part of one
    piece, and the quantile of the counts is ceil(q - 1) of what it finds (Machado and Santos Silva,
    Quantiles for Counts, JASA 2005). At most `MAX_FITTED` levels are learned; between them the
    jittered quantile is interpolated along the normal score of the level.
    """

    def __init__(self, growth: Growth, outlook: Outlook, seed: int) -> None:
        self._growth, self._outlook, self._seed = growth, outlook, seed
        self._models: dict[float, HistGradientBoostingRegressor] = {}
        self._empty: Bools = np.zeros(0, dtype=bool)

    def fit(self, panel: Panel, horizon: int, quantiles: Sequence[float]) -> None:
        """Learn one model for each of up to `MAX_FITTED` levels.

        Raises:
            ValueError: if no count is above zero.
        """
        maker = CountFeatures(panel, self._outlook)
        rng = np.random.default_rng(self._seed)
        train = maker.rows(*newest_rows(panel, horizon, self._growth.max_rows, rng))
        usable = ~np.isnan(train.y)
        if not usable.any() or float(train.y[usable].max()) <= 0.0:
            raise ValueError("Nothing was ever sold in this history: there is nothing to learn.")
        x = train.x[usable]
        self._empty = _empty(x)
        x = np.where(self._empty, 0.0, x)
        smooth = train.y[usable] + rng.random(int(usable.sum())) / train.scale[usable]
        for level in fitted_levels(quantiles):
            model = regressor("quantile", self._growth, maker.categorical(), self._seed, level)
            model.fit(x, smooth, sample_weight=train.scale[usable])
            self._models[level] = model

    def predict(self, panel: Panel, horizon: int, quantiles: Sequence[float]) -> FloatArray:
        """Return whole numbers."""
        maker = CountFeatures(panel, self._outlook)
        parts = [self._counts(rows, quantiles) for rows, _ in asked_rows(maker, panel, horizon)]
        return np.concatenate(parts).reshape(len(panel.ids), horizon, len(quantiles))

    def _counts(self, rows: Rows, quantiles: Sequence[float]) -> FloatArray:
        levels = sorted(self._models)
        x = np.where(self._empty, 0.0, rows.x)
        learned = np.column_stack([self._models[q].predict(x) for q in levels])
        learned = np.sort(learned, axis=1)
        smooth = interpolated(levels, learned, quantiles) * rows.scale[:, None]
        return np.asarray(np.ceil(smooth - 1.0))


def fitted_levels(quantiles: Sequence[float]) -> list[float]:
    """Return all of up to `MAX_FITTED` levels, else as many spread over them, ends included."""
    levels = sorted(quantiles)
    if len(levels) <= MAX_FITTED:
        return levels
    places = np.round(np.linspace(0, len(levels) - 1, MAX_FITTED)).astype(int)
    return [levels[place] for place in places]


def interpolated(
    levels: Sequence[float], values: FloatArray, wanted: Sequence[float]
) -> FloatArray:
    """Return quantiles at `wanted` levels from those at `levels`, linear in the normal score.

    `values` is (rows, levels), rising; beyond the ends the nearest two levels are prolonged.
    """
    if len(levels) == 1:
        return np.repeat(values, len(wanted), axis=1)
    score = np.array([NormalDist().inv_cdf(level) for level in levels])
    asked = np.array([NormalDist().inv_cdf(level) for level in wanted])
    right = np.clip(np.searchsorted(score, asked), 1, len(score) - 1)
    part = (asked - score[right - 1]) / (score[right] - score[right - 1])
    result: FloatArray = values[:, right - 1] * (1.0 - part) + values[:, right] * part
    return result


class MedianLearner:
    """Median and spread of continuous values; all quantiles come from scaled residuals.

    Two models of the median are learned, each on half of the series, and averaged; each one's
    residuals on the other half are honest. A third model learns the size of the residuals (the
    median of log |r|), and the quantiles are those of r / size among training rows of the same and
    the neighbouring horizons. Any number of levels costs the same.
    """

    def __init__(self, growth: Growth, outlook: Outlook, seed: int) -> None:
        self._growth, self._outlook, self._seed = growth, outlook, seed
        self._medians: list[HistGradientBoostingRegressor] = []
        self._empty: Bools = np.zeros(0, dtype=bool)
        self._size: HistGradientBoostingRegressor | None = None
        self._residuals: tuple[FloatArray, ...] = ()

    def fit(self, panel: Panel, horizon: int) -> None:
        """Learn from origins over the whole history.

        Raises:
            ValueError: if there are fewer than eight rows to learn from.
        """
        maker = AnchoredFeatures(panel, self._outlook)
        rng = np.random.default_rng(self._seed)
        memory = memory_of(panel.freq.name, self._outlook.cycles)
        before = min(memory, MOST_BEFORE, panel.periods // 3)
        series, origin, ahead = spread_rows(panel.y, horizon, before, self._growth.max_rows, rng)
        rows = maker.rows(series, origin, ahead)
        usable = ~np.isnan(rows.y)
        if usable.sum() < 8:
            raise ValueError(
                f"There are {int(usable.sum())} known periods to learn from, fewer than eight."
            )
        x, y, ahead = rows.x[usable], rows.y[usable], ahead[usable]
        half = _halves(series[usable], origin[usable], rng)
        self._empty = np.logical_or(_empty(x[half]), _empty(x[~half]))
        x = np.where(self._empty, 0.0, x)
        residual = np.empty(len(y))
        for mine in (half, ~half):
            model = regressor("absolute_error", self._growth, maker.categorical(), self._seed)
            model.fit(x[mine], y[mine])
            residual[~mine] = y[~mine] - model.predict(x[~mine])
            self._medians.append(model)
        small = Growth(60, 15, self._growth.least_rows, 0.1, self._growth.max_rows)
        self._size = regressor("absolute_error", small, maker.categorical(), self._seed)
        self._size.fit(x, np.log(np.abs(residual) + TINY))
        scaled = residual / np.exp(self._size.predict(x))
        self._residuals = tuple(
            np.sort(scaled[np.abs(ahead - h) <= _reach(ahead, h)]) for h in range(1, horizon + 1)
        )

    def predict(self, panel: Panel, horizon: int, quantiles: Sequence[float]) -> FloatArray:
        """Return median + size x quantile of the scaled residuals."""
        if self._size is None:
            raise ValueError("This learner has not learned yet: call fit first.")
        levels = np.asarray(quantiles, dtype=np.float64)
        table = np.array([np.quantile(scaled, levels) for scaled in self._residuals])
        maker = AnchoredFeatures(panel, self._outlook)
        parts = []
        for rows, ahead in asked_rows(maker, panel, horizon):
            x = np.where(self._empty, 0.0, rows.x)
            middle = np.mean([model.predict(x) for model in self._medians], axis=0)
            size = np.exp(self._size.predict(x))
            scaled = middle[:, None] + size[:, None] * table[np.minimum(ahead, len(table)) - 1]
            parts.append(rows.base[:, None] + rows.scale[:, None] * scaled)
        return np.concatenate(parts).reshape(len(panel.ids), horizon, len(levels))


def _empty(x: FloatArray) -> Bools:
    """Return which columns hold nothing at all: scikit-learn cannot bin them."""
    empty: Bools = np.all(np.isnan(x), axis=0)
    return empty


_ENOUGH: Final = 400
"""Residuals of one horizon from which on neighbours are not needed."""


def _reach(ahead: IntArray, horizon: int) -> int:
    """Return how many neighbouring horizons to pool so that there are enough residuals."""
    furthest = int(ahead.max())
    for reach in range(furthest + 1):
        if (np.abs(ahead - horizon) <= reach).sum() >= min(_ENOUGH, len(ahead)):
            return reach
    return furthest


def _halves(series: IntArray, origin: IntArray, rng: np.random.Generator) -> Bools:
    """Return which rows are in the first half: half of the series.

    Where there are fewer than four series it is the older origins.
    """
    present = np.unique(series)
    if len(present) < 4:
        half: Bools = origin < np.median(origin)
        if half.all() or not half.any():
            half = np.arange(len(series)) % 2 == 0
        return half
    first = rng.permutation(present)[: len(present) // 2]
    return np.isin(series, first)
