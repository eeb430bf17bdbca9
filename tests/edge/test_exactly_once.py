"""Outbox and watermark together, under everything that can happen between them.

The real outbox on a real SQLite file and the real watermark before a store that is a list; between
them a schedule that hypothesis invents. When all has gone well for a while afterwards, every
accepted row is stored exactly once, or its number stands in `gaps`.
"""

import json
import random
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seamline_broker.clock import ManualClock
from seamline_broker.contracts.batch import Ack, split_message
from seamline_edge.outbox import Block, Outbox, OutboxFile
from seamline_platform.ingest.watermark import Key, Verdict, Watermarks

NODES = ("hangzhou/line-1", "hangzhou/plant")
Step = tuple[object, ...]
Steps = list[Step]
Way = st.SearchStrategy[Step]


@dataclass
class Stored:
    """What a database holds."""

    batches: dict[Key, int] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)
    gaps: list[tuple[str, str, int, int]] = field(default_factory=list)

    def copy(self) -> "Stored":
        return Stored(dict(self.batches), list(self.rows), list(self.gaps))


class PlatformModel:
    """Ingest as the rules say it: takes by watermark, commits in one go, acknowledges after."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.store_id = "store-1"
        self.stored = Stored()
        self.checkpoint_of = Stored()
        self.pending: list[tuple[Key, int, list[int], tuple[int, int] | None]] = []
        self.births: dict[str, str] = {}
        self._start()

    def _start(self) -> None:
        """Open the database: what is in it is checkpointed then; retained births are heard."""
        self.pending = []
        self.checkpoint_of = self.stored.copy()
        self.marks = Watermarks(
            self.store_id, {tuple(k): n for k, n in self.stored.batches.items()}
        )
        for node, epoch in self.births.items():
            self.born(node, epoch)

    def born(self, node: str, epoch: str) -> None:
        self.births[node] = epoch
        self.marks.born(Key(*node.split("/"), epoch))

    def receive(self, node: str, payload: bytes) -> None:
        header, body = split_message(payload)
        key = Key(*node.split("/"), header.epoch)
        decision = self.marks.offer(key, header, self._clock.steady_s())
        if decision.gap is not None:
            self.pending.append((key, decision.gap[1], [], decision.gap))
        if decision.verdict is Verdict.TAKE:
            rows = [int(v) for v in json.loads(body)["readings"]["value"]]
            assert len(rows) == header.rows
            self.pending.append((key, header.n, rows, None))

    def commit(self) -> None:
        for key, n, rows, gap in self.pending:
            self.stored.batches[key] = n
            self.stored.rows.extend(rows)
            if gap is not None:
                self.stored.gaps.append((f"{key.site}/{key.node}", key.epoch, *gap))
        for key, n, _, _ in self.pending:
            self.marks.committed(key, n)
        self.pending = []

    def checkpoint(self) -> None:
        self.checkpoint_of = self.stored.copy()
        self.marks.checkpointed()

    def kill(self, wal_lost: bool) -> None:
        if wal_lost:
            self.stored = self.checkpoint_of.copy()
        self._start()

    def restore(self, backup: Stored) -> None:
        self.stored = backup.copy()
        self._start()


class World:
    """Edge, platform, and what is under way between them."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock(1_000_000)
        self.platform = PlatformModel(self.clock)
        self.path = folder / "outbox.sqlite"
        self.up: list[tuple[str, bytes]] = []
        self.down: list[tuple[str, Ack]] = []
        self.next_row = 0
        self.accepted: set[int] = set()  # those whose disk is still there
        self.where: dict[int, tuple[str, str, int]] = {}
        self.bytes_of: dict[tuple[str, str, int], bytes] = {}
        self.copy: tuple[bytes, set[int]] | None = None
        self.backup: Stored | None = None
        self.restored = False
        self.published = 0
        self._open()

    def _open(self) -> None:
        self.outbox = Outbox(OutboxFile(self.path, NODES), self.clock)
        self.down = []  # a clean session hears nothing from before
        for node in NODES:
            self.platform.born(node, self.outbox.epoch(node))
        self._note_numbers()

    def take(self, node: str, rows: int) -> None:
        values = list(range(self.next_row, self.next_row + rows))
        self.next_row += rows
        devices = [f"d{v % 7}" for v in values]
        self.outbox.take([Block(node, 1_600_000_000_000, devices, ["m"], [values])], [], None)
        self.outbox.flush()
        self.accepted.update(values)
        self._note_numbers()

    def _note_numbers(self) -> None:
        """Remember under which number each row stands now."""
        with closing(sqlite3.connect(self.path)) as db:
            found = db.execute(
                "SELECT node, epoch, n, body FROM batch JOIN meta USING (node)"
            ).fetchall()
        for node, epoch, n, body in found:
            for value in json.loads(body)["readings"]["value"]:
                self.where[int(value)] = (node, epoch, n)

    def _publish(self, node: str, payload: bytes, room: list[int]) -> bool:
        if room[0] == 0:
            return False
        room[0] -= 1
        self.published += 1
        header, body = split_message(payload)
        known = self.bytes_of.setdefault((node, header.epoch, header.n), body)
        assert known == body, "a number's bytes changed"
        self.up.append((node, payload))
        return True

    def pump(self, room: int) -> None:
        left = [room]
        for node in self.outbox.run(lambda node, payload: self._publish(node, payload, left)):
            self.platform.born(node, self.outbox.epoch(node))

    def hear(self, node: str, ack: Ack) -> None:
        if self.outbox.on_ack(node, ack):
            self.platform.born(node, self.outbox.epoch(node))
            self._note_numbers()

    def collect_acks(self) -> None:
        acks = self.platform.marks.take_acks()
        self.down.extend((f"{to.site}/{to.node}", to.ack) for to in acks)

    def copy_file(self) -> None:
        """Copy the file, but not while rows wait above the fence: either copy could send them."""
        for state in self.outbox.file.states().values():
            if state.fence is not None and state.last > state.fence:
                return
        with closing(sqlite3.connect(self.path)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.copy = (self.path.read_bytes(), set(self.accepted))

    def put_copy_back(self, arrive: bool) -> None:
        """The disk is lost with what only it held; the copy goes on instead."""
        if self.copy is None:
            return
        content, accepted = self.copy
        self.outbox.file.close()
        self.arrive() if arrive else self.up.clear()
        self.platform.commit()
        for ending in ("-wal", "-shm"):
            self.path.with_name(self.path.name + ending).unlink(missing_ok=True)
        self.path.write_bytes(content)
        self.accepted = set(accepted)
        self.bytes_of = {}  # what the lost disk had sent and nobody got was never a number
        self._open()

    def arrive(self) -> None:
        for message in self.up:
            self.platform.receive(*message)
        self.up = []

    def round_trip(self) -> None:
        """Everything that is under way arrives, in order."""
        self.pump(1_000)
        self.arrive()
        self.platform.commit()
        self.collect_acks()
        down, self.down = self.down, []
        for node, ack in down:
            self.hear(node, ack)

    def heal(self, ticks: int) -> int:
        """Let all go well; return after how many ticks of 0.1 s everything was acknowledged."""
        for tick in range(ticks):
            if not self.outbox.unacked and tick > 20:
                return tick
            if tick % 10 == 9:
                self.platform.checkpoint()
            self.round_trip()
            self.clock.advance(100)
        raise AssertionError(f"not drained after {ticks} ticks: {self.outbox.unacked} batches")

    def check(self) -> None:
        stored = Counter(self.platform.stored.rows)
        twice = [row for row, count in stored.items() if count > 1]
        assert not twice, f"stored twice: {twice[:5]}"
        lost = sorted(self.accepted - set(stored))
        for row in lost:
            node, epoch, n = self.where[row]
            gaps = [g for g in self.platform.stored.gaps if g[:2] == (node, epoch)]
            assert any(g[2] <= n <= g[3] for g in gaps), f"row {row} is lost: {node} {epoch} {n}"
        assert self.restored or not (lost or self.platform.stored.gaps)


def play(world: World, step: Step) -> None:
    """Carry out one step of a schedule."""
    match step:
        case ("take", int(node), int(rows)):
            world.take(NODES[node], rows)
        case ("pump", int(room)):
            world.pump(room)
        case ("up", int(index), str(fate)) if world.up:
            message = world.up[index % len(world.up)]
            if fate != "lose":
                world.platform.receive(*message)
            if fate != "duplicate":
                world.up.remove(message)
        case ("down", int(index), str(fate)) if world.down:
            ack = world.down[index % len(world.down)]
            if fate != "duplicate":
                world.down.remove(ack)
            if fate != "lose":
                world.hear(*ack)
        case ("commit",):
            world.platform.commit()
        case ("checkpoint",):
            world.platform.checkpoint()
        case ("all is well",):
            world.round_trip()
        case ("kill platform", bool(wal_lost)):
            world.platform.kill(wal_lost)
        case ("kill edge",):
            world.outbox.file.close()
            world._open()
        case ("tick", int(milliseconds)):
            world.clock.advance(milliseconds)
        case ("copy",):
            world.copy_file()
        case ("put copy back", bool(arrive)):
            world.put_copy_back(arrive)
        case ("back up",):
            world.backup = world.platform.stored.copy()
        case ("restore",) if world.backup is not None:
            world.restored = True
            world.platform.restore(world.backup)
    world.collect_acks()


def _way(name: str) -> Way:
    fate = st.sampled_from(["arrive", "arrive", "arrive", "duplicate", "lose"])
    return st.tuples(st.just(name), st.integers(0, 9), fate)


ORDINARY = (
    st.tuples(st.just("take"), st.integers(0, 1), st.integers(1, 4)),
    st.tuples(st.just("pump"), st.integers(1, 70)),
    _way("up"),
    _way("up"),
    _way("down"),
    st.just(("commit",)),
    st.just(("checkpoint",)),
    st.just(("all is well",)),
    st.tuples(st.just("tick"), st.sampled_from([50, 300, 1_500, 20_000])),
)
KILLS = (st.tuples(st.just("kill platform"), st.booleans()), st.just(("kill edge",)))
KILLS_WAL_KEPT = (st.just(("kill platform", False)), st.just(("kill edge",)))
COPIES = (st.just(("copy",)), st.tuples(st.just("put copy back"), st.booleans()))
BACKUPS = (st.just(("back up",)), st.just(("restore",)))


def schedule(*kinds: tuple[Way, ...]) -> st.SearchStrategy:  # type: ignore[type-arg]
    return st.lists(st.one_of(*(step for kind in kinds for step in kind)), min_size=30, max_size=90)


COMMON = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def run(steps: Steps) -> None:
    memory = Path("/dev/shm")  # where it exists, fsync costs nothing; nobody pulls the plug here
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        world = World(Path(folder))
        try:
            # One more row of each node at the end, so that a gap before it is noticed.
            for step in [*steps, ("take", 0, 1), ("take", 1, 1)]:
                play(world, step)
            world.heal(4_000)
            world.check()
        finally:
            world.outbox.file.close()


@COMMON
@given(schedule(ORDINARY))
def test_nothing_is_lost_or_doubled_by_the_channel(steps: Steps) -> None:
    run(steps)


@COMMON
@given(schedule(ORDINARY, KILLS))
def test_nothing_is_lost_or_doubled_by_kills(steps: Steps) -> None:
    run(steps)


@COMMON
@given(schedule(ORDINARY, KILLS_WAL_KEPT, COPIES))
def test_an_old_copy_of_the_outbox_doubles_nothing(steps: Steps) -> None:
    run(steps)


@COMMON
@given(schedule(ORDINARY, KILLS, BACKUPS))
def test_a_restored_database_loses_only_what_gaps_tell(steps: Steps) -> None:
    run(steps)


def test_a_new_database_takes_over_without_a_hand() -> None:
    """As after `--fresh` on the host of a Pi: what came before is in the old database."""
    with TemporaryDirectory() as folder:
        world = World(Path(folder))
        for _ in range(10):
            world.take(NODES[0], 3)
            world.round_trip()
        world.platform.checkpoint()
        world.round_trip()
        for _ in range(200):
            world.take(NODES[0], 1)
        world.accepted -= set(world.platform.stored.rows)
        world.platform.store_id = "store-2"
        world.restored = True  # the new one has gaps: the numbers of before
        world.platform.restore(Stored())
        assert world.heal(2_000) > 300  # 0.1 s each: not before the old one has been silent a while
        world.check()
        assert len(world.platform.stored.rows) == 200
        world.outbox.file.close()


def test_a_lossy_channel_of_limited_capacity_drains_without_a_storm() -> None:
    """200 batches, 5 messages per 0.1 s, each fifth lost, half a second on the way, one restart."""
    draw = random.Random(7)
    with TemporaryDirectory() as folder:
        world = World(Path(folder))
        for _ in range(200):
            world.take(NODES[0], 2)
        way: list[list[tuple[str, bytes]]] = [[] for _ in range(5)]
        ticks = 0
        while world.outbox.unacked:
            world.pump(5)
            way.append([m for m in world.up if draw.random() > 0.2])
            world.up = way.pop(0)
            world.arrive()
            world.platform.commit()
            if ticks % 20 == 19:
                world.platform.checkpoint()
            if ticks == 100:
                world.platform.kill(wal_lost=True)
            world.collect_acks()
            for node, ack in world.down:
                if draw.random() > 0.2:
                    world.hear(node, ack)
            world.down = []
            world.clock.advance(100)
            ticks += 1
            assert ticks < 6_000, "did not drain in ten minutes"
        world.check()
        world.outbox.file.close()
    # A rewind sends a window again at most once per second and doubling: no more than this.
    assert world.published < 200 * 20
