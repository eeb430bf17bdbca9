"""A line breaks in the running demo: an MQTT client of its own sees it from plan to action."""

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import paho.mqtt.client as paho
import psutil
import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(400)]

MINUTE_MS = 60_000


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


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


@dataclass
class Watcher:
    """An MQTT client that knows nothing of Seamline but its topics."""

    port: int
    password: str
    seen: "queue.Queue[tuple[str, dict[str, Any], int]]" = field(default_factory=queue.Queue)

    results: dict[str, str] = field(default_factory=dict)
    """Status by command, as nodes have answered."""

    def executed(self, commands: Iterable[str]) -> list[str]:
        """Return those of the commands that were carried out."""
        return [command for command in commands if self.results.get(command) == "done"]

    @contextmanager
    def watching(self) -> "Iterator[Watcher]":
        client = paho.Client(paho.CallbackAPIVersion.VERSION2, "watcher-of-plans")
        client.username_pw_set("platform", self.password)
        client.on_connect = lambda c, *_: c.subscribe(
            [(f"seamline/v1/{name}/#", 1) for name in ("plan", "result")]
        )
        client.on_message = self._arrived
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        try:
            yield self
        finally:
            client.disconnect()
            client.loop_stop()

    def _arrived(self, _c: Any, _u: Any, message: paho.MQTTMessage) -> None:
        if message.payload:
            document = json.loads(message.payload)
            if "/result/" in message.topic:
                self.results[document["id"]] = document["status"]
            self.seen.put((message.topic, document, time.time_ns() // 1_000_000))

    def wait(
        self, what: str, fits: Callable[[str, dict[str, Any]], bool], timeout_s: float = 120
    ) -> tuple[dict[str, Any], int]:
        """Return the next message that fits, and the wall time of its arrival."""
        ends = time.monotonic() + timeout_s
        others: list[str] = []
        while (left := ends - time.monotonic()) > 0:
            try:
                topic, document, at_ms = self.seen.get(timeout=left)
            except queue.Empty:
                break
            if fits(topic, document):
                return document, at_ms
            others.append(f"{topic} {document.get('version', document.get('name', ''))}")
        raise AssertionError(f"{what} did not come in {timeout_s} s; instead: {others[-20:]}")


def until(what: str, found: Callable[[], Any], process: Any, timeout_s: float = 90) -> Any:
    """Wait for something of the demo; it fails at once if the demo ends."""
    for _ in range(int(timeout_s * 5)):
        result = found()
        if result:
            return result
        if process.poll() is not None:
            raise AssertionError(process.communicate()[1])
        try:
            process.wait(0.2)
        except subprocess.TimeoutExpired:
            continue
    raise AssertionError(f"{what} within {timeout_s} s")


@dataclass
class Demo:
    """A demo that runs, its REST and its broker."""

    process: "subprocess.Popen[str]"
    run_dir: Path
    url: str
    token: str
    mqtt_port: int

    def ask(self, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        with urlopen(Request(self.url + path, data, headers), timeout=20) as answer:
            return json.load(answer)

    def board(self) -> dict[str, Any] | None:
        try:
            view: dict[str, Any] = self.ask("/api/plan/board")
        except OSError:  # no plan yet
            return None
        return view

    def watcher(self) -> Watcher:
        users = json.loads((self.run_dir / "secrets.json").read_text())["users"]
        (password,) = (user["password"] for user in users if user["name"] == "platform")
        return Watcher(self.mqtt_port, password)


@contextmanager
def demo(run_dir: Path) -> Iterator[Demo]:
    port = free_port()
    command = [
        sys.executable, "-m", "seamline_platform.cli.main", "demo", "--run-dir", str(run_dir),
        "--port", str(free_port()), "--mqtt-port", str(port), "--headless", "--speed", "60",
        "--for", "280s",
    ]  # fmt: skip
    with running(command) as process:
        file = run_dir / "platform.json"
        until("the platform", file.exists, process)
        page = json.loads(file.read_text())
        one = Demo(process, run_dir, page["url"].split("/?")[0], page["token"], port)
        until("a first plan", one.board, process)
        yield one
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


def tightest_line(bars: list[dict[str, Any]]) -> str:
    """Return the line whose orders have the least time to spare."""
    waiting = [bar for bar in bars if not bar["frozen"]]
    worst = min(waiting, key=lambda bar: bar["due_ms"] - bar["end_ms"])
    return f"{worst['site']}/{worst['line']}"


def solver_of(process: "subprocess.Popen[str]") -> psutil.Process | None:
    for child in psutil.Process(process.pid).children(recursive=True):
        try:
            if "solver_worker" in " ".join(child.cmdline()):
                return child
        except psutil.Error:
            continue
    return None


def test_a_broken_line_is_planned_around_within_a_second_then_better_and_carried_out(
    tmp_path: Path,
) -> None:
    with demo(tmp_path / "run") as one, one.watcher().watching() as watcher:
        until("a solver that waits", lambda: idle(one), one.process)
        view = one.board()
        assert view is not None
        line = tightest_line(view["accepted"])
        station = f"{line}/st-05"
        one.ask("/api/control", {
            "name": "break_machine", "args": {"station": station, "minutes": 1_440},
        })  # fmt: skip
        provisional, at_ms = watcher.wait(
            "the provisional plan",
            lambda t, d: t.endswith("plan/provisional") and d["station"] == station,
        )
        assert provisional["trigger"] == "breakdown"
        assert at_ms - provisional["heard_ms"] <= 1_000
        better, _ = watcher.wait(
            "the better plan",
            lambda t, d: t.endswith("plan/accepted") and is_better(d, provisional["version"]),
        )
        number = better["version"]
        given = until("commands of the plan", lambda: commands_of(one, number), one.process)
        done = until("their execution", lambda: watcher.executed(given), one.process)
        place = {row["order"]: (row["site"], row["line"]) for row in better["rows"]}
        for name, args in (given[command] for command in done):
            if name in ("kit", "redirect"):
                assert (args["site"], args["line"]) == place[args["order"]]


def is_better(plan: dict[str, Any], than: int) -> bool:
    """Return True if the search found the plan and the twin ran it forward.

    It may answer a further disturbance too: that cancels a search, and the next one covers both.
    """
    later = plan["version"] > than and plan["p50"] is not None
    return later and plan["cost"] < plan["cost_before"]


def commands_of(one: Demo, version: int) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return name and arguments of the commands that say that they carry out this plan, by id."""
    sql = (
        "SELECT c.command_id, c.name, c.args FROM decisions d JOIN commands c USING (decision_id) "
        f"WHERE d.reason LIKE '%plan {version}:%' OR d.reason LIKE '%plan {version} has%'"
    )
    rows = one.ask("/api/query", {"sql": sql, "limit": 100})["rows"]
    return {command: (name, json.loads(args)) for command, name, args in rows}


def idle(one: Demo) -> bool:
    view = one.board()
    return view is not None and view["board"]["solver"]["state"] == "idle"


@pytest.mark.skipif(sys.platform != "linux", reason="the process is found by its command line")
def test_a_killed_solver_costs_neither_plan_nor_platform(tmp_path: Path) -> None:
    with demo(tmp_path / "run") as one, one.watcher().watching() as watcher:
        victim = until("a solver", lambda: solver_of(one.process), one.process)
        os.kill(victim.pid, signal.SIGKILL)

        def told() -> Any:
            view = one.board()
            return view if view and view["board"]["solver"]["restarts"] else None

        view = until("a new solver", told, one.process)
        assert view["board"]["accepted"]["status"] == "accepted"
        assert view["accepted"]
        log = one.ask("/api/log?limit=500")["entries"]
        (entry,) = [e for e in log if e["kind"] == "plan" and "SIGKILL" in e["text"]][:1]
        assert "rules go on" in entry["text"]
        assert "按规则继续" in entry["text_zh"]
        one.ask("/api/control", {"name": "rush_order", "args": {}})
        plan, _ = watcher.wait(
            "a plan for a rush order",
            lambda t, d: t.endswith("plan/provisional") and d["trigger"] == "rush_order",
        )
        assert plan["order"] in {row["order"] for row in plan["rows"]}
