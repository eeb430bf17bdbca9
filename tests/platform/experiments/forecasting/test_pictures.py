"""What pictures show of forecasts is what was forecast, and what came."""

import math
from dataclasses import replace

import numpy as np
import pytest

from seamline_platform.demand.frame import forecast_table, long_frame
from seamline_platform.demand.frequency import Frequency
from seamline_platform.experiments.forecasting.contract import Dataset, Forecasted, Task, Window
from seamline_platform.experiments.forecasting.pictures import (
    calibration_of,
    example_names,
    examples_of,
    fans_of,
)
from seamline_platform.experiments.forecasting.scorecard import scores_of
from seamline_platform.experiments.forecasting.windows import windows_of

LEVELS = (0.1, 0.5, 0.9)
INT = Frequency("int")
TASK = Task("toy", "Toy", "toy", 2, 1, "mase", levels=LEVELS)


def window(y: np.ndarray) -> Window:
    series, periods = y.shape
    table = long_frame(
        {
            "unique_id": np.repeat([f"S{i}" for i in range(series)], periods),
            "ds": np.tile(np.arange(periods), series),
            "y": y.reshape(-1),
        }
    )
    data = Dataset("toy", table, table.select(["unique_id", "ds", "y"]), "00")
    return windows_of(TASK, data, "accuracy")[0]


def said(at: Window, values: np.ndarray) -> Forecasted:
    ids = sorted(set(at.truth["unique_id"].to_pylist()))
    start = min(at.truth["ds"].to_pylist())
    table = forecast_table(ids, start, LEVELS, values, INT)
    return Forecasted("m", "toy", at.index, "ok", table)


def test_examples_are_chosen_by_hash_and_show_past_and_truth() -> None:
    at = window(np.arange(50.0).reshape(5, 10))
    names = example_names(at)
    assert len(names) == 3
    assert names == example_names(at)
    shown = examples_of(at)
    assert tuple(shown) == names
    for name, (before, came) in shown.items():
        first = 10.0 * int(name[1:])
        assert before == tuple(first + np.arange(2.0, 8.0))  # three horizons
        assert came == (first + 8.0, first + 9.0)


def test_fans_have_one_row_per_level() -> None:
    at = window(np.arange(50.0).reshape(5, 10))
    values = np.arange(30.0).reshape(5, 2, 3)
    fans = fans_of(at, said(at, values))
    for name, rows in fans.items():
        i = int(name[1:])
        assert rows == tuple(tuple(values[i, :, level]) for level in range(3))
    assert fans_of(at, replace(said(at, values), table=None)) == {}


def test_calibration_counts_below_and_at_most_apart() -> None:
    at = window(np.array([[1.0, 2, 5, 5], [1, 2, 5, 7], [3, 1, 0, 0]]))
    values = np.zeros((3, 2, 3))
    values[:, :, 1], values[:, :, 2] = 5.0, 6.0
    found = calibration_of([at], [said(at, values)])
    # Truth is 5, 5, 5, 7, 0, 0: below 0 nothing, at most 0 a third; below 5 a third, ..
    assert found == (
        (0.1, 0.0, pytest.approx(2 / 6)),
        (0.5, pytest.approx(2 / 6), pytest.approx(5 / 6)),
        (0.9, pytest.approx(5 / 6), pytest.approx(5 / 6)),
    )
    assert calibration_of([at], [replace(said(at, values), table=None)]) == ()


def test_a_reference_without_any_error_leaves_no_owa_and_no_warning() -> None:
    at = window(np.tile(np.array([[3.0, 4.0]]), (3, 6)))
    exact = np.repeat(np.array([[3.0, 4.0]])[:, :, None], 3, axis=2).repeat(3, axis=0)
    data = Dataset("toy", at.history, at.truth, "00")
    mine, naive = said(at, exact + 1.0), replace(said(at, exact), model="Naive2")
    scores = scores_of(TASK, data, [at], {"m": [mine], "Naive2": [naive]})
    assert [math.isfinite(score.metrics.get("owa", math.nan)) for score in scores] == [False] * 2
    assert all("owa" not in score.intervals for score in scores)
    assert scores[0].metrics["mase"] == pytest.approx(1.0)
