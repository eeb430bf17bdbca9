"""Dispatch rules: exact small values, and the rule that fits the goal."""

from collections.abc import Callable

import pytest

from seamline_platform.planning.machines.check import check
from seamline_platform.planning.machines.dispatching import (
    best_rule,
    dispatch,
    every_rule,
    rule_names,
)
from seamline_platform.planning.machines.problem import Job, MachineProblem, Operation


def one(*jobs: tuple[int, int, int]) -> MachineProblem:
    """Return a one-machine problem of (duration, due, weight)."""
    return MachineProblem(
        "one", 1, tuple(Job((Operation(((0, p),)),), d, w) for p, d, w in jobs),
        "weighted_tardiness",
    )  # fmt: skip


def sequence(problem: MachineProblem, rule: str) -> list[int]:
    starts = dispatch(problem, rule).schedule.starts
    return sorted(range(len(starts)), key=lambda j: starts[j][0][1])


def test_simple_rules_sort() -> None:
    problem = one((5, 9, 1), (2, 20, 1), (3, 4, 6))
    assert sequence(problem, "FIFO") == [0, 1, 2]
    assert sequence(problem, "SPT") == [1, 2, 0]
    assert sequence(problem, "LPT") == sequence(problem, "MWKR") == [0, 2, 1]
    assert sequence(problem, "EDD") == [2, 0, 1]
    assert sequence(problem, "WSPT") == [2, 1, 0]


def test_atc_puts_the_urgent_before_the_short() -> None:
    # Job 1 is short and has all the time in the world; job 0 is due when it can be done.
    assert sequence(one((4, 4, 1), (1, 100, 1)), "ATC") == [0, 1]


def test_rules_follow_the_goal(flow_shop: Callable[..., MachineProblem]) -> None:
    assert rule_names(flow_shop(1)) == ("FIFO", "SPT", "LPT", "MWKR", "ATCS")
    assert rule_names(flow_shop(1, "tardiness", False))[-3:] == ("EDD", "WSPT", "ATC")


@pytest.mark.parametrize("seed", range(8))
def test_every_schedule_of_a_rule_can_be_kept(
    seed: int,
    one_machine: Callable[[int], MachineProblem],
    flow_shop: Callable[..., MachineProblem],
    job_shop: Callable[..., MachineProblem],
) -> None:
    for problem in (one_machine(seed), flow_shop(seed), job_shop(seed, 2)):
        for result in every_rule(problem):
            verdict = check(problem, result.schedule)
            assert verdict.feasible, verdict.faults
            assert verdict.objective == result.cost >= best_rule(problem).cost


def test_an_operation_goes_to_the_machine_that_would_complete_it_first() -> None:
    problem = MachineProblem("two", 2, (Job((Operation(((0, 9), (1, 3))),)),) * 2)
    # The second job waits 3 for machine 1 rather than take 9 on machine 0.
    assert dispatch(problem, "FIFO").cost == 6
