"""A worker seen from the parent: it is asked, watched, and ended when it does not end itself."""

import contextlib
import multiprocessing
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Final

import psutil

from seamline_platform.experiments.scheduling.worker import READY, Order, Told, serve

START_S: Final = 180.0
_LOOK_S: Final = 0.5
_STOP_S: Final = 2.0
_lock: Final = threading.Lock()


class WorkerError(Exception):
    """A worker gave no answer; the message says why."""


class StoppedError(Exception):
    """The benchmark is being stopped."""


class Worker:
    """One process at a time; a dead one is replaced with the next order."""

    def __init__(self, stopped: Callable[[], bool]) -> None:
        self._stopped = stopped
        self._process: Any = None
        self._pipe: Any = None

    def ask(self, order: Order, cpu_s: float, wall_s: float, told: Told) -> object:
        """Return the answer to an order.

        It may use `cpu_s` processor seconds, far more than its budget, and `wall_s` on the clock:
        whoever uses more never ends.

        Raises:
            WorkerError: if the solver raised, its process died, or it did not end.
            StoppedError: if the benchmark is being stopped.
        """
        self._ready()
        began, cpu_began = time.monotonic(), self._cpu_s()
        try:
            self._pipe.send(order)
            while True:
                kind, content = self._next(began, cpu_began, cpu_s, wall_s)
                if kind == "progress":
                    told(*content)
                elif kind == "error":
                    raise WorkerError(str(content))
                else:
                    return content
        except (EOFError, OSError) as exc:
            raise WorkerError(self._how_it_died()) from exc

    def _next(self, began: float, cpu_began: float, cpu_s: float, wall_s: float) -> Any:
        while not self._pipe.poll(_LOOK_S):
            if self._stopped():
                self.close()
                raise StoppedError
            used = self._cpu_s() - cpu_began
            if used > cpu_s or time.monotonic() - began > wall_s:
                self.close()
                limit = f"{cpu_s:g} CPU seconds" if used > cpu_s else f"{wall_s:g} s"
                raise WorkerError(f"it did not end: stopped after {limit}")
        return self._pipe.recv()

    def _ready(self) -> None:
        if self._process is not None and self._process.is_alive():
            return
        self.close()
        context = _context()
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs,), daemon=False)
        self._process.start()
        theirs.close()
        end = time.monotonic() + START_S
        try:
            while not self._pipe.poll(_LOOK_S):
                if self._stopped():
                    self.close()
                    raise StoppedError
                if time.monotonic() > end:
                    raise WorkerError(f"its process did not start within {START_S:g} s")
            if self._pipe.recv()[0] != READY:
                raise WorkerError("its process did not start")
        except (EOFError, OSError) as exc:
            raise WorkerError("its process did not start") from exc

    def _cpu_s(self) -> float:
        """Return processor seconds of the process and those children that it waited for."""
        try:
            spent = psutil.Process(self._process.pid).cpu_times()
        except psutil.Error:
            return 0.0
        children = getattr(spent, "children_user", 0.0) + getattr(spent, "children_system", 0.0)
        return float(spent.user + spent.system + children)

    def _how_it_died(self) -> str:
        self._process.join(_STOP_S)
        code = self._process.exitcode
        self.close()
        return f"its process ended {f'by signal {-code}' if code and code < 0 else f'with {code}'}"

    def close(self) -> None:
        """End the process now, and those that it started (parts and solvers may have some)."""
        if self._process is None:
            return
        children = self._children()
        with contextlib.suppress(OSError):
            self._pipe.close()
        self._process.join(0.05)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(_STOP_S)
        for child in children:
            with contextlib.suppress(psutil.Error):
                child.kill()
        self._process = None

    def _children(self) -> list[psutil.Process]:
        try:
            return list(psutil.Process(self._process.pid).children(recursive=True))
        except psutil.Error:
            return []


def _context() -> Any:
    """Return how processes are made: from a server that has this package loaded, and no threads."""
    if sys.platform == "win32":
        return multiprocessing.get_context("spawn")
    with _lock:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["seamline_platform.experiments.scheduling.worker"])
        return context
