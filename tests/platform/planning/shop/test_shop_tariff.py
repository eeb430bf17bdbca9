"""Electricity, moves and the whole objective: by hand, and equal in every decoder."""

import json
from dataclasses import replace
from datetime import time
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seamline_broker.errors import ConfigError
from seamline_platform.planning.shop.annealing import Budget, anneal_plan
from seamline_platform.planning.shop.check import check
from seamline_platform.planning.shop.compiled import CANNOT, Compiled, compile_problem
from seamline_platform.planning.shop.decode import Plan, decode, evaluate, value
from seamline_platform.planning.shop.document import document_of, problem_of
from seamline_platform.planning.shop.generate import Recipe, draw_plant
from seamline_platform.planning.shop.problem import Line, Objective, Order, Problem, Setups, Style
from seamline_platform.planning.shop.schedule import schedule_of
from seamline_platform.planning.shop.search import Search
from seamline_platform.planning.shop.tariff import HourRate, Tariff, daily_tariff
from seamline_platform.planning.shop.times import FOREVER, WorkTimes

TARIFF = Tariff((0, 100, 120), (0.5, 1.5, 1.0), (0.6, 0.4, 0.5), "CNY")
ALL = Objective(tardiness=10, setup=1, move=500, energy=100, co2=25)


def one_line(**changes: object) -> Problem:
    """One line of 12 kW, which has its break from 90 to 110, and an order of 40 ticks at 80."""
    base: dict[str, object] = {
        "name": "hand",
        "styles": (Style("TS01", "tee", smv=1.0),),
        "orders": (Order("A", "TS01", "red", 40, due=1_000, kit=80),),
        "lines": (
            Line("a", 1, {"tee": 1.0}, "shift", style="TS01", colour="red", power_kw=12.0),
            Line("b", 1, {"tee": 0.5}),
        ),
        "setups": Setups(4, 8, 12),
        "calendars": {"shift": WorkTimes((0, 110), (90, FOREVER))},
        "objective": ALL,
        "tariff": TARIFF,
    }
    return Problem(**{**base, **changes})  # type: ignore[arg-type]


def test_electricity_over_a_break_and_two_changes_of_price_by_hand() -> None:
    c = compile_problem(one_line())
    plan = Plan(((0,), ()), ())
    t = decode(c, plan)
    assert (t.sew_start[0], t.sew_end[0]) == (80, 140)
    v = value(c, t)
    # .2 kWh a tick: 10 ticks at .5 before the break, 10 at 1.5 after it, 20 at 1.0 from 120 on.
    assert v.energy_cost == pytest.approx(0.2 * (10 * 0.5 + 10 * 1.5 + 20 * 1.0)) == 8.0
    assert v.co2 == pytest.approx(0.2 * (10 * 0.6 + 10 * 0.4 + 20 * 0.5)) == 4.0
    assert v.cost == 100 * 8 + 25 * 4
    assert check(c.problem, schedule_of(c, plan)) == []


def test_an_order_on_another_line_than_before_costs_a_move() -> None:
    c = compile_problem(one_line(planned={"A": "b"}))
    here, there = Plan(((0,), ()), ()), Plan(((), (0,)), ())
    assert (value(c, decode(c, here)).moved, value(c, decode(c, there)).moved) == (1, 0)
    assert evaluate(c, here) == 500 + 800 + 100
    # Line b draws nothing, and is set up for 12 ticks.
    assert evaluate(c, there) == 12
    assert check(c.problem, schedule_of(c, here)) == []


def test_what_is_cheap_at_night_waits_for_the_night_only_if_energy_weighs_enough() -> None:
    """Two orders, one of them on a line that is set up late: the sequence decides who pays."""
    orders = (
        Order("A", "TS01", "red", 100, due=10_000, kit=0),
        Order("B", "TS01", "red", 40, due=10_000, kit=0, lines=("b",)),
    )
    night = Tariff((0, 100), (2.0, 0.1), (0.6, 0.6))
    lines = (
        Line("a", 1, {"tee": 1.0}, style="TS01", colour="red", power_kw=60.0),
        Line("b", 1, {"tee": 1.0}, free=100, style="TS01", colour="red", power_kw=60.0),
    )
    p = one_line(orders=orders, lines=lines, tariff=night, calendars={})
    dear = compile_problem(p)
    found = anneal_plan(dear, Plan(((0,), (1,)), ()), Budget(moves=2_000), lambda: 0.0, seed=4)
    # A on line b after 100 costs .1 a kWh instead of 2.0; nothing is late either way.
    assert sorted(found.plan.sequences[1]) == [0, 1]
    assert value(dear, decode(dear, found.plan)).energy_cost == pytest.approx(140 * 0.1)
    assert check(p, schedule_of(dear, found.plan)) == []


def test_prices_by_hour_follow_the_local_clock_over_the_change_of_time() -> None:
    # Berlin, 25 October 2026: at 03:00 the clock goes back to 02:00; the day has 25 hours.
    start_ms = 1_792_879_200_000  # 2026-10-25 00:00 +02:00
    rates = (HourRate(time(8), 1.0, 0.5), HourRate(time(22), 0.4, 0.3))
    tariff = daily_tariff(rates, ZoneInfo("Europe/Berlin"), start_ms, days=2)
    assert tariff.starts == (0, 9 * 60, 23 * 60, 33 * 60, 47 * 60)
    assert tariff.price == (0.4, 1.0, 0.4, 1.0, 0.4)
    # 29 March 2026 has 23 hours.
    spring = daily_tariff(rates, ZoneInfo("Europe/Berlin"), 1_774_738_800_000, days=1)
    assert spring.starts == (0, 7 * 60, 21 * 60)


def test_a_tariff_says_what_is_wrong_with_it() -> None:
    with pytest.raises(ConfigError, match="begin with 0 and rise"):
        Tariff((5,), (1.0,), (0.5,))
    with pytest.raises(ConfigError, match="2 ticks, 1 prices"):
        Tariff((0, 5), (1.0,), (0.5, 0.5))
    with pytest.raises(ConfigError, match=r"price is -1.0 per kWh; allowed: 0 to"):
        Tariff((0,), (-1.0,), (0.5,))
    with pytest.raises(ConfigError, match="each at its own time"):
        daily_tariff([HourRate(time(8), 1), HourRate(time(8), 2)], ZoneInfo("UTC"), 0)
    with pytest.raises(ConfigError, match="there is no tariff"):
        one_line(tariff=None)
    with pytest.raises(ConfigError, match="Line on which A was planned is 'z'; there is: a, b"):
        one_line(planned={"A": "z"})
    with pytest.raises(ConfigError, match="Planned order is 'Z'; there is: A"):
        one_line(planned={"Z": "a"})
    with pytest.raises(ConfigError, match="power_kw"):
        Line("a", 1, {"tee": 1.0}, power_kw=-1.0)


def test_a_problem_with_tariff_and_plan_before_comes_back_from_json() -> None:
    p = one_line(planned={"A": "b"})
    assert problem_of(json.loads(json.dumps(document_of(p)))) == p


def test_a_tariff_by_hours_is_read_and_a_wrong_one_named() -> None:
    document = document_of(one_line())
    document["tariff"] = {
        "zone": "Asia/Shanghai",
        "hours": [{"from": "08:00", "price": 1.1, "co2": 0.58}, {"from": "22:00", "price": 0.3}],
    }
    made = problem_of(document).tariff
    # Tick 0 is 1970-01-01 00:00 UTC, 08:00 in Shanghai.
    assert made is not None
    assert (made.starts[:3], made.price[:3]) == ((0, 14 * 60, 24 * 60), (1.1, 0.3, 1.1))
    for wrong, told in (
        ({"hours": [{"from": "8", "price": "x"}]}, r"tariff.hours\[0\]"),
        ({"hours": [{"from": "25:00", "price": 1}]}, "expected a time such as 08:00"),
        ({"hours": 5}, "tariff.hours is 5"),
        ({"zone": "Mars"}, "expected hours such as"),
        ({"zone": "Mars/Base", "hours": []}, "Mars/Base"),
        ({"intervals": [[0, 1]]}, r"expected \[tick, price, CO2\]"),
        ({"intervals": [], "zone": "UTC"}, "there is: intervals, currency"),
    ):
        with pytest.raises(ConfigError, match=told):
            problem_of({**document, "tariff": wrong})


def _weighed(seed: int) -> Problem:
    """A drawn plant with a tariff, shifts, power, and a plan before; all weights on."""
    rng = Random(seed)
    p = draw_plant(Recipe(rng.randint(2, 14), rng.randint(1, 4), seed, ramp=rng.random() < 0.5))
    starts = tuple(k * 144 + rng.randint(0, 30) for k in range(6))
    ends = (*(s + rng.randint(20, 100) for s in starts[:-1]), FOREVER)
    ticks = (0, *sorted(rng.sample(range(1, 900), rng.randint(0, 20))))
    return replace(
        p,
        calendars={"shifts": WorkTimes(starts, ends)},
        lines=tuple(
            replace(x, calendar=rng.choice(("", "shifts")), power_kw=rng.choice((0.0, 7.5, 31.3)))
            for x in p.lines
        ),
        tariff=Tariff(
            ticks,
            tuple(round(rng.uniform(0, 2), 3) for _ in ticks),
            tuple(round(rng.uniform(0, 1), 3) for _ in ticks),
        ),
        planned={o.order: rng.choice(p.lines).line for o in p.orders if rng.random() < 0.7},
        objective=Objective(rng.randint(0, 9), rng.randint(0, 9), 70, 30, rng.randint(0, 9)),
    )


def _random_plan(c: Compiled, rng: Random) -> Plan:
    rows: list[list[int]] = [[] for _ in c.work]
    for i in rng.sample(range(len(c.cut)), len(c.cut)):
        rows[rng.choice([k for k, row in enumerate(c.work) if row[i] != CANNOT])].append(i)
    return Plan(tuple(tuple(r) for r in rows), tuple(rng.sample(c.cuts, len(c.cuts))))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10**6))
def test_decoder_search_and_checker_agree_with_all_weights_on(seed: int) -> None:
    from seamline_platform.planning.shop.annealing_kernel import evaluate_all

    c = compile_problem(_weighed(seed))
    plan = _random_plan(c, Random(seed))
    search = Search(c, plan)
    assert evaluate_all(search.tables, search.state) == evaluate(c, plan)
    assert check(c.problem, schedule_of(c, plan)) == []
    found = anneal_plan(c, plan, Budget(moves=400), lambda: 0.0, seed=seed)
    assert found.cost == evaluate(c, found.plan) <= evaluate(c, plan)
    assert check(c.problem, schedule_of(c, found.plan)) == []


def test_the_checker_refuses_wrong_figures() -> None:
    c = compile_problem(one_line(planned={"A": "b"}))
    s = schedule_of(c, Plan(((0,), ()), ()))
    for name in ("cost", "moved", "setup", "weighted_tardiness", "energy_cost", "co2"):
        wrong = replace(s.value, **{name: getattr(s.value, name) + 1})
        assert len(check(c.problem, replace(s, value=wrong))) == 1
