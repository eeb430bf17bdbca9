"""Opening a store: whatever is wrong with the file is said in one sentence."""

import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from seamline_broker.clock import ManualClock
from seamline_broker.errors import StoreError
from seamline_platform.store import Store

Rows = Callable[..., list[dict[str, object]]]
_HOLD = """
import duckdb, sys
con = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def holder(path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that has the database open."""
    path.parent.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def wal_of(path: Path) -> Path:
    return path.with_name(path.name + ".wal")


def with_wal(open_store: Callable[..., Store], path: Path, rows: Rows) -> bytes:
    """Leave a store with 100 checkpointed rows and 900 rows in the log, as after kill -9."""
    store = open_store()
    store.insert("readings", rows(100))
    store.close()
    store = open_store()
    for first in range(100, 1_000, 100):
        store.insert("readings", rows(100, first))
        store.flush()
    files = {file: file.read_bytes() for file in (path, wal_of(path))}
    store.close()
    for file, content in files.items():
        file.write_bytes(content)
    return files[wal_of(path)]


def count(store: Store) -> object:
    return store.read("SELECT count(*) AS n FROM readings")[0]["n"]


def test_a_database_in_use_says_which_process_has_it(
    holder: "subprocess.Popen[str]", path: Path
) -> None:
    with pytest.raises(StoreError, match=rf"in use by process {holder.pid} \(python[\d.]*\)"):
        Store.open(path)


def test_the_log_of_a_killed_process_is_replayed(
    open_store: Callable[..., Store], path: Path, rows: Rows
) -> None:
    with_wal(open_store, path, rows)
    store = open_store()
    assert (count(store), store.warnings) == (1_000, [])


def test_a_torn_log_gives_what_was_committed_before(
    open_store: Callable[..., Store], path: Path, rows: Rows
) -> None:
    log = with_wal(open_store, path, rows)
    wal_of(path).write_bytes(log[: len(log) - 500])
    store = open_store()
    assert (count(store), store.warnings) == (900, [])


def test_a_damaged_log_is_put_aside_and_the_store_goes_on(
    open_store: Callable[..., Store], path: Path, rows: Rows
) -> None:
    log = with_wal(open_store, path, rows)
    middle = len(log) // 2
    damaged = log[:middle] + bytes(b ^ 0xFF for b in log[middle : middle + 64]) + log[middle + 64 :]
    wal_of(path).write_bytes(damaged)
    store = open_store(clock=ManualClock(1_700_000_000_123))
    assert count(store) == 100
    aside = path.with_name("seamline.duckdb.wal.damaged-1700000000123")
    assert aside.read_bytes() == damaged
    assert len(store.warnings) == 1
    assert aside.name in store.warnings[0]
    store.insert("readings", rows(10))
    store.flush()
    store.close()
    reopened = open_store()
    assert (count(reopened), reopened.warnings) == (110, [])


def test_a_path_that_says_wal_is_not_taken_for_a_damaged_log(tmp_path: Path) -> None:
    path = tmp_path / "WAL" / "seamline.duckdb"
    path.parent.mkdir()
    path.write_bytes(b"this is no database" * 1_000)
    with pytest.raises(StoreError, match="is not a DuckDB database"):
        Store.open(path)


def test_a_file_of_another_kind_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"unique_id,ds,y\n" * 1_000)
    with pytest.raises(StoreError, match="is not a DuckDB database"):
        Store.open(path)
    assert path.read_bytes() == b"unique_id,ds,y\n" * 1_000


def test_a_database_of_somebody_else_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with duckdb.connect(str(path)) as con:
        con.execute("CREATE TABLE theirs AS SELECT 42 AS answer")
    with pytest.raises(StoreError, match=r"is no store: \['theirs'\]"):
        Store.open(path)
    with duckdb.connect(str(path)) as con:
        assert con.execute("SELECT answer FROM theirs").fetchall() == [(42,)]


def test_tables_of_another_version_are_refused(
    open_store: Callable[..., Store], path: Path
) -> None:
    open_store().close()
    with duckdb.connect(str(path)) as con:
        con.execute("UPDATE store_info SET schema_version = 99")
    with pytest.raises(StoreError, match=r"version 99; this Seamline reads 2 to 4.*--fresh"):
        Store.open(path)


def test_columns_that_are_new_in_this_version_are_added_and_rows_stay(
    open_store: Callable[..., Store], path: Path
) -> None:
    open_store().close()
    with duckdb.connect(str(path)) as con:
        con.execute("ALTER TABLE models DROP COLUMN model_id")
        con.execute("INSERT INTO models (model, note) VALUES ('SeasonalNaive', 'old')")
        con.execute("UPDATE store_info SET schema_version = 2")
    store = open_store()
    assert store.read("SELECT model_id, note FROM models") == [{"model_id": None, "note": "old"}]
    store.insert("models", [{"model_id": "m-1", "model": "Naive"}])
    store.flush()
    assert store.read("SELECT count(*) AS n FROM models WHERE model_id = 'm-1'") == [{"n": 1}]
    assert store.read("SELECT schema_version AS v FROM store_info") == [{"v": 4}]
    comments = store.read(
        "SELECT comment FROM duckdb_columns() WHERE table_name = 'models' "
        "AND column_name = 'model_id'"
    )
    assert comments == [{"comment": "id"}]


def test_rows_come_as_an_arrow_table(open_store: Callable[..., Store]) -> None:
    store = open_store()
    table = store.read_table("SELECT 2 * ? AS twice", [21])
    assert table.to_pydict() == {"twice": [42]}
    with pytest.raises(StoreError, match="Reading from the store failed"):
        store.read_table("SELECT nothing")


def test_a_table_that_is_new_in_this_version_is_made(
    open_store: Callable[..., Store], path: Path
) -> None:
    open_store().close()
    with duckdb.connect(str(path)) as con:
        con.execute("DROP TABLE trace")
    assert open_store().read("SELECT * FROM trace") == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file in the way")
    with pytest.raises(StoreError, match=rf"{tmp_path}/store cannot be made"):
        Store.open(tmp_path / "store" / "seamline.duckdb")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_no_permission_is_said(path: Path) -> None:
    path.parent.mkdir(mode=0o500)
    with pytest.raises(StoreError, match="cannot be made: Permission denied"):
        Store.open(path)


def test_a_folder_without_permission_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda folder, mode: False)
    with pytest.raises(StoreError, match="No permission to write in folder"):
        Store.open(path)


def test_a_disk_that_is_full_at_the_start_is_said(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda folder: Full())
    with pytest.raises(StoreError, match=r"full: 3 MB free, at least 16 MB needed"):
        Store.open(path)
    assert not path.exists()


class Full:
    free = 3_000_000


def test_the_identity_stays_and_differs_from_other_stores(
    open_store: Callable[..., Store], tmp_path: Path
) -> None:
    first = open_store()
    identity = first.store_id
    first.close()
    assert open_store().store_id == identity
    other = Store.open(tmp_path / "other" / "seamline.duckdb")
    assert other.store_id != identity
    other.close()


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_wrong_with_the_log_the_store_opens_with_whole_transactions(
    open_store: Callable[..., Store], path: Path, rows: Rows, seed: int
) -> None:
    rng = random.Random(seed)
    log = with_wal(open_store, path, rows)
    for _ in range(3):
        at, size = rng.randrange(len(log)), rng.choice((1, 16, 4_096))
        noise = rng.choice((bytes(size), rng.randbytes(size)))
        path_bytes = path.read_bytes()
        wal_of(path).write_bytes(log[:at] + noise + log[at + size :])
        store = open_store()
        found = int(str(count(store)))
        total = store.read("SELECT sum(value) AS s FROM readings")[0]["s"]
        assert found in range(100, 1_001, 100)
        assert total == found * (found - 1) / 2
        store.close()
        path.write_bytes(path_bytes)
