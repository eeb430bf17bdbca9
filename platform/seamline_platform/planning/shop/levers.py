"""What would make an order earlier, each with its gain as the decoder computes it."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Final, Literal

from seamline_platform.planning.shop.compiled import CANNOT, Compiled, compile_problem
from seamline_platform.planning.shop.decode import Plan
from seamline_platform.planning.shop.problem import Order
from seamline_platform.planning.shop.trials import (
    Outcome,
    Trials,
    longer_shift,
    with_value,
    with_work,
)

LeverKind = Literal[
    "cloth", "kit", "cut first", "forward", "overtime", "other line", "weight", "split",
    "skill", "allow",
]  # fmt: skip
OVERTIME_MS: Final = 2 * 3_600_000
_HALF_LINES: Final = 3
_NEW_LINES: Final = 3
_PLACES: Final = 2


@dataclass(frozen=True, slots=True)
class Alternative:
    """Order `i` at place `at` of another line (or its own): what that would lead to.

    `later` is its own delay in ticks (below 0: earlier), `dearer` what the plan's cost grows by.
    """

    line: int
    at: int
    done: int
    later: int
    dearer: int


@dataclass(frozen=True, slots=True)
class Lever:
    """Something that would make the order done `gain` ticks earlier.

    `amount` is ticks that cloth or kit have to be earlier, ticks of overtime, the weight needed or
    the pieces on the other line; `at` when overtime begins; `line` where it would go; `order` whom
    it would pass; `cheaper` what the plan's cost would fall by.
    """

    kind: LeverKind
    gain: int
    cheaper: int
    amount: int = 0
    at: int = 0
    line: str = ""
    order: str = ""


def alternatives(trials: Trials, i: int, most: int) -> list[Alternative]:
    """Return order `i` at places of all lines that may sew it, with at most `most` trials."""
    c, base = trials.c, trials.base
    lines = [k for k, row in enumerate(c.work) if row[i] != CANNOT]
    each = max(most // max(len(lines), 1), 1)
    own = base.times.line[i]
    found = []
    for line in lines:
        for at in trials.places(i, line, each):
            if line == own and trials.plan.sequences[own].index(i) == at:
                continue
            made = trials.outcome(trials.put(i, line, at))
            if made is not None:
                done = made.times.done[i]
                found.append(
                    Alternative(line, at, done, done - base.times.done[i], made.cost - base.cost)
                )
    return found


def levers(trials: Trials, i: int, found: Iterable[Alternative]) -> list[Lever]:
    """Return what would make order `i` earlier, the greatest gain first."""
    maker = _Levers(trials, i, list(found))
    made = [lever for source in maker.sources for lever in source()]
    return sorted(made, key=lambda x: (-x.gain, x.kind))


class _Levers:
    """Tries one lever after another; those that gain nothing are left out."""

    def __init__(self, trials: Trials, i: int, found: list[Alternative]) -> None:
        self.trials, self.i, self.found = trials, i, found
        self.c: Compiled = trials.c
        self.order: Order = self.c.problem.orders[i]
        self.own = trials.base.times.line[i]
        line = trials.plan.sequences[self.own]
        self.at = line.index(i)
        self.locked = self.at < trials.fixed(self.own)

    @property
    def sources(self) -> list[Callable[[], Iterator[Lever]]]:
        everywhere = [self.material, self.cut_first, self.overtime]
        if self.locked:
            return everywhere
        return [
            *everywhere, self.forward, self.other_line, self.weight, self.split, self.new_lines,
        ]  # fmt: skip

    def gain(self, made: Outcome | None) -> int:
        return 0 if made is None else self.trials.base.times.done[self.i] - made.times.done[self.i]

    def cheaper(self, made: Outcome) -> int:
        return self.trials.base.cost - made.cost

    def material(self) -> Iterator[Lever]:
        """Cloth or kit: all of the gain, and the least that brings it."""
        kind: LeverKind = "cloth" if self.c.kit[self.i] == CANNOT else "kit"
        row = self.c.release if kind == "cloth" else self.c.kit
        if row[self.i] <= 0:
            return

        def at(tick: int) -> Outcome | None:
            changed = with_value(row, self.i, tick)
            if kind == "cloth":
                return self.trials.outcome(c=replace(self.c, release=changed))
            return self.trials.outcome(c=replace(self.c, kit=changed))

        best = at(0)
        if best is None or self.gain(best) <= 0:
            return
        low, high = 0, row[self.i]
        while high - low > 1:
            middle = (low + high) // 2
            made = at(middle)
            if made is not None and self.gain(made) >= self.gain(best):
                low, best = middle, made
            else:
                high = middle
        yield Lever(kind, self.gain(best), self.cheaper(best), amount=row[self.i] - low)

    def cut_first(self) -> Iterator[Lever]:
        order = self.trials.plan.cut_order
        if self.i not in order or order[0] == self.i:
            return
        plan = replace(self.trials.plan, cut_order=(self.i, *(j for j in order if j != self.i)))
        made = self.trials.outcome(plan)
        if made is not None and self.gain(made) > 0:
            yield Lever("cut first", self.gain(made), self.cheaper(made))

    def overtime(self) -> Iterator[Lever]:
        ticks = max(OVERTIME_MS // self.c.problem.tick_ms, 1)
        end = self.trials.base.times.sew_end[self.i]
        longer = longer_shift(self.c.times[self.own], end, ticks)
        if longer is None:
            return
        times, begins = longer
        rows = [times if k == self.own else x for k, x in enumerate(self.c.times)]
        made = self.trials.outcome(c=replace(self.c, times=rows))
        if made is not None and self.gain(made) > 0:
            yield Lever(
                "overtime", self.gain(made), self.cheaper(made), ticks, begins,
                self.name(self.own),
            )  # fmt: skip

    def name(self, line: int) -> str:
        return self.c.problem.lines[line].line

    def forward(self) -> Iterator[Lever]:
        """One place forward on its line."""
        if self.at <= self.trials.fixed(self.own):
            return
        other = self.trials.plan.sequences[self.own][self.at - 1]
        made = self.trials.outcome(self.trials.put(self.i, self.own, self.at - 1))
        if made is not None and self.gain(made) > 0:
            yield Lever(
                "forward", self.gain(made), self.cheaper(made), line=self.name(self.own),
                order=self.c.problem.orders[other].order,
            )  # fmt: skip

    def other_line(self) -> Iterator[Lever]:
        """The earliest place on another line."""
        earlier = [a for a in self.found if a.later < 0 and a.line != self.own]
        if earlier:
            a = min(earlier, key=lambda a: (a.later, a.dearer, a.line))
            yield Lever("other line", -a.later, -a.dearer, line=self.name(a.line))

    def weight(self) -> Iterator[Lever]:
        """The least weight with which an earlier place would make the plan cheaper.

        A place that saves the order T ticks of lateness and costs the others D is cheaper from the
        weight D / (T x tardiness weight) on. Where one is cheaper already, weight is not the point.
        """
        if any(a.later < 0 and a.dearer < 0 for a in self.found):
            return
        i, goal = self.i, self.c.problem.objective.tardiness
        done = self.trials.base.times.done[i]
        due, weight = self.c.due[i], self.c.weight[i]
        needed = []
        for a in self.found:
            less = max(done - due, 0) - max(a.done - due, 0)
            if less > 0 and goal:
                others = a.dearer + goal * weight * less
                least = others // (goal * less) + 1
                if least > weight:
                    needed.append((least, a.later, a))
        if needed:
            least, later, a = min(needed, key=lambda x: x[:2])
            yield Lever("weight", -later, -a.dearer, least, line=self.name(a.line))

    def split(self) -> Iterator[Lever]:
        """Half of the pieces on a second line; it is done when both halves are."""
        if self.order.pieces < 2 or self.order.sewn is not None:
            return
        nearest: dict[int, Alternative] = {}
        for a in sorted(self.found, key=lambda a: (a.later, a.dearer)):
            if a.line != self.own:
                nearest.setdefault(a.line, a)
        if not nearest:
            return
        c = _halved(self.c, self.order)
        half = len(self.c.cut)
        best: tuple[int, int, int] | None = None
        for a in list(nearest.values())[:_HALF_LINES]:
            made = self.trials.outcome(self._with_half(half, a), c)
            if made is None:
                continue
            gain = self.trials.base.times.done[self.i] - max(
                made.times.done[self.i], made.times.done[half]
            )
            if gain > 0 and (best is None or gain > best[0]):
                best = (gain, self.cheaper(made), a.line)
        if best is not None:
            yield Lever("split", best[0], best[1], self.order.pieces // 2, line=self.name(best[2]))

    def _with_half(self, half: int, a: Alternative) -> Plan:
        rows = [list(s) for s in self.trials.plan.sequences]
        rows[a.line].insert(a.at, half)
        cuts = list(self.trials.plan.cut_order)
        if self.i in cuts:
            cuts.insert(cuts.index(self.i) + 1, half)
        return Plan(tuple(map(tuple, rows)), tuple(cuts))

    def new_lines(self) -> Iterator[Lever]:
        """Lines that may not sew it now: by a lock of the order, or for want of a skill."""
        for kind in ("allow", "skill"):
            best: tuple[int, int, int] | None = None
            for line, work in self._barred(kind)[:_NEW_LINES]:
                c = with_work(self.c, line, self.i, work)
                for at in self.trials.places(self.i, line, _PLACES):
                    made = self.trials.outcome(self.trials.put(self.i, line, at), c)
                    if made is not None and self.gain(made) > 0:
                        key = (self.gain(made), self.cheaper(made), line)
                        best = key if best is None else max(best, key)
            if best is not None:
                yield Lever(
                    "allow" if kind == "allow" else "skill", best[0], best[1],
                    line=self.name(best[2]),
                )  # fmt: skip

    def _barred(self, kind: str) -> list[tuple[int, int]]:
        """Return lines that only this keeps from sewing it, with their work, the fastest first."""
        problem, order = self.c.problem, self.order
        style = problem.style_of[order.style]
        known = [x.efficiency[style.family] for x in problem.lines if style.family in x.efficiency]
        found = []
        for k, line in enumerate(problem.lines):
            skilled = style.family in line.efficiency and style.skills <= line.skills
            allowed = not order.lines or line.line in order.lines
            if (kind == "allow" and skilled and not allowed) or (
                kind == "skill" and allowed and not skilled
            ):
                value = line.efficiency.get(style.family) or fmean(known)
                work = math.ceil(order.pieces * style.smv / (line.operators * value) - 1e-9)
                found.append((work, k))
        return [(k, work) for work, k in sorted(found)]


def _halved(c: Compiled, order: Order) -> Compiled:
    """Return tables in which half of an order is another order, the last one."""
    name = f"{order.order}/2"
    while name in c.problem.order_of:
        name += "'"
    second = replace(order, order=name, pieces=order.pieces // 2, sizes={})
    first = replace(order, pieces=order.pieces - order.pieces // 2, sizes={})
    orders = [
        replace(o, after=(*o.after, name)) if order.order in o.after else o
        for o in c.problem.orders
    ]
    orders[[o.order for o in orders].index(order.order)] = first
    return compile_problem(replace(c.problem, orders=(*orders, second)))
