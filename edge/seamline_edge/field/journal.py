"""Files of a run: identity, snapshots, the input log, and events that readers may still ask for.

    run.json              who this run is: id, scenario, seed
    snapshot-000012.bin   world and field at one moment; a JSON line, then the world's own bytes
    input-000012.jsonl    what came in since that snapshot: ["t", target_us] and
                          ["c", id, node, name, args]
    events-000012.jsonl   events between the snapshot before and this one
    history.jsonl         the whole input since the start, without the targets between commands

A target is in the log before anything up to it is shown to anybody, so a field that is killed and
started again shows the same events under the same numbers.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from pathlib import Path
from typing import Any, Final

from seamline_broker.errors import StoreError
from seamline_edge.field.ring import RingEvent, decode_event

Entry = list[Any]

_KEPT: Final = 2


@dataclass(frozen=True, slots=True)
class Restored:
    """What a snapshot held: the field's own state, the world's bytes, and the log since."""

    number: int
    field: dict[str, Any]
    world: bytes
    entries: list[Entry]
    events: list[RingEvent]


class Journal:
    """Writes and reads the files of one run.

    Args:
        folder: where they are.

    Raises:
        StoreError: if the folder cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._log_fd = -1
        self.number = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise StoreError(f"Field folder {folder} cannot be made: {exc}.") from exc

    def _path(self, kind: str, number: int, ending: str = "jsonl") -> Path:
        return self.folder / f"{kind}-{number:06d}.{ending}"

    def _numbers(self, kind: str) -> list[int]:
        return sorted(int(p.stem.rpartition("-")[2]) for p in self.folder.glob(f"{kind}-*.*"))

    def identity(self) -> dict[str, Any] | None:
        """Return who the run is, or None if there is none yet."""
        path = self.folder / "run.json"
        if not path.exists():
            return None
        try:
            identity: dict[str, Any] = json.loads(path.read_text())
        except (OSError, ValueError) as exc:
            raise StoreError(f"{path} cannot be read: {exc}. Start with --fresh.") from exc
        return identity

    def clear(self) -> None:
        """Remove every file of the run."""
        for pattern in ("run.json", "snapshot-*", "input-*", "events-*", "history.jsonl", "*.tmp"):
            for path in self.folder.glob(pattern):
                path.unlink()

    def begin(self, identity: dict[str, Any], past: Iterable[Entry] = ()) -> None:
        """Write who the run is and what came in before its start; the first `save` follows."""
        self._append_history([["run", identity], *past])
        self._write_whole(self.folder / "run.json", json.dumps(identity, indent=1).encode())

    def log(self, entry: Entry) -> None:
        """Write one entry and hand it to the system, so that it survives the end of this process.

        Raises:
            StoreError: if the disk does not take it.
        """
        line = json.dumps(entry, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
        try:
            if os.write(self._log_fd, line) != len(line):
                raise OSError("the disk took only a part of the line")
        except OSError as exc:
            raise StoreError(
                f"Input log in {self.folder} cannot be written: {exc}. The field cannot go on "
                "without it."
            ) from exc

    def save(
        self, field: dict[str, Any], world: bytes, events: Iterable[RingEvent], first_seq: int
    ) -> None:
        """Write a snapshot with the events since the last one, and start a new log.

        Raises:
            StoreError: if the disk does not take it.
        """
        number = self.number + 1
        head = json.dumps(field | {"world_sha": hashlib.sha256(world).hexdigest()}).encode()
        try:
            self._write_whole(
                self._path("events", number), b"".join(e.line + b"\n" for e in events)
            )
            self._write_whole(self._path("snapshot", number, "bin"), head + b"\n" + world)
            self._open_log(number)
            for finished in self._numbers("input"):
                if finished < number:
                    self._archive(finished)
            self._prune(number, first_seq)
        except OSError as exc:
            raise StoreError(f"Snapshot in {self.folder} cannot be written: {exc}.") from exc

    def _write_whole(self, path: Path, data: bytes) -> None:
        tmp = path.with_name(path.name + ".tmp")
        with open(tmp, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        tmp.replace(path)

    def _open_log(self, number: int) -> None:
        if self._log_fd >= 0:
            os.close(self._log_fd)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._log_fd = os.open(self._path("input", number), flags, 0o600)
        self.number = number

    def _archive(self, number: int) -> None:
        """Add a finished log to the history, without the targets that do not matter to a replay."""
        history = self.folder / "history.jsonl"
        mark = b'["log",%d]\n' % number
        tail = history.read_bytes()[-200_000:] if history.exists() else b""
        if mark not in tail:
            entries = list(self._read_log(number))
            kept = [
                entry
                for entry, after in zip_longest(entries, entries[1:])
                if entry[0] != "t" or after is None or after[0] != "t"
            ]
            self._append_history([*kept, ["log", number]])

    def _append_history(self, entries: list[Entry]) -> None:
        with open(self.folder / "history.jsonl", "ab") as file:
            for entry in entries:
                file.write(
                    json.dumps(entry, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
                )

    def _prune(self, number: int, first_seq: int) -> None:
        for kind in ("snapshot", "input"):
            for old in self._numbers(kind):
                if old <= number - _KEPT:
                    self._path(kind, old, "bin" if kind == "snapshot" else "jsonl").unlink()
        stored = self._numbers("events")
        for old, after in pairwise(stored):
            path = self._path("events", after)
            with open(path, "rb") as file:
                line = file.readline()
            # Everything in `old` comes before the first event of `after`.
            if line and decode_event(line.rstrip(b"\n")).seq <= first_seq and old <= number - _KEPT:
                self._path("events", old).unlink()

    def _read_log(self, number: int) -> Iterator[Entry]:
        path = self._path("input", number)
        if not path.exists():
            return
        for line in path.read_bytes().split(b"\n"):
            if line:
                try:
                    yield json.loads(line)
                except ValueError:
                    return  # the last line was cut by a crash: nothing after it was ever shown

    def restore(self) -> Restored:
        """Return the newest readable snapshot with what came after it; the log goes on from there.

        Raises:
            StoreError: if no snapshot is readable.
        """
        for number in reversed(self._numbers("snapshot")):
            path = self._path("snapshot", number, "bin")
            head, _, world = path.read_bytes().partition(b"\n")
            try:
                field = json.loads(head)
            except ValueError:
                continue
            if field.get("world_sha") != hashlib.sha256(world).hexdigest():
                continue
            entries = [e for n in self._numbers("input") if n >= number for e in self._read_log(n)]
            events = [
                decode_event(line)
                for n in self._numbers("events") if n <= number
                for line in self._path("events", n).read_bytes().split(b"\n") if line
            ]  # fmt: skip
            self.number = max([number, *self._numbers("snapshot"), *self._numbers("input")])
            return Restored(number, field, world, entries, events)
        raise StoreError(f"No snapshot in {self.folder} is readable. Start with --fresh.")

    def history(self) -> list[Entry]:
        """Return the whole input since the start: `["run", ..]`, targets and commands."""
        path = self.folder / "history.jsonl"
        lines = path.read_bytes().split(b"\n") if path.exists() else []
        entries = [json.loads(line) for line in lines if line]
        done = {entry[1] for entry in entries if entry[0] == "log"}
        entries = [entry for entry in entries if entry[0] != "log"]
        for number in self._numbers("input"):
            if number not in done:
                entries.extend(self._read_log(number))
        return entries

    def close(self) -> None:
        """Close the log."""
        if self._log_fd >= 0:
            os.close(self._log_fd)
            self._log_fd = -1
