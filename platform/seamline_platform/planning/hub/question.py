"""What the search is asked and what it answers, as plain data: it runs in a process of its own."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import Any, Final

from seamline_platform.planning.shop.annealing import Budget, Cancelled, Timer, anneal_plan
from seamline_platform.planning.shop.compiled import Compiled, compile_problem
from seamline_platform.planning.shop.decode import Plan, evaluate
from seamline_platform.planning.shop.document import document_of, problem_of
from seamline_platform.planning.shop.noise import Failures, Noise
from seamline_platform.planning.shop.predictions import prediction_of
from seamline_platform.planning.shop.problem import Problem
from seamline_platform.planning.shop.risk import simulate
from seamline_platform.planning.shop.sequences import Sequences, plan_of, sequences_of
from seamline_platform.planning.shop.whatif import compare

DEFAULT_RUNS: Final = 60
KEPT: Final = "provisional"
IMPROVED: Final = "improved"
CAUTIOUS: Final = "cautious"
NOISE: Final = Noise(other_lines=Failures(mtbf=2_400, mttr=45), late_share=0.05, late_ticks=120)
"""Estimates: a line stops for three quarters of an hour once in four days of sewing, one kit in
twenty comes two hours late; all times scatter by 15 %."""


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

    def to_document(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "problem": document_of(self.problem),
            "sequences": _to_document(self.sequences),
            "cpu_s": self.cpu_s,
            "seed": self.seed,
            "runs": self.runs,
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


def answer(
    question: Question,
    cpu: Timer,
    *,
    on_improve: Callable[[Answer], None] = lambda _: None,
    cancelled: Cancelled = lambda: False,
) -> Answer:
    """Search from the question's plan; the twin chooses among what was found and that plan.

    Half of the time goes into the cheapest plan, half into one that is in time with a margin. All
    are run forward under the same luck; the question's plan stays unless another is clearly better.
    If the question is cancelled, the cheapest plan found so far is the answer.

    Raises:
        ConfigError: if the sequences do not fit the problem.
    """
    c = compile_problem(question.problem)
    start = plan_of(c, question.sequences)
    began, count = cpu(), 0

    def better(plan: Plan, cost: int) -> None:
        nonlocal count
        count += 1
        on_improve(Answer(sequences_of(c, plan), cost, cpu() - began, count))

    half = Budget(cpu_s=question.cpu_s / 2)
    found = anneal_plan(
        c, start, half, cpu, seed=question.seed, on_improve=better, cancelled=cancelled
    )
    if cancelled():
        return Answer(sequences_of(c, found.plan), found.cost, cpu() - began, count)
    plans = {KEPT: start} | ({IMPROVED: found.plan} if count else {})
    wary = _cautious(c, start, question)
    sure = anneal_plan(wary, start, half, cpu, seed=question.seed, cancelled=cancelled)
    if sure.plan not in plans.values():
        plans[CAUTIOUS] = sure.plan
    compared = {} if cancelled() else _compared(c, plans, question)
    chosen = plans[str(compared.get("chosen", KEPT))] if compared else found.plan
    return Answer(sequences_of(c, chosen), evaluate(c, chosen), cpu() - began, count, compared)


def _cautious(c: Compiled, plan: Plan, question: Question) -> Compiled:
    """Return the problem in which every order is due earlier by what chance may cost it.

    That is the distance from its planned end to the P90 of the simulated runs of `plan`: a search
    that uses up all slack to save set-ups finds plans that look well and turn out late.
    """
    risk = simulate(c, plan, NOISE, question.seed, question.runs)
    margin = {o.order: max(math.ceil(o.done.p90) - o.planned, 0) for o in risk.orders}
    return replace(c, due=[
        due - margin.get(o.order, 0) for due, o in zip(c.due, c.problem.orders, strict=True)
    ])  # fmt: skip


def _compared(c: Compiled, plans: Mapping[str, Plan], question: Question) -> dict[str, Any]:
    """Run the plans forward under the same luck; return what was found as plain data."""
    result = compare(c, plans, NOISE, question.seed, question.runs, keep=KEPT)
    return {
        "chosen": result.chosen,
        "runs": question.runs,
        "gain": [result.gain.mean, result.gain.low, result.gain.high],
        "candidates": [
            {
                "name": x.name, "cost": x.planned, "mean": x.cost.mean, "p50": x.cost.p50,
                "p90": x.cost.p90, "late_p50": x.late.p50, "better_by": x.against_chosen.mean,
                "low": x.against_chosen.low, "high": x.against_chosen.high,
            }
            for x in result.candidates
        ],
        "predictions": {
            name: prediction_of(question.problem, name, risk).to_dict()
            for name, risk in result.risks.items()
        },
    }  # fmt: skip


def method() -> str:
    """Return how this installation searches, for people."""
    compiled = "compiled" if find_spec("numba") else "plain Python"
    return f"annealing ({compiled})"


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
