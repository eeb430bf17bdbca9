"""`seamline bench ingest`: how fast the platform stores what comes over MQTT, every row verified.

Broker, publisher and ingest are processes of their own, as in the demo. Two phases: single values
on raw topics (paho, QoS 1, acknowledged to the broker after the commit), and numbered columnar
batches (acknowledged to the node after the commit). Between them, as a measure that any machine
can give: the same single values taken by paho, `json.loads` and `executemany`.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from seamline_broker.clock import Clock, WallClock
from seamline_broker.embedded import EmbeddedBroker
from seamline_broker.users import PLATFORM_USER, REPLAY_USER, BrokerUser, Secrets, user_of_node
from seamline_platform.cli import bench_verify
from seamline_platform.cli.bench_process import (
    PATIENCE_S,
    BenchError,
    Worker,
    cpu_s,
    progress,
    rss_mb,
)
from seamline_platform.cli.bench_workers import BATCH_ROWS, NODES

WARM_UP_S: Final = 3.0
_ALTERNATIVE_S: Final = 6.0
_IN_FLIGHT_MESSAGES: Final = 30_000
_WORKERS: Final = "seamline_platform.cli.bench_workers"

Note = Callable[[str], None]


@dataclass(slots=True)
class Phase:
    """What one phase measured."""

    rows: int = 0
    """Rows stored in the measured seconds."""
    seconds: float = 0.0
    cpu_s: dict[str, float] = field(default_factory=dict)
    rss_mb: list[float] = field(default_factory=list)
    sent: int = 0
    """Messages sent in all, warm-up included."""
    resent: int = 0

    def cpu_us_per_message(self, rows_per_message: int = 1) -> dict[str, float]:
        """Return processor time of each step per message, in microseconds."""
        messages = max(1, self.rows // rows_per_message)
        return {step: round(s / messages * 1e6, 2) for step, s in self.cpu_s.items()}

    @property
    def per_s(self) -> float:
        """Rows per second."""
        return self.rows / self.seconds if self.seconds else 0.0


class Bench:
    """Broker and directory of one benchmark."""

    def __init__(self, directory: Path, broker: EmbeddedBroker, note: Note, clock: Clock) -> None:
        self._directory = directory
        self._broker = broker
        self._note = note
        self._clock = clock
        self._workers: list[Worker] = []

    def worker(self, part: str, phase: str) -> Worker:
        """Start a worker of a phase."""
        secrets = self._broker.secrets
        work: dict[str, object] = {
            "host": self._broker.connect_host,
            "port": self._broker.port,
            "prefix": f"{secrets.client_prefix}-{phase}",
            "store": str(self.store_of(phase)),
            "platform": _login(secrets.get(PLATFORM_USER)),
            "replay": _login(secrets.get(REPLAY_USER)),
        }
        for number, node in enumerate(NODES):
            work[f"node-{number}"] = _login(secrets.get(user_of_node(node)))
        worker = Worker(_WORKERS, part, work, self._directory / f"{phase}-{part}.log")
        self._workers.append(worker)
        return worker

    def store_of(self, phase: str) -> Path:
        """Return the database of a phase."""
        return self._directory / phase / "seamline.duckdb"

    def close(self) -> None:
        """End what still runs."""
        for worker in self._workers:
            worker.kill()

    def measure(self, phase: str, taker: str, sender: str, seconds: float, per: int) -> Phase:
        """Run one phase: as fast as rows are stored, with a bounded number of messages under way.

        Args:
            phase: its name.
            taker: the worker that stores.
            sender: the worker that publishes.
            seconds: how long to measure after the warm-up.
            per: rows of one message.
        """
        store, source = self.worker(taker, phase), self.worker(sender, phase)
        while not store.next_line().get("connected"):
            continue
        result = Phase()
        begun_s = self._clock.steady_s()
        outside = self._cpu_outside(source)
        base: dict[str, Any] | None = None
        with progress(phase, WARM_UP_S + seconds) as shown:
            while (now_s := self._clock.steady_s()) < begun_s + WARM_UP_S + seconds:
                line = store.next_line()
                source.order(line["stored"] // per + _IN_FLIGHT_MESSAGES)
                shown(now_s - begun_s, line["stored"])
                if base is None and now_s >= begun_s + WARM_UP_S:
                    base, base_s, outside = line, now_s, self._cpu_outside(source)
                if base is not None:
                    result.rss_mb.append(rss_mb(store.process.pid))
        last = store.last
        if base is None:
            raise BenchError(f"Phase {phase!r} has no measured seconds.")
        result.seconds = now_s - base_s
        result.rows = last["stored"] - base["stored"]
        if "cpu_s" in last:
            cpu_s = {step: last["cpu_s"][step] - s for step, s in base["cpu_s"].items()}
            now_outside = self._cpu_outside(source)
            result.cpu_s = {step: s - outside[step] for step, s in now_outside.items()} | cpu_s
        self._end(store, source, result, per)
        return result

    def _cpu_outside(self, source: Worker) -> dict[str, float]:
        """Return processor seconds of the processes around ingest."""
        return {"publisher": cpu_s(source.process.pid), "broker": cpu_s(self._broker.pid)}

    def _end(self, store: Worker, source: Worker, result: Phase, per: int) -> None:
        """Let everything that was sent be stored, and close the store."""
        if store.part == "alternative":
            source.kill()
            store.kill()
            return
        said = source.finish()
        result.sent, result.resent = said["sent"], said.get("resent", 0)
        deadline_s = self._clock.steady_s() + PATIENCE_S
        while store.next_line()["stored"] < result.sent * per:
            if self._clock.steady_s() > deadline_s:
                break  # the verification says what is missing
        store.finish()


def _login(user: BrokerUser | None) -> dict[str, str]:
    if user is None:
        raise BenchError("The benchmark's own user is missing.")
    return {"user": user.name, "password": user.password}


@contextmanager
def _bench(note: Note, clock: Clock) -> Iterator[Bench]:
    with tempfile.TemporaryDirectory(prefix="seamline-bench-") as name:
        directory = Path(name)
        secrets = Secrets.open(directory / "secrets.json")
        secrets.ensure(PLATFORM_USER, "platform")
        secrets.ensure(REPLAY_USER, "replay")
        for node in NODES:
            secrets.ensure(user_of_node(node), "node", node)
        with EmbeddedBroker(secrets, directory / "broker", clock=clock) as broker:
            bench = Bench(directory, broker, note, clock)
            try:
                yield bench
            finally:
                bench.close()


def run(note: Note, seconds: float = 60.0) -> dict[str, Any]:
    """Measure both phases and the alternative; return the figures.

    Args:
        note: says something to a person.
        seconds: how long each of the two phases is measured.

    Raises:
        BenchError: if a part of it stops answering.
        BrokerError: if the embedded broker does not start.
    """
    with _bench(note, WallClock()) as bench:
        note(f"Single values on raw topics, {seconds:g} s ...")
        raw = bench.measure("raw", "ingest", "raw", seconds, 1)
        note("The same with paho, json.loads and executemany ...")
        other_s = min(_ALTERNATIVE_S, seconds)
        other = bench.measure("alternative", "alternative", "raw", other_s, 1)
        note(f"Columnar batches of {BATCH_ROWS} values, {seconds:g} s ...")
        batches = bench.measure("batches", "ingest", "batches", seconds, BATCH_ROWS)
        note("Every row is looked at ...")
        faults = [
            *bench_verify.raw_faults(bench.store_of("raw"), raw.sent),
            *bench_verify.batch_faults(bench.store_of("batches"), batches.sent),
        ]
    for fault in faults:
        note(f"NOT VERIFIED: {fault}")
    return _figures(raw, other, batches, not faults)


def _figures(raw: Phase, other: Phase, batches: Phase, verified: bool) -> dict[str, Any]:
    def ratio(one: float, two: float) -> float:
        return round(one / two, 1) if two else 0.0

    return {
        "messages_per_s": round(raw.per_s),
        "values_per_s": round(batches.per_s),
        "seconds": round(raw.seconds, 1),
        "verified": verified,
        "cpu_us_per_message": raw.cpu_us_per_message(),
        "rss_mb_start": round(raw.rss_mb[0]),
        "rss_mb_end": round(raw.rss_mb[-1]),
        "messages_verified": raw.sent,
        "values_verified": batches.sent * BATCH_ROWS,
        "batch_seconds": round(batches.seconds, 1),
        "batch_cpu_us_per_message": batches.cpu_us_per_message(BATCH_ROWS),
        "batch_cpu_us_per_value": batches.cpu_us_per_message(),
        "batch_rss_mb_start": round(batches.rss_mb[0]),
        "batch_rss_mb_end": round(batches.rss_mb[-1]),
        "batches_resent": batches.resent,
        "alternative": "paho, json.loads, executemany, a commit each 250 ms",
        "alternative_messages_per_s": round(other.per_s),
        "messages_ratio": ratio(raw.per_s, other.per_s),
        "values_ratio": ratio(batches.per_s, other.per_s),
    }
