"""The one thread that writes: everything that waits goes into one transaction."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import duckdb
import pyarrow as pa

from seamline_broker.clock import Clock
from seamline_broker.errors import StoreError
from seamline_platform.store import errors
from seamline_platform.store.database import Database
from seamline_platform.store.settings import StoreSettings

log = logging.getLogger(__name__)

_ATTEMPTS: Final = 5
"""So often is a transaction tried again before its groups are written one by one."""


@dataclass(slots=True)
class Group:
    """Rows that belong together: all of them are stored, or none.

    `on_commit` and `on_failed` are called in the writer thread and must return quickly. A group
    that is no longer `valid` when its turn comes has failed: what it followed was given up.
    """

    tables: Mapping[str, pa.Table]
    on_commit: Callable[[], None] | None = None
    on_failed: Callable[[StoreError], None] | None = None
    valid: Callable[[], bool] | None = None
    rows: int = field(init=False)

    def __post_init__(self) -> None:
        self.rows = sum(len(table) for table in self.tables.values())


@dataclass(slots=True)
class WriterStats:
    """What the writer has done; read by `/metrics.json`."""

    rows: int = 0
    commits: int = 0
    checkpoints: int = 0
    failed_groups: int = 0
    retries: int = 0
    reopened: int = 0
    last_commit_ms: float = 0.0
    max_commit_ms: float = 0.0
    commit_cpu_s: float = 0.0
    waiting_rows: int = 0
    error: str = ""


class Writer:
    """Owns the writing connection; other threads only queue groups."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: StoreSettings,
        *,
        on_checkpoint: Callable[[], None] = lambda: None,
        on_reopen: Callable[[], None] = lambda: None,
        chores: Callable[[duckdb.DuckDBPyConnection], None] = lambda connection: None,
    ) -> None:
        self.stats = WriterStats()
        self._database = database
        self._clock = clock
        self._settings = settings
        self._on_checkpoint = on_checkpoint
        self._on_reopen = on_reopen
        self._chores = chores
        self._wake = threading.Condition()
        self._queue: deque[Group] = deque()
        self._oldest_s = 0.0
        self._urgent = False
        self._stopping = False
        self._done = 0
        self._queued = 0
        self._dirty = False
        self._next_checkpoint_s = clock.steady_s() + settings.checkpoint_s
        self._next_chores_s = clock.steady_s() + settings.retention_check_s
        row = database.writer.execute("SELECT coalesce(max(commit_id), 0) FROM commits").fetchone()
        self._commit_id = int(row[0]) if row else 0
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def put(self, group: Group, *, urgent: bool = False) -> None:
        """Queue a group; `urgent` asks for a transaction at once.

        Raises:
            StoreError: if too many rows wait already, or the store is closing.
        """
        with self._wake:
            if self._stopping:
                raise StoreError("The store is closing and takes no more rows.")
            if self.stats.waiting_rows > self._settings.queue_rows:
                raise StoreError(
                    f"{self.stats.waiting_rows} rows wait to be written; the limit is "
                    f"{self._settings.queue_rows}. {self.stats.error}".rstrip()
                )
            if not self._queue:
                self._oldest_s = self._clock.steady_s()
            self._queue.append(group)
            self._queued += 1
            self._urgent |= urgent
            self.stats.waiting_rows += group.rows
            if len(self._queue) == 1 or self._is_due():
                self._wake.notify_all()

    def flush(self, timeout_s: float) -> None:
        """Return once everything queued before this call is committed.

        Raises:
            StoreError: if that takes longer than `timeout_s`.
        """
        with self._wake:
            target = self._queued
            self._urgent = True
            self._wake.notify_all()
            done = self._wake.wait_for(lambda: self._done >= target, timeout_s)
        if not done:
            raise StoreError(
                f"Rows were not written within {timeout_s} s. {self.stats.error}".rstrip()
            )

    def wait_room(self, rows: int, timeout_s: float) -> bool:
        """Wait until at most `rows` rows are queued; False if that takes longer."""
        with self._wake:
            return self._wake.wait_for(lambda: self.stats.waiting_rows <= rows, timeout_s)

    def stop(self, timeout_s: float) -> None:
        """Write what waits, checkpoint, and end the thread."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            log.error("The writer did not end within %s s; the log will be replayed.", timeout_s)

    def _is_due(self) -> bool:
        return (
            self._urgent
            or self._stopping
            or (self.stats.waiting_rows >= self._settings.commit_rows)
        )

    def _run(self) -> None:
        while True:
            groups = self._take()
            if groups:
                self._write(groups)
            self._housekeeping()
            with self._wake:
                if self._stopping and not self._queue:
                    break
        self._checkpoint()

    def _take(self) -> list[Group]:
        """Wait until a transaction or a checkpoint is due; return the groups to write."""
        with self._wake:
            if not self._queue and not self._stopping:
                idle_s = self._next_checkpoint_s - self._clock.steady_s()
                self._wake.wait(min(max(idle_s, 0.05), 1.0))
            if self._queue and not self._is_due():
                age_s = self._clock.steady_s() - self._oldest_s
                self._wake.wait_for(self._is_due, self._settings.commit_ms / 1000 - age_s)
            groups: list[Group] = []
            rows = 0
            while self._queue and rows < self._settings.transaction_rows:
                groups.append(self._queue.popleft())
                rows += groups[-1].rows
            if not self._queue:
                self._urgent = False
            self._oldest_s = self._clock.steady_s()
            return groups

    def _write(self, groups: list[Group]) -> None:
        """Commit `groups`, again and again if need be; a group that never works is given up."""
        attempt = 0
        while (groups := self._still_valid(groups)) and not self._try(groups):
            attempt += 1
            if attempt >= _ATTEMPTS and not self._disk_is_full():
                self._write_one_by_one(groups)
                return
            if self._stopping and attempt >= _ATTEMPTS:
                for group in groups:
                    self._give_up(group)
                return
            self.stats.retries += 1
            self._pause()

    def _write_one_by_one(self, groups: list[Group]) -> None:
        for group in groups:
            if self._still_valid([group]) and not self._try([group]):
                self._give_up(group)

    def _still_valid(self, groups: list[Group]) -> list[Group]:
        """Return the groups that may be written; the others have failed."""
        kept = []
        for group in groups:
            if group.valid is None or group.valid():
                kept.append(group)
            else:
                self._give_up(group, "rows before them were given up")
        return kept

    def _pause(self) -> None:
        with self._wake:
            self._wake.wait_for(lambda: self._stopping, self._settings.retry_s)

    def _disk_is_full(self) -> bool:
        free = self._database.free_mb()
        if free >= self._settings.min_free_mb:
            return False
        self.stats.error = (
            f"The disk of {self._database.path.parent} is full ({free} MB free): rows wait."
        )
        return True

    def _try(self, groups: list[Group]) -> bool:
        if self._disk_is_full():
            return False
        started_s = self._clock.steady_s()
        self._commit_id += 1
        try:
            self._transaction(groups)
        except duckdb.Error as exc:
            self.stats.error = errors.first_line(exc)
            log.warning("Transaction failed: %s", self.stats.error)
            if not self._recover(exc):
                return False
        self.stats.error = ""
        self.stats.commits += 1
        self.stats.last_commit_ms = (self._clock.steady_s() - started_s) * 1000
        self.stats.max_commit_ms = max(self.stats.max_commit_ms, self.stats.last_commit_ms)
        self.stats.rows += sum(group.rows for group in groups)
        self._dirty = True
        for group in groups:
            _call(group.on_commit)
        self._settle(groups)
        return True

    def _settle(self, groups: list[Group]) -> None:
        with self._wake:
            self._done += len(groups)
            self.stats.waiting_rows -= sum(group.rows for group in groups)
            self._wake.notify_all()

    def _give_up(self, group: Group, reason: str = "") -> None:
        self.stats.failed_groups += 1
        error = StoreError(f"{group.rows} rows could not be stored: {reason or self.stats.error}")
        log.error("%s tables=%s", error, ",".join(group.tables))
        if group.on_failed is not None:
            failed = group.on_failed
            _call(lambda: failed(error))
        self._settle([group])

    def _transaction(self, groups: list[Group]) -> None:
        connection = self._database.writer
        connection.execute("BEGIN TRANSACTION")
        try:
            rows = 0
            for name, table in _joined(groups):
                connection.register("incoming", table)
                connection.execute(f'INSERT INTO "{name}" BY NAME SELECT * FROM incoming')
                connection.unregister("incoming")
                rows += len(table)
            connection.execute(
                "INSERT INTO commits VALUES (?, epoch_ms(?::BIGINT), ?)",
                [self._commit_id, self._clock.wall_ms(), rows],
            )
            connection.execute("COMMIT")
        except duckdb.Error:
            try:
                connection.execute("ROLLBACK")
            except duckdb.Error as exc:
                log.debug("Nothing to roll back: %s", exc)
            raise

    def _recover(self, exc: duckdb.Error) -> bool:
        """After a fatal error open the file anew; True if the transaction had got through."""
        if not errors.is_fatal(exc):
            return False
        try:
            self._database.reopen()
            self.stats.reopened += 1
            found = self._database.writer.execute(
                "SELECT 1 FROM commits WHERE commit_id = ?", [self._commit_id]
            ).fetchone()
        except (StoreError, duckdb.Error) as failure:
            self.stats.error = str(failure)
            log.error("%s", failure)
            return False
        _call(self._on_reopen)
        return found is not None

    def _housekeeping(self) -> None:
        now_s = self._clock.steady_s()
        if now_s >= self._next_checkpoint_s and self._dirty:
            self._checkpoint()
        if now_s >= self._next_chores_s:
            self._next_chores_s = now_s + self._settings.retention_check_s
            try:
                self._chores(self._database.writer)
            except (duckdb.Error, OSError) as exc:
                log.warning("Readings were not moved to Parquet: %s", errors.first_line(exc))

    def _checkpoint(self) -> None:
        self._next_checkpoint_s = self._clock.steady_s() + self._settings.checkpoint_s
        if self._disk_is_full():
            return
        try:
            self._database.writer.execute("CHECKPOINT")
        except duckdb.Error as exc:
            log.warning("Checkpoint failed, tried again later: %s", errors.first_line(exc))
            self._recover(exc)
            return
        self._dirty = False
        self.stats.checkpoints += 1
        _call(self._on_checkpoint)


def _joined(groups: list[Group]) -> list[tuple[str, pa.Table]]:
    """Return one Arrow table for each table and each schema, in the order of first appearance.

    Each is made of one piece: DuckDB begins anew at each piece and each dictionary, which for the
    few rows of a small batch costs ten times the insert itself.
    """
    parts: dict[tuple[str, pa.Schema], list[pa.Table]] = {}
    for group in groups:
        for name, table in group.tables.items():
            if len(table):
                parts.setdefault((name, table.schema), []).append(table)
    return [
        (name, pa.concat_tables(tables).unify_dictionaries().combine_chunks())
        for (name, _), tables in parts.items()
    ]


def _call(callback: Callable[[], None] | None) -> None:
    """Call back; what goes wrong there must not stop the writer."""
    if callback is None:
        return
    try:
        callback()
    except Exception:
        log.exception("A callback of the store failed.")
