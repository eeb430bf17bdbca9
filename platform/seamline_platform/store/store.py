"""The store as the other parts see it."""

import logging
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from seamline_broker.clock import Clock, WallClock
from seamline_broker.errors import StoreError
from seamline_platform.domain.batches import DecodedBatch
from seamline_platform.store import query as user_query
from seamline_platform.store import rebuild as rebuilding
from seamline_platform.store import retention, schema
from seamline_platform.store.database import Database
from seamline_platform.store.errors import first_line
from seamline_platform.store.events import EVENT_TABLES
from seamline_platform.store.export import export
from seamline_platform.store.query import QueryResult
from seamline_platform.store.rows import Row, RowConverter
from seamline_platform.store.settings import StoreSettings
from seamline_platform.store.writer import Group, Writer, WriterStats

log = logging.getLogger(__name__)

RAW_EPOCH = "raw"
"""Epoch of `batches` rows that hold unnumbered messages."""


class Store:
    """One DuckDB file: rows are queued and written by one thread, read by any."""

    def __init__(self, database: Database, clock: Clock, settings: StoreSettings) -> None:
        self.tables = schema.load()
        self._database = database
        self._clock = clock
        self._settings = settings
        self._rows = RowConverter(self.tables)
        self._checkpoint_listeners: list[Callable[[], None]] = []
        self._reopen_listeners: list[Callable[[], None]] = []
        self.store_id = self._prepare()
        self._writer = Writer(
            database,
            clock,
            settings,
            on_checkpoint=lambda: _tell(self._checkpoint_listeners),
            on_reopen=lambda: _tell(self._reopen_listeners),
            chores=self._chores,
        )

    @classmethod
    def open(
        cls, path: Path, *, clock: Clock | None = None, settings: StoreSettings | None = None
    ) -> "Store":
        """Open the store at `path`, or make it.

        Raises:
            StoreError: if another process has it, the disk is full, permission is missing, or the
                file is not a store.
        """
        clock, settings = clock or WallClock(), settings or StoreSettings()
        database = Database(path, clock, settings)
        try:
            return cls(database, clock, settings)
        except duckdb.Error as exc:
            database.close()
            raise StoreError(f"Store {path} is not usable: {first_line(exc)}") from exc
        except StoreError:
            database.close()
            raise

    @property
    def path(self) -> Path:
        """The DuckDB file."""
        return self._database.path

    @property
    def warnings(self) -> list[str]:
        """What a user should know, e.g. that a damaged log was put aside."""
        return self._database.warnings

    @property
    def stats(self) -> WriterStats:
        """What the writer has done so far."""
        return self._writer.stats

    def _prepare(self) -> str:
        connection = self._database.writer
        present = {
            name
            for (name,) in connection.execute(
                "SELECT table_name FROM duckdb_tables() WHERE NOT internal"
            ).fetchall()
        }
        if "store_info" in present:
            self._check_version(connection)
        elif present:
            raise StoreError(f"{self.path} holds other tables and is no store: {sorted(present)}.")
        connection.execute("BEGIN TRANSACTION")
        for name, table in self.tables.items():
            if name not in present:
                for statement in table.statements():
                    connection.execute(statement)
            else:
                self._add_columns(connection, table)
        if "store_info" not in present:
            connection.execute(
                "INSERT INTO store_info VALUES (?, epoch_ms(?::BIGINT), ?)",
                [secrets.token_hex(8), self._clock.wall_ms(), schema.SCHEMA_VERSION],
            )
        connection.execute("UPDATE store_info SET schema_version = ?", [schema.SCHEMA_VERSION])
        connection.execute("COMMIT")
        connection.execute("CHECKPOINT")
        retention.remove_orphans(connection, self._database.cold)
        row = connection.execute("SELECT store_id FROM store_info").fetchone()
        if row is None:
            raise StoreError(f"{self.path} has lost its identity: table store_info is empty.")
        return str(row[0])

    def _check_version(self, connection: duckdb.DuckDBPyConnection) -> None:
        row = connection.execute("SELECT max(schema_version) FROM store_info").fetchone()
        version = row[0] if row else None
        if version is None or not schema.OLDEST_VERSION <= version <= schema.SCHEMA_VERSION:
            raise StoreError(
                f"{self.path} has tables of version {version}; this Seamline reads "
                f"{schema.OLDEST_VERSION} to {schema.SCHEMA_VERSION}. Use --fresh, or the Seamline "
                "that made it."
            )

    @staticmethod
    def _add_columns(connection: duckdb.DuckDBPyConnection, table: schema.TableSpec) -> None:
        """Add the columns that an older Seamline did not know; they are NULL in its rows."""
        known = {
            name
            for (name,) in connection.execute(
                "SELECT column_name FROM duckdb_columns() WHERE table_name = ? AND NOT internal",
                [table.name],
            ).fetchall()
        }
        for column in table.columns:
            if column.name not in known:
                for statement in table.additions(column):
                    connection.execute(statement)

    def _chores(self, connection: duckdb.DuckDBPyConnection) -> None:
        if self._settings.retention_plant_hours is not None:
            retention.move_old_readings(
                connection,
                self._database.cold,
                plant_hours=self._settings.retention_plant_hours,
                wall_ms=self._clock.wall_ms(),
            )

    # ---- writing -------------------------------------------------------------------------------

    def insert(self, table: str, rows: Iterable[Row] | pa.Table, *, urgent: bool = False) -> None:
        """Queue rows (mappings, or an Arrow table) for the next transaction; does not wait.

        A missing column is NULL. TIMESTAMP takes epoch milliseconds or a datetime in UTC, VARCHAR
        takes a dict or list and keeps it as JSON. `urgent` asks for a transaction at once.

        Raises:
            StoreError: if table, column or value do not fit, or the disk does not keep up.
        """
        self._writer.put(Group({table: self._rows.convert(table, rows)}), urgent=urgent)

    def submit(self, group: Group, *, urgent: bool = False) -> None:
        """Queue Arrow tables that belong into one transaction.

        Raises:
            StoreError: if a table is unknown, or the disk does not keep up.
        """
        for name, table in group.tables.items():
            self._rows.convert(name, table)
        self._writer.put(group, urgent=urgent)

    def rows(self, table: str, rows: Iterable[Row]) -> pa.Table:
        """Return rows as an Arrow table for `submit`.

        Raises:
            StoreError: if table, column or value do not fit.
        """
        return self._rows.convert(table, rows)

    def flush(self, timeout_s: float = 30.0) -> None:
        """Wait until everything queued so far is committed.

        Raises:
            StoreError: if that takes longer than `timeout_s`.
        """
        self._writer.flush(timeout_s)

    def wait_room(self, rows: int, timeout_s: float) -> bool:
        """Wait until at most `rows` rows are queued; False if that takes longer."""
        return self._writer.wait_room(rows, timeout_s)

    def on_checkpoint(self, listener: Callable[[], None]) -> None:
        """Call `listener` in the writer thread after each checkpoint."""
        self._checkpoint_listeners.append(listener)

    def on_reopen(self, listener: Callable[[], None]) -> None:
        """Call `listener` in the writer thread when the file had to be opened anew."""
        self._reopen_listeners.append(listener)

    # ---- reading -------------------------------------------------------------------------------

    def read(self, sql: str, params: Sequence[object] = ()) -> list[dict[str, object]]:
        """Run a query of the platform on the calling thread's cursor; return rows as dicts.

        Raises:
            StoreError: if it does not run.
        """
        with self._database.reading() as cursor:
            try:
                cursor.execute(sql, list(params))
                names = [column[0] for column in cursor.description or []]
                return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            except duckdb.Error as exc:
                raise StoreError(f"Reading from the store failed: {first_line(exc)}") from exc

    def read_table(self, sql: str, params: Sequence[object] = ()) -> pa.Table:
        """Run a query of the platform; return its rows as an Arrow table, without Python objects.

        Raises:
            StoreError: if it does not run.
        """
        with self._database.reading() as cursor:
            try:
                return cursor.sql(sql, params=list(params)).to_arrow_table()
            except duckdb.Error as exc:
                raise StoreError(f"Reading from the store failed: {first_line(exc)}") from exc

    def query(self, sql: str, limit: int = 1_000, timeout_s: float = 5.0) -> QueryResult:
        """Answer a user's SQL: exactly one SELECT, read-only, limited in rows and time.

        Raises:
            StoreError: if it is not one SELECT, does not run, or takes too long.
        """
        with self._database.reading() as cursor:
            return user_query.run(cursor, sql, limit=limit, timeout_s=timeout_s)

    def export(self, directory: Path) -> dict[str, int]:
        """Write every table as Parquet into `directory` while running; return rows per table.

        Raises:
            StoreError: if a file cannot be written.
        """
        return export(self._database, self.tables, directory.absolute(), self._clock.wall_ms())

    @property
    def export_folder(self) -> Path:
        """Folder for exports if the user names none."""
        return self._database.export

    def marks(self) -> dict[tuple[str, str, str], int]:
        """Return the highest committed number by (site, node, epoch)."""
        rows = self.read(
            "SELECT site, node, epoch, max(n) AS n FROM batches WHERE epoch <> ? GROUP BY ALL",
            [RAW_EPOCH],
        )
        return {(str(r["site"]), str(r["node"]), str(r["epoch"])): int(str(r["n"])) for r in rows}

    def next_batch_id(self) -> int:
        """Return a number above every batch number in use."""
        row = self.read("SELECT coalesce(max(batch_id), 0) + 1 AS id FROM batches")[0]
        return int(str(row["id"]))

    def order_sellers(self) -> dict[str, str]:
        """Return the seller of every order by its id; empty for replenishment."""
        rows = self.read("SELECT order_id, coalesce(seller, '') AS seller FROM orders")
        return {str(row["order_id"]): str(row["seller"]) for row in rows}

    def raw_latest(self) -> dict[tuple[str, str, str, str], tuple[float | None, int]]:
        """Return newest value and source time by (site, node, device, metric) of raw devices."""
        rows = self.read(
            "SELECT site, node, device, metric, last(value ORDER BY batch_id) AS value, "
            "epoch_ms(last(source_ts ORDER BY batch_id)) AS ts FROM readings "
            "WHERE source = 'raw' GROUP BY site, node, device, metric"
        )
        return {
            (str(r["site"]), str(r["node"]), str(r["device"]), str(r["metric"])): (
                r["value"],  # type: ignore[misc]  # DOUBLE
                int(str(r["ts"])),
            )
            for r in rows
        }

    def rebuild(
        self,
        since_ms: int = 0,
        kinds: Iterable[str] | None = None,
        *,
        readings: bool | Collection[str] = False,
    ) -> Iterator[DecodedBatch]:
        """Yield stored batches in order of arrival, `source` = `rebuild`.

        Only rows of plant time `since_ms` or later are in them: events of `kinds` (all if None),
        and samples if `readings` is set: all, or those of the metrics named.
        """
        return rebuilding.rebuild(
            self._database.cursor(),
            since_ms,
            EVENT_TABLES if kinds is None else kinds,
            readings=readings,
        )

    def close(self, timeout_s: float = 20.0) -> None:
        """Write what waits, checkpoint and close; afterwards plain DuckDB opens the file."""
        self._writer.stop(timeout_s)
        self._database.close()


def _tell(listeners: list[Callable[[], None]]) -> None:
    for listener in listeners:
        listener()
