"""How late the event loop is: what a stall would show in, whoever causes it."""

from collections import deque
from typing import Final

_KEPT: Final = 1_500
"""At five measurements a second, those of the last five minutes."""


class Lateness:
    """Seconds by which the loop came later to a task than the task had asked for."""

    def __init__(self) -> None:
        self._late_s: deque[float] = deque(maxlen=_KEPT)
        self._worst_s = 0.0

    def add(self, late_s: float) -> None:
        """Note one measurement; negative ones count as 0."""
        late_s = max(0.0, late_s)
        self._late_s.append(late_s)
        self._worst_s = max(self._worst_s, late_s)

    def metrics(self) -> dict[str, float]:
        """Return median and 99 % quantile of the last minutes, and the worst since the start."""
        late = sorted(self._late_s)
        if not late:
            return {}
        at99 = late[min(len(late) - 1, int(0.99 * len(late)))]
        return {
            "loop_late_ms_p50": round(1_000 * late[len(late) // 2], 3),
            "loop_late_ms_p99": round(1_000 * at99, 3),
            "loop_late_ms_max": round(1_000 * self._worst_s, 3),
        }
