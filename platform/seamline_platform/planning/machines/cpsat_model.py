"""Machine problems as a CP-SAT model, with a hint that names every variable.

Operations with several modes are optional intervals that share their start; stages of equal
machines are one cumulative resource, since it does not matter which of them works; set-ups and
common sequences are arcs of a circuit.
"""

import itertools
from collections.abc import Sequence
from typing import Any, Final

from seamline_platform.planning.machines.cpsat_driver import Value
from seamline_platform.planning.machines.decode import sequences_of
from seamline_platform.planning.machines.problem import MachineProblem, MachineSchedule
from seamline_platform.planning.machines.structure import stages_of

MOST_ARCS: Final = 300_000
"""Arcs times machines up to which a model with set-ups or a common sequence is built at all."""


def too_large(problem: MachineProblem) -> bool:
    """Return True if the model would not fit into memory and time worth spending."""
    if not (problem.setups or problem.permutation):
        return False
    return len(problem.jobs) ** 2 * problem.machines > MOST_ARCS


class MachineModel:
    """A CP-SAT model of a problem; `model` is what the solver takes."""

    def __init__(self, problem: MachineProblem, cp: Any, upper: int | None = None) -> None:
        self.problem = problem
        self.stages = stages_of(problem) if not problem.setups and not problem.first else ()
        self.model = cp.CpModel()
        self.horizon = _horizon(problem)
        if upper is not None and problem.goal == "makespan":
            self.horizon = min(self.horizon, upper)
        self.starts: list[list[Any]] = []
        self.ends: list[list[Any]] = []
        self.modes: dict[tuple[int, int, int], Any] = {}
        """Literals by job, operation and machine, where there is a choice."""
        self.intervals: list[list[tuple[Any, int, int]]] = [[] for _ in range(problem.machines)]
        """By machine: interval, job, operation."""
        self.arcs: list[tuple[list[int], dict[tuple[int, int], Any]]] = []
        """Machines, and literals by the jobs before and after (-1: none)."""
        for number in range(len(problem.jobs)):
            self._add_job(number)
        self._add_machines()
        if problem.permutation:
            self._add_arcs(list(range(problem.machines)))
        elif problem.setups or problem.first:
            for machine in range(problem.machines):
                self._add_arcs([machine])
        self._add_goal()

    def _add_job(self, number: int) -> None:
        model, job = self.model, self.problem.jobs[number]
        self.starts.append([])
        self.ends.append([])
        ready: Any = job.release
        for step, operation in enumerate(job.operations):
            start = model.new_int_var(job.release, self.horizon, "")
            model.add(start >= ready)
            if len(operation.modes) == 1 or self.stages:
                machine, duration = operation.modes[0]
                interval = model.new_fixed_size_interval_var(start, duration, "")
                self.intervals[machine].append((interval, number, step))
                ready = start + duration
            else:
                ready = start + self._add_modes(number, step, start)
            self.starts[-1].append(start)
            self.ends[-1].append(ready)

    def _add_modes(self, number: int, step: int, start: Any) -> Any:
        """Add one optional interval per mode; return the duration chosen."""
        model, literals, length = self.model, [], 0
        for machine, duration in self.problem.jobs[number].operations[step].modes:
            literal = model.new_bool_var("")
            self.modes[number, step, machine] = literal
            interval = model.new_optional_fixed_size_interval_var(start, duration, literal, "")
            self.intervals[machine].append((interval, number, step))
            literals.append(literal)
            length = length + duration * literal
        model.add_exactly_one(literals)
        return length

    def _add_machines(self) -> None:
        if self.stages:
            for machines in self.stages:
                row = [interval for interval, _, _ in self.intervals[machines[0]]]
                self.model.add_cumulative(row, [1] * len(row), len(machines))
            return
        for stays in self.intervals:
            self.model.add_no_overlap([interval for interval, _, _ in stays])

    def _add_arcs(self, machines: list[int]) -> None:
        """Add a circuit through the jobs of `machines`, which take them in one sequence."""
        stays = [(number, step) for _, number, step in self.intervals[machines[0]]]
        literals: dict[tuple[int, int], Any] = {}
        arcs = [(0, 0, self.model.new_bool_var(""))]
        literals[-1, -1] = arcs[0][2]
        nodes = [(-1, -1), *stays]
        for a, before in enumerate(nodes):
            for b, after in enumerate(nodes):
                if a == b:
                    continue
                literal = self.model.new_bool_var("")
                literals[a, b] = literal
                arcs.append((a, b, literal))
                if b > 0:
                    self._separate(machines, before, after, literal)
        self.model.add(arcs[0][2] == 0) if stays else None
        for a, (number, step) in enumerate(stays, start=1):
            if (number, step, machines[0]) in self.modes:
                away = self.model.new_bool_var("")
                literals[a, a] = away
                arcs.append((a, a, away))
                self.model.add(away + self.modes[number, step, machines[0]] == 1)
        self.model.add_circuit(arcs)
        self.arcs.append((machines, literals))

    def _separate(
        self, machines: list[int], before: tuple[int, int], after: tuple[int, int], literal: Any
    ) -> None:
        """Leave time for the set-up where `after` follows `before` at once."""
        for machine in machines:
            step = machine if self.problem.permutation else after[1]
            start = self.starts[after[0]][step]
            if before[0] < 0:
                setup = self.problem.setup(machine, None, after[0])
                if setup:
                    self.model.add(start >= setup).only_enforce_if(literal)
                continue
            step = machine if self.problem.permutation else before[1]
            setup = self.problem.setup(machine, before[0], after[0])
            self.model.add(start >= self.ends[before[0]][step] + setup).only_enforce_if(literal)

    def _add_goal(self) -> None:
        model, problem = self.model, self.problem
        self.goals: list[Any] = []
        if problem.goal == "makespan":
            self.goals = [model.new_int_var(0, self.horizon, "")]
            for ends in self.ends:
                model.add(self.goals[0] >= ends[-1])
            model.minimize(self.goals[0])
            return
        for job, ends in zip(problem.jobs, self.ends, strict=True):
            late = model.new_int_var(0, max(self.horizon - job.due, 0), "")
            model.add(late >= ends[-1] - job.due)
            self.goals.append(late)
        model.minimize(
            sum(job.weight * late for job, late in zip(problem.jobs, self.goals, strict=True))
        )

    def hint(self, schedule: MachineSchedule) -> None:
        """Hint at a schedule with a value for every variable."""
        model, problem = self.model, self.problem
        completions = []
        for number, job in enumerate(problem.jobs):
            for step, (machine, start) in enumerate(schedule.starts[number]):
                model.add_hint(self.starts[number][step], start)
                for other, _ in job.operations[step].modes:
                    if (number, step, other) in self.modes:
                        model.add_hint(self.modes[number, step, other], int(other == machine))
            machine, start = schedule.starts[number][-1]
            completions.append(start + job.operations[-1].duration(machine))
        if problem.goal == "makespan":
            model.add_hint(self.goals[0], max(completions, default=0))
        else:
            for job, late, done in zip(problem.jobs, self.goals, completions, strict=True):
                model.add_hint(late, max(done - job.due, 0))
        sequences = sequences_of(problem, schedule)
        for machines, literals in self.arcs:
            self._hint_arcs(machines[0], literals, sequences[machines[0]])

    def _hint_arcs(
        self,
        machine: int,
        literals: dict[tuple[int, int], Any],
        sequence: Sequence[tuple[int, int]],
    ) -> None:
        node = {
            (number, step): at
            for at, (_, number, step) in enumerate(self.intervals[machine], start=1)
        }
        path = [0, *(node[step] for step in sequence), 0]
        taken = set(itertools.pairwise(path))
        here = set(path)
        for (a, b), literal in literals.items():
            if a == b:
                self.model.add_hint(literal, int(a > 0 and a not in here))
            else:
                self.model.add_hint(literal, int((a, b) in taken))

    def read(self, value: Value) -> MachineSchedule:
        """Return the schedule that the solver's values describe."""
        starts = [[int(value(start)) for start in row] for row in self.starts]
        if self.stages:
            return _on_machines(self.problem, starts)
        return MachineSchedule.of(
            [
                [
                    (self._machine(value, number, step), start)
                    for step, start in enumerate(row)
                ]
                for number, row in enumerate(starts)
            ]
        )  # fmt: skip

    def _machine(self, value: Value, number: int, step: int) -> int:
        modes = self.problem.jobs[number].operations[step].modes
        if len(modes) == 1:
            return modes[0][0]
        return next(m for m, _ in modes if value(self.modes[number, step, m]))


def _on_machines(problem: MachineProblem, starts: list[list[int]]) -> MachineSchedule:
    """Give every operation a machine of its stage: the one that has been free the longest."""
    rows: list[list[tuple[int, int]]] = [[] for _ in problem.jobs]
    free = [0] * problem.machines
    for step, operation in enumerate(problem.jobs[0].operations):
        machines = [m for m, _ in operation.modes]
        for number in sorted(range(len(starts)), key=lambda j: (starts[j][step], j)):
            machine = min(machines, key=lambda m: (free[m], m))
            start = starts[number][step]
            free[machine] = start + problem.jobs[number].operations[step].duration(machine)
            rows[number].append((machine, start))
    return MachineSchedule.of(rows)


def _horizon(problem: MachineProblem) -> int:
    """Return a time by which everything can be done."""
    work = sum(max(d for _, d in o.modes) for job in problem.jobs for o in job.operations)
    setups = sum(
        max((row[j] for row in table), default=0)
        for table in problem.setups
        for j in range(len(problem.jobs))
    )
    first = sum(max(row, default=0) for row in problem.first)
    return max((job.release for job in problem.jobs), default=0) + work + setups + first
