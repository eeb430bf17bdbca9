"""What disturbances leave of a plan: by hand, refusals, and any of them at any time."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seamline_broker.errors import ConfigError
from seamline_platform.planning.replan.disturbance import (
    Absence,
    Breakdown,
    Disturbance,
    LateFabric,
    QualityLoss,
    Rush,
    disturb,
)
from seamline_platform.planning.replan.evaluated import evaluated
from seamline_platform.planning.replan.outages import closed, since, tariff_since, thinned
from seamline_platform.planning.replan.provisional import placeable, provisional
from seamline_platform.planning.replan.tax import taxed, untaxed
from seamline_platform.planning.shop.compiled import compile_problem
from seamline_platform.planning.shop.dispatching import best_rule
from seamline_platform.planning.shop.problem import Order, Problem
from seamline_platform.planning.shop.schedule import Schedule
from seamline_platform.planning.shop.sequences import Sequences, sequences_of
from seamline_platform.planning.shop.tariff import Tariff
from seamline_platform.planning.shop.times import ALWAYS, FOREVER, WorkTimes

Checked = Callable[[Problem, Sequences], Schedule]
PLAN = Sequences({"a": ("A", "B", "C"), "b": ("D", "E")}, ("A", "D", "B", "E", "C"))
# A 1-11, set-up to 17, B 17-37, set-up to 43, C 43-53; D 2-22, E 22-32 (each cut well before).


def test_a_breakdown_delays_what_runs_on_the_line(plant: Problem, schedule: Checked) -> None:
    before = {r.order: r for r in schedule(plant, PLAN).rows}
    assert (before["B"].sew_start, before["B"].sew_end) == (17, 37)
    d = disturb(plant, PLAN, 20, Breakdown("a", 20, 50), freeze_ticks=3)
    b = d.problem.order_of["B"]
    # 3 of its 20 ticks are sewn; 17 are left when the line works again, 30 ticks from now.
    assert (b.sewn, b.lines) == (47, ("a",))
    assert d.problem.line_of["a"].free == 47
    assert d.problem.fixed == {"b": ("E",)}
    assert (set(d.free), set(d.struck), set(d.settled)) == ({"C"}, {"a"}, {"A"})
    rows = {r.order: r for r in schedule(d.problem, d.sequences).rows}
    assert (rows["C"].setup_start, rows["C"].sew_start) == (47, 53)
    assert (rows["D"].sew_end, rows["E"].sew_start) == (2, 2)


def test_a_breakdown_that_is_heard_of_late_takes_back_what_was_not_sewn(plant: Problem) -> None:
    d = disturb(plant, PLAN, 20, Breakdown("a", 14, 50))
    # The set-up of B stood still after 3 of 6 ticks: B has not begun at 20.
    assert d.problem.order_of["B"].sewn is None
    assert (d.problem.line_of["a"].free, d.problem.line_of["a"].style) == (33, "P")


def test_two_disturbances_of_one_line(plant: Problem) -> None:
    first = disturb(plant, PLAN, 20, Breakdown("a", 20, 50))
    # Ten ticks on: 40 is in 17 + 20 ticks of the second stop.
    second = disturb(first.problem, first.sequences, 10, Breakdown("a", 25, 45))
    assert second.problem.order_of["B"].sewn == 47 + 15 - 10
    assert second.problem.line_of["a"].free == 52


def test_an_absence_takes_its_share_of_the_work() -> None:
    times = thinned(ALWAYS, 100, 580, 0.25)
    assert times.to_work(580) == 100 + 360
    assert abs(times.to_work(340) - (100 + 180)) <= 2
    assert times.to_work(1000) == 460 + 420
    shift = WorkTimes((0, 100, 200), (50, 150, FOREVER))
    assert thinned(shift, 0, 150, 0.1).to_work(150) == 90
    assert thinned(shift, 0, 150, 1).to_work(150) == 0
    with pytest.raises(ConfigError, match="0 to 1"):
        thinned(ALWAYS, 0, 10, 1.2)


def test_times_with_a_hole() -> None:
    shift = WorkTimes((0, 100), (50, FOREVER))
    assert closed(shift, 20, 120) == WorkTimes((0, 120), (20, FOREVER))
    assert closed(ALWAYS, 0, 9) == WorkTimes((9,), (FOREVER,))
    assert since(closed(shift, 20, 120), 15) == WorkTimes((0, 105), (5, FOREVER))
    assert since(shift, 110) is ALWAYS
    with pytest.raises(ConfigError, match="no working time"):
        closed(shift, 0, FOREVER)
    with pytest.raises(ConfigError, match="no length"):
        closed(shift, 5, 5)


def test_the_tariff_goes_on() -> None:
    tariff = Tariff((0, 10, 50), (1.0, 2.0, 3.0), (0.1, 0.2, 0.3))
    assert tariff_since(tariff, 10) == Tariff((0, 40), (2.0, 3.0), (0.2, 0.3))
    assert tariff_since(tariff, 99) == Tariff((0,), (3.0,), (0.3,))
    assert tariff_since(None, 5) is None


def test_leaving_the_old_line_is_a_move(plant: Problem) -> None:
    d = disturb(plant, PLAN, 20, Rush(Order("R", "T", "red", 5, due=30)))
    assert dict(d.problem.planned) == {"C": "a", "E": "b"}
    dear = replace(d.problem, objective=replace(d.problem.objective, move=50))
    moved = Sequences({"a": ("R",), "b": ("E", "C")})
    assert evaluated(dear, moved).value.moved == 1
    assert evaluated(dear, moved).value.cost == evaluated(untaxed(dear), moved).value.cost + 50
    other = taxed(dear, Sequences({"b": ("C", "GONE")}), 7)
    assert (dict(other.planned), other.objective.move) == ({"C": "b"}, 7)
    assert evaluated(other, moved).value.moved == 0


def test_rush_late_cloth_and_bad_pieces(plant: Problem, schedule: Checked) -> None:
    what: tuple[Disturbance, ...] = (
        Rush(Order("R", "T", "red", 5, due=30, release=22, weight=10, after=("A", "D"))),
        LateFabric(("C", "D"), 60),
        QualityLoss("A", 3),
        QualityLoss("D", 2, rework=True),
    )
    late = replace(plant, orders=tuple(replace(o, release=40) if o.order == "C" else o
                                       for o in plant.orders))  # fmt: skip
    d = disturb(late, PLAN, 20, what)
    orders = d.problem.order_of
    assert (orders["R"].due, orders["R"].release, orders["R"].after) == (10, 2, ("D",))
    assert orders["C"].release == 40
    assert (orders["A/remake"].pieces, orders["A/remake"].kit, orders["A/remake"].due) == (
        3,
        None,
        0,
    )
    assert (orders["D/rework"].kit, orders["D/rework"].lines) == (0, ())
    assert d.new == {"R", "A/remake", "D/rework"}
    assert d.new <= d.free
    plan = provisional(d.problem, d.sequences)
    assert {n for row in plan.lines.values() for n in row} == d.free
    schedule(d.problem, plan)
    again = disturb(d.problem, plan, 1, QualityLoss("D", 1, rework=True))
    assert "D/rework-2" in again.problem.order_of


@pytest.mark.parametrize(
    ("what", "match"),
    [
        (lambda: Breakdown("z", 1, 2), "line is 'z'; there is: a, b"),
        (lambda: Breakdown("a", 5, 5), "end after that"),
        (lambda: Absence("a", 0, 9), "at least 1"),
        (lambda: Absence("a", 2, 90), "it has 1"),
        (lambda: Absence("a", 1, 20), "is over at 20"),
        (lambda: Rush(Order("A", "T", "red", 5, due=30)), "there already"),
        (lambda: Rush(Order("R", "T", "red", 5, due=3, sewn=1, lines=("a",))), "sewn already"),
        (lambda: LateFabric((), 5), "needs the orders"),
        (lambda: LateFabric(("Z",), 5), "order is 'Z'"),
        (lambda: QualityLoss("Z", 5), "order is 'Z'"),
        (lambda: QualityLoss("A", 11), "it has 10"),
        (lambda: QualityLoss("A", 0), "at least 1"),
    ],
)
def test_what_cannot_be_is_refused(
    plant: Problem, what: Callable[[], Disturbance], match: str
) -> None:
    with pytest.raises(ConfigError, match=match):
        disturb(plant, PLAN, 20, what())


def test_pieces_that_are_not_cut_cannot_be_bad(plant: Problem) -> None:
    with pytest.raises(ConfigError, match="not cut yet"):
        disturb(plant, PLAN, 0, QualityLoss("C", 1))


def test_a_line_that_may_not_sew_its_orders_any_more(plant: Problem, schedule: Checked) -> None:
    lost = replace(plant, lines=(plant.lines[0], replace(plant.lines[1], efficiency={})))
    plan = provisional(lost, PLAN)
    assert sorted(plan.lines["a"]) == ["A", "B", "C", "D", "E"]
    assert [n for n in plan.lines["a"] if n in "ABC"] == ["A", "B", "C"]
    schedule(lost, plan)


def test_best_insertion_is_the_best_of_all_places(plant: Problem, schedule: Checked) -> None:
    more = replace(plant, orders=(*plant.orders, Order("R", "T", "red", 5, due=12, weight=10)))
    plan = provisional(more, PLAN)
    cost = schedule(more, plan).value.cost
    others = [
        Sequences({**PLAN.lines, line: (*row[:at], "R", *row[at:])}, ("R", *PLAN.cut_order))
        for line, row in PLAN.lines.items()
        for at in range(len(row) + 1)
    ]
    assert cost <= min(schedule(more, other).value.cost for other in others)
    assert all(
        tuple(n for n in plan.lines[line] if n != "R") == row for line, row in PLAN.lines.items()
    )


def test_old_sequences_that_contradict_a_new_precedence(plant: Problem, schedule: Checked) -> None:
    orders = {o.order: o for o in plant.orders}
    orders["A"] = replace(orders["A"], after=("C", "E"))
    orders["D"] = replace(orders["D"], after=("A",))
    tied = replace(plant, orders=tuple(orders.values()))
    plan = provisional(tied, PLAN)
    assert {line: set(row) for line, row in plan.lines.items()} == {
        "a": {"A", "B", "C"},
        "b": {"D", "E"},
    }
    schedule(tied, plan)


def _any(problem: Problem, rng: Random, now: int) -> Disturbance:
    line = rng.choice(problem.lines)
    order = rng.choice(problem.orders)
    kind = rng.randrange(4)
    if kind == 0:
        start = max(now - rng.randint(0, 10), 0)
        return Breakdown(line.line, start, start + rng.randint(1, 60))
    if kind == 1:
        return Absence(line.line, rng.randint(1, 2), now + rng.randint(1, 80))
    if kind == 2:
        return LateFabric((order.order,), now + rng.randint(0, 50))
    return Rush(replace(order, order="RUSH", weight=10, release=now, due=now + 30, after=(),
                        kit=None, sewn=None, lines=()))  # fmt: skip


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.integers(1, 100_000), st.integers(0, 150), st.integers(0, 20), st.integers(1, 2))
def test_any_disturbance_of_any_plant_at_any_time(
    draw: Callable[[int], Problem], seed: int, now: int, freeze: int, count: int
) -> None:
    problem = draw(seed)
    rng = Random(seed)
    c = compile_problem(problem)
    plan = sequences_of(c, best_rule(c, ("FIFO", "EDD")).plan)
    running = {r.order: r for r in evaluated(problem, plan).rows if r.sew_start < now < r.sew_end}
    what = [_any(problem, rng, now)]
    if count == 2 and not isinstance(what[0], Rush):
        what.append(_any(problem, rng, now))
    broken = {line for event in what for line in event.lines}
    d = disturb(problem, plan, now, what, freeze)
    new = provisional(d.problem, d.sequences)
    after = {r.order: r for r in evaluated(d.problem, new).rows}
    # Nothing is lost: every order is settled or planned (all can be, here), none is twice.
    names = {o.order for o in problem.orders} | d.new
    assert set(after) | d.settled == names
    assert not set(after) & d.settled
    assert len(placeable(compile_problem(d.problem))) == sum(len(r) for r in new.lines.values())
    for name, old in running.items():
        if old.line not in broken:
            assert after[name].line == old.line
            assert after[name].sew_end == old.sew_end - now
        elif name in after and d.problem.order_of[name].sewn is not None:
            assert after[name].line == old.line
            assert after[name].sew_end >= old.sew_end - now
    # Frozen orders keep line and turn, free ones that had a place keep their line.
    for line, row in d.sequences.lines.items():
        assert [n for n in new.lines[line] if n not in d.new] == list(row)
        assert new.lines[line][: len(d.problem.fixed.get(line, ()))] == d.problem.fixed.get(
            line, ()
        )
