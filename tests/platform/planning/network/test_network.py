"""Dispatch of orders to plants and days: exact small cases, independent peers, the checker."""

import json
import time
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from seamline_broker.errors import ConfigError
from seamline_platform.planning.network.check import check
from seamline_platform.planning.network.dispatch import dispatch
from seamline_platform.planning.network.document import network_document, network_of
from seamline_platform.planning.network.generate import NetworkRecipe, draw_network
from seamline_platform.planning.network.lots import LotRule, lots_of, split_lots
from seamline_platform.planning.network.prices import UPPER, find_prices, lower_bound
from seamline_platform.planning.network.problem import Demand, Network, Plant, Terms
from seamline_platform.planning.network.relaxation import relax
from seamline_platform.planning.network.rounding import improve, round_prices
from seamline_platform.planning.network.tables import compile_network

FEW = {"order": "A", "family": "t", "pieces": 1, "hours": 1, "region": "r", "due": 1}
EVERYWHERE = Terms(late_per_h_day=60, early_per_h_day=1, outside_per_h=600)


def two_plants(*orders: Demand, hours: tuple[float, ...] = (10.0, 10.0)) -> Network:
    east = Plant("E", "east", hours, {"tee": 1.0}, 50.0)
    west = Plant("W", "west", hours, {"tee": 0.5}, 20.0)
    return Network("two", (east, west), orders, EVERYWHERE)


def test_cost_is_sewing_way_lateness_and_earliness() -> None:
    order = Demand("A", "tee", 100, 4.0, "east", due=0, weight=2.0)
    network = two_plants(order)
    # 4 h x 50 + 100 x .1; in the west 8 h x 20 + 100 x .45 and a day on the way: 4 x 60 x 2 late
    assert network.cost(order, network.plant_of["E"], 0) == 210
    assert network.cost(order, network.plant_of["W"], 0) == 160 + 45 + 480
    early = replace(order, due=1)
    assert network.cost(early, network.plant_of["E"], 0) == 210 + 4
    assert network.cost(early, network.plant_of["W"], 0) == 205


def test_the_cheaper_plant_gets_what_fits_and_the_rest_goes_where_it_costs_least() -> None:
    orders = [Demand(f"O{i}", "tee", 100, 4.0, "east", due=1) for i in range(3)]
    plan = dispatch(two_plants(*orders), time.process_time)
    by_plant = sorted((p.plant, p.day) for p in plan.places)
    # the west takes one on day 0 (8 of 10 hours, there on day 1); two go to the east on day 1
    assert by_plant == [("E", 1), ("E", 1), ("W", 0)]
    assert plan.cost == 205 + 2 * 210
    assert plan.gap < 0.02
    assert not plan.outside


def small_networks() -> st.SearchStrategy[Network]:
    order = st.builds(
        Demand,
        order=st.sampled_from("ABCDEF"),
        family=st.sampled_from(["tee", "polo"]),
        pieces=st.integers(1, 300),
        hours=st.floats(0.5, 12),
        region=st.sampled_from(["east", "west"]),
        due=st.integers(-1, 3),
        release=st.integers(0, 3),
        weight=st.sampled_from([0.0, 1.0, 3.0]),
    )
    plant = st.builds(
        Plant,
        plant=st.sampled_from("XYZ"),
        region=st.sampled_from(["east", "west"]),
        capacity_h=st.tuples(st.floats(0, 15), st.floats(0, 15)),
        efficiency=st.sampled_from([{"tee": 0.8}, {"tee": 1.0, "polo": 0.6}, {}]),
        cost_per_h=st.floats(10, 80),
    )
    return st.builds(
        Network,
        name=st.just("drawn"),
        plants=st.lists(plant, max_size=3, unique_by=lambda p: p.plant).map(tuple),
        orders=st.lists(order, max_size=5, unique_by=lambda o: o.order).map(tuple),
        terms=st.just(EVERYWHERE),
    )


def cheapest(network: Network) -> float:
    """Return the least cost by trying everything."""
    choices = [
        [None, *((p.plant, d) for p in network.able(o) for d in range(o.release, network.days))]
        for o in network.orders
    ]
    best = float("inf")
    for chosen in product(*choices):
        places = {
            o.order: place
            for o, place in zip(network.orders, chosen, strict=True)
            if place is not None
        }
        if check(network, places):
            continue
        cost = sum(
            network.outside(o)
            if o.order not in places
            else network.cost(o, network.plant_of[places[o.order][0]], places[o.order][1])
            for o in network.orders
        )
        best = min(best, cost)
    return best


@given(small_networks())
@settings(max_examples=80, deadline=None)
def test_no_plan_is_below_the_bound_and_every_plan_can_be_carried_out(network: Network) -> None:
    plan = dispatch(network, time.process_time)
    best = cheapest(network)
    assert plan.bound <= best + 1e-6 * max(best, 1)
    assert plan.cost >= best - 1e-6 * max(best, 1)
    places = {p.order: (p.plant, p.day) for p in plan.places}
    assert check(network, places, plan.cost) == []
    assert set(places) | set(plan.outside) == set(network.order_of)


def test_the_bound_is_that_of_the_full_linear_programme() -> None:
    network = draw_network(NetworkRecipe(60, 4, days=5, seed=3))
    t = compile_network(network)
    order, column = np.nonzero(np.isfinite(t.cost))
    capacity = np.zeros((t.buckets, len(order)))
    inside = t.bucket[order, column] < t.buckets
    where = np.nonzero(inside)[0]
    capacity[t.bucket[order, column][inside], where] = t.hours[order, column][inside]
    one = np.zeros((t.orders, len(order)))
    one[order, np.arange(len(order))] = 1
    full = linprog(
        t.cost[order, column], capacity, t.capacity[:-1], one, np.ones(t.orders), method="highs-ipm"
    )
    relaxed = relax(t)
    assert relaxed.bound == pytest.approx(full.fun, rel=2e-4)
    assert relaxed.bound <= full.fun * (1 + 1e-9)
    # duals of HiGHS on every column are prices of the same bound
    assert lower_bound(t, np.maximum(-full.ineqlin.marginals, 0)) == pytest.approx(full.fun)


def test_prices_bound_from_below_whatever_they_are() -> None:
    t = compile_network(draw_network(NetworkRecipe(200, 5, seed=2)))
    value = relax(t).value
    drawn = np.random.default_rng(1)
    for prices in (np.zeros(t.buckets), drawn.uniform(0, 50, t.buckets)):
        assert lower_bound(t, prices) <= value * (1 + 1e-9)
    assert lower_bound(t, find_prices(t, 1.3 * value)) >= 0.99 * value


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_thousand_orders_stay_within_seven_per_mille_of_the_bound(seed: int) -> None:
    plan = dispatch(draw_network(NetworkRecipe(1_000, 10, seed=seed)), time.process_time)
    assert 0 <= plan.gap <= 0.007
    assert not plan.outside


@pytest.mark.parametrize("seed", [1, 2])
def test_prices_alone_come_near_the_bound_and_keep_every_capacity(seed: int) -> None:
    t = compile_network(draw_network(NetworkRecipe(400, 6, seed=seed)))
    a = round_prices(t, find_prices(t, UPPER * float(t.cost.min(axis=1).sum())))
    improve(a)
    assert a.room[:-1].min() > -1e-6
    assert 0 <= a.cost / relax(t).bound - 1 < 0.02


def test_who_has_no_place_is_told_what_would_have_to_change() -> None:
    orders = (
        Demand("unknown", "jacket", 100, 4.0, "east", due=1),
        Demand("huge", "tee", 100, 400.0, "east", due=1),
        Demand("tied", "polo", 100, 4.0, "east", due=1, plants=("E",)),
        Demand("too late", "tee", 100, 4.0, "east", due=9, release=5),
    )
    network = replace(
        two_plants(*orders),
        plants=(*two_plants().plants, Plant("P", "east", (9.0, 9.0), {"polo": 1.0}, 1.0)),
    )
    plan = dispatch(network, time.process_time)
    assert not plan.places
    assert "No plant sews jacket" in plan.outside["unknown"]
    assert "Split it into lots" in plan.outside["huge"]
    assert plan.outside["tied"].endswith("P can. Untie it.")
    assert "Plan more days" in plan.outside["too late"]
    nobody = Network("empty", (), orders[:1])
    assert dispatch(nobody, time.process_time).outside == {"unknown": "There is no plant. Add one."}
    assert dispatch(Network("nothing", (), ()), time.process_time).cost == 0


def test_the_checker_finds_what_is_wrong() -> None:
    orders = [Demand(f"O{i}", "tee", 100, 6.0, "east", due=1, release=i) for i in range(2)]
    network = two_plants(*orders)
    assert "has 10.00 hours, 12.00" in check(network, {"O0": ("E", 1), "O1": ("E", 1)})[0]
    assert "on day 0; it has 1 to 1" in check(network, {"O1": ("E", 0)})[0]
    assert "not both of them are known" in check(network, {"O0": ("Q", 0)})[0]
    assert "as it says" in check(network, {}, cost=1.0)[0]


def test_orders_above_a_share_of_a_day_are_split_evenly() -> None:
    order = Demand("A", "tee", 101, 24.0, "east", due=1)
    lots = lots_of(two_plants(order), order, LotRule(share=0.5))
    assert [lot.pieces for lot in lots] == [21, 20, 20, 20, 20]
    assert sum(lot.hours for lot in lots) == pytest.approx(24.0)
    assert [lot.order for lot in lots][:2] == ["A/1", "A/2"]
    assert max(lot.hours for lot in lots) <= 5.0
    assert not dispatch(split_lots(two_plants(order)), time.process_time).outside
    with pytest.raises(ConfigError, match="a share above 0"):
        LotRule(share=0)


def test_a_network_survives_json() -> None:
    network = draw_network(NetworkRecipe(20, 3, days=4, seed=5))
    assert network_of(json.loads(json.dumps(network_document(network)))) == network


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"format": "x"}, "expected 'seamline-network/1'"),
        ({"plants": {}}, "plants is dict; expected a list"),
        ({"extra": 1}, "'extra' is unknown; there is: format, name"),
        ({"orders": [{"order": "A"}]}, "orders\\[0\\] is not readable"),
        ({"orders": [{**FEW, "pieces": 0}]},
         "orders\\[0\\]: Order A: pieces is 0"),
        ({"plants": [{"plant": "P", "capacity_h": "8"}]}, "expected a list of hours by day"),
        ({"terms": {"transport_days": [["a", "b"]]}}, "expected a list of \\[from, to, value\\]"),
    ],
)  # fmt: skip
def test_bad_networks_say_where_and_what(change: dict[str, object], told: str) -> None:
    document = {"format": "seamline-network/1", "plants": [], "orders": [], **change}
    with pytest.raises(ConfigError, match=told):
        network_of(document)


def test_contradictions_are_refused() -> None:
    plant = Plant("P", "r", (1.0,), {}, 1.0)
    with pytest.raises(ConfigError, match="plant 'P' is there twice"):
        Network("n", (plant, plant), ())
    with pytest.raises(ConfigError, match=r"capacities of \[1, 2\] days"):
        Network("n", (plant, Plant("Q", "r", (1.0, 1.0), {}, 1.0)), ())
    with pytest.raises(ConfigError, match="names the plant 'Z'; there is: P"):
        Network("n", (plant,), (Demand("A", "f", 1, 1.0, "r", 0, plants=("Z",)),))
