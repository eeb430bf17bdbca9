"""A gateway that is killed while the plant sews on: no event is lost, totals recover, gaps show."""

import json
import os
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seamline_broker.contracts.batch import QUALITY_GAP
from seamline_broker.embedded import EmbeddedBroker
from seamline_broker.users import user_of_node
from seamline_edge.bus import BusClient

LINE = "hangzhou/line-1"
NODES = (LINE, "hangzhou/plant")


@pytest.fixture
def field_port(tmp_path: Path, eventually: Callable[..., bool]) -> Iterator[int]:
    """A plant in mid-shift, ten minutes per second."""
    command = [
        sys.executable, "-m", "seamline_edge.field", "--run-dir", str(tmp_path), "--scenario", "pi",
        "--speed", "600",
    ]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        path = tmp_path / "field" / "port.json"
        assert eventually(path.exists, 60.0)
        yield json.loads(path.read_text())["port"]
        process.terminate()
        process.wait(20)


@pytest.fixture
def gateway_config(broker: EmbeddedBroker, field_port: int, tmp_path: Path) -> Path:
    users = [broker.secrets.get(user_of_node(node)) for node in NODES]
    document = {
        "gateway": "hangzhou", "broker": {"host": "127.0.0.1", "port": broker.port},
        "field": {"host": "127.0.0.1", "port": field_port}, "driver": "field",
        "outbox": str(tmp_path / "outbox" / "hangzhou.sqlite"),
        "nodes": [
            {"node": n, "user": u.name, "password": u.password}
            for n, u in zip(NODES, users, strict=True) if u
        ],
    }  # fmt: skip
    path = tmp_path / "gateway.json"
    path.write_text(json.dumps(document))
    return path


def test_the_plant_sews_on_and_the_totals_recover(
    gateway_config: Path, field_port: int, platform: Any, eventually: Callable[..., bool]
) -> None:
    command = [sys.executable, "-m", "seamline_edge.gateway", "--config", str(gateway_config)]

    def stitches() -> list[tuple[str, int, float, int]]:
        return [
            (device, ts_ms, value, quality)
            for node, device, metric, ts_ms, value, quality in platform.readings
            if node == LINE and metric == "stitches"
        ]

    bus = BusClient("127.0.0.1", field_port)

    def plant_us() -> int:
        return int(bus.ask({"op": "digest"}, "digest", timeout_s=20.0)["plant_us"])

    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as first:
        assert eventually(lambda: len({ts for _, ts, _, _ in stitches()}) > 3, 30.0)
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
    assert eventually(lambda: not platform.births[LINE].online)
    before_ms = max(ts for _, ts, _, _ in stitches())
    killed_us = plant_us()
    assert eventually(lambda: plant_us() > killed_us + 900_000_000, 30.0)  # a quarter of an hour
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as second:
        assert eventually(lambda: max(ts for _, ts, _, _ in stitches()) > before_ms + 1_500_000, 30)
        second.terminate()
        second.wait(20)

    counters: dict[str, list[float]] = defaultdict(list)
    for device, _, value, _ in stitches():
        counters[device].append(value)
    assert all(values == sorted(values) for values in counters.values())
    after = min(ts for _, ts, _, _ in stitches() if ts > before_ms)
    assert after - before_ms > 600_000  # nobody looked at the plant in between
    sewn = sum(v for _, ts, v, _ in stitches() if ts == after)
    assert sewn > sum(v for _, ts, v, _ in stitches() if ts == before_ms)
    marked = {ts for _, ts, _, quality in stitches() if quality == QUALITY_GAP}
    assert marked == {after}

    received = sorted((row["seq"], kind) for kind, rows in platform.events.items() for row in rows)
    assert len(set(received)) == len(received)
    shown: list[tuple[int, str]] = []
    last = received[-1][0]
    bus.send({"op": "sub", "nodes": list(NODES), "after_seq": 0})

    def look() -> bool:
        for frame in bus.receive():
            shown.extend((e[0], e[3]) for e in frame.get("ev", ()))
        return bool(shown) and shown[-1][0] >= last

    assert eventually(look, 20.0)
    bus.close()
    assert received == [event for event in shown if event[0] <= last]
