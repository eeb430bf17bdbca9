"""The search beside the platform: never worse, cancellable, and the twin has the last word."""

import time
from dataclasses import replace

import pytest

from seamline_broker.errors import ConfigError
from seamline_platform.planning.hub.question import KEPT, NOISE, OUTLOOK, Answer, Question
from seamline_platform.planning.hub.search import answer, method, warm_up
from seamline_platform.planning.replan.evaluated import evaluated
from seamline_platform.planning.shop.compiled import compile_problem
from seamline_platform.planning.shop.dispatching import best_rule
from seamline_platform.planning.shop.generate import Recipe, draw_plant
from seamline_platform.planning.shop.noise import Failures, Noise
from seamline_platform.planning.shop.predictions import Prediction
from seamline_platform.planning.shop.problem import Problem
from seamline_platform.planning.shop.sequences import Sequences, sequences_of


def plant(seed: int = 3) -> tuple[Problem, Sequences]:
    """Return a drawn plant and a poor plan of it: everything in the sequence of FIFO."""
    problem = draw_plant(Recipe(20, 4, seed, 0.9))
    c = compile_problem(problem)
    return problem, sequences_of(c, best_rule(c, ["FIFO"]).plan)


def cost(problem: Problem, sequences: Sequences) -> int:
    return evaluated(problem, sequences).value.cost  # which is checked


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_answer_is_a_plan_that_the_checker_passes(seed: int) -> None:
    problem, start = plant(seed)
    found = answer(Question(problem, start, cpu_s=0.3, runs=20), time.process_time)
    assert found.cost == cost(problem, found.sequences)
    named = sorted(o for row in found.sequences.lines.values() for o in row)
    assert named == sorted(o for row in start.lines.values() for o in row)


def test_a_poor_plan_is_improved_and_the_twin_says_by_how_much() -> None:
    problem, start = plant(4)
    steps: list[Answer] = []
    found = answer(
        Question(problem, start, cpu_s=0.6, runs=40), time.process_time, on_improve=steps.append
    )
    assert found.cost < cost(problem, start)
    assert [s.cost for s in steps] == sorted((s.cost for s in steps), reverse=True)
    outlook = Prediction.from_dict(steps[0].compared[OUTLOOK])  # said before the search
    assert (steps[0].improvements, len(outlook.orders)) == (0, len(problem.orders))
    assert outlook.cost[1] <= outlook.cost[2]
    assert found.compared["chosen"] != KEPT
    mean, low, high = found.compared["gain"]
    assert 0 < low < mean < high
    prediction = Prediction.from_dict(found.compared["predictions"][found.compared["chosen"]])
    assert len(prediction.orders) == len(problem.orders)
    assert prediction.made_ms == problem.start_ms


def test_a_cancelled_question_ends_with_what_was_found() -> None:
    problem, start = plant()
    steps: list[Answer] = []
    found = answer(
        Question(problem, start, cpu_s=30.0), time.process_time, on_improve=steps.append,
        cancelled=lambda: any(step.improvements for step in steps),
    )  # fmt: skip
    assert found.compared == {}
    assert found.cpu_s < 10
    assert found.cost == cost(problem, found.sequences) <= cost(problem, start)


def test_question_and_answer_come_back_from_their_documents() -> None:
    problem, start = plant()
    noise = Noise(failures={"L1": Failures(900.0, 30.0)}, late_share=0.1, late_ticks=60.0)
    question = Question(problem, start, 1.5, 7, 33, noise, ("L1",))
    again = Question.from_document(question.to_document())
    assert again.sequences.lines == dict(start.lines)
    assert (again.problem, again.cpu_s, again.seed) == (problem, 1.5, 7)
    assert (again.runs, again.noise, again.struck) == (33, noise, ("L1",))
    assert Question.from_document(Question(problem, start).to_document()).noise == NOISE
    told = Answer(start, 12, 0.5, 3, {"chosen": "improved"})
    assert Answer.from_document(told.to_document()) == replace(
        told, sequences=Answer.from_document(told.to_document()).sequences
    )


def test_a_plan_that_does_not_fit_the_problem_is_refused_by_name() -> None:
    problem, _ = plant()
    with pytest.raises(ConfigError, match="nobody"):
        answer(
            Question(problem, Sequences({problem.lines[0].line: ("nobody",)})), time.process_time
        )


def test_it_can_be_warmed_up_and_says_how_it_searches() -> None:
    warm_up(time.process_time)
    assert "annealing" in method()
