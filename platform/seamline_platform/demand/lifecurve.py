"""The shape of a style's life, learned from the lives of earlier styles.

Time runs from 0 at the launch to 1 at the planned end. The curve is the mean over styles of what
each sold in a part of its life against its own mean day; it has mean 1.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from seamline_platform.demand.frame import FloatArray
from seamline_platform.demand.stylemap import StyleMap

PARTS: Final = 12
_FEWEST: Final = 3
_PRIOR_STYLES: Final = 1.0
_EVIDENCE: Final = 20.0
"""Pieces in a part of a life that make a style a full witness of it."""


@dataclass(frozen=True, slots=True)
class LifeCurve:
    """Level at the middle of each part of a life, against the life's mean; flat if unknown."""

    shape: FloatArray

    def at(self, share: FloatArray) -> FloatArray:
        """Return the level at `share` of the life; 0 before the launch and after the end."""
        middles = (np.arange(len(self.shape)) + 0.5) / len(self.shape)
        inside = (share >= 0) & (share < 1)
        return np.where(inside, np.interp(share, middles, self.shape), 0.0)


FLAT: Final = LifeCurve(np.ones(PARTS))


def life_share(styles: StyleMap, start: int, periods: int) -> FloatArray:
    """Return how much of its life each style has lived at noon of each day; NaN if it goes on."""
    day = start + np.arange(periods) + 0.5
    share: FloatArray = (day - styles.launch[:, None]) / styles.life[:, None]
    return share


def life_factor(styles: StyleMap, curve: LifeCurve, start: int, periods: int) -> FloatArray:
    """Return the factor of life (styles, days): 1 for styles that go on, 0 before their launch."""
    share = life_share(styles, start, periods)
    going_on = np.isnan(styles.life)[:, None]
    day = start + np.arange(periods)
    launched = ~(day[None, :] < styles.launch[:, None])  # a launch that nobody named is past
    factor: FloatArray = np.where(going_on, launched.astype(np.float64), curve.at(share))
    return factor


def fit_life_curve(sales: FloatArray, expected: FloatArray, share: FloatArray) -> LifeCurve:
    """Learn the curve from sales and what a flat life of one piece a day made one expect.

    Args:
        sales: (styles, days), 0 where nothing could be seen.
        expected: the same, exposure times calendar.
        share: (styles, days) of the life lived; NaN for styles that go on.

    Returns:
        `FLAT` with fewer than three styles of which most of the life was seen.
    """
    part = np.floor(np.nan_to_num(share, nan=-1.0) * PARTS).astype(np.int64)
    sold, due = np.zeros((len(sales), PARTS)), np.zeros((len(sales), PARTS))
    for i in range(PARTS):
        inside = part == i
        sold[:, i] = np.where(inside, sales, 0.0).sum(axis=1)
        due[:, i] = np.where(inside, expected, 0.0).sum(axis=1)
    whole = ((due > 0).mean(axis=1) >= 0.75) & (sold.sum(axis=1) > 0)
    if whole.sum() < _FEWEST:
        return FLAT
    sold, due = sold[whole], due[whole]
    own = sold.sum(axis=1, keepdims=True) / due.sum(axis=1, keepdims=True)
    for _ in range(3):
        mean = np.maximum(own * due, 1e-9)
        weight = mean / (mean + _EVIDENCE)
        seen = (weight * sold / mean).sum(axis=0) + _PRIOR_STYLES
        curve = seen / (weight.sum(axis=0) + _PRIOR_STYLES)
        curve = curve / curve.mean()
        own = sold.sum(axis=1, keepdims=True) / np.maximum(
            (due * curve).sum(axis=1, keepdims=True), 1e-9
        )
    return LifeCurve(curve)
