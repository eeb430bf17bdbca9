"""Which numbered batches are taken, and what is acknowledged: rules P1 to P7, pure.

P1  The mark m of (node, epoch) is the highest number that is taken; at start it is max(n) of the
    table `batches`, and it is kept nowhere else.
P2  n <= m: a duplicate, dropped. n = m + 1: taken, m = n.
P3  n > m + 1 and floor > m + 1: the sender no longer holds m + 1 .. floor - 1. They are lost,
    a row in `gaps` says so, m = floor - 1, then P2 again.
P4  n > m + 1 otherwise: dropped, and the sender is asked to resume at m + 1, once per T.
P5  A body that does not decode is rejected and its number taken all the same: else it would be
    sent for ever.
P6  Rows and number are committed in one transaction; only then the number is acknowledged as
    `upto`. After the checkpoint that follows, it is acknowledged as `safe` too.
P7  At each connect, and at each birth of a node, the mark is sent with the wish to resume.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

from seamline_broker.contracts.batch import Ack, BatchHeader

RESUME_EVERY_S: Final = 1.0


class Key(NamedTuple):
    """Names one numbering: a node and the epoch of its outbox file."""

    site: str
    node: str
    epoch: str


class Verdict(Enum):
    """What becomes of a batch."""

    TAKE = "take"
    DUPLICATE = "duplicate"
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict on a batch, and the numbers that are lost for good before it (first, last)."""

    verdict: Verdict
    gap: tuple[int, int] | None = None


class AckTo(NamedTuple):
    """An acknowledgement and the node that it goes to."""

    site: str
    node: str
    ack: Ack


@dataclass(slots=True)
class _Mark:
    taken: int = 0
    committed: int = 0
    safe: int = 0
    asked_s: float = float("-inf")
    ack_due: bool = False
    resume_due: bool = False


class Watermarks:
    """The marks of all nodes. Not thread-safe: whoever shares it holds a lock.

    Example:
        >>> marks = Watermarks("store-1", {})
        >>> key = Key("hangzhou", "line-1", "ab")
        >>> marks.offer(key, BatchHeader("ab", 1, 1, 10), now_s=0.0).verdict
        <Verdict.TAKE: 'take'>
        >>> marks.committed(key, 1)
        >>> marks.take_acks()[0].ack.upto
        1
    """

    def __init__(self, store_id: str, marks: Mapping[tuple[str, str, str], int]) -> None:
        """Start from the marks in the store; all of them are checkpointed already."""
        self._store_id = store_id
        self._marks: dict[Key, _Mark] = {}
        self._latest: dict[tuple[str, str], str] = {}
        self.reload(marks, safe=True)

    def reload(self, marks: Mapping[tuple[str, str, str], int], *, safe: bool = False) -> None:
        """Take the marks of the store over again, after an error or a reopening."""
        known = self._marks
        self._marks = {}
        for key, n in marks.items():
            old = known.get(Key(*key), _Mark())
            self._marks[Key(*key)] = _Mark(
                n, n, n if safe else min(old.safe, n), ack_due=True, resume_due=True
            )
        for key in known:
            if key not in self._marks:
                self._marks[key] = _Mark(ack_due=True, resume_due=True)

    def roll_back(self, taken: Mapping[Key, int]) -> None:
        """Take numbers back that will not be committed: each node resumes after `taken`."""
        for key, n in taken.items():
            mark = self._marks.setdefault(key, _Mark())
            mark.taken = n
            mark.ack_due = mark.resume_due = True

    def behind(self, marks: Mapping[tuple[str, str, str], int]) -> bool:
        """Tell whether the store, which has `marks`, lacks numbers that were committed."""
        return any(mark.committed > marks.get(key, 0) for key, mark in self._marks.items())

    def offer(self, key: Key, header: BatchHeader, now_s: float) -> Decision:
        """Decide on a batch by its header; what is taken must be committed or reloaded."""
        mark = self._marks.setdefault(key, _Mark())
        self._latest[key.site, key.node] = key.epoch
        if header.n <= mark.taken:
            mark.ack_due = True  # its ack may have been lost
            return Decision(Verdict.DUPLICATE)
        gap = None
        if header.n > mark.taken + 1 and header.floor > mark.taken + 1:
            gap = (mark.taken + 1, header.floor - 1)
            mark.taken = header.floor - 1
        if header.n == mark.taken + 1:
            mark.taken = header.n
            return Decision(Verdict.TAKE, gap)
        if now_s - mark.asked_s >= RESUME_EVERY_S:
            mark.asked_s = now_s
            mark.ack_due = mark.resume_due = True
        return Decision(Verdict.AHEAD, gap)

    def committed(self, key: Key, n: int) -> None:
        """Note that all numbers up to `n` are committed."""
        mark = self._marks.setdefault(key, _Mark())
        mark.committed = max(mark.committed, n)
        mark.taken = max(mark.taken, n)
        mark.ack_due = True

    def checkpointed(self) -> None:
        """Note that everything committed so far is in the database file itself."""
        for mark in self._marks.values():
            if mark.safe < mark.committed:
                mark.safe = mark.committed
                mark.ack_due = True

    def connected(self) -> None:
        """After a (re)connect every node in use hears its mark and resumes there (P7)."""
        for (site, node), epoch in self._latest.items():
            self.born(Key(site, node, epoch))

    def born(self, key: Key) -> None:
        """A node came (back) to life: it hears its mark and resumes there (P7)."""
        mark = self._marks.setdefault(key, _Mark())
        self._latest[key.site, key.node] = key.epoch
        mark.ack_due = mark.resume_due = True

    def take_acks(self) -> list[AckTo]:
        """Return the acknowledgements that are due now, each once."""
        due: list[AckTo] = []
        for key, mark in self._marks.items():
            if not mark.ack_due:
                continue
            ack = Ack(key.epoch, self._store_id, mark.committed, mark.safe, mark.resume_due)
            due.append(AckTo(key.site, key.node, ack))
            mark.ack_due = mark.resume_due = False
        return due

    def mark(self, key: Key) -> int:
        """Return the highest number taken."""
        return self._marks.get(key, _Mark()).taken
