"""Signals before a launch (favourites, deposits) as pseudo-observations of a style's level.

What a signal is worth is learned from earlier styles: log signal = log level + log rate + error.
The error is common to all days and regions of a style, so waiting longer does not make a signal
truer than its error variance. A style's signals then correct what analogues say of it as
independent normal observations of the log level: precisions add.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from seamline_platform.demand.frame import FloatArray, Panel
from seamline_platform.demand.stylemap import StyleMap

NAMES: Final = ("favourites", "deposits")
_FEWEST: Final = 5
_PRIOR_VARIANCE: Final = 0.5
_PRIOR_STYLES: Final = 3.0


def before_launch(panel: Panel, styles: StyleMap, name: str) -> FloatArray:
    """Return each style's mean signal per day before its launch, over all regions; NaN if none.

    A signal is told per style and region and stands on the rows of each of its series: it is
    counted once per region.
    """
    if name not in panel.covariates:
        return np.full(len(styles.names), np.nan)
    values = panel.covariates[name][:, : panel.periods]
    day = panel.start + np.arange(values.shape[1])
    early = day[None, :] < styles.launch[styles.of][:, None]
    values = np.where(early, values, np.nan)
    by_region: dict[tuple[int, str], FloatArray] = {}
    told = np.flatnonzero((values > 0).any(axis=1))
    for series in told:
        key = (int(styles.of[series]), styles.region[series])
        by_region.setdefault(key, values[series])
    total = np.zeros((len(styles.names), values.shape[1]))
    for (style, _), row in by_region.items():
        total[style] += np.nan_to_num(row, nan=0.0)
    days = (total > 0).sum(axis=1)
    result: FloatArray = np.where(days > 0, total.sum(axis=1) / np.maximum(days, 1), np.nan)
    return result


@dataclass(frozen=True, slots=True)
class SignalWorth:
    """What a signal is worth: log signal minus log level has this mean and variance."""

    log_rate: float
    variance: float
    styles: int


def learn_worth(signal: FloatArray, log_level: FloatArray, noise: FloatArray) -> SignalWorth | None:
    """Learn from styles with both a signal and a known level; None with fewer than five.

    `noise` is the variance of the error of each log level, which is not the signal's fault. The
    variance is shrunk towards .5 as if three more styles had shown that.
    """
    both = (signal > 0) & np.isfinite(log_level)
    if both.sum() < _FEWEST:
        return None
    gap = np.log(signal[both]) - log_level[both]
    rate = float(np.median(gap))
    spread = float(((gap - rate) ** 2).sum())
    count = int(both.sum())
    own = max((spread - float(noise[both].sum())) / count, 0.02)
    variance = (count * own + _PRIOR_STYLES * _PRIOR_VARIANCE) / (count + _PRIOR_STYLES)
    return SignalWorth(rate, variance, count)


def corrected(
    mean: FloatArray,
    variance: FloatArray,
    signals: Sequence[tuple[FloatArray, SignalWorth]],
) -> tuple[FloatArray, FloatArray]:
    """Return mean and variance of log levels after the signals (unchanged without one)."""
    precision, weighted = 1.0 / variance, mean / variance
    for signal, worth in signals:
        told = signal > 0
        observed = np.log(np.where(told, signal, 1.0)) - worth.log_rate
        precision = precision + np.where(told, 1.0 / worth.variance, 0.0)
        weighted = weighted + np.where(told, observed / worth.variance, 0.0)
    return weighted / precision, 1.0 / precision
