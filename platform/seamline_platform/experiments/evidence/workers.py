"""Processes that run seasons: one job at a time each, the market of a seed kept for the next job.

A process is told its job over a pipe and answers with the outcome, so that the parent always knows
which policy and seed died with a process.
"""

import gc
import signal
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Final, cast

from seamline_broker.errors import SeamlineError
from seamline_platform.experiments.evidence.jobs import (
    Job,
    digest,
    outcome_document,
    setting_document,
)

STOP_S: Final = 2.0
HELD: Final = 2
"""Markets that a process keeps: a tuner goes back and forth between few seeds."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Where a run is found: a module with `make_market(setting, seed)` and `run_one(...)`.

    A name, not a function, because a fresh process has to find it.
    """

    module: str = "seamline_platform.experiments.season.run"

    def functions(self) -> tuple[Callable[..., Any], Callable[..., Any]]:
        """Return `make_market` and `run_one`."""
        module = import_module(self.module)
        return module.make_market, module.run_one


@dataclass(frozen=True, slots=True)
class Answer:
    """What a process sends back: a result as JSON values, or why there is none."""

    outcome: dict[str, Any] | None
    error: str = ""


class Worker:
    """One process and its pipe, seen from the parent."""

    def __init__(self, bench: Bench) -> None:
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, bench), daemon=True)
        self.process.start()
        theirs.close()
        self.job: Job | None = None
        self.markets: list[str] = []
        """Which markets the process holds (setting and seed), the oldest first."""

    def give(self, job: Job) -> None:
        """Start a job. A process that died meanwhile is noticed when its answer is awaited."""
        self.job, key = job, market_key(job)
        self.markets = [*(held for held in self.markets if held != key), key][-HELD:]
        try:
            self.pipe.send((_plain(job), key))
        except OSError:
            return

    def take(self) -> Answer | None:
        """Return the answer of a process that is ready, None if it died."""
        try:
            return cast(Answer, self.pipe.recv())
        except (EOFError, OSError):
            return None

    def stop(self) -> None:
        """End the process now."""
        self.process.terminate()
        self.process.join(STOP_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join(STOP_S)
        self.pipe.close()


def market_key(job: Job) -> str:
    """Return what a market depends on: setting and seed, not the policy."""
    return digest([setting_document(job.setting), job.seed])


def _plain(job: Job) -> Job:
    """Return the job with its mappings as dicts, which can be sent."""
    return replace(job, setting=replace(job.setting, hardware=dict(job.setting.hardware)))


def _free(held: dict[str, Any]) -> None:
    """Give back the oldest market before another takes its place."""
    while len(held) >= HELD:
        del held[next(iter(held))]
    gc.collect()


def _serve(pipe: Connection, bench: Bench) -> None:
    """Run jobs until the pipe ends. Ctrl-C is the parent's affair."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    make_market, run_one = bench.functions()
    held: dict[str, Any] = {}
    while True:
        try:
            job, wanted = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            if wanted in held:
                held[wanted] = held.pop(wanted)  # now the youngest
            else:
                _free(held)
                held[wanted] = make_market(job.setting, job.seed)
            outcome = run_one(job.setting, job.policy, job.knobs, job.seed, held[wanted])
            answer = Answer(outcome_document(outcome))
        except SeamlineError as exc:
            answer = Answer(None, str(exc))
        except Exception as exc:  # whatever it is, the parent must hear of it
            where = traceback.extract_tb(exc.__traceback__)[-1]
            answer = Answer(None, f"{exc!r} at {where.filename}:{where.lineno}")
        try:
            pipe.send(answer)
        except OSError:
            return
