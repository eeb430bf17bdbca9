"""HistGradientBoosting: one global model per quantile over all series, with scikit-learn."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from seamline_platform.demand.features import (
    WEEK,
    FeatureMaker,
    categorical_mask,
    training_grid,
)
from seamline_platform.demand.frame import FloatArray, Panel, forecast_table, panel_of


class HistGradientBoosting:
    """Histogram gradient boosting on lags, rolling means, calendar, price, promotion, attributes.

    Direct: the horizon is a feature, so that no forecast feeds on another. Sales are counts with a
    mass at zero, on which a quantile regression stands still: it learns sales plus a random part
    of one piece, and the quantile of the counts is ceil(q - 1) of what it finds (Machado and Santos
    Silva, Quantiles for Counts, JASA 2005). Quantiles are put in rising sequence afterwards. With
    less than `min_days` days of history there is nothing to learn from.
    """

    def __init__(
        self,
        iterations: int = 40,
        leaves: int = 15,
        max_rows: int = 20_000,
        threads: int = 1,
        seed: int = 7,
    ) -> None:
        self._iterations = iterations
        self._leaves = leaves
        self._max_rows = max_rows
        self._threads = threads
        self._seed = seed
        self.min_days = 3 * WEEK

    def forecast(self, history: pa.Table, horizon: int, quantiles: Sequence[float]) -> pa.Table:
        """Return the forecast as the long table `unique_id, ds, quantile, value`.

        Raises:
            ValueError: if the history is shorter than three weeks or nothing was ever sold.
        """
        panel = panel_of(history)
        if panel.days < self.min_days:
            raise ValueError(
                f"HistGradientBoosting needs {self.min_days} days of history, not {panel.days}."
            )
        from threadpoolctl import threadpool_limits  # heavy imports stay in the worker process

        with threadpool_limits(limits=self._threads):
            values = self._fit_predict(panel, horizon, quantiles)
        return forecast_table(panel.ids, panel.next_day, quantiles, values)

    def _fit_predict(self, panel: Panel, horizon: int, quantiles: Sequence[float]) -> FloatArray:
        from sklearn.ensemble import HistGradientBoostingRegressor

        maker = FeatureMaker(panel)
        rng = np.random.default_rng(self._seed)
        train = maker.rows(*training_grid(panel, horizon, self._max_rows, rng))
        usable = ~np.isnan(train.y)
        if not usable.any() or float(train.y[usable].max()) <= 0.0:
            raise ValueError("Nothing was ever sold in this history: there is nothing to learn.")
        smooth = train.y[usable] + rng.random(int(usable.sum())) / train.level[usable]
        count = len(panel.ids)
        series = np.repeat(np.arange(count), horizon)
        ahead = np.tile(np.arange(1, horizon + 1), count)
        asked = maker.rows(series, np.full(len(series), panel.days - 1), ahead)
        values = np.empty((count, horizon, len(quantiles)))
        for i, level in enumerate(quantiles):
            model = HistGradientBoostingRegressor(
                loss="quantile",
                quantile=level,
                max_iter=self._iterations,
                max_leaf_nodes=self._leaves,
                learning_rate=0.1,
                min_samples_leaf=100,
                l2_regularization=1.0,
                categorical_features=categorical_mask(),
                early_stopping=False,
                random_state=self._seed,
            )
            model.fit(train.x[usable], smooth, sample_weight=train.level[usable])
            predicted = np.ceil(model.predict(asked.x) * asked.level - 1.0)
            values[:, :, i] = predicted.reshape(count, horizon)
        return np.sort(np.maximum(values, 0.0), axis=2)
