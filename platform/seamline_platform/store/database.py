"""The DuckDB file: opened safely, locked down, with one cursor for each thread that reads."""

import contextlib
import logging
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb

from seamline_broker.clock import Clock
from seamline_broker.errors import StoreError
from seamline_platform.store import errors
from seamline_platform.store.settings import StoreSettings

log = logging.getLogger(__name__)

MIN_FREE_MB_AT_START = 16
_INTERRUPT_EVERY_S = 0.02
_INTERRUPTS = 100


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


class Database:
    """One open DuckDB file. `writer` belongs to the writer thread alone.

    The folders `cold/`, `export/` and `tmp/` beside the file are the only ones that SQL can reach.
    """

    def __init__(self, path: Path, clock: Clock, settings: StoreSettings) -> None:
        self.path = path.absolute()
        self.cold = self.path.parent / "cold"
        self.export = self.path.parent / "export"
        self.warnings: list[str] = []
        self._clock = clock
        self._settings = settings
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)
        self._busy = 0
        self._cursors: dict[threading.Thread, duckdb.DuckDBPyConnection] = {}
        self._closed = False
        self._prepare_folders()
        self.writer = self._open()

    def _prepare_folders(self) -> None:
        try:
            for folder in (self.path.parent, self.cold, self.export):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise StoreError(f"Folder {self.path.parent} cannot be made: {exc.strerror}.") from exc
        if not os.access(self.path.parent, os.W_OK):
            raise StoreError(f"No permission to write in folder {self.path.parent}.")
        if self.free_mb() < MIN_FREE_MB_AT_START:
            raise StoreError(
                f"The disk of {self.path.parent} is full: {self.free_mb()} MB free, "
                f"at least {MIN_FREE_MB_AT_START} MB needed."
            )

    def free_mb(self) -> int:
        """Return free megabytes on the disk of the file."""
        return shutil.disk_usage(self.path.parent).free // 1_000_000

    def _open(self) -> duckdb.DuckDBPyConnection:
        try:
            return self._connect()
        except (duckdb.Error, OSError) as exc:
            if not (self._wal.exists() and errors.is_wal_damage(self.path, exc)):
                raise errors.opening_error(self.path, exc) from exc
            return self._open_without_log(exc)

    @property
    def _wal(self) -> Path:
        """DuckDB's write-ahead log beside the file."""
        return self.path.with_name(self.path.name + ".wal")

    def _open_without_log(self, damage: Exception) -> duckdb.DuckDBPyConnection:
        """Put a damaged write-ahead log aside and open what was checkpointed."""
        wal = self._wal
        aside = wal.with_name(f"{wal.name}.damaged-{self._clock.wall_ms()}")
        wal.rename(aside)
        try:
            connection = self._connect()
        except (duckdb.Error, OSError) as exc:
            aside.rename(wal)
            raise errors.opening_error(self.path, exc) from exc
        warning = (
            f"The write-ahead log of {self.path.name} was damaged and is kept as {aside.name}. "
            "Rows since the last checkpoint are not in the database; gateways send theirs again. "
            f"DuckDB said: {errors.first_line(damage)}"
        )
        log.warning("%s", warning)
        self.warnings.append(warning)
        return connection

    def _connect(self) -> duckdb.DuckDBPyConnection:
        config: dict[str, str | bool | int | float | list[str]] = {}
        if int(duckdb.__version__.split(".")[0]) >= 2:
            config["storage_compatibility_version"] = "v1.5.0"
        connection = duckdb.connect(str(self.path), config=config)
        try:
            for setting in self._lockdown():
                connection.execute(setting)
        except duckdb.Error:
            connection.close()
            raise
        with contextlib.suppress(OSError):
            self.path.chmod(0o600)
        return connection

    def _lockdown(self) -> Iterator[str]:
        """Yield the settings, the folders that SQL may use, and the lock, in this order."""
        yield "SET TimeZone='UTC'"
        yield f"SET memory_limit='{self._settings.memory_limit}'"
        yield f"SET threads={self._settings.threads}"
        yield f"SET temp_directory={_literal(self.path.parent / 'tmp')}"
        yield "SET max_temp_directory_size='1GB'"
        yield f"SET allowed_directories=[{_literal(self.cold)}, {_literal(self.export)}]"
        yield "SET enable_external_access=false"
        yield "SET lock_configuration=true"

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return the cursor of the calling thread.

        Raises:
            StoreError: if the store is closed.
        """
        with self._lock:
            return self._own_cursor()

    def _own_cursor(self) -> duckdb.DuckDBPyConnection:
        """Return the cursor of the calling thread, which holds the lock."""
        if self._closed:
            raise StoreError("The store is closed.")
        thread = threading.current_thread()
        cursor = self._cursors.get(thread)
        if cursor is None:
            self._drop_cursors(of_dead_threads_only=True)
            cursor = self._cursors[thread] = self.writer.cursor()
        return cursor

    @contextlib.contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Lend the cursor of the calling thread; whoever closes the file ends what it runs.

        Raises:
            StoreError: if the store is closed.
        """
        with self._lock:
            cursor = self._own_cursor()
            self._busy += 1
        try:
            yield cursor
        finally:
            with self._lock:
                self._busy -= 1
                self._idle.notify_all()

    def _interrupt_readers(self) -> None:
        """Interrupt again and again: what has not begun yet does not hear an interrupt."""
        for _ in range(_INTERRUPTS):
            if not self._busy:
                return
            for cursor in self._cursors.values():
                cursor.interrupt()
            self._idle.wait(_INTERRUPT_EVERY_S)

    def _drop_cursors(self, *, of_dead_threads_only: bool) -> None:
        for thread, cursor in list(self._cursors.items()):
            if of_dead_threads_only and thread.is_alive():
                continue
            with contextlib.suppress(duckdb.Error):
                cursor.interrupt()
                cursor.close()
            del self._cursors[thread]

    def _close_all(self) -> None:
        self._interrupt_readers()
        self._drop_cursors(of_dead_threads_only=False)
        with contextlib.suppress(duckdb.Error):
            self.writer.close()

    def reopen(self) -> None:
        """Close everything and open the file anew, as DuckDB demands after a fatal error.

        Raises:
            StoreError: if it does not open.
        """
        with self._lock:
            self._close_all()
            self.writer = self._open()

    def close(self) -> None:
        """Close all cursors and the file; afterwards plain DuckDB can open it."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._close_all()
