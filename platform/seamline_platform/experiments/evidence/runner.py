"""Runs the jobs of an experiment on all cores; what is finished is kept, whatever happens then."""

import os
from collections.abc import Callable, Collection, Sequence
from multiprocessing.connection import wait
from typing import Final

from seamline_broker.errors import ExperimentError
from seamline_platform.experiments.evidence.cache import Cache
from seamline_platform.experiments.evidence.jobs import Job, read_outcome
from seamline_platform.experiments.evidence.workers import Bench, Worker, market_key
from seamline_platform.experiments.season import Outcome

Progress = Callable[[int, int], None]
"""Called with runs done and runs in all."""
_ATTEMPTS: Final = 2


class Runner:
    """Runs jobs in processes that live until `close`, and keeps what is finished."""

    def __init__(
        self, cache: Cache, bench: Bench, note: Callable[[str], None], workers: int = 0
    ) -> None:
        self.cache, self._bench, self._note = cache, bench, note
        self._count = workers or os.cpu_count() or 1
        self._crew: list[Worker] = []

    def close(self) -> None:
        """End all processes."""
        while self._crew:
            self._crew.pop().stop()

    def run(
        self, jobs: Sequence[Job], progress: Progress = lambda done, total: None
    ) -> dict[str, Outcome]:
        """Return the outcome of every job by its key, from the cache where it is there.

        Raises:
            ExperimentError: if a run fails or its process dies twice (naming policy and seed), or
                policies of one seed did not meet the same world.
            KeyboardInterrupt: passed on after the processes have been ended.
        """
        key_of = self.cache.world
        wanted = {job.key(key_of): job for job in jobs}
        done: dict[str, Outcome] = {}
        for key, job in wanted.items():
            kept = self.cache.get(job)
            if kept is not None:
                done[key] = kept
        worlds = _Worlds()
        for key, outcome in done.items():
            worlds.check(wanted[key], outcome)
        progress(len(done), len(wanted))
        missing = [job for key, job in wanted.items() if key not in done]
        if missing:
            self._compute(missing, done, worlds, len(wanted), progress)
        return {key: done[key] for key in wanted}

    def _compute(
        self,
        missing: list[Job],
        done: dict[str, Outcome],
        worlds: "_Worlds",
        total: int,
        progress: Progress,
    ) -> None:
        died: dict[str, int] = {}
        try:
            while len(self._crew) < min(self._count, len(missing)):
                self._crew.append(Worker(self._bench))
            while missing or any(worker.job for worker in self._crew):
                _hand_out(self._crew, missing)
                for worker, job in _ready(self._crew):
                    outcome = self._result(worker, job, missing, died)
                    if outcome is None:
                        continue
                    worlds.check(job, outcome)
                    self.cache.put(job, outcome)
                    done[job.key(self.cache.world)] = outcome
                    progress(len(done), total)
        except BaseException:  # Ctrl-C too: nobody may go on computing for a reader who has left
            self.close()
            raise

    def _result(
        self, worker: Worker, job: Job, missing: list[Job], died: dict[str, int]
    ) -> Outcome | None:
        """Return what a worker made of its job; None if it died and the job waits once more."""
        answer = worker.take()
        if answer is None:
            self._replace(worker, job, missing, died)
            return None
        worker.job = None
        if answer.outcome is None:
            raise ExperimentError(f"Policy {job.name}, seed {job.seed} failed: {answer.error}")
        return read_outcome(answer.outcome)

    def _replace(self, worker: Worker, job: Job, missing: list[Job], died: dict[str, int]) -> None:
        """Put a new process in the place of one that died, and its job in front."""
        worker.stop()
        key = job.key(self.cache.world)
        died[key] = died.get(key, 0) + 1
        what = (
            f"The process that ran policy {job.name}, seed {job.seed} died "
            f"(exit code {worker.process.exitcode})"
        )
        if died[key] >= _ATTEMPTS:
            raise ExperimentError(f"{what}, twice. Finished runs are kept.")
        self._note(f"{what}; it is tried once more.")
        missing.insert(0, job)
        self._crew[self._crew.index(worker)] = Worker(self._bench)


class _Worlds:
    """Holds that all policies of a seed met the same customers, breakdowns and sewing times."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[str, str]] = {}

    def check(self, job: Job, outcome: Outcome) -> None:
        first = self._seen.setdefault(market_key(job), (job.name, outcome.exogenous_digest))
        if first[1] != outcome.exogenous_digest:
            raise ExperimentError(
                f"Seed {job.seed}: policies {first[0]} and {job.name} did not meet the same world "
                f"({first[1][:12]} and {outcome.exogenous_digest[:12]}); they cannot be compared."
            )


def next_job(missing: Sequence[Job], holds: Collection[str], others: Collection[str]) -> int:
    """Return the place of the job that a worker should take.

    A market that it holds first; else one that nobody holds; else the one with most jobs left.
    """
    left: dict[str, int] = {}
    for job in missing:
        key = market_key(job)
        left[key] = left.get(key, 0) + 1
    best = max(left, key=lambda key: (key in holds, key not in others, left[key]))
    return next(n for n, job in enumerate(missing) if market_key(job) == best)


def _hand_out(crew: Sequence[Worker], missing: list[Job]) -> None:
    for worker in crew:
        if worker.job is None and missing:
            others = {key for other in crew if other is not worker for key in other.markets}
            worker.give(missing.pop(next_job(missing, worker.markets, others)))


def _ready(crew: Sequence[Worker]) -> list[tuple[Worker, Job]]:
    """Wait until a busy worker answers or dies."""
    busy = [(worker, worker.job) for worker in crew if worker.job]
    answered = wait([worker.pipe for worker, _ in busy])
    return [(worker, job) for worker, job in busy if worker.pipe in answered]
