"""The floor as planning sees it: each line with its calendar and the orders bound to it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from seamline_broker.contracts.catalogue import Catalogue, LineInfo
from seamline_broker.contracts.view import LineView, OrderView, View
from seamline_platform.planning.calendar import MINUTE_MS, WorkCalendar
from seamline_platform.planning.evaluate import Job, LineModel, Slot, best_position, setup_table
from seamline_platform.planning.params import DispatchParams

BOUND_STATES = ("cutting", "in_transit", "queued", "sewing")
FREE_STATES = ("received", "promised")


def _on_the_way(state: str) -> str:
    return "cutting" if state in FREE_STATES else state


def relation(a: str, b: str) -> str:
    """Return `same_region` or `other_region`."""
    return "same_region" if a == b else "other_region"


@dataclass(slots=True)
class LineState:
    """One line: what it sews, and what waits for it in the sequence that is expected.

    `waiting` holds orders that stand at the line (`queued`), that are on their way (`cutting`,
    `in_transit`) and that are only planned (`received`, `promised`): see `Job.state`.
    """

    key: str
    info: LineInfo
    model: LineModel
    now_ms: int
    down: tuple[str, ...]
    operators: int
    efficiency: float
    catalogue: Catalogue
    params: DispatchParams
    cutting_ms: int
    """Plant time until a new kit of this region would leave the cutting tables."""
    joined: bool = True
    """False for a reserve line: nothing new is sent there."""
    sewing: list[Job] = field(default_factory=list)
    waiting: list[Job] = field(default_factory=list)

    def queue(self) -> list[Job]:
        """Return the orders that stand at the line, in sequence."""
        return [job for job in self.waiting if job.state == "queued"]

    def bound(self) -> list[Job]:
        """Return the orders that are cut, on their way or at the line, without what is sewn."""
        return [job for job in self.waiting if job.state in BOUND_STATES]

    def slots(self) -> list[Slot]:
        """Return the slots of all jobs of the line."""
        return self.model.decode([*self.sewing, *self.waiting])

    def is_rush(self, job: Job | OrderView) -> bool:
        """Return whether an order may overtake."""
        return job.weight >= self.params.rush_weight

    def insert(self, job: Job) -> tuple[int, Slot]:
        """Return where an urgent job would go among those that wait, and its slot there."""
        return best_position(
            self.model,
            self.sewing,
            self.waiting,
            job,
            self.params.setup_weight,
            self.params.rush_pull,
        )

    def tail(self) -> tuple[Job | None, int]:
        """Return the last job of the line and the working time at which it ends."""
        slots = self.slots()
        return (slots[-1].job, slots[-1].end_ms) if slots else (None, self.model.free_ms)

    def work_ms(self, style: str, pieces: int) -> int:
        """Return the working time for pieces of a style at the planned efficiency."""
        per_piece = self.catalogue.smv_ms(style) / (self.operators * self.efficiency)
        return max(round(pieces * per_piece), 1)

    def transport_ms(self, order: OrderView) -> int:
        """Return plant time that a kit is on the road; a rush order's goes by van."""
        minutes = self.catalogue.transport_min
        usual = minutes.get("same_region", 0)
        return (minutes.get("express", usual) if self.is_rush(order) else usual) * MINUTE_MS

    def inbound_ms(self, order: OrderView) -> int:
        """Return plant time from the kit command to the line (kits come from its own region)."""
        rush_ms = self.params.rush_cut_min * MINUTE_MS
        cutting_ms = rush_ms if self.is_rush(order) else self.cutting_ms
        return cutting_ms + self.transport_ms(order)

    def outbound_ms(self, region: str) -> int:
        """Return plant time from the last stitch to the region that the goods are for."""
        transport = self.catalogue.transport_min.get(relation(self.info.region, region), 0)
        return (self.params.pack_min + transport) * MINUTE_MS

    def delivery_ms(self, slot: Slot, region: str) -> int:
        """Return the plant time at which the goods of a slot arrive."""
        return self.model.calendar.end_at(slot.end_ms) + self.outbound_ms(region)

    def job(self, order: OrderView, release_ms: int) -> Job:
        """Return `order` as a job of this line; `release_ms` is plant time."""
        calendar = self.model.calendar
        left = max(order.pieces - order.sewn - order.scrapped, 1)
        return Job(
            order=order.order,
            style=order.style,
            bulletin=self.catalogue.styles[order.style].bulletin,
            colour=order.colour,
            pieces=left,
            work_ms=self.work_ms(order.style, left),
            release_ms=calendar.to_work(release_ms),
            due_ms=calendar.to_work(order.due_ms - self.outbound_ms(order.region)),
            weight=max(order.weight, 1),
            state=order.state,
        )

    def new_job(self, order: OrderView) -> Job:
        """Return an order that is not cut yet as a job of this line."""
        return self.job(order, self.now_ms + self.inbound_ms(order))

    def bind(self, order: OrderView) -> None:
        """Add an order that is already on its way to (or at) this line."""
        if order.state == "sewing":
            self.sewing.append(self.job(order, self.now_ms))
            return
        if order.state == "queued":
            self.waiting.append(self.job(order, self.now_ms))
            return
        in_transit = order.state == "in_transit"
        rest = self.transport_ms(order) if in_transit else self.inbound_ms(order)
        # Nobody reports how far a cut or a truck is: half of the usual time is left on average.
        rest = rest if order.state in FREE_STATES else rest // 2
        job = replace(self.job(order, self.now_ms + rest), state=_on_the_way(order.state))
        at = self.insert(job)[0] if self.is_rush(job) else len(self.waiting)
        self.waiting.insert(at, job)


@dataclass(frozen=True, slots=True)
class Floor:
    """All lines by `site/line`, and the orders that no line has yet."""

    lines: Mapping[str, LineState]
    free: tuple[OrderView, ...]


def _line_state(
    view: View,
    info: LineInfo,
    params: DispatchParams,
    now_ms: int,
    broken: tuple[str, ...],
    cutting_ms: int,
) -> LineState:
    key = f"{info.site}/{info.line}"
    seen: LineView | None = view.lines.get(key)
    calendar = WorkCalendar.of(info, view.catalogue.workdays)
    style = seen.style if seen and seen.style in view.catalogue.styles else ""
    colours = [view.orders[o].colour for o in (seen.sewing if seen else ()) if o in view.orders]
    model = LineModel(
        key=key,
        calendar=calendar,
        setups_ms=setup_table(view.catalogue),
        ramp=params.ramp,
        free_ms=calendar.to_work(now_ms) + (params.repair_min * MINUTE_MS if broken else 0),
        style=style,
        bulletin=view.catalogue.styles[style].bulletin if style else "",
        colour=colours[-1] if colours else "",
    )
    present = seen.operators if seen and seen.open and seen.operators > 0 else info.operators
    return LineState(
        key=key,
        info=info,
        model=model,
        now_ms=now_ms,
        down=broken,
        operators=max(present, 1),
        efficiency=params.line_efficiency.get(key, params.efficiency),
        catalogue=view.catalogue,
        params=params,
        cutting_ms=cutting_ms,
        joined=seen.joined if seen else True,
    )


def floor_of(
    view: View,
    now_ms: int,
    params: DispatchParams,
    kitted: Mapping[str, str] | None = None,
    broken: Mapping[str, tuple[str, ...]] | None = None,
) -> Floor:
    """Return the floor at `now_ms`.

    `kitted` maps orders whose kit command is given but not yet visible to their `site/line`;
    `broken` maps `site/line` to stations that need a mechanic (by default as the view says).
    """
    given = kitted or {}
    if broken is None:
        broken = {key: line.broken for key, line in view.lines.items()}
    cutting = _cutting_ms(view, given, params)
    lines = {}
    for info in view.catalogue.lines:
        key = f"{info.site}/{info.line}"
        stopped = broken.get(key, ())
        lines[key] = _line_state(view, info, params, now_ms, stopped, cutting[info.region])
    free: list[OrderView] = []
    for order in _in_sequence(view):
        bound = f"{order.site}/{order.line}" if order.state in BOUND_STATES else ""
        key = bound or given.get(order.order, "")
        if order.style not in view.catalogue.styles:
            continue
        if key in lines:
            lines[key].bind(order)
        elif order.state in FREE_STATES:
            free.append(order)
    return Floor(lines, tuple(free))


def _cutting_ms(view: View, kitted: Mapping[str, str], params: DispatchParams) -> Mapping[str, int]:
    """Return how long the cutting tables of each region take for a new kit."""
    region_of = {f"{info.site}/{info.line}": info.region for info in view.catalogue.lines}
    ahead = dict.fromkeys(region_of.values(), 0)
    for order in view.orders.values():
        key = f"{order.site}/{order.line}" if order.state == "cutting" else ""
        region = region_of.get(key or kitted.get(order.order, ""))
        if region is not None:
            ahead[region] += 1
    return {
        region: (params.cut_min + params.cut_queue_min * n) * MINUTE_MS
        for region, n in ahead.items()
    }


def _in_sequence(view: View) -> Iterable[OrderView]:
    """Return open orders so that binding them one by one keeps the sequence of each line."""
    place: dict[str, int] = {}
    for line in view.lines.values():
        for index, order in enumerate((*line.sewing, *line.queue)):
            place[order] = index
    rank = {"sewing": 0, "queued": 1, "in_transit": 2, "cutting": 3}
    found = [o for o in view.orders.values() if o.state in BOUND_STATES + FREE_STATES]
    return sorted(
        found,
        key=lambda o: (
            rank.get(o.state, 4),
            place.get(o.order, len(place)),
            o.placed_ms,
            o.order,
        ),
    )
