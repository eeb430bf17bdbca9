"""The process in which a model runs: it gets windows over a pipe, and nothing else.

It is a fresh process without any data in it, and it listens to what files the model opens.
"""

import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from seamline_broker.errors import SeamlineError
from seamline_platform.demand.frame import Panel, panel_of
from seamline_platform.demand.protocol import (
    CumulativeForecaster,
    Forecaster,
    PathSampler,
    Trainable,
    check_forecast,
    load_forecaster,
)
from seamline_platform.experiments.forecasting.packing import (
    join,
    pack_forecast,
    pack_frame,
    split,
    unpack_frame,
)
from seamline_platform.experiments.forecasting.sums import checked_sums, sums_of_paths
from seamline_platform.experiments.workers import cpu_seconds, why

READY: Final = b"ready"
SAMPLES: Final = 500
"""Futures that a model is asked for, if it draws futures."""


class Ear:
    """Hears which files are opened, and forbids those that hold what is scored."""

    def __init__(self) -> None:
        self.forbidden: tuple[str, ...] = ()
        self.heard = ""

    def listen(self) -> None:
        """Begin: Python's own way to open files, and Arrow's, which Python does not see."""
        sys.addaudithook(self._on_event)
        import pyarrow.csv
        import pyarrow.dataset
        import pyarrow.parquet

        for module, name in (
            (pa, "memory_map"), (pa, "OSFile"), (pyarrow.csv, "read_csv"),
            (pyarrow.parquet, "read_table"), (pyarrow.parquet, "ParquetFile"),
            (pyarrow.dataset, "dataset"),
        ):  # fmt: skip
            setattr(module, name, self._telling(getattr(module, name)))

    def _telling(self, read: Callable[..., Any]) -> Callable[..., Any]:
        def told(source: Any, *args: Any, **options: Any) -> Any:
            if isinstance(source, str | os.PathLike):
                self._on_event("open", (source, None, None))
            return read(source, *args, **options)

        return told

    def _on_event(self, event: str, args: tuple[Any, ...]) -> None:
        if event != "open" or not self.forbidden or not isinstance(args[0], str | os.PathLike):
            return
        path = os.path.realpath(args[0])
        if any(path == one or path.startswith(one + os.sep) for one in self.forbidden):
            self.heard = path
            raise PermissionError(f"{path} holds what this model is scored on")


class Desk:
    """One model, and what it is asked."""

    def __init__(self, ear: Ear) -> None:
        self.ear = ear
        self.model: Forecaster | None = None

    def answer(self, order: dict[str, Any], frames: list[bytes]) -> list[bytes]:
        """Return header and tables of the answer to one order."""
        if order["do"] == "load":
            self.ear.forbidden = tuple(order["forbidden"])
            self.model = load_forecaster(order["spec"], **order["options"])
            return [_json({"trains": isinstance(self.model, Trainable)})]
        if self.model is None:
            raise SeamlineError("No model was loaded.")
        history = unpack_frame(frames[0])
        horizon, levels = int(order["horizon"]), tuple(order["levels"])
        with _Meter() as meter:
            if order["do"] == "fit" and isinstance(self.model, Trainable):
                self.model.fit(history, horizon, levels)
            if order["do"] == "forecast":
                came = self.model.forecast(history, horizon, levels)
        if order["do"] == "fit":
            return [_json(meter.figures)]
        panel = panel_of(history)
        table = check_forecast(came, panel, horizon, levels)
        sums, how = None, ""
        if order["sums"]:
            with _Meter() as more:
                sums, how = self._sums(history, panel, order["sums"], levels, int(order["seed"]))
            meter.add(more)
        header = _json({**meter.figures, "aggregation": how})
        packed = [pack_forecast(table, panel.freq)]
        return [header, *packed, *([] if sums is None else [pack_frame(sums)])]

    def _sums(
        self, history: pa.Table, panel: Panel, steps: list[int], levels: Sequence[float], seed: int
    ) -> tuple[pa.Table | None, str]:
        """Return quantiles of sums over the first `steps` periods, if the model knows them."""
        model = self.model
        if isinstance(model, CumulativeForecaster):
            came = model.cumulative(history, steps, levels)
            return checked_sums(came, panel, steps, levels), "own"
        if isinstance(model, PathSampler):
            paths = model.sample_paths(history, max(steps), SAMPLES, seed)
            sums = sums_of_paths(paths, panel, steps, levels, SAMPLES)
            return checked_sums(sums, panel, steps, levels), "paths"
        return None, ""


class _Meter:
    """Seconds on the clock and of the processor, and the most memory held so far."""

    def __init__(self) -> None:
        self.figures: dict[str, float] = {}

    def __enter__(self) -> "_Meter":
        self._wall, self._cpu = time.perf_counter(), cpu_seconds()
        return self

    def __exit__(self, *exc: object) -> None:
        self.figures = {
            "seconds": time.perf_counter() - self._wall,
            "cpu_seconds": cpu_seconds() - self._cpu,
            "rss_mb": _peak_mb(),
        }

    def add(self, other: "_Meter") -> None:
        """Count another stretch in."""
        for name in ("seconds", "cpu_seconds"):
            self.figures[name] += other.figures[name]
        self.figures["rss_mb"] = other.figures["rss_mb"]


def _peak_mb() -> float:
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    except OSError:  # no Linux: the kernel's own count, bytes on a Mac
        pass
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode()


def serve(pipe: Connection, threads: int) -> None:
    """Answer orders until the pipe ends. Ctrl-C is the parent's affair; prints go to stderr."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.dup2(2, 1)
    ear = Ear()
    ear.listen()
    desk = Desk(ear)
    with _limited(threads):
        pipe.send_bytes(READY)
        while True:
            try:
                header, *frames = split(pipe.recv_bytes())
            except (EOFError, OSError):
                return
            try:
                answer = desk.answer(json.loads(header), frames)
            except BaseException as exc:  # a model may raise anything, SystemExit too
                answer = [_json({"error": why(exc)})]
            if ear.heard:
                answer = [_json({"leak": ear.heard})]
            try:
                pipe.send_bytes(join(answer))
            except OSError:
                return


def _limited(threads: int) -> Any:
    from threadpoolctl import threadpool_limits

    return threadpool_limits(threads)
