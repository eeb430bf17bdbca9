"""Processes of the ingest benchmark: the ingest itself, two kinds of publishers, an alternative.

Each is started by `bench_ingest` with one JSON argument, tells in JSON lines on standard output how
far it is, and is steered by lines on standard input: a number is the highest message that may be
sent; the end of the input means: finish what you have and leave.
"""

import json
import random
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from time import thread_time
from typing import Any, Final

import duckdb
import psutil

from seamline_broker.client import MqttClient
from seamline_broker.clock import WallClock
from seamline_broker.contracts.batch import (
    WINDOW,
    Ack,
    BatchBody,
    BatchHeader,
    Readings,
    encode_body,
    encode_message,
)
from seamline_broker.contracts.messages import Birth
from seamline_broker.contracts.topics import RAW_FILTER, NodeId
from seamline_broker.parentwatch import watch_parent
from seamline_platform.ingest import Handlers, Ingest, IngestSettings
from seamline_platform.ingest.inbox import Message
from seamline_platform.store import Store, StoreSettings

REPORT_S: Final = 0.1
CELLS: Final = 50
BODIES: Final = 32
"""Different batches that a publisher sends again and again."""
BATCH_ROWS: Final = 1_000
NODES: Final = ("bench/line-1", "bench/line-2")
T0_MS: Final = 1_757_376_000_000
_STEPS: Final = {"ingest": "decode", "store-writer": "insert"}


def say(document: dict[str, object]) -> None:
    """Print one line for the parent."""
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


class Orders:
    """What the parent wrote: the highest number allowed, and whether to leave."""

    def __init__(self) -> None:
        self.limit = 0
        self.changed = threading.Condition()
        self.leave = threading.Event()
        threading.Thread(target=self._read, name="orders", daemon=True).start()

    def _read(self) -> None:
        for line in sys.stdin:
            with self.changed:
                self.limit = int(line)
                self.changed.notify_all()
        self.leave.set()
        with self.changed:
            self.changed.notify_all()

    def wait(self, sent: int) -> bool:
        """Wait until more than `sent` may be sent; False if it is time to leave."""
        with self.changed:
            self.changed.wait_for(lambda: self.limit > sent or self.leave.is_set())
            return not self.leave.is_set()


def _connect(work: dict[str, Any], name: str, **more: Any) -> MqttClient:
    login = work[name]
    client_id = f"{work['prefix']}-bench-{name}"
    return MqttClient(work["host"], work["port"], client_id=client_id, **login, **more)


# ---- ingest: as the platform runs it, in a process of its own ------------------------------------


class _MeteredIngest(Ingest):
    """Ingest that knows what its acknowledgements cost: they run in the writer's thread."""

    ack_cpu_s = 0.0

    def _confirm(self, messages: list[Message]) -> None:
        started_s = thread_time()
        super()._confirm(messages)
        self.ack_cpu_s += thread_time() - started_s


def _cpu_by_step(ingest: _MeteredIngest) -> dict[str, float]:
    """Return processor seconds by step: threads of ours by name, the rest is DuckDB's."""
    names = {thread.native_id: thread.name for thread in threading.enumerate()}
    steps = {"client": ingest.ack_cpu_s, "decode": 0.0, "insert": -ingest.ack_cpu_s}
    for thread in psutil.Process().threads():
        name = names.get(thread.id, "store-writer")
        if name in ("MainThread", "orders"):
            continue
        steps[_STEPS.get(name, "client")] += thread.user_time + thread.system_time
    return steps


def ingest(work: dict[str, Any]) -> None:
    """Run ingest and store with their default settings, and tell ten times a second."""
    clock, orders = WallClock(), Orders()
    store = Store.open(Path(work["store"]), clock=clock, settings=StoreSettings())
    login = work["platform"]
    settings = IngestSettings(
        work["host"], work["port"], work["prefix"], login["user"], login["password"]
    )
    part = _MeteredIngest(store, clock, Handlers(), settings)
    part.start()
    while not orders.leave.wait(REPORT_S):
        say({"stored": part.counters.rows_stored, "connected": part.connected,
             "cpu_s": _cpu_by_step(part)})  # fmt: skip
    part.stop(20.0)
    store.close(60.0)
    say({"stored": part.counters.rows_stored, "counters": asdict(part.counters)})


# ---- publishers ----------------------------------------------------------------------------------


def raw_topic(cell: int) -> str:
    """Return the topic of a cell: five lines of ten cells."""
    return f"seamline/v1/raw/bench/hall/line-{cell // 10}/cell-{cell}/value"


def raw_publisher(work: dict[str, Any]) -> None:
    """Publish the numbers 0, 1, 2, ... one by one, each to the topic of its cell."""
    orders = Orders()
    # paho looks at all messages under way at each PUBACK if it has to keep a limit by itself.
    client = _connect(work, "replay", max_inflight=0, max_queued=2_000)
    client.start()
    topics = [raw_topic(cell) for cell in range(CELLS)]
    sent = 0
    while orders.wait(sent):
        while sent < orders.limit:
            if client.publish(topics[sent % CELLS], str(sent), 1):
                sent += 1
            else:
                client.wait_pending(1_000, 1.0)
    say({"sent": sent, "drained": client.stop(30.0)})


def body_of(number: int) -> BatchBody:
    """Return one of the different batches: ten devices with four metrics, a value each second."""
    rng = random.Random(number)
    devices = [f"st-{i:02}" for i in range(10)]
    metrics = ["rpm", "current_a", "temperature_c", "vibration_mm_s"]
    readings = Readings(devices, metrics, [], [], [], [], [])
    for row in range(BATCH_ROWS):
        readings.ts_ms.append(T0_MS + number * 60_000 + row // 40 * 1_000)
        readings.d.append(row // 4 % 10)
        readings.m.append(row % 4)
        readings.value.append(None if rng.random() < 0.001 else round(rng.gauss(100, 30), 3))
        readings.quality.append(0)
    return BatchBody(readings, {})


class _Sender:
    """The edge's half of the protocol for one node, from memory: window, acks, rewinding."""

    def __init__(self, client: MqttClient, node: NodeId, bodies: list[bytes]) -> None:
        self.client = client
        self._topic = node.data_topic
        self._bodies = bodies
        self.epoch = f"{random.getrandbits(60):x}"
        self.upto = 0
        self.next = 1
        self.resent = 0
        self._rewind = False

    def answered(self, ack: Ack) -> None:
        """Take an acknowledgement."""
        if ack.epoch == self.epoch:
            self.upto = max(self.upto, ack.upto)
            self._rewind |= ack.resume

    def send(self, highest: int) -> bool:
        """Send what the window allows; False if nothing could be sent."""
        if self._rewind and self.next > self.upto + 1:
            self.resent += self.next - self.upto - 1
            self.next = self.upto + 1
        self._rewind = False
        first = self.next
        while self.next <= min(highest, self.upto + WINDOW):
            header = BatchHeader(self.epoch, self.next, self.upto + 1, BATCH_ROWS)
            body = self._bodies[self.next % BODIES]
            if not self.client.publish(self._topic, encode_message(header, body), 1):
                break
            self.next += 1
        return self.next > first


def _node(
    work: dict[str, Any], number: int, bodies: list[bytes], woken: threading.Event
) -> _Sender:
    """Connect one node, which tells of its birth at each connect."""
    node = NodeId.parse(NODES[number])

    def answered(_topic: str, payload: bytes, *_: object) -> None:
        sender.answered(Ack.decode(payload))
        woken.set()

    def born(connected: MqttClient) -> None:
        # The platform answers with its mark: what was lost with a connection is sent again.
        wall_ms = WallClock().wall_ms()
        birth = Birth(node.site, node.node, "line", True, wall_ms, sender.epoch)
        connected.publish(node.birth_topic, birth.encode(), 1, True)

    client = _connect(work, f"node-{number}", max_inflight=0, on_message=answered, on_connect=born)
    sender = _Sender(client, node, bodies)
    client.subscribe(node.ack_topic, 1)
    client.start()
    client.wait_connected(10.0)
    return sender


def batch_publisher(work: dict[str, Any]) -> None:
    """Publish numbered batches as two nodes do; acknowledgements tell what is stored."""
    orders, woken = Orders(), threading.Event()
    bodies = [encode_body(body_of(i)) for i in range(BODIES)]
    senders = [_node(work, number, bodies, woken) for number in range(len(NODES))]
    while orders.wait(min(s.upto for s in senders)):
        sent = [s.send(orders.limit) for s in senders]
        if not any(sent):
            woken.wait(0.05)
        woken.clear()
    last = [s.next - 1 for s in senders]
    while behind := [s for s, n in zip(senders, last, strict=True) if s.upto < n]:
        sent = [s.send(n) for s, n in zip(senders, last, strict=True) if s in behind]
        if not any(sent) and not woken.wait(10.0):
            break
        woken.clear()
    say({"sent": sum(last), "acknowledged": sum(s.upto for s in senders),
         "resent": sum(s.resent for s in senders)})  # fmt: skip
    for sender in senders:
        sender.client.stop(5.0)


# ---- the alternative -----------------------------------------------------------------------------

_AT_ONCE: Final = 200
"""Rows of one `executemany`: about what it manages in the 250 ms between two commits."""


def alternative(work: dict[str, Any]) -> None:
    """What one would write first: paho, `json.loads`, `executemany`, a commit each 250 ms."""
    orders = Orders()
    rows: list[tuple[object, ...]] = []
    lock = threading.Lock()
    clock = WallClock()

    def arrived(topic: str, payload: bytes, *_: object) -> None:
        levels = topic.split("/")
        row = (clock.wall_ms(), levels[3], "/".join(levels[4:6]), *levels[6:8], json.loads(payload))
        with lock:
            rows.append(row)

    client = _connect(work, "platform", on_message=arrived)
    client.subscribe(RAW_FILTER, 1)
    client.start()
    stored = 0
    path = Path(work["store"])
    path.parent.mkdir(parents=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE readings (ts BIGINT, site VARCHAR, node VARCHAR, device VARCHAR, "
            "metric VARCHAR, value DOUBLE)"
        )
        while not orders.leave.wait(0.25):
            with lock:
                batch, rows[:_AT_ONCE] = rows[:_AT_ONCE], []
            if batch:
                connection.execute("BEGIN TRANSACTION")
                connection.executemany("INSERT INTO readings VALUES (?, ?, ?, ?, ?, ?)", batch)
                connection.execute("COMMIT")
                stored += len(batch)
            say({"stored": stored, "connected": client.connected})
        client.stop(0.0)


PARTS: Final[dict[str, Callable[[dict[str, Any]], None]]] = {
    "ingest": ingest,
    "raw": raw_publisher,
    "batches": batch_publisher,
    "alternative": alternative,
}

if __name__ == "__main__":
    watch_parent()
    PARTS[sys.argv[1]](json.loads(sys.argv[2]))
