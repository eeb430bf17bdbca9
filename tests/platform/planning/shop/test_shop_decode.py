"""Times of a plan by hand, and the decoders' agreement with the checker on any plant."""

import json
import subprocess
import sys
from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seamline_platform.planning.shop.annealing import Budget, anneal_plan
from seamline_platform.planning.shop.check import check
from seamline_platform.planning.shop.compiled import CANNOT, Compiled, compile_problem
from seamline_platform.planning.shop.decode import DeadlockError, Plan, decode, evaluate, value
from seamline_platform.planning.shop.dispatching import best_rule, cut_rank, every_rule
from seamline_platform.planning.shop.generate import Recipe, draw_plant
from seamline_platform.planning.shop.problem import (
    Line,
    Order,
    Problem,
    Ramp,
    Setups,
    Stage,
    Style,
)
from seamline_platform.planning.shop.schedule import schedule_of
from seamline_platform.planning.shop.solve import solve
from seamline_platform.planning.shop.times import FOREVER, WorkTimes

TEE = Style("TS01", "tee", smv=2.0, cut=0.5, finish=0.2)
POLO = Style("PO01", "polo", smv=4.0, cut=0.5, finish=0.2)
LINES = (
    Line("a", 2, {"tee": 1.0, "polo": 1.0}, style="TS01", colour="red"),
    Line("b", 4, {"tee": 0.5}, style="TS01", colour="red"),
)


def problem(**changes: object) -> Problem:
    base: dict[str, object] = {
        "name": "hand",
        "styles": (TEE, POLO),
        "orders": (
            Order("A", "TS01", "red", 20, due=40),
            Order("B", "PO01", "red", 10, due=60, weight=2),
            Order("C", "TS01", "blue", 30, due=50, release=5),
        ),
        "lines": LINES,
        "cutting": Stage(1, transport=3),
        "finishing": Stage(1, transport=1),
        "setups": Setups(same_style=4, same_family=8, other=12),
    }
    return Problem(**{**base, **changes})  # type: ignore[arg-type]


def test_times_by_hand() -> None:
    c = compile_problem(problem())
    t = decode(c, Plan(((0, 1), (2,)), (0, 1, 2)))
    # One table: A 0-10, B 10-15, C 15-30 (cloth at 5); the road to the line takes 3.
    assert (t.cut_start, t.cut_end) == ([0, 10, 15], [10, 15, 30])
    # Line a: A needs no set-up and 20 x 2 / 2 = 20; B's set-up of 12 follows, then 10 x 4 / 2 = 20.
    assert (t.sew_start[0], t.sew_end[0]) == (13, 33)
    assert (t.setup_start[1], t.setup[1], t.sew_start[1], t.sew_end[1]) == (33, 12, 45, 65)
    # Line b is set up for blue (4) while C is on its way, and sews 30 x 2 / (4 x .5) = 30.
    assert (t.setup_start[2], t.sew_start[2], t.sew_end[2]) == (0, 33, 63)
    # Finishing, one place: A 33-37, C 63-69, B 69-71; one tick more to where it is due.
    assert t.done == [38, 72, 70]
    v = value(c, t)
    assert (v.weighted_tardiness, v.setup, v.cost, v.late) == (2 * 12 + 20, 16, 456, 2)


def test_a_setup_waits_for_the_kit_where_it_cannot_go_ahead() -> None:
    c = compile_problem(problem(setups=Setups(4, 8, 12, anticipatory=False)))
    t = decode(c, Plan(((0, 1), (2,)), (0, 1, 2)))
    assert (t.setup_start[2], t.sew_start[2]) == (33, 37)


def test_learning_goes_on_over_orders_of_one_style() -> None:
    ramp = Ramp(depth_other=0.5, depth_family=0.2, tau=10)
    one = problem(ramp=ramp, orders=(Order("B", "PO01", "red", 40, due=0),))
    two = problem(
        ramp=ramp,
        orders=(Order("B", "PO01", "red", 15, due=0), Order("D", "PO01", "red", 25, due=0)),
    )
    whole = decode(compile_problem(one), Plan(((0,), ()), (0,))).sew_end[0]
    # Loss: 0.5 x 10 x (1 - e^-8) = 5 ticks for 80 ticks of work, however it is split.
    assert whole == 20 + 3 + 80 + 5
    parts = decode(compile_problem(two), Plan(((0, 1), ()), (0, 1)))
    assert parts.sew_end[1] - parts.sew_start[0] == 85


def test_work_pauses_when_a_line_closes() -> None:
    day = WorkTimes((0, 100), (40, FOREVER))
    p = problem(calendars={"day": day}, lines=(replace(LINES[0], calendar="day"), LINES[1]))
    t = decode(compile_problem(p), Plan(((0, 1), (2,)), (0, 1, 2)))
    # B's set-up of 12 takes 33-40 and 100-105.
    assert (t.setup_start[1], t.sew_start[1], t.sew_end[1]) == (33, 105, 125)


def test_orders_that_follow_others_wait_and_a_deadlock_is_named() -> None:
    orders = (
        Order("A", "TS01", "red", 20, due=40, after=("C",)),
        Order("C", "TS01", "red", 30, due=50),
    )
    c = compile_problem(problem(orders=orders))
    t = decode(c, Plan(((0,), (1,)), (0, 1)))
    assert t.sew_start[0] == t.sew_end[1]
    with pytest.raises(DeadlockError):
        decode(c, Plan(((0, 1), ()), (0, 1)))


def _random_plan(c: Compiled, rng: Random) -> Plan:
    rows: list[list[int]] = [[] for _ in c.work]
    order = list(range(len(c.cut)))
    rng.shuffle(order)
    for i in order:
        able = [k for k, row in enumerate(c.work) if row[i] != CANNOT]
        rows[rng.choice(able)].append(i)
    ranks = list(c.cuts)
    rng.shuffle(ranks)
    return Plan(tuple(tuple(r) for r in rows), tuple(ranks))


def _plant(seed: int) -> Problem:
    """A drawn plant with shifts, learning, kits that are cut already, and set-ups of both kinds."""
    rng = Random(seed)
    p = draw_plant(Recipe(rng.randint(1, 14), rng.randint(1, 4), seed, ramp=rng.random() < 0.5))
    starts = [k * 144 + rng.randint(0, 30) for k in range(6)]
    ends = [*(s + rng.randint(20, 100) for s in starts[:-1]), FOREVER]
    calendar = {"shifts": WorkTimes(tuple(starts), tuple(ends))}
    lines = tuple(
        replace(x, calendar=rng.choice(("", "shifts")), free=rng.randint(0, 20)) for x in p.lines
    )
    orders = tuple(
        replace(o, kit=rng.randint(0, 30)) if rng.random() < 0.3 else o for o in p.orders
    )
    return replace(
        p,
        calendars=calendar,
        lines=lines,
        orders=orders,
        cutting=replace(p.cutting, calendar=rng.choice(("", "shifts"))),
        finishing=replace(p.finishing, calendar=rng.choice(("", "shifts"))),
        setups=replace(p.setups, anticipatory=rng.random() < 0.5),
    )


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10**6))
def test_the_checker_passes_what_the_decoder_makes(seed: int) -> None:
    c = compile_problem(_plant(seed))
    plan = _random_plan(c, Random(seed))
    assert check(c.problem, schedule_of(c, plan)) == []
    for result in every_rule(c):
        assert check(c.problem, schedule_of(c, result.plan)) == []
        assert result.cost == evaluate(c, result.plan)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10**6))
def test_the_search_counts_what_the_decoder_counts_and_never_makes_it_worse(seed: int) -> None:
    c = compile_problem(_plant(seed))
    plan = _random_plan(c, Random(seed))
    found = anneal_plan(c, plan, Budget(moves=300), lambda: 0.0, seed=seed)
    assert found.cost == evaluate(c, found.plan) <= evaluate(c, plan)
    assert check(c.problem, schedule_of(c, found.plan)) == []
    again = anneal_plan(c, plan, Budget(moves=300), lambda: 0.0, seed=seed)
    assert again == found


PLAIN = """
import json, sys
sys.modules["numba"] = None  # as if it were not installed
from seamline_platform.planning.shop import kernels
from seamline_platform.planning.shop.annealing import Budget, anneal_plan
from seamline_platform.planning.shop.compiled import compile_problem
from seamline_platform.planning.shop.dispatching import best_rule
from seamline_platform.planning.shop.generate import Recipe, draw_plant
c = compile_problem(draw_plant(Recipe(20, 4, 5, ramp=True)))
f = anneal_plan(c, best_rule(c).plan, Budget(moves=2000), lambda: 0.0, seed=3)
print(json.dumps([kernels.HAVE_NUMBA, f.cost, f.plan.sequences, f.plan.cut_order]))
"""


def test_compiled_and_plain_python_find_the_same_plan() -> None:
    c = compile_problem(draw_plant(Recipe(20, 4, 5, ramp=True)))
    here = anneal_plan(c, best_rule(c).plan, Budget(moves=2000), lambda: 0.0, seed=3)
    ran = subprocess.run(
        [sys.executable, "-c", PLAIN], capture_output=True, text=True, check=True, timeout=120
    )
    numba, cost, sequences, cut_order = json.loads(ran.stdout)
    assert numba is False
    assert cost == here.cost
    assert tuple(tuple(s) for s in sequences) == here.plan.sequences
    assert tuple(cut_order) == here.plan.cut_order


def test_fixed_orders_stay_at_the_head_of_their_line() -> None:
    base = draw_plant(Recipe(12, 3, 2))
    c = compile_problem(base)
    head = {
        line.line: (next(o.order for o in base.orders if base.can(line, o)),)
        for line in base.lines[:1]
    }
    fixed = replace(base, fixed=head)
    solved = solve(fixed, Budget(moves=3_000), lambda: 0.0)
    first = fixed.lines[0].line
    assert solved.schedule.on(first)[0].order == head[first][0]
    assert c.problem.orders == fixed.orders


def test_cutting_ranks_name_every_order_that_is_to_be_cut() -> None:
    c = compile_problem(_plant(7))
    for rule in ("FIFO", "EDD", "WSPT", "SLACK"):
        assert sorted(cut_rank(c, rule)) == c.cuts
