"""Which models run on which task, and why others do not."""

from dataclasses import replace
from typing import Final

from seamline_platform.demand.protocol import canonical_name, forecaster_names
from seamline_platform.experiments.forecasting.contract import Task, Terms
from seamline_platform.experiments.forecasting.fingerprint import is_shipped

SLOW_FIRST: Final = (
    "Combination", "AutoETS", "MSTL", "AutoCES", "DemandBrain", "DampedTrend",
    "HistGradientBoosting", "Reconciled", "NewStyle", "DynamicOptimizedTheta", "Theta", "SES",
    "SBA", "TSB", "Naive2", "SeasonalNaive", "Naive",
)  # fmt: skip
"""Shipped models, the slow ones first, so that none is left running alone at the end."""
REFERENCES: Final = ("SeasonalNaive", "Naive2")
"""Run on every task: skill and OWA are measured against them."""
QUICK_TASKS: Final = ("m3_monthly", "carparts", "market_mature")
QUICK_NOT: Final = dict.fromkeys(
    ("Combination", "AutoCES"),
    "quick: it trains many models on several origins; it runs in whole runs.",
)
_QUICK_SERIES, _QUICK_DECIDED, _QUICK_ORIGINS = 40, 15, 3


def models_for(
    task: Task, asked: tuple[str, ...], small: bool = False
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return the models that run on a task, and why shipped ones do not; `small`: a quick run.

    Whoever asks for models by name gets them, whatever the task says of them, and the references.
    """
    if asked:
        named = [canonical_name(spec) for spec in asked]
        extra = [name for name in REFERENCES if name not in named]
        return tuple(dict.fromkeys([*named, *extra])), {}
    shipped = [name for name in forecaster_names() if is_shipped(name)]
    ordered = sorted(shipped, key=_place)
    reasons = {**(QUICK_NOT if small else {}), **task.not_for}
    return (
        tuple(name for name in ordered if name not in reasons),
        {name: reason for name, reason in reasons.items() if name in shipped},
    )


def _place(name: str) -> tuple[int, str]:
    return (SLOW_FIRST.index(name) if name in SLOW_FIRST else len(SLOW_FIRST), name)


def quick(task: Task) -> Task:
    """Return a small version of a task: few series, one window, few decisions."""
    fewer = [n for n in (task.accuracy_series, _QUICK_SERIES) if n]
    terms: Terms | None = task.terms
    return replace(
        task,
        title=f"{task.title} (quick: at most {_QUICK_SERIES} series)",
        accuracy_series=0 if task.newest else min(fewer),
        windows=1,
        decision_origins=min(task.decision_origins, _QUICK_ORIGINS) if terms else 0,
        decision_horizon=0,
        max_series=min([n for n in (task.max_series, _QUICK_DECIDED) if n]),
    )
