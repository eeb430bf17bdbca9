"""The ledger against pencil and paper, and against a scorer that it shares no code with."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from utilsforecast.losses import quantile_loss

from seamline_platform.experiments.forecasting.contract import Terms
from seamline_platform.experiments.forecasting.decisions.allocate import (
    share_capacity,
    whole_orders,
)
from seamline_platform.experiments.forecasting.decisions.demandpath import Opening, demand_digest
from seamline_platform.experiments.forecasting.decisions.ladder import Ladder
from seamline_platform.experiments.forecasting.decisions.ledger import Ledger, keep_ledger

FREE = Terms(lead_time=0, review=1, underage=9, overage=1)


def levels(*per_origin: float) -> Ladder:
    """Return a ladder of one rung and one series."""
    return Ladder((0.9,), np.array(per_origin, dtype=float).reshape(-1, 1, 1), "by hand")


def kept(demand: list[float], ladder: Ladder, terms: Terms, on_hand: float = 0.0) -> Ledger:
    opening = Opening.empty(1, terms)
    opening = replace(opening, on_hand=np.array([on_hand]))
    return keep_ledger(np.array([demand], dtype=float), ladder, (0,), opening, terms)


def parts(ledger: Ledger) -> tuple[float, ...]:
    names = ("holding", "shortage", "ordering", "terminal")
    return tuple(float(getattr(ledger, name).sum()) for name in names)


def test_without_lead_time_an_order_meets_the_demand_of_its_own_period() -> None:
    ledger = kept([3, 6, 4], levels(5, 5, 5), FREE)
    # stock 5-3=2; order 3: 5-6 -> short 1; order 5: 5-4=1; left 1, one more cover of 1 period
    assert ledger.orders[:, 0, 0].tolist() == [5, 3, 5]
    assert parts(ledger) == (3, 9, 0, 1)
    assert (ledger.unmet[0, 0], ledger.demand[0, 0], ledger.short_cycles[0, 0]) == (1, 13, 1)


def test_lead_two_with_lost_sales() -> None:
    terms = Terms(lead_time=2, review=1, underage=4, overage=1, order_cost=10)
    # Periods 0..4; orders in 0, 1, 2 arrive in 2, 3, 4. Opening stock 4.
    # 0: position 4, order 6; demand 3 -> 1 left
    # 1: position 7, order 3; demand 3 -> sells 1, loses 2, 0 left
    # 2: position 9, order 1; 6 arrive; demand 2 -> 4 left
    # 3: 3 arrive; demand 9 -> sells 7, loses 2; 4: 1 arrives; demand 0 -> 1 left
    ledger = kept([3, 3, 2, 9, 0], levels(10, 10, 10), terms, on_hand=4)
    assert ledger.orders[:, 0, 0].tolist() == [6, 3, 1]
    assert parts(ledger) == (1 + 0 + 4 + 0 + 1, 4 * (2 + 2), 30, 3 * 1)
    assert ledger.delivered[0, 0] == 13


def test_lead_two_with_backorders_charges_every_period_of_waiting() -> None:
    terms = Terms(lead_time=2, review=1, underage=4, overage=1, unmet="backorder")
    # 0: position 4, order 6; 1 left. 1: position 7, order 3; demand 3 -> 2 wait.
    # 2: position 0 + 9 - 2 = 7, order 3; 6 arrive, 2 served, 4, demand 2 -> 2 left
    # 3: 3 arrive, demand 9 -> 5 sold, 4 wait. 4: 3 arrive, 3 served, 1 waits on.
    ledger = kept([3, 3, 2, 9, 0], levels(10, 10, 10), terms, on_hand=4)
    assert ledger.orders[:, 0, 0].tolist() == [6, 3, 3]
    assert parts(ledger) == (1 + 0 + 2, 4 * (2 + 4 + 1), 0, 3 * 4 * 1)
    assert ledger.waiting[0, 0] == 7
    assert ledger.unmet[0, 0] == 2 + 4


def test_a_need_below_the_minimum_order_is_filled_up_to_it() -> None:
    ledger = kept([1, 1, 1], levels(2, 2, 3), replace(FREE, moq=5))
    # 2 -> 5 ordered; 4, 3 are above the level; 3 is not below 3
    assert ledger.orders[:, 0, 0].tolist() == [5, 0, 0]
    assert parts(ledger) == (4 + 3 + 2, 0, 0, 2)


def test_a_review_of_two_periods_orders_every_second_one() -> None:
    terms = Terms(lead_time=0, review=2, underage=9, overage=1)
    ledger = kept([1, 2, 2, 2], levels(4, 4), terms)
    assert ledger.orders[:, 0, 0].tolist() == [4, 3]
    assert parts(ledger) == (3 + 1 + 2 + 0, 0, 0, 0)
    assert ledger.cycles == 2


def test_the_warm_up_is_played_and_not_charged() -> None:
    whole = kept([3, 6, 4], levels(5, 5, 5), FREE)
    warm = kept([3, 6, 4], levels(5, 5, 5), replace(FREE, warm_up=1))
    assert warm.periods == 2
    assert parts(warm) == (1, 9, 0, 1)
    assert warm.orders.tolist() == whole.orders.tolist()


def test_half_a_piece_is_ordered_as_a_whole_one() -> None:
    assert whole_orders(np.array([0.49, 0.5, 1.2, -3.0]), 0).tolist() == [0, 1, 1, 0]


def test_capacity_takes_all_series_to_one_lower_service() -> None:
    # Rungs .5, .7, .9 of two series; nothing there, 8 pieces may be ordered of 20 wanted.
    ladder = np.array([[2.0, 3.0], [4.0, 5.0], [10.0, 10.0]])
    orders = share_capacity(ladder, 2, np.zeros(2), 8, 0)
    assert orders.sum() == 8
    # Between the rungs 5 and 9: at 3/4 of the way, 3.5 and 4.5
    assert sorted(abs(orders - [3.5, 4.5])) == [0.5, 0.5]


def test_capacity_below_the_lowest_rung_is_shared_in_proportion_to_need() -> None:
    orders = share_capacity(np.array([[10.0, 30.0], [20.0, 60.0]]), 1, np.zeros(2), 4, 0)
    assert orders.tolist() == [1, 3]


def test_capacity_with_a_minimum_order_grants_whole_orders_to_the_barest_shelf() -> None:
    ladder = np.array([[2.0, 2.0, 2.0], [9.0, 9.0, 9.0]])
    orders = share_capacity(ladder, 1, np.array([3.0, 0.0, 2.5]), 16, 5)
    # The second covers no rung and gets its 9; of the others, 6.5 -> 7 is the greater need and fits
    assert orders.tolist() == [0, 9, 7]
    assert share_capacity(ladder, 1, np.array([3.0, 0.0, 2.5]), 14, 5).tolist() == [0, 9, 5]
    assert share_capacity(ladder, 1, np.array([3.0, 0.0, 2.5]), 13, 5).tolist() == [0, 9, 0]


@settings(deadline=None)
@given(
    need=st.lists(st.floats(0, 50), min_size=1, max_size=6),
    capacity=st.integers(0, 120),
    moq=st.integers(0, 9),
)
def test_orders_never_exceed_capacity_and_are_whole(
    need: list[float], capacity: int, moq: int
) -> None:
    ladder = np.outer([0.2, 0.5, 1.0], need)
    orders = share_capacity(ladder, 2, np.zeros(len(need)), capacity, moq)
    assert orders.sum() <= capacity
    assert (orders == np.floor(orders)).all()
    assert ((orders == 0) | (orders >= moq)).all()


PATHS = st.integers(2, 6).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(0, 20), min_size=2 * n + 3, max_size=2 * n + 3),
        st.lists(st.floats(0, 60), min_size=n, max_size=n),
    )
)


@settings(deadline=None)
@given(
    path=PATHS,
    unmet=st.sampled_from(["lost", "backorder"]),
    carry=st.booleans(),
    moq=st.integers(0, 12),
    capacity=st.none() | st.floats(0.2, 2.0),
)
def test_no_piece_is_made_or_lost(
    path: tuple[list[int], list[float]], unmet: str, carry: bool, moq: int, capacity: float | None
) -> None:
    demand, wanted = path
    terms = Terms(
        lead_time=3, review=2, unmet=unmet, carry_over=carry, moq=moq, capacity=capacity
    )  # fmt: skip
    opening = Opening.steady(np.array([4.0]), terms)
    ledger = keep_ledger(np.array([demand], dtype=float), levels(*wanted), (0,), opening, terms)
    came = ledger.opening.sum() + ledger.orders.sum()
    assert came == ledger.delivered.sum() + ledger.discarded.sum() + ledger.stock_end.sum()
    asked = ledger.delivered.sum() + ledger.backlog_end.sum()
    lost = ledger.unmet.sum() if unmet == "lost" else 0
    assert asked + lost == sum(demand)
    assert ledger.demand_sha256 == demand_digest(np.array([demand], dtype=float))


def test_a_steady_opening_keeps_a_steady_plant_steady() -> None:
    terms = Terms(lead_time=5, review=2, underage=9, overage=1)
    opening = Opening.steady(np.array([3.0]), terms)
    # Ordering the demand of each review for ever: position = 7 periods of demand
    ledger = keep_ledger(np.full((1, 27), 3.0), levels(*[21] * 11), (0,), opening, terms)
    assert ledger.unmet.sum() == 0
    assert set(ledger.orders[1:, 0, 0].tolist()) == {6}


MONEY = st.floats(0.01, 1000)


@settings(max_examples=200, deadline=None)
@given(
    pairs=st.lists(st.tuples(st.floats(0, 1e5), st.integers(0, 10**5)), min_size=1, max_size=20),
    underage=MONEY,
    overage=MONEY,
)
def test_newsvendor_identity(
    pairs: list[tuple[float, int]], underage: float, overage: float
) -> None:
    """For any demand and any whole-piece order, cost is (cu + co) times the pinball loss."""
    terms = Terms(lead_time=0, review=1, underage=underage, overage=overage, carry_over=False)
    demand = [d for d, _ in pairs]
    ordered = [q for _, q in pairs]
    ledger = kept(demand, levels(*ordered), terms)
    assert ledger.orders[:, 0, 0].tolist() == ordered
    frame = pd.DataFrame({"unique_id": "a", "y": demand, "q": np.array(ordered, dtype=float)})
    pinball = quantile_loss(frame, models={"q": "q"}, q=underage / (underage + overage))
    expected = (underage + overage) * float(pinball["q"].iloc[0]) * len(pairs)
    assert math.isclose(float(ledger.cost.sum()), expected, rel_tol=1e-9, abs_tol=1e-9)


def test_demand_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match=r"need demand of shape \(1, 3\)"):
        kept([1, 2], levels(1, 1, 1), FREE)


def test_a_ladder_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="not numbers"):
        levels(1, math.nan)


@pytest.mark.parametrize(
    ("terms", "ratio"),
    [
        (Terms(underage=9, overage=1), 0.9),
        (Terms(review=7, underage=63, overage=1), 0.9),
        (Terms(review=7, underage=9, overage=1, unmet="backorder"), 0.9),
        (Terms(review=7, underage=9, overage=1, carry_over=False), 0.9),
    ],
)
def test_a_piece_too_many_costs_its_holding_until_the_next_review(
    terms: Terms, ratio: float
) -> None:
    assert terms.critical_ratio == pytest.approx(ratio)


def test_the_critical_ratio_is_the_cheapest_service_over_a_long_run() -> None:
    terms = Terms(lead_time=0, review=4, underage=12, overage=1)
    assert terms.critical_ratio == pytest.approx(0.75)
    demand = np.random.default_rng(2).poisson(0.5, (1, 40_000)).astype(float)
    costs = {}
    for level in range(8):
        ladder = levels(*[level] * 10_000)
        costs[level] = float(
            keep_ledger(demand, ladder, (0,), Opening.empty(1, terms), terms).cost.sum()
        )
    # Poisson with mean 2 over a review: the smallest S with P(D <= S) >= .75 is 3
    assert min(costs, key=costs.__getitem__) == 3
