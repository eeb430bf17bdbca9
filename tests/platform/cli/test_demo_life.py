"""Life of the demo: start, link, restart, second start, Ctrl-C, kill -9; with stand-in parts."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from seamline_broker.embedded import free_port

Eventually = Callable[..., bool]
SCRIPT = Path(__file__).with_name("standin.py")


class Run:
    """One supervisor process and what it said."""

    def __init__(
        self, folder: Path, settings: dict[str, Any], environment: dict[str, str], **o: Any
    ):
        asked = {
            "settings": {
                "run_dir": str(folder / "run"),
                "scenario": "pi",
                "api.port": free_port(),
                "api.open_browser": False,
                "broker.port": free_port(),
                **settings,
            },
            "options": o,
        }
        self.settings = asked["settings"]
        self.folder = folder
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, str(SCRIPT), json.dumps(asked)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env={**os.environ, **environment},
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as stream:
            self.lines.extend(iter(stream.readline, ""))

    @property
    def said(self) -> str:
        return "".join(self.lines)

    def pids(self) -> dict[str, int]:
        try:
            document = json.loads((self.folder / "run" / "supervisor.json").read_text())
        except (OSError, ValueError):
            return {}
        return dict(document["pids"])

    def end(self, number: int = signal.SIGINT) -> tuple[int, float]:
        """Send a signal; return exit code and seconds until it was gone."""
        begin_s = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(15)
        self._reader.join(5)
        return code, time.monotonic() - begin_s


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []

    def begin(
        settings: dict[str, Any] | None = None,
        environment: dict[str, str] | None = None,
        **options: Any,
    ) -> Run:
        runs.append(Run(tmp_path, settings or {}, environment or {}, **options))
        return runs[-1]

    yield begin
    for run in runs:
        if run.process.poll() is None:
            run.process.kill()
            run.process.wait()


@pytest.fixture
def running(start: Callable[..., Run], eventually: Eventually) -> Run:
    run = start(headless=True)
    assert eventually(lambda: "Ctrl-C stops it" in run.said or run.process.poll() is not None, 30)
    assert run.process.poll() is None, run.said
    return run


def test_it_prints_the_link_and_a_line_to_paste(running: Run, eventually: Eventually) -> None:
    assert eventually(lambda: len(running.pids()) >= 5)
    assert "/?token=t" in running.said
    line = next(line for line in running.lines if "mosquitto_pub" in line)
    assert f"-h 127.0.0.1 -p {running.settings['broker.port']} -u pi-1 -P " in line
    assert "-t seamline/v1/raw/home/desk/bench/pi-1/temperature -m 21.5" in line
    names = set(running.pids())
    assert {"broker", "field", "platform", "sellers", "gateway-hub"} < names


def test_ctrl_c_ends_all_in_order_within_five_seconds(running: Run, tmp_path: Path) -> None:
    processes = [psutil.Process(pid) for pid in running.pids().values()]
    code, took_s = running.end()
    assert code == 0, running.said
    assert took_s < 5
    assert not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes)
    ended = (tmp_path / "ended").read_text().split()
    assert ended[-2:] == ["field", "platform"]
    assert sorted(ended) == sorted(set(running_names(ended)))
    assert not (tmp_path / "run" / "supervisor.json").exists()


def running_names(ended: list[str]) -> list[str]:
    return [name for name in ended if name.startswith(("gateway-", "sellers", "field", "platform"))]


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells children on Linux only")
def test_kill_9_takes_all_along_and_the_next_start_works(
    running: Run, start: Callable[..., Run], eventually: Eventually
) -> None:
    processes = [psutil.Process(pid) for pid in running.pids().values()]
    running.end(signal.SIGKILL)
    again = start({k: running.settings[k] for k in ("broker.port", "api.port")}, headless=True)
    assert eventually(lambda: "Ctrl-C stops it" in again.said, 30), again.said
    assert not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes)
    assert again.end()[0] == 0


@pytest.mark.parametrize("victim", ["platform", "broker", "gateway-hub"])
def test_a_part_that_is_killed_comes_back(
    running: Run, eventually: Eventually, victim: str
) -> None:
    before = running.pids()
    os.kill(before[victim], signal.SIGKILL)
    assert eventually(lambda: running.pids().get(victim, before[victim]) != before[victim])
    assert eventually(lambda: running.said.count(f"{victim:<18} ready") == 2), running.said
    after = running.pids()
    assert {n: p for n, p in after.items() if n != victim} == {
        n: p for n, p in before.items() if n != victim
    }
    assert running.end(signal.SIGTERM)[0] == 0


def test_a_second_supervisor_says_who_holds_the_directory(
    running: Run, start: Callable[..., Run]
) -> None:
    second = start(headless=True)
    assert second.process.wait(20) == 1
    second._reader.join(5)
    assert second.said.startswith("seamline: Run directory ")
    assert f"is in use by process {running.process.pid} " in second.said
    assert second.said.count("\n") == 1


def test_a_part_that_cannot_start_ends_the_demo_with_its_words(
    start: Callable[..., Run], tmp_path: Path
) -> None:
    others = psutil.Process().children(recursive=True)  # what earlier tests keep for later ones
    run = start(environment={"STAND_IN": "broken"}, headless=True)
    assert run.process.wait(30) == 1
    run._reader.join(5)
    assert run.lines[-1].startswith(
        "seamline: platform does not start: database is in use by process 4711 (python)."
    )
    assert "Traceback" not in run.said
    assert set(psutil.Process().children(recursive=True)) <= set(others)


def test_for_some_seconds_it_watches_plant_time_as_a_browser_would(
    start: Callable[..., Run], tmp_path: Path
) -> None:
    run = start(headless=True, for_s=3.0)
    assert run.process.wait(40) == 0, run.said
    run._reader.join(5)
    assert "Stopped in" in run.said


def test_a_broker_that_is_not_there_is_one_line(start: Callable[..., Run]) -> None:
    port = free_port()
    run = start({"broker.url": f"mqtt://127.0.0.1:{port}"}, headless=True)
    assert run.process.wait(30) == 1
    run._reader.join(5)
    last = run.lines[-1]
    assert last == f"seamline: MQTT broker 127.0.0.1:{port} cannot be reached.\n"


def test_the_same_directory_with_another_scenario_needs_fresh(
    running: Run, start: Callable[..., Run], eventually: Eventually
) -> None:
    running.end()
    other = start({"scenario": "demo"}, headless=True, given={"scenario": True})
    assert other.process.wait(20) == 1
    other._reader.join(5)
    assert "holds a run with scenario 'pi', not 'demo'. Begin anew with --fresh" in other.said
    fresh = start({"scenario": "demo"}, headless=True, given={"scenario": True}, fresh=True)
    assert eventually(lambda: "Ctrl-C stops it" in fresh.said, 30), fresh.said
    assert fresh.end()[0] == 0


def test_passwords_and_configurations_are_private(running: Run, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    private = [folder / "secrets.json", *(folder / "config").iterdir()]
    assert len(private) >= 4
    assert {path.stat().st_mode & 0o777 for path in private} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
