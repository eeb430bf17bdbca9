"""Our solver of machine problems: the best rule, then the search that suits the shop.

Permutation flow shops with makespan get an iterated greedy search; with due dates, like one
machine and hybrid flow shops, they are annealed. Job shops, flexible ones too, get a
tabu search and, in between, CP-SAT, which proves what is already optimal. All others go to CP-SAT,
with the best schedule so far as a complete hint.
"""

import importlib.util
from dataclasses import replace
from typing import Final

from seamline_platform.planning.machines.annealing import SHAPES, anneal
from seamline_platform.planning.machines.cpsat import cpsat_machines, start_of
from seamline_platform.planning.machines.greedy import iterated_greedy
from seamline_platform.planning.machines.problem import (
    MachineProblem,
    MachineSchedule,
    objective_of,
)
from seamline_platform.planning.machines.pyjobshop import pyjobshop_machines
from seamline_platform.planning.machines.structure import Shape, shape_of, simple_bound
from seamline_platform.planning.machines.tabu import MOST_OPERATIONS, tabu_search
from seamline_platform.planning.scheduler import Answer, Run
from seamline_platform.planning.shop.annealing import Budget

__all__ = ["cpsat_machines", "pyjobshop_machines", "solve_machines"]

FIRST_SHARE: Final = 0.05
"""Share of the CPU seconds for a first tabu search, so that CP-SAT gets a good hint."""
PROOF_SHARE: Final = 0.30
"""Share of the CPU seconds for CP-SAT; what is left is for tabu search again."""
_LEAST_CPU_S: Final = 1e-3


def solve_machines(problem: MachineProblem, budget: Budget, run: Run) -> Answer:
    """Return the best schedule found, never worse than `run.start` and every dispatch rule.

    The rules are part of the budget. A budget of moves alone gives equal answers on every machine:
    it goes to local search where there is one. `Answer.optimal` is set where the cost
    meets a bound or CP-SAT has proved it.

    Raises:
        ConfigError: if the shop needs CP-SAT and OR-Tools is not installed.
    """
    if not problem.jobs:
        return Answer(MachineSchedule(()), optimal=True)
    began = run.cpu()
    start, bound = _best_start(problem, run), simple_bound(problem)
    if run.on_improve is not None:
        run.on_improve(start, objective_of(problem, start))
    if objective_of(problem, start) <= bound:
        return Answer(start, optimal=True)
    left = replace(budget, cpu_s=max(budget.cpu_s - (run.cpu() - began), _LEAST_CPU_S))
    shape = shape_of(problem)
    if shape in SHAPES:
        greedy = problem.permutation and problem.goal == "makespan"
        found = (iterated_greedy if greedy else anneal)(problem, start, left, run, bound)
        return Answer(found.schedule, moves=found.moves, optimal=found.cost <= bound)
    operations = sum(len(job.operations) for job in problem.jobs)
    if shape is Shape.JOB_SHOP and operations <= MOST_OPERATIONS:
        return _job_shop(problem, start, left, run, bound)
    return cpsat_machines(problem, left, replace(run, start=start), True)


def _best_start(problem: MachineProblem, run: Run) -> MachineSchedule:
    """Return the better of the run's start and the best rule."""
    rule = start_of(problem, Run(run.cpu))
    if isinstance(run.start, MachineSchedule):
        return min(run.start, rule, key=lambda schedule: objective_of(problem, schedule))
    return rule


def _job_shop(
    problem: MachineProblem, start: MachineSchedule, budget: Budget, run: Run, bound: int
) -> Answer:
    """Tabu search, CP-SAT from its result, tabu search from the better of both."""
    if budget.moves or importlib.util.find_spec("ortools") is None:
        found = tabu_search(problem, start, budget, run, bound)
        return Answer(found.schedule, moves=found.moves, optimal=found.cost <= bound)
    # What is to be compiled is compiled before the clock runs.
    tabu_search(problem, start, Budget(moves=1), Run(run.cpu))
    began = run.cpu()
    found = tabu_search(problem, start, Budget(budget.cpu_s * FIRST_SHARE), run, bound)
    if found.cost <= bound or run.cancelled():
        return Answer(found.schedule, moves=found.moves, optimal=found.cost <= bound)
    proof = cpsat_machines(
        problem, Budget(budget.cpu_s * PROOF_SHARE), replace(run, start=found.schedule), True
    )
    left = budget.cpu_s - (run.cpu() - began)
    if proof.optimal or left <= 0 or not isinstance(proof.solution, MachineSchedule):
        return replace(proof, moves=found.moves)
    last = tabu_search(
        problem, proof.solution, Budget(left), replace(run, seed=run.seed + 1), bound
    )
    return Answer(last.schedule, found.moves + last.moves, proof.ticks, last.cost <= bound)
