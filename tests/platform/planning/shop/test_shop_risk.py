"""Plans under chance: by hand, without chance, under equal luck, compiled and plain."""

import json
import subprocess
import sys
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seamline_broker.errors import ConfigError
from seamline_platform.planning.shop.annealing import Budget, anneal_plan
from seamline_platform.planning.shop.check import check
from seamline_platform.planning.shop.compiled import CANNOT, Compiled, compile_problem
from seamline_platform.planning.shop.decode import Plan, decode
from seamline_platform.planning.shop.dispatching import best_rule
from seamline_platform.planning.shop.generate import Recipe, draw_plant
from seamline_platform.planning.shop.luck import Luck
from seamline_platform.planning.shop.noise import QUIET, Failures, Noise
from seamline_platform.planning.shop.problem import Line, Order, Problem, Stage, Style
from seamline_platform.planning.shop.risk import Spread, run_forward, simulate
from seamline_platform.planning.shop.schedule import schedule_of
from seamline_platform.planning.shop.times import FOREVER, WorkTimes

TEE = Style("T", "tee", smv=1.0)


def one_line(*orders: Order, **changes: object) -> Problem:
    base: dict[str, object] = {
        "name": "one line",
        "styles": (TEE,),
        "orders": orders,
        "lines": (Line("a", 1, {"tee": 1.0}, style="T", colour="red"),),
        "cutting": Stage(1),
        "finishing": Stage(1),
    }
    return Problem(**{**base, **changes})  # type: ignore[arg-type]


def _order(name: str, pieces: int, due: int = 0, **changes: object) -> Order:
    return Order(name, "T", "red", pieces, due, **changes)  # type: ignore[arg-type]


def _plant(seed: int) -> Problem:
    """A drawn plant with shifts, what runs, kits, followers and busy places."""
    rng = Random(seed)
    p = draw_plant(Recipe(rng.randint(1, 12), rng.randint(1, 4), seed, ramp=rng.random() < 0.5))
    starts = [k * 144 + rng.randint(0, 30) for k in range(6)]
    ends = [*(s + rng.randint(20, 100) for s in starts[:-1]), FOREVER]
    lines = tuple(
        replace(x, calendar=rng.choice(("", "shifts")), free=rng.randint(0, 20)) for x in p.lines
    )
    orders = list(p.orders)
    for k, o in enumerate(orders):
        able = [x.line for x in lines if p.can(x, o)]
        if rng.random() < 0.2:
            orders[k] = replace(o, kit=rng.randint(0, 30))
        elif rng.random() < 0.1:
            orders[k] = replace(o, sewn=rng.randint(0, 20), lines=(able[0],))
        elif k and rng.random() < 0.2:
            orders[k] = replace(o, after=(orders[rng.randrange(k)].order,))
    return replace(
        p,
        calendars={"shifts": WorkTimes(tuple(starts), tuple(ends))},
        lines=lines,
        orders=tuple(orders),
        cutting=replace(p.cutting, calendar=rng.choice(("", "shifts")), busy=(rng.randint(0, 9),)),
        finishing=replace(p.finishing, calendar=rng.choice(("", "shifts"))),
        setups=replace(p.setups, anticipatory=rng.random() < 0.5),
    )


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10**6))
def test_without_chance_a_run_is_the_plan(seed: int) -> None:
    c = compile_problem(_plant(seed))
    plan = best_rule(c).plan
    assert check(c.problem, schedule_of(c, plan)) == []
    planned = decode(c, plan)
    for t in run_forward(c, plan, QUIET, seed, range(2)):
        on = [i for i, done in enumerate(planned.done) if done >= 0]
        assert t.line == planned.line
        for name in ("setup_start", "sew_start", "finish_start"):
            sewn = [i for i in on if planned.line[i] >= 0 or name == "finish_start"]
            assert [getattr(t, name)[i] for i in sewn] == [getattr(planned, name)[i] for i in sewn]
        assert [t.sew_end[i] for i in on] == [planned.sew_end[i] for i in on]
        assert [t.setup[i] for i in on] == [planned.setup[i] for i in on]
        assert t.done == planned.done
    risk = simulate(c, plan, QUIET, seed, 3)
    assert set(risk.values) == {risk.planned}
    assert all(row.planned == row.done.p10 == row.done.p90 for row in risk.orders)


def test_stops_by_hand() -> None:
    p = one_line(_order("A", 30), _order("B", 50), cutting=Stage(1), finishing=Stage(1))
    c = compile_problem(p)
    noise = replace(QUIET, other_lines=Failures(mtbf=40, mttr=7, repair_cv=0))
    for run, t in enumerate(run_forward(c, Plan(((0, 1),), (0, 1)), noise, 5, range(50))):
        up = np.cumsum(40 * Luck(5, [run]).exponential("up", ["a"], 60)[0, 0])
        first, second = sum(up <= 30), sum(np.ceil(up) <= 80)
        assert t.sew_end == [30 + 7 * first, 80 + 7 * second]


def test_a_line_sews_between_stops_for_its_mtbf() -> None:
    c = compile_problem(one_line(_order("A", 2000)))
    noise = replace(QUIET, failures={"a": Failures(100, 10, 0.5)})
    risk = simulate(c, Plan(((0,),), (0,)), noise, runs=2000)
    # 2,000 ticks of sewing hold 20 stops of 10 ticks on average; the sd of a run is about 50.
    assert risk.makespan.mean == pytest.approx(2200, abs=4)


def test_times_vary_as_much_as_said_and_are_right_on_average() -> None:
    c = compile_problem(one_line(_order("A", 10_000)))
    risk = simulate(c, Plan(((0,),), (0,)), replace(QUIET, sewing_cv=0.3), runs=4000)
    done = np.array([v.makespan for v in risk.values])
    assert done.mean() == pytest.approx(10_000, rel=0.015)
    assert done.std() / done.mean() == pytest.approx(0.3, rel=0.05)
    assert np.log(done).std() == pytest.approx(np.sqrt(np.log(1.09)), rel=0.05)


def test_what_is_there_already_does_not_come_late() -> None:
    orders = (_order("A", 5, kit=0), _order("B", 5, kit=8), _order("C", 5), _order("D", 5))
    p = one_line(*(replace(o, release=9) if o.order == "D" else o for o in orders))
    lines = tuple(replace(p.lines[0], line=name) for name in "abcd")
    c = compile_problem(replace(p, lines=lines, finishing=Stage(4)))
    noise = replace(QUIET, late_share=1.0, late_ticks=20)
    plan = Plan(((0,), (1,), (2,), (3,)), (2, 3))
    rows = {row.order: row for row in simulate(c, plan, noise, runs=1000).orders}
    assert rows["A"].done == rows["C"].done == Spread(5, 5, 5, 5)
    assert rows["B"].done.mean == pytest.approx(33, abs=2)
    assert rows["D"].done.mean == pytest.approx(34, abs=2)


def test_luck_does_not_depend_on_what_else_is_there() -> None:
    """An order more, another sequence or other names drawn first change nobody's luck."""
    few, many = Luck(1, range(5)), Luck(1, range(3, 9))
    a = few.uniform("sewing", ["x", "y"], 4)
    b = many.uniform("sewing", ["new", "y"], 9)
    assert (a[3:, 1] == b[:2, 1, :4]).all()
    assert (a != few.uniform("setup", ["x", "y"], 4)).all()
    assert (a != Luck(2, range(5)).uniform("sewing", ["x", "y"], 4)).all()


def test_uniform_numbers_are_uniform_and_apart() -> None:
    u = Luck(3, range(400)).uniform("k", [str(n) for n in range(25)], 2)
    counts = np.histogram(u, bins=20, range=(0, 1))[0]
    # Chi-square with 19 degrees of freedom: 43.8 is exceeded once in a thousand.
    assert ((counts - 1000) ** 2 / 1000).sum() < 43.8
    assert abs(np.corrcoef(u[:-1, :, 0].ravel(), u[1:, :, 0].ravel())[0, 1]) < 0.04
    assert abs(np.corrcoef(u[:, :, 0].ravel(), u[:, :, 1].ravel())[0, 1]) < 0.04


def test_equal_luck_makes_differences_of_plans_much_clearer() -> None:
    c = compile_problem(draw_plant(Recipe(20, 4, 2)))
    noise = Noise(other_lines=Failures(240, 6))
    a = best_rule(c).plan
    b = anneal_plan(c, a, Budget(moves=50), lambda: 0.0).plan
    same = [simulate(c, plan, noise, 1) for plan in (a, b)]
    other = simulate(c, b, noise, 2)
    costs = [np.array([v.cost for v in risk.values]) for risk in (*same, other)]
    assert (costs[0] - costs[1]).std() < 0.7 * (costs[0] - costs[2]).std()


PLAIN = """
import json, sys
sys.modules["numba"] = None  # as if it were not installed
from dataclasses import asdict
from seamline_platform.planning.shop import kernels
from tests_of_risk import outcome
print(json.dumps([kernels.HAVE_NUMBA, outcome()]))
"""


def outcome() -> list[list[int]]:
    """Return values of some runs of drawn plants."""
    rows = []
    for seed in (3, 8):
        c: Compiled = compile_problem(_plant(seed))
        noise = Noise(other_lines=Failures(60, 6), late_share=0.3, late_ticks=20)
        for v in simulate(c, best_rule(c).plan, noise, seed, 20).values:
            rows.append([v.cost, v.weighted_tardiness, v.setup, v.late, v.makespan])
    return rows


def test_compiled_and_plain_python_give_the_same_runs() -> None:
    code = PLAIN.replace("tests_of_risk", "test_shop_risk")
    here = f"import sys; sys.path.insert(0, {str(__file__).rsplit('/', 1)[0]!r})\n"
    ran = subprocess.run(
        [sys.executable, "-c", here + code], capture_output=True, text=True, check=True, timeout=120
    )
    numba, rows = json.loads(ran.stdout)
    assert numba is False
    assert rows == outcome()


def test_a_promise_holds_in_nine_of_ten_runs() -> None:
    c = compile_problem(draw_plant(Recipe(15, 3, 4)))
    plan = best_rule(c).plan
    risk = simulate(c, plan, Noise(), runs=100)
    for row in risk.orders:
        runs = run_forward(c, plan, Noise(), 1, range(100))
        i = [o.order for o in c.problem.orders].index(row.order)
        assert sum(t.done[i] <= risk.promise(row.order) for t in runs) >= 90
        break
    assert risk.late_share == pytest.approx(1 - np.mean([row.in_time for row in risk.orders]))
    assert all(CANNOT < row.sewn.p50 <= row.done.p50 for row in risk.orders)


def test_what_cannot_be_is_refused() -> None:
    c = compile_problem(one_line(_order("A", 5)))
    with pytest.raises(ConfigError, match="Number of runs is 0"):
        simulate(c, Plan(((0,),), (0,)), QUIET, runs=0)
    with pytest.raises(ConfigError, match=r"Noise.sewing_cv is -1"):
        Noise(sewing_cv=-1)
    with pytest.raises(ConfigError, match=r"Failures.mtbf is 0"):
        Failures(0, 5)
    with pytest.raises(ConfigError, match="does not have the order 'Z'"):
        simulate(c, Plan(((0,),), (0,)), QUIET, runs=1).promise("Z")


def test_an_empty_plant_has_no_risk() -> None:
    risk = simulate(compile_problem(one_line()), Plan(((),), ()), Noise(), runs=2)
    assert (risk.cost.p90, risk.late_share, risk.orders) == (0, 0, ())
