import math
from statistics import NormalDist

import numpy as np
import pytest

from seamline_platform.experiments.season.newsvendor import (
    critical_ratio,
    lot_size,
    newsvendor,
    quantile,
    still_useful,
)


def test_a_buy_for_one_period_is_the_critical_quantile():
    # Obermeyer: margin 24 %, loss 8 % of the wholesale price
    assert critical_ratio(24, 8) == 0.75
    spread = math.sqrt(math.log(1 + 0.5**2))
    expected = 1000 * math.exp(NormalDist().inv_cdf(0.75) * spread - spread**2 / 2)
    assert newsvendor(1000, 500, 24, 8) == round(expected) == 1230


def test_its_expected_profit_is_the_greatest():
    rng = np.random.default_rng(1)
    spread = math.sqrt(math.log(1.25))
    demand = 1000 * np.exp(spread * rng.standard_normal(200_000) - spread**2 / 2)

    def profit(quantity: float) -> float:
        sold = np.minimum(demand, quantity)
        return float((24 * sold - 8 * (quantity - sold)).mean())

    best = newsvendor(1000, 500, 24, 8)
    assert profit(best) > max(profit(best * 0.9), profit(best * 1.1))


@pytest.mark.parametrize("mean", [0.0, -1.0])
def test_nobody_buys_for_no_demand(mean):
    assert quantile(mean, 1.0, 0.9) == 0.0


def test_a_piece_without_margin_is_not_worth_a_lot():
    assert newsvendor(1000, 500, -1, 8) < 300


def test_what_comes_late_replaces_only_what_is_sold_before():
    # 300 of 400 are sold by then: 100 are left for the 500 that are still wanted
    assert still_useful(500, 0.0, 300, 400, 0.5) == pytest.approx(400)
    assert still_useful(50, 0.0, 100, 400, 0.5) == 0


@pytest.mark.parametrize(
    ("need", "moq", "useful", "pieces"),
    [(900, 300, 1000, 900), (900, 300, 400, 400), (200, 300, 250, 300), (100, 300, 120, 0),
     (100, 300, 900, 300), (0.4, 300, 900, 0)],
)  # fmt: skip
def test_a_lot_keeps_to_the_minimum_order_if_it_can_be_sold(need, moq, useful, pieces):
    assert lot_size(need, moq, useful) == pieces
