"""The search behind a plan: parts solved by CP-SAT, the whole plant, stages, budgets, the end."""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from seamline_platform.planning.shop import pipeline
from seamline_platform.planning.shop.annealing import Budget
from seamline_platform.planning.shop.annealing_decoded import anneal_decoded
from seamline_platform.planning.shop.check import check
from seamline_platform.planning.shop.compiled import Compiled, compile_problem
from seamline_platform.planning.shop.cpsat import have_cp_sat, lns, solve_full
from seamline_platform.planning.shop.cpsat.neighbourhoods import NEIGHBOURHOODS, View
from seamline_platform.planning.shop.decode import Plan, decode, evaluate
from seamline_platform.planning.shop.dispatching import best_rule, every_rule, list_rule
from seamline_platform.planning.shop.generate import Recipe, draw_plant
from seamline_platform.planning.shop.problem import Problem
from seamline_platform.planning.shop.schedule import schedule_of
from seamline_platform.planning.shop.solve import Solved, checked_schedule, solve

needs_cp_sat = pytest.mark.skipif(not have_cp_sat(), reason="needs seamline[solve]: OR-Tools")


def _checked(c: Compiled, plan: Plan) -> int:
    schedule = schedule_of(c, plan)
    assert check(c.problem, schedule) == []
    return schedule.value.cost


def _following(orders: int, lines: int, seed: int) -> Problem:
    """A plant in which every fifth order has to follow the one before it."""
    drawn = draw_plant(Recipe(orders, lines, seed))
    return replace(
        drawn,
        orders=tuple(
            replace(o, after=(drawn.orders[k - 1].order,)) if k % 5 == 4 else o
            for k, o in enumerate(drawn.orders)
        ),
    )


@needs_cp_sat
def test_the_search_by_parts_improves_the_best_rule_and_is_the_same_by_ticks() -> None:
    c = compile_problem(_following(24, 4, 2))
    rule = best_rule(c)
    told: list[int] = []
    found = lns(
        c, rule.plan, Budget(ticks=0.2), lambda: 0.0, seed=3,
        on_improve=lambda plan, cost: told.append(_checked(c, plan) - cost),
    )  # fmt: skip
    assert found.cost == _checked(c, found.plan) < rule.cost
    assert told
    assert not any(told)
    assert 0 < found.ticks < 0.3
    again = lns(c, rule.plan, Budget(ticks=0.2), lambda: 0.0, seed=3)
    assert again == found


@needs_cp_sat
def test_the_search_by_parts_can_be_cancelled_between_and_inside_parts() -> None:
    c = compile_problem(draw_plant(Recipe(30, 6, 2)))
    plan = best_rule(c).plan
    assert lns(c, plan, Budget(cpu_s=9.0), time.process_time, cancelled=lambda: True).moves == 0
    asked = iter([False] * 3)
    found = lns(c, plan, Budget(cpu_s=60.0), time.process_time, cancelled=lambda: next(asked, True))
    assert found.cpu_s < 20
    assert _checked(c, found.plan) == found.cost <= evaluate(c, plan)


@needs_cp_sat
def test_fixed_heads_are_never_free() -> None:
    c = compile_problem(draw_plant(Recipe(20, 4, 5)))
    plan = best_rule(c).plan
    found = lns(c, plan, Budget(moves=4), lambda: 0.0, fixed=[2, 2, 2, 2])
    assert [row[:2] for row in found.plan.sequences] == [row[:2] for row in plan.sequences]


@pytest.mark.parametrize("name", NEIGHBOURHOODS)
def test_neighbourhoods_free_few_orders_on_few_lines(name: str) -> None:
    c = compile_problem(draw_plant(Recipe(40, 8, 3)))
    plan = next(every_rule(c)).plan
    times = decode(c, plan)
    view = View(c, plan, times, tuple(range(2, 40)))
    sizes = set()
    for seed in range(20):
        choice = NEIGHBOURHOODS[name](view, Random(seed), 10)
        assert set(choice.free) <= set(view.movable)
        assert len(set(choice.free)) == len(choice.free) <= 10
        assert choice.anywhere or len({times.line[i] for i in choice.free}) <= 4
        sizes.add(len(choice.free))
    assert max(sizes) >= 3


@needs_cp_sat
@pytest.mark.parametrize("hinted", [False, True])
def test_the_whole_plant_by_cp_sat(hinted: bool) -> None:
    c = compile_problem(_following(8, 2, 4))
    rule = best_rule(c)
    told: list[int] = []
    result = solve_full(
        c, rule.plan if hinted else None, Budget(ticks=1.0), lambda: 0.0, workers=1,
        on_improve=lambda _, cost: told.append(cost),
    )  # fmt: skip
    assert result.plan is not None
    assert result.cost == _checked(c, result.plan) == (told or [rule.cost])[-1]
    assert told == sorted(told, reverse=True)
    assert not hinted or result.cost <= rule.cost


@needs_cp_sat
def test_cp_sat_on_the_whole_plant_ends_with_its_cpu_seconds_and_keeps_the_start() -> None:
    c = compile_problem(draw_plant(Recipe(60, 12, 1)))
    rule = next(every_rule(c))
    hinted = solve_full(c, rule.plan, Budget(cpu_s=0.5), time.process_time)
    assert hinted.plan is not None
    assert _checked(c, hinted.plan) == hinted.cost
    assert hinted.cost is not None
    assert hinted.cost <= rule.cost
    assert hinted.cpu_s < 10
    cold = solve_full(c, None, Budget(cpu_s=0.2), time.process_time)
    assert cold.cost is None or (cold.plan is not None and _checked(c, cold.plan) == cold.cost)


def test_a_plant_without_orders_is_solved() -> None:
    problem = replace(draw_plant(Recipe(3, 1, 1)), orders=())
    solved = solve(problem, Budget(moves=10), lambda: 0.0)
    assert solved.schedule.rows == ()
    if have_cp_sat():
        full = solve_full(compile_problem(problem), None, Budget(ticks=1.0), lambda: 0.0)
        assert (full.cost, full.status) == (0, "optimal")


def _solved(problem: Problem, budget: Budget, **more: Callable[[], bool]) -> Solved:
    solved = solve(problem, budget, lambda: 0.0, **more)  # type: ignore[arg-type]
    assert check(problem, solved.schedule) == []
    assert solved.schedule.value.cost <= solved.rule_cost
    assert [cost for _, cost in solved.course][-1] == solved.schedule.value.cost
    costs = [cost for _, cost in solved.course]
    assert costs == sorted(set(costs), reverse=True)
    assert [s.cost for s in solved.stages] == sorted((s.cost for s in solved.stages), reverse=True)
    return solved


def test_moves_alone_pay_for_annealing_alone() -> None:
    problem = draw_plant(Recipe(20, 4, 3))
    solved = _solved(problem, Budget(moves=4_000))
    assert [s.stage for s in solved.stages] == ["rules", "annealing"]
    assert (solved.moves, solved.ticks) == (4_000, 0.0)
    assert replace(solved, cpu_s=0) == replace(_solved(problem, Budget(moves=4_000)), cpu_s=0)


@needs_cp_sat
def test_ticks_pay_for_cp_sat_behind_annealing() -> None:
    problem = draw_plant(Recipe(20, 4, 3))
    solved = _solved(problem, Budget(moves=2_000, ticks=0.3))
    assert [s.stage for s in solved.stages] == ["rules", "annealing", "cp-sat"]
    assert solved.moves == 2_000
    assert solved.ticks >= 0.3 or solved.schedule.value.cost == 0
    assert solved.plan == _solved(problem, Budget(moves=2_000, ticks=0.3)).plan


@needs_cp_sat
def test_orders_that_follow_others_are_planned_by_rule_and_cp_sat() -> None:
    solved = _solved(_following(24, 4, 2), Budget(ticks=0.4))
    assert [s.stage for s in solved.stages] == ["rules", "cp-sat"]
    assert solved.schedule.value.cost < solved.rule_cost


def test_orders_that_follow_others_are_annealed_through_the_decoder() -> None:
    c = compile_problem(_following(24, 4, 2))
    plan = best_rule(c).plan
    told: list[int] = []
    found = anneal_decoded(
        c, plan, Budget(moves=1_500), lambda: 0.0, seed=5,
        on_improve=lambda p, cost: told.append(_checked(c, p) - cost),
    )  # fmt: skip
    assert found.cost == _checked(c, found.plan) < evaluate(c, plan)
    assert (found.moves, set(told)) == (1_500, {0})
    assert found == anneal_decoded(c, plan, Budget(moves=1_500), lambda: 0.0, seed=5)
    held = anneal_decoded(c, plan, Budget(moves=500), lambda: 0.0, fixed=[1, 2, 1, 0])
    for row, before, count in zip(held.plan.sequences, plan.sequences, (1, 2, 1, 0), strict=True):
        assert row[:count] == before[:count]
    solved = _solved(c.problem, Budget(moves=300))
    assert [s.stage for s in solved.stages] == ["rules", "annealing"]


def test_without_or_tools_the_plan_is_that_of_annealing(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = draw_plant(Recipe(20, 4, 3))
    with_it = _solved(problem, Budget(moves=2_000))
    for name in [n for n in sys.modules if n.startswith("ortools")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "ortools", None)
    assert _solved(problem, Budget(moves=2_000, ticks=1.0)).plan == with_it.plan
    assert [s.stage for s in _solved(_following(10, 2, 1), Budget(ticks=1.0)).stages] == ["rules"]


def test_a_cancelled_search_gives_what_it_has() -> None:
    solved = _solved(draw_plant(Recipe(20, 4, 3)), Budget(moves=10_000), cancelled=lambda: True)
    assert solved.moves == 0
    assert len(solved.schedule.rows) == 20


def test_large_plants_are_planned_by_the_list_rule() -> None:
    problem = draw_plant(Recipe(6_000, 30, 1))
    solved = _solved(problem, Budget(moves=10))
    assert (solved.rule, solved.moves) == ("EDD-ECT/EDD", 0)
    assert len(solved.schedule.rows) == 6_000


def test_the_list_rule_heeds_precedence_fixed_heads_and_what_has_no_line() -> None:
    drawn = _following(30, 4, 3)
    able = next(x for x in drawn.lines if drawn.can(x, drawn.orders[9]))
    orders = (*drawn.orders, replace(drawn.orders[0], order="nowhere", lines=("L1",)))
    lines = tuple(replace(x, efficiency={"F9": 1.0}) if x.line == "L1" else x for x in drawn.lines)
    fixed = {able.line: (drawn.orders[8].order,)} if drawn.can(able, drawn.orders[8]) else {}
    problem = replace(drawn, orders=orders, lines=lines, fixed=fixed if able.line != "L1" else {})
    c = compile_problem(problem)
    rule = list_rule(c)
    schedule = checked_schedule(c, rule.plan)
    assert set(schedule.unplanned) >= {"nowhere"}
    assert len(schedule.rows) + len(schedule.unplanned) == 31
    assert rule.cost == schedule.value.cost


def test_stages_are_named_as_they_begin() -> None:
    began: list[str] = []
    solve(draw_plant(Recipe(6, 2, 1)), Budget(moves=500), lambda: 0.0, on_stage=began.append)
    assert began == ["rules", "annealing"]


def test_large_budgets_leave_a_share_for_cp_sat() -> None:
    c = compile_problem(draw_plant(Recipe(10, 2, 4)))
    clock = iter(range(10_000))
    journal = pipeline.search(
        c, best_rule(c).plan, Budget(cpu_s=pipeline.LNS_FROM_CPU_S), lambda: float(next(clock))
    )
    expected = ["annealing", "cp-sat"] if have_cp_sat() else ["annealing"]
    assert [s.stage for s in journal.stages] == expected
    assert journal.cost == _checked(c, journal.plan)


def test_a_budget_says_what_it_needs() -> None:
    with pytest.raises(ValueError, match="CPU seconds, moves or ticks above 0; got inf s, 0 and"):
        Budget()
    with pytest.raises(ValueError, match="above 0"):
        Budget(ticks=-1.0)
    assert Budget(cpu_s=10, moves=100, ticks=2.0).used(5.0, 20, 1.8) == 0.9
