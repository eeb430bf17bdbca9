"""The buffered socket passes every byte on, in order, and says honestly what waits."""

import random
import socket
from collections.abc import Callable, Iterator

import pytest

from seamline_broker.client import MqttClient
from seamline_broker.embedded import EmbeddedBroker
from seamline_broker.pahosocket import Bell, BufferedSocket


@pytest.fixture
def pair() -> Iterator[tuple[BufferedSocket, socket.socket]]:
    """A buffered socket that does not block, and the other end."""
    near, far = socket.socketpair()
    buffered = BufferedSocket(near)
    buffered.setblocking(False)
    far.settimeout(5)
    yield buffered, far
    buffered.close()
    far.close()


Pair = tuple[BufferedSocket, socket.socket]


def read_all(far: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        data += far.recv(size - len(data))
    return bytes(data)


def test_what_was_read_ahead_comes_piece_by_piece(pair: Pair) -> None:
    near, far = pair
    far.sendall(b"0123456789")
    assert near.recv(1) == b"0"
    assert near.pending() == 9
    far.sendall(b"abc")
    assert [near.recv(4), near.recv(100)] == [b"1234", b"56789"]
    assert near.pending() == 0
    assert near.recv(100) == b"abc"
    with pytest.raises(BlockingIOError):
        near.recv(1)


def test_the_end_of_the_connection_shows_after_the_last_byte(pair: Pair) -> None:
    near, far = pair
    far.sendall(b"xy")
    far.close()
    assert [near.recv(1), near.recv(1), near.recv(1)] == [b"x", b"y", b""]


@pytest.mark.parametrize("seed", range(3))
def test_any_sizes_give_the_same_bytes(pair: Pair, seed: int) -> None:
    rng = random.Random(seed)
    near, far = pair
    data = rng.randbytes(150_000)
    got, sent = bytearray(), 0
    while len(got) < len(data):
        if sent < len(data) and rng.random() < 0.5:
            sent += far.send(data[sent : sent + rng.choice((1, 100, 20_000))])
        try:
            got += near.recv(rng.choice((1, 2, 500, 48_000, 70_000)))
        except BlockingIOError:
            continue
    assert got == data


def test_held_packets_go_together_and_in_order(pair: Pair) -> None:
    near, far = pair
    assert near.send(b"first ") == 6
    near.hold()
    assert [near.send(b"second "), near.send(b"third")] == [7, 5]
    assert near.unsent == 12
    near.flush()
    assert near.unsent == 0
    assert read_all(far, 18) == b"first second third"
    assert near.send(b"!") == 1
    assert read_all(far, 1) == b"!"


def test_a_slow_reader_is_waited_for_and_nothing_overtakes(pair: Pair) -> None:
    near, far = pair
    near.hold()
    block, sent = bytes(range(256)) * 40, 0
    with pytest.raises(BlockingIOError):  # noqa: PT012
        while sent < 100_000_000:
            sent += near.send(block)
            near.flush()
            near.hold()
    near.flush()
    assert near.unsent > 0
    got = bytearray()
    while len(got) < sent:
        got += far.recv(65_536)
        near.flush()
    assert got == block * (sent // len(block))


def test_closing_sends_what_is_held(pair: Pair) -> None:
    near, far = pair
    near.hold()
    near.send(b"goodbye")
    near.close()
    assert read_all(far, 7) == b"goodbye"
    assert far.recv(1) == b""


def test_a_broken_connection_is_an_error_of_flush(pair: Pair) -> None:
    near, far = pair
    far.close()
    near.hold()
    near.send(b"into the void")
    with pytest.raises(OSError, match="Broken pipe"):
        near.flush()


def test_paho_uses_it_and_many_messages_of_all_sizes_pass_both_ways(
    embedded: EmbeddedBroker, connect: Callable[..., object], eventually: Callable[..., bool]
) -> None:
    rng = random.Random(1)
    platform = embedded.secrets.get("platform")
    device = embedded.secrets.get("pi-7")
    listener = connect(embedded.port, platform)
    listener.subscribe("seamline/v1/raw/+/+/#")  # type: ignore[attr-defined]
    sender: MqttClient = connect(embedded.port, device).client  # type: ignore[attr-defined]
    assert isinstance(sender._paho.socket(), BufferedSocket)
    topic = "seamline/v1/raw/a/b/c/pi-7/t"
    sent = [bytes([i % 256]) * rng.choice((1, 60, 130, 20_000, 60_000)) for i in range(400)]
    for payload in sent:
        while not sender.publish(topic, payload):
            sender.wait_pending(100, 5)
    assert eventually(lambda: len(listener.messages) == 400, 20)  # type: ignore[attr-defined]
    assert [payload for _, payload in listener.heard()] == sent  # type: ignore[attr-defined]


def test_a_bell_is_rung_once_until_it_is_heard() -> None:
    receiver, sender = socket.socketpair()
    bell = Bell(receiver, sender)
    receiver.setblocking(False)
    assert [bell.send(b"0") for _ in range(3)] == [1, 1, 1]
    assert bell.recv(10) == b"0"
    bell.send(b"0")
    assert bell.recv(10) == b"0"
    with pytest.raises(BlockingIOError):
        bell.recv(10)
    bell.close()


def test_a_ring_while_the_bell_is_heard_does_not_silence_it() -> None:
    receiver, sender = socket.socketpair()
    receiver.setblocking(False)

    class Interrupted:
        """The receiving end, at which another thread rings in the middle of a read."""

        def recv(self, size: int) -> bytes:
            bell.send(b"0")
            return receiver.recv(size)

    bell = Bell(Interrupted(), sender)  # type: ignore[arg-type]
    bell.send(b"0")
    bell.recv(10)
    bell.send(b"0")
    assert receiver.recv(10) == b"0"
    receiver.close()
    sender.close()
