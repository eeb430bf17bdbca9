"""The supervisor: starts children, restarts those that die, ends all of them in order."""

import logging
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from seamline_broker.clock import Clock, WallClock
from seamline_platform.cli.children import Child, ChildError, ChildSpec

_log = logging.getLogger(__name__)

_FIRST_DELAY_S: Final = 0.2
_LAST_DELAY_S: Final = 5.0
_FAST_S: Final = 10.0
_FAST_LIMIT: Final = 3
_POLL_S: Final = 0.02

STOP_DEADLINES_S: Final[Mapping[int, float]] = {0: 3.2, 1: 3.7, 2: 4.4, 3: 4.7}
"""Seconds after the begin of the end at which the processes of a phase are killed."""

Report = Callable[[str, str], None]


def restart_delay_s(fast_failures: int) -> float:
    """Return how long to wait before the next start, after so many quick ends in a row."""
    return min(_LAST_DELAY_S, _FIRST_DELAY_S * float(2 ** max(0, fast_failures - 1)))


class Supervisor:
    """Keeps children running. All methods are for the main thread.

    Args:
        report: called with a child's name and what happened to it, for a person to read.
        clock: measures waiting times.
    """

    def __init__(self, report: Report, clock: Clock | None = None) -> None:
        self._report = report
        self._clock = clock or WallClock()
        self._children: dict[str, Child] = {}
        self._helpers: list[tuple[str, subprocess.Popen[bytes]]] = []
        self._pause = threading.Event()

    @property
    def restarts(self) -> int:
        """How often a child that died was started again."""
        return sum(child.restarts for child in self._children.values())

    @property
    def pids(self) -> dict[str, int]:
        """Process ids by name."""
        return {c.spec.name: c.pid for c in self._children.values() if c.pid is not None}

    def start(self, spec: ChildSpec) -> None:
        """Start a child and keep it running from now on.

        Raises:
            ChildError: if its program cannot be started.
        """
        child = Child(spec)
        child.start(self._clock.steady_s())
        self._children[spec.name] = child

    def help_with(self, name: str, process: "subprocess.Popen[bytes]") -> None:
        """Take over a short helper process: it is reaped when it ends, a failure is reported."""
        self._helpers.append((name, process))

    def _reap_helpers(self) -> None:
        for name, process in self._helpers:
            if process.poll():
                self._report(name, f"failed (exit code {process.returncode}), see its log")
        self._helpers = [helper for helper in self._helpers if helper[1].poll() is None]

    def is_ready(self, names: Sequence[str] | None = None) -> bool:
        """Tell whether these children (default: all) are ready."""
        chosen = self._children.values() if names is None else map(self._children.get, names)
        return all(child is not None and child.ready for child in chosen)

    def wait_ready(
        self, names: Sequence[str], timeout_s: float, stopping: Callable[[], bool]
    ) -> bool:
        """Wait until these children are ready; False if `stopping` said to give up.

        Raises:
            ChildError: if one ends while it starts, or is not ready in time.
        """
        end_s = self._clock.steady_s() + timeout_s
        while not stopping():
            self.poll(starting=True)
            if self.is_ready(names):
                return True
            if self._clock.steady_s() > end_s:
                late = [name for name in names if not self._children[name].ready]
                child = self._children[late[0]]
                raise ChildError(
                    f"{late[0]} is not ready after {timeout_s:.0f} s; "
                    f"last words: {child.last_words()} (log: {child.spec.log})"
                )
            self._pause.wait(_POLL_S)
        return False

    def poll(self, starting: bool = False) -> None:
        """Look after all children once: note who is ready, start again who died.

        Raises:
            ChildError: if a child ends by itself while starting, or again and again.
        """
        now_s = self._clock.steady_s()
        self._reap_helpers()
        for child in self._children.values():
            if child.process is None:
                if now_s >= child.next_start_s:
                    child.restarts += 1
                    child.start(now_s)
                    self._report(child.spec.name, "started again")
            elif (code := child.process.poll()) is not None:
                self._died(child, code, now_s, starting)
            elif not child.ready and child.spec.ready(child.process.pid):
                child.ready = child.was_ready = True
                child.spec.once_ready()
                self._report(child.spec.name, f"ready after {now_s - child.started_s:.1f} s")

    def _died(self, child: Child, code: int, now_s: float, starting: bool) -> None:
        name, words = child.spec.name, child.last_words()
        by_itself = code > 0
        fast = now_s - child.started_s < _FAST_S
        child.process, child.ready = None, False
        child.fast_failures = child.fast_failures + 1 if fast else 0
        if by_itself and starting and not child.was_ready:
            raise ChildError(f"{name} does not start: {words} (log: {child.spec.log})")
        if by_itself and child.fast_failures >= _FAST_LIMIT:
            raise ChildError(
                f"{name} ended {child.fast_failures} times right after its start: {words} "
                f"(log: {child.spec.log})"
            )
        delay_s = restart_delay_s(child.fast_failures)
        child.next_start_s = now_s + delay_s
        how = f"exit code {code}" if code >= 0 else f"signal {-code}"
        self._report(name, f"died ({how}), starts again in {delay_s:.1f} s")
        _log.warning("Child died name=%s code=%d words=%s", name, code, words)

    def stop(self, hurry: Callable[[], bool] = lambda: False) -> list[str]:
        """End all children, phase by phase, each by SIGTERM first and by force at its deadline.

        Returns:
            Names of those that had to be killed.
        """
        begin_s = self._clock.steady_s()
        killed: list[str] = []
        for phase in sorted({child.spec.phase for child in self._children.values()}):
            group = [c for c in self._children.values() if c.spec.phase == phase and c.process]
            for child in group:
                if child.process:
                    child.process.terminate()
            end_s = begin_s + STOP_DEADLINES_S.get(phase, max(STOP_DEADLINES_S.values()))
            while any(c.process and c.process.poll() is None for c in group):
                if self._clock.steady_s() > end_s or hurry():
                    break
                self._pause.wait(_POLL_S)
            for child in group:
                if child.process and child.process.poll() is None:
                    killed.append(child.spec.name)
                    child.process.kill()
                    child.process.wait()
                child.process = None
        for _, helper in self._helpers:
            helper.kill()
            helper.wait()
        return killed
