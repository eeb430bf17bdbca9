"""Solvers of schedules behind one door: ours, raw CP-SAT and PyJobShop beside them, and yours."""

from seamline_platform.planning.solvers.load import load_scheduler, scheduler_names
from seamline_platform.planning.solvers.own import Annealing, DispatchRules, Seamline
from seamline_platform.planning.solvers.peers import CpSat, PyJobShop

__all__ = [
    "Annealing",
    "CpSat",
    "DispatchRules",
    "PyJobShop",
    "Seamline",
    "load_scheduler",
    "scheduler_names",
]
