"""The newest events, encoded once, for readers that each have a cursor of their own."""

import json
import sys
from bisect import bisect_right
from collections.abc import Iterable, Set
from typing import Final, NamedTuple

from seamline_broker.contracts.events import Event

RING_EVENTS: Final = 200_000


class RingEvent(NamedTuple):
    """An event as it goes over the bus: its number, its node, its JSON."""

    seq: int
    node: str
    line: bytes


def encode_event(event: Event) -> bytes:
    """Return `[seq, ts_ms, node, kind, [values]]` as JSON."""
    return json.dumps(
        [event.seq, event.ts_ms, event.node, event.kind, event.values],
        separators=(",", ":"), ensure_ascii=False,
    ).encode()  # fmt: skip


def decode_event(line: bytes) -> RingEvent:
    """Read what `encode_event` wrote."""
    document = json.loads(line)
    return RingEvent(document[0], sys.intern(document[2]), line)


class Ring:
    """At least `capacity` newest events in order; older ones are let go.

    Args:
        capacity: events that are surely kept.
    """

    def __init__(self, capacity: int = RING_EVENTS) -> None:
        self.capacity = capacity
        self._events: list[RingEvent] = []
        self.dropped_upto = 0
        self.head = 0

    def __len__(self) -> int:
        return len(self._events)

    @property
    def first_seq(self) -> int:
        """Number of the oldest event held; one above the newest if there is none."""
        return self._events[0].seq if self._events else self.head + 1

    def extend(self, events: Iterable[RingEvent]) -> None:
        """Add events with rising numbers."""
        self._events.extend(events)
        if self._events:
            self.head = max(self.head, self._events[-1].seq)
        # Cut seldom: each cut moves the whole list.
        if len(self._events) > self.capacity + self.capacity // 4:
            excess = len(self._events) - self.capacity
            self.dropped_upto = self._events[excess - 1].seq
            del self._events[:excess]

    def lost(self, after_seq: int) -> tuple[int, int] | None:
        """Return the range of numbers that a reader at `after_seq` can never get."""
        return (after_seq + 1, self.dropped_upto) if after_seq < self.dropped_upto else None

    def behind(self, after_seq: int) -> int:
        """Return how many events come after `after_seq`."""
        return len(self._events) - self._position(after_seq)

    def _position(self, after_seq: int) -> int:
        if after_seq >= self.head:
            return len(self._events)
        return bisect_right(self._events, after_seq, key=lambda event: event.seq)

    def read(self, after_seq: int, nodes: Set[str], limit: int) -> tuple[list[bytes], int]:
        """Return up to `limit` encoded events of `nodes`, and the cursor after looking at them."""
        found: list[bytes] = []
        cursor = after_seq
        for index in range(self._position(after_seq), len(self._events)):
            event = self._events[index]
            if event.node in nodes:
                if len(found) >= limit:
                    return found, cursor
                found.append(event.line)
            cursor = event.seq
        return found, cursor

    def since(self, after_seq: int) -> list[RingEvent]:
        """Return all events after `after_seq`."""
        return self._events[self._position(after_seq) :]
