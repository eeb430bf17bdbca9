"""One series at a time: from the long frame to clean arrays, through a model, and back.

What happens to series that are no food for a model, the same for all local models:

- nothing known: 0 at every quantile;
- one or two values: the last one, as uncertain as a Poisson count of that size;
- all values equal (all zero too): that value at every quantile;
- gaps (stock-outs, an empty `y`): the value one season earlier, else the last known one;
- fewer values than the model needs, or a model that raises, gives no finite number or runs away
  (beyond 100 times the largest value): Naive takes its place for that series, and `fallbacks` and
  one line of the log say so; a model that fails on every series (three or more) is an error;
- a series without negative values gets no negative forecast.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Final

import numpy as np
import pyarrow as pa

from seamline_platform.demand.frame import FloatArray, Panel, forecast_table, panel_of

log = logging.getLogger(__name__)

RUNAWAY: Final = 100.0
"""A forecast so many times beyond the largest value is no forecast."""

ALL_FAILED: Final = 3
"""A model that fails on every one of so many series is broken, not unlucky."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What a local model is asked for one series."""

    y: FloatArray
    """The series from its first value to its last, without gaps."""
    horizon: int
    quantiles: FloatArray
    season: int


Predict = Callable[[Ask], FloatArray]
"""Returns (periods, quantiles)."""


@dataclass(slots=True)
class SeriesModel(ABC):
    """A forecaster that looks at one series at a time; `season_length` None: the frequency's.

    `fallbacks` names the series of the last forecast that Naive was used for, and why.
    """

    season_length: int | None = None
    fallbacks: dict[str, str] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.season_length is not None and self.season_length < 1:
            raise ValueError(
                f"{type(self).__name__}: season_length is {self.season_length!r}; "
                "allowed: 1 (no season) or more."
            )

    def forecast(self, history: pa.Table, horizon: int, quantiles: Sequence[float]) -> pa.Table:
        """Return the forecast as the long table `unique_id, ds, quantile, value`.

        Raises:
            ValueError: if the model fails on every series.
        """
        panel = panel_of(history)
        season = self.season_length or panel.freq.season_length
        values, self.fallbacks = predict_each(
            panel, horizon, quantiles, season, self.least(season), self.prepared
        )
        if self.fallbacks:
            name, reason = next(iter(self.fallbacks.items()))
            log.warning(
                "local_fallback model=%s series=%d first=%s: %s; Naive took its place",
                *(type(self).__name__, len(self.fallbacks), name, reason),
            )
        return forecast_table(panel.ids, panel.next_period, quantiles, values, panel.freq)

    def least(self, season: int) -> int:
        """Return how many values a series needs for this model."""
        return 3

    @abstractmethod
    def prepared(self, asks: Sequence[Ask]) -> Predict:
        """Return what predicts each of `asks`: all series that are food for the model."""


@dataclass(slots=True)
class LocalModel(SeriesModel):
    """A model that is made anew for each series."""

    def prepared(self, asks: Sequence[Ask]) -> Predict:
        """Return `predict`: there is nothing that series share."""
        return self.predict

    @abstractmethod
    def predict(self, ask: Ask) -> FloatArray:
        """Return (periods, quantiles) for one series of at least `least` different values."""


def predict_each(
    panel: Panel,
    horizon: int,
    quantiles: Sequence[float],
    season: int,
    least: int,
    prepare: Callable[[Sequence[Ask]], Predict],
) -> tuple[FloatArray, dict[str, str]]:
    """Return (series, periods, quantiles) of a model for each series, and who fell back, why.

    Raises:
        ValueError: if the model fails on every one of three series or more: Naive under the name of
            another model is no forecast of that model.
    """
    levels = np.asarray(quantiles, dtype=np.float64)
    values = np.zeros((len(panel.ids), horizon, len(levels)))
    fallbacks: dict[str, str] = {}
    food: dict[int, Ask] = {}
    for i, y in enumerate(series_of(panel, season)):
        ask = Ask(y, horizon, levels, season)
        if len(y) < 3 or (y == y[0]).all():
            values[i] = _simple(ask)
        elif len(y) < least:
            fallbacks[panel.ids[i]] = f"{len(y)} values, needs {least}"
            values[i] = _in_order(naive_quantiles(ask), ask)
        else:
            food[i] = ask
    predict = prepare(list(food.values()))
    failed: dict[str, str] = {}
    for i, ask in food.items():
        try:
            made = predict(ask)
            _check(made, ask)
        except (ValueError, ArithmeticError, IndexError, TypeError, RuntimeError) as exc:
            failed[panel.ids[i]] = str(exc) or type(exc).__name__
            made = naive_quantiles(ask)
        values[i] = _in_order(made, ask)
    if len(failed) == len(food) >= ALL_FAILED:
        name, reason = next(iter(failed.items()))
        raise ValueError(f"the model failed on all {len(failed)} series, on {name!r}: {reason}")
    return values, fallbacks | failed


def series_of(panel: Panel, season: int) -> list[FloatArray]:
    """Return each series from its first known value to the end, with its gaps filled."""
    demand = panel.demand()
    known = ~np.isnan(demand)
    begin = np.where(known.any(axis=1), known.argmax(axis=1), panel.periods)
    whole = known.sum(axis=1) == panel.periods - begin
    return [
        demand[i, first:] if whole[i] else _filled(demand[i, first:].copy(), season)
        for i, first in enumerate(begin)
    ]


def _filled(y: FloatArray, season: int) -> FloatArray:
    for t in np.flatnonzero(np.isnan(y)):
        y[t] = y[t - season] if t >= season else y[t - 1]
    return y


def normal(centre: FloatArray, sd: FloatArray, quantiles: FloatArray) -> FloatArray:
    """Return (periods, quantiles) of normal distributions around `centre`."""
    z = np.array([NormalDist().inv_cdf(float(q)) for q in quantiles])
    result: FloatArray = centre[:, None] + sd[:, None] * z
    return result


def naive_quantiles(ask: Ask) -> FloatArray:
    """Return the last value, spread by one-step errors times the root of the steps ahead.

    (A random walk: Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 5.5.)
    """
    steps = np.diff(ask.y)
    sigma = float(np.sqrt(np.mean(steps * steps)))
    ahead = np.arange(1, ask.horizon + 1)
    return normal(np.full(ask.horizon, ask.y[-1]), sigma * np.sqrt(ahead), ask.quantiles)


def _simple(ask: Ask) -> FloatArray:
    if not len(ask.y):
        return np.zeros((ask.horizon, len(ask.quantiles)))
    last = float(ask.y[-1])
    sd = float(np.sqrt(abs(last) + 0.5)) if len(ask.y) < 3 else 0.0
    made = normal(np.full(ask.horizon, last), np.full(ask.horizon, sd), ask.quantiles)
    return _in_order(made, ask)


def _check(made: FloatArray, ask: Ask) -> None:
    shape = (ask.horizon, len(ask.quantiles))
    if made.shape != shape:
        raise ValueError(f"the forecast has shape {made.shape}, expected {shape}")
    if not np.isfinite(made).all():
        raise ValueError("the forecast has values that are not finite numbers")
    if np.abs(made).max() > RUNAWAY * np.abs(ask.y).max():
        raise ValueError(f"the forecast runs away to {np.abs(made).max():.3g}")


def _in_order(made: FloatArray, ask: Ask) -> FloatArray:
    """Return `made` not below zero (if no value is), not falling with the level, in any order."""
    floor = 0.0 if (ask.y >= 0).all() else -np.inf
    order = np.argsort(ask.quantiles)
    result = np.empty_like(made)
    result[:, order] = np.maximum.accumulate(np.maximum(made[:, order], floor), axis=1)
    return result
