"""The solver's process as the platform sees it: asked, heard, restarted when it dies."""

import asyncio
import contextlib
import json
import logging
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from seamline_broker.clock import Clock
from seamline_broker.parentwatch import child_environment
from seamline_platform.planning.hub.question import Answer, Question

log = logging.getLogger(__name__)

COMMAND: Final = (sys.executable, "-m", "seamline_platform.app.solver_worker")
FIRST_WAIT_S: Final = 1.0
LONGEST_WAIT_S: Final = 60.0
MOST_DEATHS: Final = 2
"""A question during which the process died so often is not asked again."""
_LINE_BYTES: Final = 1 << 24
_THREADS: Final = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


@dataclass(frozen=True, slots=True)
class SolverState:
    """Where the search stands, for people."""

    state: Literal["starting", "idle", "working", "failed"] = "idle"
    reason: str = ""
    reason_zh: str = ""
    pid: int = 0
    restarts: int = 0
    improvements: int = 0
    cost: int | None = None
    cpu_s: float = 0.0
    budget_s: float = 0.0
    method: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the hub is told, on the loop's thread: an answer, or why there is none."""

    number: int
    answer: Answer | None
    final: bool
    reason: str = ""


class SolverProcess:
    """One warm child process; at most one question at a time, the newest counts.

    All methods run on the loop's thread.
    """

    def __init__(
        self,
        hear: Callable[[Heard], None],
        show: Callable[[SolverState], None],
        clock: Clock,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._hear, self._show, self._clock = hear, show, clock
        self._command = tuple(command)
        self._process: asyncio.subprocess.Process | None = None
        self._number = 0
        self._question: Question | None = None
        self._deaths = 0
        self._wanted = asyncio.Event()
        self.state = SolverState()

    def ask(self, question: Question) -> int:
        """Ask; what was asked before is cancelled. Returns the number of the answer."""
        self._number += 1
        self._question, self._deaths = question, 0
        self._set(improvements=0, cost=None, cpu_s=0.0, budget_s=question.cpu_s)
        self._wanted.set()
        return self._number

    def cancel(self) -> None:
        """Forget the question; the process notices with the next one or at its end."""
        self._question = None

    async def run(self) -> None:
        """Keep a process while there are questions, until cancelled; then it is ended."""
        wait_s = FIRST_WAIT_S
        try:
            while True:
                await self._wanted.wait()
                began = self._clock.steady_s()
                await self._life()
                lived_s = self._clock.steady_s() - began
                wait_s = FIRST_WAIT_S if lived_s > LONGEST_WAIT_S else wait_s
                await asyncio.sleep(wait_s)
                wait_s = min(2 * wait_s, LONGEST_WAIT_S)
                self._set(restarts=self.state.restarts + 1)
        finally:
            await self._end()

    # ---- one life of the process -----------------------------------------------------------------

    async def _life(self) -> None:
        """Start the process and serve it until it ends; say why it ended."""
        self._set(state="starting", reason="", reason_zh="", pid=0)
        try:
            process = self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE, env=child_environment() | _THREADS,
                limit=_LINE_BYTES,
            )  # fmt: skip
        except OSError as exc:
            self._died(f"no process can be started: {exc}", f"无法启动进程：{exc}")
            return
        self._set(pid=process.pid)
        asking = asyncio.create_task(self._keep_asking(process))
        words = asyncio.create_task(_last_words(process))
        try:
            await self._listen(process)
        finally:
            asking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asking
        code = await process.wait()
        said = await words
        self._process = None
        how, how_zh = _how(code)
        self._died(f"{how}{f': {said}' if said else ''}", how_zh)

    async def _keep_asking(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin is None:
            return
        with contextlib.suppress(ConnectionError, BrokenPipeError):
            while True:
                await self._wanted.wait()
                self._wanted.clear()
                question = self._question
                if question is None:
                    continue
                document = {"id": self._number, **question.to_document()}
                line = await asyncio.to_thread(json.dumps, document)
                process.stdin.write(line.encode() + b"\n")
                await process.stdin.drain()
                self._set(state="working")

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is None:
            return
        while line := await process.stdout.readline():
            try:
                self._take(json.loads(line))
            except (ValueError, KeyError, TypeError) as exc:
                log.error("solver_answer_not_readable %r: %s", line[:80], exc)

    def _take(self, said: dict[str, Any]) -> None:
        if said["t"] == "ready":
            self._set(state="idle", method=str(said["method"]))
            return
        number = int(said["id"])
        if number != self._number or self._question is None:
            return  # the answer to a question that nobody asks any more
        if said["t"] == "failed":
            self._question = None
            reason = str(said["reason"])
            log.error("solver_failed: %s", reason)
            self._set(state="idle", reason=reason, reason_zh=f"求解失败：{reason}")
            self._hear(Heard(number, None, True, reason))
            return
        answer = Answer.from_document(said)
        final = said["t"] == "done"
        self._set(
            state="idle" if final else "working", cost=answer.cost, cpu_s=answer.cpu_s,
            improvements=answer.improvements,
        )  # fmt: skip
        if final:
            self._question = None
        self._hear(Heard(number, answer, final))

    def _died(self, reason: str, reason_zh: str) -> None:
        text = f"The solver's process ended ({reason}); the last plan stays, rules go on."
        zh = f"求解进程结束（{reason_zh}）；沿用上一计划，按规则继续。"
        log.error("solver_died: %s", text)
        self._set(state="failed", reason=text, reason_zh=zh, pid=0)
        self._deaths += self._question is not None
        if self._deaths < MOST_DEATHS and self._question is not None:
            self._wanted.set()  # ask the next process again
        else:
            self._question = None
        self._hear(Heard(self._number, None, self._question is None, text))

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def _set(self, **changes: Any) -> None:
        state = replace(self.state, **changes)
        if state != self.state:
            self.state = state
            self._show(state)


async def _last_words(process: asyncio.subprocess.Process) -> str:
    """Return the last line on stderr; all of it is read, so that the process never waits."""
    last = b""
    if process.stderr is not None:
        while line := await process.stderr.readline():
            last = line.strip() or last
    return last.decode(errors="replace")[:300]


def _how(code: int) -> tuple[str, str]:
    if code >= 0:
        return f"it ended with {code}", f"退出码 {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = str(-code)
    return f"it was killed by {name}", f"被 {name} 终止"
