"""What the planner pays with different forecasts of one market, by `decide`."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import cache

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import poisson

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.forecasting.contract import (
    LEVELS,
    Dataset,
    DecisionRow,
    Forecasted,
    Task,
    Terms,
    Window,
)
from seamline_platform.experiments.forecasting.decisions import Setup, decide
from seamline_platform.experiments.forecasting.decisions.bootstrap import (
    draw_weights,
    mean_interval,
)
from seamline_platform.experiments.forecasting.decisions.dependence import error_correlation
from seamline_platform.experiments.forecasting.decisions.equalservice import read_off
from seamline_platform.experiments.forecasting.decisions.grid import (
    sensitivity,
)
from seamline_platform.experiments.forecasting.decisions.ladder import ladder_of, quantile_at

SERIES, HISTORY, ORIGINS = 24, 40, 12
IDS = [f"s{i:02d}" for i in range(SERIES)]
TERMS = Terms(lead_time=2, review=1, underage=9, overage=1, warm_up=2)
TASK = Task(
    name="toy", title="Toy", dataset="toy", horizon=3, season_length=1, metric="mase",
    terms=TERMS, decision_origins=ORIGINS,
)  # fmt: skip
BLOCKS = {i: f"style{at // 4}" for at, i in enumerate(IDS)}


@cache
def market() -> tuple[np.ndarray, np.ndarray]:
    """Return means (series) and demand (series, periods)."""
    rng = np.random.default_rng(4)
    mean = rng.uniform(1, 20, SERIES)
    return mean, rng.poisson(mean[:, None], (SERIES, HISTORY + ORIGINS + 3)).astype(float)


def long(values: np.ndarray, first: int, name: str = "y") -> pa.Table:
    days = [date(2026, 1, 1) + timedelta(first + t) for t in range(values.shape[1])]
    return pa.table(
        {
            "unique_id": np.repeat(IDS, values.shape[1]),
            "ds": pa.array(days * SERIES, pa.date32()),
            name: values.ravel(),
        }
    )


@cache
def windows(horizon: int = 3) -> tuple[Window, ...]:
    _, demand = market()
    return tuple(
        Window(
            task="toy",
            index=k,
            kind="decisions",
            history=long(demand[:, : HISTORY + k], 0),
            truth=long(demand[:, HISTORY + k : HISTORY + k + horizon], HISTORY + k),
            horizon=horizon,
        )
        for k in range(ORIGINS)
    )


def dataset() -> Dataset:
    _, demand = market()
    return Dataset("toy", long(demand, 0), long(demand, 0), "0" * 64, BLOCKS)


Quantiles = Callable[[int], np.ndarray]
"""From an origin to (series, horizon, levels)."""


def told(model: str, quantiles: Quantiles, horizon: int = 3) -> tuple[Forecasted, ...]:
    result = []
    for window in windows():
        values = quantiles(window.index)
        days = [date(2026, 1, 1) + timedelta(HISTORY + window.index + t) for t in range(horizon)]
        table = pa.table(
            {
                "unique_id": np.repeat(IDS, horizon * len(LEVELS)),
                "ds": pa.array(np.tile(np.repeat(days, len(LEVELS)), SERIES), pa.date32()),
                "quantile": np.tile(LEVELS, SERIES * horizon),
                "value": values.ravel(),
            }
        )
        result.append(Forecasted(model, "toy", window.index, "ok", table))
    return tuple(result)


def poisson_of(times: float) -> Quantiles:
    mean, _ = market()
    values = poisson.ppf(LEVELS, times * mean[:, None, None]).repeat(3, axis=1)
    return lambda origin: values


@cache
def three() -> Mapping[str, tuple[Forecasted, ...]]:
    return {
        "SeasonalNaive": told("SeasonalNaive", poisson_of(1.2)),
        "Right": told("Right", poisson_of(1.0)),
        "Low": told("Low", poisson_of(0.5)),
    }


@cache
def rows() -> dict[str, DecisionRow]:
    return {row.model: row for row in decide(TASK, dataset(), windows(), three(), seed=3)}


def test_the_right_distribution_is_the_cheapest() -> None:
    assert next(iter(rows())) == "Right"
    costs = [row.cost for row in rows().values()]
    assert costs == sorted(costs)


def test_costs_split_into_parts_and_lie_within_their_intervals() -> None:
    for row in rows().values():
        parts = [row.parts[name] for name in ("holding", "shortage", "ordering", "terminal")]
        assert row.cost == pytest.approx(sum(parts))
        assert row.cost_lo < row.cost < row.cost_hi


def test_all_models_meet_the_same_demand() -> None:
    digests = {row.demand_sha256 for row in rows().values()}
    assert len(digests) == 1
    alone = decide(TASK, dataset(), windows(), {"Low": three()["Low"]}, seed=3)
    assert digests == {alone[0].demand_sha256}


def test_a_model_pays_the_same_whoever_else_takes_part() -> None:
    alone = decide(TASK, dataset(), windows(), {"Low": three()["Low"]}, seed=3)
    parts = dict(rows()["Low"].parts)
    assert 0 < parts.pop("friedman_p") < 0.05
    assert 0 < parts.pop("nemenyi_p") < 0.05
    assert not {name for name in parts if name.startswith("equal_fill_versus")}
    assert alone[0] == replace(
        rows()["Low"], versus={}, parts=parts, rank=None, rank_lo=None, rank_hi=None
    )


def test_regret_is_cost_above_foresight_under_the_same_policy() -> None:
    setup = Setup.of(TASK, windows())
    oracle = setup.oracle()
    assert oracle.unmet.sum() == 0
    for row in rows().values():
        assert row.regret == pytest.approx(row.cost - row.parts["oracle_cost"])
        assert row.regret > 0


def test_foresight_is_no_bound_under_a_fixed_policy() -> None:
    # A minimum order of 400 pieces: who believes in less demand does not order, and pays less.
    terms = replace(TERMS, moq=400, underage=1.0, overage=2.0, warm_up=0)
    low = {"Low": told("Low", poisson_of(0.02))}
    (row,) = decide(replace(TASK, terms=terms), dataset(), windows(), low)
    assert row.regret < 0


def test_differences_are_paired_and_relative() -> None:
    right, low = rows()["Right"], rows()["Low"]
    mean, lower, upper = right.versus["SeasonalNaive"]
    assert mean == pytest.approx(right.cost / rows()["SeasonalNaive"].cost - 1)
    assert lower <= mean <= upper < 0
    assert set(low.versus) == {"SeasonalNaive"}
    assert rows()["SeasonalNaive"].versus == {}


def test_higher_service_levels_hold_more_and_serve_more() -> None:
    for row in rows().values():
        services, stocks, fills = (np.array(c) for c in zip(*row.curve, strict=True))
        assert (np.diff(services) > 0).all()
        assert (np.diff(stocks) >= 0).all()
        assert (np.diff(fills) >= 0).all()


def test_cost_at_equal_service_takes_the_bias_out() -> None:
    # 1.2 times the right mean at a lower service is nearly the right forecast again.
    plain = rows()["SeasonalNaive"].cost / rows()["Right"].cost
    equal = (
        rows()["SeasonalNaive"].parts["cost_at_equal_fill"]
        / rows()["Right"].parts["cost_at_equal_fill"]
    )
    assert equal < plain
    assert "cost_at_equal_fill" not in rows()["Low"].parts
    assert "95% fill is not on its curve" in rows()["Low"].note


def test_same_seed_same_rows_and_every_figure_is_a_number() -> None:
    again = {row.model: row for row in decide(TASK, dataset(), windows(), three(), seed=3)}
    assert again == rows()
    for row in rows().values():
        assert all(math.isfinite(v) for v in row.parts.values())


@pytest.mark.parametrize("status", ["failed", "leak"])
def test_a_model_that_failed_at_one_origin_is_left_out_and_says_so(status: str) -> None:
    broken = list(three()["Low"])
    broken[5] = replace(broken[5], status=status, table=None, note="no memory left")
    found = decide(TASK, dataset(), windows(), {**three(), "Low": broken}, seed=3)
    assert [row.model for row in found[:2]] == ["Right", "SeasonalNaive"]
    assert found[2].status == status
    assert found[2].cost is None
    assert "1 of 12 origins" in found[2].note
    assert "no memory left" in found[2].note


def test_a_model_without_one_of_the_origins_is_left_out() -> None:
    (row,) = decide(TASK, dataset(), windows(), {"Low": three()["Low"][1:]})
    assert (row.status, row.cost) == ("failed", None)
    assert "no forecast" in row.note


def test_a_model_that_forecasts_too_short_is_left_out() -> None:
    short = told("Low", lambda origin: poisson_of(1.0)(origin)[:, :2], horizon=2)
    (row,) = decide(TASK, dataset(), windows(), {"Low": short})
    assert row.status == "failed"
    assert "an order covers 3" in row.note


def test_backorders_have_lateness_and_lost_sales_have_none() -> None:
    waiting = replace(TASK, terms=replace(TERMS, unmet="backorder"))
    found = {row.model: row for row in decide(waiting, dataset(), windows(), three())}
    assert found["Low"].parts["lateness"] > found["Right"].parts["lateness"] > 0
    assert rows()["Low"].parts["lateness"] == 0


def test_scarce_capacity_lowers_service() -> None:
    scarce = replace(TASK, terms=replace(TERMS, capacity=0.8))
    found = {row.model: row for row in decide(scarce, dataset(), windows(), three())}
    assert found["Right"].fill_rate < rows()["Right"].fill_rate


def test_the_models_own_sums_are_used_and_named() -> None:
    mean, _ = market()
    sums = poisson.ppf(LEVELS, 3 * mean[:, None])
    table = pa.table(
        {
            "unique_id": np.repeat(IDS, len(LEVELS)),
            "steps": np.full(SERIES * len(LEVELS), 3),
            "quantile": np.tile(LEVELS, SERIES),
            "value": sums.ravel(),
        }
    )
    own = [replace(f, cumulative=table, aggregation="paths") for f in three()["Right"]]
    (row,) = decide(TASK, dataset(), windows(), {"Right": own})
    assert row.aggregation == "paths"
    assert rows()["Right"].aggregation == "moments+correlation->gamma"
    ladder = ladder_of(own, IDS, 3, [0.9], 0.0)
    assert ladder.values[0, 0].tolist() == sums[:, LEVELS.index(0.9)].tolist()


def test_without_minimum_order_the_planner_orders_the_forecasts_quantile() -> None:
    terms = Terms(lead_time=0, review=1, underage=9, overage=1, carry_over=False)
    task = replace(TASK, terms=terms, decision_origins=ORIGINS)
    setup = Setup.of(task, windows())
    ladder = setup.ladder(three()["Right"])
    assert ladder.aggregation == "single"
    empty = replace(setup, opening=type(setup.opening).empty(SERIES, terms))
    ledger = empty.run(ladder, [0.9])
    mean, _ = market()
    assert (ledger.orders[:, 0] == poisson.ppf(0.9, mean)).all()


def test_quantiles_between_and_beyond_levels() -> None:
    values = np.array([[2.0, 4.0, 6.0]])
    found = quantile_at([0.25, 0.5, 0.75], values, [0.125, 0.25, 0.6, 0.875])
    # Straight to 0 at 0; straight between; above, what .5 -> .75 gained per halving of the rest
    assert found[0].tolist() == pytest.approx([1.0, 2.0, 4.8, 8.0])


def test_independent_errors_have_no_correlation_and_common_levels_have_some() -> None:
    rng = np.random.default_rng(1)
    noise = rng.poisson(10, (SERIES, 400)).astype(float)
    assert error_correlation(long(noise, 0), IDS, 5) < 0.1
    drift = noise + 10 * np.repeat(rng.normal(0, 1, (SERIES, 80)), 5, axis=1)
    assert error_correlation(long(np.maximum(drift, 0), 0), IDS, 5) > 0.3
    assert error_correlation(long(noise[:, :6], 0), IDS, 5) == 0.0
    assert error_correlation(long(noise, 0), IDS, 1) == 0.0


def test_terms_and_windows_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ConfigError, match="no terms"):
        decide(replace(TASK, terms=None), dataset(), windows(), {})
    with pytest.raises(ConfigError, match="leaves none of 12"):
        decide(replace(TASK, terms=replace(TERMS, warm_up=12)), dataset(), windows(), {})
    with pytest.raises(ValueError, match="an order covers 5"):
        decide(replace(TASK, terms=replace(TERMS, lead_time=4)), dataset(), windows(), {})
    with pytest.raises(ValueError, match="not 1 periods apart"):
        decide(TASK, dataset(), windows()[::2], {})
    with pytest.raises(ValueError, match="at least one window"):
        Setup.of(replace(TASK, terms=replace(TERMS, warm_up=0)), ())


def test_the_grid_changes_one_thing_at_a_time_and_names_what_it_cannot_run() -> None:
    found = sensitivity(TASK, windows(), three())
    base = {row.model: row for row in found if row.parameter == "base"}
    assert {m: row.cost for m, row in base.items()} == {
        m: pytest.approx(row.cost) for m, row in rows().items()
    }
    assert [row.rank for row in base.values()] == [1, 2, 3]
    unchanged = [
        row
        for row in found
        if (row.parameter, row.value) in (("cost_ratio", "9"), ("capacity", "none"), ("moq", "0"))
    ]
    assert all(row.cost == base[row.model].cost for row in unchanged)
    assert len(unchanged) == 9
    (long_lead,) = (row for row in found if row.parameter == "lead_time" and row.value == "4")
    assert (long_lead.model, long_lead.cost) == ("", None)
    assert "an order covers 5" in long_lead.note


def test_the_grid_says_where_the_cheapest_model_changes() -> None:
    # With cu = co the median is wanted: too low a forecast costs least when a minimum order of 100
    # pieces makes every order a surplus.
    found = sensitivity(TASK, windows(), three())
    for value in ("20", "100"):
        at = [row for row in found if row.parameter == "moq" and row.value == value]
        cheapest = next(row.model for row in at if row.rank == 1)
        assert all(row.cheapest_changes == (cheapest != "Right") for row in at)
    assert any(row.cheapest_changes for row in found)


def test_ranks_are_over_series_where_blocks_are_few() -> None:
    found = rows()
    assert sum(row.rank for row in found.values()) == pytest.approx(1 + 2 + 3)
    assert found["Right"].rank < found["Low"].rank
    # Nemenyi's critical difference of 3 models on 24 series: 2.3437 * sqrt(3 * 4 / (6 * 24))
    width = found["Right"].rank_hi - found["Right"].rank_lo
    assert width == pytest.approx(2.3437 * (12 / 144) ** 0.5, rel=1e-4)
    assert found["Right"].parts["nemenyi_p"] == 1.0


def test_bootstrap_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(11)
    count, hits = 300, 0
    draws = draw_weights(40, seed=5, draws=400)
    for _ in range(count):
        # 40 styles of 3 SKUs that share most of their luck; the mean is 10
        style = rng.gamma(4.0, 2.5, 40)
        values = (style[:, None] * rng.uniform(0.5, 1.5, (40, 3))).sum(axis=1)
        _, low, high = mean_interval(values, np.full(40, 3.0), draws)
        hits += low <= 10 <= high
    assert 0.90 <= hits / count <= 0.98


def test_a_cell_of_the_grid_costs_what_the_task_would_under_those_terms() -> None:
    terms = replace(TERMS, underage=19.0)
    alone = decide(replace(TASK, terms=terms), dataset(), windows(), three())
    cell = {r.model: r.cost for r in sensitivity(TASK, windows(), three()) if r.value == "19"}
    assert cell == {row.model: pytest.approx(row.cost) for row in alone}


def test_a_rung_that_a_ladder_lacks_is_an_error() -> None:
    ladder = ladder_of(three()["Right"], IDS, 3, [0.5, 0.9], 0.0)
    assert ladder.at(9 / (9 + 1)) == 1
    with pytest.raises(ValueError, match=r"no rung 0\.8"):
        ladder.at(0.8)


def test_costs_are_read_off_where_the_curve_reaches_the_fill_rate() -> None:
    fills = np.array([[0.8, 0.9, 1.0], [0.8, 0.85, 0.9], [0.96, 0.97, 1.0]])
    costs = np.array([[5.0, 6.0, 9.0]] * 3)
    found = read_off(fills, costs, 0.95)
    assert found[0] == pytest.approx(7.5)
    assert np.isnan(found[1:]).all(), "never reached; above it from the first point on"


def test_cost_at_equal_service_has_a_paired_interval() -> None:
    parts = rows()["Right"].parts
    naive = rows()["SeasonalNaive"].parts
    assert parts["cost_at_equal_fill_lo"] < parts["cost_at_equal_fill"]
    assert parts["cost_at_equal_fill"] < parts["cost_at_equal_fill_hi"]
    expected = parts["cost_at_equal_fill"] / naive["cost_at_equal_fill"] - 1
    assert parts["equal_fill_versus"] == pytest.approx(expected)
    assert parts["equal_fill_versus_lo"] <= expected <= parts["equal_fill_versus_hi"]
    assert "equal_fill_versus" not in naive


def test_the_best_service_in_hindsight_is_no_dearer_than_the_nominal_one() -> None:
    for row in rows().values():
        # .9 is on the sweep
        assert row.parts["cost_at_best_service"] <= row.cost + 1e-9
    assert rows()["Low"].parts["best_service"] > rows()["Right"].parts["best_service"]
