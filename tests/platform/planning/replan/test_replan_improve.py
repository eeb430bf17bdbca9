"""Improvement of a provisional plan: never worse, few orders moved, any time stopped."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seamline_broker.errors import ConfigError
from seamline_platform.planning.replan.disturbance import Breakdown, Disturbed, Rush, disturb
from seamline_platform.planning.replan.evaluated import evaluated
from seamline_platform.planning.replan.improve import (
    Improved,
    Strategy,
    Tether,
    improve,
    restricted_annealing,
    restricted_cp_sat,
    scratch_annealing,
    taxed_annealing,
    taxed_lns,
)
from seamline_platform.planning.replan.provisional import provisional
from seamline_platform.planning.shop.annealing import Budget
from seamline_platform.planning.shop.compiled import compile_problem
from seamline_platform.planning.shop.cpsat import have_cp_sat
from seamline_platform.planning.shop.dispatching import best_rule
from seamline_platform.planning.shop.generate import Recipe, draw_plant
from seamline_platform.planning.shop.problem import Order, Problem
from seamline_platform.planning.shop.sequences import Sequences, sequences_of

LOCAL: tuple[Strategy, ...] = (restricted_annealing, taxed_annealing)


def still() -> float:
    """A timer for budgets of moves."""
    return 0.0


def broken(problem: Problem, now: int = 30) -> Disturbed:
    """A line stands for 48 ticks and a rush order comes."""
    c = compile_problem(problem)
    plan = sequences_of(c, best_rule(c, ("EDD", "ATCS")).plan)
    busiest = max(plan.lines, key=lambda line: len(plan.lines[line]))
    rush = Order("RUSH", "S1", "", 20, due=now + 50, release=now, weight=10)
    return disturb(problem, plan, now, (Breakdown(busiest, now, now + 48), Rush(rush)), 3)


def repaired(d: Disturbed, budget: Budget, **how: object) -> tuple[Sequences, Improved]:
    start = provisional(d.problem, d.sequences)
    found = improve(d.problem, start, budget, still, struck=d.struck, **how)  # type: ignore[arg-type]
    before, after = evaluated(d.problem, start), evaluated(d.problem, found.sequences)
    assert (found.start_cost, found.cost) == (before.value.cost, after.value.cost)
    assert found.cost <= found.start_cost
    assert after.value.moved == len(found.moved)
    for line, row in d.problem.fixed.items():
        assert found.sequences.lines[line][: len(row)] == row
    return start, found


def test_it_recovers_damage_and_moves_few_orders() -> None:
    d = broken(draw_plant(Recipe(30, 6, 7)))
    _, found = repaired(d, Budget(moves=30_000), strategies=LOCAL)
    assert found.cost < 0.9 * found.start_cost
    assert len(found.moved) <= 0.2 * len(d.free)
    again = repaired(d, Budget(moves=30_000), strategies=LOCAL)[1]
    assert again == found


def test_the_share_of_moved_orders_is_kept() -> None:
    d = broken(draw_plant(Recipe(30, 6, 8)))
    budget = Budget(moves=20_000)
    none = repaired(d, budget, strategies=LOCAL, tether=Tether(most_moved=0))[1]
    assert none.moved == ()
    free = repaired(d, budget, strategies=[scratch_annealing], tether=Tether(0, 1))[1]
    assert len(free.moved) > len(repaired(d, budget, strategies=LOCAL)[1].moved)
    for wrong in ({"tax_share": -1}, {"most_moved": 1.5}):
        with pytest.raises(ConfigError, match="Tether"):
            Tether(**wrong)


def test_every_better_plan_is_told_and_a_stop_keeps_the_best() -> None:
    d = broken(draw_plant(Recipe(24, 5, 9)))
    told: list[tuple[Sequences, int]] = []
    _, found = repaired(
        d,
        Budget(moves=20_000),
        strategies=LOCAL,
        on_improve=lambda plan, cost: told.append((plan, cost)),
        cancelled=lambda: len(told) >= 2,
    )
    assert len(told) >= 2
    assert (found.sequences, found.cost) == told[-1]
    assert all(evaluated(d.problem, plan).value.cost == cost for plan, cost in told)
    start, unchanged = repaired(d, Budget(moves=20_000), cancelled=lambda: True)
    assert (unchanged.sequences, unchanged.first_cpu_s) == (start, None)


@pytest.mark.slow
@pytest.mark.skipif(not have_cp_sat(), reason="OR-Tools is not installed")
def test_cp_sat_on_what_the_disturbance_concerns() -> None:
    d = broken(draw_plant(Recipe(20, 5, 3)))
    _, part = repaired(d, Budget(moves=100), strategies=[restricted_cp_sat])
    assert part.cost < part.start_cost
    assert part.ticks > 0
    _, more = repaired(d, Budget(moves=4), strategies=[restricted_cp_sat, taxed_lns])
    assert more.cost <= part.cost


def test_orders_that_wait_for_others_are_put_in_anew() -> None:
    p = draw_plant(Recipe(14, 3, 4))
    last = replace(p.orders[-1], after=(p.orders[0].order,))
    d = broken(replace(p, orders=(*p.orders[:-1], last)), now=5)
    _, found = repaired(d, Budget(moves=120), strategies=LOCAL)
    assert found.cost < found.start_cost


@pytest.mark.slow
@pytest.mark.skipif(not have_cp_sat(), reason="OR-Tools is not installed")
def test_orders_that_wait_for_others_are_solved_in_parts() -> None:
    p = draw_plant(Recipe(14, 3, 4))
    last = replace(p.orders[-1], after=(p.orders[0].order,))
    d = broken(replace(p, orders=(*p.orders[:-1], last)), now=5)
    _, found = repaired(d, Budget(moves=4))
    assert found.cost < found.start_cost
    assert found.ticks > 0
    assert len(found.moved) <= 0.2 * len(d.free)


def test_a_plan_without_free_orders_stays() -> None:
    p = draw_plant(Recipe(3, 2, 4))
    c = compile_problem(p)
    d = disturb(p, sequences_of(c, best_rule(c, ("EDD",)).plan), 100_000, ())
    assert d.free == frozenset()
    _, found = repaired(d, Budget(moves=50))
    assert (found.cost, found.moves) == (0, 0)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.integers(1, 100_000), st.integers(0, 60))
def test_any_plant_at_any_time(draw: Callable[[int], Problem], seed: int, now: int) -> None:
    problem = draw(seed)
    rng = Random(seed)
    c = compile_problem(problem)
    plan = sequences_of(c, best_rule(c, ("FIFO",)).plan)
    line = rng.choice(problem.lines).line
    d = disturb(problem, plan, now, Breakdown(line, now, now + rng.randint(1, 60)), 4)
    strategies = [restricted_annealing, taxed_annealing]
    start, found = repaired(d, Budget(moves=600), strategies=strategies, seed=seed)
    names = {n for row in found.sequences.lines.values() for n in row}
    assert names == {n for row in start.lines.values() for n in row}
