"""Raw CP-SAT on machine problems: cold, or from the start that the run hands in."""

from typing import Any

from seamline_platform.planning.machines.cpsat_driver import WORKERS, cp_model, drive
from seamline_platform.planning.machines.cpsat_model import MachineModel, too_large
from seamline_platform.planning.machines.dispatching import best_rule
from seamline_platform.planning.machines.problem import (
    MachineProblem,
    MachineSchedule,
    objective_of,
)
from seamline_platform.planning.scheduler import Answer, Run
from seamline_platform.planning.shop.annealing import Budget


def cpsat_machines(
    problem: MachineProblem, budget: Budget, run: Run, hint: bool, *, workers: int = WORKERS
) -> Answer:
    """Return what CP-SAT finds; building the model counts.

    With `hint` it begins with `run.start`, or the best dispatch rule if there is none, given as a
    complete hint, and the answer is never worse. Without it CP-SAT starts cold, whatever
    `run.start` is, and the answer may be empty. Problems too large for a model
    (`cpsat_model.too_large`) are answered by the start, or by nothing.

    Raises:
        ConfigError: if OR-Tools is not installed.
    """
    cp, began = cp_model(), run.cpu()
    start = start_of(problem, run) if hint else None
    run = Run(run.cpu, run.seed, start, run.on_improve, run.cancelled)
    if too_large(problem) or not problem.jobs:
        return Answer(start)
    model = _built(problem, cp, start)
    return drive(
        problem, model.model, model.read, budget, run, run.cpu() - began, workers=workers
    )  # fmt: skip


def start_of(problem: MachineProblem, run: Run) -> MachineSchedule:
    """Return the schedule a search begins with: the run's, or that of the best rule."""
    if isinstance(run.start, MachineSchedule):
        return run.start
    return best_rule(problem).schedule


def _built(problem: MachineProblem, cp: Any, start: MachineSchedule | None) -> MachineModel:
    if start is None:
        return MachineModel(problem, cp)
    model = MachineModel(problem, cp, objective_of(problem, start))
    model.hint(start)
    return model
