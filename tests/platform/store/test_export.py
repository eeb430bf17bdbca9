"""Export: every table as Parquet, all as of one moment, while rows come in."""

import threading
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from seamline_broker.errors import StoreError
from seamline_platform.store import Group, Store

Rows = Callable[..., list[dict[str, object]]]


def submit(store: Store, rows: list[dict[str, object]], n: int) -> None:
    number = {"batch_id": n, "site": "s", "node": "n", "epoch": "a", "n": n, "rows": len(rows)}
    tables = {"readings": store.rows("readings", rows), "batches": store.rows("batches", [number])}
    store.submit(Group(tables))


def read(directory: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect() as con:
        con.execute(f"SET file_search_path = '{directory}'")
        return con.execute(sql).fetchall()


def test_every_table_is_there_value_for_value(store: Store, rows: Rows, tmp_path: Path) -> None:
    submit(store, [*rows(10), *rows(1, 10, value=None, device="漂白")], 1)
    store.flush()
    target = tmp_path / "out" / "of" / "it"
    written = store.export(target)
    assert written["readings"] == 11
    assert set(written) == set(store.tables)
    assert {f.name for f in target.iterdir()} == {f"{name}.parquet" for name in store.tables}
    columns = "epoch_ms(source_ts), device, metric, value, quality, source, batch_id"
    found = read(target, f"SELECT {columns} FROM 'readings.parquet' ORDER BY source_ts")
    assert found == [
        *((i * 1_000, f"st-{i % 3}", "rpm", float(i), 0, "gateway", 1) for i in range(10)),
        (10_000, "漂白", "rpm", None, 0, "gateway", 1),
    ]


def test_all_tables_are_of_the_same_moment_while_rows_come_in(
    store: Store, rows: Rows, tmp_path: Path
) -> None:
    stop = threading.Event()

    def feed() -> None:
        n = 1
        while not stop.is_set():
            submit(store, rows(20, n * 20), n)
            store.wait_room(200, 1)
            n += 1

    feeding = threading.Thread(target=feed)
    feeding.start()
    try:
        for i in range(3):
            target = tmp_path / f"out-{i}"
            written = store.export(target)
            ((numbered,),) = read(target, "SELECT coalesce(sum(rows), 0) FROM 'batches.parquet'")
            assert written["readings"] == numbered
    finally:
        stop.set()
        feeding.join()


def test_a_second_export_takes_the_place_of_the_first(
    store: Store, rows: Rows, tmp_path: Path
) -> None:
    for n in (1, 2):
        submit(store, rows(10, n * 10), n)
        store.flush()
        assert store.export(tmp_path / "out")["readings"] == n * 10
    assert read(tmp_path / "out", "SELECT count(*) FROM 'readings.parquet'") == [(20,)]


def test_a_target_that_cannot_be_written_is_named_and_nothing_stays_behind(
    store: Store, tmp_path: Path
) -> None:
    (tmp_path / "out").write_text("a file in the way")
    with pytest.raises(StoreError, match=rf"Export to {tmp_path}/out failed: File exists"):
        store.export(tmp_path / "out")
    assert list(store.export_folder.iterdir()) == []
