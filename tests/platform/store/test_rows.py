"""Plain rows become Arrow, checked against the table."""

import datetime as dt
import json
from collections.abc import Callable

import pyarrow as pa
import pytest

from seamline_broker.errors import StoreError
from seamline_platform.store import Store, schema
from seamline_platform.store.rows import RowConverter


@pytest.fixture(scope="module")
def converter() -> RowConverter:
    return RowConverter(schema.load())


def test_times_texts_and_missing_columns(converter: RowConverter) -> None:
    noon = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC).replace(tzinfo=None)
    table = converter.convert(
        "decisions",
        [
            {"decision_id": "d1", "wall_ts": 1_772_366_400_000, "alternatives": [{"site": "苏州"}]},
            {"decision_id": "d2", "wall_ts": noon, "alternatives": "{}"},
        ],
    )
    assert table.column("wall_ts").to_pylist() == [noon, noon]
    assert json.loads(table.column("alternatives")[0].as_py()) == [{"site": "苏州"}]
    assert table.column("reason").to_pylist() == [None, None]


@pytest.mark.parametrize(
    ("table", "row", "reason"),
    [
        ("reading", {}, "Table 'reading' is unknown; tables: .*readings"),
        ("readings", {"rpm": 1}, "'readings' has no column 'rpm'; columns: .*source_ts"),
        ("readings", {"value": "fast"}, "column 'value'.*expected double"),
        ("readings", {"quality": 256}, "column 'quality'.*expected uint8"),
        ("readings", {"quality": -1}, "column 'quality'.*expected uint8"),
        ("batches", {"n": 2**63}, "column 'n'.*expected int64"),
        ("batches", {"rows": 2**31}, "column 'rows'.*expected int32"),
        ("orders", {"order_id": 7}, "column 'order_id'.*expected string"),
    ],
)
def test_a_row_that_does_not_fit_is_refused(
    converter: RowConverter, table: str, row: dict[str, object], reason: str
) -> None:
    with pytest.raises(StoreError, match=reason):
        converter.convert(table, [row])


def test_an_arrow_table_must_have_known_columns(store: Store) -> None:
    with pytest.raises(StoreError, match="no column 'rpm'"):
        store.insert("readings", pa.table({"rpm": [1]}))
    store.insert("readings", pa.table({"value": [1.5], "metric": ["rpm"]}))
    store.flush()
    assert store.read("SELECT metric, value, device FROM readings") == [
        {"metric": "rpm", "value": 1.5, "device": None}
    ]


def test_a_refused_row_leaves_nothing_behind(
    store: Store, rows: Callable[..., list[dict[str, object]]]
) -> None:
    with pytest.raises(StoreError):
        store.insert("readings", [*rows(3), {"value": "fast"}])
    store.flush()
    assert store.read("SELECT count(*) AS n FROM readings") == [{"n": 0}]
