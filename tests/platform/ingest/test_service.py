"""Ingest on a real broker: what nodes, sellers and devices send is stored, and nothing stops it."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from seamline_broker.client import MqttClient
from seamline_broker.clock import WallClock
from seamline_broker.contracts.batch import Ack, BatchBody, BatchHeader, Readings, encode_body
from seamline_broker.contracts.batch import encode_message as encode_batch
from seamline_broker.contracts.messages import Birth, SellerOrder
from seamline_broker.embedded import EmbeddedBroker
from seamline_broker.errors import StoreError
from seamline_broker.users import BrokerUser, Secrets
from seamline_platform.ingest import Handlers, Ingest, IngestSettings
from seamline_platform.ingest import service as service_module
from seamline_platform.store import Group, Store
from seamline_platform.store.database import Database

T0 = 1_757_376_000_000
NODE = "hangzhou/line-1"
CELL = "seamline/v1/raw/home/desk/bench/pi-7/t"
ORDER = SellerOrder("o-1", "seller-1", "PL01", "NVY", {"M": 3}, "east", T0, T0)


def eventually(condition: Callable[[], bool], timeout_s: float = 20.0) -> bool:
    end = time.monotonic() + timeout_s
    while not condition() and time.monotonic() < end:
        threading.Event().wait(0.02)
    return condition()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    secrets = Secrets.open(tmp_path / "secrets.json")
    secrets.ensure("platform", "platform")
    secrets.ensure("hangzhou.line-1", "node", NODE)
    secrets.ensure("seller-1", "seller")
    secrets.ensure("pi-7", "raw")
    with EmbeddedBroker(secrets, tmp_path / "broker") as embedded:
        yield embedded


@pytest.fixture
def connect(broker: EmbeddedBroker) -> Iterator[Callable[..., MqttClient]]:
    """Connects as a user of the broker."""
    made: list[MqttClient] = []

    def make(name: str, **more: object) -> MqttClient:
        user = broker.secrets.get(name)
        assert isinstance(user, BrokerUser)
        client = MqttClient(
            "127.0.0.1", broker.port, client_id=f"t-{name}", user=name, password=user.password,
            **more,  # type: ignore[arg-type]
        )  # fmt: skip
        made.append(client)
        client.start()
        assert client.wait_connected(10), client.last_error
        return client

    yield make
    for client in made:
        client.stop(0)


@pytest.fixture
def start(broker: EmbeddedBroker) -> Iterator[Callable[..., Ingest]]:
    """Starts ingest on a store, as the platform does; what still runs at the end is stopped."""
    made: list[Ingest] = []
    user = broker.secrets.get("platform")
    assert user is not None

    def make(store: Store, handlers: Handlers | None = None, queue: int = 20_000) -> Ingest:
        settings = IngestSettings("127.0.0.1", broker.port, "t", user.name, user.password, queue)
        ingest = Ingest(store, WallClock(), handlers or Handlers(), settings)
        made.append(ingest)
        ingest.start()
        assert eventually(lambda: ingest.connected)
        return ingest

    yield make
    for ingest in made:
        ingest.stop(5)


def batch(n: int) -> bytes:
    readings = Readings(["st-1"], ["rpm"], [T0 + n], [0], [0], [float(n)], [0])
    return encode_batch(BatchHeader("ab", n, 1, 1), encode_body(BatchBody(readings, {})))


def values(store: Store) -> list[object]:
    return [row["value"] for row in store.read("SELECT value FROM readings ORDER BY value")]


def test_node_seller_and_device_are_stored_and_answered(
    open_store: Callable[..., Store],
    start: Callable[..., Ingest],
    connect: Callable[..., MqttClient],
) -> None:
    store = open_store()
    orders: list[SellerOrder] = []
    acks: list[Ack] = []
    ingest = start(store, Handlers(on_order=lambda order, wall_ms: orders.append(order)))
    node = connect("hangzhou.line-1", on_message=lambda t, p, *_: acks.append(Ack.decode(p)))
    node.subscribe(f"seamline/v1/ack/{NODE}")
    birth = Birth("hangzhou", "line-1", "line", True, T0, epoch="ab")
    node.publish(f"seamline/v1/node/{NODE}", birth.encode(), 1, True)
    assert eventually(lambda: any(a.resume for a in acks))
    node.publish(f"seamline/v1/data/{NODE}", batch(1))
    connect("pi-7").publish(CELL, "21.5")
    connect("seller-1").publish("seamline/v1/orders/seller-1/new", ORDER.encode())
    assert eventually(lambda: values(store) == [1.0, 21.5] and orders == [ORDER])
    assert eventually(lambda: bool(acks) and acks[-1].upto == 1)
    counters = ingest.counters
    assert (counters.batches, counters.raw_messages, counters.rejected) == (1, 1, 0)
    assert ingest.metrics()["connected"] is True


def test_raw_values_and_orders_sent_while_the_platform_was_away_are_not_lost(
    open_store: Callable[..., Store],
    start: Callable[..., Ingest],
    connect: Callable[..., MqttClient],
) -> None:
    store = open_store()
    start(store).stop(5)
    device = connect("pi-7")
    for i in range(20):
        device.publish(CELL, str(i))
    seller = connect("seller-1")
    seller.publish("seamline/v1/orders/seller-1/new", ORDER.encode())
    assert device.wait_pending(0, 10)
    assert seller.wait_pending(0, 10)
    start(store)
    assert eventually(lambda: values(store) == [float(i) for i in range(20)])
    assert eventually(lambda: set(store.order_sellers()) == {"o-1"})


def test_what_the_store_does_not_take_is_offered_again(
    open_store: Callable[..., Store],
    start: Callable[..., Ingest],
    connect: Callable[..., MqttClient],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = open_store()
    start(store)
    submit, refused = store.submit, []

    def refuse_twice(group: Group, **more: bool) -> None:
        if len(refused) < 2:
            refused.append(group)
            raise StoreError("injected")
        submit(group, **more)

    monkeypatch.setattr(store, "submit", refuse_twice)
    device = connect("pi-7")
    for i in range(5):
        device.publish(CELL, str(i))
    # The broker alone would wait 30 seconds before it sends them again.
    assert eventually(lambda: values(store) == [0.0, 1.0, 2.0, 3.0, 4.0])
    assert len(refused) == 2


def test_raw_values_that_the_writer_gave_up_are_handled_again(
    open_store: Callable[..., Store],
    start: Callable[..., Ingest],
    connect: Callable[..., MqttClient],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = open_store()
    ingest = start(store)
    real, left = store._writer._transaction, [6]

    def fail(groups: list[Group]) -> None:
        left[0] -= 1
        if left[0] >= 0:
            raise duckdb.IOException("IO Error: injected")
        real(groups)

    monkeypatch.setattr(store._writer, "_transaction", fail)
    connect("pi-7").publish(CELL, "21.5")
    assert eventually(lambda: values(store) == [21.5])
    assert store.stats.failed_groups == 1
    assert ingest.counters.raw_messages == 2


def test_the_door_calls_again_although_nodes_go_on_sending(
    open_store: Callable[..., Store],
    start: Callable[..., Ingest],
    connect: Callable[..., MqttClient],
) -> None:
    store = open_store()
    ingest = start(store)
    node = connect("hangzhou.line-1")
    ingest._hang_up()
    n = 0

    def called_again() -> bool:
        nonlocal n
        n += 1
        node.publish(f"seamline/v1/data/{NODE}", batch(n))
        return not ingest._hung_up and ingest.connected

    assert eventually(called_again)
    connect("pi-7").publish(CELL, "-1")
    assert eventually(lambda: -1.0 in values(store))


@pytest.mark.slow  # the embedded broker waits 30 s before it sends again
def test_a_full_queue_pushes_back_and_loses_nothing(
    open_store: Callable[..., Store],
    start: Callable[..., Ingest],
    connect: Callable[..., MqttClient],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(service_module, "_ROOM_ROWS", 20)
    monkeypatch.setattr(service_module, "_DOOR_WAIT_S", 0.05)
    free = [1]
    monkeypatch.setattr(Database, "free_mb", lambda self: free[0])
    store = open_store_full(open_store, free)
    ingest = start(store, queue=50)
    device = connect("pi-7", max_queued=1_000)
    for i in range(500):
        device.publish(CELL, str(i))
    assert device.wait_pending(0, 20)
    assert eventually(lambda: ingest.counters.turned_away > 0)
    assert ingest.counters.queue_max_messages <= 50
    free[0] = 1_000
    assert eventually(lambda: len(set(values(store))) == 500, 60)


def open_store_full(open_store: Callable[..., Store], free: list[int]) -> Store:
    """Open a store while there is room, then let the disk be full."""
    free[0] = 1_000
    store = open_store()
    free[0] = 1
    return store


def test_stop_stores_what_was_received(
    open_store: Callable[..., Store],
    start: Callable[..., Ingest],
    connect: Callable[..., MqttClient],
) -> None:
    store = open_store(commit_ms=60_000)
    ingest = start(store)
    connect("pi-7").publish(CELL, "21.5")
    assert eventually(lambda: ingest.counters.raw_messages == 1)
    ingest.stop(5)
    assert values(store) == [21.5]
    assert not ingest.connected


def test_a_broker_that_was_killed_and_comes_back_loses_nothing(
    broker: EmbeddedBroker,
    open_store: Callable[..., Store],
    start: Callable[..., Ingest],
    connect: Callable[..., MqttClient],
) -> None:
    store = open_store()
    ingest = start(store)
    device = connect("pi-7")
    for i in range(50):
        device.publish(CELL, str(i))
    assert eventually(lambda: len(values(store)) > 0)
    broker.kill()
    for i in range(50, 100):
        device.publish(CELL, str(i))
    broker.start()
    assert eventually(lambda: set(values(store)) == {float(i) for i in range(100)}, 30)
    assert eventually(lambda: ingest.connected)
