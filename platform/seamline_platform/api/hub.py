"""The hub of the live page: subscriptions, rates, queues. No sockets, so that all of it is tested.

Feeding: `set`, `append`, `put` on the loop's thread; from any other thread `post(callable)`, which
the next tick runs. `tick()` comes ten times a second. A client's queue holds what it is to be sent,
one bundle of frames a tick, at most eight bundles: a client that does not drain them is emptied,
gets snapshots when it does, and after three times a lower rate.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import orjson
from pydantic import TypeAdapter, ValidationError

from seamline_broker.clock import Clock
from seamline_broker.errors import SeamlineError
from seamline_platform.api.live_models import RateOp, ResyncOp, SubOp, UnsubOp
from seamline_platform.api.topic_state import SENSOR, Topic, TopicSpec

TICKS_PER_S: Final = 10
RATES: Final = (1, 2, 5, 10)
DEFAULT_RATE: Final = 5
QUEUE_BUNDLES: Final = 8
OVERFLOWS_TO_SLOW: Final = 3
HEARTBEAT_S: Final = 1.0
MAX_INCOMING_BYTES: Final = 4_096
MAX_TOPICS_PER_CLIENT: Final = 64
MAX_SENSORS: Final = 500

SPECS: Final[Mapping[str, TopicSpec]] = {
    "clock": TopicSpec("put"),
    "floor": TopicSpec("set"),
    "lines": TopicSpec("set"),
    "kpi": TopicSpec("put"),
    "orders": TopicSpec("set"),
    "plan": TopicSpec("put"),
    "board": TopicSpec("put"),
    "plan_bars": TopicSpec("set"),
    "plan_proposal": TopicSpec("put"),
    "forecast": TopicSpec("put"),
    "devices": TopicSpec("set"),
    "log": TopicSpec("app", window=300, burst=100),
    "strip": TopicSpec("put"),
    "trace": TopicSpec("put"),
    "compare": TopicSpec("put"),
    "compare_days": TopicSpec("set"),
    "compare_marks": TopicSpec("set"),
}
_SENSOR_SPEC: Final = TopicSpec("app", window=600, burst=120, points=True)
_OPS: Final[TypeAdapter[SubOp | UnsubOp | RateOp | ResyncOp]] = TypeAdapter(
    SubOp | UnsubOp | RateOp | ResyncOp
)
_OPS_TEXT: Final = '{"op":"sub","topics":[..]}, {"op":"unsub","topics":[..]}, '
_EXPECTED: Final = _OPS_TEXT + '{"op":"rate","rate":5} or {"op":"resync","topic":".."}'


class HubFullError(SeamlineError):
    """The hub serves as many clients as it may."""


class Client:
    """One socket as the hub sees it: its rate, what it has of each topic, what waits for it."""

    def __init__(self, on_ready: Callable[[], None]) -> None:
        self.rate = DEFAULT_RATE
        self.overflows = 0
        self.in_flight = False
        """True while the shell is writing a bundle to the socket."""
        self.have: dict[str, int | None] = {}
        """Number of the last step sent, by topic; None: needs a snapshot."""
        self._on_ready = on_ready
        self._queue: deque[list[str]] = deque()
        self._last_s = 0.0
        self._waiting = False

    @property
    def queued(self) -> int:
        """Bundles that wait."""
        return len(self._queue)

    def take(self) -> list[str]:
        """Return the frames to write next, an empty list if there are none."""
        if not self._queue:
            self.in_flight = False
            return []
        self.in_flight = True
        return self._queue.popleft()

    def offer(self, frames: list[str], now_s: float) -> bool:
        """Queue frames; False if they do not fit: then all is dropped and snapshots are due."""
        if len(self._queue) >= QUEUE_BUNDLES:
            self._queue.clear()
            self._waiting = True
            self.have = dict.fromkeys(self.have)
            return False
        self._queue.append(frames)
        self._last_s = now_s
        self._on_ready()
        return True

    def stuck(self) -> bool:
        """Return whether the client has yet to drain after an overflow."""
        if self._waiting and not self._queue and not self.in_flight:
            self._waiting = False
        return self._waiting

    def silent(self, now_s: float) -> bool:
        """Return whether a heartbeat is due."""
        return now_s - self._last_s >= HEARTBEAT_S


class Hub:
    """All topics and all clients."""

    def __init__(self, clock: Clock, epoch: str, max_clients: int = 200) -> None:
        self.epoch = epoch
        self.counters: Counter[str] = Counter()
        """frames, snapshots, deltas, overflows, slowed, refused, errors: since the start."""
        self._clock = clock
        self._max_clients = max_clients
        self._topics = {name: Topic(name, spec) for name, spec in SPECS.items()}
        self._clients: list[Client] = []
        self._inbox: deque[Callable[[Hub], None]] = deque()
        self._dirty: set[str] = set()
        self._steps = 0
        self._ticks = 0
        self._wanted: frozenset[str] = frozenset()

    # Feeding

    def post(self, feed: "Callable[[Hub], None]") -> None:
        """Let the next tick run `feed(hub)`: may be called from any thread."""
        self._inbox.append(feed)

    def set(self, topic: str, values: Mapping[str, object], delete: Iterable[str] = ()) -> None:
        """Set values of a set topic, and delete keys."""
        self._stepped(topic, self._topics[topic].set(values, delete))

    def put(self, topic: str, whole: object) -> None:
        """Replace the content of a put topic."""
        self._stepped(topic, self._topics[topic].put(whole))

    def append(self, topic: str, entries: Sequence[object]) -> None:
        """Append entries to an app topic; a sensor that nobody watches is passed over."""
        found = self._topics.get(topic)
        if found is not None:
            self._stepped(topic, found.append(entries))
        elif not SENSOR.match(topic):
            raise KeyError(topic)

    def _stepped(self, topic: str, changed: bool) -> None:
        if changed:
            self._steps += 1
            self._dirty.add(topic)

    @property
    def wanted_sensors(self) -> frozenset[str]:
        """What follows `sensor:` in the topics that somebody watches; safe from any thread."""
        return self._wanted

    # Clients

    @property
    def clients(self) -> int:
        """Number of clients connected."""
        return len(self._clients)

    def connect(self, on_ready: Callable[[], None]) -> Client:
        """Admit a client and queue its hello; `on_ready` is called whenever frames wait.

        Raises:
            HubFullError: if there are as many clients as allowed.
        """
        if len(self._clients) >= self._max_clients:
            self.counters["refused"] += 1
            raise HubFullError(
                f"{len(self._clients)} pages are connected, and {self._max_clients} are allowed: "
                "close one, then reload."
            )
        client = Client(on_ready)
        self._clients.append(client)
        hello = {
            "t": "hello",
            "v": 1,
            "epoch": self.epoch,
            "now": self._clock.wall_ms() / 1000,
            "rates": RATES,
            "topics": list(SPECS),
        }
        self._send(client, [orjson.dumps(hello).decode()])
        return client

    def disconnect(self, client: Client) -> None:
        """Forget a client."""
        if client in self._clients:
            self._clients.remove(client)
        self._drop_sensors(client.have)

    def receive(self, client: Client, text: str) -> None:
        """Take what a client sent; nonsense is answered with an error frame."""
        if len(text) > MAX_INCOMING_BYTES:
            self._error(client, f"{len(text)} characters", f"at most {MAX_INCOMING_BYTES}", ())
            return
        try:
            op = _OPS.validate_json(text)
        except ValidationError:
            self._error(client, text[:120], _EXPECTED, ("sub", "unsub", "rate", "resync"))
            return
        if isinstance(op, SubOp):
            self._subscribe(client, op)
        elif isinstance(op, UnsubOp):
            gone = {name: client.have.pop(name, None) for name in op.topics}
            self._drop_sensors(gone)
        elif isinstance(op, RateOp):
            self._set_rate(client, op.rate)
        elif op.topic in client.have:
            self.counters["resyncs"] += 1
            client.have[op.topic] = None
            self._serve(client)
        else:
            self._error(client, op.topic, "a topic that is subscribed", sorted(client.have))

    def _set_rate(self, client: Client, rate: int) -> None:
        if rate in RATES:
            client.rate = rate
        else:
            self._error(client, f"rate {rate}", "frames per second", [str(r) for r in RATES])

    def _subscribe(self, client: Client, op: SubOp) -> None:
        if op.rate is not None:
            self._set_rate(client, op.rate)
        resume = op.resume.seq if op.resume and op.resume.epoch == self.epoch else {}
        for name in op.topics:
            topic = self._open(client, name)
            if topic is None:
                continue
            topic.seal()
            have = resume.get(name)
            client.have[name] = have if have is not None and topic.knows(have) else None
        self._serve(client)

    def _open(self, client: Client, name: str) -> Topic | None:
        if name not in client.have and len(client.have) >= MAX_TOPICS_PER_CLIENT:
            self._error(client, name, f"at most {MAX_TOPICS_PER_CLIENT} topics", ())
            return None
        topic = self._topics.get(name)
        if topic is not None:
            return topic
        if not SENSOR.match(name) or len(self._wanted) >= MAX_SENSORS:
            self._error(
                client, name, "a topic that exists", [*SPECS, "sensor:<site/node/device/metric>"]
            )
            return None
        # Numbers never restart within an epoch, so an old position cannot fit a new topic.
        topic = self._topics[name] = Topic(name, _SENSOR_SPEC, self._steps)
        self._wanted |= {name.removeprefix("sensor:")}
        return topic

    def _drop_sensors(self, names: Iterable[str]) -> None:
        for name in names:
            if name in SPECS or name not in self._topics:
                continue
            if not any(name in client.have for client in self._clients):
                del self._topics[name]
                self._dirty.discard(name)
                self._wanted -= {name.removeprefix("sensor:")}

    # Sending

    def tick(self) -> None:
        """Take what was posted and give every client whose turn it is what it has not seen."""
        for _ in range(len(self._inbox)):
            self._inbox.popleft()(self)
        for name in self._dirty:
            self._topics[name].seal()
        self._dirty.clear()
        now_s = self._clock.steady_s()
        beat: str | None = None
        for client in list(self._clients):
            if self._ticks % (TICKS_PER_S // client.rate) == 0:
                self._serve(client)
            if client.silent(now_s) and not client.queued:
                beat = (
                    beat or orjson.dumps({"t": "hb", "ts": self._clock.wall_ms() / 1000}).decode()
                )
                self._send(client, [beat])
        self._ticks += 1

    def _serve(self, client: Client) -> None:
        if client.stuck():
            return
        frames: list[str] = []
        for name, have in client.have.items():
            topic = self._topics[name]
            if have == topic.seq:
                continue
            frame = None if have is None else topic.delta(have)
            self.counters["snapshots" if frame is None else "deltas"] += 1
            frames.append(topic.snapshot() if frame is None else frame)
            client.have[name] = topic.seq
        if frames:
            self._send(client, frames)

    def _send(self, client: Client, frames: list[str]) -> None:
        if client.offer(frames, self._clock.steady_s()):
            self.counters["frames"] += len(frames)
            return
        self.counters["overflows"] += 1
        client.overflows += 1
        if client.overflows % OVERFLOWS_TO_SLOW == 0 and client.rate > RATES[0]:
            client.rate = RATES[RATES.index(client.rate) - 1]
            self.counters["slowed"] += 1
            self._send(client, [orjson.dumps({"t": "rate", "rate": client.rate}).decode()])

    def _error(self, client: Client, what: str, expected: str, exists: Iterable[str]) -> None:
        self.counters["errors"] += 1
        frame = {"t": "err", "what": what, "expected": expected, "exists": list(exists)}
        self._send(client, [orjson.dumps(frame).decode()])

    def metrics(self) -> dict[str, float]:
        """Return counters and gauges for `/metrics.json`."""
        return {
            **{f"ws_{name}": float(count) for name, count in self.counters.items()},
            "ws_clients": float(len(self._clients)),
            "ws_encodings": float(sum(topic.encodings for topic in self._topics.values())),
        }
