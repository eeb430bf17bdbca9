"""A run of the scheduling benchmark: every instance through rules, our solver, peers and yours.

Instances go to worker processes, one after the other in each. What an instance is asked is asked
in turn: first the rules, then the solvers, which get the best rule's plan to begin with (raw CP-SAT
once with it and once without).
"""

import queue
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any, Final

from seamline_platform.experiments.forecasting.cardfile import digest, plain
from seamline_platform.experiments.forecasting.fingerprint import code_sha256
from seamline_platform.experiments.scheduling import catalogue
from seamline_platform.experiments.scheduling.contract import Case, Family, PartSettings
from seamline_platform.experiments.scheduling.outcome import (
    RULES,
    Outcome,
    outcome_of,
    solution_of,
)
from seamline_platform.experiments.scheduling.plan import (
    Lane,
    Options,
    WorkPlan,
    estimate_text,
    plan_of,
)
from seamline_platform.experiments.scheduling.process import StoppedError, Worker, WorkerError
from seamline_platform.experiments.scheduling.store import Store, is_shipped, key_of, solver_sha256
from seamline_platform.experiments.scheduling.worker import PartOrder, SolveOrder, failed
from seamline_platform.planning.scheduler import Solution
from seamline_platform.planning.shop.annealing import Budget

PART_LIMIT_CPU_S: Final = 7_200.0
COMPILE_CPU_S: Final = 180.0
GRACE_CPU_S: Final = 30.0
"""What solvers of others may use beyond three budgets before they are ended."""
CLOCK: Final = 20.0
"""Seconds on the clock for a CPU second, on a machine under load; who takes longer sleeps."""
Progress = Callable[[float, float, str], None]
"""Takes CPU seconds of budgets that are done, of all, and what was done last."""
Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One instance: the rules, and what each column found."""

    case: Case
    rules: Outcome
    outcomes: Mapping[str, Outcome]


@dataclass(frozen=True, slots=True)
class Result:
    """A run."""

    options: Options
    families: tuple[Family, ...]
    cases: tuple[CaseResult, ...]
    parts: Mapping[str, Mapping[str, Any]]
    columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def of(self, family: str) -> tuple[CaseResult, ...]:
        """Return the instances of a family."""
        return tuple(found for found in self.cases if found.case.family == family)


def run(
    options: Options,
    progress: Progress = lambda done, total, text: None,
    note: Note = lambda text: None,
) -> Result:
    """Run the benchmark; what is finished is kept, so that a run that was stopped goes on.

    Raises:
        ConfigError: if a family or a part is unknown.
        PluginError: if a solver cannot be loaded.
    """
    plan = plan_of(options)
    note(estimate_text(plan, options))
    for text in plan.notes:
        note(text)
    runner = _Runner(options, plan, progress, note)
    cases, parts = runner.run()
    columns = tuple(dict.fromkeys(lane.column for _, _, lanes in plan.cases for lane in lanes))
    return Result(options, tuple(plan.families), cases, parts, columns, tuple(plan.notes))


class _Runner:
    """Threads that each hold a worker process and take cases and parts from one list."""

    def __init__(self, options: Options, plan: WorkPlan, progress: Progress, note: Note) -> None:
        self.options, self.plan, self.progress = options, plan, progress
        self.store = Store(options.out, note)
        self.total = plan.cpu_s(options.quick)
        self._done = 0.0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._workers: queue.Queue[Worker] = queue.Queue()

    def run(self) -> tuple[tuple[CaseResult, ...], dict[str, Mapping[str, Any]]]:
        for _ in range(self.options.jobs):
            self._workers.put(Worker(self._stop.is_set))
        pool = ThreadPoolExecutor(self.options.jobs)
        try:
            parts = {name: pool.submit(self._part, name) for name in self.plan.parts}
            cases = [pool.submit(self._case, *entry) for entry in self.plan.cases]
            every: list[Future[Any]] = [*parts.values(), *cases]
            for future in as_completed(every):
                future.result()
            return tuple(f.result() for f in cases), {n: f.result() for n, f in parts.items()}
        finally:
            self._stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            while not self._workers.empty():
                self._workers.get().close()

    def _case(self, case: Case, budget_cpu_s: float, lanes: tuple[Lane, ...]) -> CaseResult:
        worker = self._workers.get()
        try:
            moves = self.options.moves
            budget = Budget(moves=moves) if moves else Budget(budget_cpu_s)
            seed = self.options.seed
            by_rules = self._asked(
                worker, SolveOrder(case, RULES, Budget(600.0), 0, None, solver_sha256(RULES))
            )
            start: Solution | None = None
            if by_rules.solution is not None:
                start = solution_of(by_rules.solution)
            found = {}
            for lane in lanes:
                first = start if lane.started else None
                order = SolveOrder(case, lane.solver, budget, seed, first, lane.sha256)
                found[lane.column] = self._asked(worker, order)
                self._tell(budget_cpu_s, f"{case.family} {case.name} {lane.column}")
            return CaseResult(case, by_rules, found)
        finally:
            self._workers.put(worker)

    def _asked(self, worker: Worker, order: SolveOrder) -> Outcome:
        if self._stop.is_set():
            raise StoppedError
        key = key_of(order)
        kept = None if self.options.fresh else self.store.get(key)
        if kept is not None:
            return outcome_of(kept)
        cpu_s = order.budget.cpu_s if order.budget.cpu_s < 1e9 else 600.0
        # what is compiled for the first time, before the seconds count, takes its own
        limit = 3 * cpu_s + (COMPILE_CPU_S if is_shipped(order.solver) else GRACE_CPU_S)
        try:
            answer = worker.ask(order, limit, CLOCK * limit, lambda share, text: None)
        except WorkerError as exc:
            return failed(order, str(exc))
        if not isinstance(answer, Outcome):
            return failed(order, f"its process answered with {type(answer).__name__}")
        self.store.put(key, answer.document())
        return answer

    def _part(self, name: str) -> Mapping[str, Any]:
        options = self.options
        settings = PartSettings(time.process_time, options.instances, options.seed, options.quick)
        whole = catalogue.part_cpu_s(name, options.quick)
        key = digest(
            [name, code_sha256("planning"), code_sha256("experiments/scheduling"),
             str(options.instances), options.seed, options.quick]
        )  # fmt: skip
        figures = None if options.fresh else self.store.get(key)
        seen = 0.0

        def told(done: float, text: str) -> None:
            nonlocal seen
            step = max(min(done, 1.0) - seen, 0.0)
            seen += step
            self._tell(step * whole, f"{name}: {text}")

        if figures is None:
            worker = self._workers.get()
            try:
                found = worker.ask(PartOrder(name, settings), PART_LIMIT_CPU_S, 86_400.0, told)
                figures = plain(found)
                self.store.put(key, figures)
            except WorkerError as exc:
                figures = {"not_measured": str(exc)}
            finally:
                self._workers.put(worker)
        told(1.0, "done")
        return figures

    def _tell(self, cpu_s: float, text: str) -> None:
        with self._lock:
            self._done += cpu_s
            self.progress(self._done, self.total, text)
