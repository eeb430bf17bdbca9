"""Driver that sends a recording as if its devices were here: at its own pace times a speed."""

import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import isfinite
from pathlib import Path
from typing import Final

from seamline_broker.contracts.batch import QUALITY_GOOD
from seamline_broker.contracts.messages import Device, Metric
from seamline_broker.errors import ConfigError, DriverError
from seamline_edge.drivers.driver import CursorOf, Intake, NodeProfile, WriteAnswer
from seamline_edge.drivers.recordings import Recording, Row
from seamline_edge.outbox import Block

_log = logging.getLogger(__name__)

_OPTIONS: Final = ("file", "speed", "time_column", "device")
_POLL_ROWS: Final = 500
_LONGEST_PAUSE_S: Final = 5.0
_HASH_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a replay is: rows sent by now (earlier starts included) and rows in all."""

    rows_done: int
    rows_in_file: int
    rows_before: int
    columns: int


class ReplayDriver:
    """Sends the rows of a file, each exactly once, whatever is killed meanwhile.

    The number of the last row stands in the outbox beside the rows, so a replay that was cut off
    goes on where it was, and one that is complete sends nothing more. Rows keep their own times; an
    empty cell or NaN becomes a row without a value. A pause of the recording is waited for 5 s at
    most, and a step back in time not at all.

    Options: `file`; `speed` (1 = its own pace, 0 = as fast as it goes); `time_column`; `device`.
    """

    def __init__(self, options: Mapping[str, str]) -> None:
        unknown = sorted(set(options) - set(_OPTIONS))
        if unknown or not options.get("file"):
            raise ConfigError(
                f"Driver 'replay' takes file=.. (CSV or Parquet) and, if you like, speed, "
                f"time_column, device; got {dict(options)!r}."
            )
        try:
            self._speed = float(options.get("speed", "1"))
        except ValueError:
            self._speed = float("nan")
        if not isfinite(self._speed) or self._speed < 0:
            raise ConfigError(
                f"Driver 'replay': speed={options['speed']!r} is not a number of 0 or more."
            )
        self._path = Path(options["file"])
        self._recording = Recording(self._path, options.get("time_column") or None)
        self._device = options.get("device", "")
        self._node = ""
        self._source = ""
        self._rows: Iterator[Row] = iter(())
        self._next: Row | None = None
        self._done = self._before = self._in_file = 0
        self._due_s = 0.0

    def open(self, nodes: Sequence[str], cursor_of: CursorOf) -> None:
        """Check the whole file, then begin after the last row that was sent by an earlier start.

        Raises:
            DriverError: if there are several nodes, or a cell of the file cannot be used.
        """
        if len(nodes) != 1:
            raise DriverError(f"Driver 'replay' serves one node, got {len(nodes)}: {list(nodes)}.")
        self._node = nodes[0]
        self._device = self._device or self._node.partition("/")[2]
        self._in_file = sum(1 for _ in self._recording.rows())
        self._source = f"replay:{self._fingerprint()}"
        self._done = self._before = min(cursor_of(self._source), self._in_file)
        self._rows = islice(self._recording.rows(), self._done, None)
        self._next = next(self._rows, None)
        layout = self._recording.layout
        if layout.left_out:
            _log.info("Columns that hold no numbers are left out: %s", ", ".join(layout.left_out))
        _log.info(
            "Recording file=%s rows=%d of them sent before=%d metrics=%d",
            self._path.name, self._in_file, self._before, len(layout.metrics),
        )  # fmt: skip

    def _fingerprint(self) -> str:
        """Return what tells this file from others, and this choice of columns from another."""
        digest = hashlib.sha256(repr(self._recording.layout).encode())
        with self._path.open("rb") as file:
            while block := file.read(_HASH_BYTES):
                digest.update(block)
        return digest.hexdigest()[:32]

    @property
    def progress(self) -> Progress:
        """How far it is."""
        columns = len(self._recording.layout.columns)
        return Progress(self._done, self._in_file, self._before, columns)

    def profiles(self) -> Mapping[str, NodeProfile]:
        """Return one device with a metric per column of numbers."""
        layout = self._recording.layout
        metrics = tuple(
            Metric(metric, "", column)
            for metric, column in zip(layout.metrics, layout.columns, strict=True)
        )
        device = Device(self._device, "sensor", self._path.name, metrics)
        return {self._node: NodeProfile("sensor", (device,))}

    def fileno(self) -> int:
        """Return -1: rows come by the clock."""
        return -1

    def wait_s(self, now_s: float) -> float:
        """Return the time until the next row is due."""
        return max(0.0, self._due_s - now_s)

    def poll(self, now_s: float, wall_ms: int) -> Intake:
        """Return the rows that are due."""
        intake = Intake()
        if self._due_s == 0.0:
            self._due_s = now_s
        while self._next is not None and self._due_s <= now_s and len(intake.blocks) < _POLL_ROWS:
            row = self._next
            intake.blocks.append(self._block(row))
            self._done += 1
            self._next = next(self._rows, None)
            if self._next is not None:
                self._due_s += self._pause_s(row, self._next)
        if intake.blocks:
            intake.cursor = (self._source, self._done)
        intake.finished = self._next is None
        return intake

    def _pause_s(self, row: Row, following: Row) -> float:
        if self._speed == 0:
            return 0.0
        own_s = (following.ts_ms - row.ts_ms) / 1_000
        return min(_LONGEST_PAUSE_S, max(0.0, own_s / self._speed))

    def _block(self, row: Row) -> Block:
        metrics = self._recording.layout.metrics
        values = [[value] for value in row.values]
        return Block(self._node, row.ts_ms, [self._device], metrics, values, QUALITY_GOOD)

    def write(
        self, node: str, name: str, args: Mapping[str, object], command_id: str, expires_ms: int
    ) -> WriteAnswer:
        """Refuse: a recording cannot be changed."""
        return WriteAnswer("refused", "a recording takes no commands")

    def close(self) -> None:
        """Let go of the file."""
        self._rows = iter(())
