"""Turns what DuckDB and the disk say into one clear sentence."""

import re
from pathlib import Path

import duckdb

from seamline_broker.errors import StoreError

_HOLDER = re.compile(r"held in (.+?) \(PID (\d+)\)")


def is_lock(exc: Exception) -> bool:
    """Tell whether the file is in the hands of another process."""
    return "Could not set lock" in str(exc)


def is_wal_damage(path: Path, exc: Exception) -> bool:
    """Tell whether the write-ahead log of the database at `path` cannot be replayed."""
    text = str(exc).replace(str(path), path.name)  # a folder may be called WAL
    elsewhere = ("No space left", "Permission denied", "Could not set lock")
    return "WAL" in text and not any(cause in text for cause in elsewhere)


def is_fatal(exc: Exception) -> bool:
    """Tell whether the database must be opened anew before it can be used again."""
    fatal = duckdb.FatalException | duckdb.InternalException | duckdb.ConnectionException
    return isinstance(exc, fatal) or "has been invalidated" in str(exc)


def opening_error(path: Path, exc: Exception) -> StoreError:
    """Return the sentence for a database that does not open."""
    text = str(exc)
    if holder := _HOLDER.search(text):
        program, pid = holder.groups()
        return StoreError(
            f"Database {path} is in use by process {pid} ({Path(program).name}). "
            "Stop that process, or choose another --run-dir."
        )
    if is_lock(exc):
        return StoreError(f"Database {path} is in use by another process: {first_line(exc)}")
    if "No space left" in text:
        return StoreError(f"Database {path} cannot be opened: the disk is full. Free some space.")
    if "Permission denied" in text or isinstance(exc, PermissionError):
        return StoreError(f"No permission to read and write {path}. Check its owner and mode.")
    if "not a valid DuckDB database" in text:
        return StoreError(f"File {path} is not a DuckDB database. Move it away or use --fresh.")
    if "version number" in text:
        return StoreError(f"Database {path} was written by a newer DuckDB: {first_line(exc)}")
    return StoreError(f"Database {path} cannot be opened: {first_line(exc)}")


def first_line(exc: BaseException) -> str:
    """Return the first line of what an exception says."""
    return (str(exc).strip().splitlines() or [type(exc).__name__])[0]
