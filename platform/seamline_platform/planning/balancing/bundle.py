"""A bundle line as data: tasks with precedence, on stations in a row, each done at one station.

The simple assembly line balancing problems SALBP-1 (fewest stations at a given cycle time) and
SALBP-2 (shortest cycle time at a given number of stations), and ALWABP-2, where every worker has
times of his or her own and cannot do some tasks (Miralles et al. 2007; Borba and Ritt 2014).
Times are whole numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from seamline_broker.errors import ConfigError

Times = tuple[tuple[int | None, ...], ...]


@dataclass(frozen=True)
class BundleLine:
    """Tasks and workers by number from 0.

    Raises:
        ConfigError: unknown tasks in an arc, a circle of arcs, rows of unequal length, a time
            below 0, a task that nobody can do.
    """

    name: str
    times: Times
    """By task, then by worker; None: this worker cannot do it. One column: all are alike."""
    arcs: tuple[tuple[int, int], ...]
    """(a, b): task a is done before task b, at the same station or an earlier one."""

    def __post_init__(self) -> None:
        if not self.times or not self.times[0]:
            raise ConfigError(f"Line {self.name!r} has no tasks or no workers.")
        for task, row in enumerate(self.times):
            if len(row) != len(self.times[0]):
                raise ConfigError(
                    f"Line {self.name!r}: task {task + 1} has {len(row)} times; expected "
                    f"{len(self.times[0])}."
                )
            known = [t for t in row if t is not None]
            if not known or min(known) < 0:
                raise ConfigError(
                    f"Line {self.name!r}: task {task + 1} has times {row}; expected numbers >= 0, "
                    "at least one of them."
                )
        for a, b in self.arcs:
            if not (0 <= a < len(self.times) and 0 <= b < len(self.times)):
                raise ConfigError(
                    f"Line {self.name!r}: arc {a + 1} to {b + 1}; tasks are 1 to {len(self.times)}."
                )
        self._refuse_circles()

    @property
    def tasks(self) -> int:
        """Return the number of tasks."""
        return len(self.times)

    @property
    def workers(self) -> int:
        """Return the number of workers with times of their own."""
        return len(self.times[0])

    @cached_property
    def before(self) -> tuple[frozenset[int], ...]:
        """Return of each task all tasks that have to come before it, by whatever way."""
        found: list[set[int]] = [set() for _ in self.times]
        for task in self._order:
            for a, b in self.arcs:
                if b == task:
                    found[task] |= {a} | found[a]
        return tuple(frozenset(x) for x in found)

    @cached_property
    def after(self) -> tuple[frozenset[int], ...]:
        """Return of each task all tasks that have to come after it."""
        return tuple(
            frozenset(b for b in range(self.tasks) if a in self.before[b])
            for a in range(self.tasks)
        )

    @cached_property
    def _order(self) -> tuple[int, ...]:
        """Return the tasks so that arcs lead forward, as far as there is no circle (Kahn 1962)."""
        waits = [0] * self.tasks
        for _, b in self.arcs:
            waits[b] += 1
        order = [task for task, count in enumerate(waits) if not count]
        for task in order:
            for a, b in self.arcs:
                if a == task:
                    waits[b] -= 1
                    if not waits[b]:
                        order.append(b)
        return tuple(order)

    def _refuse_circles(self) -> None:
        stuck = sorted(set(range(self.tasks)) - set(self._order))
        if stuck:
            shown = ", ".join(str(task + 1) for task in stuck[:8])
            raise ConfigError(f"Line {self.name!r}: tasks {shown} wait for each other in a circle.")


@dataclass(frozen=True)
class BundleBalance:
    """Stations in a row, each with its tasks and its worker."""

    line: BundleLine
    stations: tuple[tuple[int, ...], ...]
    worker: tuple[int, ...]
    """Of each station; with workers who are all alike, always 0."""
    cycle: int
    bound: int
    """No balance has a lower objective: cycle time, or number of stations for SALBP-1."""
    objective: int
    optimal: bool
    ticks: float
    """Deterministic time of the solver: equal on every machine."""
    cpu_s: float = 0.0

    @property
    def gap(self) -> float:
        """Return (objective - bound) / objective."""
        return (self.objective - self.bound) / self.objective if self.objective else 0.0


def check_bundle(plan: BundleBalance, *, alike: bool) -> list[str]:
    """Return what is wrong with a balance, from its stations alone; an empty list if nothing.

    `alike` says that there is one kind of worker, as in SALBP.
    """
    line, wrong = plan.line, []
    place = {task: s for s, tasks in enumerate(plan.stations) for task in tasks}
    if sorted(t for tasks in plan.stations for t in tasks) != list(range(line.tasks)):
        wrong.append("Not every task stands at exactly one station.")
        return wrong
    if len(plan.worker) != len(plan.stations):
        wrong.append(f"{len(plan.stations)} stations have {len(plan.worker)} workers.")
        return wrong
    if not alike and len(set(plan.worker)) != len(plan.worker):
        wrong.append("A worker stands at two stations.")
    for a, b in line.arcs:
        if place[a] > place[b]:
            wrong.append(f"Task {a + 1} comes after task {b + 1}, which needs it.")
    longest = 0
    for tasks, worker in zip(plan.stations, plan.worker, strict=True):
        times = [line.times[task][worker] for task in tasks]
        if any(t is None for t in times):
            wrong.append(f"Worker {worker + 1} has a task that he or she cannot do.")
        longest = max(longest, sum(t or 0 for t in times))
    if longest > plan.cycle:
        wrong.append(f"The longest station takes {longest}; the cycle time is {plan.cycle}.")
    if plan.bound > plan.objective:
        wrong.append(f"The bound {plan.bound} is above the objective {plan.objective}.")
    return wrong


def read_alwabp(text: str, name: str = "instance") -> BundleLine:
    """Return an instance of the ALWABP collection: n, n rows of times (`Inf`: cannot), arcs.

    Raises:
        ConfigError: naming the line of the file that cannot be read.
    """
    rows = [row.split() for row in text.splitlines() if row.strip()]
    try:
        count = int(rows[0][0])
        times = tuple(
            tuple(None if word.lower() == "inf" else int(word) for word in row)
            for row in rows[1 : count + 1]
        )
        arcs = _arcs(rows[count + 1 :])
    except (IndexError, ValueError) as exc:
        raise ConfigError(
            f"{name} is not an ALWABP instance: {exc}; expected the number of tasks, a row of "
            "times per task (whole numbers or Inf), then arcs."
        ) from exc
    if len(times) != count:
        raise ConfigError(f"{name}: {len(times)} rows of times; expected {count}.")
    return BundleLine(name, times, arcs)


def _arcs(rows: Sequence[Sequence[str]]) -> tuple[tuple[int, int], ...]:
    pairs = [(int(row[0]), int(row[1])) for row in rows]
    return tuple((a - 1, b - 1) for a, b in pairs if (a, b) != (-1, -1))
