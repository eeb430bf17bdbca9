"""Quantiles from the style model: its means ahead, and how far off its means were before.

The scatter comes from rolling origins, one a week, back from the last day: at each, levels are what
was believed then. Calendar, shares and life curve are those of the whole history: so their errors
are a little too small there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from seamline_platform.demand.frame import FloatArray, Panel
from seamline_platform.demand.predictive import PastWindows, Scatter, fit_scatter
from seamline_platform.demand.stylemodel import StyleModel, fit_style_model, open_sales

ORIGINS: Final = 10
_LEAST_DAYS: Final = 28
"""History before the first rolling origin."""


@dataclass(frozen=True, slots=True)
class _Origin:
    """What was expected, seen and in stock at one origin: arrays (series, days)."""

    mean: FloatArray
    sold: FloatArray
    in_stock: FloatArray
    doubt: FloatArray

    def window(self, first: int, last: int) -> PastWindows:
        """Return the window of days `first` to `last` (not included) after the origin."""
        part = slice(first, last)
        return PastWindows(
            (self.mean[:, part] * self.in_stock[:, part]).sum(axis=1),
            self.doubt,
            self.sold[:, part].sum(axis=1),
        )


class StyleCast:
    """The style model of one panel, asked for days and for sums of days."""

    def __init__(self, panel: Panel, horizon: int, seed: int = 7) -> None:
        self.panel, self.horizon, self._seed = panel, horizon, seed
        self.model: StyleModel = fit_style_model(panel, horizon)
        belief = self.model.belief(panel.periods)
        self.mean = self.model.means(belief, panel.periods, horizon)
        self.doubt = (1.0 / belief.alpha)[self.model.styles.of]
        self._origins = self._earlier()

    def _earlier(self) -> list[_Origin]:
        sold, in_stock = open_sales(self.panel)
        found = []
        step = self.model.block
        for back in range(ORIGINS):
            end = self.panel.periods - self.horizon - back * step
            if end < _LEAST_DAYS:
                break
            belief = self.model.belief(end)
            part = slice(end, end + self.horizon)
            doubt = (1.0 / belief.alpha)[self.model.styles.of]
            mean = self.model.means(belief, end, self.horizon)
            found.append(_Origin(mean, sold[:, part], in_stock[:, part], doubt))
        return found

    def daily(self, quantiles: Sequence[float]) -> FloatArray:
        """Return quantiles of each day (series, horizon, quantiles)."""
        step = self.model.block
        result = np.empty((*self.mean.shape, len(quantiles)))
        for first in range(0, self.horizon, step):
            last = min(first + step, self.horizon)
            days = [(day, day + 1) for day in range(first, last)]
            scatter = self._scatter(days)
            for day in range(first, last):
                result[:, day] = scatter.quantiles(self.mean[:, day], self.doubt, quantiles)
        return result

    def sums(self, steps: Sequence[int], quantiles: Sequence[float]) -> FloatArray:
        """Return quantiles of the sum over the first `steps` days (series, steps, quantiles)."""
        result = np.empty((len(self.mean), len(steps), len(quantiles)))
        for i, count in enumerate(steps):
            scatter = self._scatter([(0, count)])
            total = self.mean[:, :count].sum(axis=1)
            result[:, i] = scatter.quantiles(total, self.doubt, quantiles)
        return result

    def _scatter(self, windows: Sequence[tuple[int, int]]) -> Scatter:
        """Return the scatter over these windows (first, last) of all earlier origins together."""
        past = [origin.window(*window) for origin in self._origins for window in windows]
        together = PastWindows(
            *(
                np.concatenate([getattr(part, name) for part in past]) if past else np.empty(0)
                for name in ("mean", "doubt", "sold")
            )
        )
        return fit_scatter(together, np.random.default_rng(self._seed))
