"""Cut order planning: covered demand, bounds that hold, plain ways for comparison."""

import itertools
from dataclasses import replace

import pytest

from seamline_broker.errors import ConfigError
from seamline_platform.planning.cutting.check import check_cut
from seamline_platform.planning.cutting.demand import CutOrder, Demand, Rules, demand_of, together
from seamline_platform.planning.cutting.generate import draw_demand
from seamline_platform.planning.cutting.lays import CutPlan, Lay, Share, shares
from seamline_platform.planning.cutting.planner import (
    Effort,
    one_by_one,
    one_lay,
    plan_cut,
    plan_demand,
)
from seamline_platform.planning.cutting.ratios import ratios, relaxed

PLAIN = Effort(ticks=0)
"""Without CP-SAT."""


def no_cpu() -> float:
    return 0.0


def demand(*pieces: int) -> Demand:
    sizes = ("S", "M", "L", "XL", "XXL")[: len(pieces)]
    return Demand(sizes, pieces, tuple(80.0 + 5 * k for k in range(len(pieces))))


def test_a_demand_that_fits_one_marker_is_one_lay() -> None:
    plan = plan_demand(demand(20, 40, 20), Rules(end_loss_cm=0), no_cpu, PLAIN)
    assert plan.lays == (Lay((1, 2, 1), 20),)
    assert plan.over_net == pytest.approx(0)
    assert plan.gap == pytest.approx(0, abs=1e-9)
    assert plan.fabric_cm == pytest.approx(20 * 80 + 40 * 85 + 20 * 90)


def test_no_small_plan_is_better_than_the_bound() -> None:
    asked, rules = demand(3, 5), Rules(max_plies=3, max_garments=3, overcut=0.4, lay_cost_cm=50)
    bound, _ = relaxed(asked, rules, ratios(asked, rules))
    best = float("inf")
    every = [Lay(r, p) for r in ratios(asked, rules) for p in (1, 2, 3)]
    for count in (1, 2, 3):
        for lays in itertools.combinations_with_replacement(every, count):
            plan = CutPlan(asked, rules, lays, 0.0, "all")
            if not check_cut(plan):
                best = min(best, plan.cost_cm)
    found = plan_demand(asked, rules, no_cpu, PLAIN)
    assert bound <= best + 1e-6
    assert found.cost_cm == pytest.approx(best)
    assert check_cut(found) == []


@pytest.mark.parametrize("ticks", [0.0, 1.0])
@pytest.mark.parametrize(("pieces", "allowed"), [(100, 0.04), (300, 0.02)])
def test_drawn_demands_are_cut_close_to_their_net_cloth(
    ticks: float, pieces: int, allowed: float
) -> None:
    if ticks:
        pytest.importorskip("ortools")
    asked = draw_demand(5, pieces, 1)
    found = plan_demand(asked, Rules(), no_cpu, Effort(ticks=ticks))
    assert found.over_net <= allowed
    assert 0 <= found.gap < 0.15
    assert check_cut(found) == []


def test_orders_of_one_cloth_are_cut_together_and_get_what_they_ordered() -> None:
    orders = (
        CutOrder("A", "TS", "red", {"S": 7, "M": 20, "L": 11}),
        CutOrder("B", "TS", "red", {"M": 15, "L": 9}),
        CutOrder("C", "TS", "blue", {"S": 5}),
    )
    red, blue = plan_cut(orders, {"": {"S": 80, "M": 85, "L": 90}}, Rules(), no_cpu, PLAIN)
    assert [o.order for o in red.orders] == ["A", "B"]
    assert check_cut(red.plan, red.orders, red.shares) == []
    assert blue.plan.demand.total == 5
    assert red.one_lay_cm >= red.plan.demand.net_cm
    assert red.saved_cm == red.one_lay_cm - red.plan.fabric_cm
    assert (blue.apart_cm, blue.apart_lays) == (blue.plan.fabric_cm, len(blue.plan.lays))


def test_one_order_one_lay_is_worked_out_by_hand() -> None:
    # S:M = 10:25; marker 1+2 needs 13 plies: 13 x (80 + 170 + 3) cm; 1+3 needs 10: 10 x 338
    cloth, lays = one_lay(demand(10, 25), Rules())
    assert (cloth, lays) == (pytest.approx(13 * 253), 1)


def test_the_plan_that_needs_no_solver_always_covers_exactly() -> None:
    asked = demand(7, 130, 1)
    plan = CutPlan(asked, Rules(overcut=0), one_by_one(asked, Rules()), 0.0, "one by one")
    assert plan.cut == asked.pieces
    assert check_cut(plan) == []


def test_a_short_table_holds_short_markers() -> None:
    rules = Rules(table_cm=180)
    assert max(sum(r) for r in ratios(demand(10, 10), rules)) == 2
    plan = plan_demand(demand(30, 31), rules, no_cpu, PLAIN)
    assert check_cut(plan) == []


def test_the_checker_finds_what_is_wrong() -> None:
    orders = (CutOrder("A", "", "", {"S": 10, "M": 10}),)
    asked = demand_of(orders, {"S": 80.0, "M": 85.0})
    good = CutPlan(asked, Rules(), (Lay((1, 1), 10),), 0.0, "by hand")
    got = shares(good, orders)
    assert check_cut(good, orders, got) == []

    def told(*lays: Lay, given: tuple[Share, ...] = got, **rules: float) -> str:
        changed = replace(good, lays=lays or good.lays, rules=replace(Rules(), **rules))
        return " ".join(check_cut(changed, orders, given))

    assert "9 of size S are cut" in told(Lay((1, 1), 9))
    assert "20 plies; 1 to 15" in told(Lay((1, 1), 20), max_plies=15)
    assert "2 garments; 1 are allowed" in told(max_garments=1)
    assert "the table has 100 cm" in told(table_cm=100)
    assert "has the ratio (0, 0)" in told(Lay((0, 0), 10))
    assert "gets 0 of size S" in told(given=got[1:])
    assert "Lay 1 gives 20 of size S" in told(given=(*got, got[0]))
    assert "above the cost" in " ".join(check_cut(replace(good, bound_cm=1e9)))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: CutOrder("A", "", "", {"S": -1}), "-1 pieces of size S"),
        (lambda: CutOrder("A", "", "", {}), "no pieces"),
        (lambda: Rules(max_plies=0), "max_plies is 0"),
        (lambda: Rules(overcut=2), "overcut is 2"),
        (lambda: together([CutOrder("A", "", "", {"S": 1})] * 2), "'A' is there twice"),
        (
            lambda: demand_of([CutOrder("A", "", "", {"S": 1})], {"M": 1.0}),
            "no length for size 'S'",
        ),
        (lambda: ratios(demand(5), Rules(table_cm=50)), "the table has 50"),
        (lambda: demand_of([CutOrder("A", "", "", {"S": 1})], {"S": 0.0}), "takes 0.0 cm"),
    ],
)
def test_what_cannot_be_cut_is_said(make: object, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        make()  # type: ignore[operator]
