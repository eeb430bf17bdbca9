"""The accuracy that shipped models reach on public tasks: one run each, over a minute together."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from seamline_platform.demand.protocol import load_forecaster
from seamline_platform.experiments.forecasting.arena import arena_of
from seamline_platform.experiments.forecasting.contract import Forecasted, ModelScore, Window
from seamline_platform.experiments.forecasting.loaders import load_dataset
from seamline_platform.experiments.forecasting.metrics import owa_of, score_window
from seamline_platform.experiments.forecasting.statistics import paired_scores
from seamline_platform.experiments.forecasting.task import load_task
from seamline_platform.experiments.forecasting.windows import windows_of

DATA = Path(__file__).resolve().parents[5] / "shared/data"
LEVELS = (0.1, 0.5, 0.9)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1_200),  # a minute each, if the machine has nothing else to do
    pytest.mark.skipif(
        not (DATA / "m4").is_dir() or not (DATA / "m3").is_dir(),
        reason="the competitions' data (shared/data/m4 and m3) are not here",
    ),
]


def forecast(model: str, window: Window, season: int, horizon: int) -> Forecasted:
    made = load_forecaster(model, season_length=season, threads=1, seed=7)
    table = made.forecast(window.history, horizon, LEVELS)
    return Forecasted(model, window.task, window.index, "ok", table)  # type: ignore[arg-type]


def losses(task_name: str, *models: str) -> list[Mapping[str, Mapping[str, np.ndarray]]]:
    """Return, for each window, smape and mase of every series by model."""
    task = load_task(task_name)
    found = []
    for window in windows_of(task, load_dataset(task, DATA), "accuracy"):
        said = [
            forecast(model, window, task.season_length, task.horizon)
            for model in ("Naive2", *models)
        ]
        found.append(score_window(task, arena_of(window, said)).series)
    return found


def owa(series: Mapping[str, Mapping[str, np.ndarray]], model: str) -> float:
    return owa_of(series["smape"], series["mase"], model)


def test_m4_weekly_over_four_origins_of_the_training_part() -> None:
    found = [owa(series, "HistGradientBoosting")
             for series in losses("m4_weekly", "HistGradientBoosting")]  # fmt: skip
    assert len(found) == 4
    assert np.mean(found) <= 0.80
    assert max(found) <= 0.85


def test_m4_hourly_official_test() -> None:
    (series,) = losses("m4_hourly", "HistGradientBoosting")
    # the best that was published is 0.410; 11 of 414 test windows lie in other series' training
    assert owa(series, "HistGradientBoosting") <= 0.45


def test_m3_monthly_combination_is_below_theta_with_an_interval_off_zero() -> None:
    (series,) = losses("m3_monthly", "Combination", "DynamicOptimizedTheta")
    assert owa(series, "Combination") <= 0.81
    scores = {
        model: ModelScore(
            model,
            "ok",
            {},
            {},
            0.0,
            0.0,
            0.0,
            0.0,
            per_series={name: tuple(series[name][model]) for name in ("smape", "mase")},
        )
        for model in ("Naive2", "Combination", "DynamicOptimizedTheta")
    }
    paired = paired_scores(
        scores["Combination"], scores["DynamicOptimizedTheta"], "owa", scores["Naive2"]
    )
    assert paired is not None
    assert paired.hi < 0.0
