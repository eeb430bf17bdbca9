"""What a planner pays on market-v1 with the style model's forecasts, against seasonal naive."""

from pathlib import Path

import pytest

from seamline_platform.demand.frame import panel_of
from seamline_platform.demand.protocol import check_forecast, load_forecaster
from seamline_platform.experiments.dataset.frozen import MARKET_V1, ROOT
from seamline_platform.experiments.forecasting.contract import Forecasted, Task, Window
from seamline_platform.experiments.forecasting.decisions import decide
from seamline_platform.experiments.forecasting.loaders import load_dataset
from seamline_platform.experiments.forecasting.task import load_task
from seamline_platform.experiments.forecasting.windows import windows_of


def asked(spec: str, task: Task, windows: tuple[Window, ...]) -> list[Forecasted]:
    found = []
    for window in windows:
        model = load_forecaster(spec, season_length=task.season_length, seed=7)
        panel = panel_of(window.history)
        made = model.forecast(window.history, window.horizon, task.levels)
        table = check_forecast(made, panel, window.horizon, task.levels)
        sums = None
        if hasattr(model, "cumulative") and task.terms is not None:
            sums = model.cumulative(window.history, [task.terms.protection], task.levels)
        found.append(
            Forecasted(spec, task.name, window.index, "ok", table, sums, "own" if sums else "")
        )
    return found


@pytest.mark.slow
def test_mature_styles_cost_at_least_15_percent_less_than_with_seasonal_naive() -> None:
    if not Path(ROOT / MARKET_V1.name).exists():
        pytest.skip("market-v1 is not made yet: seamline bench forecast makes it, in a minute")
    task = load_task("market_mature")
    dataset = load_dataset(task, None)
    windows = windows_of(task, dataset, "decisions")
    forecasts = {name: asked(name, task, windows) for name in ("NewStyle", "SeasonalNaive")}
    rows = {row.model: row for row in decide(task, dataset, windows, forecasts, seed=1)}
    mean, _, high = rows["NewStyle"].versus["SeasonalNaive"]
    assert mean <= -0.15
    assert high < 0
