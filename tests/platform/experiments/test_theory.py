"""Inventory and queueing rules against the formulas of the literature."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from seamline_platform.experiments import inventory, queueing, theory
from seamline_sim.market import livestream


def test_the_newsvendors_profit_is_the_formula() -> None:
    price, cost, salvage = 100.0, 60.0, 45.0
    underage, overage = price - cost, cost - salvage
    demand = np.random.default_rng(1).normal(1_000, 200, 200_000)
    for order in (800.0, 1_000.0, 1_234.5):
        profit = inventory.newsvendor_profit(demand, order, price, cost, salvage)
        lost = inventory.mismatch_cost(demand, order, underage, overage)
        assert np.allclose(profit, underage * demand - lost)  # draw by draw
    service = theory.critical_ratio(underage, overage)
    best = 1_000 + 200 * NormalDist().inv_cdf(service)
    profit = inventory.newsvendor_profit(demand, best, price, cost, salvage)
    expected = underage * 1_000 - theory.normal_mismatch_cost(underage, overage, 200)
    error = profit.std() / math.sqrt(len(profit))
    assert profit.mean() == pytest.approx(expected, abs=4 * error)
    for other in (0.97 * best, 1.03 * best):
        worse = inventory.newsvendor_profit(demand, other, price, cost, salvage)
        assert worse.mean() < profit.mean()


def test_the_newsvendor_by_hand() -> None:
    """Demand 1, 2, 3, 4 equally likely; price 10, cost 4, salvage 1; two ordered."""
    profit = inventory.newsvendor_profit(np.array([1.0, 2, 3, 4]), 2.0, 10, 4, 1)
    assert profit.tolist() == [3, 12, 12, 12]


def test_mismatch_cost_is_the_pinball_loss_times_both_costs() -> None:
    rng = np.random.default_rng(2)
    demand, order = rng.poisson(3, 500).astype(float), rng.integers(0, 9, 500).astype(float)
    underage, overage = 24.0, 8.0
    tau = theory.critical_ratio(underage, overage)
    pinball = np.maximum(tau * (demand - order), (tau - 1) * (demand - order))
    cost = inventory.mismatch_cost(demand, order, underage, overage)
    assert cost == pytest.approx((underage + overage) * pinball)


@pytest.mark.parametrize(("log_sd", "share"), [(0.83, 0.416), (0.352, 0.1647), (0.35, 0.1638)])
def test_the_mismatch_share_of_lognormal_demand(log_sd: float, share: float) -> None:
    """The published flywheel: log-RMSE .83 costs 41.6 %, .352 costs 16.4 %."""
    assert theory.lognormal_mismatch_share(24, 8, log_sd) == pytest.approx(share, abs=0.001)
    demand = np.exp(log_sd * np.random.default_rng(3).normal(size=400_000))
    order = math.exp(log_sd * NormalDist().inv_cdf(0.75))
    cost = inventory.mismatch_cost(demand, order, 24, 8)
    error = cost.std() / math.sqrt(len(cost)) / (24 * demand.mean())
    assert cost.mean() / (24 * demand.mean()) == pytest.approx(share, abs=4 * error + 0.001)
    filled = float(np.minimum(demand, order).sum() / demand.sum())
    assert theory.lognormal_fill(0.75, log_sd) == pytest.approx(filled, abs=0.004)


@pytest.mark.parametrize(
    ("protection", "window", "ratio"), [(8, 4, 13), (8, 8, 5), (4, 8, 2.5), (2, 8, 1.625)]
)
def test_the_published_bullwhip_values(protection: int, window: int, ratio: float) -> None:
    assert theory.bullwhip(protection, window) == ratio


@pytest.mark.parametrize(("protection", "window"), [(2, 4), (4, 8), (8, 4)])
@pytest.mark.parametrize("rho", [0.0, 0.6, -0.3])
def test_the_bullwhip_of_order_up_to_is_chens(protection: int, window: int, rho: float) -> None:
    ratios = []
    for seed in range(12):
        shock = np.random.default_rng(seed).normal(0, 100, 20_000)
        demand = np.empty_like(shock)
        level = shock[0] / math.sqrt(1 - rho**2)
        for t, e in enumerate(shock):
            level = rho * level + e
            demand[t] = 1_000 + level
        ratios.append(inventory.order_up_to(demand, protection, window).bullwhip)
    error = float(np.std(ratios, ddof=1) / math.sqrt(len(ratios)))
    expected = theory.bullwhip(protection, window, rho)
    assert float(np.mean(ratios)) == pytest.approx(expected, abs=4 * error)
    assert 4 * error < 0.05 * expected


def test_order_up_to_keeps_pieces() -> None:
    """A step in demand, by hand: each order is what was sold plus the change of the level."""
    demand = np.array([10.0, 10, 10, 16, 10, 10, 10, 10])
    result = inventory.order_up_to(demand, protection=2, window=2)
    # levels 2 x mean of the last two: 20 20 26 26 20 20
    assert result.orders.tolist() == [0, 10, 22, 10, 4, 10]
    assert result.demand.tolist() == [10, 16, 10, 10, 10, 10]
    # the order of a period arrives in the next; 10 pieces were on the way at the start
    assert result.net_stock.tolist() == [10, -6, -6, 6, 6, 0]


def test_independent_regions_pool_their_stock_by_the_square_root() -> None:
    shares = []
    for seed in range(20):
        demand = np.random.default_rng(seed).normal(100, 20, (16, 2_000))
        stock = inventory.pooled_safety_stock(demand, 0.95)
        shares.append(stock / stock[0])
    for m in (2, 4, 9, 16):
        measured = np.array([share[m - 1] for share in shares])
        error = measured.std(ddof=1) / math.sqrt(len(measured))
        assert measured.mean() == pytest.approx(1 / math.sqrt(m), abs=4 * error)
        assert 4 * error < 0.04


@pytest.mark.parametrize(
    ("rho", "row"),
    [
        (0.0, [1, 0.71, 0.50, 0.35, 0.25, 0.13]),
        (0.2, [1, 0.78, 0.63, 0.55, 0.50, 0.46]),
        (0.5, [1, 0.87, 0.79, 0.75, 0.73, 0.71]),
    ],
)
def test_the_published_pooling_table(rho: float, row: list[float]) -> None:
    got = [theory.pooled_stock(m, rho) for m in (1, 2, 4, 8, 16, 64)]
    assert got == pytest.approx(row, abs=0.006)


@pytest.mark.parametrize(
    ("load", "row"), [(0.85, [5.7, 2.6, 1.15, 0.48, 0.27]), (0.95, [19, 9.3, 4.5, 2.1, 1.35])]
)
def test_the_published_erlang_c_table(load: float, row: list[float]) -> None:
    got = [theory.erlang_c_wait(c, load) for c in (1, 2, 4, 8, 12)]
    assert got == pytest.approx(row, rel=0.035)


def test_the_queue_waits_as_erlang_c_says() -> None:
    measured = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        arrivals = np.cumsum(rng.exponential(1 / 0.7, (4, 8_000)), axis=1)
        measured.append(queueing.pooled_wait(arrivals, rng.exponential(1, (4, 8_000)), 4, 500))
    error = float(np.std(measured, ddof=1) / math.sqrt(len(measured)))
    assert np.mean(measured) == pytest.approx(theory.erlang_c_wait(4, 0.7), abs=4 * error + 0.005)


def test_a_queue_by_hand() -> None:
    assert queueing.waits(np.array([0.0, 1, 2, 9]), np.array([5.0, 5, 5, 5]), 2).tolist() == [
        0, 0, 3, 0,
    ]  # fmt: skip
    with pytest.raises(ValueError, match="in order"):
        queueing.waits(np.array([1.0, 0]), np.array([1.0, 1]), 1)


@pytest.mark.parametrize(("n", "rmse"), [(50, 0.436), (200, 0.375), (800, 0.356)])
def test_the_published_learning_curve(n: int, rmse: float) -> None:
    assert theory.learning_rmse(n, 0.35, 0.83, 30) == pytest.approx(rmse, abs=0.002)


def test_the_learning_curve_begins_at_all_and_ends_at_the_floor() -> None:
    assert theory.learning_rmse(0, 0.35, 0.83, 30) == pytest.approx(math.hypot(0.35, 0.83))
    assert theory.learning_rmse(1e9, 0.35, 0.83, 30) == pytest.approx(0.35)
    few = [theory.tracking_rmse(n, 0.35, 0.83, 30) for n in (0, 10, 3_000)]
    assert few[0] == pytest.approx(math.hypot(0.35, 0.83))
    assert few[1] > theory.learning_rmse(10, 0.35, 0.83, 30)
    assert few[2] == pytest.approx(theory.learning_rmse(3_000, 0.35, 0.83, 30), rel=0.002)
    drift = [theory.tracking_rmse(n, 0.35, 0.83, 30, 100) for n in (1_000, 4_000)]
    assert drift[0] == pytest.approx(drift[1], rel=1e-6)  # the wheel has stopped
    assert drift[0] > 1.5 * few[2]


def test_hawkes_dispersion_from_poisson_to_the_long_window() -> None:
    assert theory.hawkes_dispersion(0.8, 0.2, 1e6) == pytest.approx(25, rel=1e-3)
    assert theory.hawkes_dispersion(0.8, 0.2, 1e-6) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(
    ("branching_permille", "delay_ms", "window_ms", "gap_ms", "streams"),
    [(600, 60_000, 1_200_000, 30_000, 2_500), (800, 30_000, 1_200_000, 60_000, 1_500)],
)
def test_a_livestreams_orders_are_as_bursty_as_hawkes_says(
    branching_permille: int, delay_ms: int, window_ms: int, gap_ms: int, streams: int
) -> None:
    counts = np.array([
        len(livestream(
            7, f"stream {i}", gap_ms, branching_permille, delay_ms, window_ms, stationary=True
        ))
        for i in range(streams)
    ])  # fmt: skip
    branching = branching_permille / 1000
    mean = window_ms / gap_ms / (1 - branching)
    assert counts.mean() == pytest.approx(mean, rel=0.03)
    expected = theory.hawkes_dispersion(branching, 60_000 / delay_ms, window_ms / 60_000)
    assert counts.var(ddof=1) / counts.mean() == pytest.approx(expected, rel=0.1)
