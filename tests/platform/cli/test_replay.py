"""`seamline replay sensors`: rows of a file in DuckDB, value for value, each exactly once."""

import csv
import json
import math
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from seamline_broker.embedded import EmbeddedBroker, free_port
from seamline_broker.errors import ConfigError, SeamlineError
from seamline_broker.users import Secrets
from seamline_platform.cli.data_commands import ask_platform
from seamline_platform.cli.replay import Recording, send_recording


def eventually(condition: Callable[[], object], timeout_s: float = 30.0) -> bool:
    end_s = time.monotonic() + timeout_s
    while not condition() and time.monotonic() < end_s:
        threading.Event().wait(0.02)
    return bool(condition())


@dataclass
class Run:
    """A run directory in which a broker and a platform work."""

    path: Path
    broker: EmbeddedBroker

    def query(self, sql: str) -> list[list[Any]]:
        answer = ask_platform(self.path, "/api/query", {"sql": sql, "limit": 10_000})
        assert answer is not None
        rows: list[list[Any]] = answer["rows"]
        return rows

    def values(self, name: str) -> list[tuple[int, str, float | None]]:
        sql = (
            "SELECT epoch_ms(source_ts), metric, value FROM readings "
            f"WHERE site = 'replay' AND device = '{name}' ORDER BY ALL"
        )
        return [(ts_ms, metric, value) for ts_ms, metric, value in self.query(sql)]

    def send(self, file: Path, name: str, speed: float = 0.0) -> dict[str, object]:
        return send_recording(self.path, Recording(file, "replay", name), speed, lambda _: None)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    path = tmp_path_factory.mktemp("run")
    secrets = Secrets.open(path / "secrets.json")
    secrets.ensure("platform", "platform")
    with EmbeddedBroker(secrets, path / "broker") as broker:
        command = [
            sys.executable, "-m", "seamline_platform.cli.main", "platform", "--run-dir", str(path),
            "--broker", f"mqtt://127.0.0.1:{broker.port}", "--port", str(free_port()),
        ]  # fmt: skip
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as platform:
            assert eventually((path / "platform.json").exists, 60.0)
            yield Run(path, broker)
            platform.terminate()
            platform.wait(20)


ROWS = 400
FIRST = datetime(2020, 2, 8, 13, 30, 47, tzinfo=UTC)


def table() -> dict[str, list[Any]]:
    """Three columns with gaps, one of texts; stamps of 2020, one of them earlier than the last."""
    draw = random.Random(4)
    seconds = [i + (i > 200) * 86_400 - (i == 300) * 50_000 for i in range(ROWS)]
    return {
        "datetime": [
            datetime.fromtimestamp(FIRST.timestamp() + s, UTC).strftime("%Y-%m-%d %H:%M:%S")
            for s in seconds
        ],
        "Volume Flow": [draw.uniform(-1e6, 1e6) for _ in seconds],
        "p": [math.nan if draw.random() < 0.2 else draw.gauss(0, 1) for _ in seconds],
        "file": ["a.csv" for _ in seconds],
        "anomaly": [None if i < 100 else float(i % 2) for i in range(ROWS)],
    }


def expected() -> list[tuple[int, str, float | None]]:
    columns = table()
    found: list[tuple[int, str, float | None]] = []
    for i, text in enumerate(columns["datetime"]):
        stamp = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        for column, metric in (("Volume Flow", "Volume_Flow"), ("p", "p"), ("anomaly", "anomaly")):
            value = columns[column][i]
            gap = value is None or math.isnan(value)
            found.append((int(stamp.timestamp()) * 1000, metric, None if gap else value))
    return found


def in_order(rows: list[tuple[int, str, float | None]]) -> list[tuple[int, str, float | None]]:
    return sorted(rows, key=lambda r: (r[0], r[1], r[2] is None, r[2] or 0.0))


@pytest.fixture
def parquet(tmp_path: Path) -> Path:
    path = tmp_path / "run.parquet"
    pq.write_table(pa.table(table()), path)
    return path


@pytest.fixture
def csv_file(tmp_path: Path) -> Path:
    path = tmp_path / "run.csv"
    columns = table()
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


@pytest.mark.parametrize("kind", ["parquet", "csv_file"])
def test_rows_in_the_database_are_the_rows_of_the_file(
    run: Run, kind: str, request: pytest.FixtureRequest
) -> None:
    file: Path = request.getfixturevalue(kind)
    figures = run.send(file, kind)
    assert figures == {
        "rows": ROWS, "values": 3 * ROWS, "rows_before": 0, "node": f"replay/{kind}",
    }  # fmt: skip
    assert in_order(run.values(kind)) == in_order(expected())
    again = run.send(file, kind)
    assert (again["rows"], again["rows_before"]) == (0, ROWS)
    assert len(run.values(kind)) == 3 * ROWS


def test_a_gateway_that_is_killed_while_it_sends_goes_on_without_loss_or_repetition(
    run: Run, csv_file: Path
) -> None:
    lock = run.path / "outbox" / "replay-replay-killed.sqlite.lock"
    failed: list[str] = []

    def send() -> None:
        try:
            run.send(csv_file, "killed", speed=100.0)  # 100 rows per second
        except SeamlineError as exc:
            failed.append(str(exc))

    thread = threading.Thread(target=send)
    thread.start()
    assert eventually(lambda: len(run.values("killed")) > 60)
    os.kill(int(lock.read_text()), signal.SIGKILL)
    thread.join(30)
    assert len(failed) == 1
    figures = run.send(csv_file, "killed")
    assert 0 < int(str(figures["rows_before"])) < ROWS
    assert in_order(run.values("killed")) == in_order(expected())


def hear_ctrl_c() -> None:
    """Undo what a shell does to jobs in the background: they, and their children, ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_says_how_to_go_on(run: Run, csv_file: Path) -> None:
    command = [
        sys.executable, "-m", "seamline_platform.cli.main", "replay", "sensors", str(csv_file),
        "--speed", "10", "--name", "stopped", "--run-dir", str(run.path),
    ]  # fmt: skip
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, preexec_fn=hear_ctrl_c
    ) as process:
        assert eventually(lambda: len(run.values("stopped")) > 30)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "The same command goes on from there." in said
    sent = len(run.values("stopped"))
    assert 0 < sent < 3 * ROWS
    figures = run.send(csv_file, "stopped")
    assert figures["rows_before"] == sent // 3
    assert in_order(run.values("stopped")) == in_order(expected())


def test_own_time_is_kept_and_nothing_is_called_late(run: Run, csv_file: Path) -> None:
    run.send(csv_file, "clock")
    ((first, last, rejected),) = run.query(
        "SELECT min(source_ts)::VARCHAR, max(source_ts)::VARCHAR, "
        "(SELECT count(*) FROM rejected) FROM readings WHERE device = 'clock'"
    )
    assert (first, last, rejected) == ("2020-02-08 13:30:47", "2020-02-09 13:37:26", 0)


def test_a_bad_cell_stops_before_anything_is_sent(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    rows = "".join(f"2020-01-01 00:{i // 60:02}:{i % 60:02},{i}\n" for i in range(300))
    path.write_text(f"t,v\n{rows}2020-01-02,broken\n")
    with pytest.raises(SeamlineError, match=r"row 301, column 'v': 'broken' is not a number"):
        run.send(path, "bad")
    assert run.values("bad") == []


def test_a_missing_file_and_a_bad_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.csv does not exist"):
        Recording(tmp_path / "gone.csv", "replay")
    path = tmp_path / "a b+c.csv"
    path.write_text("t,v\n2020-01-01,1\n")
    assert Recording(path, "replay").node == "replay/a_b_c"
    with pytest.raises(ConfigError, match=r"--site, --name: .*'x/y'"):
        Recording(path, "replay", "x/y")


def test_without_a_run_it_says_how_to_start_one(tmp_path: Path, csv_file: Path) -> None:
    with pytest.raises(ConfigError, match="Start one with 'seamline demo'"):
        send_recording(tmp_path / "none", Recording(csv_file, "replay"), 0.0, lambda _: None)
    Secrets.open(tmp_path / "idle" / "secrets.json")
    with pytest.raises(ConfigError, match=r"No broker runs in .*idle"):
        send_recording(tmp_path / "idle", Recording(csv_file, "replay"), 0.0, lambda _: None)


def test_the_command_prints_one_object(run: Run, csv_file: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "seamline_platform.cli.main", "replay", "sensors", str(csv_file),
         "--speed", "0", "--name", "cli", "--run-dir", str(run.path), "--json"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["rows"] == ROWS


@pytest.mark.slow
def test_the_shared_recording_value_for_value(run: Run) -> None:
    shared = Path(__file__).resolve().parents[3].parent / "shared"
    path = shared / "data" / "skab" / "skab_valve1_anomaly_free.parquet"
    if not path.exists():
        pytest.skip("the SKAB recording is not beside the repository")
    figures = run.send(path, "skab")
    columns = pq.read_table(path).to_pydict()
    rows = len(columns["datetime"])
    assert (figures["rows"], rows) == (27_565, 27_565)
    for column in columns:
        if column in ("datetime", "file"):
            continue
        metric = column.replace(" ", "_")
        (file_sum,) = {math.fsum(v for v in columns[column] if v is not None)}
        ((count, filled, total),) = run.query(
            "SELECT count(*), count(value), fsum(value) FROM readings "
            f"WHERE device = 'skab' AND metric = '{metric}'"
        )
        assert count == rows
        assert filled == sum(v is not None for v in columns[column])
        assert total == pytest.approx(file_sum, rel=1e-12)
        stamps = columns["datetime"]
        for i in range(0, rows, 997):
            ((value,),) = run.query(
                f"SELECT value FROM readings WHERE device = 'skab' AND metric = '{metric}' "
                f"AND source_ts = TIMESTAMP '{stamps[i]}'"
            )
            assert value == columns[column][i]
