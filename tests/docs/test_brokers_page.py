"""What docs/brokers.md says of clients is what they meet at the embedded broker."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest

from seamline_broker.embedded import EmbeddedBroker
from seamline_broker.users import BrokerUser, Secrets
from seamline_platform.cli.doctor import MQTT5_PAGE, check_mqtt5
from seamline_platform.settings import load_settings

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "brokers.md").read_text(encoding="utf-8")
TOPIC = "seamline/v1/raw/home/desk/bench/{}/temperature"
CLIENT = shutil.which("mosquitto_pub")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    secrets = Secrets.open(tmp_path / "secrets.json")
    secrets.add_raw("pi-7")
    with EmbeddedBroker(secrets, tmp_path / "broker") as running:
        yield running


@pytest.fixture
def user(broker: EmbeddedBroker) -> BrokerUser:
    found = broker.secrets.get("pi-7")
    assert found is not None
    return found


@pytest.mark.e2e
@pytest.mark.skipif(CLIENT is None, reason="mosquitto_pub is not installed (mosquitto-clients)")
@pytest.mark.parametrize(
    ("words", "cell", "code", "said"),
    [
        ((), "pi-7", 0, ""),
        (("-V", "5"), "pi-7", 132, "Unsupported Protocol Version"),
        (("-V", "31"), "pi-7", 7, "The connection was lost"),
        (("-i", "my.pc"), "pi-7", 2, "identifier rejected"),
        (("-P", "wrong"), "pi-7", 5, "not authorised"),
        (("-q", "1"), "pi-8", 0, ""),  # refused without a word
    ],
)
def test_mosquitto_pub_meets_what_the_page_says(
    words: tuple[str, ...], cell: str, code: int, said: str, broker: EmbeddedBroker,
    user: BrokerUser,
) -> None:  # fmt: skip
    line = [str(CLIENT), "-h", "127.0.0.1", "-p", str(broker.port), "-u", user.name]
    line += ["-P", user.password, "-t", TOPIC.format(cell), "-m", "21.5", *words]
    done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert said in PAGE
    log = (broker.directory / "broker.log").read_text(encoding="utf-8")
    assert ("Publish Violation" in log) == (cell == "pi-8")


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("protocol", "said"),
    [(paho.MQTTv5, "Unsupported protocol version"), (paho.MQTTv311, "Success")],
)
def test_paho_meets_what_the_page_says(
    protocol: int, said: str, broker: EmbeddedBroker, user: BrokerUser
) -> None:
    answers: list[str] = []
    answered = threading.Event()

    def on_connect(
        _client: object, _data: object, _flags: object, code: object, _p: object
    ) -> None:
        answers.append(str(code))
        answered.set()

    client = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=protocol)  # type: ignore[arg-type]
    client.username_pw_set(user.name, user.password)
    client.on_connect = on_connect
    assert client.connect("127.0.0.1", broker.port) == paho.MQTT_ERR_SUCCESS
    client.loop_start()
    assert answered.wait(10)
    client.loop_stop()
    assert answers[0] == said
    assert said in PAGE or protocol == paho.MQTTv311


def test_the_doctor_points_to_the_page_and_says_what_it_quotes() -> None:
    assert (ROOT / MQTT5_PAGE).exists()
    check = check_mqtt5(load_settings(environ={}).settings)
    assert f"{check.mark}  {check.name:<18} {check.text}" in PAGE
