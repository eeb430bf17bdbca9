"""Clocks: the only place that reads the time."""

import time
from typing import Protocol


class Clock(Protocol):
    """Gives wall time and a steady time to measure durations with."""

    def wall_ms(self) -> int:
        """Return milliseconds since 1970-01-01 UTC."""

    def steady_s(self) -> float:
        """Return seconds of a clock that never runs backwards."""


class WallClock:
    """The machine's own clock."""

    def wall_ms(self) -> int:
        """Return milliseconds since 1970-01-01 UTC."""
        return time.time_ns() // 1_000_000

    def steady_s(self) -> float:
        """Return seconds of a clock that never runs backwards."""
        return time.monotonic()


class ManualClock:
    """A clock that moves only when it is told to: for tests and labs."""

    def __init__(self, wall_ms: int = 0) -> None:
        self._wall_ms = wall_ms

    def wall_ms(self) -> int:
        """Return milliseconds since 1970-01-01 UTC."""
        return self._wall_ms

    def steady_s(self) -> float:
        """Return seconds of a clock that never runs backwards."""
        return self._wall_ms / 1000

    def advance(self, milliseconds: int) -> None:
        """Move on by `milliseconds`.

        Raises:
            ValueError: if `milliseconds` is negative.
        """
        if milliseconds < 0:
            raise ValueError(f"A clock does not run backwards: {milliseconds} ms.")
        self._wall_ms += milliseconds
