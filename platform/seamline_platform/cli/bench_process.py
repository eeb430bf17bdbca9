"""Processes of the benchmarks: started, listened to, steered, measured."""

import contextlib
import json
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psutil

from seamline_broker.errors import SeamlineError
from seamline_broker.parentwatch import child_environment, die_with_parent

PATIENCE_S: Final = 60.0


class BenchError(SeamlineError):
    """The benchmark did not come to an end; the reason is in the text."""


class Worker:
    """A child that tells how far it is in JSON lines and is steered by lines."""

    def __init__(self, module: str, part: str, work: Mapping[str, object], log: Path) -> None:
        self.part = part
        self._log = log
        self.last: dict[str, Any] = {"stored": 0}
        self._lines: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        with log.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module, part, json.dumps(work)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
                env=child_environment(), preexec_fn=die_with_parent(),
            )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        if self.process.stdout is not None:
            for line in self.process.stdout:
                self._lines.put(json.loads(line))
        self._lines.put(None)

    def next_line(self) -> dict[str, Any]:
        """Return what the worker says next.

        Raises:
            BenchError: if it ended or stays silent, with the end of its log.
        """
        try:
            line = self._lines.get(timeout=PATIENCE_S)
        except queue.Empty:
            line = None
        if line is None:
            said = self._log.read_text(errors="replace").strip().splitlines()[-3:]
            raise BenchError(f"Process {self.part!r} stopped answering: {' | '.join(said)}")
        self.last = line
        return line

    def order(self, limit: int) -> None:
        """Allow messages up to a number."""
        if self.process.stdin is not None:
            self.process.stdin.write(f"{limit}\n")
            self.process.stdin.flush()

    def finish(self) -> dict[str, Any]:
        """Let the worker finish and leave; return the last that it said."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        while self.process.poll() is None or not self._lines.empty():
            try:
                line = self._lines.get(timeout=PATIENCE_S)
            except queue.Empty:
                break
            if line is None:
                break
            self.last = line
        self.process.wait(10)
        return self.last

    def kill(self) -> None:
        """End the worker at once, if it still lives."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join(5)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what was not read any more
                    pipe.close()


def cpu_s(pid: int | None) -> float:
    """Return processor seconds that a process has used."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def rss_mb(pid: int) -> float:
    """Return the memory of a process in megabytes."""
    return float(psutil.Process(pid).memory_info().rss / 1e6)


@contextmanager
def progress(name: str, total_s: float) -> "Iterator[Callable[[float, int], None]]":
    """Show a bar on standard error, if a person looks at it."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (
        TextColumn(f"{name:>12}"),
        BarColumn(),
        TextColumn("{task.fields[rows]:,} rows"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(name, total=total_s, rows=0)
        yield lambda done_s, rows: bar.update(task, completed=done_s, rows=rows)
