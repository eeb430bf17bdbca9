"""`seamline bench live`: how old a value is when an open page has it, and what a page costs.

A node publishes 1,000 values/s; the platform runs as `seamline platform` does, with ingest, store
and hub; 40 pages in a process of their own listen at 5 frames a second to what the page's first
view shows and to four sensors each. The platform's processor time is measured with and without
them. For comparison the same pages at a server of the first idea: for each value and each client
one `json.dumps` and one send.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from threading import Event
from typing import Any, Final
from urllib.parse import urlsplit

from seamline_broker.clock import Clock, WallClock
from seamline_broker.embedded import EmbeddedBroker
from seamline_broker.parentwatch import child_environment, die_with_parent
from seamline_broker.users import PLATFORM_USER, Secrets, user_of_node
from seamline_platform.cli.bench_live_workers import NODE
from seamline_platform.cli.bench_process import BenchError, Worker, cpu_s, progress, rss_mb
from seamline_platform.cli.rundir import RunDir, read_json

_WORKERS: Final = "seamline_platform.cli.bench_live_workers"
_WARM_UP_S: Final = 3.0
_BASE_S: Final = 10.0
_START_S: Final = 30.0

Note = Callable[[str], None]


@dataclass(slots=True)
class Side:
    """What one server showed: ages of values in milliseconds, processor time of the server."""

    sensors: list[float] = field(default_factory=list)
    devices: list[float] = field(default_factory=list)
    frames: int = 0
    seconds: float = 0.0
    idle_percent: float = 0.0
    """Of a core, without pages."""
    busy_percent: float = 0.0
    rss_mb: float = 0.0

    def cpu_percent_per_client(self, clients: int) -> float:
        """Percent of a core that one page costs the server."""
        return round(max(0.0, self.busy_percent - self.idle_percent) / clients, 4)


def percentile(ages: list[float], percent: int) -> float:
    """Return a percentile in milliseconds.

    Raises:
        BenchError: if nothing came.
    """
    if len(ages) < 2:
        raise BenchError("No value came to the pages.")
    return round(quantiles(ages, n=100, method="inclusive")[percent - 1], 1)


class LiveBench:
    """Broker, platform and publisher of one benchmark."""

    def __init__(self, run_dir: RunDir, broker: EmbeddedBroker, note: Note, clock: Clock) -> None:
        self._run_dir = run_dir
        self._broker = broker
        self._note = note
        self._clock = clock
        self._pause = Event()
        self._workers: list[Worker] = []
        self._platform: subprocess.Popen[bytes] | None = None

    def worker(self, part: str, **more: object) -> Worker:
        """Start a worker."""
        secrets = self._broker.secrets
        work: dict[str, object] = {
            "host": self._broker.connect_host,
            "port": self._broker.port,
            "prefix": f"{secrets.client_prefix}-{part}",
            **more,
        }
        for name, login in (("platform", PLATFORM_USER), ("node", user_of_node(str(NODE)))):
            user = secrets.get(login)
            if user is not None:
                work[name] = {"user": user.name, "password": user.password}
        worker = Worker(_WORKERS, part, work, self._run_dir.log(part))
        self._workers.append(worker)
        return worker

    def start_platform(self) -> tuple[int, dict[str, object]]:
        """Start the platform as `seamline platform` does; return process id, URL and token.

        Raises:
            BenchError: if it does not come up, with the end of its log.
        """
        command = [
            sys.executable, "-m", "seamline_platform.cli.main", "platform",
            "--run-dir", str(self._run_dir.path), "--port", "0",
            "--broker", f"mqtt://{self._broker.connect_host}:{self._broker.port}",
        ]  # fmt: skip
        with self._run_dir.log("platform").open("wb") as log:
            self._platform = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=child_environment() | {"OMP_NUM_THREADS": "1"}, preexec_fn=die_with_parent(),
            )  # fmt: skip
        deadline_s = self._clock.steady_s() + _START_S
        while not self._run_dir.platform_path.exists():
            if self._platform.poll() is not None or self._clock.steady_s() > deadline_s:
                said = self._run_dir.log("platform").read_text(errors="replace").splitlines()
                raise BenchError(f"The platform did not start: {' | '.join(said[-3:])}")
            self._pause.wait(0.05)
        said_json = read_json(self._run_dir.platform_path)
        place = urlsplit(str(said_json["url"])).netloc
        return self._platform.pid, {"url": f"ws://{place}/ws?v=1", "token": said_json["token"]}

    def measure(self, name: str, pid: int, target: dict[str, object], seconds: float) -> Side:
        """Measure a server without and with open pages."""
        side = Side()
        self._pause.wait(_WARM_UP_S)
        base_s = min(_BASE_S, seconds)
        side.idle_percent = self._cpu_percent(pid, base_s)
        pages = self.worker("pages", **target)
        listened_s = self._clock.steady_s()
        while self._clock.steady_s() < listened_s + _WARM_UP_S:
            pages.next_line()
        begun_s, begun_cpu_s, frames = self._clock.steady_s(), cpu_s(pid), pages.last["frames"]
        with progress(name, seconds) as shown:
            while (now_s := self._clock.steady_s()) < begun_s + seconds:
                line = pages.next_line()
                side.sensors += line["sensors"]
                side.devices += line["devices"]
                shown(now_s - begun_s, line["frames"])
        side.seconds = now_s - begun_s
        side.frames = pages.last["frames"] - frames
        side.busy_percent = (cpu_s(pid) - begun_cpu_s) / side.seconds * 100
        side.rss_mb = rss_mb(pid)
        pages.finish()
        return side

    def _cpu_percent(self, pid: int, seconds: float) -> float:
        begun_s, begun_cpu_s = self._clock.steady_s(), cpu_s(pid)
        self._pause.wait(seconds)
        return (cpu_s(pid) - begun_cpu_s) / (self._clock.steady_s() - begun_s) * 100

    def stop_platform(self) -> None:
        """Let the platform drain and leave."""
        if self._platform is not None and self._platform.poll() is None:
            self._platform.terminate()
            try:
                self._platform.wait(10)
            except subprocess.TimeoutExpired:
                self._platform.kill()
                self._platform.wait()

    def close(self) -> None:
        """End what still runs."""
        self.stop_platform()
        for worker in self._workers:
            worker.kill()


@contextmanager
def _bench(note: Note, clock: Clock) -> Iterator[LiveBench]:
    with tempfile.TemporaryDirectory(prefix="seamline-bench-") as name:
        run_dir = RunDir(Path(name) / "run")
        run_dir.make()
        secrets: Secrets = run_dir.secrets()
        secrets.ensure(PLATFORM_USER, "platform")
        secrets.ensure(user_of_node(str(NODE)), "node", str(NODE))
        with EmbeddedBroker(secrets, run_dir.path / "broker", clock=clock) as broker:
            bench = LiveBench(run_dir, broker, note, clock)
            try:
                yield bench
            finally:
                bench.close()


def run(note: Note, seconds: float = 30.0, clients: int = 40) -> dict[str, Any]:
    """Measure the platform and the alternative; return the figures.

    Args:
        note: says something to a person.
        seconds: how long pages are watched, at each of the two servers.
        clients: open pages.

    Raises:
        BenchError: if a part of it stops answering.
        BrokerError: if the embedded broker does not start.
    """
    with _bench(note, WallClock()) as bench:
        note(f"The platform with {clients} pages, {seconds:g} s ...")
        pid, target = bench.start_platform()
        bench.worker("publisher")
        ours = bench.measure("platform", pid, {**target, "clients": clients}, seconds)
        bench.stop_platform()
        other_s = min(seconds, 15.0)
        note(f"One json.dumps and send for each client and value, {other_s:g} s ...")
        server = bench.worker("naive")
        while not server.next_line().get("connected"):
            continue
        place = {"url": server.last["url"], "bare": True, "clients": clients}
        naive = bench.measure("alternative", server.process.pid, place, other_s)
    return _figures(ours, naive, clients)


def _figures(ours: Side, naive: Side, clients: int) -> dict[str, Any]:
    our_cpu = ours.cpu_percent_per_client(clients)
    other_cpu = naive.cpu_percent_per_client(clients)
    return {
        "p50_ms": percentile(ours.sensors, 50),
        "p99_ms": percentile(ours.sensors, 99),
        "clients": clients,
        "server_cpu_percent_per_client": our_cpu,
        "seconds": round(ours.seconds, 1),
        "values_received": len(ours.sensors),
        "frames_per_s": round(ours.frames / ours.seconds),
        "devices_p50_ms": percentile(ours.devices, 50),
        "devices_p99_ms": percentile(ours.devices, 99),
        "server_cpu_percent_without_clients": round(ours.idle_percent, 2),
        "server_cpu_percent": round(ours.busy_percent, 2),
        "server_rss_mb": round(ours.rss_mb),
        "cores": os.cpu_count(),
        "alternative": "one json.dumps and one send for each client and value",
        "alternative_p50_ms": percentile(naive.sensors, 50),
        "alternative_p99_ms": percentile(naive.sensors, 99),
        "alternative_cpu_percent_per_client": other_cpu,
        "cpu_ratio": round(other_cpu / our_cpu, 1) if our_cpu > 0 else None,
    }
