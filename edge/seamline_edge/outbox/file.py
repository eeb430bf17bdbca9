"""The SQLite file of one gateway: batches not safe yet, watermarks, commands and the cursor."""

import fcntl
import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from seamline_broker.errors import StoreError
from seamline_edge.outbox.collector import Cut
from seamline_edge.outbox.sender import Sender, SendState

_COMMANDS_KEPT: Final = 1_000

Marks = Mapping[str, Sender]
"""Senders by node whose watermarks are to be written."""


@dataclass(frozen=True, slots=True)
class StoredCommand:
    """A command that was begun, and its encoded result, or None while that is not known."""

    node: str
    id: str
    counter: int
    message: bytes
    result: bytes | None
    wall_ms: int


def new_epoch() -> str:
    """Return a random epoch: 63 bits, hexadecimal."""
    return f"{secrets.randbits(63):x}"


class OutboxFile:
    """Durable part of an outbox. Every method that writes is one transaction, on disk at its end.

    `synchronous=FULL`: a committed batch survives a power cut. With NORMAL the file could fall back
    behind numbers that were already sent, and new rows would be taken for old ones.

    Raises:
        StoreError: if the file cannot be opened or written, with the reason and what to do.
    """

    def __init__(self, path: Path, nodes: Sequence[str]) -> None:
        self.path = path
        with self._explained("opened"):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock_fd = self._take_lock()
            try:
                self._db = self._open(nodes)
            except BaseException:
                os.close(self._lock_fd)
                raise

    def _take_lock(self) -> int:
        """Keep a second gateway off this file: two would give the same numbers twice."""
        lock = os.open(self.path.with_name(self.path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            owner = os.read(lock, 20).decode(errors="replace").strip() or "unknown"
            os.close(lock)
            raise StoreError(
                f"Outbox {self.path} is in use by process {owner}. Stop it, or give this gateway "
                "an outbox of its own (--outbox)."
            ) from exc
        os.ftruncate(lock, 0)
        os.write(lock, str(os.getpid()).encode())
        return lock

    def _open(self, nodes: Sequence[str]) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=5.0)
        os.chmod(self.path, 0o600)
        for setting in (
            "journal_mode=WAL", "synchronous=FULL", "cache_size=-1024", "temp_store=MEMORY",
        ):  # fmt: skip
            db.execute(f"PRAGMA {setting}")
        db.executescript(files("seamline_edge.outbox").joinpath("schema.sql").read_text())
        db.execute("BEGIN IMMEDIATE")
        db.execute("UPDATE meta SET fence = last WHERE fence IS NULL")
        db.execute("INSERT OR IGNORE INTO file VALUES ('identity', ?)", (new_epoch(),))
        # A node that has no number yet may change its epoch, so that copies of it never collide.
        db.execute("DELETE FROM meta WHERE last = 0 AND rows_accepted = 0")
        db.executemany(
            "INSERT OR IGNORE INTO meta (node, epoch) VALUES (?, ?)",
            ((node, new_epoch()) for node in nodes),
        )
        db.execute("COMMIT")
        return db

    @property
    def identity(self) -> str:
        """Random text that this file keeps: what tells one gateway from another."""
        with self._explained("read"):
            row = self._db.execute("SELECT value FROM file WHERE name = 'identity'").fetchone()
        return str(row[0])

    @contextmanager
    def _explained(self, verb: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as exc:
            raise StoreError(f"Outbox {self.path} cannot be {verb}: {self._why(exc)}") from exc

    def _why(self, exc: Exception) -> str:
        text = str(exc)
        if "full" in text or getattr(exc, "errno", 0) == 28:
            free = shutil.disk_usage(self.path.parent).free // 1_000_000
            return f"the disk is full ({free} MB free). Free some space; nothing accepted is lost."
        if "locked" in text:
            return "the database is locked by another process that has it open for writing."
        if "readonly" in text or isinstance(exc, PermissionError) or "unable to open" in text:
            return f"no permission to write there ({text})."
        if "malformed" in text or "not a database" in text:
            return f"it is damaged ({text}). Move it away; rows not sent yet are lost with it."
        return f"{text}."

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._explained("written"):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def states(self) -> dict[str, SendState]:
        """Return what the file holds about each node."""
        with self._explained("read"):
            rows = self._db.execute("SELECT node, epoch, last, upto, safe, store, fence FROM meta")
            return {row[0]: SendState(*row[1:]) for row in rows.fetchall()}

    def cursor(self, source: str) -> int:
        """Return the number up to which events of `source` (a run, a file) were accepted."""
        with self._explained("read"):
            row = self._db.execute("SELECT value FROM file WHERE name = ?", (f"cursor:{source}",))
            found = row.fetchone()
        return int(found[0]) if found else 0

    def append(
        self, cuts: Sequence[tuple[int, Cut]], cursor: tuple[str, int] | None, senders: Marks
    ) -> None:
        """Store numbered bodies, the driver's cursor and the watermarks; delete what is safe."""
        with self._transaction() as db:
            db.executemany(
                "INSERT INTO batch VALUES (?, ?, ?, ?)",
                ((c.node, n, c.rows, c.body) for n, c in cuts),
            )
            db.executemany(
                "UPDATE meta SET last = ?, rows_accepted = rows_accepted + ?, "
                "rows_epoch = rows_epoch + ? WHERE node = ?",
                ((n, c.rows, c.rows, c.node) for n, c in cuts),
            )
            if cursor is not None:
                db.execute(
                    "INSERT OR REPLACE INTO file VALUES (?, ?)",
                    (f"cursor:{cursor[0]}", str(cursor[1])),
                )
            self._write_marks(db, senders)

    def _write_marks(self, db: sqlite3.Connection, senders: Marks) -> None:
        for node, s in senders.items():
            db.execute(
                "UPDATE meta SET upto = ?, safe = ?, store = ?, fence = ? "
                "WHERE epoch = ? AND node = ?",
                (s.upto, s.safe, s.store, s.fence, s.epoch, node),
            )
            db.execute("DELETE FROM batch WHERE node = ? AND n <= ?", (node, s.safe))

    def settle(self, senders: Marks) -> None:
        """Write watermarks, store and fence, and delete what is safe."""
        with self._transaction() as db:
            self._write_marks(db, senders)

    def restart_above(self, node: str, above: int) -> tuple[str, int]:
        """Number the batches of `node` above `above` from 1; return new epoch and last number."""
        epoch = new_epoch()
        with self._transaction() as db:
            db.execute("DELETE FROM batch WHERE node = ? AND n <= ?", (node, above))
            kept = db.execute(
                "SELECT n, rows FROM batch WHERE node = ? ORDER BY n", (node,)
            ).fetchall()
            # Ascending order: a new number is never above an old one that still stands.
            db.executemany(
                "UPDATE batch SET n = ? WHERE node = ? AND n = ?",
                ((i, node, n) for i, (n, _) in enumerate(kept, start=1)),
            )
            db.execute(
                "UPDATE meta SET epoch = ?, last = ?, upto = 0, safe = 0, fence = NULL, "
                "rows_epoch = ? WHERE node = ?",
                (epoch, len(kept), sum(rows for _, rows in kept), node),
            )
        return epoch, len(kept)

    def body(self, node: str, n: int) -> tuple[int, bytes]:
        """Return rows and encoded body of a batch that is still held."""
        with self._explained("read"):
            row = self._db.execute(
                "SELECT rows, body FROM batch WHERE node = ? AND n = ?", (node, n)
            ).fetchone()
        if row is None:
            raise StoreError(f"Outbox {self.path} does not hold batch {n} of {node} any more.")
        return row[0], row[1]

    def accepted(self) -> dict[str, int]:
        """Return the rows ever accepted, by node."""
        with self._explained("read"):
            rows = self._db.execute("SELECT node, rows_accepted FROM meta").fetchall()
        return dict(rows)

    def begin_command(self, command: StoredCommand) -> None:
        """Store a command before it is carried out, and forget the oldest of many."""
        with self._transaction() as db:
            db.execute(
                "INSERT INTO command VALUES (?, ?, ?, ?, ?, ?)",
                (
                    command.node, command.id, command.counter, command.message,
                    command.result, command.wall_ms,
                ),
            )  # fmt: skip
            old = db.execute(
                "SELECT counter FROM command WHERE node = ? AND result IS NOT NULL "
                "ORDER BY counter DESC LIMIT 1 OFFSET ?",
                (command.node, _COMMANDS_KEPT),
            ).fetchone()
            if old is not None:
                db.execute(
                    "DELETE FROM command WHERE node = ? AND counter <= ? AND result IS NOT NULL",
                    (command.node, old[0]),
                )
                db.execute(
                    "INSERT OR REPLACE INTO file VALUES (?, ?)",
                    (f"forgotten:{command.node}", str(old[0])),
                )

    def end_command(self, node: str, command_id: str, result: bytes) -> None:
        """Store the result of a command."""
        with self._transaction() as db:
            db.execute(
                "UPDATE command SET result = ? WHERE node = ? AND id = ?",
                (result, node, command_id),
            )

    def command(self, node: str, command_id: str) -> StoredCommand | None:
        """Return a stored command, or None."""
        return next(iter(self._commands("node = ? AND id = ?", (node, command_id))), None)

    def open_commands(self) -> list[StoredCommand]:
        """Return commands that were begun and whose result is not known, oldest first."""
        return self._commands("result IS NULL", ())

    def answered_since(self, wall_ms: int) -> list[StoredCommand]:
        """Return commands that arrived at `wall_ms` or later and have a result."""
        return self._commands("result IS NOT NULL AND wall_ms >= ?", (wall_ms,))

    def _commands(self, where: str, values: tuple[object, ...]) -> list[StoredCommand]:
        with self._explained("read"):
            rows = self._db.execute(
                f"SELECT node, id, counter, message, result, wall_ms FROM command WHERE {where} "
                "ORDER BY counter",
                values,
            ).fetchall()
        return [StoredCommand(*row) for row in rows]

    def forgotten_upto(self, node: str) -> int:
        """Return the highest counter of a command to `node` that may have been forgotten."""
        with self._explained("read"):
            row = self._db.execute(
                "SELECT value FROM file WHERE name = ?", (f"forgotten:{node}",)
            ).fetchone()
        return int(row[0]) if row else -1

    def close(self) -> None:
        """Close the file and let another process have it."""
        self._db.close()
        os.close(self._lock_fd)
