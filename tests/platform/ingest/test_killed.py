"""kill -9 of ingest and of the broker while a node sends: every row is stored, none twice."""

import threading
import time

import pytest

from seamline_broker.clock import WallClock
from seamline_platform.cli import bench_ingest, bench_verify
from seamline_platform.cli.bench_process import Worker

pytestmark = pytest.mark.slow


def listening(bench: bench_ingest.Bench) -> Worker:
    """Start ingest on the store of the run and wait for its connections."""
    worker = bench.worker("ingest", "batches")
    while not worker.next_line()["connected"]:
        continue
    return worker


def stored(worker: Worker, more: int) -> None:
    """Wait until this process has stored `more` rows."""
    end = time.monotonic() + 60
    while worker.next_line()["stored"] < more:
        assert time.monotonic() < end


def test_ingest_and_broker_killed_while_a_node_sends() -> None:
    with bench_ingest._bench(lambda text: None, WallClock()) as bench:
        ingest = listening(bench)
        node = bench.worker("batches", "batches")
        node.order(10**6)
        for _ in range(3):
            stored(ingest, 20_000)
            ingest.kill()
            threading.Event().wait(0.1)  # the node goes on sending to nobody
            ingest = listening(bench)
        bench._broker.kill()
        bench._broker.start()
        stored(ingest, 20_000)
        said = node.finish()
        assert said["acknowledged"] == said["sent"]
        ingest.finish()
        assert bench_verify.batch_faults(bench.store_of("batches"), said["sent"]) == []
