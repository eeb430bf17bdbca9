"""The plain decoder: from the sequence on every machine to the earliest starts."""

from collections.abc import Sequence

from seamline_broker.errors import ConfigError
from seamline_platform.planning.machines.problem import MachineProblem, MachineSchedule

Step = tuple[int, int]
"""(job, number of its operation)."""
Sequences = Sequence[Sequence[Step]]
"""By machine, what it does in sequence."""


def decode(problem: MachineProblem, sequences: Sequences) -> MachineSchedule:
    """Return the schedule in which everything starts as early as the sequences allow.

    Raises:
        ConfigError: if an operation is missing, is named twice, stands on a machine that cannot do
            it, or if the sequences contradict each other (a cycle).
    """
    starts: list[list[Step]] = [[(-1, 0)] * len(job.operations) for job in problem.jobs]
    ready = [job.release for job in problem.jobs]
    done = [0] * len(problem.jobs)
    free, last = [0] * problem.machines, [-1] * problem.machines
    at = [0] * problem.machines
    left = sum(len(job.operations) for job in problem.jobs)
    if sum(len(sequence) for sequence in sequences) != left:
        raise ConfigError(
            f"{problem.name}: {sum(len(s) for s in sequences)} operations are sequenced; "
            f"there are {left}."
        )
    waiting = list(range(problem.machines))
    while waiting:
        machine = waiting.pop()
        while at[machine] < len(sequences[machine]):
            job, step = sequences[machine][at[machine]]
            if step != done[job]:
                break
            before = last[machine] if last[machine] >= 0 else None
            start = max(free[machine] + problem.setup(machine, before, job), ready[job])
            starts[job][step] = (machine, start)
            ready[job] = start + problem.jobs[job].operations[step].duration(machine)
            free[machine], last[machine] = ready[job], job
            at[machine] += 1
            done[job] += 1
            left -= 1
            waiting.extend(_next_machines(problem, sequences, at, (job, done[job])))
    if left:
        raise ConfigError(
            f"{problem.name}: {left} operations cannot be started; the sequences contradict the "
            "order of operations within jobs."
        )
    return MachineSchedule.of(starts)


def _next_machines(
    problem: MachineProblem, sequences: Sequences, at: Sequence[int], step: Step
) -> list[int]:
    """Return the machines that now wait for `step`."""
    job, number = step
    if number >= len(problem.jobs[job].operations):
        return []
    return [
        machine
        for machine, _ in problem.jobs[job].operations[number].modes
        if at[machine] < len(sequences[machine]) and sequences[machine][at[machine]] == step
    ]


def decode_permutation(problem: MachineProblem, jobs: Sequence[int]) -> MachineSchedule:
    """Return the schedule in which every machine takes `jobs` in this sequence.

    Raises:
        ConfigError: as `decode`.
    """
    return decode(
        problem, [[(job, machine) for job in jobs] for machine in range(problem.machines)]
    )


def sequences_of(problem: MachineProblem, schedule: MachineSchedule) -> list[list[Step]]:
    """Return what every machine does in sequence."""
    rows: list[list[tuple[int, int, int, int]]] = [[] for _ in range(problem.machines)]
    for number, (job, starts) in enumerate(zip(problem.jobs, schedule.starts, strict=True)):
        for step, (machine, start) in enumerate(starts):
            end = start + job.operations[step].duration(machine)
            rows[machine].append((start, end, number, step))
    return [[(job, step) for _, _, job, step in sorted(row)] for row in rows]


def left_shifted(problem: MachineProblem, schedule: MachineSchedule) -> MachineSchedule:
    """Return the schedule with the same sequences in which nothing waits without need."""
    return decode(problem, sequences_of(problem, schedule))
