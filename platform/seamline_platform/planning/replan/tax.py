"""The tax of re-planning: each order on another line than planned before costs `Objective.move`."""

from dataclasses import replace

from seamline_platform.planning.replan.state import line_of_order
from seamline_platform.planning.shop.problem import Problem
from seamline_platform.planning.shop.sequences import Sequences


def taxed(problem: Problem, sequences: Sequences, move: int | None = None) -> Problem:
    """Return the problem in which orders of `sequences` pay for leaving their line.

    `move` is what each of them pays; None leaves what the problem's objective says.
    """
    planned = {
        name: line
        for name, line in line_of_order(sequences).items()
        if name in problem.order_of and line in problem.line_of
    }
    goal = problem.objective
    return replace(
        problem,
        planned=planned,
        objective=goal if move is None else replace(goal, move=move),
    )


def untaxed(problem: Problem) -> Problem:
    """Return the problem in which no order was planned before: nothing is a move."""
    return replace(problem, planned={})
