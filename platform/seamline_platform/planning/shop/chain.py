"""What an order waits for: the chain of work without a gap that ends when it is done.

The critical path of a semi-active schedule, followed backwards: each step begins when the one
before it ends, because the place, the line, the kit or another order was not there earlier.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from seamline_platform.planning.shop.compiled import CANNOT, Compiled
from seamline_platform.planning.shop.decode import Plan, Times
from seamline_platform.planning.shop.times import WorkTimes

Kind = Literal[
    "start", "cloth", "kit", "busy table", "busy line", "busy place", "runs",
    "cut", "way", "setup", "sew", "finish", "road",
]  # fmt: skip
"""Roots (nothing is before them) are `start` to `runs`; the others are work or transport."""
ROOTS: tuple[Kind, ...] = (
    "start", "cloth", "kit", "busy table", "busy line", "busy place", "runs",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """A part of the chain, `start` to `end` in ticks; `order` is an index of the problem.

    `closed` are ticks of these in which nobody works. A root ends when what was waited for is
    there.
    """

    kind: Kind
    order: int
    start: int
    end: int
    closed: int = 0


def chain_of(c: Compiled, plan: Plan, t: Times, i: int) -> tuple[Step, ...]:
    """Return the steps up to `done` of order `i`, the root first; `i` has to be planned."""
    follow = _Follow(c, plan, t)
    follow.done(i)
    return tuple(reversed(follow.steps))


class _Follow:
    """Follows a chain backwards; each method adds a step and goes on with what it waited for."""

    def __init__(self, c: Compiled, plan: Plan, t: Times) -> None:
        self.c, self.plan, self.t = c, plan, t
        self.steps: list[Step] = []
        self.before: dict[int, int] = {}
        for sequence in plan.sequences:
            self.before.update(zip(sequence[1:], sequence, strict=False))

    def add(self, kind: Kind, i: int, start: int, end: int, axis: WorkTimes | None = None) -> None:
        open_ = axis.to_work(end) - axis.to_work(start) if axis else end - start
        self.steps.append(Step(kind, i, start, end, end - start - open_))

    def done(self, i: int) -> None:
        road = self.c.problem.finishing.transport
        if road:
            self.add("road", i, self.t.done[i] - road, self.t.done[i])
        node: tuple[str, int] | None = ("finish", i)
        while node is not None:
            stage, j = node
            node = {"finish": self.finish, "sew": self.sew, "cut": self.cut}[stage](j)

    def finish(self, i: int) -> tuple[str, int] | None:
        c, t, axis = self.c, self.t, self.c.finishing
        if not c.finish[i]:
            return ("sew", i)
        start = t.finish_start[i]
        self.add("finish", i, start, t.done[i] - c.problem.finishing.transport, axis)
        work = axis.to_work(start)
        if axis.to_work(t.sew_end[i]) >= work:
            return ("sew", i)
        for j, begun in enumerate(t.finish_start):
            if t.done[j] >= 0 and c.finish[j] and axis.to_work(begun) + c.finish[j] == work:
                return ("finish", j)
        self.add("busy place", i, 0, start)
        return None

    def sew(self, i: int) -> tuple[str, int] | None:
        c, t = self.c, self.t
        if c.sewn[i] != CANNOT:
            self.add("runs", i, 0, t.sew_end[i])
            return None
        axis = c.times[t.line[i]]
        self.add("sew", i, t.sew_start[i], t.sew_end[i], axis)
        free, ready = self._line_free(i), self._ready(i)
        begin, at = axis.to_work(free), axis.to_work(ready)
        ahead = t.setup[i] if c.problem.setups.anticipatory else 0
        waits_for_kit = at > begin + ahead
        if t.setup[i] and not (waits_for_kit and c.problem.setups.anticipatory):
            self.add("setup", i, t.setup_start[i], t.sew_start[i], axis)
        return self._kit(i, ready) if waits_for_kit else self._line(i, free)

    def _line_free(self, i: int) -> int:
        p = self.before.get(i)
        return self.t.sew_end[p] if p is not None else self.c.line_free[self.t.line[i]]

    def _ready(self, i: int) -> int:
        c, t = self.c, self.t
        kit = c.kit[i] if c.kit[i] != CANNOT else t.cut_end[i] + c.problem.cutting.transport
        return max([kit, *(t.sew_end[j] for j in c.before[i])])

    def _line(self, i: int, free: int) -> tuple[str, int] | None:
        if i in self.before:
            return ("sew", self.before[i])
        self.add("busy line" if free else "start", i, 0, free)
        return None

    def _kit(self, i: int, ready: int) -> tuple[str, int] | None:
        c, t = self.c, self.t
        waits = [j for j in c.before[i] if t.sew_end[j] == ready]
        if waits:
            return ("sew", waits[0])
        if c.kit[i] != CANNOT:
            self.add("kit", i, 0, c.kit[i])
            return None
        if c.problem.cutting.transport:
            self.add("way", i, t.cut_end[i], ready)
        return ("cut", i)

    def cut(self, i: int) -> tuple[str, int] | None:
        c, t, axis = self.c, self.t, self.c.cutting
        self.add("cut", i, t.cut_start[i], t.cut_end[i], axis)
        work = axis.to_work(t.cut_start[i])
        if work <= axis.to_work(c.release[i]):
            self.add("cloth" if c.release[i] else "start", i, 0, c.release[i])
            return None
        for j in self._cut_until(work):
            return ("cut", j)
        self.add("busy table", i, 0, t.cut_start[i])
        return None

    def _cut_until(self, work: int) -> Sequence[int]:
        c, t, axis = self.c, self.t, self.c.cutting
        return [
            j
            for j, start in enumerate(t.cut_start)
            if start >= 0 and c.cut[j] and axis.to_work(start) + c.cut[j] == work
        ]
