"""What the learner sees of each series, origin and horizon: a table of numbers, all at once.

A row asks: standing at the end of period `origin`, what will series `s` be `h` periods later?
Values are divided by the series' own level or spread, so that one model serves all series.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from seamline_platform.demand.frame import FloatArray, IntArray, Panel
from seamline_platform.demand.history_sums import HistorySums, mean_of_known
from seamline_platform.demand.known_ahead import PriceAndPromo, Vocabulary, value_at

Bools = npt.NDArray[np.bool_]

WINDOWS: Final[Mapping[str, tuple[int, int]]] = {
    "h": (24, 168),
    "D": (7, 28),
    "W": (4, 13),
    "MS": (3, 12),
    "QS": (2, 8),
    "YS": (2, 5),
    "int": (4, 13),
}
"""Periods of the short and the long mean that features of counts look at."""
RECENT: Final = 4
"""Last values that are features by themselves, where days of a week do not blur them."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Features, and for training what to learn: `y` = (value - base) / scale, NaN if unknown."""

    x: FloatArray
    base: FloatArray
    scale: FloatArray
    y: FloatArray


@dataclass(frozen=True, slots=True)
class Outlook:
    """What features are made of: cycles, codes of attributes, covariates known ahead."""

    cycles: tuple[int, ...]
    vocabulary: Vocabulary
    covariates: tuple[str, ...]
    anchor: int = 0
    """What continuous values are measured from: the last value (0), or that of one cycle before."""


class FeatureMaker(ABC):
    """Computes rows for many (series, origin, horizon) at once; kinds of features are subclasses.

    `names` are the names of the columns; the last `len(vocabulary.codes)` are categories.
    """

    def __init__(self, panel: Panel, outlook: Outlook) -> None:
        self._panel = panel
        self._outlook = outlook
        self._sums = HistorySums(panel.demand())
        self._offers = PriceAndPromo(panel)
        self._codes = outlook.vocabulary.coded(panel)
        self.names: tuple[str, ...] = ()

    def rows(self, series: IntArray, origin: IntArray, horizon: IntArray) -> Rows:
        """Return features for target period `origin + horizon` (columns of the panel).

        `y` is NaN where the target is not known; nothing later than `origin` is used but calendar,
        price, promotions and covariates that are known in advance.
        """
        base, scale, columns = self._columns(series, origin, horizon)
        columns |= self._calendar(origin + horizon)
        columns |= self._known_ahead(series, origin + horizon)
        self.names = (*columns, *self._outlook.vocabulary.codes)
        x = np.column_stack([*columns.values(), self._codes[series]])
        target = self._sums.at(series, origin + horizon)
        return Rows(x, base, scale, (target - base) / scale)

    def categorical(self) -> Bools:
        """Return which feature columns are categories."""
        codes = len(self._outlook.vocabulary.codes)
        return np.array([False] * (len(self.names) - codes) + [True] * codes)

    @abstractmethod
    def _columns(
        self, series: IntArray, origin: IntArray, horizon: IntArray
    ) -> tuple[FloatArray, FloatArray, dict[str, FloatArray]]:
        """Return base, scale and the features that come from the history."""

    def _calendar(self, target: IntArray) -> dict[str, FloatArray]:
        period = self._panel.start + target
        return {f"of_{c}": (period % c).astype(np.float64) for c in self._outlook.cycles}

    def _known_ahead(self, series: IntArray, target: IntArray) -> dict[str, FloatArray]:
        return {
            name: value_at(self._panel.covariates[name], series, target)
            if name in self._panel.covariates
            else np.full(len(series), np.nan)
            for name in self._outlook.covariates
        }


class CountFeatures(FeatureMaker):
    """Features of counts with a mass at zero: values divided by their recent level, from zero."""

    def _columns(
        self, series: IntArray, origin: IntArray, horizon: IntArray
    ) -> tuple[FloatArray, FloatArray, dict[str, FloatArray]]:
        short, long = WINDOWS[self._panel.freq.name]
        sums = self._sums
        mean_long = sums.mean(series, origin, long)
        mean_short = sums.mean(series, origin, short)
        level = np.maximum(mean_long, 0.0) + 0.5
        target = origin + horizon
        columns = {"horizon": horizon.astype(np.float64)}
        columns |= self._lags(series, origin, target, level)
        columns |= {
            "mean_short": mean_short / level,
            "trend": (mean_short - mean_long) / level,
            "spread": sums.spread(series, origin, long) / level,
            "zero_share": sums.zero_share(series, origin, long),
            "level": np.log(level),
            "promo": self._offers.promo_at(series, target),
            "promo_share": self._promo_share(series, origin, short),
            "price_ratio": self._offers.price_at(series, target),
        }
        return np.zeros(len(series)), level, columns

    def _lags(
        self, series: IntArray, origin: IntArray, target: IntArray, level: FloatArray
    ) -> dict[str, FloatArray]:
        """Return values of the target's place in the cycle, and the last values but of days."""
        columns: dict[str, FloatArray] = {}
        for cycle in self._outlook.cycles[:1]:
            back = target - ((target - origin + cycle - 1) // cycle) * cycle
            lags = [self._sums.at(series, back - k * cycle) / level for k in range(4)]
            columns |= {"lag_1": lags[0], "lag_2": lags[1], "lag_mean": mean_of_known(lags)}
        if self._panel.freq.name != "D":
            for k in range(RECENT):
                columns[f"last_{k}"] = self._sums.at(series, origin - k) / level
            wide = 4 * WINDOWS[self._panel.freq.name][1]
            columns["mean_wide"] = self._sums.mean(series, origin, wide) / level
        return columns

    def _promo_share(self, series: IntArray, origin: IntArray, short: int) -> FloatArray:
        known = [self._offers.promo_at(series, np.maximum(origin - k, 0)) for k in range(short)]
        inside = [(origin - k >= 0).astype(np.float64) for k in range(short)]
        total = np.sum([value * seen for value, seen in zip(known, inside, strict=True)], axis=0)
        return np.asarray(total / np.maximum(np.sum(inside, axis=0), 1.0))
