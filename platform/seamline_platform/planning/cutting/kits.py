"""Cutting in time: when each lay has to start so that kits are there when their line starts.

Lays are placed on the tables backwards from the moments at which their first order is sewn, the
latest first; where that would begin before now, everything moves forward just as far as it must.
Cut pieces then wait as short as the tables allow, which is little work in process.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from seamline_broker.errors import ConfigError
from seamline_platform.planning.cutting.planner import ClothPlan
from seamline_platform.planning.shop.problem import Problem
from seamline_platform.planning.shop.schedule import Schedule
from seamline_platform.planning.shop.times import ALWAYS, WorkTimes


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a lay occupies a table, in ticks: set-up, spreading per ply, cutting per piece."""

    setup: float = 25.0
    per_ply: float = 0.5
    per_piece: float = 0.05

    def __post_init__(self) -> None:
        if min(self.setup, self.per_ply, self.per_piece) < 0:
            raise ConfigError(f"{self}: times of a lay are 0 or more.")

    def ticks(self, plies: int, garments: int) -> int:
        """Return the ticks of a lay, a whole number, at least 1."""
        return max(round(self.setup + plies * self.per_ply + plies * garments * self.per_piece), 1)


@dataclass(frozen=True, slots=True)
class Job:
    """A lay to be cut: its work in ticks, and when each order's pieces of it are needed."""

    lay: str
    work: int
    needs: Mapping[str, tuple[int, int]]
    """By order: pieces, and the tick at which the table has to be done with them."""

    @property
    def due(self) -> int:
        """Return the tick at which it has to be cut."""
        return min(tick for _, tick in self.needs.values())


@dataclass(frozen=True, slots=True)
class Cut:
    """When a lay is on a table, and how late its first kit comes (0: in time)."""

    lay: str
    table: int
    start: int
    end: int
    late: int


@dataclass(frozen=True, slots=True)
class CutSchedule:
    """All lays on their tables, and the cut pieces that wait for their lines."""

    cuts: tuple[Cut, ...]
    wip_piece_ticks: int
    """Sum over all pieces of the ticks from being cut until their line needs them."""

    @property
    def late(self) -> int:
        """Return how many lays come too late for a kit."""
        return sum(cut.late > 0 for cut in self.cuts)


def jobs_of(
    problem: Problem, schedule: Schedule, plans: Sequence[ClothPlan], pace: Pace, buffer: int = 60
) -> tuple[Job, ...]:
    """Return the lays of cut plans with the moments at which a shop schedule needs them.

    A kit has to leave the table `buffer` ticks and the way to the line before its order is sewn.

    Raises:
        ConfigError: if no order of a lay is in the schedule.
    """
    starts = {row.order: row.sew_start for row in schedule.rows}
    ahead = buffer + problem.cutting.transport
    jobs = []
    for cloth in plans:
        for number, lay in enumerate(cloth.plan.lays):
            name = f"{cloth.style} {cloth.colour} {number + 1}".strip()
            needs: dict[str, tuple[int, int]] = {}
            for share in cloth.shares:
                if share.lay == number and share.order in starts:
                    pieces = needs.get(share.order, (0, 0))[0] + share.pieces
                    needs[share.order] = (pieces, starts[share.order] - ahead)
            if not needs:
                raise ConfigError(f"Lay {name} has no order that the schedule sews.")
            jobs.append(Job(name, pace.ticks(lay.plies, lay.garments), needs))
    return tuple(jobs)


def in_time(jobs: Sequence[Job], tables: int, times: WorkTimes = ALWAYS) -> CutSchedule:
    """Return lays cut as late as their lines allow, on so many equal tables."""
    _tables(tables)
    free: list[float] = [float("inf")] * tables
    latest: list[tuple[int, Job]] = []
    for job in sorted(jobs, key=lambda j: (-j.due, j.lay)):
        # the table that is free longest: the greatest start that is still to come
        table = max(range(tables), key=lambda k: (free[k], -k))
        end = min(free[table], max(times.to_work(max(job.due, 0)), 0))
        start = int(end) - job.work
        free[table] = start
        latest.append((start, job))
    return _forward(latest, tables, times)


def at_once(jobs: Sequence[Job], tables: int, times: WorkTimes = ALWAYS) -> CutSchedule:
    """Return lays cut one after the other from now on, the most urgent first."""
    _tables(tables)
    return _forward([(0, job) for job in jobs], tables, times)


def _tables(tables: int) -> None:
    if tables < 1:
        raise ConfigError(f"There are {tables} cutting tables; it takes one at the least.")


def _forward(wanted: Sequence[tuple[int, Job]], tables: int, times: WorkTimes) -> CutSchedule:
    """Place lays at their wanted starts (in working ticks), or as soon after as a table is free."""
    free = [0] * tables
    cuts, wip = [], 0
    for start, job in sorted(wanted, key=lambda x: (x[0], x[1].due, x[1].lay)):
        table = min(range(tables), key=lambda k: (free[k], k))
        begin = max(start, free[table], 0)
        free[table] = begin + job.work
        end = times.end_at(free[table])
        cuts.append(Cut(job.lay, table, times.start_at(begin), end, max(end - job.due, 0)))
        wip += sum(pieces * max(tick - end, 0) for pieces, tick in job.needs.values())
    return CutSchedule(tuple(cuts), wip)


def check_cuts(
    jobs: Sequence[Job], schedule: CutSchedule, tables: int, times: WorkTimes
) -> list[str]:
    """Return what is wrong: lays left out, tables used twice, too little time, false lateness."""
    wrong = []
    by_name = {job.lay: job for job in jobs}
    if sorted(cut.lay for cut in schedule.cuts) != sorted(by_name):
        wrong.append("Not every lay is cut exactly once.")
    for cut in schedule.cuts:
        job = by_name[cut.lay]
        open_ticks = sum(
            max(min(cut.end, end) - max(cut.start, start), 0)
            for start, end in zip(times.starts, times.ends, strict=True)
        )
        if cut.start < 0 or open_ticks != job.work:
            wrong.append(f"Lay {cut.lay} is on a table for {open_ticks}; it takes {job.work}.")
        if not 0 <= cut.table < tables:
            wrong.append(f"Lay {cut.lay} is on table {cut.table + 1} of {tables}.")
        if cut.late != max(cut.end - job.due, 0):
            wrong.append(f"Lay {cut.lay} says it is {cut.late} late.")
    for table in range(tables):
        mine = sorted((c.start, c.end) for c in schedule.cuts if c.table == table)
        if any(b[0] < a[1] for a, b in pairwise(mine)):
            wrong.append(f"Two lays are on table {table + 1} at one time.")
    return wrong
