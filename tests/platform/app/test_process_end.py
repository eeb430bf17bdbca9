"""The platform as a process: told to stop, it drains, closes its store and leaves nothing open."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from seamline_broker.client import MqttClient
from seamline_broker.embedded import EmbeddedBroker
from seamline_platform.cli.rundir import RunDir


@pytest.fixture
def run_dir(tmp_path: Path) -> RunDir:
    run_dir = RunDir(tmp_path / "run")
    run_dir.make()
    return run_dir


@pytest.fixture
def broker(run_dir: RunDir) -> Iterator[EmbeddedBroker]:
    secrets = run_dir.secrets()
    secrets.ensure("platform", "platform")
    secrets.ensure("pi-7", "raw")
    with EmbeddedBroker(secrets, run_dir.path / "broker") as embedded:
        yield embedded


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_platform_has_stored_all_and_closed_its_file(
    run_dir: RunDir, broker: EmbeddedBroker, number: signal.Signals
) -> None:
    user = broker.secrets.get("pi-7")
    assert user is not None
    command = [
        sys.executable, "-m", "seamline_platform.cli.main", "platform", "--run-dir",
        str(run_dir.path), "--port", "0", "--broker", f"mqtt://127.0.0.1:{broker.port}",
    ]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        end = time.monotonic() + 40
        while not run_dir.platform_path.exists():
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < end
            time.sleep(0.05)  # a process of its own: there is nothing else to wait on
        assert json.loads(run_dir.platform_path.read_text())["pid"] == process.pid
        device = MqttClient(
            "127.0.0.1", broker.port, client_id="t", user=user.name, password=user.password
        )
        device.start()
        assert device.wait_connected(10)
        for i in range(20):
            device.publish("seamline/v1/raw/a/b/c/pi-7/t", str(i))
        assert device.stop(10)
        process.send_signal(number)
        said = process.communicate(timeout=20)[1]
    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert not run_dir.platform_path.exists()
    assert not run_dir.store_path.with_name("seamline.duckdb.wal").exists()
    with duckdb.connect(str(run_dir.store_path), read_only=True) as connection:
        (rows,) = connection.execute("SELECT count(*) FROM readings").fetchone() or (0,)
    assert rows in range(21)  # what came before the end; the broker keeps the rest
