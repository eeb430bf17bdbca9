"""What kind of shop a machine problem is, for solvers that are good at one kind."""

from enum import StrEnum

from seamline_platform.planning.machines.problem import MachineProblem


class Shape(StrEnum):
    """Kinds of shops that have a search of their own, and all others."""

    ONE_MACHINE = "one machine"
    PERMUTATION = "permutation flow shop"
    STAGES = "stages of parallel machines"
    JOB_SHOP = "job shop"
    """Operations with one or more modes, no set-ups, makespan."""
    OTHER = "other"


def shape_of(problem: MachineProblem) -> Shape:
    """Return the shape of a problem."""
    one_step = all(len(job.operations) == 1 for job in problem.jobs)
    if problem.machines == 1 and one_step:
        return Shape.ONE_MACHINE
    if problem.permutation:
        return Shape.PERMUTATION
    if problem.setups or problem.first:
        return Shape.OTHER
    if stages_of(problem):
        return Shape.STAGES
    return Shape.JOB_SHOP if problem.goal == "makespan" else Shape.OTHER


def stages_of(problem: MachineProblem) -> tuple[tuple[int, ...], ...]:
    """Return the machines of every stage of a hybrid flow shop, else nothing.

    In a hybrid flow shop all jobs pass the same stages in the same sequence, and the machines of a
    stage, more than one in at least one of them, are equal.
    """
    if not problem.jobs:
        return ()
    stages = [tuple(sorted(m for m, _ in o.modes)) for o in problem.jobs[0].operations]
    machines = [m for stage in stages for m in stage]
    if len(set(machines)) < len(machines) or len(machines) == len(stages):
        return ()
    for job in problem.jobs:
        if [tuple(sorted(m for m, _ in o.modes)) for o in job.operations] != stages:
            return ()
        if any(len({d for _, d in o.modes}) > 1 for o in job.operations):
            return ()
    return tuple(stages)


def simple_bound(problem: MachineProblem) -> int:
    """Return a lower bound on the objective that takes no search; 0 if the goal is tardiness.

    The longest job, and for each machine with work of its own that work between the shortest way
    to it and from it.
    """
    if problem.goal != "makespan":
        return 0
    longest = max((job.release + job.work for job in problem.jobs), default=0)
    alone: list[list[tuple[int, int, int]]] = [[] for _ in range(problem.machines)]
    total = 0
    for job in problem.jobs:
        head, tail = job.release, job.work
        for operation in job.operations:
            tail -= operation.shortest
            if len(operation.modes) == 1:
                alone[operation.modes[0][0]].append((head, operation.shortest, tail))
            total += operation.shortest
            head += operation.shortest
    busiest = max(
        (
            min(h for h, _, _ in row) + sum(d for _, d, _ in row) + min(t for _, _, t in row)
            for row in alone
            if row
        ),
        default=0,
    )
    return max(longest, busiest, -(-total // max(problem.machines, 1)))
