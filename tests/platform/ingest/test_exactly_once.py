"""Kills between insert and acknowledgement: each sample is stored once, whatever gets lost.

A sender that follows the protocol from memory (the edge's own outbox is tested against the marks
elsewhere), a channel that loses, repeats and reorders, a platform that is started anew.
"""

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from seamline_broker.contracts.batch import WINDOW, Ack
from seamline_platform.ingest.inbox import Message
from seamline_platform.store import Store

ROWS = 3


class Sender:
    """The edge's half: a window after `upto`, rewound when it is told to resume."""

    def __init__(self, total: int) -> None:
        self.total, self.upto, self.safe, self.next = total, 0, 0, 1

    def answered(self, ack: Ack) -> None:
        self.upto = max(self.upto, ack.upto)
        self.safe = max(self.safe, ack.safe)
        self.next = self.upto + 1 if ack.resume else max(self.next, self.upto + 1)

    def due(self, most: int) -> Iterator[tuple[int, int]]:
        """Yield number and floor of what is sent next."""
        while most and self.next <= min(self.total, self.upto + WINDOW):
            yield self.next, self.safe + 1
            self.next += 1
            most -= 1


def pump(rig: Any, sender: Sender, rng: random.Random, loss: float) -> None:
    """One round: some batches go out, some arrive, some twice or out of order, some acks too."""
    arrived: list[Message] = []
    for n, floor in sender.due(rng.randint(1, 12)):
        arrived += [rig.batch(n, ROWS, floor)] * rng.choice((0 if rng.random() < loss else 1, 1, 2))
    if rng.random() < loss:
        rng.shuffle(arrived)
    rig.pipeline.handle(arrived)
    if rng.random() < 0.5:
        rig.store.flush()
    if rng.random() < 0.3:
        rig.clock.advance(1_100)
    acks, rig.acks[:] = list(rig.acks), []
    for to in acks:
        if rng.random() >= loss:
            sender.answered(to.ack)
    if sender.next > min(sender.total, sender.upto + WINDOW) and rng.random() < 0.3:
        sender.next = sender.upto + 1  # E5: no progress


@pytest.mark.parametrize("seed", range(6))
def test_every_sample_once_under_loss_repetition_and_restarts(
    open_store: Callable[..., Store], rig_of: Callable[[Store], Any], seed: int
) -> None:
    rng = random.Random(seed)
    sender = Sender(total=120)
    rig = rig_of(open_store())
    for _ in range(3_000):
        pump(rig, sender, rng, loss=0.3)
        if rng.random() < 0.05:  # a kill: committed rows stay, acknowledgements do not
            rig.store.flush()
            rig.acks.clear()
            rig = rig_of(rig.store)
        if sender.upto == sender.total:
            break
    rig.store.flush()
    assert sender.upto == sender.total
    assert rig.values() == [float(i) for i in range(120 * ROWS)]
    assert rig.rows("SELECT n FROM batches ORDER BY n") == [(n,) for n in range(1, 121)]
    assert rig.rows("SELECT count(*) FROM gaps") == [(0,)]


def test_a_kill_between_insert_and_acknowledgement(
    open_store: Callable[..., Store], rig_of: Callable[[Store], Any]
) -> None:
    store = open_store()
    killed = rig_of(store)
    killed.take(killed.batch(1), killed.batch(2))
    killed.acks.clear()  # committed, but nobody heard of it
    store.close()
    restarted = rig_of(open_store())
    restarted.take(*(restarted.batch(n) for n in (1, 2, 3)))
    assert restarted.values() == [float(i) for i in range(30)]
    assert restarted.upto() == 3
    assert restarted.pipeline.counters.duplicates == 2


def test_a_new_epoch_counts_from_one(rig: Any) -> None:
    rig.take(rig.batch(1), rig.batch(1, epoch="cd"))
    assert rig.rows("SELECT epoch, n FROM batches ORDER BY epoch") == [("ab", 1), ("cd", 1)]


def test_a_copied_outbox_that_is_behind_changes_nothing(rig: Any) -> None:
    rig.take(rig.batch(1), rig.batch(2))
    rig.take(rig.batch(1), rig.batch(2))
    assert rig.values() == [float(i) for i in range(20)]
    assert rig.upto() == 2  # above the copy's highest number: the edge begins a new epoch (E3)


def test_batch_numbers_go_on_after_a_restart(rig: Any, rig_of: Callable[[Store], Any]) -> None:
    rig.take(rig.batch(1), rig.message("seamline/v1/raw/a/b/c/d/t", "1"))
    restarted = rig_of(rig.store)
    restarted.take(restarted.batch(2))
    assert rig.rows("SELECT batch_id FROM batches ORDER BY batch_id") == [(1,), (2,), (3,)]
