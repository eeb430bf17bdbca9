"""The live floor in the problem language: what runs, what stands where, what may still be moved.

What the search does not see, and why that is right enough, stands in
`docs/decisions/0015-live-floor-as-a-problem.md`.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, time
from typing import Final

from seamline_broker.contracts.catalogue import Catalogue
from seamline_broker.contracts.view import OrderView, View
from seamline_platform.planning.calendar import DAY_MS, HOUR_MS, MINUTE_MS
from seamline_platform.planning.evaluate import Job, Slot
from seamline_platform.planning.floor import FREE_STATES, Floor, LineState
from seamline_platform.planning.params import DispatchParams
from seamline_platform.planning.shop.problem import (
    Line,
    Objective,
    Order,
    Problem,
    Ramp,
    Setups,
    Stage,
    Style,
)
from seamline_platform.planning.shop.sequences import Sequences
from seamline_platform.planning.shop.times import Shift, WorkTimes, work_times

HORIZON_DAYS: Final = 120
FREEZE_MS: Final = HOUR_MS
"""What stands at a line and begins within this time is not moved any more."""
LEARNT_TAUS: Final = 12
"""After so many time constants of the learning curve there is nothing left to learn."""
CLOTH_WAIT_MS: Final = DAY_MS
"""So much later the kit of an order is expected whose cloth is not there: nobody says when."""
MOVE_TAX: Final = 60
"""Cost of an order on another line than in the plan before: six minutes of lateness of weight 1."""


@dataclass(frozen=True, slots=True)
class Running:
    """One order that is being sewn: no plan moves it. Plant times, epoch ms."""

    order: str
    line: str
    end_ms: int
    pieces: int
    """Pieces that are still to be sewn."""


@dataclass(frozen=True, slots=True)
class LivePlan:
    """The floor at `problem.start_ms` as a problem, and what happens if nobody decides anything.

    `sequences` holds what stands at the lines as it stands there, and free orders where the policy
    means to have them sewn: the plan that was followed so far, shifted by what has come to pass.
    """

    problem: Problem
    sequences: Sequences
    running: tuple[Running, ...] = ()
    states: Mapping[str, str] = field(default_factory=dict)
    """State of each order of the problem."""
    short: frozenset[str] = frozenset()
    """Orders for which there is not enough cloth in their region now."""
    undisturbed: Problem | None = None
    """The problem without broken stations and late cloth; None if there are none."""

    @property
    def now_ms(self) -> int:
        """Plant time of the state."""
        return self.problem.start_ms


def live_plan(
    view: View,
    floor: Floor,
    params: DispatchParams,
    locked: Collection[str] = (),
) -> LivePlan:
    """Return the floor as a problem in minutes from `view.now_ms` on.

    Args:
        view: what is known of the plants.
        floor: its lines, with every free order on the line that is meant to sew it.
        params: estimates and weights of the dispatch policy.
        locked: orders that a person has locked to their line.
    """
    writer = _Writer(view, floor, params, frozenset(locked))
    lines = floor.lines.values()
    jobs = [(line, job) for line in lines for job in line.waiting]
    problem = Problem(
        name=f"floor at {view.now_ms}",
        styles=tuple(_styles(view.catalogue, params)),
        orders=tuple(writer.order(line, job) for line, job in jobs),
        lines=tuple(writer.line(line) for line in lines),
        finishing=Stage(places=max(len(jobs), 1)),
        setups=_setups(view.catalogue),
        ramp=_ramp(params),
        objective=Objective(move=MOVE_TAX),
        calendars=_calendars(view.catalogue, view.now_ms),
        fixed={line.key: head for line in lines if (head := writer.fixed(line))},
        start_ms=view.now_ms,
        tick_ms=MINUTE_MS,
    )
    return LivePlan(
        problem,
        Sequences({line.key: tuple(job.order for job in line.waiting) for line in lines}),
        tuple(r for line in lines for r in _running(line)),
        {job.order: job.state for _, job in jobs},
        writer.short,
        writer.undisturbed(problem, lines),
    )


def with_repairs(floor: Floor, repairs: Mapping[str, int]) -> None:
    """Let broken lines be free when their repair is expected to end: plant time by `site/line`.

    Without such a word the policy's own estimate holds. A line whose station is down sews on from
    its buffers for a while, so this errs on the side of caution.
    """
    for line in floor.lines.values():
        until_ms = repairs.get(line.key)
        if line.down and until_ms is not None:
            calendar = line.model.calendar
            free_ms = max(calendar.to_work(until_ms), calendar.to_work(line.now_ms) + MINUTE_MS)
            line.model = replace(line.model, free_ms=free_ms)


def _running(line: LineState) -> Iterable[Running]:
    for slot in line.model.decode(line.sewing):
        end_ms = line.model.calendar.end_at(slot.end_ms)
        yield Running(slot.job.order, line.key, end_ms, slot.job.pieces)


class _Writer:
    """Writes lines and orders of one moment."""

    def __init__(
        self, view: View, floor: Floor, params: DispatchParams, locked: frozenset[str]
    ) -> None:
        self._view, self._params, self._locked = view, params, locked
        self._families = sorted({s.bulletin for s in view.catalogue.styles.values()})
        self.short = _short(view, floor)
        self._regions: dict[str, list[LineState]] = {}
        for line in floor.lines.values():
            self._regions.setdefault(line.info.region, []).append(line)

    def tick(self, t_ms: int) -> int:
        """Return the tick at or after a plant time; what is past is now."""
        return max(-((self._view.now_ms - t_ms) // MINUTE_MS), 0)

    def line(self, line: LineState) -> Line:
        """Return a line as it will be when what runs on it is sewn."""
        slots = line.model.decode(line.sewing)
        calendar = line.model.calendar
        last = slots[-1].job if slots else None
        free_ms = calendar.end_at(slots[-1].end_ms) if slots else _opens(line)
        return Line(
            line=line.key,
            operators=line.operators,
            efficiency=dict.fromkeys(self._families, line.efficiency),
            calendar=_shift_name(line.info.shift_start_min, line.info.shift_end_min),
            free=self.tick(free_ms),
            style=last.style if last else line.model.style,
            colour=last.colour if last else line.model.colour,
            age=self._age(line, slots),
        )

    def _age(self, line: LineState, slots: list[Slot]) -> int:
        """Return the working minutes on the present style, from the pieces sewn and to be sewn.

        A line that stands still has sewn its last style to the end: it has learnt it.
        """
        if not slots:
            return LEARNT_TAUS * max(round(self._params.ramp.tau_min), 1)
        style = slots[-1].job.style
        total = 0
        for slot in reversed(slots):
            if slot.job.style != style:
                break
            pieces = self._view.orders[slot.job.order].pieces
            total += line.work_ms(style, max(pieces, slot.job.pieces))
        return total // MINUTE_MS

    def order(self, line: LineState, job: Job) -> Order:
        """Return an order that waits for `line`, with the lines that it may still go to."""
        order = self._view.orders[job.order]
        lines = self._lines(line, job, order)
        ready_ms = line.model.calendar.start_at(job.release_ms)
        if job.state not in FREE_STATES and len(lines) > 1:  # its kit would travel anew
            ready_ms = max(ready_ms, self._view.now_ms + line.transport_ms(order))
        if job.order in self.short:
            ready_ms += CLOTH_WAIT_MS
        due_ms = order.due_ms - line.outbound_ms(order.region)
        return Order(
            order=job.order,
            style=job.style,
            colour=job.colour,
            pieces=job.pieces,
            due=-((self._view.now_ms - due_ms) // MINUTE_MS),
            weight=job.weight,
            kit=self.tick(ready_ms),
            lines=lines,
        )

    def _lines(self, line: LineState, job: Job, order: OrderView) -> tuple[str, ...]:
        """Return the lines that may sew it: those of the region whose warehouse cuts it.

        An order that is cut leaves its line only if that is broken: every move of a kit costs a
        journey that the search does not see.
        """
        if job.order in self._locked:
            return (line.key,)
        if job.state not in FREE_STATES and not (line.down and order.line):
            return (line.key,)
        others = (x for x in self._regions[line.info.region] if x.joined or x is line)
        able = [x.key for x in others if job.state in FREE_STATES or x is line or not x.down]
        return tuple(able)

    def undisturbed(self, problem: Problem, lines: Iterable[LineState]) -> Problem | None:
        """Return the problem as it would be if nothing were broken and all cloth were there."""
        whole = {line.key: self.line(_whole(line)) for line in lines if line.down}
        if not whole and not self.short:
            return None
        early = CLOTH_WAIT_MS // MINUTE_MS
        return replace(
            problem,
            lines=tuple(whole.get(x.line, x) for x in problem.lines),
            orders=tuple(
                replace(o, kit=max((o.kit or 0) - early, 0)) if o.order in self.short else o
                for o in problem.orders
            ),
        )

    def fixed(self, line: LineState) -> tuple[str, ...]:
        """Return what stands first at the line and begins within the frozen time."""
        if line.down:
            return ()
        until = line.model.calendar.to_work(line.now_ms + FREEZE_MS)
        head: list[str] = []
        slots = line.slots()[len(line.sewing) :]
        for slot in slots:
            if slot.job.state != "queued" or slot.start_ms >= until:
                break
            head.append(slot.job.order)
        return tuple(head)


def _short(view: View, floor: Floor) -> frozenset[str]:
    """Return orders that are not cut yet and for which their region has too little free cloth.

    Whoever is due first is served first, whatever the plan: else each plan would have others short.
    """
    left = {key: have - kept for key, (have, kept) in view.cloth_cm.items()}
    waiting = [
        (view.orders[job.order], line.info.region)
        for line in floor.lines.values()
        for job in line.waiting
        if job.state in FREE_STATES
    ]
    short = set()
    for order, region in sorted(waiting, key=lambda w: (w[0].due_ms, w[0].order)):
        style = view.catalogue.styles[order.style]
        key = (region, style.fabric, order.colour)
        if key in left:
            left[key] -= style.fabric_cm * order.pieces
            if left[key] < 0:
                short.add(order.order)
    return frozenset(short)


def _whole(line: LineState) -> LineState:
    """Return a broken line as if it were not."""
    free_ms = line.model.calendar.to_work(line.now_ms)
    return replace(line, model=replace(line.model, free_ms=free_ms))


def _opens(line: LineState) -> int:
    return line.model.calendar.start_at(line.model.free_ms)


def _styles(catalogue: Catalogue, params: DispatchParams) -> Iterable[Style]:
    for name, style in catalogue.styles.items():
        yield Style(name, style.bulletin, catalogue.smv_ms(name) / MINUTE_MS)


def _setups(catalogue: Catalogue) -> Setups:
    minutes = catalogue.setup_min
    return Setups(
        minutes.get("same_style", 0),
        minutes.get("same_bulletin", 0),
        minutes.get("other", 0),
        anticipatory=False,
    )


def _ramp(params: DispatchParams) -> Ramp:
    ramp = params.ramp
    return Ramp(ramp.depth, ramp.depth * ramp.same_bulletin, max(round(ramp.tau_min), 1))


def _calendars(catalogue: Catalogue, now_ms: int) -> Mapping[str, WorkTimes]:
    shifts = {(x.shift_start_min, x.shift_end_min) for x in catalogue.lines}
    return {
        _shift_name(*shift): work_times(
            [Shift(_clock(shift[0]), _clock(shift[1]), catalogue.workdays)],
            UTC, now_ms, HORIZON_DAYS, MINUTE_MS,
        )
        for shift in sorted(shifts)
    }  # fmt: skip


def shift_times(catalogue: Catalogue, start_ms: int) -> Mapping[str, WorkTimes]:
    """Return the working times by `site/line`, in minutes from `start_ms` on."""
    times = _calendars(catalogue, start_ms)
    return {
        f"{x.site}/{x.line}": times[_shift_name(x.shift_start_min, x.shift_end_min)]
        for x in catalogue.lines
    }


def _shift_name(start_min: int, end_min: int) -> str:
    return f"{start_min // 60:02d}:{start_min % 60:02d}-{end_min // 60:02d}:{end_min % 60:02d}"


def _clock(minute: int) -> time:
    return time(minute // 60 % 24, minute % 60)
