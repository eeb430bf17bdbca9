"""Simple exponential smoothing of many series at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from seamline_platform.demand.frame import FloatArray

ALPHAS: Final = tuple(np.linspace(0.01, 0.99, 15).tolist())
"""Smoothing parameters tried first; `smoothed` then searches between the best one's neighbours."""
_REFINEMENTS: Final = 3
_REFINED: Final = 7
_BLOCK: Final = 4_096
"""Series worked on together: more do not fit into the processor's cache."""


@dataclass(frozen=True, slots=True)
class Smoothed:
    """One smoothing parameter, final level and error per series.

    `level` is the forecast of every period to come; `sigma` is the root of the mean squared
    one-step error (NaN with fewer than two values).
    """

    alpha: FloatArray
    level: FloatArray
    sigma: FloatArray


def ses_panel(y: FloatArray, alphas: Sequence[float] = ALPHAS) -> Smoothed:
    """Smooth each row of `y` (series, periods) with that of `alphas` which errs least.

    level[t] = level[t-1] + alpha (y[t] - level[t-1]), begun at the first value (Brown, Statistical
    Forecasting for Inventory Control, 1959); least is the mean squared one-step error. NaN leaves
    the level as it is; a row without any number has level NaN.

    Raises:
        ValueError: if `y` is not two-dimensional or an alpha lies outside (0, 1].
    """
    tried = np.asarray(alphas, dtype=np.float64)
    if y.ndim != 2:
        raise ValueError(f"y has {y.ndim} dimensions; expected (series, periods).")
    if not len(tried) or (tried <= 0).any() or (tried > 1).any():
        raise ValueError(f"Smoothing parameters lie inside (0, 1]: {list(alphas)}.")
    parts = [
        _best(y[i : i + _BLOCK], np.repeat(tried[:, None], len(y[i : i + _BLOCK]), axis=1))
        for i in range(0, len(y), _BLOCK)
    ]
    return _joined(parts)


def smoothed(y: FloatArray) -> Smoothed:
    """Smooth each row of `y` with its best parameter of 0.01 to 0.99, to three digits."""
    parts = []
    for i in range(0, len(y), _BLOCK):
        block = y[i : i + _BLOCK]
        step = (ALPHAS[-1] - ALPHAS[0]) / (len(ALPHAS) - 1)
        found = _best(block, np.repeat(np.array(ALPHAS)[:, None], len(block), axis=1))
        for _ in range(_REFINEMENTS):
            around = found.alpha + np.linspace(-step, step, _REFINED)[:, None]
            found = _best(block, np.clip(around, ALPHAS[0], ALPHAS[-1]))
            step *= 2 / (_REFINED - 1)
        parts.append(found)
    return _joined(parts)


def _best(y: FloatArray, alphas: FloatArray) -> Smoothed:
    """Try `alphas` (choices, series); all choices and series take each step in time together."""
    by_time = np.ascontiguousarray(y.T)
    known = ~np.isnan(by_time)
    begun = known.any(axis=0)
    first = np.where(begun, by_time[known.argmax(axis=0), np.arange(len(y))], np.nan)
    whole = bool(known.all())
    level = np.repeat(first[None], len(alphas), axis=0)
    square = np.zeros_like(level)
    error = np.empty_like(level)
    for t in range(len(by_time)):
        np.subtract(by_time[t], level, out=error)
        if not whole:
            error[:, ~known[t]] = 0.0
        # The first value's error is zero, for the level begins there.
        square += error * error
        error *= alphas
        level += error
    best = square.argmin(axis=0)
    row = np.arange(len(y))
    steps = known.sum(axis=0) - 1
    sigma = np.where(steps > 0, np.sqrt(square[best, row] / np.maximum(steps, 1)), np.nan)
    return Smoothed(alphas[best, row], level[best, row], sigma)


def _joined(parts: list[Smoothed]) -> Smoothed:
    if not parts:
        return Smoothed(np.empty(0), np.empty(0), np.empty(0))
    return Smoothed(
        np.concatenate([part.alpha for part in parts]),
        np.concatenate([part.level for part in parts]),
        np.concatenate([part.sigma for part in parts]),
    )
