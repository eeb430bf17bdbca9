"""What one solver did on one instance, as data that goes to disk, into cards and back."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.forecasting.cardfile import digest, plain
from seamline_platform.planning.machines.problem import MachineSchedule
from seamline_platform.planning.scheduler import AnyProblem, Solution
from seamline_platform.planning.shop.document import document_of
from seamline_platform.planning.shop.problem import Problem
from seamline_platform.planning.shop.sequences import Sequences

RULES: Final = "rules"
"""Stands for all dispatch rules of a case, where a solver is named."""
Status = Literal["ok", "nothing", "failed"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row's raw material.

    `nothing` means that the solver ended without a solution, `failed` that it raised, died, hung
    or gave one that the checker refuses; `reason` says which.
    """

    family: str
    instance: str
    solver: str
    seed: int
    status: Status
    reason: str = ""
    budget_cpu_s: float = 0.0
    budget_moves: int = 0
    cpu_s: float = 0.0
    objective: int | None = None
    start: int | None = None
    """What the solution cost that the solver was handed; None: it was handed none."""
    moves: int = 0
    ticks: float = 0.0
    optimal: bool = False
    rule: str = ""
    """The best rule, where the solver is all rules."""
    by_rule: Mapping[str, int] = field(default_factory=dict)
    curve: tuple[tuple[float, int], ...] = ()
    """(CPU seconds, objective) of better and better solutions, each checked."""
    solution: Mapping[str, Any] | None = None
    instance_sha256: str = ""
    solver_sha256: str = ""

    @property
    def ok(self) -> bool:
        """Return True if there is a solution that the checker passed."""
        return self.status == "ok"

    def document(self) -> dict[str, Any]:
        """Return the outcome as JSON values."""
        found: dict[str, Any] = plain(asdict(self))
        return found


def outcome_of(document: Mapping[str, Any]) -> Outcome:
    """Return the outcome of a document.

    Raises:
        ConfigError: if a part is missing, unknown or of the wrong kind.
    """
    values = dict(document)
    try:
        values["curve"] = tuple((float(s), int(cost)) for s, cost in values.get("curve", ()))
        return Outcome(**values)
    except (TypeError, ValueError) as exc:
        raise ConfigError(f"An outcome cannot be read: {exc}.") from exc


def solution_document(solution: Solution) -> dict[str, Any]:
    """Return a solution as JSON values."""
    if isinstance(solution, Sequences):
        return {
            "lines": {line: list(names) for line, names in solution.lines.items()},
            "cut_order": list(solution.cut_order),
        }
    return {"starts": [[list(step) for step in job] for job in solution.starts]}


def solution_of(document: Mapping[str, Any]) -> Solution:
    """Return the solution of a document.

    Raises:
        ConfigError: if it is neither sequences nor starts.
    """
    try:
        if "lines" in document:
            lines = {str(line): tuple(names) for line, names in document["lines"].items()}
            return Sequences(lines, tuple(document.get("cut_order", ())))
        return MachineSchedule.of(document["starts"])
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise ConfigError(
            f"A solution has 'lines' (orders by line) or 'starts' (machine and start by job); "
            f"this one cannot be read: {exc!r}."
        ) from exc


def problem_sha256(problem: AnyProblem) -> str:
    """Return the sha-256 of an instance's content."""
    if isinstance(problem, Problem):
        return digest(plain(document_of(problem)))
    return digest(plain(asdict(problem)))
