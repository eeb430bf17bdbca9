"""A part of a plant as a CP-SAT model: where and when its orders are cut, sewn and finished.

Optional intervals by (order, line), a circuit by line for sequences and set-ups, cutting and
finishing as cumulatives, working times as curves between axes. Hints are the times of the decoder,
so the model's first solution costs what the decoder says. Three things are approximate, and the
decoder judges them: the model may let a cutting table wait, it may finish in another sequence than
first come, first served, and learning in a new sequence is that of the first order behind a change.
Electricity is left out.
"""

from typing import Any

from seamline_platform.planning.shop.compiled import CANNOT
from seamline_platform.planning.shop.cpsat.curves import Curve, follow
from seamline_platform.planning.shop.cpsat.engine import HintedModel, Reader
from seamline_platform.planning.shop.cpsat.part import Part, earliest_kit
from seamline_platform.planning.shop.cpsat.routes import Route, add_route
from seamline_platform.planning.shop.decode import NEVER, Plan, Times
from seamline_platform.planning.shop.times import WorkTimes


class ShopModel:
    """Variables and constraints of a part; `plan` reads a solution."""

    def __init__(self, part: Part, *, hinted: bool = True) -> None:
        self.part, self.c, self.t = part, part.c, part.times
        self.m = HintedModel(hinted)
        self.axes: list[WorkTimes] = []
        """Different working times of the part's lines."""
        self.axis_of = {line: self._axis(self.c.times[line]) for line in part.heads}
        self.horizon = self._horizon()
        self.on: dict[tuple[int, int], Any] = {}
        """(order, line): it stands there."""
        self.cut: dict[int, Any] = {}
        """Work of the cutting axis at which an order is cut."""
        self.kit: dict[tuple[int, int], Any] = {}
        """(order, axis): work of that axis at which its kit is there."""
        self.start: dict[tuple[int, int], Any] = {}
        self.end: dict[tuple[int, int], Any] = {}
        self.there: dict[tuple[int, int], Any] = {}
        """(order, axis): it stands on a line of that axis."""
        self.extra: dict[int, Any] = {}
        """Ticks that an order takes longer because its line still learns."""
        self.late: dict[int, Any] = {}
        self.routes: dict[int, Route] = {}
        self._build()

    def _build(self) -> None:
        for i in self.part.orders:
            self._place(i)
        for i in self.part.orders:
            self._cutting(i)
        self._capacity_of_cutting()
        for i in self.part.orders:
            self._sewing(i)
        for line in self.part.heads:
            self.routes[line] = add_route(self, line)
        for i in self.part.orders:
            self._duration(i)
        self._precedence()
        self._finishing()
        goal = self.c.problem.objective
        late = [goal.tardiness * self.c.weight[i] * x for i, x in self.late.items()]
        setup = [goal.setup * x for r in self.routes.values() for x in r.setups]
        self.m.cp.minimize(sum(late) + sum(setup) + sum(self._moves()))

    def _moves(self) -> list[Any]:
        """Return what it costs that orders stand on other lines than in the plan before."""
        tax, planned = self.c.problem.objective.move, self.c.planned
        return [
            tax * on
            for (i, line), on in self.on.items()
            if tax and planned[i] not in (CANNOT, line)
        ]

    def _axis(self, times: WorkTimes) -> int:
        if times not in self.axes:
            self.axes.append(times)
        return self.axes.index(times)

    def _horizon(self) -> int:
        """Return a tick after everything: one order of the part after the other, at the end."""
        c, part = self.c, self.part
        last = max([0, *(self.t.done[i] for i in (*part.orders, *part.frozen))])
        last = max([last, *(earliest_kit(c, i) for i in part.orders)])
        last = max([last, *(c.line_free[line] for line in part.heads)])
        work = sum(max(c.work[k][i] for k in part.options[i]) for i in part.free)
        work += sum(c.cut[i] + c.finish[i] for i in part.free)
        work += len(part.free) * (max(map(max, c.setup)) + max(t[-1] for t in c.losses))
        work += c.problem.cutting.transport + c.problem.finishing.transport
        return max(times.end_at(times.to_work(last) + work) for times in self.axes)

    def _place(self, i: int) -> None:
        lines = self.part.options[i]
        for line in lines:
            self.on[i, line] = self.m.flag(self.t.line[i] == line)
        self.m.cp.add_exactly_one(self.on[i, line] for line in lines)
        for axis in {self.axis_of[line] for line in lines}:
            able = [line for line in lines if self.axis_of[line] == axis]
            if len(able) == len(lines):
                self.there[i, axis] = True
            elif len(able) == 1:
                self.there[i, axis] = self.on[i, able[0]]
            else:
                there = self.m.flag(self.t.line[i] in able)
                self.m.cp.add(sum(self.on[i, line] for line in able) == there)
                self.there[i, axis] = there

    def axes_of(self, i: int) -> list[int]:
        """Return the axes of the lines that order `i` may stand on."""
        return sorted({self.axis_of[line] for line in self.part.options[i]})

    def _cutting(self, i: int) -> None:
        c, axis = self.c, self.c.cutting
        if c.kit[i] != CANNOT:
            for number in self.axes_of(i):
                self.kit[i, number] = self.axes[number].to_work(c.kit[i])
            return
        span = (axis.to_work(c.release[i]), axis.to_work(self.horizon))
        hint = axis.to_work(self.t.cut_start[i])
        self.cut[i] = self.m.number(*span, hint)
        for number in self.axes_of(i):
            curve = Curve(axis, self.axes[number], c.cut[i], c.problem.cutting.transport)
            self.kit[i, number] = follow(self.m, self.cut[i], curve, span, hint)

    def _capacity_of_cutting(self) -> None:
        c, axis, cp = self.c, self.c.cutting, self.m.cp
        spans = [cp.new_fixed_size_interval_var(x, c.cut[i], "") for i, x in self.cut.items()]
        for i in self.part.frozen:
            if self.t.cut_start[i] != NEVER and c.cut[i]:
                begin = axis.to_work(self.t.cut_start[i])
                spans.append(cp.new_fixed_size_interval_var(begin, c.cut[i], ""))
        spans += [cp.new_fixed_size_interval_var(0, work, "") for work in c.cut_busy if work]
        if self.cut:
            cp.add_cumulative(spans, [1] * len(spans), c.problem.cutting.places)

    def _sewing(self, i: int) -> None:
        """Make start and end of an order on each axis; the first may not lie before its kit."""
        for number in self.axes_of(i):
            axis, there = self.axes[number], self.there[i, number]
            first, last = 0, axis.to_work(self.horizon)
            mine = self.axis_of[self.t.line[i]] == number if self.m.hinted else False
            begin = axis.to_work(self.t.sew_start[i]) if mine else first
            end = axis.to_work(self.t.sew_end[i]) if mine else first
            self.start[i, number] = self.m.number(first, last, begin)
            self.end[i, number] = self.m.number(first, last, end)
            self._if(there, self.start[i, number] >= self.kit[i, number])

    def _if(self, flag: Any, constraint: Any) -> None:
        added = self.m.cp.add(constraint)
        if flag is not True:
            added.only_enforce_if(flag)

    def _duration(self, i: int) -> None:
        work = sum(self.c.work[k][i] * self.on[i, k] for k in self.part.options[i])
        for number in self.axes_of(i):
            size = work + self.extra.get(i, 0)
            self._if(self.there[i, number], self.end[i, number] == self.start[i, number] + size)

    def _precedence(self) -> None:
        """Orders that follow others: in the model both, or one of them as it stands."""
        c, part = self.c, self.part
        for i in (*part.orders, *part.frozen):
            for j in c.before[i]:
                if i in part.options and j in part.options:
                    self._follows(i, j)
                elif i in part.options:
                    for number in self.axes_of(i):
                        ready = self.axes[number].to_work(self.t.sew_end[j])
                        self._if(self.there[i, number], self.start[i, number] >= ready)
                elif j in part.options:
                    for number in self.axes_of(j):
                        latest = self.axes[number].to_work(self.t.sew_start[i])
                        self._if(self.there[j, number], self.end[j, number] <= latest)

    def _follows(self, i: int, j: int) -> None:
        """Order `i` starts after `j` is sewn."""
        for before in self.axes_of(j):
            for number in self.axes_of(i):
                ready = self._after_sewing(j, before, self.axes[number])
                added = self.m.cp.add(self.start[i, number] >= ready)
                flags = (self.there[i, number], self.there[j, before])
                added.only_enforce_if([f for f in flags if f is not True])

    def _after_sewing(self, i: int, number: int, target: WorkTimes | None, delay: int = 0) -> Any:
        axis = self.axes[number]
        mine = self.axis_of[self.t.line[i]] == number if self.m.hinted else False
        hint = axis.to_work(self.t.sew_end[i]) if mine else 0
        span = (0, axis.to_work(self.horizon))
        return follow(self.m, self.end[i, number], Curve(axis, target, 0, delay), span, hint)

    def _finishing(self) -> None:
        c, axis, cp = self.c, self.c.finishing, self.m.cp
        transport, spans = c.problem.finishing.transport, []
        for i in self.part.orders:
            hint = max(self.t.done[i] - c.due[i], 0) if self.m.hinted else 0
            self.late[i] = self.m.number(0, max(self.horizon - c.due[i], 0) + transport, hint)
            if c.finish[i] == 0:
                for number in self.axes_of(i):
                    done = self._after_sewing(i, number, None, transport)
                    self._if(self.there[i, number], self.late[i] >= done - c.due[i])
                continue
            span = (0, axis.to_work(self.horizon))
            begin = axis.to_work(self.t.finish_start[i]) if self.m.hinted else 0
            at = self.m.number(*span, begin)
            spans.append(cp.new_fixed_size_interval_var(at, c.finish[i], ""))
            for number in self.axes_of(i):
                self._if(self.there[i, number], at >= self._after_sewing(i, number, axis))
            done = follow(self.m, at, Curve(axis, None, c.finish[i], transport), span, begin)
            cp.add(self.late[i] >= done - c.due[i])
        for i in self.part.frozen:
            if c.finish[i]:
                begin = axis.to_work(self.t.finish_start[i])
                spans.append(cp.new_fixed_size_interval_var(begin, c.finish[i], ""))
        spans += [cp.new_fixed_size_interval_var(0, work, "") for work in c.finish_busy if work]
        if spans:
            cp.add_cumulative(spans, [1] * len(spans), c.problem.finishing.places)

    def plan(self, read: Reader) -> Plan:
        """Return the plan of a solution: its sequences, and cutting in the sequence of starts."""
        rows = list(self.part.plan.sequences)
        for line, route in self.routes.items():
            rows[line] = (*self.part.heads[line], *route.sequence(read))
        rank = {i: k for k, i in enumerate(self.part.plan.cut_order)}
        axis = self.c.cutting
        begins = {
            i: read(self.cut[i]) if i in self.cut else axis.to_work(max(self.t.cut_start[i], 0))
            for i in rank
        }
        return Plan(tuple(rows), tuple(sorted(rank, key=lambda i: (begins[i], rank[i]))))

    def cost_of(self, times: Times) -> int:
        """Return what the orders of the model cost at these times, apart from electricity."""
        c, goal = self.c, self.c.problem.objective
        late = sum(c.weight[i] * max(times.done[i] - c.due[i], 0) for i in self.part.orders)
        setup = sum(times.setup[i] for i in self.part.orders)
        moved = sum(c.planned[i] not in (CANNOT, times.line[i]) for i in self.part.orders)
        return goal.tardiness * late + goal.setup * setup + goal.move * moved
