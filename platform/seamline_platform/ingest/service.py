"""Ingest at work: two MQTT connections, a bounded queue, one thread."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

from seamline_broker.client import MqttClient
from seamline_broker.clock import Clock
from seamline_broker.contracts.topics import (
    CLOCK,
    DATA_FILTER,
    NODE_FILTER,
    ORDERS_FILTER,
    RAW_FILTER,
    RESULT_FILTER,
    NodeId,
)
from seamline_broker.errors import StoreError
from seamline_platform.ingest.counters import Counters
from seamline_platform.ingest.handlers import Handlers
from seamline_platform.ingest.inbox import MAX_MESSAGES, Inbox, Message
from seamline_platform.ingest.pipeline import Pipeline
from seamline_platform.ingest.watermark import AckTo
from seamline_platform.store import Store

log = logging.getLogger(__name__)

_WAIT_S: Final = 0.25
_GATHER_S: Final = 0.01
"""So long messages are gathered into one round: waking up for each would cost more than it does."""
_ROOM_ROWS: Final = 100_000
"""Above so many rows waiting for the disk, no more messages are opened."""
_DOOR_WAIT_S: Final = 4.0
"""So long may a network thread wait for room; keep-alives come every 15 s."""
_DATA: Final = DATA_FILTER.partition("+")[0]


@dataclass(frozen=True, slots=True)
class IngestSettings:
    """How to reach the broker, and how many messages may wait.

    `client_prefix` is random per installation: who guesses a client id could empty its session.
    """

    host: str
    port: int
    client_prefix: str
    user: str | None = None
    password: str | None = None
    queue_messages: int = MAX_MESSAGES


class Ingest:
    """Subscribes to everything that nodes, sellers and raw devices send, and stores it.

    Numbered data, births and the run's clock come over a clean session with ordinary
    acknowledgements: what is missed is sent again because its number was not acknowledged.
    Raw values, seller orders and command results have no such numbers: they come over a persistent
    session, and the broker is told only after the commit (at least once).

    Example:
        ingest = Ingest(store, clock, Handlers(on_batch=print), IngestSettings(host, port, "ab12"))
        ingest.start(); ...; ingest.stop()
    """

    def __init__(
        self, store: Store, clock: Clock, handlers: Handlers, settings: IngestSettings
    ) -> None:
        self._store = store
        self._settings = settings
        self._inbox = Inbox(settings.queue_messages)
        self._unstored: deque[Message] = deque()
        self._session = 0
        self._hung_up = False
        self._stopping = threading.Event()
        self._reconnected = threading.Event()
        self._pipeline = Pipeline(
            store,
            clock,
            handlers,
            send_acks=self._send_acks,
            confirm=self._confirm,
            again=self._handle_again,
        )
        self._thread = threading.Thread(target=self._run, name="ingest", daemon=True)
        self.client = self._data_client()
        self._door = self._door_client()

    @property
    def counters(self) -> Counters:
        """What was counted so far."""
        counters = self._pipeline.counters
        counters.queue_messages = self._inbox.messages
        counters.queue_bytes = self._inbox.bytes
        counters.queue_max_messages = self._inbox.max_seen
        return counters

    @property
    def connected(self) -> bool:
        """True while both connections stand."""
        return self.client.connected and self._door.connected

    def metrics(self) -> dict[str, object]:
        """Return all counters of ingest and store for `/metrics.json`."""
        return {
            "ingest": asdict(self.counters),
            "store": asdict(self._store.stats),
            "connected": self.connected,
        }

    def plant_ms(self, wall_ms: int) -> int | None:
        """Return plant time, or None before the run's clock was heard."""
        return self._pipeline.plant_clock.plant_ms(wall_ms)

    def _connection(
        self, name: str, on_message: Callable[..., None], *, persistent: bool
    ) -> MqttClient:
        s = self._settings
        return MqttClient(
            s.host,
            s.port,
            client_id=f"{s.client_prefix}-platform-{name}",
            user=s.user,
            password=s.password,
            clean_session=not persistent,
            manual_ack=persistent,
            on_connect=self._door_connected if persistent else self._data_connected,
            on_message=on_message,
        )

    def _data_client(self) -> MqttClient:
        client = self._connection("data", self._on_data, persistent=False)
        for topic_filter in (DATA_FILTER, NODE_FILTER, CLOCK):
            client.subscribe(topic_filter, 1)
        return client

    def _door_client(self) -> MqttClient:
        client = self._connection("door", self._on_door, persistent=True)
        for topic_filter in (RAW_FILTER, ORDERS_FILTER, RESULT_FILTER):
            client.subscribe(topic_filter, 1)
        return client

    def start(self) -> None:
        """Start the thread and both connections; returns at once."""
        self._thread.start()
        self.client.start()
        self._door.start()

    def stop(self, timeout_s: float = 3.0) -> None:
        """Stop listening, store what was received, hang up. The store stays open."""
        self._stopping.set()
        self._inbox.close()
        self._thread.join(timeout_s)
        try:
            self._store.flush(timeout_s)
        except StoreError as exc:
            log.warning("Not everything was stored at the end: %s", exc)
        self._door.stop(timeout_s)
        self.client.stop(timeout_s)

    # ---- network threads: only hand over ---------------------------------------------------------

    def _on_data(self, topic: str, payload: bytes, mid: int, qos: int, retain: bool) -> None:
        # A certificate or the clock is not sent again like a numbered batch: it may wait for room.
        wait_s = 0.0 if topic.startswith(_DATA) else _DOOR_WAIT_S
        if not self._inbox.put(Message(topic, payload, mid, qos, retain, 0), wait_s):
            self._pipeline.counters.turned_away += 1

    def _on_door(self, topic: str, payload: bytes, mid: int, qos: int, retain: bool) -> None:
        if self._hung_up:
            return
        session = self._session if qos > 0 else 0
        message = Message(topic, payload, mid, qos, retain, session)
        if not self._inbox.put(message, _DOOR_WAIT_S) and not self._stopping.is_set():
            # Not acknowledged, so the broker keeps it; it comes again with the next connection.
            self._pipeline.counters.turned_away += 1
            self._hang_up()

    def _data_connected(self, _client: MqttClient) -> None:
        self._reconnected.set()

    def _door_connected(self, _client: MqttClient) -> None:
        self._session += 1

    # ---- ingest thread ---------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            if self._reconnected.is_set():
                self._reconnected.clear()
                self._pipeline.connected()
            messages = self._inbox.take(_WAIT_S, _GATHER_S)
            while self._unstored:
                messages.append(self._unstored.popleft())
            if messages:
                self._handle(messages)
            elif self._stopping.is_set():
                return
            if self._hung_up and not self._stopping.is_set():
                self._call_again()

    def _handle(self, messages: list[Message]) -> None:
        """Handle messages; while the store takes no rows they wait here, and the queue behind."""
        while True:
            if self._store.wait_room(_ROOM_ROWS, _WAIT_S):
                try:
                    self._pipeline.handle(messages)
                    return
                except StoreError as exc:
                    log.error("Messages are not stored yet: %s", exc)
                except Exception:
                    log.exception("A round of messages failed; it comes again.")
                    self._hang_up()
                    return
            if self._stopping.wait(_WAIT_S):
                return

    def _handle_again(self, messages: list[Message]) -> None:
        """Take messages that the store gave up; numbered batches come again from their nodes."""
        self._unstored.extend(messages)

    def _hang_up(self) -> None:
        """Take no more from the open door until it was connected anew."""
        self._hung_up = True

    def _call_again(self) -> None:
        """Connect the open door anew: the broker then sends what was not acknowledged.

        The embedded one does so once its `ack_wait` of 30 seconds is over, Mosquitto at once.
        """
        self._door.stop(0.5)
        self._hung_up = False
        self._door = self._door_client()
        self._door.start()

    # ---- called by the pipeline ------------------------------------------------------------------

    def _send_acks(self, acks: list[AckTo]) -> None:
        if not self.client.connected:
            return  # every node hears its mark at the next connect
        for site, node, ack in acks:
            self.client.publish(NodeId(site, node).ack_topic, ack.encode(), 1)

    def _confirm(self, messages: list[Message]) -> None:
        door, session = self._door, self._session
        for message in messages:
            if message.session == session:
                door.ack(message.mid, message.qos)
