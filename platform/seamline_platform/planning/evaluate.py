"""The decoder: a sequence of orders on a line becomes times. Rules, plan and promise all use it."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from seamline_broker.contracts.catalogue import Catalogue
from seamline_platform.planning.calendar import MINUTE_MS, WorkCalendar


@dataclass(frozen=True, slots=True)
class Job:
    """An order as a line sees it; times are working ms of that line (see `WorkCalendar`).

    `work_ms` is the sewing time without set-up and ramp; `due_ms` is when sewing must be over so
    that the goods arrive in time; `release_ms` is when the kit is there.
    """

    order: str
    style: str
    bulletin: str
    colour: str
    pieces: int
    work_ms: int
    release_ms: int
    due_ms: int
    weight: int
    state: str = "received"


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a job lies on its line, in working ms; `start_ms` is the start of the set-up."""

    job: Job
    start_ms: int
    setup_ms: int
    end_ms: int

    @property
    def late_ms(self) -> int:
        """Working time by which the job is late."""
        return max(self.end_ms - self.job.due_ms, 0)


@dataclass(frozen=True, slots=True)
class Ramp:
    """Output after a change of style: efficiency * (1 - depth * e^(-t / tau)).

    Catching up costs at most `depth * tau`. `same_bulletin` scales the depth for styles that are
    sewn alike; another colour of one style costs nothing.
    """

    depth: float = 0.25
    tau_min: float = 120.0
    same_bulletin: float = 0.4

    def loss_ms(self, work_ms: int, change: str) -> int:
        """Return the working time that the ramp adds to `work_ms` after a change of this kind."""
        depth = {"none": 0.0, "same_style": 0.0, "same_bulletin": self.depth * self.same_bulletin}
        share = depth.get(change, self.depth)
        tau = self.tau_min * MINUTE_MS
        return round(share * tau * -math.expm1(-work_ms / tau)) if share > 0 and tau > 0 else 0


@dataclass(frozen=True, slots=True)
class LineModel:
    """What the decoder knows of a line: its calendar, set-ups, ramp, and what it last sewed."""

    key: str
    calendar: WorkCalendar
    setups_ms: Mapping[str, int]
    ramp: Ramp
    free_ms: int
    """Working time from which the line is free for the first job of a sequence."""
    style: str = ""
    bulletin: str = ""
    colour: str = ""

    def change(self, before: Job | None, job: Job) -> str:
        """Return the kind of change before `job`: none, same_style, same_bulletin or other."""
        if before is None:
            style, bulletin, colour = self.style, self.bulletin, self.colour
        else:
            style, bulletin, colour = before.style, before.bulletin, before.colour
        if style == job.style:
            return "none" if colour == job.colour else "same_style"
        return "same_bulletin" if bulletin == job.bulletin else "other"

    def setup_ms(self, before: Job | None, job: Job) -> int:
        """Return the set-up time before `job`, in working ms."""
        return self.setups_ms.get(self.change(before, job), 0)

    def place(self, before: Job | None, free_ms: int, job: Job) -> Slot:
        """Return the slot of `job` behind `before` on a line that is free at `free_ms`."""
        change = self.change(before, job)
        setup = self.setups_ms.get(change, 0)
        start = max(free_ms, job.release_ms)
        work = job.work_ms + self.ramp.loss_ms(job.work_ms, change)
        return Slot(job, start, setup, start + setup + work)

    def decode(self, jobs: Iterable[Job]) -> list[Slot]:
        """Return the slots of `jobs` in this sequence."""
        slots: list[Slot] = []
        before: Job | None = None
        free = self.free_ms
        for job in jobs:
            slot = self.place(before, free, job)
            slots.append(slot)
            before, free = job, slot.end_ms
        return slots


def cost_of(slots: Sequence[Slot], setup_weight: float = 0.2) -> float:
    """Return weighted tardiness plus `setup_weight` times set-up time, in working hours."""
    tardy = sum(slot.job.weight * slot.late_ms for slot in slots)
    setups = sum(slot.setup_ms for slot in slots)
    return (tardy + setup_weight * setups) / 3_600_000


def best_position(
    model: LineModel,
    sewing: Sequence[Job],
    waiting: Sequence[Job],
    job: Job,
    setup_weight: float,
    pull: float,
) -> tuple[int, Slot]:
    """Return where among `waiting` an urgent `job` costs least, and its slot there.

    `pull` is what an hour of an earlier finish is worth against an hour of tardiness, per weight.
    """
    best: tuple[float, int, Slot] | None = None
    for at in range(len(waiting) + 1):
        slots = model.decode([*sewing, *waiting[:at], job, *waiting[at:]])
        slot = slots[len(sewing) + at]
        hours = (slot.end_ms - model.free_ms) / 3_600_000
        cost = cost_of(slots, setup_weight) + pull * job.weight * hours
        if best is None or cost < best[0]:
            best = (cost, at, slot)
    if best is None:
        raise AssertionError("There is at least one position.")
    return best[1], best[2]


def setup_table(catalogue: Catalogue) -> dict[str, int]:
    """Return set-up times in ms by kind of change."""
    return {kind: minutes * MINUTE_MS for kind, minutes in catalogue.setup_min.items()}
