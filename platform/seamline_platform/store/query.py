"""A user's question in SQL: exactly one SELECT, read-only, limited in rows and time."""

import contextlib
import threading
import time
from dataclasses import dataclass
from typing import Final

import duckdb

from seamline_broker.errors import StoreError

MAX_ROWS: Final = 100_000
_BLOCKED: Final = "file system operations are disabled"


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The answer: column names, rows, milliseconds; `truncated` if there were more rows."""

    columns: list[str]
    rows: list[tuple[object, ...]]
    ms: float
    truncated: bool


def check_one_select(sql: str) -> None:
    """Check that `sql` is exactly one SELECT.

    Raises:
        StoreError: if it is anything else.
    """
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as exc:
        raise StoreError(f"The SQL is not readable: {_explain(exc)}") from exc
    if len(statements) != 1:
        raise StoreError(f"Exactly one SELECT is allowed; there are {len(statements)} statements.")
    kind = statements[0].type
    if kind != duckdb.StatementType.SELECT:
        raise StoreError(f"Only SELECT is allowed, not {kind.name}. The store is read-only here.")


def run(
    cursor: duckdb.DuckDBPyConnection, sql: str, *, limit: int, timeout_s: float
) -> QueryResult:
    """Run one SELECT on `cursor` in a read-only transaction.

    Raises:
        StoreError: if it is not one SELECT, does not run, or takes longer than `timeout_s`.
    """
    check_one_select(sql)
    limit = max(1, min(limit, MAX_ROWS))
    started = time.perf_counter()
    expired = threading.Event()

    def stop() -> None:
        expired.set()
        cursor.interrupt()

    timer = threading.Timer(timeout_s, stop)
    timer.daemon = True
    timer.start()
    try:
        cursor.execute("BEGIN TRANSACTION READ ONLY")
        cursor.execute(sql)
        columns = [column[0] for column in cursor.description or []]
        rows = cursor.fetchmany(limit + 1)
    except duckdb.InterruptException as exc:
        if not expired.is_set():
            raise StoreError("The query was stopped: the store is closing.") from exc
        raise StoreError(
            f"The query took longer than {timeout_s:g} s. A condition on time helps, e.g. "
            "WHERE plant_ts > (SELECT max(plant_ts) FROM readings) - INTERVAL 1 HOUR."
        ) from exc
    except (duckdb.Error, ValueError, OverflowError) as exc:
        raise StoreError(f"The query does not run: {_explain(exc)}") from exc
    finally:
        timer.cancel()
        timer.join()
        with contextlib.suppress(duckdb.Error):
            cursor.execute("ROLLBACK")
    ms = (time.perf_counter() - started) * 1000
    return QueryResult(columns, rows[:limit], ms, len(rows) > limit)


def _explain(exc: BaseException) -> str:
    if _BLOCKED in str(exc):
        return "files outside the store cannot be read or written from SQL."
    lines = [line for line in str(exc).strip().splitlines() if line.strip()]
    hint = [line for line in lines[1:] if line.startswith(("Did you mean", "Candidate bindings"))]
    return " ".join([*lines[:1], *hint[:1]])
