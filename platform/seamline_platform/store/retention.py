"""Moves old readings to Parquet files beside the database."""

import logging
import os
from pathlib import Path

import duckdb

log = logging.getLogger(__name__)


def remove_orphans(connection: duckdb.DuckDBPyConnection, cold: Path) -> None:
    """Delete Parquet files that no transaction vouches for: the database has their rows."""
    known = {name for (name,) in connection.execute("SELECT path FROM cold_files").fetchall()}
    for file in cold.iterdir():
        if file.name not in known:
            file.unlink()


def move_old_readings(
    connection: duckdb.DuckDBPyConnection, cold: Path, *, plant_hours: int, wall_ms: int
) -> int:
    """Move readings older than `plant_hours` before the newest one; return how many.

    The file is complete before the transaction that deletes the rows and names the file, so a kill
    at any moment leaves each reading in exactly one place.
    """
    row = connection.execute(
        "SELECT min(plant_ts), date_trunc('hour', max(plant_ts) - to_hours(?)) FROM readings",
        [plant_hours],
    ).fetchone()
    if row is None or row[0] is None or row[0] >= row[1]:
        return 0
    oldest, cutoff = row
    name = f"readings-{oldest:%Y%m%dT%H%M%S}-{cutoff:%Y%m%dT%H%M%S}-{wall_ms}.parquet"
    file = str(cold / name).replace("'", "''")
    connection.execute(
        f"COPY (SELECT * FROM readings WHERE plant_ts < $cutoff) TO '{file}' "
        "(FORMAT parquet, COMPRESSION zstd)",
        {"cutoff": cutoff},
    )
    _sync(cold / name)
    connection.execute("BEGIN TRANSACTION")
    try:
        deleted = connection.execute("DELETE FROM readings WHERE plant_ts < ?", [cutoff]).fetchone()
        rows = int(deleted[0]) if deleted else 0
        connection.execute(
            "INSERT INTO cold_files VALUES (?, ?, ?, ?, epoch_ms(?::BIGINT))",
            [name, oldest, cutoff, rows, wall_ms],
        )
        connection.execute("COMMIT")
    except duckdb.Error:
        connection.execute("ROLLBACK")
        (cold / name).unlink(missing_ok=True)
        raise
    log.info("Moved %s readings before %s to %s", rows, cutoff, name)
    return rows


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
