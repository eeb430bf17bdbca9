"""kill -9 while the writer works: what was reported as stored is there, and only whole groups."""

import itertools
import random
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from seamline_platform.store import Store

_WRITE = """
import sys
from pathlib import Path
from seamline_platform.store import Group, Store, StoreSettings
store = Store.open(Path(sys.argv[1]), settings=StoreSettings(commit_ms=2, checkpoint_s=1))
n = store.marks().get(("s", "n", "a"), 0)
while True:
    n += 1
    rows = [{"value": float(n), "batch_id": n, "source_ts": n * 1000, "device": "st-1"}] * 50
    number = {"batch_id": n, "site": "s", "node": "n", "epoch": "a", "n": n, "rows": 50}
    tables = {"readings": store.rows("readings", rows), "batches": store.rows("batches", [number])}
    store.submit(Group(tables, on_commit=lambda n=n: print(n, flush=True)))
    store.wait_room(500, 1)
"""


def written_before_the_kill(path: object, rng: random.Random) -> int:
    """Run the writer for a while, kill it, return the last number that it reported."""
    with subprocess.Popen(
        [sys.executable, "-c", _WRITE, str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        last = 0
        for line in itertools.islice(process.stdout, rng.randint(5, 60)):
            last = int(line)
        process.send_signal(signal.SIGKILL)
        for line in process.stdout:
            last = int(line)
    return last


@pytest.mark.parametrize("seed", range(2))
def test_what_was_reported_is_there_and_groups_are_whole(
    open_store: Callable[..., Store], path: object, seed: int
) -> None:
    rng = random.Random(seed)
    for _ in range(2):
        last = written_before_the_kill(path, rng)
        store = open_store()
        (marks,) = store.read("SELECT count(*) AS n, max(n) AS high FROM batches")
        assert marks["n"] == marks["high"]
        assert int(str(marks["high"])) >= last
        agree = """SELECT count(*) AS n FROM batches b
            JOIN (SELECT batch_id, count(*) AS rows FROM readings GROUP BY batch_id) r
            USING (batch_id) WHERE b.rows = r.rows"""
        assert store.read(agree)[0]["n"] == marks["n"]
        assert store.read("SELECT count(*) AS n FROM readings")[0]["n"] == 50 * int(str(marks["n"]))
        store.close()
