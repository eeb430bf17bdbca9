"""What the scheduling benchmark's parts hand to each other: cases, rows, and parts with figures."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from seamline_platform.planning.scheduler import AnyProblem, Solution
from seamline_platform.planning.shop.annealing import Timer

Progress = Callable[[float, str], None]
"""Takes the share that is done (0 to 1) and what is being done."""


@dataclass(frozen=True, slots=True)
class GanttBar:
    """A bar of a Gantt chart in the problem's own ticks; `before` is a set-up at its start."""

    row: str
    label: str
    group: str
    """What bars of one colour have in common: a family, a job."""
    start: int
    end: int
    before: int = 0
    late: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """What the independent checker says of a solution."""

    objective: int
    faults: tuple[str, ...] = ()


class Case(ABC):
    """One instance of a family and everything the benchmark asks about it."""

    family: str
    name: str
    problem: AnyProblem
    best_known: int | None = None
    """Best known objective of the literature; None where nobody has published one."""

    @abstractmethod
    def rules(self) -> Mapping[str, Solution]:
        """Return the solutions of all dispatch rules, by the rule's name."""

    @abstractmethod
    def check(self, solution: Solution) -> Checked:
        """Return objective and faults, computed apart from every solver."""

    @abstractmethod
    def bars(self, solution: Solution) -> tuple[GanttBar, ...]:
        """Return the solution as bars."""


@dataclass(frozen=True, slots=True)
class Family:
    """A family of instances: how to load them, and the budget in CPU seconds it is run with."""

    name: str
    title: str
    title_zh: str
    budget_cpu_s: float
    load: Callable[[Path | None], tuple[Case, ...]]
    """Takes the folder of published instances (None: not there; then families that need it
    return nothing)."""
    objective: str
    needs_instances: bool = True


@dataclass(frozen=True, slots=True)
class PartSettings:
    """How a part of the benchmark (`replan`, `dispatch`, ..) is to run.

    `quick` asks for fewer instances and smaller ones; its figures are not those that count.
    """

    cpu: Timer
    instances: Path | None = None
    seed: int = 1
    quick: bool = False


Part = Callable[[PartSettings, Progress], Mapping[str, object]]
"""Measures one thing and returns its figures, ready for JSON.

What has to be reached stands beside what was: a mapping `{"..": .., "target": .., "ok": ..}`, a
figure `x` with `x_target` that it may not exceed, or `x_per_s` with `x_target`, the least. All
become lines of the table of targets.
"""
