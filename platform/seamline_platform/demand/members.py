"""Who takes part in a combination: by kind of data and season, within a budget of CPU seconds."""

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from seamline_platform.demand.frame import Panel
from seamline_platform.demand.gradient_boosting import is_counts

GLOBAL: Final = "HistGradientBoosting"
LOCAL_MEMORY_CYCLES: Final = 6
LOCAL_MEMORY: Final = 320
"""Periods that local members look back at most, unless six seasons are more."""

COSTS_MS: Final[Mapping[str, tuple[float, float]]] = {
    "Naive": (0.01, 0.0),
    "SeasonalNaive": (0.02, 0.0),
    "SES": (0.05, 0.0005),
    "TSB": (0.2, 0.002),
    "SBA": (0.2, 0.002),
    "DampedTrend": (1.0, 0.02),
    "AutoCES": (0.5, 0.08),
    "Theta": (0.5, 0.01),
    "DynamicOptimizedTheta": (0.5, 0.1),
    "AutoETS": (1.0, 0.05),
    "MSTL": (5.0, 0.2),
}
"""Milliseconds of CPU per series: a fixed part, and per value. Measured on M3 and M4 with one
thread; a table, not a stopwatch, so that who takes part does not depend on the load."""
SEASONAL_ETS_FACTOR: Final = 15.0
"""AutoETS with a season tries that many times more work per value."""
NEEDS_BENCH: Final = frozenset(
    {"TSB", "SBA", "DampedTrend", "AutoCES", "Theta", "DynamicOptimizedTheta", "AutoETS", "MSTL"}
)
"""Members that come from statsforecast, extra `bench`."""
_DAY_HOURS: Final = 24


@dataclass(frozen=True, slots=True)
class Cast:
    """The members that take part, and what was left out and why."""

    names: tuple[str, ...]
    notes: tuple[str, ...]


def default_members(panel: Panel, season: int) -> tuple[str, ...]:
    """Return candidates for this kind of data.

    Counts with zeros: models of counts. Long seasons (hours, weeks of a year): those that take
    them. Else the members of M3 and M4 combinations that did well: Theta, CES, damped trend, ETS.
    """
    if is_counts(panel):
        return (GLOBAL, "TSB", "SES", "SeasonalNaive")
    if season >= _DAY_HOURS:
        return (GLOBAL, "MSTL", "SeasonalNaive", "SES")
    return (GLOBAL, "DynamicOptimizedTheta", "AutoCES", "DampedTrend", "AutoETS")


def local_memory(season: int) -> int:
    """Return how many periods local members look back."""
    return max(LOCAL_MEMORY, LOCAL_MEMORY_CYCLES * season * (7 if season == _DAY_HOURS else 1))


def cost_s(name: str, panel: Panel, season: int) -> float:
    """Return the CPU seconds that one forecast of all series takes, by the table."""
    fixed, each = COSTS_MS.get(name, (0.0, 0.0))
    if name == "AutoETS" and season > 1:
        each *= SEASONAL_ETS_FACTOR
    lengths = np.minimum((~np.isnan(panel.y)).sum(axis=1), local_memory(season))
    return float((fixed + each * lengths).sum()) / 1e3


def cast(wanted: Sequence[str], panel: Panel, season: int, budget_s: float) -> Cast:
    """Return who of `wanted` takes part: what is installed and fits into `budget_s` together.

    The dearest go first; the global model and members of unknown cost stay.
    """
    notes = []
    names = list(dict.fromkeys(wanted))
    if importlib.util.find_spec("statsforecast") is None:
        missing = [name for name in names if name in NEEDS_BENCH]
        names = [name for name in names if name not in NEEDS_BENCH]
        if missing:
            notes.append(
                f"{', '.join(missing)} left out: they need statsforecast, "
                "pip install 'seamline[bench]'."
            )
    costs = {name: cost_s(name, panel, season) for name in names}
    for name in sorted(costs, key=lambda n: -costs[n]):
        if sum(costs[n] for n in names) <= budget_s:
            break
        names.remove(name)
        notes.append(
            f"{name} left out: about {costs[name]:.0f} CPU-s for {len(panel.ids)} series, "
            f"the budget for all is {budget_s:g}."
        )
    return Cast(tuple(names), tuple(notes))
