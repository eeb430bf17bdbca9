"""Exponential smoothing, Theta, CES, MSTL and models of intermittent demand, over statsforecast.

The median is the model's point forecast. Quantiles are the model's own prediction intervals where
it has them; never is an interval asked of a model that has none, for statsforecast may then hand
out that of a fallback. `SES` is smoothed here, many series at once; `SBA` and `TSB` forecast a mean
and get the quantiles of a negative binomial count around it.
"""

import warnings
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np

from seamline_broker.errors import PluginError
from seamline_platform.demand.frame import FloatArray
from seamline_platform.demand.local.intermittent import count_quantiles
from seamline_platform.demand.local.naive2 import adjusted
from seamline_platform.demand.local.seasonality import repeat_season, seasonal_factors
from seamline_platform.demand.local.series import Ask, LocalModel, Predict, SeriesModel, normal
from seamline_platform.demand.local.ses import smoothed

LONGEST_ETS_SEASON = 24
"""The longest season that state space exponential smoothing takes."""


def statsforecast_models() -> ModuleType:
    """Return `statsforecast.models`, imported on first use.

    Raises:
        PluginError: if statsforecast is not installed.
    """
    try:
        import statsforecast.models as models
    except ImportError as exc:
        raise PluginError(
            "Local statistical models need statsforecast: pip install 'seamline[bench]'."
        ) from exc
    return models


def with_intervals(model: Any, ask: Ask) -> FloatArray:
    """Return (periods, quantiles) of a statsforecast model with prediction intervals of its own."""
    widths = np.round(np.abs(2 * ask.quantiles - 1) * 100, 6)
    levels = sorted({float(width) for width in widths if width > 0})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about series too short or not positive; we check results
        try:
            made = model.forecast(y=ask.y, h=ask.horizon, level=levels or None)
        except Exception as exc:  # statsforecast raises bare Exception
            raise ValueError(str(exc)) from exc
    result = np.empty((ask.horizon, len(widths)))
    for i, (q, width) in enumerate(zip(ask.quantiles, widths, strict=True)):
        side = "lo" if q < 0.5 else "hi"
        result[:, i] = made["mean"] if width == 0 else made[f"{side}-{float(width)}"]
    return around(np.asarray(made["mean"], dtype=np.float64), result, ask.quantiles)


def around(centre: FloatArray, made: FloatArray, quantiles: FloatArray) -> FloatArray:
    """Return quantiles `made` (periods, quantiles) with the point forecast `centre` as median.

    Quantiles below 0.5 do not lie above it, nor others below, also where an interval is crooked.
    """
    middle = centre[:, np.newaxis]
    sides = np.where(quantiles < 0.5, np.minimum(made, middle), np.maximum(made, middle))
    return np.where(np.isclose(quantiles, 0.5), middle, sides)


class SES(SeriesModel):
    """Simple exponential smoothing of the seasonally adjusted series, as in the M4 benchmarks.

    The variance k periods ahead is sigma^2 (1 + (k - 1) alpha^2): Hyndman and Athanasopoulos,
    Forecasting: Principles and Practice, table 8.8, ETS(A,N,N).
    """

    def prepared(self, asks: Sequence[Ask]) -> Predict:
        """Smooth all series at once; return where to look up the answer for one of them."""
        factors = [seasonal_factors(ask.y, ask.season) for ask in asks]
        longest = max((len(ask.y) for ask in asks), default=0)
        plain = np.full((len(asks), longest), np.nan)
        for row, ask, factor in zip(plain, asks, factors, strict=True):
            row[longest - len(ask.y) :] = ask.y / repeat_season(factor, 0, len(ask.y))
        found = smoothed(plain)
        place = {id(ask): i for i, ask in enumerate(asks)}

        def look_up(ask: Ask) -> FloatArray:
            i = place[id(ask)]
            growth = np.sqrt(1 + np.arange(ask.horizon) * found.alpha[i] ** 2)
            centre = np.full(ask.horizon, found.level[i])
            made = normal(centre, found.sigma[i] * growth, ask.quantiles)
            season = repeat_season(factors[i], len(ask.y), ask.horizon)
            return np.asarray(made * season[:, np.newaxis])

        return look_up


class Theta(LocalModel):
    """The standard Theta method on the seasonally adjusted series, as in the M4 benchmarks.

    Assimakopoulos and Nikolopoulos, IJF 16 (2000) 521-530.
    """

    def least(self, season: int) -> int:
        """Return how many values a series needs for this model."""
        return 5

    def predict(self, ask: Ask) -> FloatArray:
        """Return (periods, quantiles)."""
        models = statsforecast_models()
        return adjusted(ask, lambda plain: with_intervals(models.Theta(season_length=1), plain))


class DynamicOptimizedTheta(LocalModel):
    """The dynamic optimised Theta model, with statsforecast's own test and adjustment for seasons.

    Fiorucci and others, IJF 32 (2016) 1151-1161.
    """

    def least(self, season: int) -> int:
        """Return how many values a series needs for this model."""
        return 5

    def predict(self, ask: Ask) -> FloatArray:
        """Return (periods, quantiles)."""
        season = _seasons_in(ask, 2)
        return with_intervals(
            statsforecast_models().DynamicOptimizedTheta(season_length=season), ask
        )


class AutoETS(LocalModel):
    """Exponential smoothing in state space form, chosen by AICc among error, trend and season.

    Hyndman and others, IJF 18 (2002) 439-454. A season above 24 is taken out beforehand.
    """

    def least(self, season: int) -> int:
        """Return how many values a series needs for this model."""
        return 5

    def predict(self, ask: Ask) -> FloatArray:
        """Return (periods, quantiles)."""
        models = statsforecast_models()
        if ask.season > LONGEST_ETS_SEASON:
            return adjusted(ask, lambda plain: with_intervals(models.AutoETS(), plain))
        return with_intervals(models.AutoETS(season_length=_seasons_in(ask, 2)), ask)


class AutoCES(LocalModel):
    """Complex exponential smoothing, chosen by AICc among its seasonal forms.

    Svetunkov, Kourentzes and Ord, Naval Research Logistics 69 (2022) 1108-1123.
    """

    def least(self, season: int) -> int:
        """Return how many values a series needs for this model."""
        return 6

    def predict(self, ask: Ask) -> FloatArray:
        """Return (periods, quantiles)."""
        return with_intervals(
            statsforecast_models().AutoCES(season_length=_seasons_in(ask, 2)), ask
        )


class DampedTrend(LocalModel):
    """Holt's method with a damped trend on the seasonally adjusted series, as in M4's benchmarks.

    Gardner and McKenzie, Management Science 31 (1985) 1237-1246.
    """

    def least(self, season: int) -> int:
        """Return how many values a series needs for this model."""
        return 6

    def predict(self, ask: Ask) -> FloatArray:
        """Return (periods, quantiles)."""
        models = statsforecast_models()
        return adjusted(
            ask,
            lambda plain: with_intervals(
                models.AutoETS(season_length=1, model="AAN", damped=True), plain
            ),
        )


class MSTL(LocalModel):
    """Seasons by repeated LOESS, the rest by exponential smoothing; hours have days and weeks.

    Bandara, Hyndman and Bergmeir, International Journal of Operational Research 2025.
    """

    def least(self, season: int) -> int:
        """Return how many values a series needs for this model."""
        return 2 * season + 1 if season > 1 else 5

    def predict(self, ask: Ask) -> FloatArray:
        """Return (periods, quantiles)."""
        models = statsforecast_models()
        seasons = [ask.season, ask.season * 7] if ask.season == 24 else [ask.season]
        seasons = [season for season in seasons if season > 1 and 2 * season < len(ask.y)]
        if not seasons:
            return with_intervals(models.AutoETS(season_length=1, model="ZZN"), ask)
        trend = models.AutoETS(season_length=1, model="ZZN")
        return with_intervals(models.MSTL(season_length=seasons, trend_forecaster=trend), ask)


class SBA(LocalModel):
    """Croston's method with the correction of Syntetos and Boylan, for intermittent demand.

    Syntetos and Boylan, IJF 21 (2005) 303-314. It forecasts a mean rate; its median is that of
    counts around this mean.
    """

    def predict(self, ask: Ask) -> FloatArray:
        """Return (periods, quantiles)."""
        return count_quantiles(statsforecast_models().CrostonSBA(), ask)


class TSB(LocalModel):
    """Teunter, Syntetos and Babai: smooths size and probability of demand, so that items may die.

    EJOR 214 (2011) 606-615, with both parameters at 0.1. It forecasts a mean rate; its median is
    that of counts around this mean.
    """

    def predict(self, ask: Ask) -> FloatArray:
        """Return (periods, quantiles)."""
        return count_quantiles(statsforecast_models().TSB(alpha_d=0.1, alpha_p=0.1), ask)


def _seasons_in(ask: Ask, least: int) -> int:
    """Return the season if `ask.y` has `least` of it and a value more, else 1."""
    return ask.season if len(ask.y) > least * ask.season else 1
