"""A forecast in a process of its own: `python -m seamline_platform.demand.worker`, one job each.

On stdin and on stdout: one line of JSON, then an Arrow IPC stream. The child runs at low priority
with few threads, and gives its memory back by ending; the platform never imports scikit-learn.
"""

import asyncio
import contextlib
import hashlib
import io
import json
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import BinaryIO, Final

import pyarrow as pa

from seamline_broker.clock import WallClock
from seamline_broker.errors import PluginError
from seamline_broker.parentwatch import child_environment, ignore_interrupt, watch_parent
from seamline_platform.demand.frame import FORECAST_SCHEMA, long_frame, panel_of
from seamline_platform.demand.leadtime import error_correlation
from seamline_platform.demand.protocol import LEVELS, check_forecast, load_forecaster
from seamline_platform.demand.seasonal_naive import SeasonalNaive

log = logging.getLogger(__name__)

FALLBACK: Final = "seasonal_naive"
FALLBACK_TIMEOUT_S: Final = 60.0
_NICE: Final = 5
_THREAD_VARIABLES: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class ForecastRequest:
    """What to forecast: the long frame, by which model, how far, which quantiles."""

    model: str
    history: object
    horizon: int = 14
    quantiles: Sequence[float] = LEVELS
    threads: int = 1

    def __post_init__(self) -> None:
        if self.horizon < 1:
            raise ValueError(f"A horizon of {self.horizon} days is less than one day.")
        levels = list(self.quantiles)
        if not levels or sorted(set(levels)) != levels or levels[0] <= 0 or levels[-1] >= 1:
            raise ValueError(f"Quantiles must rise inside (0, 1): {levels}.")
        if self.threads < 1:
            raise ValueError(f"Need at least one thread, not {self.threads}.")


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


@dataclass(frozen=True, slots=True)
class ForecastResult:
    """The forecast as long table `unique_id, ds, quantile, value`, and its report."""

    table: pa.Table
    report: ForecastReport


async def run_worker(request: ForecastRequest, timeout_s: float = 60.0) -> ForecastResult:
    """Forecast in a child process; by SeasonalNaive if the model fails or takes too long.

    Raises:
        ValueError: if the history is not a long frame.
        PluginError: if SeasonalNaive fails as well.
    """
    history = long_frame(request.history)
    try:
        return await _one_run(request, request.model, history, timeout_s)
    except TimeoutError:
        note = f"{request.model} took longer than {timeout_s:g} s; seasonal naive took its place."
        note_zh = f"{request.model} 超过 {timeout_s:g} 秒未完成，改用季节朴素法。"
    except PluginError as exc:
        if request.model == FALLBACK:
            raise
        note = f"{request.model} ended without a forecast ({exc}); seasonal naive took its place."
        note_zh = f"{request.model} 未给出预测，改用季节朴素法。"
    log.warning("forecast_fallback model=%s: %s", request.model, note)
    try:
        result = await _one_run(request, FALLBACK, history, FALLBACK_TIMEOUT_S)
    except TimeoutError as exc:
        raise PluginError(f"{note} It took longer than {FALLBACK_TIMEOUT_S:g} s too.") from exc
    told = {"asked": request.model, "status": "fallback", "note": note, "note_zh": note_zh}
    return ForecastResult(result.table, ForecastReport(**{**asdict(result.report), **told}))


async def _one_run(
    request: ForecastRequest, model: str, history: pa.Table, timeout_s: float
) -> ForecastResult:
    environment = child_environment() | dict.fromkeys(_THREAD_VARIABLES, str(request.threads))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "seamline_platform.demand.worker"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
    )
    header = {"model": model, "horizon": request.horizon, "quantiles": list(request.quantiles)}
    try:
        async with asyncio.timeout(timeout_s):
            out, errors = await process.communicate(_pack(header, history))
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    last = errors.decode(errors="replace").strip().splitlines()[-1:]
    if process.returncode != 0:
        raise PluginError(
            f"The forecast process ended with {process.returncode}: {''.join(last) or 'silently'}"
        )
    document, table = _unpack(io.BytesIO(out))
    return ForecastResult(table, ForecastReport(**document))  # type: ignore[arg-type]  # our child


def _pack(header: dict[str, object], table: pa.Table) -> bytes:
    sink = io.BytesIO()
    sink.write(json.dumps(header, ensure_ascii=False).encode() + b"\n")
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _unpack(source: BinaryIO) -> tuple[dict[str, object], pa.Table]:
    try:
        header = json.loads(source.readline())
        with pa.ipc.open_stream(source) as reader:
            return header, reader.read_all()
    except (ValueError, pa.ArrowException) as exc:
        raise PluginError(f"The forecast process sent something unreadable: {exc}.") from exc


def forecast_here(
    model: str, history: pa.Table, horizon: int, quantiles: Sequence[float]
) -> ForecastResult:
    """Forecast in this process; by SeasonalNaive if the model fails (what the worker does).

    Raises:
        ValueError: if the history has nothing to learn from.
    """
    clock = WallClock()
    start, cpu_start = clock.steady_s(), _cpu_s()
    panel = panel_of(history)
    used, status, note, note_zh = model, "ok", "", ""
    try:
        made = load_forecaster(model).forecast(history, horizon, quantiles)
        table = check_forecast(made, panel, horizon, quantiles)
    except Exception as exc:  # a plug-in may raise anything; the factory needs a forecast tonight
        log.exception("forecast_failed model=%s", model)
        used, status = FALLBACK, "fallback"
        note = f"{model} failed ({exc}); seasonal naive took its place."
        note_zh = f"{model} 失败，改用季节朴素法：{exc}"
        table = SeasonalNaive().forecast(history, horizon, quantiles)
    report = ForecastReport(
        model=used,
        asked=model,
        status=status,
        note=note,
        note_zh=note_zh,
        seconds=round(clock.steady_s() - start, 3),
        cpu_seconds=round(_cpu_s() - cpu_start, 3),
        rss_mb=_peak_rss_mb(),
        series=len(panel.ids),
        rows=len(history),
        data_hash=_hash(history),
        correlation=round(error_correlation(panel), 4),
    )
    return ForecastResult(table.cast(FORECAST_SCHEMA), report)


def _hash(table: pa.Table) -> str:
    return hashlib.sha256(_pack({}, table.combine_chunks())).hexdigest()[:16]


def _cpu_s() -> float:
    used = os.times()
    return used.user + used.system


def _peak_rss_mb() -> float:
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024), 1)


def main() -> int:
    """Read one request from stdin, write one result to stdout."""
    ignore_interrupt()
    watch_parent()
    if hasattr(os, "nice"):
        os.nice(_NICE)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    # A plug-in that prints must not break the stream: its stdout becomes stderr.
    with os.fdopen(os.dup(1), "wb") as answer:
        os.dup2(2, 1)
        try:
            header, history = _unpack(sys.stdin.buffer)
            result = forecast_here(
                str(header["model"]),
                history,
                int(header["horizon"]),  # type: ignore[call-overload]  # our parent wrote it
                list(header["quantiles"]),  # type: ignore[call-overload]
            )
        except (ValueError, PluginError) as exc:
            sys.stderr.write(f"{exc}\n")
            return 2
        answer.write(_pack(asdict(result.report), result.table))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
