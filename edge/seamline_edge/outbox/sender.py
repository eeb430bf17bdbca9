"""Which batch of one node goes out next, and what an acknowledgement means: rules E1 to E6, pure.

E1  Send n in (upto, upto + 64]; nothing above the fence (see E3).
E2  An ack of another epoch is ignored; one of another store is ignored and reported. If the own
    store stays silent and the other keeps answering, it has taken over (a new run on the host):
    from then on its acks count. Its marks are its own, so it misses nothing and gets nothing twice.
E3  A file that is opened again may be an old copy. The highest number it holds then is the
    fence: nothing above it is sent before the first ack. An ack above the fence proves that
    another copy went on: the platform has everything up to the fence and nothing above it of
    ours, so what lies above gets numbers of a new epoch. An ack below lifts the fence.
    What this does not cover: a copy made while the fence stood and rows waited above it (they may
    be stored twice), and a copy put back just before the platform loses its write-ahead log.
E4  Delete n <= safe; the window moves to upto.
E5  Asked to resume, and no progress for T: go on at upto + 1; T doubles until there is progress.
E6  No ack for long although something was sent: send upto + 1 once more, so that an ack that was
    lost with its broker is given again. If that helps, what was sent after it is sent again too:
    the platform takes numbers in order, so it has nothing above its ack.
E7  Something waits above the fence and no ack comes: the node asks for one by another birth.
"""

from dataclasses import dataclass
from typing import Final

from seamline_broker.contracts.batch import WINDOW, Ack

_RESUME_S: Final = 1.0
_RESUME_MAX_S: Final = 30.0
_PROBE_S: Final = 15.0
_PROBE_MAX_S: Final = 120.0
_TAKE_OVER_S: Final = 40.0


@dataclass(frozen=True, slots=True)
class SendState:
    """What the outbox file holds about one node when it is opened.

    `last` is the highest number given, `fence` the highest number at the time when the file was
    opened, or None if the platform has answered since (or the file is new).
    """

    epoch: str
    last: int = 0
    upto: int = 0
    safe: int = 0
    store: str = ""
    fence: int | None = None


@dataclass(frozen=True, slots=True)
class AckOutcome:
    """What the outbox file has to do because of an ack, in this order.

    `restart_above`: give the batches above this number new numbers, from 1, under a new epoch, drop
    the others, then call `Sender.restarted`. `settle`: write store and fence (None) at once.
    `warning`: a sentence for the log.
    """

    restart_above: int | None = None
    settle: bool = False
    warning: str = ""


_NOTHING: Final = AckOutcome()


class Sender:
    """Sends the batches of one node in order, again when asked, and never another under a number.

    Example:
        >>> sender = Sender(SendState("ab12"))
        >>> sender.added()
        1
        >>> sender.next()
        1
    """

    def __init__(self, state: SendState) -> None:
        self._load(state)

    def _load(self, state: SendState) -> None:
        self.epoch = state.epoch
        self.last = state.last
        self.upto = max(state.upto, state.safe)
        self.safe = state.safe
        self.store = state.store
        self.fence = state.fence
        self._next = self.upto + 1
        self._moved_s = 0.0
        self._patience_s = _RESUME_S
        self._resume_at: int | None = None
        self._probe = False
        self._probed = False
        self._probe_s = _PROBE_S
        self._fenced_s: float | None = None
        self._asks = False
        self._other: tuple[str, float] | None = None

    @property
    def unacked(self) -> int:
        """Number of batches that the platform has not committed yet."""
        return self.last - self.upto

    def floor(self, n: int) -> int:
        """Return the oldest number still held, as the header of batch `n` states it."""
        return min(self.safe + 1, n)

    def added(self) -> int:
        """Count a new batch and return its number; its bytes must be stored under it for good."""
        self.last += 1
        return self.last

    def next(self) -> int | None:
        """Return the number to send now, or None if there is none (E1)."""
        if self._probe:
            return self.upto + 1
        limit = min(self.last, self.upto + WINDOW)
        if self.fence is not None:
            limit = min(limit, self.fence)
        return self._next if self._next <= limit else None

    def sent(self, n: int, now_s: float) -> None:
        """Note that batch `n` was handed to the connection."""
        if n == self.upto + 1:
            self._moved_s = now_s
        if self._probe:
            self._probe, self._probed = False, True
        else:
            self._next = n + 1

    def on_ack(self, ack: Ack, now_s: float) -> AckOutcome:
        """Take an ack in and return what the file has to do (E2 to E5)."""
        if ack.epoch != self.epoch:
            return _NOTHING
        moved = self.store and ack.store != self.store
        if moved and not self._taken_over(ack.store, now_s):
            return AckOutcome(
                warning=f"Ack of store {ack.store!r} ignored: this outbox belongs to store "
                f"{self.store!r}. Two platforms on one broker, or a new database with old outboxes."
            )
        self._other = None
        border = self.last if self.fence is None else self.fence
        if ack.upto > border:
            return AckOutcome(
                restart_above=self.upto if self.fence is None else self.fence,
                warning=f"Platform has batch {ack.upto}, this outbox only {border}: it is an old "
                "copy. Going on under a new epoch.",
            )
        settle = self.fence is not None or self.store != ack.store
        warning = ""
        if moved:
            warning = (
                f"Store {self.store!r} is silent: the outbox belongs to {ack.store!r} from now on."
            )
        self.fence = None
        self.store = ack.store
        self._move(ack, now_s)
        return AckOutcome(settle=settle, warning=warning)

    def _taken_over(self, store: str, now_s: float) -> bool:
        """Tell whether another store has been the only one to answer for long enough (E2)."""
        if self._other is None or self._other[0] != store:
            self._other = (store, now_s)
        return now_s - self._other[1] >= _TAKE_OVER_S

    def _move(self, ack: Ack, now_s: float) -> None:
        self.safe = max(self.safe, min(ack.safe, ack.upto))
        if ack.upto > self.upto:
            self.upto = ack.upto
            self._next = self.upto + 1 if self._probed else max(self._next, self.upto + 1)
            self._moved_s = now_s
            self._patience_s, self._probe_s = _RESUME_S, _PROBE_S
            self._resume_at, self._probe, self._probed = None, False, False
        if ack.resume and self._next > ack.upto + 1:
            self._resume_at = max(ack.upto, self.safe)
            self.tick(now_s)

    def tick(self, now_s: float) -> None:
        """Let time pass: a wish to resume becomes due (E5), a probe (E6), or a question (E7)."""
        if self.fence is not None and self.last > self.fence:
            self._fenced_s = now_s if self._fenced_s is None else self._fenced_s
            if now_s - self._fenced_s >= self._probe_s:
                self._asks, self._fenced_s = True, now_s
                self._probe_s = min(2 * self._probe_s, _PROBE_MAX_S)
        waited_s = now_s - self._moved_s
        if self._resume_at is not None:
            if waited_s >= self._patience_s:
                # What has become safe meanwhile is not held any more.
                self.upto, self._resume_at = max(self._resume_at, self.safe), None
                self._next = self.upto + 1
                self._moved_s = now_s
                self._patience_s = min(2 * self._patience_s, _RESUME_MAX_S)
        elif self._next > self.upto + 1 and waited_s >= self._probe_s:
            self._probe = True
            self._moved_s = now_s
            self._probe_s = min(2 * self._probe_s, _PROBE_MAX_S)

    def take_question(self) -> bool:
        """Return whether the node shall be born again to get an ack (E7); True once each time."""
        asks, self._asks = self._asks and self.fence is not None, False
        return asks

    def restarted(self, epoch: str, last: int) -> None:
        """Start over under a new epoch with `last` batches, as E3 demands."""
        self._load(SendState(epoch, last, store=self.store))
