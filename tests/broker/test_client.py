"""What parts may rely on from the MQTT client, on a real Mosquitto."""

import logging
from collections.abc import Callable
from typing import Any

import pytest

from seamline_broker.client import MqttClient
from seamline_broker.embedded import free_port

Connect = Callable[..., Any]
Eventually = Callable[..., bool]


def test_messages_arrive_with_topic_payload_qos_and_retain_flag(
    mosquitto: Any, connect: Connect, eventually: Eventually
) -> None:
    sender = connect(mosquitto.port)
    assert sender.client.publish("a/b", b"kept", retain=True)
    assert sender.client.wait_pending(0, 3)
    listener = connect(mosquitto.port)
    listener.subscribe("a/#")
    assert eventually(lambda: len(listener.messages) == 1)
    topic, payload, _mid, qos, retain = listener.messages[0]
    assert (topic, payload, qos, retain) == ("a/b", b"kept", 1, True)


def test_a_subscription_before_the_connection_holds(
    mosquitto: Any, connect: Connect, eventually: Eventually
) -> None:
    listener = connect(mosquitto.port, wait=False)
    listener.client.subscribe("x")
    assert listener.client.wait_connected(5)
    sender = connect(mosquitto.port)

    def said_and_heard() -> bool:
        sender.client.publish("x", b"1")
        return bool(listener.messages)

    assert eventually(said_and_heard)


def test_publish_never_blocks_and_says_no_when_too_much_waits() -> None:
    client = MqttClient("127.0.0.1", free_port(), client_id="alone", max_queued=10)
    assert [client.publish("t", b"x") for _ in range(12)] == [True] * 10 + [False] * 2
    assert client.pending() == 10
    assert not client.publish("t", b"x", qos=0)
    assert client.stop(0) is False


def test_qos_0_without_a_connection_is_not_accepted() -> None:
    client = MqttClient("127.0.0.1", free_port(), client_id="alone")
    assert not client.publish("t", b"x", qos=0)
    assert client.pending() == 0


def test_pending_falls_to_zero_for_both_qualities(mosquitto: Any, connect: Connect) -> None:
    client = connect(mosquitto.port).client
    for number in range(500):
        assert client.publish("t", b"%d" % number, qos=number % 2)
    assert client.wait_pending(0, 5)
    assert client.pending() == 0


def test_what_was_accepted_survives_a_killed_broker_and_subscriptions_are_renewed(
    mosquitto: Any, connect: Connect, eventually: Eventually
) -> None:
    connects: list[str] = []
    listener = connect(mosquitto.port, on_connect=lambda client: connects.append(client.client_id))
    sender = connect(mosquitto.port)
    listener.subscribe("t")
    mosquitto.kill()
    assert eventually(lambda: not sender.client.connected and not listener.client.connected)
    assert sender.client.last_error
    mosquitto.start()
    assert listener.client.wait_connected(10)
    assert sender.client.publish("t", b"meanwhile")
    assert eventually(lambda: ("t", b"meanwhile") in listener.heard(), 10)
    assert len(connects) == 2
    assert sender.client.last_error == ""


def test_a_message_accepted_while_away_is_delivered_after_the_return(
    mosquitto: Any, connect: Connect, eventually: Eventually
) -> None:
    sender = connect(mosquitto.port)
    mosquitto.kill()
    assert eventually(lambda: not sender.client.connected)
    assert sender.client.publish("late", b"1", retain=True)
    assert sender.client.pending() == 1
    mosquitto.start()
    assert sender.client.wait_pending(0, 10)


def test_hard_close_lets_the_broker_publish_the_will(
    mosquitto: Any, connect: Connect, eventually: Eventually
) -> None:
    listener = connect(mosquitto.port)
    listener.subscribe("will")
    dying = connect(mosquitto.port, will=("will", b"gone", 1, False))
    dying.client.hard_close()
    assert eventually(lambda: listener.heard() == [("will", b"gone")])
    assert not dying.client.connected
    assert not dying.client.publish("t", b"x")


def test_stop_says_goodbye_so_that_the_will_stays_unsaid(
    mosquitto: Any, connect: Connect, eventually: Eventually
) -> None:
    listener = connect(mosquitto.port)
    listener.subscribe("#")
    leaving = connect(mosquitto.port, will=("will", b"gone", 1, False))
    leaving.client.publish("last", b"words")
    assert leaving.client.stop(3) is True
    assert eventually(lambda: bool(listener.messages))
    assert listener.heard() == [("last", b"words")]


def test_manual_ack_an_unacked_message_comes_again(
    mosquitto: Any, connect: Connect, eventually: Eventually
) -> None:
    first = connect(
        mosquitto.port, name="keeper", clean_session=False, manual_ack=True
    )  # fmt: skip
    first.subscribe("t")
    sender = connect(mosquitto.port)

    def arrived() -> bool:
        if not first.messages:
            sender.client.publish("t", b"1")
        return bool(first.messages)

    assert eventually(arrived)
    first.client.hard_close()
    again = connect(mosquitto.port, name="keeper", clean_session=False, manual_ack=True)
    assert eventually(lambda: bool(again.messages))
    assert again.heard()[0] == ("t", b"1")
    for _topic, _payload, mid, qos, _retain in list(again.messages):
        again.client.ack(mid, qos)
    again.client.stop(1)
    third = connect(mosquitto.port, name="keeper", clean_session=False, manual_ack=True)
    sender.client.publish("t", b"end")
    assert eventually(lambda: ("t", b"end") in third.heard())
    assert third.heard()[-1] == ("t", b"end")


def test_an_error_in_a_callback_does_not_end_the_connection(
    mosquitto: Any, connect: Connect, caplog: pytest.LogCaptureFixture, eventually: Eventually
) -> None:
    heard: list[bytes] = []

    def fail(_topic: str, payload: bytes, _mid: int, _qos: int, _retain: bool) -> None:
        heard.append(payload)
        raise RuntimeError("bad handler")

    client = MqttClient("127.0.0.1", mosquitto.port, client_id="f", on_message=fail)
    client.start()
    client.subscribe("t")
    sender = connect(mosquitto.port)

    def both() -> bool:
        sender.client.publish("t", b"x")
        return len(heard) >= 2

    assert eventually(both)
    assert "Error in an MQTT callback" in caplog.text
    client.stop(0)


def test_an_unreachable_broker_is_reported_once(
    caplog: pytest.LogCaptureFixture, eventually: Eventually
) -> None:
    port = free_port()
    with caplog.at_level(logging.WARNING):
        client = MqttClient("127.0.0.1", port, client_id="alone")
        client.start()
        assert eventually(lambda: bool(client.last_error))
        assert not client.wait_connected(1.5)
        client.stop(0)
    assert caplog.text.count("cannot be reached") == 1
    assert f"127.0.0.1:{port}" in client.last_error


def test_a_payload_that_would_cut_the_connection_is_an_error() -> None:
    client = MqttClient("127.0.0.1", 1, client_id="alone")
    with pytest.raises(ValueError, match="1000001 bytes"):
        client.publish("t", b"x" * 1_000_001)
    with pytest.raises(ValueError, match=r"(?i)wildcard|topic"):
        client.publish("t/#", b"x")


def test_signs_that_nats_refuses_do_not_get_into_a_client_id() -> None:
    client = MqttClient("127.0.0.1", 1, client_id="ab.hangzhou.line 1*>")
    assert client.client_id == "ab_hangzhou_line_1__"
