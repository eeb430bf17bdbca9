"""Fixtures of the edge: a broker, a platform that only stores, a field that only talks."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seamline_broker.client import MqttClient
from seamline_broker.clock import WallClock
from seamline_broker.contracts.batch import split_message
from seamline_broker.contracts.commands import CommandMessage, CommandResult
from seamline_broker.contracts.messages import Birth
from seamline_broker.contracts.topics import (
    DATA_FILTER,
    NODE_FILTER,
    RESULT_FILTER,
    NodeId,
    node_of,
)
from seamline_broker.embedded import EmbeddedBroker
from seamline_broker.users import BrokerUser, Secrets, user_of_node
from seamline_edge.gateway import Gateway, GatewayConfig, NodeLogin
from seamline_platform.ingest.watermark import Key, Verdict, Watermarks

NODES = ("hangzhou/line-1", "hangzhou/plant", "lab/pi-7", "hub/warehouse")


def _eventually(condition: Callable[[], object], timeout_s: float = 10.0) -> bool:
    end_s = time.monotonic() + timeout_s
    while not condition() and time.monotonic() < end_s:
        threading.Event().wait(0.01)
    return bool(condition())


@pytest.fixture
def eventually() -> Callable[..., bool]:
    """Waits until a condition holds."""
    return _eventually


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    secrets = Secrets.open(tmp_path / "secrets.json")
    secrets.ensure("platform", "platform")
    for node in NODES:
        secrets.ensure(user_of_node(node), "node", node)
    for seller in ("seller-1", "seller-2"):
        secrets.ensure(seller, "seller")
    with EmbeddedBroker(secrets, tmp_path / "broker") as running:
        yield running


class StoringPlatform:
    """A platform that takes batches by watermark and keeps rows in lists."""

    def __init__(self, host: str, port: int, user: BrokerUser) -> None:
        self.readings: list[tuple[str, str, str, int, float | None, int]] = []
        """node, device, metric, ts_ms, value, quality."""
        self.events: dict[str, list[dict[str, Any]]] = {}
        self.births: dict[str, Birth] = {}
        self.results: list[CommandResult] = []
        self.heard: list[tuple[str, bytes]] = []
        self.answering = True
        self._marks = Watermarks("store-1", {})
        self._clock = WallClock()
        self._lock = threading.Lock()
        self.client = MqttClient(
            host, port, client_id="stub-platform", user=user.name, password=user.password,
            on_message=self._arrived, clean_session=False,  # as orders need it
        )  # fmt: skip
        for topic_filter in (DATA_FILTER, NODE_FILTER, RESULT_FILTER, "seamline/v1/orders/+/new"):
            self.client.subscribe(topic_filter)
        self.client.start()
        assert self.client.wait_connected(10), self.client.last_error
        assert _eventually(self._subscribed), "subscriptions were not answered"

    def _subscribed(self) -> bool:
        with self.client._lock:  # held from the connect until all subscriptions are sent
            return not self.client._asked

    def _arrived(self, topic: str, payload: bytes, _mid: int, _qos: int, _retain: bool) -> None:
        self.heard.append((topic, payload))
        if topic.startswith("seamline/v1/data/"):
            self._data(topic, payload)
        elif topic.startswith("seamline/v1/node/"):
            birth = Birth.decode(payload)
            self.births[f"{birth.site}/{birth.node}"] = birth
            if birth.online:
                self._marks.born(Key(birth.site, birth.node, birth.epoch))
        elif topic.startswith("seamline/v1/result/"):
            self.results.append(CommandResult.decode(payload))
        self._acknowledge()

    def _data(self, topic: str, payload: bytes) -> None:
        node = node_of(topic)
        header, body = split_message(payload)
        key = Key(node.site, node.node, header.epoch)
        if self._marks.offer(key, header, self._clock.steady_s()).verdict is Verdict.TAKE:
            document = json.loads(body)
            r = document["readings"]
            for d, m, ts_ms, value, quality in zip(
                r["d"], r["m"], r["ts_ms"], r["value"], r["quality"], strict=True
            ):
                self.readings.append(
                    (str(node), r["device"][d], r["metric"][m], ts_ms, value, quality)
                )
            for kind, columns in document["events"].items():
                rows = [
                    dict(zip(columns, row, strict=True))
                    for row in zip(*columns.values(), strict=True)
                ]
                self.events.setdefault(kind, []).extend(row | {"node": str(node)} for row in rows)
            self._marks.committed(key, header.n)
            self._marks.checkpointed()

    def _acknowledge(self) -> None:
        if self.answering:
            for to in self._marks.take_acks():
                self.client.publish(NodeId(to.site, to.node).ack_topic, to.ack.encode(), 1)

    def command(self, node: str, message: CommandMessage) -> None:
        assert self.client.publish(NodeId.parse(node).command_topic, message.encode(), 1)

    def values(self, node: str) -> list[float | None]:
        return [row[4] for row in self.readings if row[0] == node]


@pytest.fixture
def platform(broker: EmbeddedBroker) -> Iterator[StoringPlatform]:
    user = broker.secrets.get("platform")
    assert user is not None
    stub = StoringPlatform(broker.connect_host, broker.port, user)
    yield stub
    stub.client.stop(0)


@pytest.fixture
def config(broker: EmbeddedBroker, tmp_path: Path) -> Callable[..., GatewayConfig]:
    """Makes the configuration of a gateway at the broker."""

    def make(*nodes: str, driver: str = "field", **options: str) -> GatewayConfig:
        users = [broker.secrets.get(user_of_node(node)) for node in nodes]
        return GatewayConfig(
            gateway="test",
            broker_host=broker.connect_host,
            broker_port=broker.port,
            outbox=tmp_path / "outbox" / "test.sqlite",
            nodes=tuple(
                NodeLogin(node, user.name, user.password)
                for node, user in zip(nodes, users, strict=True)
                if user is not None
            ),
            driver=driver,
            driver_options=options,
        )

    return make


@pytest.fixture
def running() -> Iterator[Callable[[Gateway], threading.Thread]]:
    """Runs gateways in threads; at the end all of them are stopped."""
    started: list[tuple[Gateway, threading.Thread]] = []

    def start(gateway: Gateway) -> threading.Thread:
        thread = threading.Thread(target=gateway.run, kwargs={"drain_s": 2.0}, daemon=True)
        started.append((gateway, thread))
        thread.start()
        return thread

    yield start
    for gateway, thread in started:
        if thread.is_alive():
            gateway.stop()
            thread.join(10)
            assert not thread.is_alive()


class TalkingField:
    """A field bus that shows the events it is given, and keeps what is written to it."""

    def __init__(self) -> None:
        self.run = "run-1"
        self.events: list[list[Any]] = []
        self.written: list[dict[str, Any]] = []
        self.mute = False
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(0.1)
        self.port: int = self._server.getsockname()[1]
        self._connections: list[socket.socket] = []
        self._over = False
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def show(self, event: list[Any]) -> None:
        with self._lock:
            self.events.append(event)
            for connection in self._connections:
                self._send(connection, {"plant_ms": 1, "ev": [event], "s": [], "missed": []})

    def cut(self) -> None:
        """Close all connections, as a field that is killed does."""
        connections, self._connections = self._connections, []
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self._over:
            try:
                connection, _ = self._server.accept()
            except TimeoutError:
                continue
            thread = threading.Thread(target=self._talk, args=(connection,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _talk(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError), connection.makefile("rb") as lines:
            for line in lines:
                self._answer(connection, json.loads(line))

    def _answer(self, connection: socket.socket, request: dict[str, Any]) -> None:
        if request["op"] == "hello":
            self._send(connection, {"hello": {"run": self.run, "nodes": [], "catalogue": {}}})
        elif request["op"] == "sub":
            with self._lock:
                seen = [e for e in self.events if e[0] > request["after_seq"]]
                self._connections.append(connection)
                self._send(connection, {"plant_ms": 1, "ev": seen, "s": [], "missed": []})
        elif request["op"] == "write":
            self.written.append(request)
            if not self.mute:
                self._send(
                    connection,
                    {"id": request["id"], "status": "done", "reason": "", "plant_ms": 1},
                )

    def _send(self, connection: socket.socket, document: dict[str, Any]) -> None:
        connection.sendall(json.dumps(document).encode() + b"\n")

    def close(self) -> None:
        self._over = True
        self.cut()
        for thread in self._threads:
            thread.join(5)
        self._server.close()


@pytest.fixture
def field_bus() -> Iterator[TalkingField]:
    field = TalkingField()
    yield field
    field.close()


@pytest.fixture
def shared() -> Path:
    """Returns the folder of shared data beside the repository; it may not exist."""
    return Path(__file__).resolve().parents[2].parent / "shared"
