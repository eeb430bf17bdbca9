"""Why a forecast is what it is: what each part of the history brought, in pieces a day.

The forecaster is asked again and again for the same days, with parts of the history taken away
(`parts`), and the difference is shared out among them by their Shapley values: reference and
contributions sum to the forecast. Nothing is asked of the forecaster but `forecast` (and `fit`, if
it has one): a model that learns over all series is fitted once, on the true history.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from seamline_platform.demand.frame import FloatArray, grid_of
from seamline_platform.demand.frequency import Frequency
from seamline_platform.demand.insight.parts import Parts
from seamline_platform.demand.insight.shapley import Coalition, shapley
from seamline_platform.demand.protocol import Forecaster

BUDGET: Final = 64
SLOW_BUDGET: Final = 14
"""For a forecaster that has to learn anew each time."""
_MEDIAN: Final = (0.5,)


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

    def __init__(self, forecaster: Forecaster, history: pa.Table, parts: Parts, horizon: int):
        self._forecaster = forecaster
        self._parts = parts
        self._horizon = horizon
        everybody = (True,) * len(parts.names)
        fit = getattr(forecaster, "fit", None)
        if fit is not None:
            fit(history, horizon, _MEDIAN)
        self._whole = False
        alone = self.medians(everybody) if fit is not None else self._alone(everybody)
        if fit is None:
            self._whole = True
            together = self.medians(everybody)
            # A local model forecasts a series alike, alone or in company; a global one does not.
            self._whole = alone is None or not np.allclose(alone, together, rtol=1e-6, atol=1e-6)
        self.budget = SLOW_BUDGET if self._whole else BUDGET
        self.first_day = self._first_day

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
        self._first_day = grid.first_day
        return grid.values[[place[name] for name in self._parts.ids], :, 0]


def explain(
    forecaster: Forecaster,
    history: pa.Table,
    unique_ids: Sequence[str],
    horizon: int = 14,
    *,
    seed: int = 1,
) -> tuple[Explanation, ...]:
    """Return why the median forecasts of some series are what they are, sorted by name.

    Exact where the model answers for a series on its own or has been fitted before; a model that
    must learn anew for each question is asked fewer of them (drawn orders, by `seed`), with some
    other series for company instead of all. All series
    are asked for in one go, so that many cost little more than one.

    Args:
        forecaster: the model; it is fitted if it can be.
        history: the long frame of all series, daily.
        unique_ids: the series to explain.
        horizon: days ahead.
        seed: of drawn orders.

    Raises:
        ValueError: if a series is not in the history, or the history is not daily.
    """
    parts = Parts(history, unique_ids)
    asking = _Asking(forecaster, history, parts, horizon)
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
