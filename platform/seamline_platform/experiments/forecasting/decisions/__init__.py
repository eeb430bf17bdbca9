"""What a maker pays with each model's forecasts: one planner, one demand, one valuation."""

from seamline_platform.experiments.forecasting.decisions.demandpath import (
    DemandPath,
    Opening,
    demand_path,
)
from seamline_platform.experiments.forecasting.decisions.flips import rank_flips
from seamline_platform.experiments.forecasting.decisions.grid import sensitivity
from seamline_platform.experiments.forecasting.decisions.ladder import Ladder
from seamline_platform.experiments.forecasting.decisions.ledger import Ledger, keep_ledger
from seamline_platform.experiments.forecasting.decisions.study import Setup, decide

__all__ = [
    "DemandPath",
    "Ladder",
    "Ledger",
    "Opening",
    "Setup",
    "decide",
    "demand_path",
    "keep_ledger",
    "rank_flips",
    "sensitivity",
]
