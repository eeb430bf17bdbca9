"""What the search is asked and what it answers, as plain data: it runs in a process of its own."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from seamline_platform.planning.shop.document import document_of, problem_of
from seamline_platform.planning.shop.noise import Failures, Noise
from seamline_platform.planning.shop.problem import Problem
from seamline_platform.planning.shop.sequences import Sequences

DEFAULT_RUNS: Final = 60
NOISE: Final = Noise(other_lines=Failures(mtbf=2_400, mttr=45), late_share=0.05, late_ticks=120)
"""Estimates: a line stops for three quarters of an hour once in four days of sewing, one kit in
twenty comes two hours late; all times scatter by 15 %."""
OUTLOOK: Final = "outlook"
"""Key of what is said before the search: how the question's own plan does under chance."""
KEPT: Final = "provisional"
IMPROVED: Final = "improved"
CAUTIOUS: Final = "cautious"


@dataclass(frozen=True)
class Question:
    """Find a plan that costs less than `sequences`, in at most `cpu_s` CPU seconds.

    `runs` is how often each candidate is then run forward under chance.
    """

    problem: Problem
    sequences: Sequences
    cpu_s: float = 3.0
    seed: int = 1
    runs: int = DEFAULT_RUNS
    noise: Noise = NOISE
    """Chance of these runs, as measured in the plants or as assumed."""
    struck: tuple[str, ...] = ()
    """Lines that the disturbance concerns: their orders are looked at first."""

    def to_document(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "problem": document_of(self.problem),
            "sequences": _to_document(self.sequences),
            "cpu_s": self.cpu_s,
            "seed": self.seed,
            "runs": self.runs,
            "noise": asdict(self.noise),
            "struck": list(self.struck),
        }

    @classmethod
    def from_document(cls, d: Mapping[str, Any]) -> "Question":
        """Read what `to_document` wrote.

        Raises:
            ConfigError: if the problem contradicts itself.
            KeyError, TypeError, ValueError: if a part is missing or has the wrong shape.
        """
        return cls(
            problem_of(d["problem"]),
            _from_document(d["sequences"]),
            float(d["cpu_s"]),
            int(d["seed"]),
            int(d["runs"]),
            _noise(d["noise"]),
            tuple(map(str, d["struck"])),
        )


@dataclass(frozen=True)
class Answer:
    """A plan that costs `cost` and what it took to find it."""

    sequences: Sequences
    cost: int
    cpu_s: float
    improvements: int = 0
    compared: Mapping[str, Any] = field(default_factory=dict)
    """How the candidates did in the twin's runs; empty until the search is done."""

    def to_document(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "sequences": _to_document(self.sequences),
            "cost": self.cost,
            "cpu_s": round(self.cpu_s, 4),
            "improvements": self.improvements,
            "compared": dict(self.compared),
        }

    @classmethod
    def from_document(cls, d: Mapping[str, Any]) -> "Answer":
        """Read what `to_document` wrote.

        Raises:
            KeyError, TypeError, ValueError: if a part is missing or has the wrong shape.
        """
        return cls(
            _from_document(d["sequences"]),
            int(d["cost"]),
            float(d["cpu_s"]),
            int(d["improvements"]),
            dict(d["compared"]),
        )


def _to_document(sequences: Sequences) -> dict[str, Any]:
    return {
        "lines": {line: list(orders) for line, orders in sequences.lines.items()},
        "cut_order": list(sequences.cut_order),
    }


def _from_document(d: Mapping[str, Any]) -> Sequences:
    return Sequences(
        {str(line): tuple(map(str, orders)) for line, orders in d["lines"].items()},
        tuple(map(str, d["cut_order"])),
    )


def _noise(d: Mapping[str, Any]) -> Noise:
    """Read chance from plain data."""
    failures = {str(line): Failures(**of) for line, of in d["failures"].items()}
    others = None if d["other_lines"] is None else Failures(**d["other_lines"])
    return Noise(**{**d, "failures": failures, "other_lines": others})
