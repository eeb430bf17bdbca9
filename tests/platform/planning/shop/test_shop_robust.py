"""Any plant through the pipeline: no plan that the checker refuses, no error without a reason."""

import time
from dataclasses import replace
from datetime import time as clock
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seamline_broker.errors import ConfigError
from seamline_platform.planning.shop.annealing import Budget
from seamline_platform.planning.shop.check import check
from seamline_platform.planning.shop.compiled import compile_problem
from seamline_platform.planning.shop.decode import Plan, decode
from seamline_platform.planning.shop.generate import Recipe, draw_plant
from seamline_platform.planning.shop.problem import (
    Line,
    Objective,
    Order,
    Problem,
    Ramp,
    Setups,
    Stage,
    Style,
)
from seamline_platform.planning.shop.solve import solve
from seamline_platform.planning.shop.tariff import Tariff
from seamline_platform.planning.shop.times import FOREVER, Shift, WorkTimes, work_times

SEEDS = st.integers(0, 10**9)
PATIENT = {"deadline": None, "suppress_health_check": list(HealthCheck)}


def any_plant(seed: int) -> Problem:
    """A plant of 1 to 12 orders and 1 to 4 lines with everything that a problem may hold."""
    rng = Random(seed)
    families = [f"F{k}" for k in range(rng.randint(1, 3))]
    styles = tuple(
        Style(
            f"S{k}",
            rng.choice(families),
            rng.choice((0.0, 0.4, 1.0, 3.7)),
            rng.choice((0.0, 0.2)),
            rng.choice((0.0, 0.3)),
            frozenset({"collar"}) if rng.random() < 0.15 else frozenset(),
        )
        for k in range(rng.randint(1, 4))
    )
    lines = tuple(_any_line(rng, k, families) for k in range(rng.randint(1, 4)))
    orders = tuple(_any_order(rng, k, styles, lines) for k in range(rng.randint(1, 12)))
    p = Problem(
        name=f"any {seed}",
        styles=styles,
        orders=orders,
        lines=lines,
        cutting=_any_stage(rng),
        finishing=_any_stage(rng),
        setups=Setups(
            rng.randint(0, 5), rng.randint(0, 20), rng.randint(0, 60),
            {("S0", "S0"): 3} if rng.random() < 0.2 else {}, rng.random() < 0.7,
        ),
        ramp=rng.choice((Ramp(), Ramp(0.4, 0.2, 30))),
        calendars={"c0": _any_calendar(rng), "c1": _any_calendar(rng)},
    )  # fmt: skip
    return _with_what_was(rng, p)


def _any_calendar(rng: Random) -> WorkTimes:
    edges = sorted(rng.sample(range(0, 600), 2 * rng.randint(1, 5)))
    return WorkTimes(tuple(edges[::2]), (*edges[1:-1:2], FOREVER))


def _any_stage(rng: Random) -> Stage:
    places = rng.randint(1, 3)
    busy = tuple(rng.randint(0, 40) for _ in range(rng.randint(0, places)))
    return Stage(places, rng.choice(("", "c0", "c1")), rng.randint(0, 30), busy)


def _any_line(rng: Random, k: int, families: list[str]) -> Line:
    able = [f for f in families if rng.random() < 0.7]
    return Line(
        f"L{k}",
        rng.randint(1, 4),
        {f: rng.choice((0.5, 0.8, 1.1)) for f in able},
        rng.choice(("", "c0", "c1")),
        frozenset({"collar"}) if rng.random() < 0.5 else frozenset(),
        rng.randint(0, 60),
        rng.choice(("", "S0")),
        rng.choice(("", "red")),
        rng.randint(0, 50),
        rng.choice((0.0, 12.5)),
    )


def _any_order(rng: Random, k: int, styles: tuple[Style, ...], lines: tuple[Line, ...]) -> Order:
    names = [line.line for line in lines]
    sewn = rng.randint(0, 50) if rng.random() < 0.08 else None
    tied = (rng.choice(names),) if sewn is not None or rng.random() < 0.15 else ()
    return Order(
        f"O{k}",
        rng.choice(styles).style,
        rng.choice(("red", "blue")),
        rng.randint(1, 60),
        due=rng.randint(-20, 400),
        release=rng.choice((0, rng.randint(0, 200))),
        weight=rng.randint(0, 5),
        kit=rng.randint(0, 90) if rng.random() < 0.3 else None,
        lines=tied,
        after=(f"O{rng.randrange(k)}",) if k and rng.random() < 0.12 else (),
        sewn=sewn,
    )


def _with_what_was(rng: Random, p: Problem) -> Problem:
    """Return it with a plan before, a tariff, and (where nothing follows others) locks."""
    fixed: dict[str, tuple[str, ...]] = {}
    if not any(o.after for o in p.orders):
        for order in p.orders:
            able = [x.line for x in p.lines if p.can(x, order)]
            if able and rng.random() < 0.15:
                at = rng.choice(able)
                fixed[at] = (*fixed.get(at, ()), order.order)
    ticks = (0, *sorted(rng.sample(range(1, 500), rng.randint(0, 6))))
    rates = [tuple(round(rng.random(), 2) for _ in ticks) for _ in range(2)]
    return replace(
        p,
        fixed=fixed,
        planned={o.order: rng.choice(p.lines).line for o in p.orders if rng.random() < 0.4},
        tariff=Tariff(ticks, rates[0], rates[1]),
        objective=Objective(
            rng.randint(0, 10), rng.randint(0, 3), rng.choice((0, 40)), rng.choice((0, 9)),
            rng.choice((0, 5)),
        ),
    )  # fmt: skip


def _sound(seed: int) -> None:
    problem = any_plant(seed)
    solved = solve(problem, Budget(moves=120), lambda: 0.0, seed=seed)
    assert check(problem, solved.schedule) == []
    assert solved.schedule.value.cost <= solved.rule_cost
    placed = {row.order for row in solved.schedule.rows}
    for order in problem.orders:
        able = [x for x in problem.lines if problem.can(x, order)]
        if able and not order.after:
            assert order.order in placed
        if order.order not in placed:
            assert solved.schedule.unplanned[order.order]


@settings(max_examples=100, **PATIENT)
@given(SEEDS)
def test_a_hundred_plants_get_plans_that_the_checker_passes(seed: int) -> None:
    _sound(seed)


@pytest.mark.slow
@settings(max_examples=1_000, **PATIENT)
@given(SEEDS)
def test_a_thousand_plants_get_plans_that_the_checker_passes(seed: int) -> None:
    _sound(seed)


def small(**changes: object) -> Problem:
    base: dict[str, object] = {
        "name": "small",
        "styles": (Style("TS01", "tee", 1.0), Style("PO01", "polo", 2.0)),
        "orders": (Order("A", "TS01", "red", 10, due=100), Order("B", "TS01", "red", 20, due=100)),
        "lines": (Line("a", 1, {"tee": 1.0}), Line("b", 1, {"polo": 1.0})),
    }
    return Problem(**{**base, **changes})  # type: ignore[arg-type]


def test_what_cannot_be_sewn_leaves_a_plan_of_the_others_and_says_what_to_change() -> None:
    p = small(orders=(*small().orders, Order("C", "TS01", "red", 5, due=50, lines=("b",))))
    schedule = solve(p, Budget(moves=50), lambda: 0.0).schedule
    assert {r.order for r in schedule.rows} == {"A", "B"}
    assert "Untie" in schedule.unplanned["C"]
    none = solve(small(lines=()), Budget(moves=50), lambda: 0.0).schedule
    assert none.rows == ()
    assert none.unplanned["A"] == "There is no line. Add one."


def test_due_before_release_is_late_by_what_is_missing_not_refused() -> None:
    p = small(orders=(Order("A", "TS01", "red", 10, due=5, release=50),))
    schedule = solve(p, Budget(moves=50), lambda: 0.0).schedule
    assert check(p, schedule) == []
    # No cutting or finishing time: sewn at once on a line whose set-up of 180 came before.
    assert schedule.rows[0].late == schedule.rows[0].done - 5 == 180 + 10 - 5


def test_an_empty_plant_has_an_empty_plan() -> None:
    schedule = solve(small(orders=()), Budget(moves=50), lambda: 0.0).schedule
    assert (schedule.rows, schedule.value.cost) == ((), 0)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"fixed": {"a": ("A",), "b": ("A",)}}, "A is fixed on a and on b"),
        ({"fixed": {"b": ("A",)}}, "fixed on b, which may not or cannot sew it"),
        ({"fixed": {"z": ("A",)}}, "Fixed line is 'z'; there is: a, b"),
        ({"fixed": {"a": ("Z",)}}, "Fixed order on a is 'Z'; there is: A, B"),
        ({"orders": (Order("A", "XX", "", 1, 1),)}, "style is 'XX'; there is: TS01, PO01"),
        ({"orders": (Order("A", "TS01", "", 1, 1, lines=("z",)),)}, "line is 'z'; there is: a, b"),
        (
            {"orders": (
                Order("A", "TS01", "", 1, 1, after=("B",)),
                Order("B", "TS01", "", 1, 1, after=("A",)),
            )},
            "in a circle: A after B after A",
        ),
        ({"lines": (Line("a", 1, {"tee": 1.0}, "night"),)}, "Calendar of line a is 'night'"),
    ],
)  # fmt: skip
def test_contradictions_are_named(changes: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        small(**changes)


def test_a_plant_without_shifts_is_named() -> None:
    with pytest.raises(ConfigError, match="No shift lies in the 3 days from 2026-11-02"):
        work_times([Shift(clock(8), clock(9), (6,))], ZoneInfo("UTC"), 1_793_577_600_000, 3)


@pytest.mark.parametrize(("start_ms", "hours"), [(1_792_879_200_000, 9), (1_774_738_800_000, 7)])
def test_a_night_shift_over_the_change_of_clocks_has_its_true_length(
    start_ms: int, hours: int
) -> None:
    """Berlin, from 00:00 of 25 October (25 hours) and of 29 March 2026 (23 hours)."""
    night = Shift(clock(0), clock(8), tuple(range(7)))
    times = work_times([night], ZoneInfo("Europe/Berlin"), start_ms, 2)
    day = 24 * 60 + (hours - 8) * 60
    p = small(
        calendars={"night": times},
        lines=(Line("a", 1, {"tee": 1.0}, "night", style="TS01", colour="red"),),
        orders=(
            Order("A", "TS01", "red", hours * 60, due=10_000, kit=0),
            Order("B", "TS01", "red", 20, due=10_000, kit=0),
        ),
    )
    t = decode(compile_problem(p), Plan(((0, 1),), ()))
    assert (t.sew_end[0], t.sew_start[1]) == (hours * 60, day)
    assert check(p, solve(p, Budget(moves=20), lambda: 0.0).schedule) == []


@pytest.mark.slow
def test_a_hundred_thousand_orders_get_a_plan_in_bounded_time() -> None:
    p = draw_plant(Recipe(100_000, 20, 1))
    began = time.process_time()
    solved = solve(p, Budget(cpu_s=2.0), time.process_time)
    assert len(solved.schedule.rows) == 100_000
    assert time.process_time() - began < 90


def test_a_chain_of_ten_thousand_orders_is_no_circle() -> None:
    orders = tuple(
        Order(f"O{k}", "TS01", "", 1, 1, after=(f"O{k + 1}",) if k < 9_999 else ())
        for k in range(10_000)
    )
    began = time.process_time()
    small(orders=orders)
    assert time.process_time() - began < 5
