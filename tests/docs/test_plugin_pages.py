"""The examples of the documents about plug-ins run as they stand."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest

from seamline_broker.client import MqttClient
from seamline_broker.contracts.batch import split_message
from seamline_broker.contracts.messages import Birth
from seamline_broker.embedded import EmbeddedBroker
from seamline_broker.users import Secrets
from seamline_edge.drivers import load_driver
from seamline_platform.demand.conformance import check_forecaster
from seamline_platform.demand.frame import FloatArray, grid_of, long_frame, panel_of
from seamline_platform.demand.protocol import LEVELS, check_forecast, load_forecaster
from seamline_platform.demand.worker import forecast_here
from seamline_platform.ingest.wire import decode_body
from seamline_platform.planning.dispatch import DispatchPolicy
from seamline_platform.planning.evaluate import Job
from seamline_platform.planning.rules import RuleContext, load_rule, sequence_by
from seamline_platform.settings import load_settings

WriteBlocks = Callable[[str], Path]
Install = Callable[[Path], None]


def frame(y: FloatArray) -> object:
    series, days = y.shape
    return {
        "unique_id": np.repeat([f"TS{i:02d}-WHT-M@east" for i in range(series)], days),
        "ds": np.tile(np.arange(20_000, 20_000 + days), series).astype("datetime64[D]"),
        "y": y.reshape(-1).astype(float),
    }


def run(folder: Path, *words: str) -> list[list[str]]:
    """Run a script of the document and return the words of its lines."""
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [line.split() for line in done.stdout.splitlines()]


def test_the_example_forecaster_gives_quantiles_of_the_same_weekday(
    write_blocks: WriteBlocks,
) -> None:
    folder = write_blocks("forecasters.md")
    week = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 60.0, 70.0])
    for days in (70, 73):  # history may end on any weekday
        y = np.vstack([np.tile(week, 11)[:days], np.zeros(days)])
        history = long_frame(frame(y))
        model = load_forecaster(f"{folder / 'mine.py'}:WeekdayHistory")
        table = model.forecast(history, 14, LEVELS)
        grid = grid_of(check_forecast(table, panel_of(history), 14, LEVELS))
        expected = np.tile(week, 13)[days : days + 14]
        assert grid.values[0] == pytest.approx(np.repeat(expected[:, None], len(LEVELS), axis=1))
        assert not grid.values[1].any()


def test_the_example_forecaster_runs_where_the_factory_runs_it(write_blocks: WriteBlocks) -> None:
    folder = write_blocks("forecasters.md")
    y = np.random.default_rng(5).poisson(4.0, (6, 60)).astype(float)
    spec = f"{folder / 'mine.py'}:WeekdayHistory"
    result = forecast_here(spec, long_frame(frame(y)), 14, LEVELS)
    assert (result.report.status, result.report.model) == ("ok", spec)
    assert len(result.table) == 6 * 14 * len(LEVELS)


@pytest.mark.parametrize(
    "spec", ["theta.py:BestTheta", "sktheta.py:SkTheta", "ridge.py:LaggedRidge"]
)
def test_models_of_other_libraries_forecast_in_at_most_ten_lines(
    write_blocks: WriteBlocks, spec: str
) -> None:
    folder = write_blocks("forecasters.md")
    file = folder / spec.partition(":")[0]
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(lines) <= 10
    rng = np.random.default_rng(7)
    y = 50 + 20 * np.sin(np.arange(70) * 2 * np.pi / 7) + rng.normal(0, 1, (2, 70))
    history = long_frame(frame(y))
    table = load_forecaster(f"{folder / spec}", season_length=7).forecast(history, 7, LEVELS)
    grid = grid_of(check_forecast(table, panel_of(history), 7, LEVELS))
    assert y.min() < grid.values[:, :, LEVELS.index(0.5)].mean() < y.max()
    assert (grid.values[:, :, -1] > grid.values[:, :, 0]).all()


def test_the_example_forecaster_keeps_every_promise(write_blocks: WriteBlocks) -> None:
    report = check_forecaster(f"{write_blocks('forecasters.md') / 'mine.py'}:WeekdayHistory")
    assert {f.check: f.came for f in report.findings if not f.ok} == {}


def test_the_forecasters_script_scores_models_on_an_export(write_blocks: WriteBlocks) -> None:
    folder = write_blocks("forecasters.md")
    with duckdb.connect(":memory:") as connection:
        connection.execute("SELECT setseed(0.5)")
        connection.execute(
            """COPY (SELECT 'TS' || s || '-WHT-M' AS sku, 'east' AS site,
                  TIMESTAMP '2025-06-01' + INTERVAL 1 day * d AS day_ts,
                  (10 + 5 * (d % 7) + random() * 6)::BIGINT AS qty, 0 AS stockout_min,
                  4900 AS price_fen, false AS promo
               FROM range(8) a(s), range(84) b(d))
               TO '{}' (FORMAT parquet)""".replace("{}", str(folder / "sales_daily.parquet"))
        )
    models = ["mine.py:WeekdayHistory", "seasonal_naive"]
    head, *rows = run(folder, "compare.py", "sales_daily.parquet", *models)
    assert head == ["model", "status", "pinball", "coverage", "bias", "seconds"]
    assert [row[:2] for row in rows] == [[model, "ok"] for model in models]
    # Sales are uniform within 6 pieces of a weekly mean: its quantile loss is below 1 piece.
    assert all(0.0 < float(row[2]) < 1.0 for row in rows)


def test_the_example_rule_takes_the_least_slack_and_weighs_it(write_blocks: WriteBlocks) -> None:
    folder = write_blocks("dispatch-rules.md")
    rule = load_rule(f"{folder / 'mine.py'}:LeastSlack")

    def job(name: str, work_h: int, due_h: int, weight: int = 1, style: str = "TS01") -> Job:
        hour = 3_600_000
        return Job(name, style, "tee", "WHT", 120, work_h * hour, 0, due_h * hour, weight)

    def setup_ms(before: Job | None, after: Job) -> int:
        return 3_600_000 if before is not None and before.style != after.style else 0

    # Slack: A 10-4=6, B 9-1=8, C 12-2=10 but of weight 5, so 2: C, A, B.
    jobs = [job("A", 4, 10), job("B", 1, 9), job("C", 2, 12, weight=5)]
    assert [j.order for j in sequence_by(rule, jobs, RuleContext(0, setup_ms))] == ["C", "A", "B"]
    # After A, B has a slack of 5 hours; D needs an hour of set-up, so only 4.
    jobs = [job("A", 1, 2), job("B", 1, 7), job("D", 1, 7, style="PO01")]
    assert [j.order for j in sequence_by(rule, jobs, RuleContext(0, setup_ms))] == ["A", "D", "B"]


def test_the_policy_takes_the_example_rule(write_blocks: WriteBlocks) -> None:
    folder = write_blocks("dispatch-rules.md")
    assert DispatchPolicy(f"{folder / 'mine.py'}:LeastSlack").plan.bars == ()


def test_the_rules_script_compares_rules(write_blocks: WriteBlocks) -> None:
    folder = write_blocks("dispatch-rules.md")
    head, *rows = run(folder, "compare.py", "mine.py:LeastSlack", "atcs", "edd", "spt")
    assert head[0] == "rule"
    late = {row[0]: float(row[1]) for row in rows}
    assert list(late) == ["mine.py:LeastSlack", "atcs", "edd", "spt"]
    page = (folder / "output.txt").read_text(encoding="utf-8")
    assert [line.split() for line in page.splitlines()] == [head, *rows]
    # What the literature says of sequence-dependent set-ups and weights.
    assert late["atcs"] < late["edd"]


@pytest.mark.parametrize(
    ("page", "key", "spec"),
    [
        ("forecasters.md", "demand.model", "mine.py:WeekdayHistory"),
        ("dispatch-rules.md", "planning.rule", "mine.py:LeastSlack"),
    ],
)
def test_the_settings_of_the_documents_are_settings(
    page: str, key: str, spec: str, write_blocks: WriteBlocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_blocks(page)
    loaded = load_settings(folder / "seamline.toml", environ={})
    values = {name: value for name, value, _source, _meaning in loaded.rows()}
    assert values[key] == spec
    section, name = key.split(".")
    loaded = load_settings(
        environ={f"SEAMLINE_{section.upper()}__{name.upper()}": spec}, overrides={}
    )
    assert {k: v for k, v, _, _ in loaded.rows()}[key] == spec


def test_the_package_of_the_forecasters_page_registers_it(
    write_blocks: WriteBlocks, installed: Install
) -> None:
    installed(write_blocks("forecasters.md") / "pyproject.toml")
    assert type(load_forecaster("weekday_history")).__name__ == "WeekdayHistory"


def test_the_package_of_the_rules_page_registers_it(
    write_blocks: WriteBlocks, installed: Install
) -> None:
    installed(write_blocks("dispatch-rules.md") / "pyproject.toml")
    assert type(load_rule("least_slack")).__name__ == "LeastSlack"


def test_the_package_of_the_drivers_page_registers_it(
    write_blocks: WriteBlocks, installed: Install
) -> None:
    installed(write_blocks("drivers.md") / "pyproject.toml")
    assert load_driver("computer").__name__ == "Computer"


@pytest.mark.e2e
def test_the_example_driver_sends_numbered_batches_and_refuses_bad_options(
    write_blocks: WriteBlocks,
) -> None:
    folder = write_blocks("drivers.md")
    secrets = Secrets.open(folder / "secrets.json")
    gateway = secrets.add_gateway("lab/my-pc")
    platform = secrets.ensure("platform", "platform")
    heard: list[tuple[str, bytes]] = []
    words = [sys.executable, "-m", "seamline_edge.gateway", "--site", "lab", "--node", "my-pc"]
    words += ["--driver", "mine.py:Computer", "--for", "10"]
    with EmbeddedBroker(secrets, folder / "broker") as broker:
        url = f"mqtt://{gateway.name}:{gateway.password}@127.0.0.1:{broker.port}"
        arrived = threading.Event()

        def take(topic: str, payload: bytes, *_: object) -> None:
            heard.append((topic, payload))
            if topic.split("/")[2] == "data":
                arrived.set()

        client = MqttClient(
            "127.0.0.1", broker.port, client_id="platform", user=platform.name,
            password=platform.password, on_message=take,
        )  # fmt: skip
        client.subscribe("seamline/v1/#")
        client.start()
        process = subprocess.Popen(
            [*words, "--broker", url, "--driver-options", "every_s=0.2"],
            cwd=folder, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert arrived.wait(15), process.poll()
        finally:
            process.terminate()
            process.communicate(timeout=10)
            client.stop(0)
    birth = Birth.decode(next(p for t, p in heard if t == "seamline/v1/node/lab/my-pc"))
    assert [m.name for m in birth.devices[0].metrics] == ["load_1min", "memory_free_mb"]
    header, body = split_message(next(p for t, p in heard if t == "seamline/v1/data/lab/my-pc"))
    decoded = decode_body(header, body)
    assert (decoded.faults, header.n) == ([], 1)
    assert decoded.readings.metric == ["load_1min", "memory_free_mb"]
    assert all(value is not None and value >= 0 for value in decoded.readings.value)
    done = subprocess.run(
        [*words, "--broker", url, "--driver-options", "speed=1"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "takes every_s=..; got ['speed']" in done.stderr
