"""Iterated greedy search of permutation flow shops with makespan: an anytime search."""

from typing import Final

from seamline_platform.planning.machines import greedy_kernel
from seamline_platform.planning.machines.annealing import Searched, flat_setups, ranked_jobs
from seamline_platform.planning.machines.compiling import as_row, seeded
from seamline_platform.planning.machines.decode import decode_permutation
from seamline_platform.planning.machines.problem import (
    MachineProblem,
    MachineSchedule,
    objective_of,
)
from seamline_platform.planning.scheduler import Run
from seamline_platform.planning.shop.annealing import Budget

CHUNK_WORK: Final = 500_000
"""Operations looked at between two looks at the clock."""
TAKEN_OUT: Final = 4
TEMPERATURE: Final = 0.5
"""In tenths of the mean duration, as published."""


def iterated_greedy(
    problem: MachineProblem, start: MachineSchedule, budget: Budget, run: Run, least: int = 0
) -> Searched:
    """Return the best schedule found from `start`; it stops at a makespan of `least`.

    A move is a job put at its best place. A budget of moves is overrun by those of one descent.

    Raises:
        ValueError: if the problem is no permutation flow shop with makespan.
    """
    if not problem.permutation or problem.goal != "makespan":
        raise ValueError(f"{problem.name} is no permutation flow shop with makespan.")
    found = Searched(start, objective_of(problem, start), 0)
    n, m = len(problem.jobs), problem.machines
    if n < 2 or found.cost <= least:
        return found
    durations = [o.shortest for job in problem.jobs for o in job.operations]
    tables = greedy_kernel.Tables(
        m, n, as_row(durations), as_row([job.release for job in problem.jobs]),
        as_row(flat_setups(problem)),
    )  # fmt: skip
    jobs = ranked_jobs(start)
    state = greedy_kernel.State(
        as_row(jobs), as_row(jobs), as_row(jobs), as_row(jobs), as_row([0] * (n * m)),
        as_row([0] * (n * m)),
    )  # fmt: skip
    warmth = max(TEMPERATURE * sum(durations) / (10 * n * m), 1e-3)
    cost = best = int(greedy_kernel.heads_and_tails(tables, state.trial, n, state.head, state.tail))
    # No move before the clock runs, but what is to be compiled is compiled.
    x, cost, best, done = greedy_kernel.search(
        tables, state, seeded(run.seed), cost, best, 0, warmth, TAKEN_OUT
    )
    began, chunk = run.cpu(), max(CHUNK_WORK // (n * m), 1)
    while best > least and not run.cancelled():
        used = max(done / budget.moves if budget.moves else 0, (run.cpu() - began) / budget.cpu_s)
        if used >= 1:
            break
        x, cost, best, made = greedy_kernel.search(
            tables, state, x, cost, best, chunk, warmth, TAKEN_OUT
        )
        done += int(made)
        if best < found.cost:
            schedule = decode_permutation(problem, [int(j) for j in state.best])
            found = Searched(schedule, objective_of(problem, schedule), done)
            if run.on_improve is not None:
                run.on_improve(found.schedule, found.cost)
    return Searched(found.schedule, found.cost, int(done))
