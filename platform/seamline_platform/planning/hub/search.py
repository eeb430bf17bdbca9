"""The search itself, in a process of its own: cheapest plan, cautious plan, the twin chooses."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from seamline_platform.planning.hub.question import (
    CAUTIOUS,
    IMPROVED,
    KEPT,
    OUTLOOK,
    Answer,
    Question,
)
from seamline_platform.planning.replan.improve import improve, taxed_annealing
from seamline_platform.planning.shop.annealing import Budget, Cancelled, Timer
from seamline_platform.planning.shop.compiled import Compiled, compile_problem
from seamline_platform.planning.shop.cpsat import have_cp_sat
from seamline_platform.planning.shop.decode import Plan, evaluate
from seamline_platform.planning.shop.kernels import HAVE_NUMBA
from seamline_platform.planning.shop.predictions import prediction_of
from seamline_platform.planning.shop.problem import Line, Order, Problem, Style
from seamline_platform.planning.shop.risk import Risk, simulate
from seamline_platform.planning.shop.sequences import Sequences, plan_of, sequences_of
from seamline_platform.planning.shop.whatif import compare

LEAST_MARGIN: Final = 120
"""Ticks."""


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

    def better(sequences: Sequences, cost: int) -> None:
        nonlocal count
        count += 1
        on_improve(Answer(sequences, cost, cpu() - began, count))

    risk = simulate(c, start, question.noise, question.seed, question.runs)
    outlook = {OUTLOOK: prediction_of(question.problem, KEPT, risk).to_dict()}
    on_improve(Answer(question.sequences, evaluate(c, start), cpu() - began, 0, outlook))
    half = Budget(cpu_s=question.cpu_s / 2)
    found = improve(
        question.problem, question.sequences, half, cpu, seed=question.seed,
        struck=question.struck, on_improve=better, cancelled=cancelled,
    )  # fmt: skip
    if cancelled():
        return Answer(found.sequences, found.cost, cpu() - began, count)
    plans = {KEPT: start} | ({IMPROVED: plan_of(c, found.sequences)} if count else {})
    sure = improve(
        _cautious(risk, question), question.sequences, half, cpu, seed=question.seed,
        struck=question.struck, strategies=[taxed_annealing], cancelled=cancelled,
    )  # fmt: skip
    wary = plan_of(c, sure.sequences)
    if wary not in plans.values():
        plans[CAUTIOUS] = wary
    compared = {} if cancelled() else _compared(c, plans, question)
    chosen = plans[str(compared["chosen"])] if compared else plan_of(c, found.sequences)
    return Answer(sequences_of(c, chosen), evaluate(c, chosen), cpu() - began, count, compared)


def _cautious(risk: Risk, question: Question) -> Problem:
    """Return the problem in which every order is due earlier by what chance may cost it.

    A search that uses up all slack to save set-ups finds plans that look well and turn out late.
    The margin is twice the distance from the planned end to the P90 of the simulated runs of the
    question's plan, and `LEAST_MARGIN` more: an order that moves meets other luck elsewhere.
    """
    margin = {
        o.order: 2 * max(math.ceil(o.done.p90) - o.planned, 0) + LEAST_MARGIN for o in risk.orders
    }
    orders = (replace(o, due=o.due - margin.get(o.order, 0)) for o in question.problem.orders)
    return replace(question.problem, orders=tuple(orders))


def _compared(c: Compiled, plans: Mapping[str, Plan], question: Question) -> dict[str, Any]:
    """Run the plans forward under the same luck; return what was found as plain data."""
    result = compare(c, plans, question.noise, question.seed, question.runs, keep=KEPT)
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
    annealing = f"annealing ({'compiled' if HAVE_NUMBA else 'plain Python'})"
    return f"{annealing}, CP-SAT on parts" if have_cp_sat() else annealing


def warm_up(cpu: Timer) -> None:
    """Solve a plant of two orders, so that what is to be compiled is so before the first question.

    Compiled code is kept on disk: only the first start of an installation takes long.
    """
    styles = (Style("a", "a", 1.0), Style("b", "b", 1.0))
    orders = tuple(Order(s.style, s.style, "", 10, 20, kit=0) for s in styles)
    problem = Problem("warm up", styles, orders, (Line("l", 1, {"a": 1.0, "b": 1.0}),))
    answer(Question(problem, Sequences({"l": ("a", "b")}), cpu_s=0.02, runs=2), cpu)
