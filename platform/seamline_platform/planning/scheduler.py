"""The door for solvers of schedules, ours and those of users: `solve(problem, budget, run)`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, Protocol, runtime_checkable

from seamline_platform.planning.machines.problem import MachineProblem, MachineSchedule
from seamline_platform.planning.shop.annealing import Budget, Cancelled, Timer
from seamline_platform.planning.shop.problem import Problem
from seamline_platform.planning.shop.sequences import Sequences

GROUP: Final = "seamline.schedulers"

Kind = Literal["shop", "machines"]
AnyProblem = Problem | MachineProblem
Solution = Sequences | MachineSchedule


@dataclass(frozen=True, slots=True)
class Run:
    """What a solver is handed besides problem and budget.

    `start` is a plan to begin with (None: there is none); the result may not be worse.
    `on_improve` takes every better plan at once, so that nothing is lost if the solver is ended.
    """

    cpu: Timer
    seed: int = 1
    start: Solution | None = None
    on_improve: Callable[[Solution, int], None] | None = None
    cancelled: Cancelled = lambda: False


@dataclass(frozen=True, slots=True)
class Answer:
    """A solution (None: nothing found), with counts by which the run can be verified.

    `moves` are those of a local search; `ticks` is the deterministic time of an exact solver.
    """

    solution: Solution | None
    moves: int = 0
    ticks: float = 0.0
    optimal: bool = False
    """The solver proved that nothing is better."""


@runtime_checkable
class Scheduler(Protocol):
    """Solves schedules within a budget.

    `kinds` names what it takes: `shop` for garment plants, `machines` for problems of the
    literature.
    """

    kinds: frozenset[Kind]

    def solve(self, problem: AnyProblem, budget: Budget, run: Run) -> Answer:
        """Return the best solution found within `budget`.

        A shop is answered by `Sequences`, a machine problem by `MachineSchedule`. The caller
        checks the solution and computes what it costs.
        """
