"""The outbox of one gateway: takes rows in, stores them in numbered batches, hands batches out."""

import logging
from collections.abc import Callable, Sequence
from typing import Final

from seamline_broker.clock import Clock
from seamline_broker.contracts.batch import Ack, BatchHeader, encode_message
from seamline_broker.contracts.events import Event
from seamline_edge.outbox.collector import Block, Collector, Cut
from seamline_edge.outbox.file import OutboxFile
from seamline_edge.outbox.sender import Sender

_log = logging.getLogger(__name__)

_READINGS_S: Final = 1.0
_EVENTS_S: Final = 0.25
_FULL_ROWS: Final = 20_000
_IDLE_MARKS_S: Final = 2.0

Publish = Callable[[str, bytes], bool]
"""Sends an encoded message of a node; False if that is not possible now."""


class Outbox:
    """Joins collector, file and senders.

    Rows are accepted once they are in the file: at latest one second after `take`, a quarter of a
    second if there are events among them.

    Args:
        file: the open file.
        clock: gives steady time.
    """

    def __init__(self, file: OutboxFile, clock: Clock) -> None:
        self.file = file
        self._clock = clock
        self._senders = {node: Sender(state) for node, state in file.states().items()}
        self._collector = Collector()
        self._cursor: tuple[str, int] | None = None
        self._due_s: float | None = None
        self._cuts: list[Cut] = []
        self._dirty: dict[str, Sender] = {}
        self._marks_s = 0.0
        self._warned: set[str] = set()
        self.published = 0
        self.accepted_rows = 0
        """Rows that were written to the file since it was opened."""

    @property
    def nodes(self) -> Sequence[str]:
        """All nodes that the file knows."""
        return tuple(self._senders)

    @property
    def unacked(self) -> int:
        """Batches that the platform has not committed yet."""
        return sum(sender.unacked for sender in self._senders.values())

    @property
    def waiting_rows(self) -> int:
        """Rows taken and not in the file yet."""
        return self._collector.rows + sum(cut.rows for cut in self._cuts)

    def epoch(self, node: str) -> str:
        """Return the present epoch of a node, for its birth certificate."""
        return self._senders[node].epoch

    def take(
        self, blocks: Sequence[Block], events: Sequence[Event], cursor: tuple[str, int] | None
    ) -> None:
        """Take rows from the driver; with `cursor` they go into one transaction.

        Events come first: they are what happened up to the samples, and a reader that has seen the
        samples takes their time for its own.
        """
        if events:
            self._collector.add_events(events)
        for block in blocks:
            self._collector.add_block(block)
        if cursor is not None:
            self._cursor = cursor
        if self._collector.rows:
            wait_s = _EVENTS_S if self._collector.events else _READINGS_S
            due_s = self._clock.steady_s() + wait_s
            self._due_s = due_s if self._due_s is None else min(self._due_s, due_s)
            if self._collector.rows >= _FULL_ROWS:
                self.flush()

    def wait_s(self) -> float:
        """Return after how many seconds `run` wants to be called, at most one."""
        if self._due_s is None:
            return _READINGS_S
        return min(_READINGS_S, max(0.0, self._due_s - self._clock.steady_s()))

    def flush(self) -> None:
        """Write everything taken so far.

        Raises:
            StoreError: if the file cannot be written; the rows stay in memory for another try.
        """
        self._cuts.extend(self._collector.cut())
        if self._cuts or self._cursor is not None:
            self._due_s = self._clock.steady_s() + _READINGS_S  # for another try after an error
            last = {node: sender.last for node, sender in self._senders.items()}
            numbered: list[tuple[int, Cut]] = []
            for cut in self._cuts:
                last[cut.node] += 1
                numbered.append((last[cut.node], cut))
            self.file.append(numbered, self._cursor, self._dirty)
            for cut in self._cuts:
                self._senders[cut.node].added()
                self.accepted_rows += cut.rows
            self._cuts, self._cursor, self._dirty = [], None, {}
        self._due_s = None

    def run(self, publish: Publish) -> list[str]:
        """Write what is due and send what the windows allow.

        Returns:
            Nodes that must be born again, because the platform does not answer them.

        Raises:
            StoreError: if the file cannot be written or read.
        """
        now_s = self._clock.steady_s()
        if self._due_s is not None and now_s >= self._due_s:
            self.flush()
        for node, sender in self._senders.items():
            sender.tick(now_s)
            self._send(node, sender, publish, now_s)
        if self._dirty and now_s >= self._marks_s + _IDLE_MARKS_S:
            self._marks_s = now_s
            self.file.settle(self._dirty)
            self._dirty = {}
        return [node for node, sender in self._senders.items() if sender.take_question()]

    def _send(self, node: str, sender: Sender, publish: Publish, now_s: float) -> None:
        while (n := sender.next()) is not None:
            rows, body = self.file.body(node, n)
            header = BatchHeader(sender.epoch, n, sender.floor(n), rows)
            if not publish(node, encode_message(header, body)):
                return
            sender.sent(n, now_s)
            self.published += 1

    def on_ack(self, node: str, ack: Ack) -> bool:
        """Take an acknowledgement in; True if the node has a new epoch and must be born again.

        Raises:
            StoreError: if the file cannot be written.
        """
        sender = self._senders[node]
        outcome = sender.on_ack(ack, self._clock.steady_s())
        if outcome.warning and f"{node} {outcome.warning}" not in self._warned:
            self._warned.add(f"{node} {outcome.warning}")
            _log.warning("%s node=%s", outcome.warning, node)
        if outcome.restart_above is not None:
            self._dirty.pop(node, None)
            epoch, last = self.file.restart_above(node, outcome.restart_above)
            sender.restarted(epoch, last)
            return True
        if outcome.settle:
            self.file.settle({node: sender})
        elif ack.epoch == sender.epoch:
            self._dirty[node] = sender
        return False

    def close(self) -> None:
        """Write everything and close the file.

        Raises:
            StoreError: if the file cannot be written.
        """
        try:
            self.flush()
            self.file.settle(self._senders)
        finally:
            self.file.close()
