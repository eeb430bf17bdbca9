"""The whole maker as a user starts it: one command, real processes, a summary that adds up."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import psutil
import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

LOOP = (
    "orders",
    "replenishment_orders",
    "dispatched",
    "commands_sent",
    "commands_executed",
    "pieces_sewn",
    "delivered",
    "batches_published",
    "rows_stored",
    "rows_expected",
    "forecasts",
    "replans",
    "ws_frames",
)


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def demo_command(run_dir: Path, *more: str) -> list[str]:
    return [
        sys.executable, "-m", "seamline_platform.cli.main", "demo", "--run-dir", str(run_dir),
        "--port", str(free_port()), "--mqtt-port", str(free_port()), "--headless", *more,
    ]  # fmt: skip


def summary_of(process: "subprocess.Popen[str]", timeout_s: float) -> dict[str, float]:
    out, err = process.communicate(timeout=timeout_s)
    assert process.returncode == 0, err
    return json.loads(out)


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[str]:
    binary = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if binary is None:
        pytest.skip("Mosquitto is not installed (Debian: apt install mosquitto)")
    port = free_port()
    conf = tmp_path / "mosquitto.conf"
    conf.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n")
    with subprocess.Popen([binary, "-c", str(conf)], stderr=subprocess.DEVNULL) as broker:
        yield f"mqtt://127.0.0.1:{port}"
        broker.terminate()


@contextmanager
def running(command: list[str]) -> "Iterator[subprocess.Popen[str]]":
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def children_named(pid: int, words: str) -> list[psutil.Process]:
    found = []
    for child in psutil.Process(pid).children(recursive=True):
        try:
            if words in " ".join(child.cmdline()):
                found.append(child)
        except psutil.Error:
            continue
    return found


def wait_for_child(
    process: "subprocess.Popen[str]", words: str, timeout_s: float
) -> psutil.Process:
    """Wait until the supervisor has a child whose command line holds `words`."""
    for _ in range(int(timeout_s * 10)):
        found = children_named(process.pid, words)
        if found:
            return found[0]
        if process.poll() is not None:
            raise AssertionError(process.communicate()[1])
        try:
            process.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
    raise AssertionError(f"no child with {words!r} within {timeout_s} s")


def stored(run_dir: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(run_dir / "store" / "seamline.duckdb"), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_every_arrow_of_the_loop_is_real_and_a_second_start_continues(tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    with running(demo_command(run_dir, "--speed", "1800", "--for", "60s", "--json")) as process:
        summary = summary_of(process, 150)
    assert {name: summary[name] for name in LOOP if not summary[name] > 0} == {}
    assert summary["rows_stored"] == summary["rows_expected"]
    assert summary["commands_executed"] <= summary["commands_sent"]
    (before,) = stored(run_dir, "SELECT max(ts) FROM pieces")
    with running(demo_command(run_dir, "--speed", "1800", "--for", "15s", "--json")) as process:
        again = summary_of(process, 100)
    assert again["rows_stored"] == again["rows_expected"] > summary["rows_stored"]
    (after,) = stored(run_dir, "SELECT max(ts) FROM pieces")
    assert after > before


def kill_one_after_the_other(process: "subprocess.Popen[str]", victims: list[str]) -> None:
    for words in victims:
        victim = wait_for_child(process, words, 60)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(5)
        victim.kill()


def no_number_twice_and_none_missing(run_dir: Path) -> None:
    assert (
        stored(
            run_dir,
            "SELECT site, node, epoch FROM batches WHERE epoch <> '' GROUP BY ALL "
            "HAVING min(n) <> 1 OR count(*) <> max(n) OR count(DISTINCT n) <> count(*)",
        )
        == []
    )
    assert stored(run_dir, "SELECT * FROM gaps") == []
    assert (
        stored(
            run_dir, "SELECT site, node, seq FROM pieces GROUP BY ALL HAVING count(*) > 1 LIMIT 5"
        )
        == []
    )


@pytest.mark.timeout(400)
def test_kill_9_of_platform_gateway_and_broker_loses_nothing(tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    command = demo_command(run_dir, "--speed", "300", "--for", "60s", "--json")
    with running(command) as process:
        wait_for_child(process, "nats-server", 60)
        victims = ["seamline_platform.cli.main platform", "gateway-hangzhou", "nats-server"]
        kill_one_after_the_other(process, victims)
        summary = summary_of(process, 200)
    assert summary["restarts"] >= 3
    assert summary["rows_stored"] == summary["rows_expected"] > 0
    no_number_twice_and_none_missing(run_dir)


@pytest.mark.timeout(400)
def test_the_same_on_mosquitto(tmp_path: Path, mosquitto: str) -> None:
    run_dir = tmp_path / "run"
    command = demo_command(
        run_dir, "--broker", mosquitto, "--speed", "300", "--for", "45s", "--json"
    )
    with running(command) as process:
        wait_for_child(process, "seamline_platform.cli.main platform", 60)
        kill_one_after_the_other(process, ["seamline_platform.cli.main platform", "gateway-suzhou"])
        summary = summary_of(process, 200)
    assert summary["rows_stored"] == summary["rows_expected"] > 0
    no_number_twice_and_none_missing(run_dir)


@pytest.mark.skipif(sys.platform != "linux", reason="children follow a kill -9 by prctl on Linux")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_no_child_outlives_the_supervisor(tmp_path: Path, how: signal.Signals) -> None:
    with running(demo_command(tmp_path / "run", "--scenario", "pi")) as process:
        wait_for_child(process, "seamline_platform.cli.main platform", 60)
        wait_for_child(process, "seamline_edge.seller", 60)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(5)
        children = psutil.Process(process.pid).children(recursive=True)
        assert len(children) >= 5
        process.send_signal(how)
        process.communicate(timeout=10)
        _, alive = psutil.wait_procs(children, timeout=8)
        assert alive == []
        if how is signal.SIGINT:
            assert process.returncode == 0
