"""A hanger line: feeding orders under a limit of hangers, style changes, what enters and leaves."""

from seamline_sim import rng, station, tables
from seamline_sim.core import MINUTE_US, Core
from seamline_sim.layout import plan_of
from seamline_sim.state import Garment, Line, Order, Station


def tell(w: Core, node: str, order: Order, state: str, pieces: int) -> None:
    """Set the state of an order and emit its self-contained event."""
    order.state = state
    w.emit(
        node,
        "order",
        order.id,
        state,
        order.kind,
        order.style,
        order.colour,
        sizes_json(order.sizes),
        pieces,
        order.region,
        order.site,
        order.line,
        order.due_ms,
        order.scrapped,
    )


def sizes_json(sizes: dict[str, int]) -> str:
    """Return sizes as compact JSON."""
    return "{" + ",".join(f'"{size}":{n}' for size, n in sizes.items()) + "}"


def book(w: Core, line: Line) -> None:
    """Book the open time since the last booking: experience, attendance, energy."""
    ms = (w.now_us - line.mark_us) // 1000
    line.mark_us += ms * 1000
    if not line.open:
        return
    line.open_ms += ms
    line.manned_ms += ms * line.operators
    if line.sewing:
        line.busy_ms += ms
        name = line.plan.bulletin
        line.experience_ms[name] = line.experience_ms.get(name, 0) + ms


def set_pace(w: Core, line: Line) -> None:
    """Bring the operators' pace up to their experience with the bulletin (style-change ramp)."""
    start, end = w.fig("style_change.eta_start_permille"), w.fig("style_change.eta_end_permille")
    ramp = tables.decay(start, end, w.fig("style_change.tau_mdays"))
    days20 = line.experience_ms.get(line.plan.bulletin, 0) * 20 // line.day_ms
    eta = ramp[min(days20, len(ramp) - 1)]
    line.pace = w.fig("operators.pace_end_permille") * eta // end
    operations = len(line.plan.ops) - 2
    line.defect_limit = w.fig("quality.defects_per_100") * 65_536 * end // (100 * operations * eta)
    for st in line.stations:
        set_base(w, line, st)


def set_base(w: Core, line: Line, st: Station) -> None:
    """Work out how long each operation takes at a station, before the spread of single pieces."""
    spread = w.fig("operators.skill_spread_permille")
    draw = rng.u32(w.seed, "skill", f"{line.node}/{st.id}|{st.machine}")
    pace = line.pace * rng.between(draw, 1000 - spread, 1000 + spread) // 1000
    if st.helper:
        pace = pace * w.fig("operators.helper_permille") // 1000
    st.base = [
        smv * 1000 // pace if machine.machine == st.machine else 0
        for smv, machine in zip(line.plan.smv_ms, line.plan.ops, strict=True)
    ]


def feed(w: Core, line: Line) -> None:
    """Hang in pieces while the line has room, and begin the next order when one is all in."""
    while line.open and not line.setup_us and line.wip < line.limit:
        if not line.feeding and not _begin_next(w, line):
            return
        if line.setup_us or not line.feeding:
            return
        _load(w, line, w.orders[line.feeding])


def _load(w: Core, line: Line, order: Order) -> None:
    _mark_wip(w, line)
    piece = order.loaded
    order.loaded += 1
    if order.loaded == order.pieces:
        line.feeding = ""
    line.wip += 1
    line.entered += 1
    garment = Garment(
        order,
        piece,
        size_of(order, piece),
        w.now_ms,
        0,
        line.plan.ready,
        sewing_draws(w, order.id, piece, len(line.plan.ops)),
    )
    station.route(w, line, garment)


def size_of(order: Order, piece: int) -> str:
    """Return the size of the nth garment of an order."""
    for size, n in order.sizes.items():
        piece -= n
        if piece < 0:
            return size
    raise IndexError(f"Order {order.id} has no garment so late.")


def sewing_draws(w: Core, order: str, piece: int, operations: int) -> tuple[int, ...]:
    """Return one garment's draws: the same whatever line sews it, and when."""
    return rng.words(w.seed, "sew", f"{order}|{piece}", operations)


def _begin_next(w: Core, line: Line) -> bool:
    if not line.queue:
        return False
    order = w.orders[line.queue[0]]
    bulletin = w.catalogue.styles[order.style].bulletin
    other = bulletin != line.plan.bulletin or not line.style
    if other and line.wip:
        return False
    book(w, line)
    line.queue.pop(0)
    line.sewing.append(order.id)
    line.feeding = order.id
    order.sewing_ms = w.now_ms
    change = _change(line, order, other)
    _relearn(w, line, bulletin, change)
    line.style, line.colour = order.style, order.colour
    tell(w, line.node, order, "sewing", order.pieces)
    minutes = w.catalogue.setup_min[change] if change else 0
    if minutes:
        line.setup_us = w.now_us + minutes * MINUTE_US
        line.setup_all = change == "other"
        w.at(line.setup_us, "setup_done", line.index, line.setup_us)
    if line.setup_all:
        _move_machines(w, line, bulletin, minutes)
    set_pace(w, line)
    return True


def _change(line: Line, order: Order, other: bool) -> str:
    if other:
        return "other"
    if order.style != line.style:
        return "same_bulletin"
    return "same_style" if order.colour != line.colour else ""


def _relearn(w: Core, line: Line, bulletin: str, change: str) -> None:
    known = line.experience_ms.get(bulletin)
    if known is None:
        known = w.fig("style_change.experience_start_mdays") * line.day_ms // 1000
    elif change == "other":
        known = known * w.fig("style_change.keep_other_bulletin_permille") // 1000
    elif change == "same_bulletin":
        known = known * w.fig("style_change.keep_same_bulletin_permille") // 1000
    line.experience_ms[bulletin] = known


def _move_machines(w: Core, line: Line, bulletin: str, minutes: int) -> None:
    line.plan = plan_of(bulletin, len(line.stations))
    for st, machine in zip(line.stations, line.plan.machines, strict=True):
        fold_counters(w, line, st)
        st.machine = machine
        w.emit(line.node, "station", st.id, "setup", "style_change", minutes * 60_000)
    man_stations(w, line)


def setup_done(w: Core, line_index: int, end_us: int) -> None:
    """A style change is over: the line can be fed."""
    line = w.lines[line_index]
    if line.setup_us != end_us:
        return
    line.setup_us = 0
    if line.setup_all:
        line.setup_all = False
        for st in line.stations:
            w.emit(line.node, "station", st.id, "ready", "style_change", 0)
    feed(w, line)


def fold_counters(w: Core, line: Line, st: Station) -> None:
    """Book stitches and energy of the present machine before another one takes its place."""
    ms = st.run_ms - st.machine_from_ms
    st.stitches += ms * stitches_per_s(w, st.machine) // 1000
    st.energy_mj += ms * extra_w(w, st.machine)
    st.machine_from_ms = st.run_ms


def stitches_per_s(w: Core, machine: str) -> int:
    """Return stitches per second of sewing time, needle share included."""
    if machine in ("MNL", "IRON", "QC", "PACK"):
        return 0
    return w.fig("energy.sewing_rpm") * w.fig("energy.needle_share_permille") // 60_000


def extra_w(w: Core, machine: str) -> int:
    """Return the power that a machine takes while it works, above its idle power."""
    kind = {"SNL": "sewing", "OL": "overlock", "FL": "overlock", "IRON": "iron"}.get(machine)
    if kind is None:
        kind = "special" if machine in ("BT", "BH", "BS") else "manual"
    return w.fig(f"energy.{kind}_w") - w.fig("energy.idle_w")


def leave(w: Core, line: Line, garment: Garment, good: bool) -> None:
    """A garment left the line, complete and good or written off."""
    _mark_wip(w, line)
    line.wip -= 1
    line.seen -= 1
    order = garment.order
    if good:
        order.sewn += 1
        order.good[garment.size] = order.good.get(garment.size, 0) + 1
        line.sewn += 1
        line.smv_done_ms += line.plan.total_ms
    else:
        order.scrapped += 1
        line.scrapped += 1
    if order.sewn + order.scrapped == order.pieces:
        book(w, line)
        line.sewing.remove(order.id)
        tell(w, line.node, order, "sewn", order.sewn)
        w.at(w.now_us + w.fig("warehouse.pack_min") * MINUTE_US, "packed", order.id)
    feed(w, line)


def _mark_wip(w: Core, line: Line) -> None:
    line.wip_area += line.wip * (w.now_us - line.wip_us)
    line.wip_us = w.now_us


def man_stations(w: Core, line: Line) -> None:
    """Put the day's operators at their stations; where a class would stand empty, a helper."""
    day = w.now_us // 86_400_000_000
    limit = w.fig("operators.absence_permille")
    present = 0
    by_class: dict[str, list[Station]] = {}
    for st in line.stations:
        draw = rng.u32(w.seed, "absent", f"{line.node}/{st.id}", day)
        away = rng.below(draw, 1000) < limit
        _set_manned(st, not away, False)
        present += not away
        by_class.setdefault(st.machine, []).append(st)
    for group in by_class.values():
        if not any(st.manned for st in group):
            _set_manned(group[0], True, True)
    line.operators = present


def _set_manned(st: Station, manned: bool, helper: bool) -> None:
    if st.manned != manned:
        st.load += -station.AWAY if manned else station.AWAY
    st.manned, st.helper = manned, helper


def shift(w: Core, phase: str) -> None:
    """A shift or a break began or ended, on all lines."""
    for line in w.lines:
        book(w, line)
        line.open = phase in ("start", "break_end")
        if phase == "start":
            man_stations(w, line)
        if phase == "end":
            operators = line.operators
            line.operators = 0
        w.emit(
            line.node,
            "shift",
            phase,
            operators if phase == "end" else line.operators,
            len(line.stations),
        )
        if line.open:
            set_pace(w, line)
            _restart(w, line)


def _restart(w: Core, line: Line) -> None:
    for st in line.stations:
        if not st.manned:
            station.send_on(w, line, st, with_job=True)
    for st in line.stations:
        station.resume(w, line, st)
    feed(w, line)
