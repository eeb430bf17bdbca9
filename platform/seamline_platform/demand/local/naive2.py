"""Naive2: the last value, seasonally adjusted; the yardstick of the M4 competition's OWA."""

from dataclasses import replace

import numpy as np

from seamline_platform.demand.frame import FloatArray
from seamline_platform.demand.local.seasonality import (
    is_seasonal,
    repeat_season,
    seasonal_factors,
)
from seamline_platform.demand.local.series import Ask, LocalModel, Predict, naive_quantiles

__all__ = ["Naive2", "adjusted", "is_seasonal", "seasonal_factors"]


class Naive2(LocalModel):
    """Naive on the series without its season, times the season; Naive where there is none.

    Whether there is a season is the M4 organisers' test at 90 %; factors are those of a classical
    multiplicative decomposition.
    """

    def predict(self, ask: Ask) -> FloatArray:
        """Return (periods, quantiles)."""
        return adjusted(ask, naive_quantiles)


def adjusted(ask: Ask, predict: Predict) -> FloatArray:
    """Return the forecast of the seasonally adjusted series, times the season."""
    factors = seasonal_factors(ask.y, ask.season)
    n = len(ask.y)
    made = predict(replace(ask, y=ask.y / repeat_season(factors, 0, n), season=1))
    result: FloatArray = made * repeat_season(factors, n, ask.horizon)[:, np.newaxis]
    return result
