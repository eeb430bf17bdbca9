"""What runs when a plan is made: places that are busy, orders that are sewn already."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seamline_broker.errors import ConfigError
from seamline_platform.planning.shop.annealing import Budget, anneal_plan
from seamline_platform.planning.shop.check import check
from seamline_platform.planning.shop.compiled import compile_problem
from seamline_platform.planning.shop.decode import Plan, decode, evaluate, unplaced
from seamline_platform.planning.shop.dispatching import best_rule
from seamline_platform.planning.shop.document import document_of, problem_of
from seamline_platform.planning.shop.generate import Recipe, draw_plant
from seamline_platform.planning.shop.problem import Line, Order, Problem, Setups, Stage, Style
from seamline_platform.planning.shop.schedule import schedule_of
from seamline_platform.planning.shop.sequences import Sequences, plan_of

TEE = Style("T", "tee", smv=1.0, cut=0.5, finish=0.5)


def problem() -> Problem:
    """One line; A is being sewn until 6, B is to be cut, sewn and finished after it."""
    return Problem(
        name="begun",
        styles=(TEE,),
        orders=(
            Order("A", "T", "red", 10, due=9, sewn=6, lines=("a",)),
            Order("B", "T", "red", 4, due=20, after=("A",)),
        ),
        lines=(Line("a", 1, {"tee": 1.0}, free=6, style="T", colour="red"),),
        cutting=Stage(1, busy=(3,)),
        finishing=Stage(1, busy=(8,)),
        setups=Setups(),
    )


def test_times_by_hand() -> None:
    c = compile_problem(problem())
    plan = plan_of(c, Sequences({"a": ("B",)}))
    t = decode(c, plan)
    # The table is busy until 3, then cuts B for 2. The line sews A until 6, then B for 4.
    assert (t.cut_start[1], t.cut_end[1], t.sew_start[1], t.sew_end[1]) == (3, 5, 6, 10)
    # Finishing is busy until 8, then A (10 pieces, 5 ticks), then B (2 ticks).
    assert (t.finish_start, t.done) == ([8, 13], [13, 15])
    s = schedule_of(c, plan)
    assert check(problem(), s) == []
    assert [row.order for row in s.on("a")] == ["B", "A"]
    assert s.value.weighted_tardiness == 13 - 9
    assert unplaced(c, plan) == []
    assert best_rule(c).plan == plan


def test_the_checker_sees_what_is_moved() -> None:
    p = problem()
    c = compile_problem(p)
    s = schedule_of(c, Plan(((1,),), (1,)))
    b, a = s.rows
    moved = replace(s, rows=(b, replace(a, sew_start=5, sew_end=5)))
    assert "the plan moves it" in check(p, moved)[0]
    early = replace(s, rows=(replace(b, cut_start=1, cut_end=3), a))
    assert any("are in cutting" in text for text in check(p, early))
    assert any("neither planned" in text for text in check(p, replace(s, rows=(b,))))


def test_a_plan_may_not_sew_it_again() -> None:
    c = compile_problem(problem())
    with pytest.raises(ConfigError, match="sewn already"):
        plan_of(c, Sequences({"a": ("A", "B")}))


def test_what_is_sewn_names_its_line() -> None:
    with pytest.raises(ConfigError, match="the one it is sewn on"):
        Order("A", "T", "red", 10, due=9, sewn=6)
    with pytest.raises(ConfigError, match="at most 1 ticks"):
        Stage(1, busy=(1, 2))
    with pytest.raises(ConfigError, match="cannot sew"):
        replace(problem(), fixed={"a": ("A",)})


def test_json_there_and_back() -> None:
    assert problem_of(json.loads(json.dumps(document_of(problem())))) == problem()


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 10_000), st.lists(st.integers(0, 60), max_size=3), st.integers(0, 80))
def test_search_counts_it_as_the_decoder_does(seed: int, ends: list[int], busy: int) -> None:
    p = draw_plant(Recipe(14, 3, seed))
    orders = tuple(
        replace(o, sewn=ends[k], lines=("L1",)) if k < len(ends) else o
        for k, o in enumerate(p.orders)
    )
    p = replace(
        p,
        orders=orders,
        cutting=replace(p.cutting, busy=(busy,)),
        finishing=replace(p.finishing, busy=(busy // 2,)),
    )
    c = compile_problem(p)
    start = best_rule(c)
    found = anneal_plan(c, start.plan, Budget(moves=2_000), lambda: 0.0, seed=seed)
    assert found.cost == evaluate(c, found.plan) <= start.cost
    assert check(p, schedule_of(c, found.plan)) == []
