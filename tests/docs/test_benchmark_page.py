"""The examples of the benchmark's page run as they stand."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from seamline_broker.embedded import EmbeddedBroker
from seamline_broker.users import Secrets
from seamline_platform.cli import bench_stream
from seamline_platform.demand.frame import grid_of, long_frame, panel_of
from seamline_platform.demand.protocol import LEVELS, check_forecast, load_forecaster
from seamline_platform.experiments.forecasting import metrics, study
from seamline_platform.experiments.forecasting.card import write_card
from seamline_platform.experiments.forecasting.leaderboard import write_html
from seamline_platform.experiments.forecasting.stream.messages import KINDS
from seamline_platform.experiments.forecasting.stream.orders import Disorder
from seamline_platform.experiments.forecasting.task import load_task, task_names

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "benchmark.md").read_text(encoding="utf-8")
WriteBlocks = Callable[[str], Path]


@pytest.fixture
def folder(write_blocks: WriteBlocks) -> Path:
    made = write_blocks("benchmark.md")
    days = np.arange("2024-01-01", "2024-03-01", dtype="datetime64[D]")
    sold = np.random.default_rng(5).poisson(6.0, (8, len(days))) + 1
    rows = [f"S{s},{day},{sold[s, t]}" for s in range(8) for t, day in enumerate(days)]
    (made / "own.csv").write_text("\n".join(["unique_id,ds,y", *rows]) + "\n")
    return made


def test_the_example_forecaster_is_the_mean_of_three_seasons(folder: Path) -> None:
    y = np.arange(28.0) % 7 + np.repeat([0.0, 1.0, 2.0, 3.0], 7)
    frame = long_frame({"unique_id": ["A"] * 28, "ds": np.arange(28), "y": y})
    model = load_forecaster(f"{folder / 'mine.py'}:Mine", season_length=7)
    table = check_forecast(model.forecast(frame, 9, LEVELS), panel_of(frame), 9, LEVELS)
    median = grid_of(table).values[0, :, LEVELS.index(0.5)]
    assert median == pytest.approx(np.arange(9) % 7 + 2.0)


def test_a_newcomers_model_is_on_the_leaderboard_of_a_task_of_ones_own(folder: Path) -> None:
    options = study.Options(
        tasks=(str(folder / "own.yaml"),), models=(f"{folder / 'mine.py'}:Mine",),
        out=folder / "kept", jobs=1,
    )  # fmt: skip
    result = study.run(options)
    assert [score.status for score in result.tasks[0].models] == ["ok"] * 3
    assert {row.status for row in result.decisions} == {"ok"}
    assert len(write_card(result, folder / "cards")) == 3
    write_html(result, folder / "own.html")
    page = (folder / "own.html").read_text(encoding="utf-8")
    assert "mine.py:Mine" in page
    assert "My own series" in page


@pytest.mark.e2e
def test_the_example_client_takes_part_with_nothing_but_an_mqtt_library(folder: Path) -> None:
    assert "seamline" not in re.sub(r"seamline/v1", "", (folder / "last_value.py").read_text())
    secrets = Secrets.open(folder / "secrets.json")
    bench = secrets.ensure("bench", "bench")
    model = secrets.ensure("last-value", "model")
    with EmbeddedBroker(secrets, folder / "broker") as broker:
        words = ["127.0.0.1", str(broker.port), "r1", model.name, model.password]
        client = subprocess.Popen(
            [sys.executable, "last_value.py", *words], cwd=folder, stderr=subprocess.PIPE, text=True
        )
        try:
            found = bench_stream.run(
                bench_stream.StreamOptions(
                    str(folder / "own.yaml"), (), ("last-value",), pace_s=60, run="r1",
                    broker=f"mqtt://{bench.name}:{bench.password}@127.0.0.1:{broker.port}",
                    disorder=Disorder.none(),
                ),
                lambda text: None,
            )  # fmt: skip
            _, said = client.communicate(timeout=30)
        finally:
            client.kill()
            client.wait()
    assert (client.returncode, said) == (0, "")
    (outcome,) = found["models"]
    assert (outcome["given"], outcome["refused"]) == (1.0, 0)


def test_the_page_names_every_task_metric_and_message() -> None:
    for name in task_names():
        assert f"`{name}`" in PAGE, name
        assert load_task(name).metric.replace("_", " ") in PAGE.lower().replace("_", " ")
    documented = re.findall(r"^\| `([a-z]\w+)`", str(metrics.__doc__) + PAGE, re.MULTILINE)
    for name in (*metrics.PER_SERIES, "owa", "wrmsse", "miscalibration", "bias", "stability"):
        assert name in documented, name
    for kind in KINDS:
        assert f"| `{kind}` |" in PAGE, kind


def test_paho_is_all_that_the_example_client_imports(folder: Path) -> None:
    imports = re.findall(r"^(?:from|import) (\w+)", (folder / "last_value.py").read_text(), re.M)
    assert set(imports) == {"json", "sys", "collections", "paho"}
