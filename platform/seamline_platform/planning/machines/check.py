"""The independent checker of machine schedules: whether they can be kept, and what they cost.

It shares no line with the decoder and the solvers: it takes the stated starts and looks for faults.
"""

import itertools
from dataclasses import dataclass

from seamline_platform.planning.machines.problem import MachineProblem, MachineSchedule


@dataclass(frozen=True, slots=True)
class Verdict:
    """The objective, recomputed, and every fault found, in words."""

    objective: int
    faults: tuple[str, ...]

    @property
    def feasible(self) -> bool:
        """Return True if nothing is wrong."""
        return not self.faults


@dataclass(frozen=True, slots=True, order=True)
class _Stay:
    """A job on a machine."""

    start: int
    end: int
    job: int
    step: int


def check(problem: MachineProblem, schedule: MachineSchedule) -> Verdict:
    """Return the objective and the faults of a schedule.

    Looked at: every operation is there, on a machine that can do it, after the job's release and
    the operation before it; machines do one thing at a time and have time for set-ups between;
    a permutation flow shop takes its jobs in one sequence. With a missing operation the objective
    is that of what is there.
    """
    faults: list[str] = []
    if len(schedule.starts) != len(problem.jobs):
        faults.append(f"{len(schedule.starts)} jobs are planned; there are {len(problem.jobs)}.")
    stays: list[list[_Stay]] = [[] for _ in range(problem.machines)]
    cost, latest = 0, 0
    for number, (job, starts) in enumerate(zip(problem.jobs, schedule.starts, strict=False)):
        if len(starts) != len(job.operations):
            faults.append(
                f"Job {number}: {len(starts)} operations; there are {len(job.operations)}."
            )
        ready = job.release
        for step, (operation, (machine, start)) in enumerate(
            zip(job.operations, starts, strict=False)
        ):
            durations = dict(operation.modes)
            if machine not in durations:
                faults.append(f"Job {number}, operation {step}: machine {machine} cannot do it.")
                continue
            if start < ready:
                faults.append(
                    f"Job {number}, operation {step}: starts at {start}, possible from {ready}."
                )
            ready = start + durations[machine]
            stays[machine].append(_Stay(start, ready, number, step))
        latest = max(latest, ready)
        cost += job.weight * max(0, ready - job.due)
    for machine, row in enumerate(stays):
        row.sort()
        faults.extend(_machine_faults(problem, machine, row))
    if problem.permutation:
        faults.extend(_permutation_faults(stays))
    return Verdict(latest if problem.goal == "makespan" else cost, tuple(faults))


def _machine_faults(problem: MachineProblem, machine: int, row: list[_Stay]) -> list[str]:
    faults = []
    if row and problem.first and row[0].start < problem.first[machine][row[0].job]:
        faults.append(
            f"Machine {machine}: job {row[0].job} starts at {row[0].start}; its first set-up "
            f"takes {problem.first[machine][row[0].job]}."
        )
    for before, after in itertools.pairwise(row):
        setup = problem.setups[machine][before.job][after.job] if problem.setups else 0
        if after.start < before.end + setup:
            faults.append(
                f"Machine {machine}: job {after.job} starts at {after.start}; job {before.job} "
                f"ends at {before.end} and the set-up takes {setup}."
            )
    return faults


def _permutation_faults(stays: list[list[_Stay]]) -> list[str]:
    sequences = [[stay.job for stay in row] for row in stays]
    return [
        f"Machine {machine} takes the jobs in another sequence than machine 0."
        for machine, sequence in enumerate(sequences)
        if sequence != sequences[0]
    ]
