"""The benchmarks measure what they say: a verification that can fail, figures by hand."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from seamline_broker.contracts.batch import BatchHeader, encode_body
from seamline_broker.contracts.batch import encode_message as encode_batch
from seamline_platform.cli import bench_ingest, bench_live, bench_verify
from seamline_platform.cli.bench_process import BenchError, Worker
from seamline_platform.cli.bench_workers import BATCH_ROWS, BODIES, body_of, raw_topic
from seamline_platform.ingest import Handlers, Pipeline
from seamline_platform.ingest.inbox import Message
from seamline_platform.store import Store

SENT = 200
BATCHES = BODIES + 3


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store as a run of the benchmark leaves it, raw values and batches in one file."""
    from seamline_broker.clock import WallClock

    path = tmp_path_factory.mktemp("bench") / "seamline.duckdb"
    store = Store.open(path)
    pipeline = Pipeline(store, WallClock(), Handlers())
    pipeline.handle(
        Message(raw_topic(i % 50), str(i).encode(), 1, 1, False, 0) for i in range(SENT)
    )
    bodies = [encode_body(body_of(i)) for i in range(BODIES)]
    pipeline.handle(
        Message(
            "seamline/v1/data/bench/line-1",
            encode_batch(BatchHeader("ab", n, n, BATCH_ROWS), bodies[n % BODIES]),
            1, 1, False, 0,
        )
        for n in range(1, BATCHES + 1)
    )  # fmt: skip
    store.close()
    return path


@pytest.fixture
def copy_with(filled: Path, tmp_path: Path) -> Callable[..., Path]:
    """Copies the store, leaves one source of readings, and changes it by SQL."""

    def make(source: str, *changes: str) -> Path:
        path = tmp_path / "seamline.duckdb"
        path.write_bytes(filled.read_bytes())
        with duckdb.connect(str(path)) as connection:
            connection.execute("DELETE FROM readings WHERE source <> ?", [source])
            connection.execute(f"DELETE FROM batches WHERE (epoch = 'raw') <> ({source == 'raw'})")
            for change in changes:
                connection.execute(change)
        return path

    return make


def test_a_complete_run_is_verified(copy_with: Callable[..., Path]) -> None:
    assert bench_verify.raw_faults(copy_with("raw"), SENT) == []
    assert bench_verify.batch_faults(copy_with("gateway"), BATCHES) == []


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM readings WHERE value = 7",
        "INSERT INTO readings SELECT * FROM readings WHERE value = 7",
        "UPDATE readings SET value = 8 WHERE value = 7",
        "UPDATE readings SET value = NULL WHERE value = 7",
        "UPDATE readings SET value = 7.4 WHERE value = 7",
        "UPDATE readings SET device = 'cell-8' WHERE value = 7",
        "UPDATE readings SET node = 'hall/line-9' WHERE value = 7",
        "INSERT INTO rejected (topic) VALUES ('x')",
    ],
)
def test_any_wrong_single_value_is_seen(copy_with: Callable[..., Path], change: str) -> None:
    assert bench_verify.raw_faults(copy_with("raw", change), SENT) != []


ONE = "WHERE rowid = (SELECT max(rowid) FROM readings)"


@pytest.mark.parametrize(
    "change",
    [
        f"DELETE FROM readings {ONE}",
        f"INSERT INTO readings SELECT * FROM readings {ONE}",
        f"UPDATE readings SET value = value + 0.001 {ONE}",
        f"UPDATE readings SET value = NULL {ONE}",
        f"UPDATE readings SET metric = 'rpm2' {ONE}",
        f"UPDATE readings SET source_ts = source_ts + INTERVAL 1 MILLISECOND {ONE}",
        "DELETE FROM batches WHERE n = 5",
        "UPDATE batches SET n = 4 WHERE n = 5",
        "INSERT INTO gaps (first_n) VALUES (1)",
    ],
)
def test_any_wrong_row_of_a_batch_is_seen(copy_with: Callable[..., Path], change: str) -> None:
    assert bench_verify.batch_faults(copy_with("gateway", change), BATCHES) != []


def test_figures_by_hand() -> None:
    phase = bench_ingest.Phase(rows=1_000, seconds=2.0, cpu_s={"decode": 0.01})
    assert phase.per_s == 500.0
    assert phase.cpu_us_per_message() == {"decode": 10.0}
    assert phase.cpu_us_per_message(100) == {"decode": 1_000.0}
    side = bench_live.Side(idle_percent=6.0, busy_percent=10.0)
    assert side.cpu_percent_per_client(40) == 0.1
    assert bench_live.percentile([float(i) for i in range(101)], 99) == 99.0
    with pytest.raises(BenchError, match="No value"):
        bench_live.percentile([], 50)


def test_a_worker_that_dies_is_named_with_what_it_said(tmp_path: Path) -> None:
    worker = Worker("seamline_platform.cli.bench_workers", "juggler", {}, tmp_path / "log")
    with pytest.raises(BenchError, match=r"'juggler' stopped answering: .*KeyError: 'juggler'"):
        worker.next_line()
    worker.kill()


@pytest.mark.slow
def test_a_short_run_of_ingest_stores_every_row() -> None:
    said: list[str] = []
    figures = bench_ingest.run(said.append, seconds=2.0)
    assert figures["verified"] is True, said
    assert figures["messages_per_s"] > 0
    assert figures["values_per_s"] > 0
    steps = {"broker", "client", "decode", "insert", "publisher"}
    assert set(figures["cpu_us_per_message"]) == steps
    assert figures["messages_verified"] >= figures["messages_per_s"] * 2


@pytest.mark.slow
def test_a_short_run_of_the_live_page_measures_both_servers() -> None:
    figures = bench_live.run(lambda text: None, seconds=3.0, clients=4)
    assert figures["clients"] == 4
    assert 0 < figures["p50_ms"] <= figures["p99_ms"]
    # 1,000 values/s of 50 signals: four signals at each of four pages are 320 values/s.
    assert figures["values_received"] == pytest.approx(320 * figures["seconds"], rel=0.5)
    assert figures["alternative_p50_ms"] > 0
