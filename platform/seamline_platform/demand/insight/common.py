"""What moves all styles alike, taken out of the sales of each: weekday, offers, the market itself.

One pass from the first day to the last, so that what is said of a day never rests on a later one.
For style s on day t the expected sales are

    level[s] x open_share[s, t] x weekday x offer x market[s, t]

`level` is the style's own running rate (memory about four weeks). `weekday` and `offer` are learned
over all styles. `market` is what all *other* styles did that day against what was expected of them:
a festival, a cold week, the new year's silence. Others that run wild that day count as the
middle one, so that one style's boom does not look like everybody else's fall.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from seamline_platform.demand.frame import FloatArray, IntArray
from seamline_platform.demand.insight.style_days import OFFERS, StyleDays

WEEK: Final = 7
LEVEL_DAYS: Final = 28.0
SETTLED_DAYS: Final = 14
"""A style younger than this says nothing about the market, and is not cut at its own level."""
SPREAD_LAG: Final = 21
"""Days before a day's spread is believed: a change must not hide itself by looking like noise."""
_LATELY: Final = 5
_SLOW: Final = 0.97
_POOL_PIECES: Final = 20.0
_WEIGHT_LIMIT: Final = 0.25
_CUT: Final = 3.0
_ALIKE: Final = 0.1
"""Standard deviation by which styles answer a common day differently; beyond three: not common."""
_TOO_CLOSED: Final = 0.1
_LOW_MEAN: Final = 0.2


@dataclass(frozen=True, slots=True)
class Adjusted:
    """Sales against what exposure they had; arrays are (styles, days).

    `sold / exposure` is the style's own rate. `cut` are the sales with single wild days (a
    livestream) held at three standard deviations over the style's level, of four weeks or of the
    last days. `spread` is the variance of a day in units of a Poisson count's (1 = as even as
    chance allows), as it was known that day.
    """

    styles: tuple[str, ...]
    first_day: int
    sold: FloatArray
    cut: FloatArray
    exposure: FloatArray
    spread: FloatArray


class _State:
    """Sums that the pass carries from day to day."""

    def __init__(self, styles: int) -> None:
        self.sold = np.zeros(styles)
        self.exposure = np.zeros(styles)
        self.age = np.zeros(styles)
        self.weekday = np.full((2, WEEK), _POOL_PIECES)
        self.offer = np.full((2, len(OFFERS)), _POOL_PIECES)
        self.squares = np.zeros(styles)
        self.square_days = np.zeros(styles)
        self.excess = np.array([0.0, _POOL_PIECES**2])
        self.rates = np.zeros((styles, _LATELY))

    def level(self) -> FloatArray:
        result: FloatArray = self.sold / np.maximum(self.exposure, 1e-9)
        return result

    def lately(self, sold: FloatArray, exposure: FloatArray) -> FloatArray:
        """Take the rate of today and return the middle one of the last days: of a new level."""
        there = exposure > 0
        rate = np.where(there, sold / np.maximum(exposure, 1e-9), 0.0)
        moved = np.concatenate([self.rates[:, 1:], rate[:, None]], axis=1)
        self.rates = np.where(there[:, None], moved, self.rates)
        result: FloatArray = np.median(self.rates, axis=1)
        return result

    def weekdays(self) -> FloatArray:
        ratio = self.weekday[0] / self.weekday[1]
        result: FloatArray = ratio / ratio.mean()
        return result

    def offers(self) -> FloatArray:
        ratio = self.offer[0] / self.offer[1]
        ratio[0] = 1.0
        result: FloatArray = ratio
        return result

    def usual_spread(self, mean: FloatArray) -> FloatArray:
        """Return the spread that all styles together let expect at `mean` pieces: 1 + mean / k."""
        result: FloatArray = 1.0 + mean * max(self.excess[0], 0.0) / self.excess[1]
        return result

    def spread(self, mean: FloatArray) -> FloatArray:
        """Return each style's spread, drawn towards the usual one where it has few days."""
        usual = self.usual_spread(mean)
        own = (self.squares + usual * SPREAD_LAG) / (self.square_days + SPREAD_LAG)
        return np.maximum(own, 1.0)


def adjust(days: StyleDays) -> Adjusted:
    """Return the sales with everything taken out that moves all styles alike."""
    state = _State(len(days.styles))
    shape = days.sold.shape
    cut, exposure, spread, squares = (np.zeros(shape) for _ in range(4))
    for t in range(days.days):
        opened = np.where(days.open_share[:, t] < _TOO_CLOSED, 0.0, days.open_share[:, t])
        sold = np.where(opened > 0, days.sold[:, t], 0.0)
        weekday = (days.first_day + t) % WEEK
        offer = days.offer[:, t]
        known = opened * state.weekdays()[weekday] * state.offers()[offer]
        settled = (state.age >= SETTLED_DAYS) & (opened > 0)
        expected = np.where(settled, state.level() * known, 0.0)
        market = _market(sold, expected)
        exposure[:, t] = known * market
        mean = state.level() * exposure[:, t]
        spread[:, t] = state.spread(mean)
        usual = np.maximum(mean, state.lately(sold, exposure[:, t]) * exposure[:, t])
        limit = usual + _CUT * np.sqrt(spread[:, t] * np.maximum(usual, 1.0))
        cut[:, t] = np.where(settled, np.minimum(sold, limit), sold)
        squares[:, t] = _squares(state, sold, mean, settled)
        _learn(state, sold, cut[:, t], exposure[:, t], expected, market, weekday, offer)
        if t >= SPREAD_LAG:
            past = squares[:, t - SPREAD_LAG]
            state.squares += np.nan_to_num(past)
            state.square_days += ~np.isnan(past)
    sold = np.where(exposure > 0, days.sold, 0.0)
    return Adjusted(days.styles, days.first_day, sold, cut, exposure, spread)


def _squares(
    state: _State, sold: FloatArray, mean: FloatArray, settled: npt.NDArray[np.bool_]
) -> FloatArray:
    """Return squared errors over their mean, wild ones held; learn the common part at once.

    The common part (variance = mean + mean^2 / k, one k for all) is safe to learn at once: one
    style's change hardly moves it. A style's own part waits `SPREAD_LAG` days.
    """
    seen = settled & (mean > _LOW_MEAN)
    safe = np.where(seen, mean, 1.0)
    limit = _CUT**2 * state.usual_spread(safe)
    square = np.minimum((sold - safe) ** 2 / safe, limit)
    state.excess *= _SLOW
    state.excess += (((square - 1.0) * safe)[seen].sum(), (safe**2)[seen].sum())
    return np.where(seen, square, np.nan)


def _market(sold: FloatArray, expected: FloatArray) -> FloatArray:
    """Return for each style how all others did, against what was expected of them; 1 if alone."""
    some = expected > 0
    if not some.any():
        return np.ones(len(sold))
    ratio = np.where(some, sold / np.maximum(expected, 1e-9), 1.0)
    weight = np.minimum(expected, _WEIGHT_LIMIT * expected.sum())
    middle = _weighted_median(ratio[some], weight[some])
    width = _CUT * np.sqrt(max(middle, 0.1) / np.maximum(expected, 0.1) + (_ALIKE * middle) ** 2)
    held = np.where(np.abs(ratio - middle) > width, middle, ratio) * weight
    others = held.sum() - held + _POOL_PIECES
    result: FloatArray = others / (weight.sum() - weight + _POOL_PIECES)
    return result


def _weighted_median(values: FloatArray, weights: FloatArray) -> float:
    order = np.argsort(values)
    half = np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2)
    return float(values[order][min(int(half), len(values) - 1)])


def _learn(
    state: _State,
    sold: FloatArray,
    cut: FloatArray,
    exposure: FloatArray,
    expected: FloatArray,
    market: FloatArray,
    weekday: int,
    offer: IntArray,
) -> None:
    keep = 1.0 - 1.0 / LEVEL_DAYS
    there = exposure > 0
    state.sold = np.where(there, keep * state.sold + cut, state.sold)
    state.exposure = np.where(there, keep * state.exposure + exposure, state.exposure)
    state.age += there
    settled = expected > 0
    if not settled.any():
        return
    was = expected.sum() / state.weekdays()[weekday]
    state.weekday[:, weekday] = _SLOW * state.weekday[:, weekday] + (cut[settled].sum(), was)
    plain = expected * market / state.offers()[offer]
    for kind in range(1, len(OFFERS)):
        mine = settled & (offer == kind)
        if mine.any():
            state.offer[:, kind] += (sold[mine].sum(), plain[mine].sum())
