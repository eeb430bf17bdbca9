"""A user's SQL: one SELECT, nothing but the store, no longer than allowed."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from seamline_broker.errors import StoreError
from seamline_platform.store import Store, StoreSettings


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    settings = StoreSettings(commit_ms=5, checkpoint_s=3_600)
    path = tmp_path_factory.mktemp("run") / "store" / "seamline.duckdb"
    store = Store.open(path, settings=settings)
    store.insert("readings", [{"value": float(i), "source_ts": i * 1_000} for i in range(100)])
    store.flush()
    yield store
    store.close()


@pytest.fixture
def filled(shared: Store) -> Iterator[Store]:
    yield shared
    assert shared.query("SELECT count(*) FROM readings").rows == [(100,)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM readings",
        "select count(*) from readings;",
        "WITH a AS (SELECT * FROM readings) SELECT count(*) FROM a",
        "SELECT count(*) FROM query('SELECT * FROM readings')",
        "-- how many?\nSELECT count(*) FROM readings",
    ],
)
def test_a_select_is_answered(filled: Store, sql: str) -> None:
    result = filled.query(sql)
    assert (result.rows, result.truncated) == ([(100,)], False)
    assert result.ms > 0


def test_tables_can_be_looked_up(filled: Store) -> None:
    assert ("readings",) in filled.query("SELECT table_name FROM duckdb_tables()").rows
    assert filled.query("DESCRIBE readings").rows[0][0] == "source_ts"


def test_more_rows_than_asked_for_are_cut_off_and_that_is_said(filled: Store) -> None:
    result = filled.query("SELECT value FROM readings ORDER BY value", limit=3)
    assert (result.columns, result.rows, result.truncated) == (
        ["value"],
        [(0.0,), (1.0,), (2.0,)],
        True,
    )
    assert not filled.query("SELECT value FROM readings", limit=100).truncated


def test_an_endless_result_costs_only_the_rows_asked_for(filled: Store) -> None:
    result = filled.query("SELECT * FROM range(1_000_000_000_000)", limit=2)
    assert (result.rows, result.truncated) == ([(0,), (1,)], True)


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT 1; SELECT 2", "2 statements"),
        ("COMMIT; DELETE FROM readings", "2 statements"),
        ("SELECT 1; COMMIT; DROP TABLE readings", "3 statements"),
        ("", "0 statements"),
        ("-- nothing", "0 statements"),
        ("DELETE FROM readings", "not DELETE"),
        ("UPDATE readings SET value = 1", "not UPDATE"),
        ("INSERT INTO readings (value) VALUES (1)", "not INSERT"),
        ("DROP TABLE readings", "not DROP"),
        ("CREATE TABLE mine (i INTEGER)", "not CREATE"),
        ("COPY readings TO '/tmp/stolen.csv'", "not COPY"),
        ("EXPORT DATABASE '/tmp/stolen'", "not EXPORT"),
        ("ATTACH '/tmp/other.db'", "not ATTACH"),
        ("PRAGMA database_list", "not PRAGMA"),
        ("SET threads = 1", "not SET"),
        ("INSTALL httpfs", "not LOAD"),
        ("CALL pragma_version()", "not CALL"),
        ("EXPLAIN ANALYZE SELECT 1", "not EXPLAIN"),
        ("WITH d AS (DELETE FROM readings RETURNING *) SELECT * FROM d", "read-only"),
        ("SELECT * FROM enable_logging()", "locked"),
        ("SELECT * FROM force_checkpoint()", "does not run"),
        ("SELEC 1", "not readable"),
        ("SELECT * FROM nowhere", "Did you mean"),
    ],
)
def test_anything_else_is_refused_with_the_reason(filled: Store, sql: str, reason: str) -> None:
    with pytest.raises(StoreError, match=reason):
        filled.query(sql)


@pytest.mark.parametrize(
    "source",
    [
        "read_csv('/etc/passwd')",
        "read_text('/etc/passwd')",
        "read_blob('/etc/passwd')",
        "sniff_csv('/etc/passwd')",
        "read_parquet('http://127.0.0.1/x.parquet')",
        "glob('/etc/*')",
    ],
)
def test_files_outside_the_store_are_out_of_reach(filled: Store, source: str) -> None:
    with pytest.raises(StoreError, match="outside the store"):
        filled.query(f"SELECT * FROM {source}")


def test_the_configuration_is_locked_for_everybody(filled: Store) -> None:
    with pytest.raises(StoreError, match="locked"):
        filled.read("SET enable_external_access = true")


def test_a_query_that_takes_too_long_is_interrupted_and_says_what_helps(filled: Store) -> None:
    started = time.monotonic()
    with pytest.raises(StoreError, match=r"longer than 0\.2 s.*time"):
        filled.query("SELECT count(*) FROM range(1_000_000_000_000)", timeout_s=0.2)
    assert time.monotonic() - started < 5
    # The same thread's cursor works on.
    assert filled.query("SELECT count(*) FROM readings").rows == [(100,)]


def test_closing_the_store_ends_a_running_query(store: Store) -> None:
    said: list[str] = []
    begun = threading.Event()

    def ask() -> None:
        begun.set()
        try:
            store.query("SELECT count(*) FROM range(1_000_000_000_000)", timeout_s=60)
        except StoreError as exc:
            said.append(str(exc))

    asking = threading.Thread(target=ask)
    asking.start()
    begun.wait(5)
    end = time.monotonic() + 10
    while not store._database._cursors and time.monotonic() < end:
        threading.Event().wait(0.01)
    store.close()
    asking.join(10)
    assert not asking.is_alive()
    assert len(said) == 1
    with pytest.raises(StoreError, match="closed"):
        store.query("SELECT 1")


def test_a_query_sees_one_moment_while_the_writer_goes_on(
    store: Store, rows: Callable[..., list[dict[str, object]]]
) -> None:
    sql = "SELECT (SELECT count(*) FROM readings), (SELECT sum(value) FROM readings)"
    for first in range(0, 500, 50):
        store.insert("readings", rows(50, first))
        count, total = store.query(sql).rows[0]
        assert (total or 0) == count * (count - 1) / 2
