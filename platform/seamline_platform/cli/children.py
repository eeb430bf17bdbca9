"""Child processes: what to start, how one run of it fared, what it said last."""

import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from seamline_broker.errors import SeamlineError
from seamline_broker.parentwatch import child_environment, die_with_parent

_LOG_LIMIT_BYTES: Final = 5_000_000
_PRIVATE_PREFIX: Final = "SEAMLINE_"
_ERROR_MARKS: Final = ("Error: ", "seamline: ")


class ChildError(SeamlineError):
    """A child process cannot be started, or does not stay alive."""


def _ready_at_once(_pid: int) -> bool:
    return True


def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """What to run and how to tell that it is ready.

    `phase` orders the end: all children of phase 0 are stopped before those of phase 1, and so on.
    `before` runs before each start; `ready` is asked with the process id until it says yes;
    `once_ready` runs after each start that became ready.
    """

    name: str
    command: tuple[str, ...]
    log: Path
    phase: int = 0
    ready: Callable[[int], bool] = _ready_at_once
    before: Callable[[], None] = _nothing
    once_ready: Callable[[], None] = _nothing
    environment: Mapping[str, str] = field(default_factory=dict)


class Child:
    """One child: at most one process at a time, started again and again."""

    def __init__(self, spec: ChildSpec) -> None:
        self.spec = spec
        self.process: subprocess.Popen[bytes] | None = None
        self.started_s = 0.0
        self.ready = False
        self.was_ready = False
        self.restarts = 0
        self.fast_failures = 0
        self.next_start_s = 0.0
        self._log_offset = 0
        self._preexec = die_with_parent()

    @property
    def pid(self) -> int | None:
        """Process id, or None while no process is there."""
        return self.process.pid if self.process is not None else None

    def start(self, now_s: float) -> None:
        """Start the process; call it from the main thread, whose death the kernel watches.

        Raises:
            ChildError: if the program or the log file cannot be used.
        """
        self.spec.before()
        environment = {
            name: value
            for name, value in child_environment().items()
            if not name.startswith(_PRIVATE_PREFIX) or name == "SEAMLINE_PARENT_PID"
        }
        try:
            self._rotate_log()
            with self.spec.log.open("ab") as log:
                self._log_offset = log.tell()
                self.process = subprocess.Popen(
                    self.spec.command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env={**environment, **self.spec.environment},
                    preexec_fn=self._preexec,
                    # Ctrl-C reaches a whole group; the supervisor ends its children in order.
                    process_group=0,
                )
        except OSError as exc:
            raise ChildError(f"{self.spec.name} cannot be started: {exc}.") from exc
        self.started_s = now_s
        self.ready = False

    def _rotate_log(self) -> None:
        log = self.spec.log
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
            log.replace(log.with_name(f"{log.name}.1"))

    def last_words(self) -> str:
        """Return the last line that this run of the process wrote into its log."""
        try:
            with self.spec.log.open("rb") as log:
                size = log.seek(0, 2)
                log.seek(max(self._log_offset, size - 8_000))
                lines = log.read().decode("utf-8", errors="replace").strip().splitlines()
        except OSError:
            return "it wrote no log"
        marked = [line for line in lines if line.startswith(_ERROR_MARKS)]
        if not lines:
            return "it said nothing"
        return (marked or lines)[-1].strip().removeprefix("Error: ").removeprefix("seamline: ")
