"""The settings that Seamline writes for Mosquitto, tried on Mosquitto; MQTT 5 included."""

import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from seamline_broker.embedded import free_port
from seamline_broker.mosquitto import hash_password, mosquitto_files
from seamline_broker.users import Secrets

Connect = Callable[..., Any]
Eventually = Callable[..., bool]


@pytest.fixture
def secrets(tmp_path: Path) -> Secrets:
    made = Secrets.open(tmp_path / "secrets.json")
    made.ensure("platform", "platform")
    made.add_raw("pi-7")
    return made


@pytest.fixture
def configured(tmp_path: Path, secrets: Secrets, mosquitto: Any) -> Iterator[Any]:
    port = free_port()
    directory = tmp_path / "mosquitto"
    conf = mosquitto_files(secrets.users(), directory, port=port).write(directory)
    broker = type(mosquitto)(directory, conf, port)
    broker.start()
    yield broker
    broker.kill()


def test_the_same_users_have_the_same_rights(
    configured: Any, secrets: Secrets, connect: Connect, eventually: Eventually
) -> None:
    platform = connect(configured.port, secrets.get("platform"))
    platform.subscribe("seamline/v1/raw/+/+/#")
    pi = connect(configured.port, secrets.get("pi-7"))
    pi.client.subscribe("seamline/v1/#")

    def said() -> bool:
        pi.client.publish("seamline/v1/raw/a/b/c/pi-8/t", b"forbidden")
        pi.client.publish("seamline/v1/raw/a/b/c/pi-7/t", b"1")
        return bool(platform.messages)

    assert eventually(said)
    assert {topic for topic, _ in platform.heard()} == {"seamline/v1/raw/a/b/c/pi-7/t"}
    assert pi.messages == []


def test_a_wrong_password_stays_outside(
    configured: Any, secrets: Secrets, connect: Connect, eventually: Eventually
) -> None:
    user = secrets.get("pi-7")
    assert user is not None
    stranger = type(user)(user.name, "guessed", "raw")
    client = connect(configured.port, stranger, wait=False).client
    assert eventually(lambda: "refused the login" in client.last_error)


def test_a_client_that_insists_on_mqtt_5_gets_in(
    configured: Any, secrets: Secrets, eventually: Eventually
) -> None:
    user = secrets.get("pi-7")
    assert user is not None
    answers: list[str] = []
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.username_pw_set(user.name, user.password)
    client.on_connect = lambda _c, _u, _f, reason, _p: answers.append(str(reason))
    client.connect("127.0.0.1", configured.port)
    client.loop_start()
    assert eventually(lambda: answers == ["Success"])
    client.disconnect()
    client.loop_stop()


def test_files_are_private_and_hold_no_password(tmp_path: Path, secrets: Secrets) -> None:
    directory = tmp_path / "out"
    mosquitto_files(secrets.users(), directory).write(directory)
    files = sorted(directory.iterdir())
    assert [path.name for path in files] == [
        "mosquitto.acl",
        "mosquitto.conf",
        "mosquitto.passwd",
    ]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    text = "".join(path.read_text() for path in files)
    assert all(user.password not in text for user in secrets.users())


def test_equal_passwords_have_different_hashes() -> None:
    assert hash_password("a") != hash_password("a")
    assert hash_password("a", b"saltsaltsalt") == hash_password("a", b"saltsaltsalt")
