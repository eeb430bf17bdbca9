"""The state of a plan that is being carried out: what is left of the problem at a moment.

What has begun stays: an order that is being sewn becomes `sewn` at the tick at which it will be, a
table that cuts is `busy`, a line that is being set up is set up. Nothing of it is in the sequences
any more, so no search can move it. Costs of the new problem are those that lie ahead: set-ups that
have begun are not counted again, nor is the lateness of orders whose finishing has begun.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from seamline_broker.errors import ConfigError
from seamline_platform.planning.replan.outages import since, tariff_since
from seamline_platform.planning.shop.compiled import (
    CANNOT,
    CONTINUE,
    FAMILY,
    OTHER,
    Compiled,
    compile_problem,
)
from seamline_platform.planning.shop.decode import NEVER, Plan, Times, decode
from seamline_platform.planning.shop.problem import Line, Order, Problem, Stage
from seamline_platform.planning.shop.schedule import Row, schedule_of
from seamline_platform.planning.shop.sequences import Sequences, plan_of


@dataclass(frozen=True, slots=True)
class State:
    """A problem in ticks from `now`, and the sequences of what has not begun.

    `past` holds the rows of everything that has begun to be sewn or is done, in ticks from `now`
    (what lies in the past is negative); `settled` names those of them that have left the problem:
    their finishing has begun, so nothing about them can change.
    """

    origin: Problem
    """The problem that was carried out."""
    problem: Problem
    sequences: Sequences
    past: tuple[Row, ...]
    settled: frozenset[str]


def carry_out(problem: Problem, sequences: Sequences, now: int, freeze_ticks: int = 0) -> State:
    """Return what is left at tick `now` of a plan that is carried out as it says.

    Orders that would begin to be sewn within `freeze_ticks` become `fixed` at the head of their
    lines. Learning after a change within a family goes on as if the line were so much older; where
    only changes within a family are learned (`depth_other` 0) the rest of it is not counted.

    Raises:
        ConfigError: if `now` or `freeze_ticks` is negative, or the sequences do not fit.
        DeadlockError: if orders of the plan wait for each other across lines.
    """
    if now < 0 or freeze_ticks < 0:
        raise ConfigError(f"Now is {now}, the frozen time {freeze_ticks}; allowed: 0 or more.")
    c = compile_problem(problem)
    plan = plan_of(c, sequences)
    return _Cut(c, plan, decode(c, plan), now).state(freeze_ticks)


class _Cut:
    """A plan with its times, cut at `now`."""

    def __init__(self, c: Compiled, plan: Plan, t: Times, now: int) -> None:
        self.c, self.plan, self.t, self.now = c, plan, t, now
        count = len(c.cut)
        self.settled = {i for i in range(count) if NEVER < t.finish_start[i] < now}
        self.settled |= {i for i in range(count) if t.finish_start[i] != NEVER and t.done[i] <= now}
        self.begun = self.settled | {
            i for i in range(count) if c.sewn[i] != CANNOT or NEVER < t.sew_start[i] < now
        }

    def state(self, freeze_ticks: int) -> State:
        problem = self.c.problem
        names = [o.order for o in problem.orders]
        lines = {
            line.line: tuple(names[i] for i in sequence if i not in self.begun)
            for line, sequence in zip(problem.lines, self.plan.sequences, strict=True)
        }
        fixed = self._fixed(names, freeze_ticks)
        left = replace(
            problem,
            orders=tuple(self._orders()),
            lines=tuple(self._line(number, line) for number, line in enumerate(problem.lines)),
            cutting=self._stage(problem.cutting, self._cutting_ends()),
            finishing=self._stage(problem.finishing, self._finishing_ends()),
            calendars={name: since(times, self.now) for name, times in problem.calendars.items()},
            fixed=fixed,
            planned=self._planned(names),
            tariff=tariff_since(problem.tariff, self.now),
            start_ms=problem.start_ms + self.now * problem.tick_ms,
        )
        still = [names[i] for i in self.plan.cut_order if left_to_cut(left, names[i])]
        return State(
            origin=problem,
            problem=left,
            sequences=Sequences(lines, tuple(still)),
            past=self._past(),
            settled=frozenset(names[i] for i in self.settled),
        )

    def _planned(self, names: list[str]) -> dict[str, str]:
        """Return the line of every order that has not begun: leaving it is a move."""
        return {
            names[i]: line.line
            for line, sequence in zip(self.c.problem.lines, self.plan.sequences, strict=True)
            for i in sequence
            if i not in self.begun
        }

    def _fixed(self, names: list[str], freeze_ticks: int) -> dict[str, tuple[str, ...]]:
        """Keep what was fixed, and fix the head of each line that begins within the frozen time."""
        result = {}
        for line, sequence in zip(self.c.problem.lines, self.plan.sequences, strict=True):
            was = set(self.c.problem.fixed.get(line.line, ()))
            left = [i for i in sequence if i not in self.begun]
            head = 0
            for place, i in enumerate(left):
                soon = self.t.sew_start[i] < self.now + freeze_ticks
                if soon or names[i] in was:
                    head = place + 1
            if head:
                result[line.line] = tuple(names[i] for i in left[:head])
        return result

    def _orders(self) -> Iterable[Order]:
        """Yield what is left; what is sewn comes first, in the sequence in which it was sewn.

        Finishing serves equal times in the order of the problem, and all that is sewn by now has
        the time 0.
        """
        left = [i for i in range(len(self.c.cut)) if i not in self.settled]
        gone = {self.c.problem.orders[i].order for i in self.settled}
        ends = self.t.sew_end
        waiting = [i for i in left if i in self.begun and ends[i] <= self.now]
        for i in sorted(waiting, key=lambda i: (ends[i], i)):
            yield self._order(i, gone)
        for i in left:
            if i not in waiting:
                yield self._order(i, gone)

    def _order(self, i: int, gone: set[str]) -> Order:
        order, t, now = self.c.problem.orders[i], self.t, self.now
        changes: dict[str, object] = {
            "due": order.due - now,
            "release": max(order.release - now, 0),
            "after": tuple(name for name in order.after if name not in gone),
        }
        if order.kit is not None:
            changes["kit"] = max(order.kit - now, 0)
        elif NEVER < t.cut_start[i] < now:
            changes["kit"] = max(t.cut_end[i] + self.c.problem.cutting.transport - now, 0)
        if i in self.begun:
            changes["sewn"] = max(t.sew_end[i] - now, 0)
            if order.sewn is None:
                changes["lines"] = (self.c.problem.lines[t.line[i]].line,)
        return replace(order, **changes)  # type: ignore[arg-type]

    def _stage(self, stage: Stage, ends: Iterable[int]) -> Stage:
        held = [end - self.now for end in (*stage.busy, *ends) if end > self.now]
        return replace(stage, busy=tuple(sorted(held)))

    def _cutting_ends(self) -> Iterable[int]:
        t = self.t
        return [end for a, end in zip(t.cut_start, t.cut_end, strict=True) if NEVER < a < self.now]

    def _finishing_ends(self) -> Iterable[int]:
        way = self.c.problem.finishing.transport
        return [self.t.done[i] - way for i in self.settled]

    def _line(self, number: int, line: Line) -> Line:
        """Return a line as it stands: free when what runs ends, set up for what came last."""
        c, t, now = self.c, self.t, self.now
        free, style, colour = line.free, line.style, line.colour
        klass, age, kind = c.line_class[number], line.age, OTHER
        for i in self.plan.sequences[number]:
            order, change = c.problem.orders[i], c.change[klass][c.klass[i]]
            set_up = t.setup[i] > 0 and t.setup_start[i] < now
            if i not in self.begun and not set_up:
                break
            if change != CONTINUE:
                age, kind = 0, change
            style, colour, klass = order.style, order.colour, c.klass[i]
            if i not in self.begun:
                axis = c.times[number]
                free = axis.end_at(axis.to_work(t.setup_start[i]) + t.setup[i])
                break
            free = t.sew_end[i]
            age += c.work[number][i]
        return replace(
            line,
            free=max(free - now, 0),
            style=style,
            colour=colour,
            age=_age_after_other(c, age, kind),
        )

    def _past(self) -> tuple[Row, ...]:
        rows = schedule_of(self.c, self.plan).rows
        names = {self.c.problem.orders[i].order for i in self.begun}
        return tuple(_moved(row, self.now) for row in rows if row.order in names)


def left_to_cut(problem: Problem, name: str) -> bool:
    """Return True if that order is in the problem and is still to be cut."""
    order = problem.order_of.get(name)
    return order is not None and order.kit is None and order.sewn is None


def _age_after_other(c: Compiled, age: int, kind: int) -> int:
    """Return the age at which a line that changed from another family would learn as much.

    Learning has no memory: depth e^(-t / tau) at age t is what a greater depth gives at
    t + tau ln(greater / depth).
    """
    ramp = c.problem.ramp
    if kind != FAMILY or ramp.depth_family == ramp.depth_other or not ramp.depth_other:
        return age
    if not ramp.depth_family:
        return len(c.losses[OTHER])
    return max(round(age + ramp.tau * math.log(ramp.depth_other / ramp.depth_family)), 0)


def _moved(row: Row, now: int) -> Row:
    return replace(
        row,
        cut_start=None if row.cut_start is None else row.cut_start - now,
        cut_end=None if row.cut_end is None else row.cut_end - now,
        setup_start=row.setup_start - now,
        sew_start=row.sew_start - now,
        sew_end=row.sew_end - now,
        finish_start=row.finish_start - now,
        done=row.done - now,
    )


def line_of_order(sequences: Sequences) -> Mapping[str, str]:
    """Return the line of every order of a plan."""
    return {name: line for line, row in sequences.lines.items() for name in row}
