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


@dataclass(frozen=True, slots=True)
class Job:
    """Operations in sequence; due date and weight count where the goal is tardiness."""

    operations: tuple[Operation, ...]
    due: int = 0
    weight: int = 1
    release: int = 0


@dataclass(frozen=True, slots=True)
class MachineProblem:
    """Jobs on machines.

    `setups[m][i][j]` is the set-up on machine m between job i and job j that follows it, and
    `first[m][j]` before job j if it comes first; empty: none. `permutation`: every machine takes
    the jobs in the same sequence.
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


@dataclass(frozen=True, slots=True)
class MachineSchedule:
    """By job, for each of its operations: (machine, start)."""

    starts: tuple[tuple[tuple[int, int], ...], ...]

    @classmethod
    def of(cls, starts: Sequence[Sequence[tuple[int, int]]]) -> "MachineSchedule":
        """Return a schedule from lists."""
        return cls(tuple(tuple((int(m), int(t)) for m, t in job) for job in starts))
