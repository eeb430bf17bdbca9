"""The search behind the first plan: annealing, then CP-SAT on parts of the plan.

Every stage takes the best plan so far and gives one that costs no more, so that the search can end
at any time.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from seamline_platform.planning.shop.annealing import (
    Budget,
    Cancelled,
    Improved,
    Timer,
    anneal_plan,
)
from seamline_platform.planning.shop.annealing_decoded import anneal_decoded
from seamline_platform.planning.shop.compiled import Compiled
from seamline_platform.planning.shop.cpsat import have_cp_sat, lns
from seamline_platform.planning.shop.decode import Plan, evaluate

LNS_FROM_CPU_S: Final = 60.0
"""Budgets below are annealed to the end. Behind millions of compiled moves CP-SAT on parts found
nothing more within 1.5 CPU-s on plants of 15 x 4 and 20 x 6, nor within 6 on one of 60 x 12 (drawn
plants; 14 + 6 CPU-s: 6,326; 20 CPU-s of annealing alone: 6,009), and where orders follow others it
found less in 4 CPU-s than annealing by the decoder (40 x 8: 17,991 and 15,713 against 14,619 and
12,220)."""
LNS_SHARE: Final = 0.1
"""Of larger budgets, the part of CP-SAT: as much as annealing spends at its last temperature."""
MOST_ANNEALED: Final = 5_000
"""Orders. A move of annealing looks at all of them; in larger plants too few moves are made."""

OnStage = Callable[[str], None]
"""Takes the name of a stage that begins: `rules`, `annealing` or `cp-sat`."""


@dataclass(frozen=True, slots=True)
class StageReport:
    """A stage of the search at its end."""

    stage: str
    cost: int
    cpu_s: float
    moves: int = 0
    """Moves of annealing; parts of the plan that CP-SAT was given."""
    ticks: float = 0.0
    """Deterministic time of CP-SAT."""


@dataclass(slots=True)
class Journal:
    """The best plan, and all that is to be said about the way to it."""

    plan: Plan
    cost: int
    cpu: Timer
    began: float
    on_improve: Improved | None = None
    on_stage: OnStage | None = None
    stages: list[StageReport] = field(default_factory=list)
    course: list[tuple[float, int]] = field(default_factory=list)
    """(CPU seconds, cost) of every improvement."""

    def __post_init__(self) -> None:
        self._tell()

    @property
    def spent_s(self) -> float:
        """CPU seconds since the beginning."""
        return self.cpu() - self.began

    @property
    def moves(self) -> int:
        """Moves of annealing."""
        return sum(s.moves for s in self.stages if s.stage == "annealing")

    @property
    def ticks(self) -> float:
        """Deterministic time of CP-SAT."""
        return sum(s.ticks for s in self.stages)

    def begin(self, stage: str) -> float:
        """Say that a stage begins; return when."""
        if self.on_stage is not None:
            self.on_stage(stage)
        return self.spent_s

    def take(self, plan: Plan, cost: int) -> None:
        """Take a plan if it costs less than the best."""
        if cost < self.cost:
            self.plan, self.cost = plan, cost
            self._tell()

    def end(self, stage: str, began_s: float, moves: int = 0, ticks: float = 0.0) -> None:
        """Write down a stage that is over."""
        self.stages.append(StageReport(stage, self.cost, self.spent_s - began_s, moves, ticks))

    def _tell(self) -> None:
        self.course.append((round(self.spent_s, 4), self.cost))
        if self.on_improve is not None:
            self.on_improve(self.plan, self.cost)


def search(
    c: Compiled,
    plan: Plan,
    budget: Budget,
    cpu: Timer,
    *,
    seed: int = 1,
    on_improve: Improved | None = None,
    on_stage: OnStage | None = None,
    cancelled: Cancelled = lambda: False,
) -> Journal:
    """Return the best plan that annealing and CP-SAT find from `plan`; it never costs more.

    Without OR-Tools the stage of CP-SAT is left out.
    """
    journal = Journal(plan, evaluate(c, plan), cpu, cpu(), on_improve, on_stage)
    run_stages(c, budget, journal, seed, cancelled)
    return journal


def run_stages(
    c: Compiled, budget: Budget, journal: Journal, seed: int, cancelled: Cancelled
) -> None:
    """Run the stages that a budget pays for on the journal's plan.

    Moves pay for annealing and ticks for CP-SAT. With CPU seconds alone both run, where the budget
    is large enough.
    """
    exact = have_cp_sat() and (budget.ticks > 0 or not budget.moves)
    large = budget.ticks > 0 or budget.cpu_s >= LNS_FROM_CPU_S
    share = LNS_SHARE if exact and large else 0.0
    if len(c.cut) <= MOST_ANNEALED and (budget.moves or math.isfinite(budget.cpu_s)):
        _anneal(c, budget, 1 - share, journal, seed, cancelled)
    if share:
        _improve_parts(c, budget, journal, seed, cancelled)


def _left(budget: Budget, journal: Journal, share: float = 1.0) -> float:
    """Return CPU seconds up to `share` of the budget."""
    return max(share * budget.cpu_s - journal.spent_s, 1e-6)


def _anneal(
    c: Compiled, budget: Budget, share: float, journal: Journal, seed: int, cancelled: Cancelled
) -> None:
    began = journal.begin("annealing")
    # the compiled loop does not know orders that have to follow others
    anneal = anneal_decoded if any(c.before) else anneal_plan
    found = anneal(
        c, journal.plan, Budget(_left(budget, journal, share), budget.moves), journal.cpu,
        seed=seed, on_improve=journal.take, cancelled=cancelled,
    )  # fmt: skip
    journal.take(found.plan, found.cost)
    journal.end("annealing", began, found.moves)


def _improve_parts(
    c: Compiled, budget: Budget, journal: Journal, seed: int, cancelled: Cancelled
) -> None:
    began = journal.begin("cp-sat")
    allowed = replace(budget, cpu_s=_left(budget, journal), moves=0)
    found = lns(
        c, journal.plan, allowed, journal.cpu, seed=seed, on_improve=journal.take,
        cancelled=cancelled,
    )  # fmt: skip
    journal.take(found.plan, found.cost)
    journal.end("cp-sat", began, found.moves, found.ticks)
