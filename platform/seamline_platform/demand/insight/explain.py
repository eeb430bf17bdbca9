"""Why a forecast is what it is: what each part of the history brought, in pieces a day.

The forecaster is asked again and again for the same days, with parts of the history taken away
(`parts`), and the difference is shared out among them by their Shapley values: reference and
contributions sum to the forecast. Nothing is asked of the forecaster but `forecast` (and `fit`, if
it has one): a model that learns over all series is fitted once, on the true history.
"""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from seamline_broker.errors import PluginError
from seamline_platform.demand.frame import FloatArray, grid_of
from seamline_platform.demand.frequency import Frequency
from seamline_platform.demand.insight.parts import Parts
from seamline_platform.demand.insight.shapley import Coalition, shapley
from seamline_platform.demand.protocol import Forecaster

BUDGET: Final = 64
SLOW_BUDGET: Final = 14
"""For a forecaster that has to learn anew each time."""
_MEDIAN: Final = (0.5,)


class TooSlowError(PluginError):
    """A model that must learn anew for each question needs too long for each of them."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The median forecast of one series, shared out; arrays have one value per day ahead."""

    unique_id: str
    first_day: int
    reference: FloatArray
    forecast: FloatArray
    contributions: Mapping[str, FloatArray]
    exact: bool
    evaluations: int

    def gap(self) -> float:
        """Return how far reference and contributions are from the forecast: rounding alone."""
        total = self.reference + sum(self.contributions.values(), np.zeros(len(self.reference)))
        return float(np.abs(total - self.forecast).max())


class _Asking:
    """Asks one forecaster for medians, in the cheapest way that gives its own answer."""

    def __init__(self, forecaster: Forecaster, parts: Parts, horizon: int) -> None:
        self._forecaster = forecaster
        self._parts = parts
        self._horizon = horizon
        self._whole = False
        self.budget = BUDGET
        self.first_day = 0

    def prepare(self, history: pa.Table, patience_s: float) -> None:
        """Fit the model if it can be; else find out whether it needs company, and how slow it is.

        A local model forecasts a series alike, alone or in company; a global one does not.
        """
        fit = getattr(self._forecaster, "fit", None)
        if fit is not None:
            fit(history, self._horizon, _MEDIAN)
            return
        everybody = (True,) * len(self._parts.names)
        alone = self._alone(everybody)
        self._whole = True
        start = time.process_time()
        together = self.medians(everybody)
        seconds = time.process_time() - start
        self._whole = alone is None or not np.allclose(alone, together, rtol=1e-6, atol=1e-6)
        if not self._whole:
            return
        self.budget = SLOW_BUDGET
        if seconds > patience_s:
            raise TooSlowError(
                f"{type(self._forecaster).__name__} learns anew for each of some {SLOW_BUDGET} "
                f"questions and needs {seconds:.1f} s for one; {patience_s:g} s are given."
            )

    def _alone(self, coalition: Coalition) -> FloatArray | None:
        """Return the medians from the series alone; None if the model needs company."""
        try:
            return self.medians(coalition)
        except Exception:  # a plug-in may raise anything on one short series
            return None

    def medians(self, coalition: Coalition) -> FloatArray:
        """Return the medians (series, days) of the history with the parts of a coalition."""
        table = self._parts.table(coalition, company=self._whole)
        grid = grid_of(self._forecaster.forecast(table, self._horizon, _MEDIAN), Frequency("D"))
        place = {name: i for i, name in enumerate(grid.ids)}
        self.first_day = grid.first_day
        return grid.values[[place[name] for name in self._parts.ids], :, 0]


def explain(
    forecaster: Forecaster,
    history: pa.Table,
    unique_ids: Sequence[str],
    horizon: int = 14,
    *,
    seed: int = 1,
    patience_s: float = math.inf,
) -> tuple[Explanation, ...]:
    """Return why the median forecasts of some series are what they are, sorted by name.

    Exact where the model answers for a series on its own or has been fitted before; a model that
    must learn anew for each question is asked fewer of them (drawn orders, by `seed`), with some
    other series for company instead of all. All series are asked for in one go, so that many
    cost little more than one.

    Args:
        forecaster: the model; it is fitted if it can be.
        history: the long frame of all series, daily.
        unique_ids: the series to explain.
        horizon: days ahead.
        seed: of drawn orders.
        patience_s: processor seconds that one question may take a model that learns anew.

    Raises:
        ValueError: if a series is not in the history, or the history is not daily.
        TooSlowError: if a question takes longer than `patience_s`.
    """
    parts = Parts(history, unique_ids)
    asking = _Asking(forecaster, parts, horizon)
    asking.prepare(history, patience_s)
    shares = shapley(asking.medians, len(parts.names), asking.budget, seed)
    return tuple(
        Explanation(
            unique_id=name,
            first_day=asking.first_day,
            reference=shares.nobody[i],
            forecast=shares.everybody[i],
            contributions={part: shares.values[p, i] for p, part in enumerate(parts.names)},
            exact=shares.exact,
            evaluations=shares.evaluations,
        )
        for i, name in enumerate(parts.ids)
    )
