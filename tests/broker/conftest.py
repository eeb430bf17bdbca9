"""Brokers on ephemeral ports, and clients that keep what they hear."""

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seamline_broker.client import MqttClient
from seamline_broker.embedded import EmbeddedBroker, free_port
from seamline_broker.users import BrokerUser, Secrets

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")


def _eventually(condition: Callable[[], bool], timeout_s: float = 5.0) -> bool:
    end_s = time.monotonic() + timeout_s
    while not condition() and time.monotonic() < end_s:
        threading.Event().wait(0.01)
    return condition()


@pytest.fixture
def eventually() -> Callable[..., bool]:
    """Waits until a condition holds."""
    return _eventually


class Listener:
    """A client and the messages that it got."""

    def __init__(self, port: int, user: BrokerUser | None, name: str, **more: object) -> None:
        self.messages: list[tuple[str, bytes, int, int, bool]] = []
        self.client = MqttClient(
            "127.0.0.1",
            port,
            client_id=name,
            user=user.name if user else None,
            password=user.password if user else None,
            on_message=lambda *message: self.messages.append(message),
            **more,  # type: ignore[arg-type]
        )

    def subscribe(self, *filters: str) -> None:
        """Subscribe and wait for the answers: before those the broker hands nothing out."""
        for topic_filter in filters:
            self.client.subscribe(topic_filter)
        assert _eventually(lambda: not self.client._asked)

    def heard(self) -> list[tuple[str, bytes]]:
        return [(topic, payload) for topic, payload, *_ in self.messages]


@pytest.fixture
def connect() -> Iterator[Callable[..., Listener]]:
    made: list[Listener] = []

    def make(
        port: int, user: BrokerUser | None = None, name: str = "", wait: bool = True, **more: object
    ) -> Listener:
        listener = Listener(port, user, name or f"t{len(made)}", **more)
        made.append(listener)
        listener.client.start()
        if wait:
            assert listener.client.wait_connected(10), listener.client.last_error
        return listener

    yield make
    for listener in made:
        listener.client.stop(0)


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    secrets = Secrets.open(tmp_path / "secrets.json")
    secrets.ensure("platform", "platform")
    secrets.ensure("hangzhou.line-1", "node", "hangzhou/line-1")
    secrets.ensure("seller-1", "seller")
    secrets.ensure("pi-7", "raw")
    with EmbeddedBroker(secrets, tmp_path / "broker") as broker:
        yield broker


class Mosquitto:
    """Debian's broker, open to everybody or with a configuration."""

    def __init__(self, directory: Path, conf: Path | None = None, port: int = 0) -> None:
        self.port = port or free_port()
        self._conf = conf or directory / "open.conf"
        if conf is None:
            self._conf.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert MOSQUITTO is not None
        self.process = subprocess.Popen(
            [MOSQUITTO, "-c", str(self._conf)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        assert _eventually(self._accepts)

    def _accepts(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    if MOSQUITTO is None:
        pytest.skip("Mosquitto is not installed (Debian: apt install mosquitto)")
    broker = Mosquitto(tmp_path)
    broker.start()
    yield broker
    broker.kill()
