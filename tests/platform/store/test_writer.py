"""One writer thread: groups are stored whole or not at all, whatever fails."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from seamline_broker.clock import ManualClock
from seamline_broker.errors import StoreError
from seamline_platform.store import Group, Store, StoreSettings
from seamline_platform.store.database import Database

Rows = Callable[..., list[dict[str, object]]]
FATAL = duckdb.FatalException("FATAL Error: injected")
ORDINARY = duckdb.IOException("IO Error: injected")


def count(store: Store, table: str = "readings") -> int:
    return int(str(store.read(f"SELECT count(*) AS n FROM {table}")[0]["n"]))


def eventually(condition: Callable[[], bool], timeout_s: float = 10.0) -> bool:
    end = time.monotonic() + timeout_s
    while not condition() and time.monotonic() < end:
        threading.Event().wait(0.01)
    return condition()


def group(store: Store, rows: list[dict[str, object]], n: int, done: list[str]) -> Group:
    """Readings and their number: must be stored together."""
    number = {"batch_id": n, "site": "s", "node": "n", "epoch": "a", "n": n, "rows": len(rows)}
    return Group(
        {"readings": store.rows("readings", rows), "batches": store.rows("batches", [number])},
        on_commit=lambda: done.append(f"stored {n}"),
        on_failed=lambda error: done.append(f"failed {n}: {error}"),
    )


def broken(store: Store, rows: list[dict[str, object]], n: int, done: list[str]) -> Group:
    """Its number is fine, its readings are not: DuckDB refuses the text in a number's column."""
    whole = group(store, rows, n, done)
    values = pa.table({"value": pa.array(["a stitch"])})
    return Group(
        {"batches": whole.tables["batches"], "readings": values}, whole.on_commit, whole.on_failed
    )


def test_rows_are_there_after_flush_and_counted(store: Store, rows: Rows) -> None:
    store.insert("readings", rows(10))
    store.insert("readings", rows(5, 10))
    store.flush()
    assert count(store) == 15
    assert store.stats.rows == 15
    assert store.stats.waiting_rows == 0


def test_waiting_groups_share_a_transaction(open_store: Callable[..., Store], rows: Rows) -> None:
    store = open_store(StoreSettings(commit_ms=60_000, checkpoint_s=3_600))
    for first in range(0, 100, 10):
        store.insert("readings", rows(10, first))
    store.flush()
    assert (count(store), store.stats.commits) == (100, 1)
    assert store.read("SELECT row_count FROM commits") == [{"row_count": 100}]


@pytest.mark.parametrize("how", ["rows", "time", "urgent"])
def test_a_transaction_comes_by_rows_by_time_or_at_once(
    open_store: Callable[..., Store], rows: Rows, how: str
) -> None:
    commit_ms = 50 if how == "time" else 3_600_000
    store = open_store(StoreSettings(commit_ms=commit_ms, commit_rows=20, checkpoint_s=3_600))
    store.insert("readings", rows(20 if how == "rows" else 5), urgent=how == "urgent")
    assert eventually(lambda: store.stats.commits == 1)


def test_only_one_thread_writes(store: Store, rows: Rows, faulty: Callable[[Store], Any]) -> None:
    connection = faulty(store)
    feeding = [
        threading.Thread(target=store.insert, args=("readings", rows(10, i * 10))) for i in range(8)
    ]
    for thread in feeding:
        thread.start()
    for thread in feeding:
        thread.join()
    store.flush()
    assert count(store) == 80
    assert [t.name for t in connection.threads] == ["store-writer"]


def test_a_group_that_cannot_be_stored_is_given_up_whole_and_alone(
    store: Store, rows: Rows
) -> None:
    done: list[str] = []
    store.submit(group(store, rows(10), 1, done))
    store.submit(broken(store, rows(10, 10), 2, done))
    store.submit(group(store, rows(10, 20), 3, done))
    store.flush()
    assert [text.split(":")[0] for text in done] == ["stored 1", "failed 2", "stored 3"]
    assert "a stitch" in done[1]
    assert store.read("SELECT n FROM batches ORDER BY n") == [{"n": 1}, {"n": 3}]
    assert count(store) == 20
    assert store.stats.failed_groups == 1


@pytest.mark.parametrize("word", ["BEGIN", "INSERT", "COMMIT"])
def test_an_ordinary_fault_is_tried_again(
    store: Store, rows: Rows, faulty: Callable[[Store], Any], word: str
) -> None:
    faulty(store).faults.append((word, False, ORDINARY))
    done: list[str] = []
    store.submit(group(store, rows(10), 1, done))
    store.flush()
    assert (done, count(store), count(store, "batches")) == (["stored 1"], 10, 1)
    assert (store.stats.retries, store.stats.reopened, store.stats.error) == (1, 0, "")


@pytest.mark.parametrize("committed", [False, True])
def test_after_a_fatal_fault_the_file_tells_whether_the_transaction_got_through(
    store: Store, rows: Rows, faulty: Callable[[Store], Any], committed: bool
) -> None:
    store.insert("readings", rows(5))
    store.flush()
    reopened: list[int] = []
    store.on_reopen(lambda: reopened.append(count(store)))
    faulty(store).faults.append(("COMMIT", committed, FATAL))
    done: list[str] = []
    store.submit(group(store, rows(10, 5), 1, done))
    store.flush()
    assert (done, count(store), count(store, "batches")) == (["stored 1"], 15, 1)
    assert store.stats.reopened == 1
    assert reopened == [15 if committed else 5]
    assert count(store, "commits") == 2


def test_readers_go_on_after_the_file_was_opened_anew(
    store: Store, rows: Rows, faulty: Callable[[Store], Any]
) -> None:
    assert count(store) == 0  # this thread has a cursor of the old connection now
    faulty(store).faults.append(("COMMIT", False, FATAL))
    store.insert("readings", rows(3))
    store.flush()
    assert count(store) == 3


def test_a_disk_that_is_full_makes_rows_wait_and_says_so(
    store: Store, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = [1]
    monkeypatch.setattr(Database, "free_mb", lambda self: free[0])
    done: list[str] = []
    store.submit(group(store, rows(10), 1, done))
    assert eventually(lambda: store.stats.retries > 6)  # more than a fault is given
    assert "is full (1 MB free)" in store.stats.error
    with pytest.raises(StoreError, match="is full"):
        store.flush(0.05)
    assert (done, count(store)) == ([], 0)
    free[0] = 1_000
    store.flush()
    assert (done, count(store), store.stats.error) == (["stored 1"], 10, "")


def test_a_store_that_closes_on_a_full_disk_gives_the_rows_up(
    store: Store, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Database, "free_mb", lambda self: 1)
    done: list[str] = []
    store.submit(group(store, rows(10), 1, done))
    store.close()
    assert len(done) == 1
    assert done[0].startswith("failed 1: 11 rows could not be stored")
    assert "full" in done[0]


def test_too_many_waiting_rows_are_refused(
    open_store: Callable[..., Store], rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = StoreSettings(commit_ms=5, queue_rows=15, retry_s=0.01, checkpoint_s=3_600)
    store = open_store(settings)
    free = [1]
    monkeypatch.setattr(Database, "free_mb", lambda self: free[0])
    store.insert("readings", rows(10))
    assert not store.wait_room(5, 0.02)
    store.insert("readings", rows(10, 10))
    with pytest.raises(StoreError, match="20 rows wait to be written; the limit is 15"):
        store.insert("readings", rows(1))
    free[0] = 1_000
    assert store.wait_room(0, 10)
    assert count(store) == 20


def test_a_closed_store_takes_no_more_rows(store: Store, rows: Rows) -> None:
    store.insert("readings", rows(10))
    store.close()
    with pytest.raises(StoreError, match="closing"):
        store.insert("readings", rows(1))


def test_a_listener_that_fails_does_not_stop_the_writer(store: Store, rows: Rows) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    store.submit(Group({"readings": store.rows("readings", rows(1))}, on_commit=fail))
    store.insert("readings", rows(1, 1))
    store.flush()
    assert count(store) == 2


def test_checkpoints_come_in_their_rhythm_and_only_after_a_change(
    open_store: Callable[..., Store], path: Path, rows: Rows
) -> None:
    clock = ManualClock(1_700_000_000_000)
    heard: list[int] = []
    store = open_store(StoreSettings(commit_ms=1, checkpoint_s=10), clock=clock)
    store.on_checkpoint(lambda: heard.append(1))
    wal = path.with_name("seamline.duckdb.wal")
    store.insert("readings", rows(10), urgent=True)
    store.flush()
    assert wal.exists()
    assert heard == []
    clock.advance(10_000)
    assert eventually(lambda: heard == [1])
    assert not wal.exists()
    clock.advance(10_000)
    store.insert("readings", rows(1), urgent=True)
    store.flush()
    assert eventually(lambda: heard == [1, 1])
    clock.advance(60_000)  # nothing was written since
    store.flush()
    assert store.stats.checkpoints == 2


def test_a_checkpoint_that_fails_is_made_later(
    open_store: Callable[..., Store], rows: Rows, faulty: Callable[[Store], Any]
) -> None:
    clock = ManualClock(1_700_000_000_000)
    store = open_store(StoreSettings(commit_ms=1, checkpoint_s=10), clock=clock)
    connection = faulty(store)
    connection.faults.append(("CHECKPOINT", False, ORDINARY))
    store.insert("readings", rows(10), urgent=True)
    store.flush()
    clock.advance(10_000)
    assert eventually(lambda: not connection.faults)
    assert store.stats.checkpoints == 0
    clock.advance(10_000)
    assert eventually(lambda: store.stats.checkpoints == 1)
