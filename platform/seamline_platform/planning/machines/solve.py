"""Our solver of machine problems: the best rule, then the search that suits the shop.

One machine, permutation and hybrid flow shops are annealed; job shops, flexible ones too, and all
others go to CP-SAT with the best schedule so far as a complete hint.
"""

from seamline_platform.planning.machines.annealing import SHAPES, anneal
from seamline_platform.planning.machines.cpsat import cpsat_machines, start_of
from seamline_platform.planning.machines.problem import (
    MachineProblem,
    MachineSchedule,
    objective_of,
)
from seamline_platform.planning.machines.pyjobshop import pyjobshop_machines
from seamline_platform.planning.machines.structure import shape_of, simple_bound
from seamline_platform.planning.scheduler import Answer, Run
from seamline_platform.planning.shop.annealing import Budget

__all__ = ["cpsat_machines", "pyjobshop_machines", "solve_machines"]


def solve_machines(problem: MachineProblem, budget: Budget, run: Run) -> Answer:
    """Return the best schedule found, never worse than `run.start` and every dispatch rule.

    A budget of moves alone gives equal answers on every machine. `Answer.optimal` is set where the
    cost meets a bound or CP-SAT has proved it.

    Raises:
        ConfigError: if the shop needs CP-SAT and OR-Tools is not installed.
    """
    if not problem.jobs:
        return Answer(MachineSchedule(()), optimal=True)
    start, bound = _best_start(problem, run), simple_bound(problem)
    if run.on_improve is not None:
        run.on_improve(start, objective_of(problem, start))
    if objective_of(problem, start) <= bound:
        return Answer(start, optimal=True)
    if shape_of(problem) in SHAPES:
        found = anneal(problem, start, budget, run, bound)
        return Answer(found.schedule, moves=found.moves, optimal=found.cost <= bound)
    return cpsat_machines(
        problem, budget, Run(run.cpu, run.seed, start, run.on_improve, run.cancelled), True
    )


def _best_start(problem: MachineProblem, run: Run) -> MachineSchedule:
    """Return the better of the run's start and the best rule."""
    rule = start_of(problem, Run(run.cpu))
    if isinstance(run.start, MachineSchedule):
        return min(run.start, rule, key=lambda schedule: objective_of(problem, schedule))
    return rule
