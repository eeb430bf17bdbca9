"""Sellers: MQTT clients of their own, whose orders are sent until the platform has answered."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seamline_broker.clock import WallClock
from seamline_broker.contracts.messages import Promise, SellerOrder
from seamline_broker.contracts.topics import promise_topic
from seamline_broker.embedded import EmbeddedBroker
from seamline_broker.errors import ConfigError
from seamline_edge.seller.service import Sellers, SellersConfig

HOUR_MS = 3_600_000
START_MS = 1_757_400_000_000


def order_event(seq: int, order: str, seller: str = "seller-1") -> list[Any]:
    values = [
        order, seller, "polo", "WHT", '{"M": 70, "L": 50}', 120, "east", START_MS + 24 * HOUR_MS,
        2, 4_500, False,
    ]  # fmt: skip
    return [seq, START_MS, f"market/{seller}", "seller_order", values]


@pytest.fixture
def sellers(broker: EmbeddedBroker, field_bus: Any) -> Iterator[Callable[[], Sellers]]:
    """Starts the process's inside in a thread."""
    started: list[tuple[Sellers, threading.Thread]] = []

    def start() -> Sellers:
        logins = [broker.secrets.get(name) for name in ("seller-1", "seller-2")]
        document = {
            "broker": {"host": broker.connect_host, "port": broker.port},
            "field": {"host": "127.0.0.1", "port": field_bus.port},
            "sellers": [
                {"seller": u.name, "user": u.name, "password": u.password} for u in logins if u
            ],
        }
        made = Sellers(SellersConfig.from_document(document, Path("test.json")), WallClock())
        thread = threading.Thread(target=made.run, daemon=True)
        started.append((made, thread))
        thread.start()
        return made

    yield start
    for made, thread in started:
        made.stop()
        thread.join(10)
        assert not thread.is_alive()


def orders_heard(platform: Any) -> list[SellerOrder]:
    return [SellerOrder.decode(p) for t, p in platform.heard if t.startswith("seamline/v1/orders/")]


def promise(order: str) -> bytes:
    return Promise(order, True, START_MS + 12 * HOUR_MS, "hangzhou", "line-1", "earliest").encode()


def test_an_event_of_the_market_becomes_the_order_of_that_seller(
    sellers: Callable[[], Sellers], platform: Any, field_bus: Any, eventually: Callable[..., bool]
) -> None:
    field_bus.show(order_event(1, "S1-1"))
    field_bus.show(order_event(2, "S2-1", "seller-2"))
    sellers()
    assert eventually(lambda: {o.order for o in orders_heard(platform)} == {"S1-1", "S2-1"})
    topics = {t for t, _ in platform.heard}
    assert topics == {"seamline/v1/orders/seller-1/new", "seamline/v1/orders/seller-2/new"}
    first = next(o for o in orders_heard(platform) if o.order == "S1-1")
    assert first == SellerOrder(
        "S1-1", "seller-1", "polo", "WHT", {"M": 70, "L": 50}, "east", START_MS,
        START_MS + 24 * HOUR_MS, 2, 4_500,
    )  # fmt: skip


def test_an_order_without_an_answer_is_sent_again_after_a_restart_of_the_broker(
    sellers: Callable[[], Sellers],
    platform: Any,
    broker: EmbeddedBroker,
    field_bus: Any,
    eventually: Callable[..., bool],
) -> None:
    sellers()
    field_bus.show(order_event(1, "S1-1"))
    assert eventually(lambda: len(orders_heard(platform)) == 1)
    broker.kill()
    broker.start()
    assert eventually(lambda: len(orders_heard(platform)) >= 2, 15.0)
    assert {o.order for o in orders_heard(platform)} == {"S1-1"}


def test_a_promised_order_is_not_sent_again(
    sellers: Callable[[], Sellers],
    platform: Any,
    broker: EmbeddedBroker,
    field_bus: Any,
    eventually: Callable[..., bool],
) -> None:
    made = sellers()
    field_bus.show(order_event(1, "S1-1"))
    assert eventually(lambda: orders_heard(platform))
    platform.client.publish(promise_topic("seller-1"), promise("S1-1"), 1)
    assert eventually(lambda: field_bus.written)
    written = field_bus.written[0]
    assert (written["node"], written["name"]) == ("market/seller-1", "promise")
    assert written["args"] == {
        "order": "S1-1", "promise_ms": START_MS + 12 * HOUR_MS, "site": "hangzhou",
        "line": "line-1",
    }  # fmt: skip
    before = len(orders_heard(platform))
    broker.kill()
    broker.start()
    field_bus.show(order_event(2, "S1-2"))  # comes through after all have connected again
    assert eventually(lambda: any(o.order == "S1-2" for o in orders_heard(platform)), 15.0)
    assert [o.order for o in orders_heard(platform)][before:].count("S1-1") == 0
    assert made.promised == 1


def test_a_promise_is_told_again_when_the_field_comes_back(
    sellers: Callable[[], Sellers], platform: Any, field_bus: Any, eventually: Callable[..., bool]
) -> None:
    sellers()
    field_bus.show(order_event(1, "S1-1"))
    assert eventually(lambda: orders_heard(platform))
    field_bus.mute = True  # it dies before it answers
    platform.client.publish(promise_topic("seller-1"), promise("S1-1"), 1)
    assert eventually(lambda: len(field_bus.written) == 1)
    field_bus.mute = False
    field_bus.cut()
    assert eventually(lambda: len(field_bus.written) == 2)
    assert field_bus.written[0]["id"] == field_bus.written[1]["id"]


def test_an_answer_that_is_not_readable_changes_nothing(
    sellers: Callable[[], Sellers], platform: Any, field_bus: Any, eventually: Callable[..., bool]
) -> None:
    sellers()
    field_bus.show(order_event(1, "S1-1"))
    assert eventually(lambda: orders_heard(platform))
    platform.client.publish(promise_topic("seller-1"), b"soon", 1)
    platform.client.publish(promise_topic("seller-1"), promise("S1-1"), 1)
    assert eventually(lambda: len(field_bus.written) == 1)


def test_an_order_that_breaks_a_rule_is_left_out(
    sellers: Callable[[], Sellers], platform: Any, field_bus: Any, eventually: Callable[..., bool]
) -> None:
    sellers()
    bad = order_event(1, "S1-bad")
    bad[4][4] = json.dumps({"M": -3})
    field_bus.show(bad)
    field_bus.show(order_event(2, "S1-2"))
    assert eventually(lambda: {o.order for o in orders_heard(platform)} == {"S1-2"})


def test_a_configuration_without_sellers_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"needs broker, field .* and sellers"):
        SellersConfig.from_document({"broker": {}}, Path("x.json"))
