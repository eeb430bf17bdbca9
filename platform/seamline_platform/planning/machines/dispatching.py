"""Dispatch rules on machine problems: whenever a machine could work, the best job is put on it.

All are non-delay. FIFO, SPT, LPT, MWKR (most work remaining), MOPNR (most operations remaining)
for every goal; EDD, WSPT and ATC (Vepsalainen and Morton, Management Science 33, 1987) where due
dates count, ATCS (Lee, Bhaskaran and Pinedo, IIE Transactions 29, 1997) where set-ups do. In a
permutation flow shop the rule fills the first machine, with the work of whole jobs, and all other
machines follow.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from seamline_platform.planning.machines.decode import decode_permutation
from seamline_platform.planning.machines.problem import (
    MachineProblem,
    MachineSchedule,
    Operation,
    objective_of,
)

ALWAYS: Final = ("FIFO", "SPT", "LPT", "MWKR", "MOPNR")
WITH_DUE_DATES: Final = ("EDD", "WSPT", "ATC")
LOOK_AHEAD: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Values tried for k1, the look-ahead of ATC and ATCS in mean durations."""
SETUP_SCALE: Final = (0.1, 0.2, 0.4, 0.8, 1.5)
"""Values tried for k2 of ATCS, in mean set-ups."""


@dataclass(frozen=True, slots=True)
class RuleResult:
    """The best schedule of a rule over its parameters, and its cost."""

    rule: str
    schedule: MachineSchedule
    cost: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """An operation that a machine could take at `now`."""

    job: int
    now: int
    ready: int
    duration: int
    remaining: int
    """Work of the job from here on."""
    steps: int
    """Operations of the job from here on."""
    due: int
    weight: int
    setup: int


Index = Callable[[Candidate], float]
"""The smallest goes first."""


def rule_names(problem: MachineProblem) -> tuple[str, ...]:
    """Return the rules that can tell the jobs of this problem apart."""
    names = [name for name in ALWAYS if name != "MOPNR" or not problem.permutation]
    if problem.goal == "weighted_tardiness":
        names.extend(WITH_DUE_DATES)
    if problem.setups:
        names.append("ATCS")
    return tuple(names)


def every_rule(problem: MachineProblem) -> Iterator[RuleResult]:
    """Yield the best schedule of every rule that applies."""
    for name in rule_names(problem):
        yield dispatch(problem, name)


def best_rule(problem: MachineProblem) -> RuleResult:
    """Return the best schedule of all rules; of equal ones, that of the rule named first."""
    return min(every_rule(problem), key=lambda result: result.cost)


def dispatch(problem: MachineProblem, name: str) -> RuleResult:
    """Return the best schedule of one rule over its parameters.

    Raises:
        KeyError: if there is no rule of this name.
    """
    schedules = (
        _permutation(problem, index) if problem.permutation else _fill(problem, index)
        for index in _indices(problem, name)
    )
    results = [RuleResult(name, s, objective_of(problem, s)) for s in schedules]
    return min(results, key=lambda result: result.cost)


SIMPLE: Final[Mapping[str, Index]] = {
    "FIFO": lambda c: c.ready,
    "SPT": lambda c: c.duration,
    "LPT": lambda c: -c.duration,
    "MWKR": lambda c: -c.remaining,
    "MOPNR": lambda c: -c.steps,
    "EDD": lambda c: c.due,
    "WSPT": lambda c: c.remaining / max(c.weight, 1e-9),
}


def _indices(problem: MachineProblem, name: str) -> list[Index]:
    if name in SIMPLE:
        return [SIMPLE[name]]
    mean_work, mean_setup = _means(problem)
    scales = {"ATC": (math.inf,), "ATCS": SETUP_SCALE}[name]
    return [_tardiness_cost(k1 * mean_work, k2 * mean_setup) for k1 in LOOK_AHEAD for k2 in scales]


def _tardiness_cost(ahead: float, scale: float) -> Index:
    def index(c: Candidate) -> float:
        slack = max(c.due - c.remaining - c.now, 0)
        worth = -slack / ahead - (c.setup / scale if scale > 0 else 0.0)
        # The logarithm of the published index: it cannot underflow.
        return -(math.log(max(c.weight, 1e-9) / max(c.duration, 1e-9)) + worth)

    return index


def _means(problem: MachineProblem) -> tuple[float, float]:
    """Return mean duration (of a job in a permutation flow shop) and mean set-up."""
    if problem.permutation:
        durations = [job.work for job in problem.jobs]
    else:
        durations = [o.shortest for job in problem.jobs for o in job.operations]
    setups = [value for table in problem.setups for row in table for value in row]
    mean = sum(durations) / len(durations) if durations else 1.0
    return max(mean, 1e-9), sum(setups) / len(setups) if setups else 0.0


def _permutation(problem: MachineProblem, index: Index) -> MachineSchedule:
    left = set(range(len(problem.jobs)))
    work = [job.work for job in problem.jobs]
    sequence: list[int] = []
    free, last = 0, None
    while left:
        soonest = min(problem.jobs[j].release for j in left)
        now = max(free, soonest)
        candidates = [
            Candidate(
                j, now, job.release, work[j], work[j], len(job.operations), job.due, job.weight,
                problem.setup(0, last, j),
            )
            for j in left
            if (job := problem.jobs[j]).release <= now
        ]  # fmt: skip
        pick = min(candidates, key=lambda c: (index(c), c.job))
        free = now + pick.setup + problem.jobs[pick.job].operations[0].shortest
        last = pick.job
        sequence.append(pick.job)
        left.discard(pick.job)
    return decode_permutation(problem, sequence)


class _Shop:
    """Jobs and machines while a rule fills them.

    The next operation of every job is meant for the machine that would complete it first.
    """

    def __init__(self, problem: MachineProblem) -> None:
        self.problem = problem
        self.free = [0] * problem.machines
        self.last: list[int | None] = [None] * problem.machines
        self.ready = [job.release for job in problem.jobs]
        self.starts: list[list[tuple[int, int]]] = [[] for _ in problem.jobs]
        self.remaining = [job.work for job in problem.jobs]
        self.open = set(range(len(problem.jobs)))
        groups: dict[tuple[int, ...], int] = {}
        self.group = [[self._group_of(o, groups) for o in job.operations] for job in problem.jobs]
        self.groups = list(groups)
        """Sets of equal machines, so that each is looked at once per decision."""

    def _group_of(self, operation: Operation, groups: dict[tuple[int, ...], int]) -> int:
        """Return the number of the set of equal machines that can do it; -1: they differ."""
        if self.problem.setups or len({d for _, d in operation.modes}) > 1:
            return -1
        machines = tuple(sorted(m for m, _ in operation.modes))
        return groups.setdefault(machines, len(groups))

    def candidates(self) -> list[tuple[Candidate, int]]:
        """Return what can begin soonest, with its machine."""
        first = [min(machines, key=lambda m: (self.free[m], m)) for machines in self.groups]
        soonest = -1
        meant: list[tuple[int, int, int]] = []
        for j in self.open:
            step = len(self.starts[j])
            group = self.group[j][step]
            if group >= 0:
                machine = first[group]
                duration = self.problem.jobs[j].operations[step].modes[0][1]
            else:
                machine, duration = self._first_done(j, step)
            start = max(self.ready[j], self.free[machine])
            if soonest < 0 or start < soonest:
                soonest, meant = start, []
            if start == soonest:
                meant.append((j, machine, duration))
        return [(self._candidate(j, m, d, soonest), m) for j, m, d in meant]

    def _first_done(self, j: int, step: int) -> tuple[int, int]:
        """Return the machine that would complete an operation first, and its duration."""
        _, machine, duration = min(
            (
                max(self.ready[j], self.free[m]) + self.problem.setup(m, self.last[m], j) + d,
                m,
                d,
            )
            for m, d in self.problem.jobs[j].operations[step].modes
        )
        return machine, duration

    def _candidate(self, j: int, machine: int, duration: int, now: int) -> Candidate:
        job, step = self.problem.jobs[j], len(self.starts[j])
        return Candidate(
            j, now, self.ready[j], duration, self.remaining[j], len(job.operations) - step,
            job.due, job.weight, self.problem.setup(machine, self.last[machine], j),
        )  # fmt: skip

    def place(self, c: Candidate, machine: int) -> None:
        """Put a candidate on its machine."""
        start = c.now + c.setup
        job = self.problem.jobs[c.job]
        self.remaining[c.job] -= job.operations[len(self.starts[c.job])].shortest
        self.starts[c.job].append((machine, start))
        self.ready[c.job] = self.free[machine] = start + c.duration
        self.last[machine] = c.job
        if len(self.starts[c.job]) == len(job.operations):
            self.open.discard(c.job)


def _fill(problem: MachineProblem, index: Index) -> MachineSchedule:
    shop = _Shop(problem)
    while shop.open:
        pick, machine = min(
            shop.candidates(), key=lambda item: (index(item[0]), item[0].job, item[1])
        )
        shop.place(pick, machine)
    return MachineSchedule.of(shop.starts)
