"""What a solver promises, check by check; a broken promise says how to mend it."""

import time
from collections.abc import Callable, Mapping
from typing import Final

from seamline_broker.errors import PluginError
from seamline_platform.demand.conformance.findings import BrokenPromiseError, Finding
from seamline_platform.experiments.scheduling.conformance import cases
from seamline_platform.experiments.scheduling.contract import Case
from seamline_platform.experiments.scheduling.outcome import solution_document
from seamline_platform.experiments.scheduling.rows import OVER_BUDGET, OVER_BUDGET_S
from seamline_platform.experiments.scheduling.worker import kind_of
from seamline_platform.experiments.workers import cpu_seconds, why
from seamline_platform.planning.scheduler import Answer, Run, Scheduler, Solution
from seamline_platform.planning.shop.annealing import Budget
from seamline_platform.planning.solvers import load_scheduler

BUDGET_CPU_S: Final = 1.0
CANCELLED_CPU_S: Final = 2.0
MOVES: Final = 300


class Subject:
    """The solver that is checked; each check gets a new one."""

    def __init__(self, spec: str) -> None:
        self.spec = spec

    def scheduler(self) -> Scheduler:
        """Return a new one.

        Raises:
            BrokenPromiseError: if it cannot be made.
        """
        try:
            return load_scheduler(self.spec)
        except PluginError as exc:
            raise BrokenPromiseError(
                str(exc),
                "A class without arguments in its constructor, with kinds = frozenset({'shop'}) "
                "and solve(self, problem, budget, run); 'seamline scheduler new Mine' writes one.",
            ) from exc

    def answer(self, case: Case, budget: Budget, run: Run) -> Answer:
        """Return what it says of a case; it has to be an `Answer`.

        Raises:
            BrokenPromiseError: if it raises, or returns something else.
        """
        scheduler = self.scheduler()
        try:
            answer = scheduler.solve(case.problem, budget, run)
        except Exception as exc:  # a solver may raise anything
            raise BrokenPromiseError(
                f"{case.name}: {why(exc)}", "Return Answer(None) where nothing was found."
            ) from exc
        if not isinstance(answer, Answer):
            raise BrokenPromiseError(
                f"{case.name}: it returned {type(answer).__name__}",
                "Return seamline_platform.planning.scheduler.Answer(solution).",
            )
        return answer

    def objective(self, case: Case, solution: Solution | None) -> int:
        """Return what a solution costs; the checker has to pass it.

        Raises:
            BrokenPromiseError: if there is none, or the checker refuses it.
        """
        if solution is None:
            raise BrokenPromiseError(
                f"{case.name}: it found nothing",
                "Begin with run.start, or with the best dispatch rule, and keep the best so far.",
            )
        seen = case.check(solution)
        if seen.faults:
            raise BrokenPromiseError(
                f"{case.name}: {seen.faults[0]} ({len(seen.faults)} faults)",
                "Name every order that a line can sew once, in problem.fixed's sequence first, "
                "on lines for which problem.can(line, order) is true.",
            )
        return seen.objective


def _run(**more: object) -> Run:
    return Run(time.process_time, **more)  # type: ignore[arg-type]


def loads(subject: Subject) -> str:
    """Make it."""
    kinds = ", ".join(sorted(subject.scheduler().kinds))
    return f"takes {kinds}"


def _fitting(subject: Subject, *every: Case) -> list[Case]:
    """Return the cases of a kind that it takes."""
    kinds = subject.scheduler().kinds
    return [case for case in every if kind_of(case.problem) in kinds]


def _standard(subject: Subject) -> list[Case]:
    return _fitting(subject, cases.plant(), cases.one_machine())


def plans(subject: Subject) -> str:
    """Plan a plant, one with a single order, and an empty one; a job shop, and one machine."""
    every = (
        cases.plant(), cases.one_order(), cases.no_order(), cases.job_shop(), cases.one_machine()
    )  # fmt: skip
    costs = []
    for case in _fitting(subject, *every):
        answer = subject.answer(case, Budget(BUDGET_CPU_S), _run())
        costs.append(f"{case.name} {subject.objective(case, answer.solution)}")
    return f"costs: {', '.join(costs)}"


def respects(subject: Subject) -> str:
    """Plan where something is fixed, tied, cut already, closed at night, or has to follow."""
    costs = []
    for case in _fitting(subject, cases.locked(), cases.following()):
        answer = subject.answer(case, Budget(BUDGET_CPU_S), _run())
        costs.append(f"{case.name} {subject.objective(case, answer.solution)}")
    return f"costs: {', '.join(costs)}" if costs else "it takes no plants"


def not_worse(subject: Subject) -> str:
    """Hand it a plan to begin with."""
    said = []
    for case in _standard(subject):
        start, cost = cases.worst_start(case)
        answer = subject.answer(case, Budget(BUDGET_CPU_S), _run(start=start))
        found = subject.objective(case, answer.solution)
        if found > cost:
            raise BrokenPromiseError(
                f"it was handed a plan that costs {cost} and returned one that costs {found}",
                "Keep the best plan so far, run.start among them, and return it.",
            )
        said.append(f"from {cost} to {found}")
    return ", ".join(said)


def in_budget(subject: Subject) -> str:
    """Count its CPU seconds."""
    said = []
    for case in _standard(subject):
        subject.answer(case, Budget(0.2), _run())  # what is compiled once does not count
        began = cpu_seconds()
        subject.answer(case, Budget(BUDGET_CPU_S), _run())
        spent = cpu_seconds() - began
        if spent > OVER_BUDGET * BUDGET_CPU_S + OVER_BUDGET_S:
            raise BrokenPromiseError(
                f"{spent:.2f} CPU seconds of {BUDGET_CPU_S:g}",
                "Ask run.cpu() in the loop; threads count too.",
            )
        said.append(f"{spent:.2f}")
    return f"{' and '.join(said)} CPU seconds of {BUDGET_CPU_S:g}"


def can_be_cancelled(subject: Subject) -> str:
    """Cancel it at once: it comes back early, with a plan or with nothing."""
    said = []
    for case in _standard(subject):
        subject.answer(case, Budget(0.2), _run())
        began = cpu_seconds()
        answer = subject.answer(case, Budget(20.0), _run(cancelled=lambda: True))
        spent = cpu_seconds() - began
        if spent > CANCELLED_CPU_S:
            raise BrokenPromiseError(
                f"it went on for {spent:.1f} CPU seconds", "Ask run.cancelled() in the loop."
            )
        if answer.solution is not None:
            subject.objective(case, answer.solution)
        said.append(f"{spent:.2f}")
    return f"back after {' and '.join(said)} CPU seconds"


def tells(subject: Subject) -> str:
    """Listen to `on_improve`: every plan told passes the checker and costs what it says."""
    count = 0
    for case in _standard(subject):
        told: list[tuple[Solution, int]] = []
        start, _ = cases.worst_start(case)
        subject.answer(
            case, Budget(BUDGET_CPU_S),
            _run(start=start, on_improve=lambda plan, cost, to=told: to.append((plan, cost))),
        )  # fmt: skip
        for solution, cost in told:
            found = subject.objective(case, solution)
            if found != cost:
                raise BrokenPromiseError(
                    f"it told a plan at {cost} that costs {found}",
                    "Compute costs by planning.shop.decode.evaluate, which the checker confirms.",
                )
        count += len(told)
    return f"{count} plans told" if count else "it tells nothing before its end"


def repeats(subject: Subject) -> str:
    """Give it moves instead of seconds, twice, with one seed: the plans are equal."""
    said = []
    for case in _standard(subject):
        start, _ = cases.worst_start(case)
        budget = Budget(cpu_s=20.0, moves=MOVES)
        first, second = (subject.answer(case, budget, _run(seed=5, start=start)) for _ in "ab")
        if first.moves == 0:
            continue
        if first.solution is None or second.solution is None:
            raise BrokenPromiseError("it found nothing", "Return run.start at least.")
        same = solution_document(first.solution) == solution_document(second.solution)
        if first.moves != second.moves or not same:
            raise BrokenPromiseError(
                f"{first.moves} and {second.moves} moves, plans {'equal' if same else 'different'}",
                "Draw from random.Random(run.seed) alone; let nothing else depend on the clock.",
            )
        said.append(f"{first.moves} moves")
    return f"{' and '.join(said)}, equal plans" if said else "it counts no moves"


Check = Callable[[Subject], str]
CHECKS: Final[Mapping[str, tuple[Check, str]]] = {
    "loads": (loads, "It can be made, and says what it takes."),
    "plans": (plans, "It plans what it takes: a plant, an empty one, a job shop, ..."),
    "respects": (respects, "It respects what is fixed, tied, cut, closed, and what has to follow."),
    "not_worse": (not_worse, "It is never worse than the plan that it was handed."),
    "in_budget": (in_budget, "It keeps to its CPU seconds."),
    "cancels": (can_be_cancelled, "It ends when it is cancelled."),
    "tells": (tells, "What it tells on the way is true."),
    "repeats": (repeats, "Equal seed and moves, equal plan."),
}


def run_check(spec: str, name: str) -> Finding:
    """Run one check on a solver."""
    check, asked = CHECKS[name]
    began = time.process_time()
    ok, came, mend = True, "", ""
    try:
        came = check(Subject(spec))
    except BrokenPromiseError as exc:
        ok, came, mend = False, exc.came, exc.mend
    return Finding(name, ok, asked, came, mend, round(time.process_time() - began, 3))
