"""The schema is text that a person reads, and the file is one that plain DuckDB opens."""

import struct
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from seamline_platform.store import Store, schema
from seamline_platform.store.events import EVENT_TABLES
from seamline_platform.store.rows import arrow_schema

SQL = """-- What is in it.

-- One bolt of cloth.
-- It is never cut twice.
CREATE TABLE bolts (
    bolt_id VARCHAR,  -- its id
    metres  DOUBLE    -- its length: it's never negative
);
"""


def test_comments_become_meanings() -> None:
    (table,) = schema.parse(SQL)
    assert (table.name, table.meaning) == ("bolts", "One bolt of cloth. It is never cut twice.")
    assert [(c.name, c.sql_type, c.meaning) for c in table.columns] == [
        ("bolt_id", "VARCHAR", "its id"),
        ("metres", "DOUBLE", "its length: it's never negative"),
    ]
    with duckdb.connect() as con:
        for statement in table.statements():
            con.execute(statement)
        sql = "SELECT column_name, comment FROM duckdb_columns() WHERE NOT internal"
        found = con.execute(sql).fetchall()
    assert found == [("bolt_id", "its id"), ("metres", "its length: it's never negative")]


@pytest.mark.parametrize("line", ["    metres DOUBLE", "    metres -- its length", ""])
def test_a_column_without_type_or_meaning_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="bolts"):
        schema.parse(SQL.replace("    metres  DOUBLE    -- its length: it's never negative", line))


def test_every_table_and_column_has_a_meaning_and_an_arrow_type() -> None:
    tables = schema.load()
    assert {"readings", "batches", "gaps", "rejected", "orders", "commits"} <= set(tables)
    assert {t.table for t in EVENT_TABLES.values()} <= set(tables)
    for table in tables.values():
        assert table.meaning
        assert all(c.meaning for c in table.columns)
        assert len(arrow_schema(table)) == len(table.columns)


def test_event_columns_of_the_contract_are_the_columns_of_the_tables() -> None:
    tables = schema.load()
    for kind in EVENT_TABLES.values():
        names = {c.name for c in tables[kind.table].columns}
        assert names == {c.name for c in kind.columns} | {"site", "node", "batch_id"}


def test_the_closed_file_opens_in_plain_duckdb_with_its_comments(
    store: Store, path: Path, rows: Callable[..., list[dict[str, object]]]
) -> None:
    store.insert("readings", rows(1_000))
    store.close()
    assert not path.with_name("seamline.duckdb.wal").exists()
    assert path.stat().st_mode & 0o777 == 0o600
    with duckdb.connect(str(path), read_only=True) as con:
        assert con.execute("SELECT count(*), sum(value) FROM readings").fetchone() == (
            1_000,
            999 * 1_000 / 2,
        )
        tables = dict(con.execute("SELECT table_name, comment FROM duckdb_tables()").fetchall())
        columns = con.execute("SELECT comment FROM duckdb_columns() WHERE NOT internal").fetchall()
    assert tables == {name: t.meaning for name, t in schema.load().items()}
    assert all(comment for (comment,) in columns)


def _format_of(path: Path) -> int:
    """Return the version number in the file's main header."""
    magic, version = struct.unpack_from("<4sQ", path.read_bytes()[:20], 8)
    assert magic == b"DUCK"
    return int(version)


def test_the_file_has_the_format_of_duckdb_1_5(store: Store, path: Path, tmp_path: Path) -> None:
    store.close()
    newest, wanted = tmp_path / "newest.duckdb", tmp_path / "v15.duckdb"
    duckdb.connect(str(newest)).close()
    if int(duckdb.__version__.split(".")[0]) >= 2:
        config = {"storage_compatibility_version": "v1.5.0"}
        duckdb.connect(str(wanted), config=config).close()
        assert _format_of(path) == _format_of(wanted) != _format_of(newest)
    else:
        assert _format_of(path) == _format_of(newest)
