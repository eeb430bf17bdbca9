"""`seamline-edge.pyz` in a Python that has nothing else."""

import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seamline_broker.embedded import EmbeddedBroker
from seamline_edge import bundle


@pytest.fixture(scope="module")
def pyz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle.build(tmp_path_factory.mktemp("dist") / bundle.NAME)


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python without any package, pip included."""
    folder = tmp_path_factory.mktemp("empty")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    done = subprocess.run(
        [python, "-c", "import paho"], capture_output=True, text=True, cwd=folder, check=False
    )
    assert "No module named 'paho'" in done.stderr
    return python


def environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "SEAMLINE"))}


def test_it_holds_a_gateway_its_licences_and_no_world(pyz: Path) -> None:
    names = zipfile.ZipFile(pyz).namelist()
    assert "seamline_edge/outbox/schema.sql" in names
    assert "paho/mqtt/client.py" in names
    assert "licenses/seamline/LICENSE" in names
    assert {"licenses/paho-mqtt/edl-v10", "licenses/paho-mqtt/epl-v20"} <= set(names)
    assert not [n for n in names if "seamline_sim" in n or "/field/" in n or n.endswith(".pyc")]
    assert pyz.stat().st_size < 400_000
    assert os.access(pyz, os.X_OK)


def test_the_same_sources_give_the_same_bytes(pyz: Path, tmp_path: Path) -> None:
    assert bundle.build(tmp_path / "again.pyz").read_bytes() == pyz.read_bytes()


def test_a_place_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = subprocess.run(
        [sys.executable, "-m", "seamline_edge.bundle", str(tmp_path / "file" / "x.pyz")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "x.pyz cannot be written" in done.stderr


def test_a_sensor_joins_from_an_empty_environment(
    pyz: Path,
    bare_python: Path,
    platform: Any,
    broker: EmbeddedBroker,
    tmp_path: Path,
    eventually: Callable[..., bool],
) -> None:
    sensor = tmp_path / "28-0316a2795aff" / "w1_slave"
    sensor.parent.mkdir()
    sensor.write_text("72 01 : crc=57 YES\n72 01 t=23125\n")
    user = broker.secrets.get("lab.pi-7")
    assert user is not None
    command = [
        str(bare_python), str(pyz),
        "--broker", f"mqtt://{user.name}:{user.password}@127.0.0.1:{broker.port}",
        "--site", "lab", "--node", "pi-7", "--driver", "file",
        "--driver-options", f"file={tmp_path}/28-*/w1_slave,interval_s=0.2",
    ]  # fmt: skip
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True
    ) as gateway:
        assert eventually(lambda: len(platform.values("lab/pi-7")) > 3, 20.0)
        gateway.terminate()
        _, said = gateway.communicate(timeout=15)
    assert gateway.returncode == 0, said
    assert platform.readings[0][:3] == ("lab/pi-7", "28-0316a2795aff", "temperature_c")
    assert set(platform.values("lab/pi-7")) == {23.125}
    birth = platform.births["lab/pi-7"]
    assert (birth.kind, birth.online) == ("sensor", False)
    assert (tmp_path / "outbox" / "lab.sqlite").exists()
    assert "Traceback" not in said


def test_a_recording_is_sent_from_an_empty_environment(
    pyz: Path, bare_python: Path, platform: Any, broker: EmbeddedBroker, tmp_path: Path
) -> None:
    (tmp_path / "run.csv").write_text("t,v\n2020-01-01,1.5\n2020-01-02,\n")
    user = broker.secrets.get("lab.pi-7")
    assert user is not None
    done = subprocess.run(
        [
            str(bare_python), str(pyz),
            "--broker", f"mqtt://{user.name}:{user.password}@127.0.0.1:{broker.port}",
            "--site", "lab", "--node", "pi-7", "--driver", "replay",
            "--driver-options", "file=run.csv,speed=0",
        ],
        cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert platform.values("lab/pi-7") == [1.5, None]


def test_parquet_on_such_a_machine_says_what_to_do(
    pyz: Path, bare_python: Path, tmp_path: Path
) -> None:
    (tmp_path / "run.parquet").write_bytes(b"PAR1")
    done = subprocess.run(
        [
            str(bare_python), str(pyz), "--broker", "mqtt://127.0.0.1:1", "--site", "lab",
            "--driver", "replay", "--driver-options", "file=run.parquet",
        ],
        cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "reading Parquet needs pyarrow" in done.stderr
    assert done.stderr.count("\n") == 1
