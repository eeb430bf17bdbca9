import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from seamline_broker.errors import PluginError
from seamline_platform.demand.frame import grid_of
from seamline_platform.demand.kept import KeptFile
from seamline_platform.demand.protocol import check_forecast, forecaster_names, load_forecaster
from seamline_platform.demand.worker import ForecastRequest, forecast_here, run_worker

SLOW = """
import threading
class Slow:
    def forecast(self, history, horizon, quantiles):
        threading.Event().wait(60)
"""
NOISY = """
from seamline_platform.demand.seasonal_naive import SeasonalNaive
class Noisy(SeasonalNaive):
    def forecast(self, history, horizon, quantiles):
        print("thinking aloud")
        return super().forecast(history, horizon, quantiles)
"""
DEADLY = """
import os
class Deadly:
    def forecast(self, history, horizon, quantiles):
        os._exit(9)
"""


def run(model: str, history: object, timeout_s: float = 60.0) -> tuple[pa.Table, object]:
    result = asyncio.run(run_worker(ForecastRequest(model, history, 7, (0.1, 0.5, 0.9)), timeout_s))
    return result.table, result.report


def test_a_forecast_comes_back_from_its_own_process(shop: pa.Table) -> None:
    table, report = run("hist_gradient_boosting", shop)
    assert report.status == "ok"
    assert (report.series, report.rows) == (120, 120 * 84)
    assert report.rss_mb > 50
    assert grid_of(table).values.shape == (120, 7, 3)


def test_the_platform_itself_never_imports_scikit_learn() -> None:
    code = "import sys, seamline_platform.demand.worker as w; print('sklearn' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"


KEEPER = """
from seamline_platform.demand.seasonal_naive import SeasonalNaive
class Keeper(SeasonalNaive):
    def fit(self, history, horizon, quantiles):
        self.trained_on = len(history)
    def forecast(self, history, horizon, quantiles):
        assert self.trained_on > 0
        return super().forecast(history, horizon, quantiles)
"""


def test_a_trained_state_goes_from_one_process_to_the_next(shop: pa.Table, tmp_path: Path) -> None:
    path = tmp_path / "keeper.py"
    path.write_text(KEEPER)
    kept = KeptFile(str(tmp_path / "m-1.state"), "ab" * 32, "m-1")
    request = ForecastRequest(f"{path}:Keeper", shop, 7, (0.1, 0.5, 0.9), kept=kept)
    first, second = (asyncio.run(run_worker(request)) for _ in range(2))
    assert [(r.report.trained, r.report.kept) for r in (first, second)] == [
        (True, True),
        (False, True),
    ]
    assert second.table.equals(first.table)
    stranger = tmp_path / "stranger.state"
    stranger.write_bytes(b"\0" * 32 + Path(kept.path).read_bytes()[32:])
    taken = replace(request, kept=KeptFile(str(stranger), "ab" * 32, "m-1"))
    report = asyncio.run(run_worker(taken)).report
    assert (report.status, report.trained) == ("ok", True)
    assert "refused unread" in report.note


def test_a_model_is_measured_in_its_process(shop: pa.Table) -> None:
    request = ForecastRequest("seasonal_naive", shop, 7, (0.1, 0.5, 0.9), origins=1)
    metrics = asyncio.run(run_worker(request)).report.metrics
    assert metrics is not None
    assert (metrics.origins, metrics.days) == (1, 7)


def test_a_model_that_takes_too_long_is_replaced_and_it_says_so(
    shop: pa.Table, tmp_path: Path
) -> None:
    path = tmp_path / "slow.py"
    path.write_text(SLOW)
    table, report = run(f"{path}:Slow", shop, timeout_s=1.5)
    assert (report.status, report.model) == ("fallback", "seasonal_naive")
    assert "longer than 1.5 s" in report.note
    assert "季节朴素法" in report.note_zh
    assert len(table) == 120 * 7 * 3


def test_a_model_that_kills_its_process_is_replaced(shop: pa.Table, tmp_path: Path) -> None:
    path = tmp_path / "deadly.py"
    path.write_text(DEADLY)
    _, report = run(f"{path}:Deadly", shop)
    assert report.status == "fallback"
    assert "ended with 9" in report.note


def test_a_model_that_prints_does_not_break_the_stream(shop: pa.Table, tmp_path: Path) -> None:
    path = tmp_path / "noisy.py"
    path.write_text(NOISY)
    _, report = run(f"{path}:Noisy", shop)
    assert report.status == "ok"


def test_an_unknown_model_is_replaced_and_the_note_lists_what_there_is(shop: pa.Table) -> None:
    report = forecast_here("crystal_ball", shop, 7, (0.5,)).report
    assert report.status == "fallback"
    assert all(name in report.note for name in ("HistGradientBoosting", "SeasonalNaive"))


def test_a_history_that_is_no_long_frame_is_refused_before_a_process_starts() -> None:
    with pytest.raises(ValueError, match="long frame"):
        run("seasonal_naive", {"a": [1]})


def test_a_history_without_sales_ends_with_the_reason() -> None:
    empty = {"unique_id": ["a"], "ds": ["2026-01-01"], "y": pa.nulls(1, pa.float64())}
    with pytest.raises(PluginError, match="nothing to learn"):
        run("seasonal_naive", empty)


@pytest.mark.parametrize(
    ("horizon", "quantiles", "threads"),
    [(0, (0.5,), 1), (7, (0.9, 0.5), 1), (7, (), 1), (7, (0.5,), 0)],
)
def test_a_request_without_sense_is_refused(
    horizon: int, quantiles: tuple[float, ...], threads: int
) -> None:
    with pytest.raises(ValueError, match=r"horizon|Quantiles|thread"):
        ForecastRequest("seasonal_naive", {}, horizon, quantiles, threads)


def test_the_built_in_forecasters_are_found_by_name() -> None:
    assert {"HistGradientBoosting", "SeasonalNaive"} <= set(forecaster_names())
    assert type(load_forecaster("seasonal_naive")).__name__ == "SeasonalNaive"


BROKEN = {
    "Short": "return forecast_table(p.ids, p.next_day, quantiles, v[:, 1:])",
    "Early": "return forecast_table(p.ids, p.first_day, quantiles, v)",
    "Other": "return forecast_table(['x' + i for i in p.ids], p.next_day, quantiles, v)",
    "Falling": "return forecast_table(p.ids, p.next_day, quantiles, v - np.arange(len(quantiles)))",
    "Negative": "return forecast_table(p.ids, p.next_day, quantiles, v - 99)",
    "Levels": "return forecast_table(p.ids, p.next_day, [q / 2 for q in quantiles], v)",
    "Text": "return 'rain'",
}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Short", "covers 6 periods"),
        ("Early", "from 2024-10-04"),
        ("Other", "other series"),
        ("Falling", "falls with the quantile"),
        ("Negative", "negative"),
        ("Levels", "quantiles"),
        ("Text", "Arrow table"),
    ],
)
def test_a_forecast_that_breaks_its_promise_is_named(
    shop: pa.Table, tmp_path: Path, name: str, words: str
) -> None:
    path = tmp_path / "mine.py"
    body = "".join(
        f"class {n}:\n    def forecast(self, history, horizon, quantiles):\n"
        "        p = panel_of(history)\n"
        "        v = np.full((len(p.ids), horizon, len(quantiles)), 9.0)\n"
        f"        {line}\n"
        for n, line in BROKEN.items()
    )
    path.write_text(
        "import numpy as np\nfrom seamline_platform.demand.frame import forecast_table, panel_of\n"
        + body
    )
    from seamline_platform.demand.frame import panel_of

    made = load_forecaster(f"{path}:{name}").forecast(shop, 7, (0.1, 0.9))
    with pytest.raises(PluginError, match=words):
        check_forecast(made, panel_of(shop), 7, (0.1, 0.9))
