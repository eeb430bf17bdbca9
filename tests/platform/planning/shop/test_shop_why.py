"""Explanations: causes by hand, and every statement against a plan laid out anew."""

import time
from dataclasses import replace
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from seamline_broker.errors import ConfigError
from seamline_platform.planning.shop.annealing import Budget, anneal_plan
from seamline_platform.planning.shop.chain import ROOTS, chain_of
from seamline_platform.planning.shop.check import check
from seamline_platform.planning.shop.compiled import Compiled, compile_problem
from seamline_platform.planning.shop.decode import Plan, decode, evaluate
from seamline_platform.planning.shop.dispatching import best_rule
from seamline_platform.planning.shop.explanation import Displaced, Explanation
from seamline_platform.planning.shop.generate import Recipe, draw_plant
from seamline_platform.planning.shop.levers import Lever
from seamline_platform.planning.shop.problem import Line, Order, Problem, Setups, Stage, Style
from seamline_platform.planning.shop.schedule import Schedule, schedule_of
from seamline_platform.planning.shop.solve import solve
from seamline_platform.planning.shop.times import FOREVER, WorkTimes
from seamline_platform.planning.shop.trials import plan_of_schedule
from seamline_platform.planning.shop.why import explain

TEE = Style("T", "tee", smv=1.0, cut=0.5)
POLO = Style("P", "polo", smv=1.0, cut=0.5)


def plant(*orders: Order, lines: int = 1, **changes: object) -> Problem:
    base: dict[str, object] = {
        "name": "hand",
        "styles": (TEE, POLO),
        "orders": orders,
        "lines": tuple(
            Line(name, 1, {"tee": 1.0, "polo": 1.0}, style="T", colour="red")
            for name in "abc"[:lines]
        ),
        "cutting": Stage(1, transport=2),
        "setups": Setups(same_style=5, same_family=10, other=30),
    }
    return Problem(**{**base, **changes})  # type: ignore[arg-type]


def order(name: str, pieces: int = 20, due: int = 1000, style: str = "T", **more: object) -> Order:
    return Order(name, style, "red", pieces, due, **more)  # type: ignore[arg-type]


def told(p: Problem, plan: Plan, name: str, **options: object) -> Explanation:
    s = schedule_of(compile_problem(p), plan)
    assert check(p, s) == []
    return explain(p, s, name, **options)  # type: ignore[arg-type]


def chain(x: Explanation) -> list[tuple[str, str, int, int]]:
    return [(link.kind, link.order, link.start, link.end) for link in x.chain]


def lever(x: Explanation, kind: str) -> Lever:
    return next(v for v in x.levers if v.kind == kind)


def test_it_waits_for_its_line() -> None:
    p = plant(order("A", 40), order("B", style="P", due=60))
    x = told(p, Plan(((0, 1),), (0, 1)), "B")
    # A: cut 0-20, at the line 22, sewn 22-62. B: set up 62-92, sewn 92-112.
    assert chain(x) == [
        ("start", "A", 0, 0), ("cut", "A", 0, 20), ("way", "A", 20, 22), ("sew", "A", 22, 62),
        ("setup", "B", 62, 92), ("sew", "B", 92, 112),
    ]  # fmt: skip
    # Before A it is cut second (20-30), sewn 32-52 after a set-up of 30.
    assert lever(x, "forward").gain == 112 - 52
    assert lever(x, "forward").order == "A"
    # Cut first alone: A comes to the line at 32 and all is 10 later.
    assert not any(v.kind == "cut first" for v in x.levers)
    # Without A it is cut 0-10, and sewn 30-50 after the set-up.
    assert x.displaced_by == (Displaced("A", 112 - 50),)
    assert x.displaces == ()
    assert (x.position, x.queue, x.elsewhere) == (1, 2, ())
    said = x.say("when")
    assert "a is set up from Thu 01:02" in said[0].text
    assert said[1].text == "it waits for a, where A comes first"
    assert said[1].text_zh == "等待 a：A 先做"
    assert x.say("late")[0].text == "done Thu 01:52, 52 min after its due date Thu 01:00"
    assert x.say("late")[0].text_zh == "周四 01:52 完工，比交期 周四 01:00 晚 52 分钟"


def test_it_waits_for_its_cloth_and_how_much_earlier_it_has_to_be() -> None:
    p = plant(order("A", 30), order("B", release=90), cutting=Stage(2, transport=2))
    x = told(p, Plan(((0, 1),), (0, 1)), "B")
    # A is sewn 17-47; B is cut 90-100 and sewn 102-122.
    assert chain(x) == [
        ("cloth", "B", 0, 90), ("cut", "B", 90, 100), ("way", "B", 100, 102), ("sew", "B", 102, 122)
    ]  # fmt: skip
    # With its cloth at 35 it is sewn at 47; more does not help.
    assert (lever(x, "cloth").gain, lever(x, "cloth").amount) == (55, 55)
    assert x.say("when")[0].text.startswith("its cloth comes Thu 01:30; cut Thu 01:30 to Thu 01:40")


def test_other_lines_and_what_they_would_cost() -> None:
    p = plant(order("A", 40), order("B", due=50), order("C", 50), lines=3)
    x = told(p, Plan(((0, 1), (2,), ()), (1, 0, 2)), "B")
    # B is cut 0-10, A 10-30; A is sewn 32-72, B 72-92, 42 late. On c it is sewn 12-32.
    assert x.row is not None
    assert x.row.late == 42
    # On b before C (which comes to the line at 57) as well.
    found = [(e.line, e.position, e.later, e.dearer) for e in x.elsewhere]
    assert found == [("b", 0, -60, -420), ("c", 0, -60, -420)]
    assert lever(x, "other line").gain == 60
    assert x.say("where")[0].text_zh.startswith(
        "B 在 a 排第 2 位（共 2 单）；接在 A 之后，无需换款；若改到 b，早 60 分钟完工"
    )


def test_overtime_and_closed_hours() -> None:
    day = WorkTimes((0, 1000), (480, FOREVER))
    p = plant(order("A", 600, kit=0), calendars={"day": day})
    p = replace(p, lines=(replace(p.lines[0], calendar="day"),))
    x = told(p, Plan(((0,),), ()), "A")
    assert x.row is not None
    assert (x.row.done, x.chain[-1].closed) == (1120, 520)
    assert (lever(x, "overtime").gain, lever(x, "overtime").amount) == (520, 120)
    assert lever(x, "overtime").at == 480
    assert "8.7 hours on this way nobody works" in x.say("when")[-1].text


def test_a_second_line_takes_half() -> None:
    p = plant(order("A", 100, kit=0, due=60), order("B", 30, kit=0), lines=2)
    x = told(p, Plan(((0,), (1,)), ()), "A")
    half = lever(x, "split")
    # Half of it on b before B: both halves are done at 50 instead of 100, and A is not late.
    assert (half.gain, half.amount, half.line, half.cheaper) == (50, 50, "b", 400)


def test_skills_and_locks() -> None:
    p = plant(order("A", 60, kit=0), order("B", kit=0), lines=2)
    p = replace(
        p,
        orders=(p.orders[0], replace(p.orders[1], style="P", due=10)),
        lines=(p.lines[0], replace(p.lines[1], efficiency={"tee": 1.0})),
    )
    x = told(p, Plan(((0, 1), ()), ()), "B")
    # On b, as fast as a is on average: set up 0-30, sewn 30-50 instead of 90-110.
    assert (lever(x, "skill").line, lever(x, "skill").gain) == ("b", 60)
    locked = replace(
        p, lines=(p.lines[0], replace(p.lines[0], line="b")),
        orders=(p.orders[0], replace(p.orders[1], lines=("a",))),
    )  # fmt: skip
    x = told(locked, Plan(((0, 1), ()), ()), "B")
    assert (lever(x, "allow").line, lever(x, "allow").gain) == ("b", 60)


def test_what_runs_and_what_is_fixed() -> None:
    p = plant(
        order("R", sewn=30, lines=("a",)), order("A", kit=0), order("B", kit=0),
        fixed={"a": ("A",)},
    )  # fmt: skip
    p = replace(p, lines=(replace(p.lines[0], free=30),))
    plan = Plan(((1, 2),), ())
    x = told(p, plan, "A")
    assert chain(x) == [("busy line", "A", 0, 30), ("sew", "A", 30, 50)]
    assert (x.elsewhere, x.levers) == ((), ())
    assert (
        x.say("where")[0].text
        == "A is number 1 of 2 on a; as the first it needs no set-up; its place is fixed"
    )
    ran = told(p, plan, "R")
    assert chain(ran) == [("runs", "R", 0, 30)]
    assert ran.say("where")[0].text_zh == "R 已在 a 上缝制"
    assert [v.kind for v in told(p, plan, "B").levers] == []


def test_an_order_without_a_place() -> None:
    p = plant(order("A"), order("B", lines=("b",)), order("C", after=("B",)), lines=2)
    p = replace(p, lines=(p.lines[0], replace(p.lines[1], efficiency={"polo": 1.0})))
    solved = solve(p, Budget(moves=10), lambda: 0.0)
    x = explain(p, solved.schedule, "B")
    assert x.row is None
    assert x.sentences[0].text == "B has no place: it is allowed on b only, which cannot sew it"
    assert x.sentences[0].text_zh == "B 无法排产：只允许排到 b，而这些产线不能做"
    x = explain(p, solved.schedule, "C")
    assert x.sentences[0].text == "C has no place: it has to follow B, which have none"


def test_clock_times_are_those_of_the_plant() -> None:
    p = replace(plant(order("A", kit=0)), start_ms=1_700_006_400_000)
    x = told(p, Plan(((0,),), ()), "A", zone=ZoneInfo("Asia/Shanghai"))
    assert x.say("late")[0].text.startswith("done Wed 08:20")


def test_unknown_orders_and_foreign_schedules_are_refused() -> None:
    p = plant(order("A"))
    s = schedule_of(compile_problem(p), Plan(((0,),), (0,)))
    with pytest.raises(ConfigError, match="'Z'; 'hand' has 1 orders, the first: A"):
        explain(p, s, "Z")
    other = replace(p, orders=(replace(p.orders[0], release=7),))
    with pytest.raises(ConfigError, match="it belongs to another problem"):
        explain(other, s, "A")
    with pytest.raises(ConfigError, match="does not have both"):
        explain(replace(p, lines=(replace(p.lines[0], line="b"),)), s, "A")


def _plant(seed: int) -> Problem:
    rng = Random(seed)
    p = draw_plant(Recipe(rng.randint(2, 12), rng.randint(1, 4), seed, ramp=rng.random() < 0.5))
    starts = [k * 144 + rng.randint(0, 30) for k in range(6)]
    ends = [*(s + rng.randint(20, 100) for s in starts[:-1]), FOREVER]
    orders = list(p.orders)
    for k, o in enumerate(orders):
        if rng.random() < 0.2:
            orders[k] = replace(o, kit=rng.randint(0, 30))
        elif k and rng.random() < 0.2:
            orders[k] = replace(o, after=(orders[rng.randrange(k)].order,))
    calendar = rng.random() < 0.6
    return replace(
        p,
        calendars={"shifts": WorkTimes(tuple(starts), tuple(ends))},
        lines=tuple(
            replace(
                x, calendar=rng.choice(("", "shifts")) if calendar else "", free=rng.randint(0, 9)
            )
            for x in p.lines
        ),
        orders=tuple(orders),
        setups=replace(p.setups, anticipatory=rng.random() < 0.5),
    )


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10**6))
def test_a_chain_has_no_gap_but_closed_hours(seed: int) -> None:
    p = _plant(seed)
    c = compile_problem(p)
    plan = best_rule(c).plan
    t = decode(c, plan)
    assert plan_of_schedule(c, schedule_of(c, plan)).sequences == plan.sequences
    assert decode(c, plan_of_schedule(c, schedule_of(c, plan))) == t
    for i, done in enumerate(t.done):
        steps = chain_of(c, plan, t, i)
        assert steps[0].kind in ROOTS
        assert steps[-1].end == done
        assert not any(s.kind in ROOTS for s in steps[1:])
        for a, b in pairwise(steps):
            assert a.end <= b.start or a.kind in ROOTS
            if not p.lines[0].calendar and all(x.calendar == "" for x in p.lines):
                assert a.end == b.start or (a.kind == "start" and b.kind == "setup")
                assert b.closed == 0


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10**6))
@example(5022)
def test_every_statement_holds_in_a_plan_laid_out_anew(seed: int) -> None:
    p = _plant(seed)
    c = compile_problem(p)
    s = schedule_of(c, best_rule(c).plan)
    assert check(p, s) == []
    plan = plan_of_schedule(c, s)
    name = Random(seed).choice(p.orders).order
    x = explain(p, s, name)
    i = [o.order for o in p.orders].index(name)
    done = decode(c, plan).done
    _check_removal(x, c, plan, i)
    for e in x.elsewhere:
        moved = _moved(p, c, plan, i, e.line, e.position)
        assert decode(c, moved).done[i] == e.done == done[i] + e.later
        assert evaluate(c, moved) - evaluate(c, plan) == e.dearer
        assert check(p, schedule_of(c, moved)) == []
    for v in x.levers:
        assert v.gain > 0
        if v.kind == "cloth":
            gains = [done[i] - _with(p, plan, i, v.amount - k).done[i] for k in (0, 1)]
            assert gains[0] == v.gain
            assert v.amount == 1 or gains[1] < v.gain
        if v.kind == "weight":
            found = [_reweighed(p, plan, i, v.amount - k, v) for k in (0, 1)]
            assert found == [True, False]


def _check_removal(x: Explanation, c: Compiled, plan: Plan, i: int) -> None:
    """The orders that it displaces are those that are earlier in a problem without it."""
    p = c.problem
    if any(p.orders[i].order in o.after for o in p.orders):
        return
    rest = replace(p, orders=tuple(o for k, o in enumerate(p.orders) if k != i))
    less = [j - (j > i) for j in range(len(p.orders))]
    without = Plan(
        tuple(tuple(less[j] for j in row if j != i) for row in plan.sequences),
        tuple(less[j] for j in plan.cut_order if j != i),
    )
    old, new = decode(c, plan), decode(compile_problem(rest), without)
    gains = {o.order: old.done[j] - new.done[less[j]] for j, o in enumerate(p.orders) if j != i}
    assert {d.order: d.by for d in x.displaces} == {n: g for n, g in gains.items() if g > 0}


def _moved(p: Problem, c: Compiled, plan: Plan, i: int, line: str, position: int) -> Plan:
    rows = [[j for j in row if j != i] for row in plan.sequences]
    rows[[x.line for x in p.lines].index(line)].insert(position, i)
    return Plan(tuple(map(tuple, rows)), plan.cut_order)


def _with(p: Problem, plan: Plan, i: int, earlier: int):  # type: ignore[no-untyped-def]
    orders = list(p.orders)
    orders[i] = replace(orders[i], release=orders[i].release - earlier)
    return decode(compile_problem(replace(p, orders=tuple(orders))), plan)


def _reweighed(p: Problem, plan: Plan, i: int, weight: int, v: Lever) -> bool:
    """Whether a place on that line that brings that gain is cheaper with this weight."""
    orders = list(p.orders)
    orders[i] = replace(orders[i], weight=weight)
    c = compile_problem(replace(p, orders=tuple(orders)))
    base, done = evaluate(c, plan), decode(c, plan).done[i]
    line = [x.line for x in p.lines].index(v.line)
    room = len([j for j in plan.sequences[line] if j != i])
    for at in range(room + 1):
        moved = _moved(p, c, plan, i, v.line, at)
        try:
            times = decode(c, moved)
        except ValueError:
            continue
        if done - times.done[i] == v.gain and evaluate(c, moved) < base:
            return True
    return False


def test_it_answers_in_a_tenth_of_a_second() -> None:
    c = compile_problem(draw_plant(Recipe(60, 12, 1)))
    plan = anneal_plan(c, best_rule(c).plan, Budget(moves=2_000), lambda: 0.0).plan
    s: Schedule = schedule_of(c, plan)
    spent = []
    for o in c.problem.orders[:15]:
        begun = time.process_time()
        x = explain(c.problem, s, o.order)
        spent.append(time.process_time() - begun)
        assert {w.topic for w in x.sentences} == {"where", "when", "late", "earlier", "displaced"}
    # The median, on a machine that is busy with other things.
    assert sorted(spent)[7] < 0.1
