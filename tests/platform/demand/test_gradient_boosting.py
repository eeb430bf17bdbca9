from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from seamline_platform.demand.anchored_features import working_days
from seamline_platform.demand.frame import grid_of, panel_of
from seamline_platform.demand.frequency import Frequency
from seamline_platform.demand.gradient_boosting import HistGradientBoosting
from seamline_platform.demand.known_ahead import categories_of
from seamline_platform.demand.protocol import check_forecast
from seamline_platform.demand.scoring import score
from seamline_platform.demand.seasonal_naive import SeasonalNaive

MakeHistory = Callable[..., pa.Table]
LEVELS = (0.1, 0.5, 0.9)


def until(table: pa.Table, day: int) -> pa.Table:
    return table.filter(pa.compute.less(table["ds"].cast(pa.int32()), day))


def test_a_global_model_beats_seasonal_naive_and_keeps_the_contract(shop: pa.Table) -> None:
    past = until(shop, 20_070)
    learned = HistGradientBoosting(iterations=30).forecast(past, 14, LEVELS)
    check_forecast(learned, panel_of(past), 14, LEVELS)
    mine, naive = score(learned, shop), score(SeasonalNaive().forecast(past, 14, LEVELS), shop)
    assert mine is not None
    assert naive is not None
    assert mine.pinball < 0.9 * naive.pinball
    assert 0.7 < mine.coverage_80 < 0.95


def test_low_quantiles_of_much_sold_items_are_not_held_at_zero_by_the_rest(
    make_history: MakeHistory,
) -> None:
    rng = np.random.default_rng(4)
    rate = np.repeat([0.3, 20.0], [180, 20])
    y = rng.poisson(rate[:, None], (200, 84))
    names = [f"TS{i:03d}-C0-S0@r{i % 3}" for i in range(200)]
    table = HistGradientBoosting().forecast(make_history(y, names), 7, (0.1,))
    value = {name: [] for name in names}
    for row in table.to_pylist():
        value[row["unique_id"]].append(row["value"])
    # the 10 % quantile is 14 of Poisson(20), and 0 of Poisson(0.3)
    assert 11 <= np.mean([value[name] for name in names[180:]]) <= 17
    assert np.mean([value[name] for name in names[:180]]) < 0.1


def test_equal_histories_give_equal_forecasts(shop: pa.Table) -> None:
    model = HistGradientBoosting(iterations=5)
    assert model.forecast(shop, 3, (0.5,)).equals(model.forecast(shop, 3, (0.5,)))


def test_a_forecast_never_uses_the_days_that_it_forecasts(shop: pa.Table) -> None:
    past = until(shop, 20_070)
    doubled = np.asarray(shop["y"]) * np.where(
        np.asarray(shop["ds"].cast(pa.int32())) >= 20_070, 9, 1
    )
    changed = shop.set_column(2, "y", pa.array(doubled))
    model = HistGradientBoosting(iterations=5)
    assert model.forecast(until(changed, 20_070), 3, (0.5,)).equals(model.forecast(past, 3, (0.5,)))


def test_a_promotion_that_is_announced_raises_the_forecast(shop: pa.Table) -> None:
    names = sorted(set(shop["unique_id"].to_pylist()))
    ahead = pa.table(
        {
            "unique_id": names,
            "ds": pa.array([20_084] * len(names), pa.int32()).cast(pa.date32()),
            "y": pa.nulls(len(names), pa.float64()),
            "stockout_min": pa.nulls(len(names), pa.float64()),
            "price_fen": pa.nulls(len(names), pa.float64()),
            "promo": [1.0] * len(names),
        }
    )
    model = HistGradientBoosting(iterations=40)
    plain = grid_of(model.forecast(shop, 1, (0.5,))).values.sum()
    assert (
        grid_of(model.forecast(pa.concat_tables([shop, ahead]), 1, (0.5,))).values.sum()
        > 1.2 * plain
    )


def test_two_weeks_of_history_are_too_short(make_history: MakeHistory) -> None:
    with pytest.raises(ValueError, match="21 days of history, not 14"):
        HistGradientBoosting().forecast(make_history(np.ones((2, 14))), 7, (0.5,))


def test_a_shop_that_never_sold_has_nothing_to_learn(make_history: MakeHistory) -> None:
    with pytest.raises(ValueError, match="nothing to learn"):
        HistGradientBoosting().forecast(make_history(np.zeros((2, 60))), 7, (0.5,))


def test_attributes_come_from_the_name_of_a_series() -> None:
    codes = categories_of(["TS01-BLK-M@east", "TS01-WHT-M@west", "PO01-BLK-XL@east", "odd"])
    assert codes[0, 0] == codes[1, 0] != codes[2, 0]
    assert codes[0, 3] == codes[2, 3] != codes[3, 3]


def test_working_days_by_the_calendar() -> None:
    # 2024: January 23, February (29 days) 21, March 21, April 22
    assert working_days(Frequency("MS"), 54 * 12, 4).tolist() == [23, 21, 21, 22]
