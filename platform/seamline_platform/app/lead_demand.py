"""Demand over the lead time, as the planner takes it: service quantile and mean per series."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pyarrow as pa

from seamline_platform.demand.frame import FloatArray
from seamline_platform.demand.job import ForecastResult
from seamline_platform.demand.leadtime import LeadTimeDemand, lead_time_demand, moments
from seamline_platform.demand.quantile_table import encoded_ids, numbers

Aggregation = Literal["own sums", "moments, gamma"]
MAX_SUM: Final = 1e10
"""Larger own sums (and what is no number) are not believed: the days are added up instead."""
_TINY: Final = 1e-9


@dataclass(frozen=True, slots=True)
class LeadDemand:
    """What the planner is handed, by series, and how it came from the forecast."""

    level: dict[str, float]
    mean: dict[str, float]
    aggregation: Aggregation


def lead_demand(result: ForecastResult, raw: pa.Table, days: int, service: float) -> LeadDemand:
    """Return demand over the first `days` days at the quantile `service`, and its mean.

    A forecaster's own quantiles of sums are taken where it gave them for this number of days and
    they embrace `service`; else the days are added up (`leadtime`). Own sums know nothing of a
    correction by earlier nights: they are changed in the proportion in which it changes the
    days, added up.

    Args:
        result: the forecast that is used, perhaps corrected.
        raw: the forecast as it left the model.
        days: lead time plus review period.
        service: quantile of demand to be covered.

    Raises:
        ValueError: if the forecast does not reach that far.
    """
    added = lead_time_demand(result.table, days, result.report.correlation)
    own = _own(result.sums, added, days, service)
    if own is None:
        return LeadDemand(added.quantile(service), added.expected(), "moments, gamma")
    level, mean = own
    if raw is not result.table:
        before = lead_time_demand(raw, days, result.report.correlation)
        level = _changed(level, before.quantile(service), added.quantile(service), added.ids)
        mean = _changed(mean, before.expected(), added.expected(), added.ids)
    return LeadDemand(
        dict(zip(added.ids, level.tolist(), strict=True)),
        dict(zip(added.ids, mean.tolist(), strict=True)),
        "own sums",
    )


def _own(
    sums: pa.Table | None, added: LeadTimeDemand, days: int, service: float
) -> tuple[FloatArray, FloatArray] | None:
    """Return the forecaster's own quantile and mean, series as in `added`; None without them."""
    if sums is None or not len(sums):
        return None
    rows = sums.filter(np.asarray(sums["steps"].to_numpy()) == days)
    ids, series = encoded_ids(rows["unique_id"])
    levels, place = np.unique(numbers(rows, "quantile"), return_inverse=True)
    if ids != added.ids or len(levels) < 2 or not levels[0] <= service <= levels[-1]:
        return None
    values = np.full((len(ids), len(levels)), np.nan)
    values[series, place] = numbers(rows, "value")
    if not ((values >= 0) & (values <= MAX_SUM)).all():
        return None
    right = int(np.clip(np.searchsorted(levels, service), 1, len(levels) - 1))
    part = (service - levels[right - 1]) / (levels[right] - levels[right - 1])
    level = values[:, right - 1] * (1 - part) + values[:, right] * part
    return level, moments(levels.tolist(), values)[0]


def _changed(
    own: FloatArray, before: dict[str, float], after: dict[str, float], ids: tuple[str, ...]
) -> FloatArray:
    was, now = (np.array([by[name] for name in ids]) for by in (before, after))
    return np.where(was > _TINY, own * now / np.maximum(was, _TINY), now)
