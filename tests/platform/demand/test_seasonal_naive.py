from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from seamline_platform.demand.frame import grid_of
from seamline_platform.demand.seasonal_naive import SeasonalNaive

MakeHistory = Callable[..., pa.Table]


def test_a_perfect_weekly_rhythm_is_repeated_with_certainty(make_history: MakeHistory) -> None:
    week = np.array([1, 2, 3, 4, 5, 6, 7])
    grid = grid_of(
        SeasonalNaive().forecast(make_history(np.tile(week, 8)[None]), 10, (0.1, 0.5, 0.9))
    )
    assert grid.first_day == 20_056
    assert grid.values[0, :, 0].tolist() == [1, 2, 3, 4, 5, 6, 7, 1, 2, 3]
    assert (grid.values[0, :, 0] == grid.values[0, :, 2]).all()


def test_the_spread_is_that_of_past_errors(make_history: MakeHistory) -> None:
    y = np.where(np.arange(84) // 7 % 2 == 0, 10, 20)[None]
    grid = grid_of(SeasonalNaive(weeks=11).forecast(make_history(y), 7, (0.1, 0.5, 0.9)))
    # Errors of one week ahead are +10 and -10 in turn; the last week sold 20.
    assert grid.values[0, 0].tolist() == [10, pytest.approx(20, abs=10), 30]


def test_a_day_out_of_stock_does_not_become_the_forecast(make_history: MakeHistory) -> None:
    y = np.full((1, 28), 5.0)
    out = np.zeros((1, 28))
    y[0, -3:], out[0, -3:] = 0.0, 1_440
    grid = grid_of(SeasonalNaive().forecast(make_history(y, stockout_min=out), 7, (0.5,)))
    assert grid.values[0, :, 0].tolist() == [5.0] * 7


def test_a_series_of_a_few_days_still_gets_a_rising_forecast(make_history: MakeHistory) -> None:
    grid = grid_of(
        SeasonalNaive().forecast(make_history(np.array([[4, 6, 5]])), 9, (0.1, 0.5, 0.9))
    )
    assert np.isfinite(grid.values).all()
    assert (grid.values[0, :, 1] >= 4).all()
    assert (np.diff(grid.values, axis=2) > 0).all()


def test_a_memory_of_one_week_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 2 weeks"):
        SeasonalNaive(weeks=1)
