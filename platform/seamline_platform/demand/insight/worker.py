"""An explanation in a process of its own: `python -m seamline_platform.demand.insight.worker`.

On stdin one line of JSON, then the history as an Arrow IPC stream; on stdout JSON. The child runs
at low priority, and the platform never imports what a forecaster needs.
"""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa

from seamline_broker.clock import WallClock
from seamline_broker.errors import PluginError
from seamline_broker.parentwatch import child_environment, ignore_interrupt, watch_parent
from seamline_platform.demand.frame import long_frame
from seamline_platform.demand.insight.explain import Explanation, TooSlowError, explain
from seamline_platform.demand.job import pack, unpack
from seamline_platform.demand.protocol import load_forecaster

log = logging.getLogger(__name__)

STAND_IN: Final = "HistGradientBoosting"
"""Answers for a model that is too slow to be asked again and again: it learns from the same."""
PATIENCE_S: Final = 1.5
_NICE: Final = 10
_THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Question:
    """Which series of a history, by which model, how far ahead."""

    model: str
    unique_id: str
    horizon: int = 14
    params: Mapping[str, object] = field(default_factory=dict)
    slow: bool = False
    """Known to be too slow: its stand-in is asked at once."""

    def __post_init__(self) -> None:
        if self.horizon < 1:
            raise ValueError(f"A horizon of {self.horizon} days is less than one day.")


@dataclass(frozen=True, slots=True)
class Answer:
    """An explanation as plain values: one per day ahead, `first_day` since 1970-01-01."""

    first_day: int
    reference: list[float]
    forecast: list[float]
    contributions: dict[str, list[float]]
    exact: bool
    evaluations: int
    seconds: float
    asked: str
    """The model that answered: the one of the question, or `STAND_IN` if that is too slow."""


def ask_worker(question: Question, history: object, timeout_s: float = 90.0) -> Answer:
    """Explain in a child process; waits for it.

    Raises:
        ValueError: if the history is not a long frame.
        PluginError: if the model fails, or takes longer than `timeout_s`.
    """
    header = {
        "model": question.model,
        "unique_id": question.unique_id,
        "horizon": question.horizon,
        "params": dict(question.params),
        "slow": question.slow,
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", "seamline_platform.demand.insight.worker"],
            input=pack(header, long_frame(history)),
            capture_output=True,
            env=child_environment() | dict.fromkeys(_THREADS, "1"),
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as exc:
        raise PluginError(
            f"{question.model} was asked for longer than {timeout_s:g} s; it is too slow for an "
            "explanation."
        ) from exc
    if done.returncode != 0:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise PluginError(f"The explanation failed: {''.join(last) or 'silently'}")
    try:
        return Answer(**json.loads(done.stdout))
    except (ValueError, TypeError) as exc:
        raise PluginError(f"The explanation cannot be read: {exc}.") from exc


def answer_here(question: Question, history: pa.Table) -> Answer:
    """Explain in this process (what the worker does).

    Raises:
        PluginError: if the model cannot be loaded or does not answer.
    """
    clock = WallClock()
    start = clock.steady_s()
    try:
        asked, found = _explained(question, history)
    except PluginError:
        raise
    except Exception as exc:  # a plug-in may raise anything
        raise PluginError(f"{question.model} does not answer: {exc!r}") from exc
    return Answer(
        first_day=found.first_day,
        reference=[round(float(v), 4) for v in found.reference],
        forecast=[round(float(v), 4) for v in found.forecast],
        contributions={
            name: [round(float(v), 4) for v in values]
            for name, values in found.contributions.items()
        },
        exact=found.exact,
        evaluations=found.evaluations,
        seconds=round(clock.steady_s() - start, 3),
        asked=asked,
    )


def _explained(question: Question, history: pa.Table) -> tuple[str, Explanation]:
    ids, horizon = [question.unique_id], question.horizon
    if not question.slow:
        model = load_forecaster(question.model, **question.params)
        try:
            return question.model, explain(model, history, ids, horizon, patience_s=PATIENCE_S)[0]
        except TooSlowError as exc:
            log.info("stand_in_asked model=%s: %s", question.model, exc)
    stand_in = load_forecaster(STAND_IN, **question.params)
    return STAND_IN, explain(stand_in, history, ids, horizon)[0]


def main() -> int:
    """Read one question from stdin, write one answer to stdout."""
    ignore_interrupt()
    watch_parent()
    if hasattr(os, "nice"):
        os.nice(_NICE)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    # A plug-in that prints must not break the answer: its stdout becomes stderr.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)
        try:
            header, (history,) = unpack(sys.stdin.buffer)
            answer = answer_here(Question(**header), history)  # type: ignore[arg-type]
        except (ValueError, TypeError, PluginError) as exc:
            sys.stderr.write(f"{exc}\n")
            return 2
        document = {name: getattr(answer, name) for name in Answer.__dataclass_fields__}
        out.write(json.dumps(document))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
