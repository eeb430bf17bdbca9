"""One forecasting job, done in this process: train or take the kept state, forecast, measure."""

import hashlib
import io
import json
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import pyarrow as pa

from seamline_broker.clock import Clock, WallClock
from seamline_broker.errors import PluginError
from seamline_platform.demand.answers import check_cumulative
from seamline_platform.demand.codeversion import code_version
from seamline_platform.demand.frame import FORECAST_SCHEMA, Panel, panel_of
from seamline_platform.demand.kept import KeptFile, load_state, save_state
from seamline_platform.demand.leadtime import error_correlation
from seamline_platform.demand.protocol import LEVELS, Forecaster, check_forecast, load_forecaster
from seamline_platform.demand.registry import Metrics
from seamline_platform.demand.rolling import measure
from seamline_platform.demand.seasonal_naive import SeasonalNaive

log = logging.getLogger(__name__)

FALLBACK: Final = "seasonal_naive"


@dataclass(frozen=True, slots=True)
class ForecastRequest:
    """What to forecast: the long frame, by which model, how far, which quantiles.

    With `kept`, a forecaster that has a method `fit` is trained only if no state of it is kept (or
    `refit` is set), and its state is kept afterwards; any other is simply run. `origins` asks how
    good it is: so many rolling origins over the last weeks.
    """

    model: str
    history: object
    horizon: int = 14
    quantiles: Sequence[float] = LEVELS
    threads: int = 1
    options: Mapping[str, object] = field(default_factory=dict)
    """Arguments for the forecaster's constructor, where it names them."""
    kept: KeptFile | None = None
    refit: bool = False
    origins: int = 0
    steps: tuple[int, ...] = ()
    """Numbers of days whose sums are wanted, of a forecaster that has `cumulative`."""

    def __post_init__(self) -> None:
        if self.horizon < 1:
            raise ValueError(f"A horizon of {self.horizon} days is less than one day.")
        levels = list(self.quantiles)
        if not levels or sorted(set(levels)) != levels or levels[0] <= 0 or levels[-1] >= 1:
            raise ValueError(f"Quantiles must rise inside (0, 1): {levels}.")
        if self.threads < 1:
            raise ValueError(f"Need at least one thread, not {self.threads}.")
        if any(step < 1 for step in self.steps):
            raise ValueError(f"Sums are over at least one day, not {self.steps}.")
        if self.origins < 0:
            raise ValueError(f"Rolling origins are counted from 0, not {self.origins}.")


@dataclass(frozen=True, slots=True)
class ForecastReport:
    """How a forecast came about. `status` is `ok` or `fallback`; `note` says why, if not ok."""

    model: str
    asked: str
    status: str
    note: str
    note_zh: str
    seconds: float
    cpu_seconds: float
    rss_mb: float
    series: int
    rows: int
    data_hash: str
    correlation: float
    """Correlation of errors of different days, for `lead_time_demand`."""
    code_version: str = ""
    trained: bool = True
    """False if a kept state did without training."""
    kept: bool = False
    """Whether a trained state is kept for the next night."""
    metrics: Metrics | None = None


@dataclass(frozen=True, slots=True)
class ForecastResult:
    """The forecast as long table `unique_id, ds, quantile, value`, and its report.

    `sums` is the forecaster's own `unique_id, steps, quantile, value`: quantiles of sums over days.
    None if it was not asked, or has no method `cumulative`.
    """

    table: pa.Table
    report: ForecastReport
    sums: pa.Table | None = None


@dataclass(frozen=True, slots=True)
class _Made:
    """A forecast that kept its promise, and how it came about."""

    table: pa.Table
    trained: bool
    kept: bool
    note: str = ""
    note_zh: str = ""
    sums: pa.Table | None = None


def forecast_here(
    model: str, history: pa.Table, horizon: int, quantiles: Sequence[float]
) -> ForecastResult:
    """Forecast in this process; by SeasonalNaive if the model fails (what the worker does).

    Raises:
        ValueError: if the history has nothing to learn from.
    """
    return run_job(ForecastRequest(model, history, horizon, quantiles), history)


def run_job(
    request: ForecastRequest, history: pa.Table, clock: Clock | None = None
) -> ForecastResult:
    """Do what a request asks for, on a history that is a long frame; see `forecast_here`.

    Raises:
        ValueError: if the history has nothing to learn from.
    """
    clock = clock or WallClock()
    start, cpu_start = clock.steady_s(), _cpu_s()
    panel = panel_of(history)
    used, status, code = request.model, "ok", ""
    metrics: Metrics | None = None
    try:
        code = code_version(request.model)
        made = _forecast(request, history, panel, code)
        metrics = _measured(request, history)
    except Exception as exc:  # a plug-in may raise anything; the factory needs a forecast tonight
        log.exception("forecast_failed model=%s", request.model)
        used, status = FALLBACK, "fallback"
        note = f"{request.model} failed ({exc}); seasonal naive took its place."
        note_zh = f"{request.model} 失败，改用季节朴素法：{exc}"
        table = SeasonalNaive().forecast(history, request.horizon, request.quantiles)
        made = _Made(table, trained=False, kept=False, note=note, note_zh=note_zh)
    report = ForecastReport(
        model=used,
        asked=request.model,
        status=status,
        note=made.note,
        note_zh=made.note_zh,
        seconds=round(clock.steady_s() - start, 3),
        cpu_seconds=round(_cpu_s() - cpu_start, 3),
        rss_mb=_peak_rss_mb(),
        series=len(panel.ids),
        rows=len(history),
        data_hash=_hash(history),
        correlation=round(error_correlation(panel), 4),
        code_version=code,
        trained=made.trained,
        kept=made.kept,
        metrics=metrics,
    )
    return ForecastResult(made.table.cast(FORECAST_SCHEMA), report, made.sums)


def _load(request: ForecastRequest) -> Forecaster:
    return load_forecaster(request.model, **{"threads": request.threads, **request.options})


def _forecast(request: ForecastRequest, history: pa.Table, panel: Panel, code: str) -> _Made:
    """Forecast with the kept state if there is one that fits, else train and keep."""
    refused = ""
    if request.kept is not None and not request.refit and _trains(_load(request)):
        made = _load(request)
        try:
            load_state(request.kept, made, code)
            table = _checked(made, request, history, panel)
            sums = _sums(made, request, history, panel)
            return _Made(table, trained=False, kept=True, sums=sums)
        except Exception as exc:  # a state that no longer fits may break a plug-in in any way
            log.warning("kept_state_refused model=%s: %s", request.model, exc)
            refused = str(exc)
    made = _load(request)
    fit = getattr(made, "fit", None)
    if fit is not None:
        fit(history, request.horizon, request.quantiles)
    why = "it has no method fit"
    if fit is not None and request.kept is not None:
        why = save_state(request.kept, made, code)
    table = _checked(made, request, history, panel)
    kept = request.kept is not None and fit is not None and not why
    note = f"Trained anew: {refused}" if refused else ""
    note_zh = f"重新训练：{refused}" if refused else ""
    if request.kept is not None and fit is not None and why:
        note = f"{note} It trains every night: {why}.".strip()
        note_zh = f"{note_zh} 每晚重新训练：{why}。".strip()
    sums = _sums(made, request, history, panel)
    return _Made(table, trained=True, kept=kept, note=note, note_zh=note_zh, sums=sums)


def _trains(made: Forecaster) -> bool:
    return hasattr(made, "fit")


def _checked(
    made: Forecaster, request: ForecastRequest, history: pa.Table, panel: Panel
) -> pa.Table:
    table = made.forecast(history, request.horizon, request.quantiles)
    return check_forecast(table, panel, request.horizon, request.quantiles)


def _sums(
    made: Forecaster, request: ForecastRequest, history: pa.Table, panel: Panel
) -> pa.Table | None:
    """Return the forecaster's own quantiles of sums, None if it has none."""
    cumulative = getattr(made, "cumulative", None)
    if cumulative is None or not request.steps:
        return None
    levels = request.quantiles
    values = check_cumulative(
        cumulative(history, request.steps, levels), panel, request.steps, levels
    )
    series, steps, count = values.shape
    return pa.table(
        {
            "unique_id": np.repeat(panel.ids, steps * count),
            "steps": np.tile(np.repeat(sorted(request.steps), count), series),
            "quantile": np.tile(np.asarray(sorted(levels)), series * steps),
            "value": values.reshape(-1),
        }
    )


def _measured(request: ForecastRequest, history: pa.Table) -> Metrics | None:
    """Return how good the model is, None if that was not asked; trained anew at each origin."""
    if not request.origins:
        return None

    def answer(before: pa.Table, days: int, quantiles: Sequence[float]) -> object:
        made = _load(request)
        if hasattr(made, "fit"):
            made.fit(before, days, quantiles)
        return made.forecast(before, days, quantiles)

    try:
        return measure(answer, history, request.quantiles, request.origins)
    except ValueError as exc:  # too few days to measure on: no fault of the model
        log.warning("not_measured model=%s: %s", request.model, exc)
        return None


def pack(header: Mapping[str, object], *tables: pa.Table) -> bytes:
    """Return one line of JSON and an Arrow IPC stream per table: what goes through the pipes."""
    streams = []
    for table in tables:
        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        streams.append(sink.getvalue())
    line = json.dumps({"head": header, "sizes": [len(s) for s in streams]}, ensure_ascii=False)
    return line.encode() + b"\n" + b"".join(streams)


def unpack(source: BinaryIO) -> tuple[dict[str, object], list[pa.Table]]:
    """Read what `pack` wrote.

    Raises:
        PluginError: if it is something else.
    """
    try:
        line = json.loads(source.readline())
        tables = []
        for size in line["sizes"]:
            with pa.ipc.open_stream(source.read(size)) as reader:
                tables.append(reader.read_all())
        return line["head"], tables
    except (ValueError, KeyError, TypeError, pa.ArrowException) as exc:
        raise PluginError(f"The forecast process sent something unreadable: {exc!r}.") from exc


def report_of(document: Mapping[str, object]) -> ForecastReport:
    """Read a report that came as JSON from our own worker."""
    report = ForecastReport(**document)  # type: ignore[arg-type]  # our child wrote it
    told = report.metrics
    return replace(report, metrics=Metrics(**told)) if isinstance(told, dict) else report


def _hash(table: pa.Table) -> str:
    return hashlib.sha256(pack({}, table.combine_chunks())).hexdigest()[:16]


def _cpu_s() -> float:
    used = os.times()
    return used.user + used.system


def _peak_rss_mb() -> float:
    """Return the most memory that this process has held, in MB; 0 where nobody knows.

    Linux's `ru_maxrss` of a process that was started by exec begins with that of its parent.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        return round(int(line.split()[1]) / 1024, 1)
    except (OSError, StopIteration, ValueError):
        pass
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024), 1)
