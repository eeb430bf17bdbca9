"""The tax of re-planning: each order on another line than planned before costs `Objective.move`."""

from seamline_platform.planning.shop.problem import Problem
from seamline_platform.planning.shop.sequences import Sequences


def taxed(problem: Problem, sequences: Sequences) -> Problem:
    """Return the problem in which orders of `sequences` pay for leaving their line."""
    return problem


def untaxed(problem: Problem) -> Problem:
    """Return the problem in which no order was planned before."""
    return problem
