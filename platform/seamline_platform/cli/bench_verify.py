"""Looks at every row that the ingest benchmark stored: each is there once, in its place."""

from pathlib import Path
from typing import Final

import duckdb

from seamline_platform.cli.bench_workers import BATCH_ROWS, BODIES, CELLS, body_of

_RAW_WRONG: Final = f"""
    SELECT count(*) FROM readings
    WHERE device <> 'cell-' || (value::BIGINT % {CELLS})
       OR node <> 'hall/line-' || (value::BIGINT % {CELLS} // 10)
       OR metric <> 'value' OR site <> 'bench' OR source <> 'raw' OR value IS NULL
       OR value <> value::BIGINT"""
_HASH: Final = (
    "count(*) AS rows, "
    "sum(hash(source_ts, device, metric, coalesce(value, -1e9), quality)::HUGEINT) AS total"
)
_BATCH_WRONG: Final = f"""
    WITH stored AS (SELECT batch_id, {_HASH} FROM readings GROUP BY batch_id),
         wanted AS (SELECT body, {_HASH} FROM expected GROUP BY body)
    SELECT count(*) FROM batches b
    LEFT JOIN stored s USING (batch_id) LEFT JOIN wanted w ON w.body = b.n % {BODIES}
    WHERE s.rows IS DISTINCT FROM w.rows OR s.total IS DISTINCT FROM w.total
       OR b.rows IS DISTINCT FROM w.rows"""


def _number(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    return int(row[0] or 0) if row else 0


def raw_faults(path: Path, sent: int) -> list[str]:
    """Return what is wrong with the single values 0 to `sent` - 1; nothing if all is well."""
    faults = []
    with duckdb.connect(str(path), read_only=True) as connection:
        rows = _number(connection, "SELECT count(*) FROM readings")
        inside = f"value BETWEEN 0 AND {sent - 1}"
        distinct = _number(
            connection, f"SELECT count(DISTINCT value::BIGINT) FROM readings WHERE {inside}"
        )
        if rows != sent or distinct != sent:
            faults.append(f"{sent} values were sent; {rows} rows with {distinct} of them.")
        if wrong := _number(connection, _RAW_WRONG):
            faults.append(f"{wrong} rows bear the name of another cell.")
        if rejected := _number(connection, "SELECT count(*) FROM rejected"):
            faults.append(f"{rejected} messages were rejected.")
    return faults


def batch_faults(path: Path, sent: int) -> list[str]:
    """Return what is wrong with `sent` batches of all nodes; nothing if all rows are as sent."""
    faults = []
    with duckdb.connect(str(path), read_only=True) as connection:
        _expect(connection)
        rows = _number(connection, "SELECT count(*) FROM readings")
        distinct = _number(connection, "SELECT count(DISTINCT (node, n)) FROM batches")
        highest = _number(
            connection,
            "SELECT sum(high) FROM (SELECT max(n) AS high FROM batches GROUP BY node)",
        )
        numbers = _number(connection, "SELECT count(*) FROM batches")
        if (rows, distinct, highest, numbers) != (sent * BATCH_ROWS, sent, sent, sent):
            faults.append(
                f"{sent} batches of {BATCH_ROWS} rows were sent; "
                f"{numbers} batches ({distinct} different, up to {highest}) with {rows} rows "
                "are stored."
            )
        if wrong := _number(connection, _BATCH_WRONG):
            faults.append(f"{wrong} batches have other rows than were sent.")
        if lost := _number(connection, "SELECT count(*) FROM gaps"):
            faults.append(f"{lost} gaps were recorded.")
    return faults


def _expect(connection: duckdb.DuckDBPyConnection) -> None:
    """Make a table of the rows that each body stands for."""
    connection.execute(
        "CREATE TEMP TABLE expected (body BIGINT, source_ts TIMESTAMP, device VARCHAR, "
        "metric VARCHAR, value DOUBLE, quality UTINYINT)"
    )
    for number in range(BODIES):
        r = body_of(number).readings
        columns = [
            r.ts_ms,
            [r.device[d] for d in r.d],
            [r.metric[m] for m in r.m],
            r.value,
            r.quality,
        ]
        connection.execute(
            "INSERT INTO expected SELECT ?, epoch_ms(unnest(?::BIGINT[])), unnest(?::VARCHAR[]), "
            "unnest(?::VARCHAR[]), unnest(?::DOUBLE[]), unnest(?::UTINYINT[])",
            [number, *columns],
        )
