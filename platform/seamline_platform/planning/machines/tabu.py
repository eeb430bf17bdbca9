"""Tabu search for job shops and flexible job shops with makespan: an anytime search."""

from typing import Any, Final

from seamline_platform.planning.machines import tabu_graph, tabu_kernel
from seamline_platform.planning.machines.annealing import Searched
from seamline_platform.planning.machines.compiling import as_row, seeded
from seamline_platform.planning.machines.decode import sequences_of
from seamline_platform.planning.machines.problem import (
    MachineProblem,
    MachineSchedule,
    objective_of,
)
from seamline_platform.planning.scheduler import Run
from seamline_platform.planning.shop.annealing import Budget

CHUNK_WORK: Final = 200_000
"""Operations measured between two looks at the clock."""
PATIENCE: Final = 8_000
"""Moves without an improvement after which the search begins at its best again, shaken."""
MOST_OPERATIONS: Final = 3_000
"""Operations up to which the search is worth its memory (the square of them)."""


def tabu_search(
    problem: MachineProblem, start: MachineSchedule, budget: Budget, run: Run, least: int = 0
) -> Searched:
    """Return the best schedule that tabu search finds from `start`; it stops at `least`.

    Raises:
        ValueError: if the problem has set-ups or another goal than the makespan.
    """
    if problem.setups or problem.first or problem.goal != "makespan" or problem.permutation:
        raise ValueError(f"{problem.name}: tabu search knows makespan without set-ups only.")
    found = Searched(start, objective_of(problem, start), 0)
    if found.cost <= least:
        return found
    tables, state = _tables(problem), _state(problem, start)
    best, memory, counts = _state(problem, start), _memory(tables), as_row([0, 0])
    makespan = int(tabu_graph.measure(tables, state))
    tabu_graph.copy_solution(state, best)
    lowest, x = makespan, seeded(run.seed)
    # A move before the clock runs: what is to be compiled is compiled then.
    x, makespan, lowest = tabu_kernel.search(
        tables, state, best, memory, counts, x, makespan, lowest, 1, PATIENCE
    )
    began, done = run.cpu(), 1
    chunk = max(CHUNK_WORK // len(state.head), 10)
    while not run.cancelled():
        if lowest < found.cost:
            found = Searched(_schedule(problem, best), int(lowest), done)
            if run.on_improve is not None:
                run.on_improve(found.schedule, found.cost)
        used = max(done / budget.moves if budget.moves else 0, (run.cpu() - began) / budget.cpu_s)
        if lowest <= least or used >= 1:
            break
        moves = min(chunk, budget.moves - done) if budget.moves else chunk
        x, makespan, lowest = tabu_kernel.search(
            tables, state, best, memory, counts, x, makespan, lowest, moves, PATIENCE
        )
        done += moves
    return Searched(found.schedule, found.cost, done)


def _tables(problem: MachineProblem) -> tabu_graph.Tables:
    operations = [o for job in problem.jobs for o in job.operations]
    numbers = _numbers(problem)
    modes = [len(operation.modes) for operation in operations]
    return tabu_graph.Tables(
        machines=problem.machines,
        job_before=as_row([i for row in numbers for i in [-1, *row[:-1]]]),
        job_after=as_row([i for row in numbers for i in [*row[1:], -1]]),
        release=as_row([job.release for job in problem.jobs for _ in job.operations]),
        first=as_row([sum(modes[:k]) for k in range(len(modes) + 1)]),
        machine=as_row([m for o in operations for m, _ in o.modes]),
        duration=as_row([d for o in operations for _, d in o.modes]),
    )


def _state(problem: MachineProblem, schedule: MachineSchedule) -> tabu_graph.State:
    numbers = _numbers(problem)
    n = sum(len(row) for row in numbers)
    machine, duration, before, after = [0] * n, [0] * n, [-1] * n, [-1] * n
    front = [-1] * problem.machines
    for m, sequence in enumerate(sequences_of(problem, schedule)):
        last = -1
        for job, step in sequence:
            number = numbers[job][step]
            machine[number] = m
            duration[number] = problem.jobs[job].operations[step].duration(m)
            before[number] = last
            if last >= 0:
                after[last] = number
            else:
                front[m] = number
            last = number
    return tabu_graph.State(
        machine=as_row(machine), duration=as_row(duration), before=as_row(before),
        after=as_row(after), front=as_row(front),
        head=as_row([0] * n), tail=as_row([0] * n), order=as_row([0] * n), waits=as_row([0] * n),
    )  # fmt: skip


def _numbers(problem: MachineProblem) -> list[list[int]]:
    """Return the numbers of all operations by job."""
    rows, n = [], 0
    for job in problem.jobs:
        rows.append(list(range(n, n + len(job.operations))))
        n += len(job.operations)
    return rows


def _memory(tables: tabu_graph.Tables) -> tabu_kernel.Memory:
    n = len(tables.job_before)
    return tabu_kernel.Memory(
        pair=as_row([0] * (n * n)), place=as_row([0] * (n * tables.machines)),
        path=as_row([0] * n), head=as_row([0] * n), tail=as_row([0] * n), pick=as_row([0] * 12),
    )  # fmt: skip


def _schedule(problem: MachineProblem, state: Any) -> MachineSchedule:
    return MachineSchedule.of(
        [
            [(int(state.machine[i]), int(state.head[i])) for i in row]
            for row in _numbers(problem)
        ]
    )  # fmt: skip
