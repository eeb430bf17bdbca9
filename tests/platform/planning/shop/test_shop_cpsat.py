"""CP-SAT on parts of plants: hints, brute force as a peer, never worse, and no OR-Tools."""

import sys
import time
from dataclasses import replace
from itertools import permutations, product
from random import Random

import pytest

from seamline_broker.errors import ConfigError
from seamline_platform.planning.shop.check import check
from seamline_platform.planning.shop.compiled import CANNOT, Compiled, compile_problem
from seamline_platform.planning.shop.cpsat import curves, engine
from seamline_platform.planning.shop.cpsat.engine import Limits, have_cp_sat, run
from seamline_platform.planning.shop.cpsat.model import ShopModel
from seamline_platform.planning.shop.cpsat.part import part_of
from seamline_platform.planning.shop.cpsat.subproblem import heads_of, improve
from seamline_platform.planning.shop.decode import DeadlockError, Plan, decode, evaluate
from seamline_platform.planning.shop.dispatching import best_rule
from seamline_platform.planning.shop.generate import Recipe, draw_plant
from seamline_platform.planning.shop.problem import Objective, Problem, Ramp
from seamline_platform.planning.shop.schedule import schedule_of
from seamline_platform.planning.shop.times import ALWAYS, FOREVER, WorkTimes

needs_cp_sat = pytest.mark.skipif(not have_cp_sat(), reason="needs seamline[solve]: OR-Tools")


def _shifts(rng: Random) -> WorkTimes:
    starts = [k * 144 + rng.randint(0, 30) for k in range(6)]
    ends = [*(s + rng.randint(20, 100) for s in starts[:-1]), FOREVER]
    return WorkTimes(tuple(starts), tuple(ends))


def _plant(seed: int, orders: int = 12, lines: int = 3) -> Problem:
    """A drawn plant with shifts of two kinds, learning, kits cut already, orders that follow."""
    rng = Random(seed)
    p = draw_plant(Recipe(orders, lines, seed, ramp=rng.random() < 0.5))
    names = [o.order for o in p.orders]
    changed = []
    for k, o in enumerate(p.orders):
        kit = rng.randint(0, 30) if rng.random() < 0.3 else None
        after = (rng.choice(names[:k]),) if k and rng.random() < 0.2 else ()
        changed.append(replace(o, kit=kit, after=after))
    which = ("", "early", "late")
    before = {name: rng.choice(p.lines).line for name in names if rng.random() < 0.5}
    return replace(
        p,
        orders=tuple(changed),
        objective=Objective(10, 1, move=rng.choice((0, 50))),
        planned=before,
        calendars={"early": _shifts(rng), "late": _shifts(rng)},
        lines=tuple(
            replace(x, calendar=rng.choice(which), free=rng.randint(0, 20)) for x in p.lines
        ),
        cutting=replace(
            p.cutting, calendar=rng.choice(which), transport=rng.choice((0, 3, 30)), busy=(9,)
        ),
        finishing=replace(p.finishing, calendar=rng.choice(which), busy=(rng.randint(0, 90),)),
        setups=replace(p.setups, anticipatory=rng.random() < 0.5),
    )


def _random_plan(c: Compiled, rng: Random) -> Plan:
    """A plan in which nobody waits in a circle: every line takes orders as they are listed."""
    rows: list[list[int]] = [[] for _ in c.work]
    for i in range(len(c.cut)):
        rows[rng.choice([k for k, row in enumerate(c.work) if row[i] != CANNOT])].append(i)
    ranks = list(c.cuts)
    rng.shuffle(ranks)
    return Plan(tuple(tuple(r) for r in rows), tuple(ranks))


def _checked(c: Compiled, plan: Plan) -> int:
    schedule = schedule_of(c, plan)
    assert check(c.problem, schedule) == []
    return schedule.value.cost


@needs_cp_sat
@pytest.mark.parametrize("seed", range(12))
def test_a_complete_hint_is_taken_and_costs_what_the_decoder_says(seed: int) -> None:
    c = compile_problem(_plant(seed))
    plan = _random_plan(c, Random(seed))
    times = decode(c, plan)
    for free in (range(0, 12, 2), range(12), range(3)):
        model = ShopModel(part_of(c, plan, times, free, None, heads_of(c)))
        ended = run(model.m, Limits(20.0), lambda: 0.0, fix_to_hint=True)
        assert ended.objective == model.cost_of(times)


@needs_cp_sat
@pytest.mark.parametrize("seed", range(6))
def test_improve_never_makes_it_worse_and_leaves_the_others_in_sequence(seed: int) -> None:
    c = compile_problem(_plant(seed))
    plan = _random_plan(c, Random(seed))
    free = Random(seed).sample(range(12), 6)
    result = improve(c, plan, free, Limits(0.05), seed=seed)
    assert result.cost == _checked(c, result.plan) <= evaluate(c, plan)
    assert result == improve(c, plan, free, Limits(0.05), seed=seed)
    for before, after in zip(plan.sequences, result.plan.sequences, strict=True):
        assert [i for i in before if i not in free] == [i for i in after if i not in free]


def _all_plans(c: Compiled) -> list[Plan]:
    orders = range(len(c.cut))
    able = [[k for k, row in enumerate(c.work) if row[i] != CANNOT] for i in orders]
    plans = []
    for order in permutations(orders):
        for where in product(*(able[i] for i in order)):
            rows = [
                tuple(i for i, k in zip(order, where, strict=True) if k == line)
                for line in range(len(c.work))
            ]
            plans += [Plan(tuple(rows), cut) for cut in permutations(c.cuts)]
    return plans


def _cost(c: Compiled, plan: Plan) -> int:
    try:
        return evaluate(c, plan)
    except DeadlockError:
        return 1 << 60


@needs_cp_sat
@pytest.mark.parametrize("seed", range(8))
def test_small_plants_are_solved_to_the_optimum_of_all_their_plans(seed: int) -> None:
    drawn = _plant(seed, orders=4, lines=2)
    orders = tuple(replace(o, kit=o.kit if o.kit is not None else o.release) for o in drawn.orders)
    roomy = replace(drawn.finishing, places=4, busy=())  # nobody waits: first come, first served
    c = compile_problem(replace(drawn, orders=orders, ramp=Ramp(), finishing=roomy))
    least = min(_cost(c, plan) for plan in _all_plans(c))
    every = {i: range(2) for i in range(4)}
    result = improve(c, _random_plan(c, Random(seed)), range(4), Limits(5.0), lines=every)
    assert result.status == "optimal"
    assert _checked(c, result.plan) == least


@needs_cp_sat
@pytest.mark.parametrize("seed", range(4))
def test_with_cutting_and_finishing_the_optimum_of_all_plans_is_a_bound(seed: int) -> None:
    c = compile_problem(_plant(seed, orders=4, lines=2))
    least = min(_cost(c, plan) for plan in _all_plans(c))
    every = {i: range(2) for i in range(4)}
    start = _random_plan(c, Random(seed))
    result = improve(c, start, range(4), Limits(5.0), lines=every)
    assert least <= _checked(c, result.plan) <= evaluate(c, start)


@needs_cp_sat
def test_orders_move_only_where_they_may() -> None:
    c = compile_problem(draw_plant(Recipe(20, 5, 3)))
    plan = best_rule(c).plan
    where = {i: k for k, row in enumerate(plan.sequences) for i in row}
    free = [i for i in where if where[i] in (0, 1)]
    result = improve(c, plan, free, Limits(0.5), lines={i: (where[i],) for i in free})
    assert {i: k for k, row in enumerate(result.plan.sequences) for i in row} == where
    wider = improve(c, plan, free, Limits(0.5), lines=dict.fromkeys(free, (0, 1, 2)))
    assert wider.plan.sequences[3:] == plan.sequences[3:]


@needs_cp_sat
def test_fixed_heads_stay_and_nothing_comes_before_them() -> None:
    drawn = draw_plant(Recipe(12, 2, 4))
    plan = best_rule(compile_problem(drawn)).plan
    names = [o.order for o in drawn.orders]
    fixed = {
        line.line: tuple(names[i] for i in row[:2])
        for line, row in zip(drawn.lines, plan.sequences, strict=True)
    }
    c = compile_problem(replace(drawn, fixed=fixed))
    result = improve(c, plan, range(12), Limits(0.5), lines=dict.fromkeys(range(12), (0, 1)))
    assert [row[:2] for row in result.plan.sequences] == [row[:2] for row in plan.sequences]
    assert _checked(c, result.plan) <= evaluate(c, plan)


@needs_cp_sat
def test_what_is_sewn_already_is_not_moved_and_still_has_to_be_finished() -> None:
    drawn = draw_plant(Recipe(12, 2, 6))
    able = next(x.line for x in drawn.lines if drawn.can(x, drawn.orders[0]))
    sewn = replace(drawn.orders[0], sewn=15, lines=(able,))
    c = compile_problem(replace(drawn, orders=(sewn, *drawn.orders[1:])))
    plan = best_rule(c).plan
    result = improve(c, plan, range(12), Limits(0.2))
    assert all(0 not in row for row in result.plan.sequences)
    assert _checked(c, result.plan) <= evaluate(c, plan)


@needs_cp_sat
def test_orders_that_take_no_time_keep_their_sequence_too() -> None:
    drawn = draw_plant(Recipe(8, 2, 9))
    timeless = tuple(replace(s, smv=0.0) for s in drawn.styles)
    c = compile_problem(replace(drawn, styles=timeless))
    plan = best_rule(c).plan
    result = improve(c, plan, [0, 1, 2], Limits(0.5))
    _checked(c, result.plan)
    for before, after in zip(plan.sequences, result.plan.sequences, strict=True):
        assert [i for i in before if i > 2] == [i for i in after if i > 2]


@needs_cp_sat
def test_a_call_can_be_stopped() -> None:
    c = compile_problem(draw_plant(Recipe(40, 8, 1)))
    plan = best_rule(c).plan
    every = {i: range(8) for i in range(40)}
    began = time.process_time()
    result = improve(
        c, plan, range(40), Limits(1e6), lines=every, cpu=time.process_time,
        stop=lambda: time.process_time() - began > 1.0,
    )  # fmt: skip
    assert time.process_time() - began < 20
    assert result.cost == _checked(c, result.plan) <= evaluate(c, plan)


@needs_cp_sat
def test_an_order_without_a_place_cannot_be_free() -> None:
    c = compile_problem(draw_plant(Recipe(3, 1, 1)))
    with pytest.raises(ValueError, match="O2 is free but has no place"):
        improve(c, Plan(((0, 2),), (0, 1, 2)), [1], Limits(1.0))


def test_limits_say_what_they_need() -> None:
    with pytest.raises(ValueError, match="ticks above 0 and at least 1 worker; got 0 and 1"):
        Limits(0)


def test_without_or_tools_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in sys.modules if n.startswith("ortools")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "ortools", None)
    assert not engine.have_cp_sat()
    c = compile_problem(draw_plant(Recipe(3, 1, 1)))
    with pytest.raises(ConfigError, match=r"pip install 'seamline\[solve\]'"):
        improve(c, best_rule(c).plan, [0, 1], Limits(1.0))


@pytest.mark.parametrize("seed", range(10))
def test_a_curve_s_pieces_are_the_working_times(seed: int) -> None:
    rng = Random(seed)
    axes = [ALWAYS, _shifts(rng), _shifts(rng)]
    for source, target in product(axes, [*axes, None]):
        curve = curves.Curve(source, target, rng.randint(0, 40), rng.choice((0, 3, 90)))
        pieces = curve.pieces(0, 700)
        assert [p.low for p in pieces[1:]] == [p.high + 1 for p in pieces[:-1]]
        assert all(p.at(x) == curve.at(x) for p in pieces for x in range(p.low, p.high + 1))
        if curve.straight:
            assert {curve.at(x) - x for x in range(700)} == {curve.at(0)}


def test_too_many_pieces_become_ranges_that_hold_the_curve() -> None:
    days = WorkTimes(tuple(range(0, 2000, 20)), (*range(15, 1995, 20), FOREVER))
    curve = curves.Curve(days, None, 3)
    pieces = curve.pieces(0, 1400)
    assert len(pieces) <= curves.MAX_PIECES
    for p in pieces:
        assert all(p.value <= curve.at(x) <= p.top for x in range(p.low, p.high + 1))
