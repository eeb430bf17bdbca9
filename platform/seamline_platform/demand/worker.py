"""A forecast in a process of its own: `python -m seamline_platform.demand.worker`, one job each.

On stdin and on stdout: one line of JSON, then an Arrow IPC stream. The child runs at low priority
with few threads, and gives its memory back by ending; the platform never imports scikit-learn.
"""

import asyncio
import contextlib
import io
import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Final

import pyarrow as pa

from seamline_broker.errors import PluginError
from seamline_broker.parentwatch import child_environment, ignore_interrupt, watch_parent
from seamline_platform.demand.frame import long_frame
from seamline_platform.demand.job import (
    FALLBACK,
    ForecastReport,
    ForecastRequest,
    ForecastResult,
    forecast_here,
    pack,
    report_of,
    run_job,
    unpack,
)
from seamline_platform.demand.kept import KeptFile

__all__ = [
    "FALLBACK",
    "ForecastReport",
    "ForecastRequest",
    "ForecastResult",
    "forecast_here",
    "run_worker",
]

log = logging.getLogger(__name__)

FALLBACK_TIMEOUT_S: Final = 60.0
_NICE: Final = 5
_NICE_BY_DAY: Final = 10
"""On top of that, for what measures or trains by day: a night's forecast goes before it."""
_THREAD_VARIABLES: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


async def run_worker(request: ForecastRequest, timeout_s: float = 60.0) -> ForecastResult:
    """Forecast in a child process; by SeasonalNaive if the model fails or takes too long.

    Raises:
        ValueError: if the history is not a long frame.
        PluginError: if SeasonalNaive fails as well.
    """
    history = await asyncio.to_thread(long_frame, request.history)
    try:
        return await _one_run(request, history, timeout_s)
    except TimeoutError:
        note = f"{request.model} took longer than {timeout_s:g} s; seasonal naive took its place."
        note_zh = f"{request.model} 超过 {timeout_s:g} 秒未完成，改用季节朴素法。"
    except PluginError as exc:
        if request.model == FALLBACK:
            raise
        note = f"{request.model} ended without a forecast ({exc}); seasonal naive took its place."
        note_zh = f"{request.model} 未给出预测，改用季节朴素法。"
    log.warning("forecast_fallback model=%s: %s", request.model, note)
    instead = replace(request, model=FALLBACK, options={}, kept=None, refit=False, origins=0)
    try:
        result = await _one_run(instead, history, FALLBACK_TIMEOUT_S)
    except TimeoutError as exc:
        raise PluginError(f"{note} It took longer than {FALLBACK_TIMEOUT_S:g} s too.") from exc
    told = replace(
        result.report,
        asked=request.model,
        status="fallback",
        note=note,
        note_zh=note_zh,
        trained=False,
    )
    return ForecastResult(result.table, told)


async def _one_run(request: ForecastRequest, history: pa.Table, timeout_s: float) -> ForecastResult:
    environment = child_environment() | dict.fromkeys(_THREAD_VARIABLES, str(request.threads))
    # Packing and unpacking some megabytes takes a while: not in the loop that others live in.
    question = await asyncio.to_thread(pack, _header(request), history)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "seamline_platform.demand.worker"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
    )
    try:
        async with asyncio.timeout(timeout_s):
            out, errors = await process.communicate(question)
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
    document, tables = await asyncio.to_thread(unpack, io.BytesIO(out))
    return ForecastResult(tables[0], report_of(document), *tables[1:])


def _header(request: ForecastRequest) -> dict[str, object]:
    return {
        "model": request.model,
        "horizon": request.horizon,
        "quantiles": list(request.quantiles),
        "threads": request.threads,
        "options": dict(request.options),
        "kept": asdict(request.kept) if request.kept is not None else None,
        "refit": request.refit,
        "origins": request.origins,
        "steps": list(request.steps),
    }


def _request(header: Mapping[str, object], history: pa.Table) -> ForecastRequest:
    kept = header["kept"]
    told = {
        **header,
        "kept": KeptFile(**kept) if isinstance(kept, dict) else None,
        "steps": tuple(header["steps"]),  # type: ignore[arg-type]  # our parent wrote it
    }
    return ForecastRequest(**told, history=history)  # type: ignore[arg-type]  # our parent wrote it


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
            header, (history,) = unpack(sys.stdin.buffer)
            request = _request(header, history)
            if request.origins and hasattr(os, "nice"):
                os.nice(_NICE_BY_DAY)
            result = run_job(request, history)
        except (ValueError, PluginError) as exc:
            sys.stderr.write(f"{exc}\n")
            return 2
        parts = [result.table] if result.sums is None else [result.table, result.sums]
        answer.write(pack(asdict(result.report), *parts))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
