"""Whole runs: published figures, what is skipped or refused, leaks by name, runs that go on."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from typer.testing import CliRunner

from seamline_broker.errors import ConfigError
from seamline_platform.cli.main import app
from seamline_platform.experiments.forecasting.contract import ModelScore, TaskResult
from seamline_platform.experiments.forecasting.lineup import models_for, quick
from seamline_platform.experiments.forecasting.study import Options, run, tasks_of
from seamline_platform.experiments.forecasting.task import load_task

DATA = Path(__file__).resolve().parents[5] / "shared/data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="public data sets are not there")

TASK = """name: shop
title: A small shop
dataset: file
file: sales.parquet
horizon: 4
season_length: 7
metric: mase
windows: 2
levels: [0.1, 0.5, 0.9]
terms: {lead_time: 1, review: 2, underage: 4, overage: 1}
decision_origins: 4
"""
METRICS = {
    "mase", "rmsse", "smape", "owa", "scaled_pinball", "crps", "coverage_80", "winkler_80",
    "miscalibration", "bias", "stability",
}  # fmt: skip
SPY = '''
import numpy as np
from seamline_platform.demand.frame import forecast_table, panel_of

class Spy:
    """Reads what came with a library that opens files by itself."""
    def forecast(self, history, horizon, quantiles):
        import duckdb
        panel = panel_of(history)
        rows = duckdb.sql("select unique_id, ds, y from read_parquet('SECRET')").fetchall()
        known = {(name, at): y for name, at, y in rows}
        ahead = range(panel.next_period, panel.next_period + horizon)
        values = np.array([[known.get((i, t), 0.0) for t in ahead] for i in panel.ids])
        values = np.repeat(values[:, :, None], len(quantiles), axis=2)
        return forecast_table(panel.ids, panel.next_period, quantiles, values, panel.freq)

class Fails:
    def forecast(self, history, horizon, quantiles):
        raise RuntimeError("not today")
'''


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    rng = np.random.default_rng(8)
    periods, series = 70, 12
    week = np.tile(rng.uniform(0.5, 1.5, 7), 10)
    y = rng.poisson(rng.uniform(5, 30, (series, 1)) * week).astype(float) + 1
    table = pa.table(
        {
            "unique_id": np.repeat([f"s{i:02d}" for i in range(series)], periods),
            "ds": np.tile(np.arange(periods), series),
            "y": y.reshape(-1),
        }
    )
    pa.parquet.write_table(table, tmp_path / "sales.parquet")
    (tmp_path / "shop.yaml").write_text(TASK)
    (tmp_path / "spy.py").write_text(SPY.replace("SECRET", str(tmp_path / "sales.parquet")))
    return tmp_path


def options(shop: Path, *models: str, out: str = "out") -> Options:
    return Options(tasks=(f"{shop}/shop.yaml",), models=models, out=shop / out, jobs=2)


def by_name(found: TaskResult) -> dict[str, ModelScore]:
    return {score.model: score for score in found.models}


def test_a_run_scores_plans_and_ranks(shop: Path) -> None:
    heard: list[tuple[int, int]] = []
    result = run(options(shop, "SES"), lambda done, total, text: heard.append((done, total)))
    (found,) = result.tasks
    scores = by_name(found)
    assert set(scores) == {"SES", "SeasonalNaive", "Naive2"}, "the references come along"
    for score in scores.values():
        assert score.status == "ok", score.note
        assert set(score.metrics) >= METRICS
        assert all(math.isfinite(value) for value in score.metrics.values())
        low, high = score.intervals["mase"]
        assert low < score.metrics["mase"] < high
        assert len(score.per_series["mase"]) == 12
    assert scores["Naive2"].metrics["owa"] == pytest.approx(1.0)
    assert {row.model for row in result.decisions} == set(scores)
    assert len({row.demand_sha256 for row in result.decisions}) == 1, "one demand for all"
    assert {flip.metric for flip in result.rank_flips} >= {"mase", "crps"}
    assert heard[-1][0] == heard[-1][1] == 3 * (2 + 4)


def test_a_model_that_knows_what_came_is_caught_and_named(shop: Path) -> None:
    result = run(options(shop, f"{shop}/spy.py:Spy", "SES"))
    spy = by_name(result.tasks[0])[f"{shop}/spy.py:Spy"]
    assert spy.status == "leak"
    assert "have other names" in spy.note
    assert spy.metrics == {}
    row = next(row for row in result.decisions if row.model.endswith("Spy"))
    assert (row.status, row.cost) == ("leak", None)
    assert by_name(result.tasks[0])["SES"].status == "ok"


def test_a_model_that_fails_has_a_row_that_says_so(shop: Path) -> None:
    result = run(options(shop, f"{shop}/spy.py:Fails"))
    fails = by_name(result.tasks[0])[f"{shop}/spy.py:Fails"]
    assert fails.status == "failed"
    assert "RuntimeError: not today" in fails.note


def test_a_run_that_goes_on_says_what_an_unbroken_one_says(shop: Path) -> None:
    whole = run(options(shop, "SES", out="whole"))
    run(options(shop, "SES", out="broken"))
    kept = sorted((shop / "broken").rglob("*.forecast"))
    for file in kept[::2]:
        file.unlink()
    again = run(options(shop, "SES", out="broken"))
    for one, two in zip(whole.tasks[0].models, again.tasks[0].models, strict=True):
        assert (one.model, one.metrics, one.intervals) == (two.model, two.metrics, two.intervals)
    costs = [[(r.model, r.cost, r.cost_lo) for r in result.decisions] for result in (whole, again)]
    assert costs[0] == costs[1]


def test_fresh_forgets_what_was_kept(shop: Path) -> None:
    run(options(shop, "SES"))
    before = {f: f.stat().st_mtime_ns for f in (shop / "out").rglob("*.forecast")}
    run(replace(options(shop, "SES"), fresh=True))
    after = {f: f.stat().st_mtime_ns for f in (shop / "out").rglob("*.forecast")}
    assert before.keys() == after.keys()
    assert all(after[file] > before[file] for file in before)


def test_missing_data_skip_a_task_and_altered_data_are_refused(shop: Path) -> None:
    (shop / "m4").mkdir()
    (shop / "m4/m4_hourly.parquet").write_bytes(b"PAR1 not what was published")
    result = run(
        Options(
            data_dir=shop, tasks=("hospital", "m4_hourly", f"{shop}/shop.yaml"),
            models=("SES",), out=shop / "out",
        )
    )  # fmt: skip
    hospital, hourly, own = result.tasks
    assert "expsmooth_hospital/hospital.parquet" in hospital.skipped
    assert "Where it comes from" in hospital.skipped
    assert hourly.skipped.startswith("refused: ")
    assert "was altered" in hourly.skipped
    assert by_name(own)["SES"].status == "ok"


def test_options_and_tasks_are_checked(shop: Path) -> None:
    with pytest.raises(ConfigError, match="threads is 0; allowed: 1 or more"):
        Options(threads=0)
    with pytest.raises(ConfigError, match="timeout is 0; allowed: above 0"):
        Options(timeout_s=0)
    with pytest.raises(ConfigError, match="'carparts' is asked for twice"):
        tasks_of(Options(tasks=("carparts", "carparts")))
    assert [t.name for t in tasks_of(Options(quick=True))] == [
        "m3_monthly", "carparts", "market_mature",
    ]  # fmt: skip


def test_shipped_models_that_make_no_sense_are_left_out_with_a_reason() -> None:
    names, left_out = models_for(load_task("m4_hourly"), ())
    assert "AutoETS" not in names
    assert "24 seasons" in left_out["AutoETS"]
    assert {"SeasonalNaive", "Naive2", "HistGradientBoosting"} <= set(names)
    named, none = models_for(load_task("m4_hourly"), ("autoets",))
    assert (named, none) == (("AutoETS", "SeasonalNaive", "Naive2"), {})


def test_quick_is_small_and_says_so() -> None:
    task = quick(load_task("market_mature"))
    assert (task.windows, task.accuracy_series, task.max_series, task.decision_origins) == (
        1, 40, 15, 3,
    )  # fmt: skip
    assert "quick: at most 40 series" in task.title


def test_the_command_prints_one_object_with_every_table(shop: Path) -> None:
    asked = ["bench", "forecast", "--task", f"{shop}/shop.yaml", "--models", "SES", "--json",
             "--out", str(shop / "out"), "--html", str(shop / "board.html"),
             "--cards", str(shop / "cards")]  # fmt: skip
    came = CliRunner().invoke(app, asked)
    assert came.exit_code == 0, came.output
    document = json.loads(came.stdout)
    (task,) = document["tasks"]
    assert task["task"] == "shop"
    ses = next(row for row in task["models"] if row["model"] == "SES")
    assert ses["mase"] == ses["metrics"]["mase"] > 0
    assert ses["seconds"] == ses["train_seconds"] + ses["predict_seconds"]
    assert task["against_best"]["metric"] == "mase"
    assert task["ranks"]["blocks"] == 12
    assert {"task", "model", "cost", "cost_lo", "cost_hi", "fill_rate", "regret"} <= set(
        document["decisions"][0]
    )
    assert {"task", "metric", "kendall_tau"} <= set(document["rank_flips"][0])
    assert document["seed"] == 1
    assert document["versions"]["numpy"]
    assert (shop / "board.html").read_text().startswith("<!")
    assert len(list((shop / "cards").glob("*.json"))) == 3


def test_the_command_shows_tables_to_a_person(shop: Path) -> None:
    asked = ["bench", "forecast", "--task", f"{shop}/shop.yaml,hospital",
             "--models", f"{shop}/spy.py:Fails", "--out", str(shop / "out")]  # fmt: skip
    came = CliRunner().invoke(app, asked)
    assert came.exit_code == 0, came.output
    assert "shop: A small shop" in came.output
    assert "not today" in came.output
    assert "Skipped hospital: It needs the file" in came.output
    assert "against SeasonalNaive" in came.output


@needs_data
def test_an_altered_file_makes_the_command_fail_at_its_end(shop: Path) -> None:
    (shop / "m4").mkdir()
    (shop / "m4/m4_hourly.parquet").write_bytes(b"PAR1")
    asked = ["bench", "forecast", "--task", "m4_hourly", "--data", str(shop), "--json",
             "--out", str(shop / "out")]  # fmt: skip
    came = CliRunner().invoke(app, asked)
    assert came.exit_code == 1
    assert json.loads(came.stdout)["skipped"][0]["reason"].startswith("refused")


@needs_data
def test_published_figures_of_m4_hourly_come_out_to_the_last_digit(tmp_path: Path) -> None:
    result = run(
        Options(
            data_dir=DATA, tasks=("m4_hourly",), models=("Naive",), out=tmp_path, jobs=1
        )
    )  # fmt: skip
    (found,) = result.tasks
    published = found.task.published
    for model, score in by_name(found).items():
        assert score.status == "ok", score.note
        for metric in ("smape", "mase"):
            assert round(score.metrics[metric], 3) == published[model][metric], (model, metric)
    naive = by_name(found)["SeasonalNaive"].metrics["owa"]
    assert naive == pytest.approx(0.627, abs=0.001), "printed with rounded parts"


@needs_data
@pytest.mark.slow
def test_a_quick_run_works_from_end_to_end(tmp_path: Path) -> None:
    result = run(
        Options(data_dir=DATA, quick=True, out=tmp_path, models=("SES", "HistGradientBoosting"))
    )
    assert [found.task.name for found in result.tasks] == [
        "m3_monthly",
        "carparts",
        "market_mature",
    ]
    for found in result.tasks:
        assert not found.skipped
        assert {score.status for score in found.models} == {"ok"}
    assert any("subset" in note for note in result.notes)
