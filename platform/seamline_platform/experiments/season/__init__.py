"""A season as an experiment: one market, one seed, one policy, and what came of it."""

from seamline_platform.experiments.season.contract import (
    CAPACITIES,
    INPUTS,
    KNOB_BOUNDS,
    KNOB_GRID,
    KPI_NAMES,
    SCOPES,
    Accounts,
    Capacity,
    Knobs,
    Links,
    Outcome,
    Practices,
    Scope,
    Setting,
)
from seamline_platform.experiments.season.run import (
    ExogenousLayer,
    SeasonRun,
    make_market,
    run_one,
)

__all__ = [
    "CAPACITIES",
    "INPUTS",
    "KNOB_BOUNDS",
    "KNOB_GRID",
    "KPI_NAMES",
    "SCOPES",
    "Accounts",
    "Capacity",
    "ExogenousLayer",
    "Knobs",
    "Links",
    "Outcome",
    "Practices",
    "Scope",
    "SeasonRun",
    "Setting",
    "make_market",
    "run_one",
]
