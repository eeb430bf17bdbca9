"""Quantiles around a mean rate, which is all that Croston's family forecasts."""

import warnings
from typing import Any

import numpy as np

from seamline_platform.demand.frame import FloatArray
from seamline_platform.demand.local.series import Ask


def count_quantiles(model: Any, ask: Ask) -> FloatArray:
    """Return (periods, quantiles) of demand around the mean of a statsforecast model.

    Whole, non-negative numbers: a negative binomial distribution with the forecast as mean and the
    mean squared one-step error as variance, at least that of a Poisson count (Snyder, Ord and
    Beaumont, IJF 28 (2012) 485-496). Other numbers: the forecast plus quantiles of past errors.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            made = model.forecast(y=ask.y, h=ask.horizon, fitted=True)
        except Exception as exc:  # statsforecast raises bare Exception
            raise ValueError(str(exc)) from exc
    mean = float(made["mean"][0])
    errors = ask.y - made["fitted"]
    errors = errors[np.isfinite(errors)]
    if not np.isfinite(mean) or len(errors) < 2:
        raise ValueError("no mean rate could be estimated")
    if (ask.y < 0).any() or (ask.y % 1 != 0).any():
        row = mean + np.quantile(errors, ask.quantiles)
    else:
        row = _negative_binomial(max(mean, 0.0), float(np.mean(errors**2)), ask.quantiles)
    return np.tile(row, (ask.horizon, 1))


def _negative_binomial(mean: float, variance: float, quantiles: FloatArray) -> FloatArray:
    from scipy.stats import nbinom, poisson

    if mean <= 0.0:
        return np.zeros(len(quantiles))
    if variance <= mean * 1.001:
        return np.asarray(poisson.ppf(quantiles, mean), dtype=np.float64)
    success = mean / variance
    return np.asarray(nbinom.ppf(quantiles, mean * success / (1 - success), success), float)
