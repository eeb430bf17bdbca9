"""Simulated annealing of job sequences: one machine, permutation flow shop, hybrid flow shop.

An anytime search: it takes a schedule and gives one that costs no more.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from seamline_platform.planning.machines import (
    flow_kernel,
    one_machine_kernel,
    stage_kernel,
)
from seamline_platform.planning.machines.compiling import as_row, seeded
from seamline_platform.planning.machines.decode import decode_permutation
from seamline_platform.planning.machines.problem import (
    MachineProblem,
    MachineSchedule,
    objective_of,
)
from seamline_platform.planning.machines.structure import Shape, shape_of, stages_of
from seamline_platform.planning.scheduler import Run
from seamline_platform.planning.shop.annealing import Budget

CHUNK_WORK: Final = 1_000_000
"""Operations laid out between two looks at the clock."""
SHAPES: Final = (Shape.ONE_MACHINE, Shape.PERMUTATION, Shape.STAGES)


@dataclass(frozen=True, slots=True)
class Searched:
    """The best schedule of a search, what it costs and the moves it took."""

    schedule: MachineSchedule
    cost: int
    moves: int


@dataclass(frozen=True, slots=True)
class _Search:
    """An inner loop with its tables and state, and how its sequences become schedules."""

    kernel: Any
    tables: Any
    state: Any
    decode: Callable[[Sequence[int]], MachineSchedule]
    hot: float
    cold: float
    """Temperatures as shares of the cost per job."""


def anneal(
    problem: MachineProblem, start: MachineSchedule, budget: Budget, run: Run, least: int = 0
) -> Searched:
    """Return the best schedule that annealing finds from `start`; it stops at a cost of `least`.

    Raises:
        ValueError: if the problem has a shape that is not among `SHAPES`.
    """
    found = Searched(start, objective_of(problem, start), 0)
    if len(problem.jobs) < 2 or found.cost <= least:
        return found
    search = _search(problem, ranked_jobs(start))
    kernel, tables, state = search.kernel, search.tables, search.state
    x = seeded(run.seed)
    cost = best = int(kernel.lay_out(tables, state, 0))
    # A move before the clock runs: what is to be compiled is compiled then.
    x, cost, best = kernel.anneal(tables, state, x, cost, best, 1, 1e-6, 1e-6)
    scale = max(best / len(problem.jobs), 1e-3)
    hot, cold = search.hot * scale, search.cold * scale
    began, done = run.cpu(), 0
    chunk = max(CHUNK_WORK // sum(len(job.operations) for job in problem.jobs), 10)
    while best > least and not run.cancelled():
        share = max(done / budget.moves if budget.moves else 0, (run.cpu() - began) / budget.cpu_s)
        if share >= 1:
            break
        moves = min(chunk, budget.moves - done) if budget.moves else chunk
        ahead = min(share + (moves / budget.moves if budget.moves else 0.01), 1.0)
        a, b = (hot * (cold / hot) ** s for s in (share, ahead))
        x, cost, best = kernel.anneal(tables, state, x, cost, best, moves, a, b)
        done += moves
        if best < found.cost:
            found = _found(problem, search, done)
            if run.on_improve is not None:
                run.on_improve(found.schedule, found.cost)
    return Searched(found.schedule, found.cost, done)


def _found(problem: MachineProblem, search: _Search, moves: int) -> Searched:
    schedule = search.decode([int(j) for j in search.state.best])
    return Searched(schedule, objective_of(problem, schedule), moves)


def ranked_jobs(schedule: MachineSchedule) -> list[int]:
    """Return the jobs by the start of their first operation."""
    return sorted(range(len(schedule.starts)), key=lambda j: (schedule.starts[j][0][1], j))


def _search(problem: MachineProblem, jobs: list[int]) -> _Search:
    shape = shape_of(problem)
    if shape is Shape.ONE_MACHINE and _late(problem):
        return _one_machine(problem, jobs)
    if shape in (Shape.ONE_MACHINE, Shape.PERMUTATION):
        return _flow(problem, jobs)
    if shape is Shape.STAGES:
        return _stages(problem, jobs)
    raise ValueError(f"{problem.name} is a shop of the shape {shape!s}: there is no sequence.")


def _one_machine(problem: MachineProblem, jobs: list[int]) -> _Search:
    n = len(jobs)
    tables = one_machine_kernel.Tables(
        duration=as_row([job.work for job in problem.jobs]),
        due=as_row([job.due for job in problem.jobs]),
        weight=as_row([job.weight for job in problem.jobs]),
        release=as_row([job.release for job in problem.jobs]),
        setup=as_row(flat_setups(problem) or [0] * ((n + 1) * n)),
    )
    state = one_machine_kernel.State(
        sequence=as_row(jobs), done=as_row([0] * n), cost=as_row([0] * n),
        trial=as_row([0] * n), best=as_row(jobs),
    )  # fmt: skip
    return _Search(
        one_machine_kernel, tables, state, lambda s: decode_permutation(problem, s), 2.0, 0.02
    )


def _flow(problem: MachineProblem, jobs: list[int]) -> _Search:
    n, m = len(jobs), problem.machines
    tables = flow_kernel.Tables(
        m, int(not _late(problem)),
        as_row([o.shortest for job in problem.jobs for o in job.operations]),
        *_job_rows(problem), as_row(flat_setups(problem)),
    )  # fmt: skip
    state = flow_kernel.State(
        sequence=as_row(jobs), done=as_row([0] * (n * m)), cost=as_row([0] * n),
        rest=as_row([0] * n), now=as_row([0] * m), trial=as_row([0] * n), best=as_row(jobs),
    )  # fmt: skip
    hot, cold = (0.3, 0.003) if _late(problem) else (0.3, 0.03)
    return _Search(flow_kernel, tables, state, lambda s: decode_permutation(problem, s), hot, cold)


def _stages(problem: MachineProblem, jobs: list[int]) -> _Search:
    n, stages = len(jobs), stages_of(problem)
    durations = [[job.operations[k].shortest for job in problem.jobs] for k in range(len(stages))]
    tables = stage_kernel.Tables(
        int(not _late(problem)), as_row([len(machines) for machines in stages]),
        as_row([d for row in durations for d in row]), *_job_rows(problem),
    )  # fmt: skip
    size = n * len(stages)
    state = stage_kernel.State(
        sequence=as_row(jobs), ranked=as_row([0] * n), ready=as_row([0] * n),
        free=as_row([0] * problem.machines), start=as_row([0] * size),
        machine=as_row([0] * size), trial=as_row(jobs), best=as_row(jobs),
    )  # fmt: skip

    def decode(sequence: Sequence[int]) -> MachineSchedule:
        for k, j in enumerate(sequence):
            state.trial[k] = j
        stage_kernel.evaluate(tables, state)
        return MachineSchedule.of(
            [
                [
                    (machines[int(state.machine[k * n + j])], int(state.start[k * n + j]))
                    for k, machines in enumerate(stages)
                ]
                for j in range(n)
            ]
        )

    return _Search(stage_kernel, tables, state, decode, 0.3, 0.03)


def _late(problem: MachineProblem) -> bool:
    return problem.goal == "weighted_tardiness"


def _job_rows(problem: MachineProblem) -> tuple[Any, Any, Any]:
    return (
        as_row([job.due for job in problem.jobs]),
        as_row([job.weight for job in problem.jobs]),
        as_row([job.release for job in problem.jobs]),
    )


def flat_setups(problem: MachineProblem) -> list[int]:
    """Return set-ups by machine, job before (the last: none) and job; nothing without set-ups."""
    if not problem.setups and not problem.first:
        return []
    n = len(problem.jobs)
    flat: list[int] = []
    for machine in range(problem.machines):
        for before in [*range(n), None]:
            flat.extend(problem.setup(machine, before, job) for job in range(n))
    return flat
