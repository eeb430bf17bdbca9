"""HistGradientBoosting: one global model over all series of any frequency, with scikit-learn."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa

from seamline_platform.demand.boosting import CountLearner, Growth, Learner, MedianLearner
from seamline_platform.demand.features import Outlook
from seamline_platform.demand.frame import FloatArray, Panel, forecast_table, panel_of
from seamline_platform.demand.known_ahead import Vocabulary, covariates_ahead
from seamline_platform.demand.seasonality import cycles_of

LEAST_PERIODS: Final = {"h": 48, "D": 21, "W": 8, "MS": 8, "QS": 6, "YS": 5, "int": 8}
"""Periods of history below which there is nothing to learn from."""
MAX_SERIES: Final = 20_000
"""Series that are learned from, evenly spread over the names; all are forecast."""
ZEROS: Final = 0.005
"""Share of zeros from which on whole numbers count as counts with a mass at zero."""
_UNIT: Final = {"h": "hours", "D": "days", "W": "weeks", "MS": "months", "QS": "quarters",
                "YS": "years", "int": "periods"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A learner, and what it was made for."""

    learner: Learner
    horizon: int
    quantiles: tuple[float, ...]


class HistGradientBoosting:
    """Histogram gradient boosting on lags, rolling means, calendar, price, promotion, attributes.

    Direct: the horizon is a feature, so that no forecast feeds on another. One model serves all
    series, each on its own scale. Static columns (or the parts of an article's name) are
    categories; covariates are used if they are known ahead.

    Counts with a mass at zero (whole numbers, of which at least one in 200 is zero) go to
    quantile regressions of jittered counts; everything else to a median and a spread, as
    differences from the last value, or from one cycle before if the horizon reaches that far
    (`boosting.CountLearner` and `MedianLearner` say how quantiles come about). Forecasts are
    negative only if the history is. A series without any value gets the middle of the others.

    `fit` learns once; a later `forecast` with the same horizon and levels uses that. `forecast`
    alone learns anew each time.
    """

    def __init__(
        self,
        iterations: int = 0,
        leaves: int = 0,
        max_rows: int = 0,
        threads: int = 1,
        seed: int = 7,
        season_length: int = 0,
    ) -> None:
        """Take how much to learn (0: what suits the data), threads, seed, and the known season."""
        self._iterations = iterations
        self._leaves = leaves
        self._max_rows = max_rows
        self._threads = threads
        self._seed = seed
        self._season_length = season_length
        self._fitted: _Fitted | None = None

    def fit(self, history: pa.Table, horizon: int, quantiles: Sequence[float]) -> None:
        """Learn from a history.

        Raises:
            ValueError: if it is too short, or nothing was ever sold.
        """
        from threadpoolctl import threadpool_limits  # heavy imports stay in the worker process

        with threadpool_limits(limits=self._threads):
            learner = self._learn(panel_of(history), horizon, quantiles)
        self._fitted = _Fitted(learner, horizon, tuple(quantiles))

    def forecast(self, history: pa.Table, horizon: int, quantiles: Sequence[float]) -> pa.Table:
        """Return the forecast as the long table `unique_id, ds, quantile, value`.

        Raises:
            ValueError: if the history is too short (of days: three weeks) or nothing was ever sold.
        """
        from threadpoolctl import threadpool_limits

        panel = panel_of(history)
        fitted = self._fitted
        with threadpool_limits(limits=self._threads):
            if fitted and (fitted.horizon, fitted.quantiles) == (horizon, tuple(quantiles)):
                learner = fitted.learner
            else:
                learner = self._learn(panel, horizon, quantiles)
            values = learner.predict(panel, horizon, quantiles)
        values = np.sort(_filled(values, panel), axis=2)
        order = np.argsort(np.argsort(np.asarray(quantiles)))
        return forecast_table(
            panel.ids, panel.next_period, quantiles, values[:, :, order], panel.freq
        )

    def _learn(self, panel: Panel, horizon: int, quantiles: Sequence[float]) -> Learner:
        least = LEAST_PERIODS[panel.freq.name]
        if panel.periods < least:
            raise ValueError(
                f"HistGradientBoosting needs {least} {_UNIT[panel.freq.name]} of history, "
                f"not {panel.periods}."
            )
        panel = some_series(panel, MAX_SERIES)
        cycles = cycles_of(panel, self._season_length)
        outlook = Outlook(cycles, Vocabulary.of(panel), covariates_ahead(panel, horizon))
        if is_counts(panel):
            counts = CountLearner(self._growth(40, 15, 100, 0.1, 20_000), outlook, self._seed)
            counts.fit(panel, horizon, quantiles)
            return counts
        outlook = replace(outlook, anchor=anchor_of(cycles, horizon))
        median = MedianLearner(self._growth(200, 31, 20, 0.05, 100_000), outlook, self._seed)
        median.fit(panel, horizon)
        return median

    def _growth(
        self, iterations: int, leaves: int, least_rows: int, rate: float, max_rows: int
    ) -> Growth:
        return Growth(
            self._iterations or iterations,
            self._leaves or leaves,
            least_rows,
            rate,
            self._max_rows or max_rows,
        )


def some_series(panel: Panel, most: int) -> Panel:
    """Return a panel of at most `most` series, evenly spread over the names."""
    if len(panel.ids) <= most:
        return panel
    rows = np.linspace(0, len(panel.ids) - 1, most).round().astype(np.int64)
    return replace(
        panel,
        ids=tuple(panel.ids[row] for row in rows),
        y=panel.y[rows],
        out_share=panel.out_share[rows],
        price=panel.price[rows],
        promo=panel.promo[rows],
        covariates={name: values[rows] for name, values in panel.covariates.items()},
        static={name: tuple(texts[row] for row in rows) for name, texts in panel.static.items()},
    )


def is_counts(panel: Panel) -> bool:
    """Return whether values are whole, never negative, and zero at least once in 200."""
    known = panel.y[~np.isnan(panel.y)]
    whole = bool((known >= 0).all() and (known == np.floor(known)).all())
    return whole and float((known == 0).mean()) >= ZEROS


def anchor_of(cycles: Sequence[int], horizon: int) -> int:
    """Return what values are measured from: the longest cycle within the horizon, else 0.

    A forecast that reaches over a whole cycle starts from the same place in the cycle before; a
    shorter one from the last value.
    """
    return max((cycle for cycle in cycles if cycle <= horizon), default=0)


def _filled(values: FloatArray, panel: Panel) -> FloatArray:
    """Return values without NaN, and not negative if the history is not.

    Series that never had a value get the median of the others.
    """
    known = ~np.isnan(panel.y)
    nothing = ~known.any(axis=1)
    if nothing.any() and not nothing.all():
        values = values.copy()
        values[nothing] = np.median(values[~nothing], axis=0)
    if not (panel.y[known] < 0).any():
        values = np.maximum(values, 0.0)
    return values
