"""The bounded queue between network threads and the ingest thread."""

import threading
from typing import Final, NamedTuple

MAX_MESSAGES: Final = 20_000
MAX_BYTES: Final = 64 * 1024 * 1024
_OVERHEAD_BYTES: Final = 200


class Message(NamedTuple):
    """A message as it came from the broker.

    `session` numbers the connection that it came on, 0 if it needs no acknowledgement by hand.
    """

    topic: str
    payload: bytes
    mid: int
    qos: int
    retain: bool
    session: int


class Inbox:
    """Holds messages until the ingest thread takes them all; refuses above its limits."""

    def __init__(self, max_messages: int = MAX_MESSAGES, max_bytes: int = MAX_BYTES) -> None:
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._changed = threading.Condition()
        self._messages: list[Message] = []
        self._bytes = 0
        self._closed = False
        self._crowded = False
        """True once a message found no room, until the next `take`."""
        self.max_seen = 0

    def put(self, message: Message, wait_s: float = 0.0) -> bool:
        """Add a message; False if there is no room even after `wait_s`."""
        size = len(message.payload) + _OVERHEAD_BYTES
        with self._changed:
            if self._full(size):
                self._crowded = True
                self._changed.notify_all()
                if not self._changed.wait_for(
                    lambda: self._closed or not self._full(size), max(0.0, wait_s)
                ):
                    return False
            if self._closed:
                return False
            self._messages.append(message)
            self._bytes += size
            if len(self._messages) == 1:
                self._changed.notify_all()
            return True

    def _full(self, size: int) -> bool:
        return len(self._messages) >= self._max_messages or self._bytes + size > self._max_bytes

    def take(self, timeout_s: float, gather_s: float = 0.0) -> list[Message]:
        """Return all messages, or an empty list if none comes within `timeout_s`.

        After the first message others are waited for during `gather_s`, unless the queue is full.
        """
        with self._changed:
            if not self._messages and not self._closed:
                self._changed.wait(timeout_s)
            if self._messages and gather_s > 0:
                self._changed.wait_for(lambda: self._closed or self._crowded, gather_s)
            messages, self._messages, self._bytes = self._messages, [], 0
            self._crowded = False
            self.max_seen = max(self.max_seen, len(messages))
            self._changed.notify_all()
            return messages

    @property
    def messages(self) -> int:
        """Messages waiting."""
        return len(self._messages)

    @property
    def bytes(self) -> int:
        """Bytes waiting."""
        return self._bytes

    def close(self) -> None:
        """Take no more messages and wake everybody."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def size_fault(message: Message, limit: int) -> str:
    """Return what is wrong with the size of a message, empty if nothing is."""
    size = len(message.payload)
    return f"The message has {size} bytes; the limit is {limit}." if size > limit else ""
