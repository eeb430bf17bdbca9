"""Forecasters of other libraries as Seamline forecasters, in a class of a few lines each.

Give a subclass a method `model(season_length)` that returns a new model of the library; the adapter
does the frames, the gaps, the odd series and the quantiles.

Example:
    >>> from statsforecast.models import AutoARIMA
    >>> class Arima(FromStatsforecast):
    ...     def model(self, season_length):
    ...         return AutoARIMA(season_length=season_length)
"""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Final, Literal, get_args

import numpy as np
import pyarrow as pa

from seamline_platform.demand.frame import FloatArray, Panel, forecast_table, panel_of
from seamline_platform.demand.local.series import Ask, LocalModel, naive_quantiles, normal
from seamline_platform.demand.local.statistical import around, with_intervals

HOLD_OUTS: Final = 3
"""Ends of a series that are held back in turn to see how wrong a model is."""
MAX_LAGS: Final = 64
MAX_ROWS: Final = 50_000

Point = Callable[[FloatArray, int], FloatArray]
"""Returns the point forecast of so many periods after a series."""


def held_out(point: Point, ask: Ask) -> FloatArray:
    """Return (periods, quantiles): the point forecast, normal with errors on held-back ends.

    Up to three ends are held back; the standard deviation k periods ahead is the root mean squared
    error there, and never falls with k. A series too short for that is spread as Naive is.
    """
    centre = point(ask.y, ask.horizon)
    least = max(ask.season + 2, 6)
    step = max(1, min(ask.horizon, (len(ask.y) - least) // HOLD_OUTS))
    errors = []
    for window in range(HOLD_OUTS):
        end = len(ask.y) - 1 - window * step
        if end < least:
            break
        actual = ask.y[end : end + ask.horizon]
        missed = np.full(ask.horizon, np.nan)
        missed[: len(actual)] = actual - point(ask.y[:end], ask.horizon)[: len(actual)]
        errors.append(missed)
    if not errors:
        moved: FloatArray = naive_quantiles(ask) - ask.y[-1] + centre[:, np.newaxis]
        return moved
    return normal(centre, _rising_sd(np.array(errors)), ask.quantiles)


def _rising_sd(errors: FloatArray) -> FloatArray:
    """Return the root mean squared error per step of (cases, steps), never falling."""
    known = ~np.isnan(errors)
    square = np.where(known, errors, 0.0) ** 2
    mean = square.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    rising: FloatArray = np.maximum.accumulate(np.sqrt(mean))
    return rising


def _guarded(act: Callable[[], FloatArray]) -> FloatArray:
    """Run what a library does, quietly; what it raises becomes a ValueError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return np.asarray(act(), dtype=np.float64)
        except Exception as exc:  # other libraries raise anything
            raise ValueError(f"{type(exc).__name__}: {exc}") from exc


class FromStatsforecast(LocalModel):
    """Any model of `statsforecast.models`, one series at a time.

    Quantiles are the model's own prediction intervals; for a model without (Croston's, window
    averages, ..) they come from its errors on held-back ends of the series.
    """

    @abstractmethod
    def model(self, season_length: int) -> Any:
        """Return a new model of statsforecast."""

    def predict(self, ask: Ask) -> FloatArray:
        """Return (periods, quantiles)."""
        model = self.model(ask.season)
        # Asking such a model for a level ends in an error, or in the interval of a fallback.
        blind = getattr(model, "only_conformal_intervals", False)
        if not blind or getattr(model, "prediction_intervals", None) is not None:
            return with_intervals(model, ask)

        def point(y: FloatArray, horizon: int) -> FloatArray:
            fresh = self.model(ask.season)
            return _guarded(lambda: fresh.forecast(y=y, h=horizon)["mean"])

        return held_out(point, ask)


class FromSktime(LocalModel):
    """Any forecaster of sktime, one series at a time.

    Quantiles are the forecaster's own where it has the tag `capability:pred_int`, else they come
    from its errors on held-back ends of the series.
    """

    @abstractmethod
    def model(self, season_length: int) -> Any:
        """Return a new forecaster of sktime."""

    def predict(self, ask: Ask) -> FloatArray:
        """Return (periods, quantiles)."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = self.model(ask.season)
        if not model.get_tag("capability:pred_int", False):
            return held_out(lambda y, horizon: self._point(y, horizon, ask.season), ask)
        levels = [float(q) for q in ask.quantiles]

        def act() -> FloatArray:
            model.fit(_pandas(ask.y), fh=_ahead(ask.horizon))
            centre = np.asarray(model.predict(), dtype=np.float64).reshape(-1)
            made = np.asarray(model.predict_quantiles(alpha=levels), dtype=np.float64)
            return around(centre, made, ask.quantiles)

        return _guarded(act)

    def _point(self, y: FloatArray, horizon: int, season: int) -> FloatArray:
        def act() -> FloatArray:
            model = self.model(season).fit(_pandas(y), fh=_ahead(horizon))
            return np.asarray(model.predict(), dtype=np.float64).reshape(-1)

        return _guarded(act)


def _pandas(y: FloatArray) -> Any:
    import pandas as pd

    return pd.Series(y, index=pd.RangeIndex(len(y)))


def _ahead(horizon: int) -> list[int]:
    return list(range(1, horizon + 1))


class FromSklearn(ABC):
    """Any regressor of scikit-learn, one for all series, on past values and the season's place.

    Features are the last `lags` values over their mean size, and the place in the season. With
    `strategy` "recursive" one model forecasts one period and is fed its own forecasts; with
    "direct" there is one model per period ahead. Quantiles are normal, with the errors that the
    same model made on the last `horizon` periods, held back. Series without any value get 0; with
    less history than lags and horizon need, the last value is repeated.
    """

    lags: int = 0
    """Past values that the model sees; 0: one season and one more, at least 8, at most 64."""
    strategy: Literal["recursive", "direct"] = "recursive"

    def __init__(self, season_length: int | None = None) -> None:
        allowed = get_args(Literal["recursive", "direct"])
        if self.strategy not in allowed:
            raise ValueError(
                f"strategy is {self.strategy!r}; allowed: {' or '.join(map(repr, allowed))}."
            )
        self._season = season_length

    @abstractmethod
    def model(self, season_length: int) -> Any:
        """Return a new regressor of scikit-learn."""

    def forecast(self, history: pa.Table, horizon: int, quantiles: Sequence[float]) -> pa.Table:
        """Return the forecast as the long table `unique_id, ds, quantile, value`."""
        panel = panel_of(history)
        season = self._season or panel.freq.season_length
        lags = self.lags or min(max(season + 1, 8), MAX_LAGS)
        y, known = _without_gaps(panel)
        size = _size(y[:, -lags:])
        enough = y.shape[1] >= lags + 2 * horizon + 1
        if not enough or known[:, : y.shape[1] - horizon].sum(axis=1).max() <= horizon:
            centre, sd = np.repeat(y[:, -1:], horizon, axis=1), np.sqrt(np.abs(y[:, -1:]) + 0.5)
            sd = np.repeat(sd, horizon, axis=1)
        else:
            centre = self._point(y, known, horizon, season, lags)
            tried = self._point(y[:, :-horizon], known[:, :-horizon], horizon, season, lags)
            earlier = _size(y[:, :-horizon][:, -lags:])[:, np.newaxis]
            missed = (y[:, -horizon:] - tried) / earlier
            errors = np.where(known[:, -horizon:], missed, np.nan)
            sd = size[:, np.newaxis] * _rising_sd(errors)
        never = ~known.any(axis=1)
        centre[never], sd[never] = 0.0, 0.0
        values = _quantiles(centre, sd, quantiles, floor=~(y < 0).any(axis=1))
        return forecast_table(panel.ids, panel.next_period, quantiles, values, panel.freq)

    def _point(self, y: FloatArray, known: Any, horizon: int, season: int, lags: int) -> FloatArray:
        """Return (series, periods): forecasts from the end of `y`."""
        steps = horizon if self.strategy == "direct" else 1
        models = [self._fitted(y, known, season, lags, step) for step in range(1, steps + 1)]
        past = y[:, -lags:]
        made = np.empty((len(y), horizon))
        for step in range(horizon):
            direct = self.strategy == "direct"
            window = past if direct else np.concatenate([past, made[:, :step]], axis=1)[:, -lags:]
            place = (y.shape[1] + step) % season
            size = _size(window)
            x = np.column_stack([window / size[:, np.newaxis], np.full(len(y), place)])
            made[:, step] = models[step if direct else 0].predict(x) * size
        return made

    def _fitted(self, y: FloatArray, known: Any, season: int, lags: int, ahead: int) -> Any:
        """Return a model that learned to look `ahead` periods ahead; newest rows first."""
        targets = np.arange(y.shape[1] - 1, lags + ahead - 2, -1)
        targets = targets[: max(MAX_ROWS // len(y), 1)]
        begun = np.logical_or.accumulate(known, axis=1)
        rows, values = [], []
        for target in targets:
            past = y[:, target - ahead - lags + 1 : target - ahead + 1]
            # Before its first value a series is padded with it: nothing is learnt from that.
            size, use = _size(past), known[:, target] & begun[:, target - ahead]
            place = np.full(len(y), target % season)
            rows.append(np.column_stack([past / size[:, np.newaxis], place])[use])
            values.append((y[:, target] / size)[use])
        if not any(map(len, values)):
            raise ValueError("No series has as many values as lags and horizon need.")
        return self.model(season).fit(np.concatenate(rows), np.concatenate(values))


def _without_gaps(panel: Panel) -> tuple[FloatArray, Any]:
    """Return values with the last known one in gaps (the first before it), and what was known."""
    demand = panel.demand()
    known = ~np.isnan(demand)
    column = np.maximum.accumulate(np.where(known, np.arange(demand.shape[1]), -1), axis=1)
    first = known.argmax(axis=1)[:, np.newaxis]
    filled = np.take_along_axis(demand, np.where(column < 0, first, column), axis=1)
    return np.nan_to_num(filled, nan=0.0), known


def _size(past: FloatArray) -> FloatArray:
    """Return the mean size of each row; 1 where it is nothing."""
    size = np.abs(past).mean(axis=1)
    return np.where(size > 0, size, 1.0)


def _quantiles(
    centre: FloatArray, sd: FloatArray, quantiles: Sequence[float], floor: Any
) -> FloatArray:
    levels = np.asarray(quantiles, dtype=np.float64)
    order = np.argsort(levels)
    values = np.stack([normal(c, s, levels) for c, s in zip(centre, sd, strict=True)])
    values[floor] = np.maximum(values[floor], 0.0)
    values[:, :, order] = np.maximum.accumulate(values[:, :, order], axis=2)
    return values
