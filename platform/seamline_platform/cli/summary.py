"""The sum of a run, counted after its end from the files that it left."""

import sqlite3
from pathlib import Path
from typing import Final

import duckdb

from seamline_broker.errors import StoreError
from seamline_platform.store.errors import opening_error
from seamline_platform.store.events import EVENT_TABLES

COUNTS: Final = {
    "orders": "SELECT count(DISTINCT order_id) FROM orders WHERE kind = 'seller'",
    "replenishment_orders": (
        "SELECT count(DISTINCT order_id) FROM orders WHERE kind = 'replenishment'"
    ),
    "dispatched": "SELECT count(DISTINCT order_id) FROM decisions WHERE action = 'kit'",
    "commands_sent": "SELECT count(DISTINCT command_id) FROM commands",
    "commands_executed": (
        "SELECT count(DISTINCT command_id) FROM command_results WHERE status IN ('done', 'seen')"
    ),
    "pieces_sewn": "SELECT count(*) FROM pieces WHERE last",
    "delivered": (
        "SELECT coalesce(sum(most), 0) FROM (SELECT max(pieces) AS most FROM order_events "
        "WHERE state = 'delivered' GROUP BY order_id)"
    ),
    "batches_published": "SELECT count(*) FROM batches WHERE n > 0",
    "rejected": "SELECT count(*) FROM rejected",
    "forecasts": "SELECT count(*) FROM (SELECT DISTINCT origin_ts, model FROM forecasts)",
    "replans": "SELECT count(*) FROM decisions WHERE action = 'replan'",
}
"""What each figure of the summary means, in SQL that a person can run again."""


def summary_of(store: Path, outboxes: Path) -> dict[str, float]:
    """Count what a run has brought.

    Raises:
        StoreError: if a file cannot be opened or read.
    """
    try:
        connection = duckdb.connect(str(store), read_only=True)
    except duckdb.Error as exc:
        raise opening_error(store, exc) from exc
    with connection:
        try:
            figures: dict[str, float] = {
                name: _one(connection, sql) for name, sql in COUNTS.items()
            }
            figures["rows_stored"] = _one(connection, _stored_rows_sql())
        except duckdb.Error as exc:
            raise StoreError(f"Database {store} cannot be read: {exc}.") from exc
    figures["rows_expected"] = sum(
        accepted_rows(path) for path in sorted(outboxes.glob("*.sqlite"))
    )
    return figures


def accepted_rows(outbox: Path) -> int:
    """Return how many rows a gateway ever took into its outbox.

    Raises:
        StoreError: if the file is not an outbox.
    """
    try:
        connection = sqlite3.connect(f"file:{outbox}?mode=ro", uri=True)
        try:
            (rows,) = connection.execute(
                "SELECT coalesce(sum(rows_accepted), 0) FROM meta"
            ).fetchone()
        finally:
            connection.close()
    except sqlite3.Error as exc:
        raise StoreError(f"Outbox {outbox} cannot be read: {exc}.") from exc
    return int(rows)


def _stored_rows_sql() -> str:
    """Rows that came in numbered batches: samples, and events of every kind."""
    numbered = "batch_id IN (SELECT batch_id FROM batches WHERE n > 0)"
    counts = [f"(SELECT count(*) FROM readings WHERE {numbered})"]
    counts += [f"(SELECT count(*) FROM {table.table})" for table in EVENT_TABLES.values()]
    return f"SELECT {' + '.join(counts)}"


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0
