"""Conformal intervals per horizon, from what a model got wrong at earlier origins.

Split conformal prediction (Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World,
2005; Lei and others, JASA 113 (2018) 1094-1111): with n residuals that are exchangeable with the
one to come, a value at most the k-th smallest of them comes with probability k / (n + 1).
Residuals of neighbouring origins hang together and a common shock moves all series at once: the
promise is that of the past over many origins, not of one night.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from seamline_platform.demand.frame import FloatArray, Panel, forecast_table, grid_of, panel_of
from seamline_platform.demand.history_sums import HistorySums
from seamline_platform.demand.origins import history_until, known_after, spread_out
from seamline_platform.demand.protocol import Forecaster, check_forecast, load_forecaster

ENOUGH: Final = 100
"""Residuals of one horizon from which on those of its neighbours are left out."""
LEAST_SCALE: Final = 1e-3
"""Share of the level that a series' scale is at least."""


def conformal_quantiles(residuals: FloatArray, levels: Sequence[float]) -> FloatArray:
    """Return the quantiles of the next residual, one per level, with their finite-sample rank.

    For levels from 0.5 up it is the ceil((n + 1) level)-th smallest of the n residuals, so that the
    next one is at most this with probability `level` or more; for levels below 0.5 the
    floor((n + 1) level)-th, so that it is lower with probability `level` or less. Where that rank
    is beyond the ends (n is too small for the level) it is the smallest or the largest: no more
    can be said without assuming a tail. NaN residuals do not count.

    Raises:
        ValueError: if there is no residual, or a level is outside (0, 1).
    """
    known = np.sort(np.asarray(residuals, dtype=np.float64)[~np.isnan(residuals)])
    if not len(known):
        raise ValueError("There are no residuals to take quantiles of.")
    result = np.empty(len(levels))
    for i, level in enumerate(levels):
        if not 0.0 < level < 1.0:
            raise ValueError(f"A level lies inside (0, 1): {level}.")
        # Rounding first: 0.3 x 10 is 3.0000000000000004 on a computer, and no rank 4.
        rank = round((len(known) + 1) * level, 9)
        place = math.ceil(rank) if level >= 0.5 else math.floor(rank)
        result[i] = known[min(max(place, 1), len(known)) - 1]
    return result


def quantiles_by_horizon(
    residuals: FloatArray, levels: Sequence[float], enough: int = ENOUGH
) -> FloatArray:
    """Return (horizon, levels) conformal quantiles of `residuals` (outcomes, horizon).

    A horizon with fewer than `enough` residuals takes those of its neighbours in, as many to each
    side as it needs.

    Raises:
        ValueError: if there is no residual at all.
    """
    horizon = residuals.shape[1]
    result = np.empty((horizon, len(levels)))
    for step in range(horizon):
        for reach in range(horizon):
            near = residuals[:, max(step - reach, 0) : step + reach + 1]
            if (~np.isnan(near)).sum() >= enough:
                break
        else:
            near = residuals
        result[step] = conformal_quantiles(near.reshape(-1), levels)
    return result


def scale_of(panel: Panel, season: int = 1) -> FloatArray:
    """Return each series' scale: the mean absolute change over a season (the divisor of MASE).

    It is at least a thousandth of the level; a series without two known values a season apart takes
    the change from one period to the next, or the root of its level plus one half.
    """
    y = panel.y
    level = np.abs(HistorySums(y).mean(*_ends(panel), panel.periods))
    result = np.full(len(y), np.nan)
    for lag in {season, 1} if season < panel.periods else {1}:
        change = np.abs(y[:, lag:] - y[:, :-lag])
        count = (~np.isnan(change)).sum(axis=1)
        mean = np.where(count > 0, np.nansum(change, axis=1) / np.maximum(count, 1), np.nan)
        usable = (mean > 0) & (np.isnan(result) | (lag == season))
        result = np.where(usable, mean, result)
    return np.where(np.isnan(result), np.sqrt(level + 0.5), np.maximum(result, LEAST_SCALE * level))


def _ends(panel: Panel) -> tuple[np.ndarray, np.ndarray]:
    series = np.arange(len(panel.ids))
    return series, np.full(len(series), panel.periods - 1)


class Conformal:
    """Any forecaster with conformal intervals in place of its own, centred on its median.

    The model forecasts `origins` earlier origins, one horizon apart; its residuals, divided by each
    series' scale there, are pooled over series and origins for each horizon. Of more than
    `max_series` series so many, evenly spread over the names, are asked at earlier origins.

    Where the history is too short for one earlier origin, the model's own quantiles stay. Forecasts
    are negative only if the history is.
    """

    def __init__(
        self,
        model: Forecaster | str = "SeasonalNaive",
        origins: int = 3,
        max_series: int = 1_000,
        season_length: int = 0,
        threads: int = 1,
        seed: int = 7,
    ) -> None:
        """Take a model or its registered name, which gets season, threads and seed."""
        if origins < 1 or max_series < 1:
            raise ValueError(
                f"Need at least one origin and one series, not {origins} and {max_series}."
            )
        options: dict[str, object] = {"threads": threads, "seed": seed}
        if season_length > 0:
            options["season_length"] = season_length
        self._model = load_forecaster(model, **options) if isinstance(model, str) else model
        self._origins = origins
        self._max_series = max_series
        self._season = max(season_length, 1)

    def forecast(self, history: pa.Table, horizon: int, quantiles: Sequence[float]) -> pa.Table:
        """Return the forecast as the long table `unique_id, ds, quantile, value`."""
        panel = panel_of(history)
        residuals = self._residuals(history, panel, horizon)
        if residuals is None:
            made = self._model.forecast(history, horizon, quantiles)
            return check_forecast(made, panel, horizon, quantiles)
        centre = self._median(history, panel, horizon)
        width = quantiles_by_horizon(residuals, quantiles)
        values = centre[:, :, None] + scale_of(panel, self._season)[:, None, None] * width
        if not (panel.y < 0).any():
            values = np.maximum(values, 0.0)
        return forecast_table(panel.ids, panel.next_period, quantiles, values, panel.freq)

    def _residuals(self, history: pa.Table, panel: Panel, horizon: int) -> FloatArray | None:
        """Return scaled residuals (outcomes, horizon) of earlier origins, if there are any."""
        chosen = spread_out(panel.ids, self._max_series)
        found = []
        for back in range(1, self._origins + 1):
            origin = panel.next_period - back * horizon
            if origin - panel.start < max(2 * horizon, 2 * self._season, 8):
                break
            before = history_until(history, panel.freq, origin, horizon, chosen)
            past = panel_of(before, panel.freq)
            centre = self._median(before, past, horizon)
            error = known_after(panel, past, horizon) - centre
            found.append(error / scale_of(past, self._season)[:, None])
        if not found or np.isnan(np.concatenate(found)).all():
            return None
        return np.concatenate(found)

    def _median(self, history: pa.Table, panel: Panel, horizon: int) -> FloatArray:
        made = check_forecast(
            self._model.forecast(history, horizon, (0.5,)), panel, horizon, (0.5,)
        )
        values: FloatArray = grid_of(made, panel.freq).values[:, :, 0]
        return values
