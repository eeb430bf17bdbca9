"""Runs models: each in a process of its own, with a time limit, its forecasts kept on disk."""

import contextlib
import hashlib
import json
import multiprocessing
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from seamline_platform.demand.protocol import canonical_name
from seamline_platform.experiments.forecasting.cardfile import task_hash
from seamline_platform.experiments.forecasting.contract import Forecasted, Status, Task, Window
from seamline_platform.experiments.forecasting.decisions.grid import LEAD_REVIEWS
from seamline_platform.experiments.forecasting.fingerprint import code_sha256, model_hash
from seamline_platform.experiments.forecasting.packing import join, pack_frame, split
from seamline_platform.experiments.forecasting.store import ForecastStore, read
from seamline_platform.experiments.forecasting.worker import READY, serve

TIMEOUT_S: Final = 1_800.0
_STOP_S: Final = 2.0
_START_S: Final = 120.0
_PRELOAD: Final = (
    "seamline_platform.experiments.forecasting.worker", "sklearn.ensemble", "statsforecast.models",
)  # fmt: skip
_context_lock: Final = threading.Lock()


class ModelError(Exception):
    """What a model did wrong; `status` says what that makes of its forecasts."""

    def __init__(self, text: str, status: Status = "failed", gone: bool = False) -> None:
        super().__init__(text)
        self.status, self.gone = status, gone


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A window as it is sent."""

    window: Window
    packed: bytes
    sha256: str


class Runner:
    """Runs models on windows.

    Args:
        cache_dir: where forecasts are kept.
        seed: handed to models that want one.
        timeout_s: seconds that a model may take for one task (all windows of a kind).
        threads: processor threads that a model may use.
        forbidden: files and folders that no model may open.
        note: told when a kept forecast is damaged.
    """

    def __init__(
        self,
        cache_dir: Path,
        seed: int = 0,
        timeout_s: float = TIMEOUT_S,
        threads: int = 1,
        forbidden: Sequence[Path] = (),
        note: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.store = ForecastStore(cache_dir, note)
        self.seed, self.timeout_s, self.threads = seed, timeout_s, threads
        self.forbidden = tuple(str(path.resolve()) for path in forbidden)
        self._sheets: dict[tuple[str, str, int], _Sheet] = {}
        self._lock = threading.Lock()
        self._open: set[_Process] = set()
        self._closed = False

    def forecast(self, model_spec: str, task: Task, window: Window) -> Forecasted:
        """Return what a model says in one window, from disk if it said so before."""
        return self.forecast_all(model_spec, task, [window])[0]

    def forecast_all(
        self,
        model_spec: str,
        task: Task,
        windows: Sequence[Window],
        told: Callable[[], None] = lambda: None,
    ) -> tuple[Forecasted, ...]:
        """Return what a model says in each window, in order; `told` is called after each.

        A model that trains does so in every `task.refit`-th window, on what was known there.
        Failures of any kind come back as forecasts with a status and a reason.
        """
        spec = _absolute(model_spec)
        course = _Course(self, spec, canonical_name(model_spec), task, model_hash(spec))
        try:
            found = []
            for window in windows:
                found.append(course.forecast(self._sheet(window), windows))
                told()
            return tuple(found)
        finally:
            course.close()

    def close(self) -> None:
        """End all processes now, and start no more."""
        with self._lock:
            self._closed = True
            for process in tuple(self._open):
                process.stop()
            self._open.clear()

    def key(self, spec_hash: str, task: Task, sheet: _Sheet) -> str:
        """Return what a forecast depends on, as a hash."""
        parts = (
            spec_hash, code_sha256(), task_hash(task), sheet.sha256, sheet.window.kind,
            sheet.window.index, sheet.window.horizon, list(task.levels), self.seed,
            _sums(task, sheet.window),
        )  # fmt: skip
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def _sheet(self, window: Window) -> _Sheet:
        name = (window.task, window.kind, window.index)
        with self._lock:
            sheet = self._sheets.get(name)
            if sheet is None or sheet.window is not window:
                packed = pack_frame(window.history)
                sheet = _Sheet(window, packed, hashlib.sha256(packed).hexdigest())
                self._sheets[name] = sheet
            return sheet

    def drop(self, task: Task) -> None:
        """Forget the windows of a task: they are large."""
        with self._lock:
            for name in [name for name in self._sheets if name[0] == task.name]:
                del self._sheets[name]

    def start(self, process: "_Process") -> None:
        """Count a process as running.

        Raises:
            ModelError: if the runner was closed meanwhile; the process is ended.
        """
        with self._lock:
            if not self._closed:
                self._open.add(process)
                return
        process.stop()
        raise ModelError("the benchmark was stopped", gone=True)

    def ended(self, process: "_Process") -> None:
        """Count a process as gone."""
        process.stop()
        with self._lock:
            self._open.discard(process)


class _Course:
    """One model through the windows of one task."""

    def __init__(self, runner: Runner, spec: str, name: str, task: Task, sha256: str) -> None:
        self.runner, self.spec, self.name, self.task, self.sha256 = runner, spec, name, task, sha256
        self._process: _Process | None = None
        self._deadline = 0.0
        self._over: ModelError | None = None
        self._trained = -1
        self._trains = False

    def forecast(self, sheet: _Sheet, windows: Sequence[Window]) -> Forecasted:
        key = self.runner.key(self.sha256, self.task, sheet)
        kept = self.runner.store.get(key)
        if kept is not None:
            return replace(kept, model=self.name)
        blank = Forecasted(
            self.name, self.task.name, sheet.window.index, "ok", None, model_hash=self.sha256
        )
        try:
            header, tables = self._ask(sheet, windows)
        except ModelError as exc:
            if exc.gone or exc.status == "leak":
                self._over = exc
            return replace(blank, status=exc.status, note=str(exc))
        plain = {
            f: getattr(blank, f)
            for f in ("model", "task", "window", "status", "note", "model_hash")
        }
        document = {**plain, **header, "correlation": 0.0}
        self.runner.store.put(key, document, tables)
        return read(document, tables)

    def _ask(self, sheet: _Sheet, windows: Sequence[Window]) -> tuple[dict[str, Any], list[bytes]]:
        if self._over is not None:
            raise self._over
        process = self._ready()
        spent = self._train(process, sheet, windows)
        order = self._order("forecast", sheet.window)
        header, *tables = process.ask(order, [sheet.packed], self._deadline)
        figures = {
            "train_seconds": spent.get("seconds", 0.0),
            "predict_seconds": header["seconds"],
            "cpu_seconds": header["cpu_seconds"] + spent.get("cpu_seconds", 0.0),
            "rss_mb": header["rss_mb"],
            "aggregation": header["aggregation"],
        }
        return figures, tables

    def _order(self, do: str, window: Window) -> dict[str, Any]:
        return {
            "do": do, "horizon": window.horizon, "levels": list(self.task.levels),
            "sums": _sums(self.task, window), "seed": self.runner.seed,
        }  # fmt: skip

    def _ready(self) -> "_Process":
        if self._process is None:
            self._process = _Process(self.runner.threads, self.runner.timeout_s)
            self.runner.start(self._process)
            self._process.ready()
            self._deadline = time.monotonic() + self.runner.timeout_s
            options = {
                "season_length": self.task.season_length, "threads": self.runner.threads,
                "seed": self.runner.seed,
            }  # fmt: skip
            order = {"do": "load", "spec": self.spec, "options": options,
                     "forbidden": list(self.runner.forbidden)}  # fmt: skip
            try:
                header, *_ = self._process.ask(order, [], self._deadline)
            except ModelError as exc:
                raise ModelError(str(exc), exc.status, gone=True) from exc
            self._trains = bool(header["trains"])
        return self._process

    def _train(
        self, process: "_Process", sheet: _Sheet, windows: Sequence[Window]
    ) -> dict[str, float]:
        """Train where it is due; a run that goes on trains where the first one did."""
        if not self._trains:
            return {}
        at = [window.index for window in windows]
        place = at.index(sheet.window.index)
        due = windows[place - place % self.task.refit]
        if self._trained == due.index:
            return {}
        packed = sheet.packed if due is sheet.window else pack_frame(due.history)
        figures, *_ = process.ask(self._order("fit", due), [packed], self._deadline)
        self._trained = due.index
        return dict(figures)

    def close(self) -> None:
        if self._process is not None:
            self.runner.ended(self._process)


class _Process:
    """A worker, seen from the parent."""

    def __init__(self, threads: int, timeout_s: float) -> None:
        context = _context()
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, threads), daemon=False)
        self.process.start()
        theirs.close()
        self._timeout_s = timeout_s

    def ready(self) -> None:
        """Wait until the process has loaded its libraries: that is not the model's time.

        Raises:
            ModelError: if it does not come up.
        """
        try:
            if self.pipe.poll(_START_S) and self.pipe.recv_bytes() == READY:
                return
        except (EOFError, OSError) as exc:
            raise ModelError("its process did not start", gone=True) from exc
        raise ModelError(f"its process did not start within {_START_S:g} s", gone=True)

    def ask(self, order: dict[str, Any], frames: list[bytes], deadline: float) -> list[Any]:
        """Return header and tables of the answer.

        Raises:
            ModelError: if the model failed, opened what it must not, did not end, or died.
        """
        try:
            self._send(join([json.dumps(order).encode(), *frames]), deadline)
            if not self.pipe.poll(max(deadline - time.monotonic(), 0.0)):
                raise self._late()
            header, *tables = split(self.pipe.recv_bytes())
        except (EOFError, OSError) as exc:
            self.process.join(_STOP_S)
            if time.monotonic() >= deadline:
                raise self._late() from exc
            code = self.process.exitcode
            how = f"by signal {-code}" if code is not None and code < 0 else f"with code {code}"
            raise ModelError(f"its process ended {how}", gone=True) from exc
        document = json.loads(header)
        if "leak" in document:
            raise ModelError(f"it opened {document['leak']}, which holds what it is scored on",
                             status="leak")  # fmt: skip
        if "error" in document:
            raise ModelError(str(document["error"]))
        return [document, *tables]

    def _late(self) -> ModelError:
        return ModelError(
            f"it did not end: stopped after {self._timeout_s:g} s for this task", gone=True
        )

    def _send(self, message: bytes, deadline: float) -> None:
        """Send; a process that reads no more is ended when its time is over."""
        timer = threading.Timer(max(deadline - time.monotonic(), 0.0), self.process.kill)
        timer.daemon = True
        timer.start()
        try:
            self.pipe.send_bytes(message)
        finally:
            timer.cancel()

    def stop(self) -> None:
        """End the process now."""
        with contextlib.suppress(OSError):
            self.pipe.close()
        self.process.join(0.05)
        if self.process.is_alive():
            self.process.kill()
            self.process.join(_STOP_S)


def _context() -> Any:
    """Return how processes are made: from a server that has libraries loaded, and no data."""
    if sys.platform == "win32":
        return multiprocessing.get_context("spawn")
    with _context_lock:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(_PRELOAD))
        return context


def _sums(task: Task, window: Window) -> list[int]:
    """Return over how many periods an order may have to last, in a window for decisions."""
    if window.kind != "decisions" or task.terms is None:
        return []
    review = task.terms.review
    covers = {task.terms.protection, *((lead + 1) * review for lead in LEAD_REVIEWS)}
    return sorted(steps for steps in covers if steps <= window.horizon)


def _absolute(spec: str) -> str:
    """Return a loose file by its whole path: the worker may stand elsewhere."""
    if ".py:" not in spec:
        return spec
    file, _, name = spec.rpartition(":")
    return f"{Path(file).resolve()}:{name}"
