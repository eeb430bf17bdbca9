"""Runs CP-SAT within a budget of CPU seconds and keeps the incumbent outside the solver."""

import math
import threading
from collections.abc import Callable
from typing import Any, Final

from seamline_broker.errors import ConfigError
from seamline_platform.planning.machines.problem import (
    MachineProblem,
    MachineSchedule,
    objective_of,
)
from seamline_platform.planning.scheduler import Answer, Run
from seamline_platform.planning.shop.annealing import Budget

WORKERS: Final = 2
MOVES_PER_TICK: Final = 20_000
"""Moves that count as one deterministic second, where a budget names moves."""
LOOK_EVERY_S: Final = 0.02

Value = Callable[[Any], int]
Extract = Callable[[Value], MachineSchedule]
"""Reads a schedule out of the solver's values."""


def cp_model() -> Any:
    """Return the module of CP-SAT.

    Raises:
        ConfigError: if OR-Tools is not installed.
    """
    try:
        from ortools.sat.python import cp_model as module
    except ImportError as exc:
        raise ConfigError(
            "CP-SAT needs OR-Tools, which is not installed: pip install 'seamline[solve]'."
        ) from exc
    return module


def drive(
    problem: MachineProblem,
    model: Any,
    extract: Extract,
    budget: Budget,
    run: Run,
    spent_cpu_s: float,
    *,
    workers: int = WORKERS,
) -> Answer:
    """Solve `model` and return the best of `run.start` and what was found.

    CPU seconds are those of the process, so the solver's threads are summed; `spent_cpu_s` of them
    went into building. A thread looks at the timer and ends the search: a little more than the
    budget is used. Where a budget names moves, one worker runs for as many deterministic seconds
    as they stand for, and equal budgets give equal results.
    """
    cp = cp_model()
    solver = cp.CpSolver()
    solver.parameters.num_workers = 1 if budget.moves else workers
    solver.parameters.random_seed = run.seed
    if budget.moves:
        solver.parameters.max_deterministic_time = max(budget.moves / MOVES_PER_TICK, 1e-3)
    incumbent = _Incumbent(problem, run)
    callback = _callback(cp, incumbent, extract)
    status = _watched(solver, model, callback, budget.cpu_s - spent_cpu_s, run)
    if status is None:
        return Answer(incumbent.schedule)
    if status in (cp.OPTIMAL, cp.FEASIBLE):
        incumbent.take(extract(solver.value))
    return Answer(
        incumbent.schedule,
        ticks=float(solver.response_proto.deterministic_time),
        optimal=status == cp.OPTIMAL,
    )


class _Incumbent:
    """The best schedule so far; it begins with the start that was handed in."""

    def __init__(self, problem: MachineProblem, run: Run) -> None:
        self._problem, self._run = problem, run
        start = run.start
        self.schedule = start if isinstance(start, MachineSchedule) else None
        self.cost: float = (
            math.inf if self.schedule is None else objective_of(problem, self.schedule)
        )

    def take(self, schedule: MachineSchedule) -> None:
        """Keep `schedule` if it costs less."""
        cost = objective_of(self._problem, schedule)
        if cost < self.cost:
            self.schedule, self.cost = schedule, cost
            if self._run.on_improve is not None:
                self._run.on_improve(schedule, cost)


def _callback(cp: Any, incumbent: _Incumbent, extract: Extract) -> Any:
    class OnSolution(cp.CpSolverSolutionCallback):  # type: ignore[misc]
        def on_solution_callback(self) -> None:
            incumbent.take(extract(self.value))

    return OnSolution()


def _watched(solver: Any, model: Any, callback: Any, cpu_s: float, run: Run) -> Any:
    """Solve while a thread looks whether CPU seconds are used up or the run is cancelled.

    Returns the solver's status, or None if there was no time to begin.
    """
    if cpu_s <= 0 or run.cancelled():
        return None
    over = threading.Event()
    began = run.cpu()

    def watch() -> None:
        while not over.wait(LOOK_EVERY_S):
            if run.cpu() - began >= cpu_s or run.cancelled():
                solver.stop_search()

    watcher = threading.Thread(target=watch, name="cpsat-budget", daemon=True)
    watcher.start()
    try:
        return solver.solve(model, callback)
    finally:
        over.set()
        watcher.join()
