"""Rows of the table `rejected`: every broken message is counted, a flood of them is not kept."""

from typing import Final

from seamline_platform.ingest.counters import Counters

_KEPT_PER_S: Final = 200
FIRST_BYTES: Final = 256
_MAX_REASON: Final = 500


def printable(payload: bytes) -> str:
    """Return the first bytes of a payload as text, with what is not printable escaped."""
    text = payload[:FIRST_BYTES].decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class Rejects:
    """Turns refused messages into rows, at most 200 per second."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._second = 0
        self._kept = 0

    def row(
        self, topic: str, payload: bytes, reason: str, wall_ms: int
    ) -> dict[str, object] | None:
        """Count a refused message; return its row, or None if there are too many this second."""
        self._counters.rejected += 1
        if wall_ms // 1000 != self._second:
            self._second, self._kept = wall_ms // 1000, 0
        self._kept += 1
        if self._kept > _KEPT_PER_S:
            self._counters.rejected_not_kept += 1
            return None
        return {
            "wall_ts": wall_ms,
            "topic": topic[:FIRST_BYTES],
            "reason": reason[:_MAX_REASON].encode("utf-8", "backslashreplace").decode(),
            "first_bytes": printable(payload),
            "size_bytes": len(payload),
        }
