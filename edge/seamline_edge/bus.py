"""Client side of the field bus: newline-delimited JSON over TCP (see docs of the field package)."""

import contextlib
import json
import select
import socket
from typing import Any, Final

from seamline_broker.clock import WallClock
from seamline_broker.errors import DriverError

Frame = dict[str, Any]

_READ_BYTES: Final = 262_144
_MAX_LINE_BYTES: Final = 16_000_000


class BusClient:
    """One connection to a field. Frames that arrive while an answer is awaited are kept.

    Raises:
        DriverError: if the field cannot be reached.
    """

    def __init__(self, host: str, port: int, timeout_s: float = 2.0) -> None:
        self.where = f"{host}:{port}"
        try:
            self._socket = socket.create_connection((host, port), timeout_s)
        except OSError as exc:
            raise DriverError(f"Field {self.where} cannot be reached: {exc}.") from exc
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(timeout_s)
        self._buffer = bytearray()
        self._kept: list[Frame] = []

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return self._socket.fileno()

    @property
    def has_frames(self) -> bool:
        """True if `receive` has frames although the socket may have nothing to read."""
        return bool(self._kept)

    def send(self, document: Frame) -> None:
        """Send one line.

        Raises:
            DriverError: if the connection is gone.
        """
        line = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
        try:
            self._socket.sendall(line)
        except OSError as exc:
            raise DriverError(f"Connection to field {self.where} was lost: {exc}.") from exc

    def receive(self) -> list[Frame]:
        """Return all complete frames that are there, without waiting.

        Raises:
            DriverError: if the field has closed the connection or sent something unreadable.
        """
        frames, self._kept = self._kept, []
        if select.select([self._socket], [], [], 0)[0]:
            frames.extend(self._read())
        return frames

    def _read(self) -> list[Frame]:
        try:
            data = self._socket.recv(_READ_BYTES)
        except OSError as exc:
            raise DriverError(f"Connection to field {self.where} was lost: {exc}.") from exc
        if not data:
            raise DriverError(f"Field {self.where} has closed the connection.")
        self._buffer += data
        if len(self._buffer) > _MAX_LINE_BYTES:
            raise DriverError(f"Field {self.where} sent a line without end.")
        end = self._buffer.rfind(b"\n")
        if end < 0:
            return []
        lines = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        try:
            return [json.loads(line) for line in lines.split(b"\n")]
        except ValueError as exc:
            raise DriverError(f"Field {self.where} sent a line that is not JSON: {exc}.") from exc

    def ask(self, document: Frame, key: str, value: object = None, timeout_s: float = 3.0) -> Frame:
        """Send a line and wait for the frame that has `key` (equal to `value`, if given).

        Raises:
            DriverError: if there is no answer in time.
        """
        self.send(document)
        clock = WallClock()
        end_s = clock.steady_s() + timeout_s
        while (left_s := end_s - clock.steady_s()) > 0:
            if not select.select([self._socket], [], [], left_s)[0]:
                break
            found: Frame | None = None
            for frame in self._read():
                if found is None and key in frame and (value is None or frame[key] == value):
                    found = frame
                else:
                    self._kept.append(frame)
            if found is not None:
                return found
        raise DriverError(f"Field {self.where} gave no answer within {timeout_s:g} s.")

    def close(self) -> None:
        """Close the connection."""
        with contextlib.suppress(OSError):
            self._socket.close()
