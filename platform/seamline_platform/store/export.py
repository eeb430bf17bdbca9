"""Writes every table to Parquet while the store runs, all of them as of the same moment."""

import contextlib
import shutil
from collections.abc import Iterable
from pathlib import Path

import duckdb

from seamline_broker.errors import StoreError
from seamline_platform.store.database import Database
from seamline_platform.store.errors import first_line


def export(database: Database, tables: Iterable[str], target: Path, stamp: int) -> dict[str, int]:
    """Write `<table>.parquet` for each table into `target`; return rows per table.

    SQL can only write beside the database, so files are written there and then moved. Readings
    that have gone to Parquet before are part of `readings.parquet` again.

    Raises:
        StoreError: if a file cannot be written.
    """
    staging = database.export / f".writing-{stamp}"
    try:
        target.mkdir(parents=True, exist_ok=True)
        staging.mkdir()
        rows = _write(database, tables, staging)
        for file in sorted(staging.iterdir()):
            shutil.move(file, target / file.name)
    except OSError as exc:
        raise StoreError(f"Export to {target} failed: {exc.strerror or exc}.") from exc
    except duckdb.Error as exc:
        raise StoreError(f"Export to {target} failed: {first_line(exc)}") from exc
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return rows


def _write(database: Database, tables: Iterable[str], staging: Path) -> dict[str, int]:
    cursor = database.cursor()
    cursor.execute("BEGIN TRANSACTION READ ONLY")
    try:
        rows = {}
        for table in tables:
            source = f'SELECT * FROM "{table}"'
            if table == "readings":
                source = _with_cold(cursor, database.cold, source)
            file = str(staging / f"{table}.parquet").replace("'", "''")
            row = cursor.execute(
                f"COPY ({source}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)"
            ).fetchone()
            rows[table] = int(row[0]) if row else 0
        return rows
    finally:
        with contextlib.suppress(duckdb.Error):
            cursor.execute("ROLLBACK")


def _with_cold(cursor: duckdb.DuckDBPyConnection, cold: Path, source: str) -> str:
    names = cursor.execute("SELECT path FROM cold_files ORDER BY from_ts").fetchall()
    if not names:
        return source
    files = ", ".join("'" + str(cold / name).replace("'", "''") + "'" for (name,) in names)
    return f"SELECT * FROM read_parquet([{files}]) UNION ALL {source}"
