"""Machine scheduling problems of the literature in one shape: jobs of operations with modes.

Job shop, flexible job shop, hybrid flow shop, permutation flow shop and one machine with sequence-
dependent set-ups are all written so; notation after Graham et al. (1979).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from seamline_broker.errors import ConfigError

Goal = Literal["makespan", "weighted_tardiness"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One step of a job: the machines that can do it, and how long each takes."""

    modes: tuple[tuple[int, int], ...]
    """(machine, duration); machines count from 0."""

    def __post_init__(self) -> None:
        if not self.modes or any(duration < 0 for _, duration in self.modes):
            raise ConfigError(
                f"An operation has the modes {self.modes}; expected at least one "
                "(machine, duration) with durations of 0 or more."
            )
        if len({machine for machine, _ in self.modes}) < len(self.modes):
            raise ConfigError(
                f"An operation has the modes {self.modes}; expected every machine at most once."
            )

    @property
    def shortest(self) -> int:
        """Duration on its fastest machine."""
        return min(duration for _, duration in self.modes)

    def duration(self, machine: int) -> int:
        """Return how long `machine` takes.

        Raises:
            ConfigError: if the machine cannot do it.
        """
        for number, duration in self.modes:
            if number == machine:
                return duration
        raise ConfigError(
            f"Machine {machine} cannot do this operation; "
            f"those that can: {', '.join(str(m) for m, _ in self.modes)}."
        )


@dataclass(frozen=True, slots=True)
class Job:
    """Operations in sequence; due date and weight count where the goal is tardiness."""

    operations: tuple[Operation, ...]
    due: int = 0
    weight: int = 1
    release: int = 0

    def __post_init__(self) -> None:
        if not self.operations:
            raise ConfigError("A job has no operation; expected at least one.")
        if self.weight < 0 or self.release < 0:
            raise ConfigError(
                f"A job has weight {self.weight} and release {self.release}; expected 0 or more."
            )

    @property
    def work(self) -> int:
        """Sum of the operations' durations on their fastest machines."""
        return sum(operation.shortest for operation in self.operations)


@dataclass(frozen=True, slots=True)
class MachineProblem:
    """Jobs on machines.

    `setups[m][i][j]` is the set-up on machine m between job i and job j that follows it, and
    `first[m][j]` before job j if it comes first; empty: none. A set-up needs the machine alone: it
    may be done before the job arrives. `permutation`: every machine takes the jobs in the same
    sequence (operation k of every job is then done by machine k).
    """

    name: str
    machines: int
    jobs: tuple[Job, ...]
    goal: Goal = "makespan"
    setups: tuple[tuple[tuple[int, ...], ...], ...] = ()
    first: tuple[tuple[int, ...], ...] = ()
    permutation: bool = False

    def __post_init__(self) -> None:
        for number, job in enumerate(self.jobs):
            for operation in job.operations:
                for machine, _ in operation.modes:
                    if not 0 <= machine < self.machines:
                        raise ConfigError(
                            f"{self.name}: job {number} names machine {machine}; "
                            f"there are {self.machines}, counted from 0."
                        )
        self._check_setups()
        if self.permutation:
            self._check_permutation()

    def _check_setups(self) -> None:
        count = len(self.jobs)
        sizes = [len(self.setups), *(len(m) for m in self.setups)]
        sizes += [len(row) for m in self.setups for row in m]
        if self.setups and sizes != [self.machines] + [count] * (len(sizes) - 1):
            raise ConfigError(
                f"{self.name}: set-ups do not fit {self.machines} machines and {count} jobs; "
                "expected a table of jobs x jobs by machine."
            )
        if self.first and [len(row) for row in self.first] != [count] * self.machines:
            raise ConfigError(
                f"{self.name}: first set-ups do not fit {self.machines} machines and {count} "
                "jobs; expected a row of jobs by machine."
            )
        tables = [*self.first, *(row for m in self.setups for row in m)]
        if any(value < 0 for row in tables for value in row):
            raise ConfigError(f"{self.name}: a set-up is below 0; expected 0 or more.")

    def _check_permutation(self) -> None:
        for number, job in enumerate(self.jobs):
            if [[m for m, _ in o.modes] for o in job.operations] != [
                [m] for m in range(self.machines)
            ]:
                raise ConfigError(
                    f"{self.name}: job {number} does not visit the machines 0 to "
                    f"{self.machines - 1} in turn, as a permutation flow shop does."
                )

    def setup(self, machine: int, before: int | None, job: int) -> int:
        """Return the set-up on `machine` before `job`, given the job before it (None: none)."""
        if before is None:
            return self.first[machine][job] if self.first else 0
        return self.setups[machine][before][job] if self.setups else 0

    def objective(self, completions: Sequence[int]) -> int:
        """Return makespan or sum w_j max(0, C_j - d_j) from the completion time of every job."""
        if self.goal == "makespan":
            return max(completions, default=0)
        return sum(
            job.weight * max(0, done - job.due)
            for job, done in zip(self.jobs, completions, strict=True)
        )


@dataclass(frozen=True, slots=True)
class MachineSchedule:
    """By job, for each of its operations: (machine, start)."""

    starts: tuple[tuple[tuple[int, int], ...], ...]

    @classmethod
    def of(cls, starts: Sequence[Sequence[tuple[int, int]]]) -> "MachineSchedule":
        """Return a schedule from lists."""
        return cls(tuple(tuple((int(m), int(t)) for m, t in job) for job in starts))


def objective_of(problem: MachineProblem, schedule: MachineSchedule) -> int:
    """Return what a schedule costs, as it says itself; `check` tells whether it can be kept."""
    return problem.objective(
        [
            starts[-1][1] + job.operations[-1].duration(starts[-1][0])
            for job, starts in zip(problem.jobs, schedule.starts, strict=True)
        ]
    )
