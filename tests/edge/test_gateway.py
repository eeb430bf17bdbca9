"""A gateway at a real broker, with a platform that stores by watermark."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from seamline_broker.client import MqttClient
from seamline_broker.clock import WallClock
from seamline_broker.contracts.commands import CommandMessage
from seamline_broker.contracts.messages import Birth, Device, Metric
from seamline_broker.embedded import EmbeddedBroker
from seamline_edge.drivers import Intake, NodeProfile, WriteAnswer
from seamline_edge.gateway import Gateway, GatewayConfig
from seamline_edge.outbox import Block

LINE = "hangzhou/line-1"


class Counting:
    """A driver that gives the numbers 0, 1, 2 .. as fast as it is asked, up to a limit."""

    def __init__(self, node: str, limit: int, per_poll: int = 5) -> None:
        self.node = node
        self.limit = limit
        self.per_poll = per_poll
        self.next = 0
        self.done: list[str] = []

    def open(self, nodes: Sequence[str], cursor_of: Callable[[str], int]) -> None:
        self.next = cursor_of("counting")

    def profiles(self) -> Mapping[str, NodeProfile]:
        device = Device("probe", "sensor", "Probe", (Metric("count", "1"),))
        return {self.node: NodeProfile("line", (device,), ("sequence",))}

    def fileno(self) -> int:
        return -1

    def wait_s(self, now_s: float) -> float:
        return 0.005 if self.next < self.limit else 60.0

    def poll(self, now_s: float, wall_ms: int) -> Intake:
        numbers = range(self.next, min(self.limit, self.next + self.per_poll))
        if not numbers:
            return Intake()
        self.next = numbers[-1] + 1
        blocks = [Block(self.node, wall_ms, ["probe"], ["count"], [[float(n)]]) for n in numbers]
        return Intake(blocks, cursor=("counting", self.next))

    def write(
        self, node: str, name: str, args: Mapping[str, object], command_id: str, expires_ms: int
    ) -> WriteAnswer:
        self.done.append(command_id)
        return WriteAnswer("done", "", 5)

    def close(self) -> None:
        pass


def test_rows_arrive_once_and_in_order(
    config: Callable[..., GatewayConfig],
    platform: Any,
    running: Callable[[Gateway], threading.Thread],
    eventually: Callable[..., bool],
) -> None:
    gateway = Gateway(config(LINE), Counting(LINE, 2_000), WallClock())
    running(gateway)
    assert eventually(lambda: len(platform.values(LINE)) == 2_000, 20.0)
    assert platform.values(LINE) == [float(n) for n in range(2_000)]
    assert eventually(lambda: gateway.outbox.unacked == 0)


def test_a_broker_that_is_killed_loses_nothing(
    config: Callable[..., GatewayConfig],
    platform: Any,
    broker: EmbeddedBroker,
    running: Callable[[Gateway], threading.Thread],
    eventually: Callable[..., bool],
) -> None:
    running(Gateway(config(LINE), Counting(LINE, 3_000), WallClock()))
    assert eventually(lambda: len(platform.values(LINE)) > 100)
    broker.kill()
    broker.start()
    assert eventually(lambda: len(platform.values(LINE)) >= 3_000, 30.0)
    assert platform.values(LINE) == [float(n) for n in range(3_000)]


def test_the_birth_is_retained_and_an_orderly_end_says_goodbye(
    config: Callable[..., GatewayConfig],
    platform: Any,
    broker: EmbeddedBroker,
    running: Callable[[Gateway], threading.Thread],
    eventually: Callable[..., bool],
) -> None:
    gateway = Gateway(config(LINE), Counting(LINE, 10), WallClock())
    thread = running(gateway)
    assert eventually(lambda: LINE in platform.births and len(platform.values(LINE)) == 10)
    born = _retained(broker, LINE, eventually)
    assert (born.online, born.kind, born.commands) == (True, "line", ("sequence",))
    assert [d.id for d in born.devices] == ["probe"]
    assert born.epoch == gateway.outbox.epoch(LINE)
    gateway.stop()
    thread.join(10)
    assert eventually(lambda: not platform.births[LINE].online)
    assert not _retained(broker, LINE, eventually).online


def _retained(broker: EmbeddedBroker, node: str, eventually: Callable[..., bool]) -> Birth:
    """Ask the broker anew what it keeps."""
    user = broker.secrets.get("platform")
    assert user is not None
    kept: list[bytes] = []
    client = MqttClient(
        broker.connect_host, broker.port, client_id="later", user=user.name,
        password=user.password, on_message=lambda _t, payload, *_: kept.append(payload),
    )  # fmt: skip
    client.subscribe(f"seamline/v1/node/{node}")
    client.start()
    assert eventually(lambda: kept)
    client.stop(0)
    return Birth.decode(kept[0])


def test_a_command_is_done_and_answered_and_a_repeated_one_not_done_again(
    config: Callable[..., GatewayConfig],
    platform: Any,
    running: Callable[[Gateway], threading.Thread],
    eventually: Callable[..., bool],
) -> None:
    driver = Counting(LINE, 0)
    running(Gateway(config(LINE), driver, WallClock()))
    assert eventually(lambda: LINE in platform.births)
    now_ms = WallClock().wall_ms()
    good = CommandMessage("c1", "sequence", {"orders": ["S1"]}, now_ms + 30_000, 1, now_ms)
    late = CommandMessage("c2", "sequence", {"orders": ["S1"]}, now_ms - 1_000, 2, now_ms - 9_000)
    for message in (good, good, late):
        platform.command(LINE, message)
    assert eventually(lambda: len(platform.results) == 3)
    assert [(r.id, r.status) for r in platform.results] == [
        ("c1", "done"), ("c1", "done"), ("c2", "expired"),
    ]  # fmt: skip
    assert driver.done == ["c1"]


def test_a_full_disk_stops_the_intake_with_one_line_and_goes_on_later(
    config: Callable[..., GatewayConfig],
    platform: Any,
    running: Callable[[Gateway], threading.Thread],
    eventually: Callable[..., bool],
    caplog: pytest.LogCaptureFixture,
) -> None:
    driver = Counting(LINE, 3_000)
    gateway = Gateway(config(LINE), driver, WallClock())
    database = gateway.outbox.file._db
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    database.execute(f"PRAGMA max_page_count = {pages + 1}")  # what a full disk means to SQLite
    running(gateway)

    def complaints() -> list[str]:
        return [r.message for r in caplog.records if "the disk is full" in r.message]

    assert eventually(complaints)
    assert eventually(lambda: driver.next < 3_000)
    database.execute("PRAGMA max_page_count = 1000000")
    assert eventually(lambda: len(platform.values(LINE)) == 3_000, 30.0)
    assert platform.values(LINE) == [float(n) for n in range(3_000)]
    assert len(complaints()) == 1


def _run_gateway(*arguments: str, timeout_s: float = 30) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "seamline_edge.gateway", *arguments],
        capture_output=True, text=True, timeout=timeout_s, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        ([], "needs --config FILE, or --broker URL and --site SITE"),
        (["--broker", "mqtt://h", "--site", "a"], "driver 'field' needs HOST:PORT"),
        (["--broker", "http://h", "--site", "a"], "is not understood"),
        (["--broker", "mqtt://h", "--site", "a", "--driver", "plc"],
         "Driver 'plc' is unknown; drivers: field, file, replay"),
        (["--broker", "mqtt://h", "--site", "a", "--driver", "mine.py:Mine"],
         "Driver file 'mine.py' does not exist"),
        (["--broker", "mqtt://h", "--site", "a", "--driver", "file", "--driver-options", "file"],
         "is not of the form name=value"),
        (["--config", "/nowhere.json"], "Configuration /nowhere.json cannot be read"),
    ],
)  # fmt: skip
def test_a_wrong_flag_is_one_clear_line(flags: list[str], reason: str) -> None:
    done = _run_gateway(*flags)
    assert done.returncode == 1
    assert reason in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_outbox_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where a folder should be")
    done = _run_gateway(
        "--broker", "mqtt://127.0.0.1:1", "--site", "lab", "--node", "pi", "--driver", "file",
        "--driver-options", f"file={tmp_path}/t", "--outbox", str(tmp_path / "taken" / "o.sqlite"),
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("Error: Outbox ")
    assert done.stderr.count("\n") == 1


def test_a_second_gateway_on_one_outbox_is_refused(tmp_path: Path) -> None:
    flags = [
        "--broker", "mqtt://127.0.0.1:1", "--site", "lab", "--node", "pi", "--driver", "file",
        "--driver-options", f"file={tmp_path}/t", "--outbox", str(tmp_path / "o.sqlite"),
    ]  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-m", "seamline_edge.gateway", *flags, "--progress"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as first:  # fmt: skip
        assert first.stdout is not None
        first.stdout.readline()  # it runs
        done = _run_gateway(*flags)
        first.terminate()
        first.stdout.read()
    assert done.returncode == 1
    assert f"is in use by process {first.pid}" in done.stderr


def test_kill_9_publishes_the_will_and_marks_the_gap(
    config: Callable[..., GatewayConfig],
    platform: Any,
    tmp_path: Path,
    eventually: Callable[..., bool],
) -> None:
    sensor = tmp_path / "t.txt"
    sensor.write_text("21.5")
    made = config("lab/pi-7", driver="file", file=str(sensor), interval_s="0.1")
    document = {
        "gateway": "lab", "broker": {"host": made.broker_host, "port": made.broker_port},
        "outbox": str(made.outbox), "driver": "file", "driver_options": dict(made.driver_options),
        "nodes": [{"node": n.node, "user": n.user, "password": n.password} for n in made.nodes],
    }  # fmt: skip
    path = tmp_path / "gateway.json"
    path.write_text(json.dumps(document))
    command = [sys.executable, "-m", "seamline_edge.gateway", "--config", str(path)]

    def qualities() -> list[int]:
        return [row[5] for row in platform.readings]

    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as first:
        assert eventually(lambda: len(platform.values("lab/pi-7")) > 5, 20.0)
        assert platform.births["lab/pi-7"].online
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
    assert eventually(lambda: not platform.births["lab/pi-7"].online)
    before = len(qualities())
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as second:
        assert eventually(lambda: len(qualities()) > before + 5, 20.0)
        assert platform.births["lab/pi-7"].online
        second.terminate()
        second.wait(10)
    assert set(platform.values("lab/pi-7")) == {21.5}
    assert qualities().count(1) == 1  # the first sample after the gap, and no other
    stamps = [row[3] for row in platform.readings]
    assert stamps == sorted(stamps)
    assert len(set(stamps)) == len(stamps)
