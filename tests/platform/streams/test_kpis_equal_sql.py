"""A KPI from the streams is the KPI that SQL finds in the tables of the same events."""

import random
from datetime import UTC
from importlib.resources import files

import duckdb
import pyarrow as pa
import pytest

from seamline_broker.contracts.batch import Readings
from seamline_platform.domain.batches import DecodedBatch
from seamline_platform.store.events import EVENT_TABLES
from seamline_platform.streams import KPIS, Kpis
from seamline_platform.streams.kpis import WINDOW_MS

Key = tuple[int, str, str, str]


def tables_of(floor) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    for path in sorted(files("seamline_platform.store").joinpath("schema").iterdir(), key=str):
        con.execute(path.read_text())
    for kind in {e.kind for e in floor.events}:
        table = EVENT_TABLES[kind]
        rows = [e for e in floor.events if e.kind == kind]
        columns: dict[str, pa.Array] = {}
        for position, column in enumerate(table.columns):
            values = [(e.seq, e.ts_ms, *e.values)[position] for e in rows]
            columns[column.name] = (
                pa.array(values, pa.timestamp("ms")) if column.is_time else pa.array(values)
            )
        columns["site"] = pa.array([e.node.split("/")[0] for e in rows])
        columns["node"] = pa.array([e.node.split("/")[1] for e in rows])
        con.register("incoming", pa.table(columns))
        con.execute(f"INSERT INTO {table.table} BY NAME SELECT * FROM incoming")
        con.unregister("incoming")
    meters = [(ts, *node.split("/"), value) for ts, node, value in floor.meters]
    con.executemany(
        "INSERT INTO readings (source_ts, site, node, device, metric, value, source)"
        " VALUES (make_timestamp(? * 1000), ?, ?, 'line', 'energy_kwh', ?, 'gateway')",
        meters,
    )
    con.executemany(
        "INSERT INTO orders (order_id, placed_ts) VALUES (?, make_timestamp(? * 1000))",
        list(floor.placed.items()),
    )
    return con


def by_sql(con: duckdb.DuckDBPyConnection) -> dict[Key, float]:
    sql = files("seamline_platform.streams").joinpath("kpi.sql").read_text()
    rows = con.execute(sql, {"window_ms": WINDOW_MS}).fetchall()
    return {
        (int(start.replace(tzinfo=UTC).timestamp() * 1000), site, line, name): value
        for start, _, site, line, name, value in rows
    }


def by_stream(kpis: Kpis) -> dict[Key, float]:
    return {(r.window_start_ms, r.site, r.line, r.name): r.value for r in kpis.take_rows()}


def fed(floor, seed: int = 3, **options: int) -> Kpis:
    kpis = Kpis(**options)
    for order, placed_ms in floor.placed.items():
        kpis.placed(order, placed_ms)
    for batch in floor.batches(random.Random(seed)):
        kpis.apply(batch)
    return kpis


@pytest.fixture(scope="module")
def expected(floor) -> dict[Key, float]:
    return by_sql(tables_of(floor))


def test_streamed_kpis_equal_sql_over_the_tables(floor, expected) -> None:
    kpis = fed(floor)
    streamed = by_stream(kpis)
    assert len(streamed) > 1_000
    assert {name for *_, name in streamed} == set(KPIS)
    assert streamed.keys() == expected.keys()
    assert streamed == pytest.approx(expected, rel=1e-12, abs=1e-12)
    assert kpis.late == 0


def test_how_batches_were_cut_does_not_matter(floor, expected) -> None:
    assert by_stream(fed(floor, seed=99)) == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_rebuild_and_resend_may_overlap(floor, expected) -> None:
    kpis = Kpis()
    for order, placed_ms in floor.placed.items():
        kpis.placed(order, placed_ms)
    half = len(floor.events) // 2
    whole = list(floor.batches(random.Random(5)))
    until_ms = floor.events[half].ts_ms
    stored = type(floor)(floor.events[:half], [m for m in floor.meters if m[0] < until_ms], {})
    for batch in stored.batches(random.Random(6), "rebuild"):
        kpis.apply(batch)
    for batch in whole:
        kpis.apply(batch)
    streamed = by_stream(kpis)
    assert streamed == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_rows_that_the_store_has_are_not_made_again(floor, expected) -> None:
    kpis = Kpis()
    first = min(start for start, *_ in expected)
    kpis.stored("suzhou", "line-1", first + 4 * WINDOW_MS)
    for batch in floor.batches(random.Random(3)):
        kpis.apply(batch)
    rows = [r for r in kpis.take_rows() if (r.site, r.line) == ("suzhou", "line-1")]
    assert min(r.window_start_ms for r in rows) == first + 4 * WINDOW_MS


def test_a_raw_device_has_no_kpis(floor) -> None:
    kpis = Kpis()
    for batch in floor.batches(random.Random(3), source="raw"):
        kpis.apply(batch)
    assert kpis.take_rows() == []
    assert all(tile.value is None for tile in kpis.snapshot())


def test_an_empty_batch_changes_nothing() -> None:
    kpis = Kpis()
    kpis.apply(DecodedBatch("a", "b", 1, 0, 0, "gateway", Readings.empty(), {}))
    assert kpis.today() == {}
