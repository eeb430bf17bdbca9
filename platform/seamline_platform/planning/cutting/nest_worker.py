"""The process that packs pieces: a pattern on standard input, better and better markers out.

The packer counts wall seconds and cannot be stopped. So it runs in a process of its own, which
guesses from the machine's load how many wall seconds its CPU seconds will take, and ends itself
when they are used. Its parent keeps the last marker that it wrote.
"""

import json
import os
import sys
import threading
import time
from typing import Any, Final

WORKERS: Final = 3
"""Threads: each step of the search takes the best of so many tries, which saves CPU seconds too."""
EXPLORE: Final = 0.65
"""Share of the budget for exploration; the rest compresses what it found."""
COMPRESS: Final = 1.2
"""Wall seconds allowed for compression, as a share of all: it is slower (one thread), and what
the guess of the load leaves over is best spent there."""
_WORTH: Final = 0.35
"""Share of the budget that has to be left for another start to be worth it."""


class Best:
    """The shortest marker so far, and whether it has been written."""

    def __init__(self) -> None:
        self.length = float("inf")
        self.solution: Any = None
        self.written = True

    def take(self, solution: Any) -> None:
        """Keep a solution if it is shorter."""
        if solution.width < self.length:
            self.length, self.solution, self.written = solution.width, solution, False

    def write(self, cpu_s: float) -> None:
        """Write the marker as a line of JSON, once."""
        if self.written:
            return
        self.written = True
        placed = [[p.id, p.rotation, *p.translation] for p in self.solution.placed_items]
        line = {"length": self.length, "placed": placed, "cpu_s": round(cpu_s, 3)}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


def cpu_per_wall() -> float:
    """Return the CPU seconds that our threads can expect per wall second, from the load so far."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    here = min(WORKERS, cores or 1)
    return min(here, max(WORKERS * (cores or 1) / (load + WORKERS), 0.05))


def main() -> None:
    """Read one request, pack until its CPU seconds are used, and leave."""
    import spyrrow

    request = json.load(sys.stdin)
    budget, seed = float(request["cpu_s"]), int(request["seed"])
    items = [
        spyrrow.Item(i["id"], [tuple(p) for p in i["shape"]], i["count"], i["orientations"])
        for i in request["items"]
    ]
    instance = spyrrow.StripPackingInstance(request["name"], request["width"], items)
    best = Best()
    while True:
        left = budget - time.process_time()
        _pack(spyrrow, instance, left / cpu_per_wall(), seed, budget, best)
        best.write(time.process_time())
        if budget - time.process_time() < _WORTH * budget:
            break
        seed += 1_000
    sys.stdout.write(json.dumps({"cpu_s": round(time.process_time(), 3)}) + "\n")
    sys.stdout.flush()
    os._exit(0)  # the packer's thread may still run


def _pack(spyrrow: Any, instance: Any, wall_s: float, seed: int, budget: float, best: Best) -> None:
    explore = max(round(wall_s * EXPLORE), 1)
    config = spyrrow.StripPackingConfig(
        early_termination=True,
        total_computation_time=None,
        exploration_time=explore,
        compression_time=max(round(wall_s * COMPRESS), 1),
        num_workers=WORKERS,
        seed=seed,
    )
    queue = spyrrow.ProgressQueue()
    kinds = spyrrow.ReportType
    feasible = (kinds.ExplFeas, kinds.CmprFeas, kinds.Final)
    thread = threading.Thread(target=lambda: best.take(instance.solve(config, queue)), daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(0.2)
        for kind, solution in queue.drain():
            if kind in feasible:
                best.take(solution)
        best.write(time.process_time())
        if time.process_time() >= budget and best.solution is not None:
            return


if __name__ == "__main__":
    main()
