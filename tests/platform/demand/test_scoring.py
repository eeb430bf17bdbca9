from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from seamline_platform.demand.frame import forecast_table
from seamline_platform.demand.scoring import bias, coverage, pinball, score

MakeHistory = Callable[..., pa.Table]


def test_pinball_by_hand() -> None:
    y, q = np.array([10.0, 10.0]), np.array([8.0, 13.0])
    assert pinball(y, q, 0.9) == pytest.approx((0.9 * 2 + 0.1 * 3) / 2)


def test_coverage_tells_ties_apart() -> None:
    assert coverage(np.array([0.0, 0.0, 1.0, 3.0]), np.array([0.0, 1.0, 1.0, 1.0])) == (0.25, 0.75)


def test_bias_by_hand() -> None:
    assert bias(np.array([10.0, 10.0]), np.array([12.0, 13.0])) == pytest.approx(0.25)
    assert bias(np.array([0.0, 0.0]), np.array([1.0, 3.0])) == 2.0


def test_nothing_to_score_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        coverage(np.array([]), np.array([]))
    with pytest.raises(ValueError, match="inside"):
        pinball(np.array([1.0]), np.array([1.0]), 1.0)


def test_a_forecast_is_scored_on_the_days_and_series_that_overlap(
    make_history: MakeHistory,
) -> None:
    values = np.tile(np.array([2.0, 4.0, 6.0]), (2, 3, 1))
    forecast = forecast_table(["a", "x"], 20_001, [0.1, 0.5, 0.9], values)
    actuals = make_history(np.array([[4, 4, 9], [1, 1, 1]]), ["a", "b"])
    result = score(forecast, actuals)
    assert result is not None
    assert (result.series, result.days, result.values) == (1, 2, 2)
    by_hand = [(0.1 * 2 + 0.1 * 7) / 2, (0.0 + 0.5 * 5) / 2, (0.1 * 2 + 0.9 * 3) / 2]
    assert result.pinball == pytest.approx(sum(by_hand) / 3)
    assert result.coverage_80 == 0.5
    assert result.levels[1] == (0.5, 0.0, 0.5)


def test_days_cut_short_by_a_stock_out_are_not_scored(make_history: MakeHistory) -> None:
    forecast = forecast_table(["a"], 20_000, [0.1, 0.9], np.ones((1, 2, 2)))
    out = np.array([[0, 900]])
    result = score(forecast, make_history(np.array([[1, 0]]), ["a"], stockout_min=out))
    assert result is not None
    assert result.values == 1


def test_a_forecast_of_other_days_has_no_score(make_history: MakeHistory) -> None:
    forecast = forecast_table(["a"], 21_000, [0.5], np.ones((1, 2, 1)))
    assert score(forecast, make_history(np.array([[1, 0]]), ["a"])) is None
