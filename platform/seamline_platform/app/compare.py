"""The comparison behind the page: a child process on demand, its lines told to the hub."""

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from seamline_broker.parentwatch import child_environment
from seamline_platform.api.compare_models import (
    CompareLinks,
    ComparePace,
    CompareStart,
    CompareState,
    CompareSwitch,
)
from seamline_platform.api.hub import Hub
from seamline_platform.api.problems import RequestError

log = logging.getLogger(__name__)

COMMAND: Final = (sys.executable, "-m", "seamline_platform.experiments.duel.worker")
_PATIENCE_S: Final = 2.0
_ALIVE: Final = ("starting", "running", "paused")
_FAILED_ZH: Final = "对比中断，详情见平台日志。"

Post = Callable[[Callable[[Hub], None]], None]


def _idle() -> CompareState:
    asked = CompareStart()
    return CompareState(
        state="idle", run=0, seed=asked.seed, capacity=asked.capacity, days=asked.days,
        days_per_s=asked.days_per_s, reached_days_per_s=None, start_ms=0, day=0, left=asked.left,
        right=asked.right, calendar=[], digest_left="", digest_right="", error="", error_zh="",
    )  # fmt: skip


class Comparison:
    """At most one comparison at a time, the same for every page. Calls may come from any thread."""

    def __init__(self, post: Post, log_path: Path, command: Sequence[str] = COMMAND) -> None:
        self._post, self._log_path, self._command = post, log_path, tuple(command)
        self._lock = threading.RLock()
        self._process: subprocess.Popen[str] | None = None
        self._state = _idle()
        self._days: list[str] = []
        self._marks: list[str] = []
        self._show()

    # ---- what the API asks for -------------------------------------------------------------------

    def state(self) -> CompareState:
        """Return where the comparison stands."""
        with self._lock:
            return self._state

    def start(self, request: CompareStart) -> CompareState:
        """Begin anew; what runs is ended.

        Raises:
            RequestError: 503 if no process can be started.
        """
        with self._lock:
            self._end()
            self._forget()
            run = self._state.run + 1
            asked = {name: getattr(request, name) for name in CompareStart.model_fields}
            self._state = _idle().model_copy(update={**asked, "state": "starting", "run": run})
            self._launch(request, run)
            return self._show()

    def pace(self, request: ComparePace) -> CompareState:
        """Pause, continue, or change the speed.

        Raises:
            RequestError: 409 if no comparison runs.
        """
        with self._lock:
            self._tell({"op": "pace", **request.model_dump()})
            update: dict[str, object] = {"reached_days_per_s": None}
            if request.days_per_s is not None:
                update["days_per_s"] = request.days_per_s
            if request.paused is not None:
                going = "running" if self._state.start_ms else "starting"
                update["state"] = "paused" if request.paused else going
            return self._show(**update)

    def switch(self, request: CompareSwitch) -> CompareState:
        """Flip a switch of one side.

        Raises:
            RequestError: 409 if no comparison runs.
        """
        with self._lock:
            self._tell({"op": "switch", **request.model_dump()})
            links: CompareLinks = getattr(self._state, request.side)
            changed = links.model_copy(update={request.name: request.value})
            return self._show(**{request.side: changed})

    def stop(self) -> CompareState:
        """End the comparison, if one runs; what it has shown stays."""
        with self._lock:
            ran = self._state.state in _ALIVE
            self._end()
            return self._show(state="stopped", reached_days_per_s=None) if ran else self._state

    # ---- the child -------------------------------------------------------------------------------

    def _launch(self, request: CompareStart, run: int) -> None:
        try:
            self._log_path.parent.mkdir(parents=True, exist_ok=True)
            with self._log_path.open("w", encoding="utf-8") as said:
                # A thread of the server starts it, and threads end: the child watches the process.
                process = self._process = subprocess.Popen(
                    self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said,
                    text=True, encoding="utf-8", env=child_environment(),
                )  # fmt: skip
        except OSError as exc:
            self._state = self._state.model_copy(update={"state": "failed", "error": str(exc)})
            self._show()
            raise RequestError(503, f"No process can be started: {exc}.") from exc
        self._tell(request.model_dump())
        threading.Thread(
            target=self._read, args=(process, run), name="compare", daemon=True
        ).start()

    def _tell(self, order: Mapping[str, object]) -> None:
        process = self._process
        if process is None or process.stdin is None or self._state.state not in _ALIVE:
            raise RequestError(
                409, "No comparison runs.", "POST /api/compare/start before anything else"
            )
        with suppress(OSError):  # it ended this moment: the reader will tell how
            process.stdin.write(json.dumps(order) + "\n")
            process.stdin.flush()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(OSError):
            if process.stdin is not None:
                process.stdin.close()
        try:
            process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:  # in the middle of a long day
            process.kill()
            process.wait()

    def _read(self, process: "subprocess.Popen[str]", run: int) -> None:
        if process.stdout is None:
            return
        with process.stdout as lines:
            for line in lines:
                with self._lock:
                    if self._state.run != run or self._process is not process:
                        break
                    self._take(json.loads(line))
        code = process.wait()
        with self._lock:
            mine = self._process is process
            if mine:
                self._end()
            if mine and self._state.state in _ALIVE:
                words = self._last_words() or f"The process ended with code {code}."
                log.error("The comparison failed. code=%s: %s", code, words)
                self._show(state="failed", error=words, error_zh=_FAILED_ZH)

    def _last_words(self) -> str:
        try:
            lines = self._log_path.read_text(encoding="utf-8", errors="replace").split("\n")
        except OSError:
            return ""
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    # ---- what the pages see ----------------------------------------------------------------------

    def _take(self, said: dict[str, Any]) -> None:
        kind = said.pop("t")
        if kind == "began":
            state = "running" if self._state.state == "starting" else self._state.state
            self._show(state=state, **said)
        elif kind == "day":
            reached = said.pop("reached_days_per_s")
            self._set("compare_days", self._days, f"{said['day']:04d}", said)
            self._show(day=said["day"] + 1, reached_days_per_s=reached)
        elif kind == "mark":
            self._set("compare_marks", self._marks, f"{len(self._marks):05d}", said)
        elif kind == "digests":
            self._show(digest_left=said["left"], digest_right=said["right"])
        elif kind == "done":
            self._show(state="done", reached_days_per_s=None)
        else:
            log.warning("The comparison refused an order. what=%s", said.get("what"))

    def _set(self, topic: str, keys: list[str], key: str, value: Mapping[str, object]) -> None:
        keys.append(key)
        self._post(lambda hub: hub.set(topic, {key: value}))

    def _forget(self) -> None:
        days, marks = self._days, self._marks
        self._days, self._marks = [], []

        def clear(hub: Hub) -> None:
            hub.set("compare_days", {}, days)
            hub.set("compare_marks", {}, marks)

        self._post(clear)

    def _show(self, **update: object) -> CompareState:
        state = self._state = CompareState.model_validate({**dict(self._state), **update})
        document = state.model_dump(mode="json")
        self._post(lambda hub: hub.put("compare", document))
        return state
