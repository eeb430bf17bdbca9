"""The process in which solvers run: it answers one order after the other over a pipe.

Before a solver's seconds count it has been asked for a moment already, so that what is loaded or
compiled once is no part of them. Better solutions are noted with the CPU seconds at
which they came and are checked afterwards.
"""

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any, Final

import psutil

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.scheduling.contract import Case, Part, PartSettings
from seamline_platform.experiments.scheduling.outcome import (
    RULES,
    Outcome,
    Status,
    problem_sha256,
    solution_document,
)
from seamline_platform.experiments.workers import cpu_seconds, why
from seamline_platform.planning.machines.problem import MachineProblem
from seamline_platform.planning.scheduler import Answer, AnyProblem, Run, Scheduler, Solution
from seamline_platform.planning.shop.annealing import Budget
from seamline_platform.planning.shop.problem import Problem
from seamline_platform.planning.solvers import load_scheduler

READY: Final = "ready"
CURVE_POINTS: Final = 60
WARM_S: Final = 0.2
_SMALL: Final = 4
_PARTS: Final = "seamline_platform.experiments.scheduling."

Told = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class SolveOrder:
    """One solver on one case; `RULES` as solver asks for all dispatch rules."""

    case: Case
    solver: str
    budget: Budget
    seed: int
    start: Solution | None = None
    solver_sha256: str = ""


@dataclass(frozen=True, slots=True)
class PartOrder:
    """One part of the benchmark: a module beside this one with a function `measure`."""

    part: str
    settings: PartSettings


@dataclass(frozen=True, slots=True)
class CheckOrder:
    """One check of the conformance suite."""

    solver: str
    check: str


Order = SolveOrder | PartOrder | CheckOrder


class _Curve:
    """Solutions as they came, thinned so that checking them afterwards takes no time."""

    def __init__(self, began: float, budget: Budget) -> None:
        self._began = began
        self._gap_s = budget.cpu_s / CURVE_POINTS if budget.cpu_s < 3_600 else 0.0
        self.points: list[tuple[float, Solution]] = []

    def add(self, solution: Solution, cost: int) -> None:
        at = time.process_time() - self._began
        near = len(self.points) > 1 and at - self.points[-2][0] < self._gap_s
        if near or len(self.points) >= 4 * CURVE_POINTS:
            self.points[-1] = (at, solution)
        else:
            self.points.append((at, solution))

    def checked(self, case: Case) -> tuple[tuple[float, int], ...]:
        found: list[tuple[float, int]] = []
        for at, solution in self.points:
            seen = case.check(solution)
            if not seen.faults and (not found or seen.objective < found[-1][1]):
                found.append((round(at, 4), seen.objective))
        return tuple(found)


class Desk:
    """Answers orders; remembers which solvers have been asked for a moment already."""

    def __init__(self) -> None:
        self._warm: set[tuple[str, str]] = set()

    def answer(self, order: Order, told: Told) -> object:
        """Return an `Outcome`, the figures of a part, or a finding of the suite."""
        if isinstance(order, PartOrder):
            measure = part_named(order.part)
            return dict(measure(replace(order.settings, cpu=time.process_time), told))
        if isinstance(order, CheckOrder):
            checks = import_module(f"{_PARTS}conformance.checks")
            return checks.run_check(order.solver, order.check)
        if order.solver == RULES:
            return _rules(order)
        return self._solved(order)

    def _solved(self, order: SolveOrder) -> Outcome:
        scheduler = load_scheduler(order.solver)
        _require_kind(scheduler, order)
        if (order.solver, order.case.family) not in self._warm:
            self._warm.add((order.solver, order.case.family))
            _warm_up(scheduler, order)
        began_s, began = cpu_seconds(), time.process_time()
        curve = _Curve(began, order.budget)
        run = Run(time.process_time, order.seed, order.start, curve.add)
        answer = scheduler.solve(order.case.problem, order.budget, run)
        spent_s = cpu_seconds() - began_s
        if not isinstance(answer, Answer):
            raise ConfigError(f"It returned {type(answer).__name__}; a solver returns an Answer.")
        return _judged(order, answer, spent_s, curve)


def part_named(name: str) -> Part:
    """Return a part of the benchmark.

    Raises:
        ConfigError: if it is not installed.
    """
    try:
        module = import_module(_PARTS + name)
    except ModuleNotFoundError as exc:
        raise ConfigError(f"Part {name} is not there: {exc}.") from exc
    measure: Part = module.measure
    return measure


def _warm_up(scheduler: Scheduler, order: SolveOrder) -> None:
    """Let a solver load and compile what it needs, before its seconds count.

    Solvers of ours, which remember nothing, are given the instance itself: a small one may be
    solved before anything is compiled. Solvers of others never see an instance twice.
    """
    ours = type(scheduler).__module__.startswith("seamline_platform.")
    problem = order.case.problem if ours else small_problem(order.case.problem)
    budget = Budget(WARM_S, min(order.budget.moves, 200))
    scheduler.solve(
        problem, budget, Run(time.process_time, order.seed, order.start if ours else None)
    )


def _require_kind(scheduler: Scheduler, order: SolveOrder) -> None:
    kind = kind_of(order.case.problem)
    if kind not in scheduler.kinds:
        raise ConfigError(f"It takes {', '.join(sorted(scheduler.kinds))}; this is a {kind}.")


def kind_of(problem: AnyProblem) -> str:
    """Return which kind of problem this is, in the words of `Scheduler.kinds`."""
    return "shop" if isinstance(problem, Problem) else "machines"


def _judged(order: SolveOrder, answer: Answer, spent_s: float, curve: _Curve) -> Outcome:
    """Return what the checker says of an answer; the solver's own word counts for nothing."""
    case, status, reason = order.case, "ok", ""
    objective, document = None, None
    start = None if order.start is None else case.check(order.start).objective
    if answer.solution is None:
        status, reason = "nothing", "it found no solution in its budget"
    else:
        seen = case.check(answer.solution)
        if seen.faults:
            status, reason = "failed", f"the checker refuses its solution: {seen.faults[0]}"
        else:
            objective, document = seen.objective, solution_document(answer.solution)
    points = curve.checked(case)
    if objective is not None and (not points or objective < points[-1][1]):
        points = (*points, (round(spent_s, 4), objective))
    return _outcome(
        order, status=status, reason=reason, cpu_s=round(spent_s, 3), objective=objective,
        start=start, moves=int(answer.moves), ticks=float(answer.ticks),
        optimal=bool(answer.optimal), curve=points, solution=document,
    )  # fmt: skip


def _rules(order: SolveOrder) -> Outcome:
    began = cpu_seconds()
    solutions = order.case.rules()
    spent = cpu_seconds() - began
    costs: dict[str, int] = {}
    for name, solution in solutions.items():
        seen = order.case.check(solution)
        if seen.faults:
            raise ConfigError(f"The checker refuses the plan of rule {name}: {seen.faults[0]}")
        costs[name] = seen.objective
    if not costs:
        raise ConfigError("It has no dispatch rule.")
    best = min(costs, key=lambda name: costs[name])
    return _outcome(
        order, status="ok", cpu_s=round(spent, 3), objective=costs[best], rule=best, by_rule=costs,
        solution=solution_document(solutions[best]),
    )  # fmt: skip


def failed(order: SolveOrder, reason: str, status: Status = "failed") -> Outcome:
    """Return the outcome of a solver that gave no answer."""
    return _outcome(order, status=status, reason=reason)


def _outcome(order: SolveOrder, **found: Any) -> Outcome:
    cpu_s = order.budget.cpu_s
    return Outcome(
        order.case.family, order.case.name, order.solver, order.seed,
        budget_cpu_s=cpu_s if cpu_s < float("inf") else 0.0, budget_moves=order.budget.moves,
        instance_sha256=problem_sha256(order.case.problem), solver_sha256=order.solver_sha256,
        **found,
    )  # fmt: skip


def small_problem(problem: AnyProblem) -> AnyProblem:
    """Return a problem of the same kind with four orders or jobs."""
    if isinstance(problem, MachineProblem):
        tables = tuple(tuple(row[:_SMALL] for row in table[:_SMALL]) for table in problem.setups)
        first = tuple(row[:_SMALL] for row in problem.first)
        return replace(
            problem, name="small", jobs=problem.jobs[:_SMALL], setups=tables, first=first
        )
    orders = tuple(replace(order, after=()) for order in problem.orders[:_SMALL])
    return replace(problem, name="small", orders=orders, fixed={})


def serve(pipe: Connection) -> None:
    """Answer orders until the pipe ends. Ctrl-C is the parent's affair; prints go to stderr."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.dup2(2, 1)
    threading.Thread(target=_end_with_parent, name="parentwatch", daemon=True).start()
    desk = Desk()
    pipe.send((READY, None))

    def told(share: float, text: str) -> None:
        pipe.send(("progress", (float(share), str(text))))

    while True:
        try:
            order = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            message: tuple[str, object] = ("done", desk.answer(order, told))
        except BaseException as exc:  # a solver may raise anything, SystemExit too
            message = ("error", why(exc))
        try:
            pipe.send(message)
        except OSError:
            return


def _end_with_parent() -> None:
    """Wait for the end of the process that asks, then end what runs here for it, children first."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    parent.join()
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            child.kill()
    os._exit(1)
