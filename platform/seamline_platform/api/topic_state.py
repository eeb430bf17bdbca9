"""The content of one live topic and its last changes, each change numbered; no sockets, no clock.

A source step (one call of the hub) is one number. `seal` closes the steps since the last seal into
one entry of a ring; what a client gets is the merge of all entries that it has not seen, made and
encoded once for all clients that stand at the same number.
"""

import re
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import orjson

from seamline_platform.api.live_models import MergeKind

RING: Final = 200
SENSOR: Final = re.compile(r"sensor:[^\s+#\x00-\x1f\x7f]{1,200}\Z")


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """How a topic merges: `window` entries are kept, `burst` at most sent at once (app only)."""

    kind: MergeKind
    window: int = 500
    burst: int = 200
    points: bool = False
    """True if entries are `[ts_ms, value]`: thinned by minimum and maximum, not cut off."""


class _Entry(NamedTuple):
    first: int
    last: int
    changed: Sequence[object]
    """Keys (set), entries (app) or nothing (put)."""


class Topic:
    """One topic: its current content, its number, and the ring of its last changes."""

    def __init__(self, name: str, spec: TopicSpec, seq: int = 0) -> None:
        self.name = name
        self.spec = spec
        self.seq = seq
        """Number of the last sealed step."""
        self.encodings = 0
        self._steps = 0
        self._keys: dict[str, None] = {}
        self._new: list[object] = []
        self._values: dict[str, object] = {}
        self._entries: deque[object] = deque(maxlen=spec.window)
        self._whole: object = None
        self._ring: deque[_Entry] = deque(maxlen=RING)
        self._snapshot: str | None = None
        self._deltas: dict[int, str | None] = {}

    def set(self, values: Mapping[str, object], delete: Iterable[str] = ()) -> bool:
        """Take new values by key (set topics); values that are the same are no change."""
        changed = [k for k, v in values.items() if k not in self._values or self._values[k] != v]
        gone = [key for key in delete if key in self._values]
        for key in changed:
            self._values[key] = values[key]
        for key in gone:
            del self._values[key]
        if not changed and not gone:
            return False
        self._keys.update(dict.fromkeys(changed + gone))
        self._steps += 1
        return True

    def append(self, entries: Sequence[object]) -> bool:
        """Take new entries, oldest first (app topics)."""
        if not entries:
            return False
        self._entries.extend(entries)
        self._new.extend(entries)
        self._steps += 1
        return True

    def put(self, whole: object) -> bool:
        """Take a new whole (put topics)."""
        if whole == self._whole:
            return False
        self._whole = whole
        self._steps += 1
        return True

    def seal(self) -> None:
        """Close the steps since the last seal."""
        if not self._steps:
            return
        changed: Sequence[object] = ()
        if self.spec.kind == "set":
            changed = tuple(self._keys)
        elif self.spec.kind == "app":
            # Nobody is sent more than a burst at once, so more of one interval is never needed.
            changed = thin(self._new, self.spec)
        self._ring.append(_Entry(self.seq + 1, self.seq + self._steps, changed))
        self.seq += self._steps
        self._steps, self._keys, self._new = 0, {}, []
        self._snapshot = None
        self._deltas = {}

    def knows(self, have: int) -> bool:
        """Return whether a client that has `have` can be served by a delta."""
        return have == self.seq or self._position(have) is not None

    def snapshot(self) -> str:
        """Return the frame with the whole of the topic."""
        if self._snapshot is None:
            content: object = self._whole
            if self.spec.kind == "set":
                content = self._values
            elif self.spec.kind == "app":
                content = list(self._entries)
            frame = {"t": "snap", "topic": self.name, "seq": self.seq, "d": content}
            self._snapshot = orjson.dumps(frame).decode()
            self.encodings += 1
        return self._snapshot

    def delta(self, have: int) -> str | None:
        """Return the frame with everything after `have`, None if the ring no longer holds it."""
        if have not in self._deltas:
            position = self._position(have)
            self._deltas[have] = None if position is None else self._merge(have, position)
        return self._deltas[have]

    def _position(self, have: int) -> int | None:
        # From the newest: nearly always the first or second entry.
        for position in range(len(self._ring) - 1, -1, -1):
            first = self._ring[position].first
            if first == have + 1:
                return position
            if first <= have:
                return None
        return None

    def _merge(self, have: int, position: int) -> str:
        entries = [self._ring[i] for i in range(position, len(self._ring))]
        content: dict[str, object]
        if self.spec.kind == "set":
            keys = dict.fromkeys(str(key) for entry in entries for key in entry.changed)
            values = self._values
            content = {
                "set": {key: values[key] for key in keys if key in values},
                "del": [key for key in keys if key not in values],
            }
        elif self.spec.kind == "app":
            new = [item for entry in entries for item in entry.changed]
            content = {"app": thin(new, self.spec)}
        else:
            content = {"put": self._whole}
        frame = {"t": "delta", "topic": self.name, "seq": [have + 1, self.seq], "d": content}
        self.encodings += 1
        return orjson.dumps(frame).decode()


def thin(entries: Sequence[object], spec: TopicSpec) -> list[object]:
    """Return at most `spec.burst` entries: of points lows and highs, of others the newest."""
    if len(entries) <= spec.burst:
        return list(entries)
    if not spec.points:
        return list(entries[-spec.burst :])
    buckets = max(1, spec.burst // 2)
    kept: list[object] = []
    for bucket in range(buckets):
        start = bucket * len(entries) // buckets
        end = (bucket + 1) * len(entries) // buckets
        kept += _extremes(entries[start:end])
    return kept


def _extremes(points: Sequence[object]) -> list[object]:
    known = [i for i, point in enumerate(points) if _value(point) is not None]
    if not known:
        return [points[0]]
    low = min(known, key=lambda i: _value(points[i]) or 0.0)
    high = max(known, key=lambda i: _value(points[i]) or 0.0)
    return [points[i] for i in sorted({low, high})]


def _value(point: object) -> float | None:
    value: object = point[1] if isinstance(point, (list, tuple)) and len(point) == 2 else None
    return float(value) if isinstance(value, (int, float)) else None
