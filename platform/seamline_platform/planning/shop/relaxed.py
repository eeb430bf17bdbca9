"""A plan with some of its constraints relaxed, laid out by the decoder from changed tables."""

from collections.abc import Collection
from dataclasses import replace
from typing import Final, Literal, get_args

from seamline_platform.planning.shop.compiled import CANNOT, Compiled, compile_problem
from seamline_platform.planning.shop.decode import Plan, Times, decode
from seamline_platform.planning.shop.problem import Line, Order, Problem

Cause = Literal["capacity", "setup", "material", "breakdown", "cutting", "finishing"]
CAUSES: Final[tuple[Cause, ...]] = get_args(Cause)


class Relaxations:
    """Lays a plan out with chosen constraints in force; see `blame` for what relaxing means.

    `undisturbed` is the problem without what went wrong, in the same ticks: lines as they were to
    be, cloth and kits as promised.
    """

    def __init__(self, c: Compiled, plan: Plan, undisturbed: Problem | None) -> None:
        self.c, self.plan = c, plan
        self.times = decode(c, plan)
        self.calm = c if undisturbed is None else compile_problem(_calm(c.problem, undisturbed))
        self.release, self.kit = _promised(c, undisturbed)
        self.planned = [i for sequence in plan.sequences for i in sequence]
        self.lost = [self._lost(i) for i in range(len(c.cut))]

    def _lost(self, i: int) -> int:
        """Return what order `i` loses to learning in the plan."""
        line = self.times.line[i]
        if line < 0:
            return 0
        axis = self.c.times[line]
        spent = axis.to_work(self.times.sew_end[i]) - axis.to_work(self.times.sew_start[i])
        return spent - self.c.work[line][i]

    def late(self, forced: Collection[Cause]) -> list[int]:
        """Return every order's lateness in ticks with only these constraints in force."""
        c = self._stages(forced)
        plan = self.plan
        if "setup" not in forced:
            c = replace(c, setup=[[0] * len(r) for r in c.setup], losses=[[0], [0], [0]])
        if "capacity" not in forced:
            c, plan = self._alone(c, forced), self._one_each()
        return _late(self.c, decode(c, plan))

    def _stages(self, forced: Collection[Cause]) -> Compiled:
        c = self.c if "breakdown" in forced else self.calm
        if "material" not in forced:
            c = replace(c, release=self.release, kit=self.kit)
        places = [0] * max(len(c.cut), 1)
        if "cutting" not in forced:
            c = replace(c, cut_busy=places)
        return c if "finishing" in forced else replace(c, finish_busy=places)

    def _one_each(self) -> Plan:
        return Plan(tuple((i,) for i in self.planned), self.plan.cut_order)

    def _alone(self, c: Compiled, forced: Collection[Cause]) -> Compiled:
        """Give every order a line of its own, with the work and the set-up that it has."""
        with_setups = "setup" in forced
        line = self.times.line
        work = [0] * len(c.cut)
        for i in self.planned:
            work[i] = c.work[line[i]][i] + (self.lost[i] if with_setups else 0)
        free = [
            self.c.line_free[line[i]]
            if "breakdown" in forced and self.c.line_free[line[i]] > self.calm.line_free[line[i]]
            else 0
            for i in self.planned
        ]
        count = len(self.planned)
        setups = [self.times.setup[i] if with_setups else 0 for i in range(len(c.cut))]
        return replace(
            c, work=[work] * count, klass=list(range(1, len(c.cut) + 1)), setup=[[0, *setups]],
            change=[[0] * (len(c.cut) + 1)], losses=[[0], [0], [0]], line_class=[0] * count,
            line_free=free, line_age=[0] * count, times=[c.times[line[i]] for i in self.planned],
        )  # fmt: skip

    def unavoidable(self) -> list[int]:
        """Return the lateness that no plan avoids: alone, on the fastest line, all as promised.

        The fastest line is the one that ends first; cloth that was promised for a day is not there
        before it.
        """
        agreed = [
            o.release if self.release[i] == 0 else self.release[i]
            for i, o in enumerate(self.c.problem.orders)
        ]
        kit = [old if new == 0 else new for old, new in zip(self.c.kit, self.kit, strict=True)]
        c = replace(self.calm, release=agreed, kit=kit)
        best = [self._fastest(c, i) for i in self.planned]
        work = [0] * len(c.cut)
        for i, line in zip(self.planned, best, strict=True):
            work[i] = c.work[line][i]
        places = [0] * max(len(c.cut), 1)
        count = len(self.planned)
        c = replace(
            c, cut_busy=places, finish_busy=places, work=[work] * count, klass=[0] * len(c.cut),
            setup=[[0]], change=[[0]], losses=[[0], [0], [0]], line_class=[0] * count,
            line_free=[0] * count, line_age=[0] * count, times=[c.times[k] for k in best],
        )  # fmt: skip
        return _late(self.c, decode(c, self._one_each()))

    def _fastest(self, c: Compiled, i: int) -> int:
        ready = c.kit[i]
        if ready == CANNOT:
            cut = c.cutting.to_work(c.release[i]) + c.cut[i]
            end = c.cutting.end_at(cut) if c.cut[i] else c.cutting.start_at(cut)
            ready = end + c.problem.cutting.transport
        able = [k for k, row in enumerate(c.work) if row[i] != CANNOT]
        return min(
            able, key=lambda k: (c.times[k].end_at(c.times[k].to_work(ready) + c.work[k][i]), k)
        )


def _late(c: Compiled, t: Times) -> list[int]:
    return [max(done - due, 0) if done >= 0 else 0 for done, due in zip(t.done, c.due, strict=True)]


def _promised(c: Compiled, undisturbed: Problem | None) -> tuple[list[int], list[int]]:
    """Return releases and kits as promised; 0 (at once) where nothing is known of a promise."""
    release, kit = [], []
    known = undisturbed.order_of if undisturbed else {}
    for i, order in enumerate(c.problem.orders):
        was = known.get(order.order)
        if undisturbed is None:
            release.append(0)
            kit.append(min(c.kit[i], 0))
            continue
        release.append(min(c.release[i], was.release) if was else c.release[i])
        promised = was.kit if was and was.kit is not None else c.kit[i]
        kit.append(min(c.kit[i], promised))
    return release, kit


def _calm(problem: Problem, undisturbed: Problem) -> Problem:
    """Return the problem with lines that are manned, open and free as they were to be."""
    calm = {f"undisturbed {name}": times for name, times in undisturbed.calendars.items()}
    return replace(
        problem,
        lines=tuple(_line(x, undisturbed.line_of.get(x.line)) for x in problem.lines),
        orders=tuple(_begun(o, undisturbed.order_of.get(o.order)) for o in problem.orders),
        calendars={**problem.calendars, **calm},
    )


def _line(line: Line, was: Line | None) -> Line:
    if was is None:
        return line
    efficiency = {f: was.efficiency.get(f, value) for f, value in line.efficiency.items()}
    return replace(
        line,
        operators=max(line.operators, was.operators),
        efficiency={f: max(value, line.efficiency[f]) for f, value in efficiency.items()},
        calendar=f"undisturbed {was.calendar}" if was.calendar else "",
        free=min(line.free, was.free),
    )


def _begun(order: Order, was: Order | None) -> Order:
    """What runs would have been sewn when it was to be."""
    if order.sewn is None or was is None or was.sewn is None:
        return order
    return replace(order, sewn=min(order.sewn, was.sewn))
