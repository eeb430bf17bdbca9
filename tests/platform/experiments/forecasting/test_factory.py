"""The full factory: forecasters drive the same plant, and meet the same customers."""

from dataclasses import replace
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from scipy.stats import ttest_1samp

from seamline_broker.errors import ConfigError
from seamline_platform.demand.protocol import LEVELS, load_forecaster
from seamline_platform.experiments.forecasting.contract import Forecasted, Task, Window
from seamline_platform.experiments.forecasting.decisions.factory import (
    FactoryRuns,
    factory_rows,
    factory_task,
    run_all,
    student,
    teller_of,
)
from seamline_platform.experiments.forecasting.decisions.factory_money import Money
from seamline_platform.experiments.forecasting.decisions.factory_world import (
    FactorySettings,
    Morning,
    foretold,
    perfect,
    run_factory,
)

SMALL = FactorySettings(days=7, warm_up_days=3, history_days=42)


def forecast(model: str, task: Task, window: Window) -> Forecasted:
    """Forecast here; `Half` believes in half of what SeasonalNaive does, `Broken` in nothing."""
    if model == "Broken":
        return Forecasted(model, task.name, window.index, "failed", None, note="out of paper")
    found = load_forecaster("SeasonalNaive").forecast(window.history, window.horizon, task.levels)
    if model == "Half":
        at = found.schema.get_field_index("value")
        found = found.set_column(at, "value", pc.multiply(found["value"], 0.5))
    return Forecasted(model, task.name, window.index, "ok", found)


@cache
def morning() -> Morning:
    return Morning.of(SMALL, 1)


@cache
def runs() -> FactoryRuns:
    return run_all(["SeasonalNaive", "Half", "Broken"], forecast, SMALL, seeds=(1, 2))


@pytest.mark.slow
def test_all_models_of_a_seed_meet_the_same_customers() -> None:
    known = [m.wanted for m in runs().perfect]
    for money in runs().models.values():
        assert [m.wanted for m in money] == known
    assert len({row.demand_sha256 for row in factory_rows(runs())}) == 1
    assert morning().demand_digest() == Morning.of(SMALL, 1).demand_digest()
    assert morning().demand_digest() != Morning.of(SMALL, 2).demand_digest()


@pytest.mark.slow
def test_a_run_on_one_morning_comes_out_the_same_twice() -> None:
    first, second = (
        run_factory(morning(), teller_of(forecast, "SeasonalNaive", SMALL)) for _ in range(2)
    )
    assert first == second == runs().models["SeasonalNaive"][0]


@pytest.mark.slow
def test_what_is_foretold_moves_stock_and_cost() -> None:
    naive, half = runs().models["SeasonalNaive"][0], runs().models["Half"][0]
    assert half.stock < naive.stock
    assert half.cost != naive.cost


def test_perfect_foresight_is_what_the_customers_want() -> None:
    history = pa.table({"unique_id": ["TS01-WHT-M@east"], "ds": pa.array([20_400], pa.date32())})
    start = morning().market.scenario.start_ms // 86_400_000
    table = perfect(morning())(history, 5)
    truth = morning().truth(["TS01-WHT-M@east"], 20_401 - start, 5)
    assert truth.sum() > 0
    assert table["value"].to_numpy().reshape(5, len(LEVELS)).tolist() == [
        [v] * len(LEVELS) for v in truth[0].tolist()
    ]
    assert len(foretold(["a", "b"], 0, np.ones((2, 3)))) == 2 * 3 * len(LEVELS)


@pytest.mark.slow
def test_rows_add_up_and_regret_is_against_foresight() -> None:
    for row in factory_rows(runs())[:2]:
        parts = row.parts
        assert row.cost == pytest.approx(
            parts["holding"] + parts["shortage"] + parts["late"] + parts["terminal"]
        )
        assert row.regret == pytest.approx(row.cost - parts["oracle_cost"])
        assert row.cost_lo < row.cost < row.cost_hi
        assert (row.task, parts["seeds"], parts["periods"]) == ("factory_pi", 2, 7)
        assert row.aggregation == "moments+correlation->gamma"


@pytest.mark.slow
def test_a_model_that_gives_no_forecast_is_left_out_and_says_so() -> None:
    row = factory_rows(runs())[-1]
    assert (row.model, row.status, row.cost) == ("Broken", "failed", None)
    assert "seed 1" in row.note
    assert "out of paper" in row.note


@pytest.mark.slow
def test_comparison_with_the_naive_is_paired_by_seed() -> None:
    half = next(row for row in factory_rows(runs()) if row.model == "Half")
    naive = [m.cost for m in runs().models["SeasonalNaive"]]
    gaps = [m.cost - n for m, n in zip(runs().models["Half"], naive, strict=True)]
    expected = [v / np.mean(naive) for v in (np.mean(gaps), *student(np.array(gaps)))]
    assert list(half.versus["SeasonalNaive"]) == pytest.approx(expected)


def test_intervals_are_those_of_students_t() -> None:
    values = np.array([1.0, 2.0, 4.0, 4.5])
    peer = ttest_1samp(values, 0.0).confidence_interval(0.95)
    assert student(values) == pytest.approx((peer.low, peer.high))


def test_cost_is_what_was_lost_per_sku_and_day() -> None:
    money = Money(
        days=10, skus=5, profit=0.0, lost_margin=40.0, holding=8.0, write_down=-3.0, late=5.0,
        wanted=100, sold=90, stock=1.0, stock_end=1, on_time=None, late_days=0.0, bullwhip=None,
    )  # fmt: skip
    assert money.cost == 1.0
    assert money.fill_rate == 0.9
    assert replace(money, wanted=0, sold=0).fill_rate == 1.0


def test_a_forecast_reaches_as_far_as_the_last_night_before_the_next_one() -> None:
    assert SMALL.horizon == 6 + SMALL.params.cover_days == factory_task(SMALL).horizon


def test_settings_that_make_no_factory_are_refused() -> None:
    with pytest.raises(ValueError, match="days is 0"):
        FactorySettings(days=0)
    with pytest.raises(ConfigError, match="cloth comes by command alone"):
        Morning.of(replace(SMALL, scenario="season"), 1)
    with pytest.raises(ValueError, match="two different seeds"):
        run_all(["SES"], forecast, SMALL, seeds=(1, 1))
