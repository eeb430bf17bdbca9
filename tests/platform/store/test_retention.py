"""Old readings move to Parquet: each reading is always in exactly one place."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from seamline_broker.clock import ManualClock
from seamline_platform.store import Store, StoreSettings, retention

Rows = Callable[..., list[dict[str, object]]]
HOUR = 3_600


def values(store: Store, tmp_path: Path) -> list[float]:
    """Return every value, wherever it is, as an export shows it."""
    store.export(tmp_path / "all")
    with duckdb.connect() as con:
        found = con.execute(
            f"SELECT value FROM '{tmp_path}/all/readings.parquet' ORDER BY value"
        ).fetchall()
    return [value for (value,) in found]


def hourly(rows: Rows, hours: range) -> list[dict[str, object]]:
    return [row for hour in hours for row in rows(1, hour * HOUR)]


def move(store: Store, hours: int = 24) -> int:
    return retention.move_old_readings(
        store._database.writer, store._database.cold, plant_hours=hours, wall_ms=1_700_000_000_000
    )


def test_readings_older_than_the_limit_move_to_one_file(
    store: Store, rows: Rows, tmp_path: Path
) -> None:
    store.insert("readings", hourly(rows, range(100)))
    store.flush()
    assert move(store) == 75  # hours 0 to 74; the newest is hour 99, 24 hours before it is 75
    assert store.read("SELECT min(value) AS low, count(*) AS n FROM readings") == [
        {"low": 75.0 * HOUR, "n": 25}
    ]
    (cold,) = store.read("SELECT path, row_count, epoch_ms(to_ts) AS upto FROM cold_files")
    assert (cold["row_count"], cold["upto"]) == (75, 75 * HOUR * 1_000)
    assert [f.name for f in store._database.cold.iterdir()] == [cold["path"]]
    assert values(store, tmp_path) == [hour * HOUR for hour in range(100)]


def test_it_moves_again_as_plant_time_goes_on_and_nothing_in_between(
    store: Store, rows: Rows, tmp_path: Path
) -> None:
    store.insert("readings", hourly(rows, range(100)))
    store.flush()
    assert move(store) == 75
    assert move(store) == 0
    store.insert("readings", hourly(rows, range(100, 110)))
    store.flush()
    assert move(store) == 10
    assert values(store, tmp_path) == [hour * HOUR for hour in range(110)]


def test_an_empty_table_and_readings_without_plant_time_stay(store: Store, rows: Rows) -> None:
    assert move(store) == 0
    store.insert("readings", rows(5, plant_ts=None))
    store.flush()
    assert move(store) == 0
    assert store.read("SELECT count(*) AS n FROM readings") == [{"n": 5}]


def test_a_fault_between_file_and_transaction_leaves_everything_in_the_table(
    store: Store, rows: Rows, tmp_path: Path, faulty: Callable[[Store], object]
) -> None:
    store.insert("readings", hourly(rows, range(100)))
    store.flush()
    faulty(store).faults.append(("DELETE", False, duckdb.IOException("injected")))  # type: ignore[attr-defined]
    with pytest.raises(duckdb.IOException):
        move(store)
    assert list(store._database.cold.iterdir()) == []
    assert values(store, tmp_path) == [hour * HOUR for hour in range(100)]


def test_a_file_of_a_kill_before_the_transaction_is_removed_at_the_next_start(
    open_store: Callable[..., Store], rows: Rows, tmp_path: Path
) -> None:
    store = open_store()
    store.insert("readings", hourly(rows, range(100)))
    store.flush()
    move(store)
    (kept,) = store._database.cold.iterdir()
    orphan = kept.with_name("readings-of-a-killed-process.parquet")
    orphan.write_bytes(kept.read_bytes())
    store.close()
    store = open_store()
    assert list(store._database.cold.iterdir()) == [kept]
    assert values(store, tmp_path) == [hour * HOUR for hour in range(100)]


def test_the_writer_does_it_by_itself(
    open_store: Callable[..., Store], rows: Rows, tmp_path: Path
) -> None:
    clock = ManualClock(1_700_000_000_000)
    settings = StoreSettings(
        commit_ms=1, checkpoint_s=3_600, retention_plant_hours=24, retention_check_s=60
    )
    store = open_store(settings, clock=clock)
    store.insert("readings", hourly(rows, range(100)), urgent=True)
    store.flush()
    clock.advance(61_000)
    store.insert("readings", rows(1, 100 * HOUR), urgent=True)
    store.flush()
    store.close()
    store = open_store()
    assert store.read("SELECT sum(row_count) AS n FROM cold_files") == [{"n": 76}]
    assert values(store, tmp_path) == [hour * HOUR for hour in range(101)]


def test_a_user_can_read_the_moved_files_by_sql(store: Store, rows: Rows) -> None:
    store.insert("readings", hourly(rows, range(100)))
    store.flush()
    move(store)
    files = f"read_parquet('{store._database.cold}/*.parquet')"
    assert store.query(f"SELECT count(*) FROM {files}").rows == [(75,)]


@pytest.mark.parametrize(
    "bad", [{"retention_plant_hours": 0}, {"commit_ms": 0}, {"commit_rows": 0}, {"threads": 0}]
)
def test_settings_that_make_no_sense_are_refused(bad: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        StoreSettings(**bad)  # type: ignore[arg-type]
