"""A hanger line: feeding orders under a limit of hangers, style changes, what enters and leaves."""

from seamline_sim import (
    crew,
    energy,
    finishing,
    membership,
    repair,
    rng,
    station,
    tables,
    tokens,
)
from seamline_sim.core import MINUTE_US, Core
from seamline_sim.layout import plan_of
from seamline_sim.state import Draws, Garment, Line, Order


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
        line.closed_ms += ms if line.active else 0
        return
    line.open_ms += ms
    people = line.operators + line.helpers
    line.manned_ms += ms * people
    if line.sewing:
        line.busy_ms += ms
        line.planned_ms += ms * people
        name = line.plan.bulletin
        line.experience_ms[name] = line.experience_ms.get(name, 0) + ms


def feed(w: Core, line: Line) -> None:
    """Hang in pieces while the line has room, and begin the next order when one is all in."""
    _hang(w, line)
    while line.open and not line.setup_us and _room(line):
        if not line.feeding and not _begin_next(w, line):
            return
        if line.setup_us or not line.feeding:
            return
        _load(w, line, w.orders[line.feeding])


def _load(w: Core, line: Line, order: Order) -> None:
    token = _next_token(w, line, order) if line.token_pieces else _next_garment(w, line, order)
    if order.loaded == order.pieces:
        line.feeding = ""
    line.tail.append(token)
    _hang(w, line)
    if line.token_pieces:
        tokens.enter(w, line, token)
    else:
        station.route(w, line, token)


def _room(line: Line) -> bool:
    """Return whether a garment, or a token, may begin.

    A token counts as gone when its last garment is, though half of them, on average, have gone
    before: on hanger lines the next token begins half a token early, and enters as there is room.
    """
    if line.wip < line.limit:
        return True
    if line.by_hand or not line.token_pieces:
        return False
    return sum(token.n - token.hung for token in line.tail) < line.token_pieces // 2


def _hang(w: Core, line: Line) -> None:
    """Let garments of the last tokens enter, as far as there is room."""
    while line.tail and line.wip < line.limit:
        _enter(w, line, line.tail[0], line.limit - line.wip)


def _enter(w: Core, line: Line, token: Garment, room: int) -> None:
    _mark_wip(w, line)
    entering = min(token.n - token.hung, room)
    token.hung += entering
    token.in_ms += entering * w.now_ms
    line.wip += entering
    line.entered += entering
    if token.hung == token.n:
        line.tail.remove(token)


def hang_rest(w: Core, line: Line, token: Garment) -> None:
    """Let all garments of a token enter: it is about to leave, or to be divided."""
    if token in line.tail:
        _enter(w, line, token, token.n)


def _next_garment(w: Core, line: Line, order: Order) -> Garment:
    piece = order.loaded
    order.loaded += 1
    size, nth = size_of(order, piece)
    serial = order.serials[size] + nth
    draws = sewing_draws(w, order, size, serial, len(line.plan.ops))
    return Garment(order, piece, size, serial, 0, 0, line.plan.ready, draws, hung=0)


def _next_token(w: Core, line: Line, order: Order) -> Garment:
    """Return the next token of an order: garments of one size, in even parts."""
    piece = order.loaded
    size, nth = size_of(order, piece)
    left = order.sizes[size] - nth
    n = -(-left // -(-left // line.token_pieces))
    order.loaded += n
    line.number += 1
    serial = order.serials[size] + nth
    draws = sewing_draws(w, order, size, serial, len(line.plan.ops))
    token = Garment(
        order, piece, size, serial, 0, 0, line.plan.ready, draws, n=n, hung=0, number=line.number
    )
    token.limit = tokens.ALWAYS
    if w.bundles:
        token.limit = tables.any_defect(n, max([st.defect_limit for st in line.stations]))
        token.seen = True
        line.seen += n
    return token


def number_garments(w: Core, order: Order) -> None:
    """Give the garments of an order their serial numbers, by style and size."""
    if order.serials:
        return
    for size, n in order.sizes.items():
        key = f"{order.style}-{size}"
        order.serials[size] = w.serials.get(key, 0)
        w.serials[key] = order.serials[size] + n


def size_of(order: Order, piece: int) -> tuple[str, int]:
    """Return the size of a garment of an order, and which of that size it is."""
    for size, n in order.sizes.items():
        if piece < n:
            return size, piece
        piece -= n
    raise IndexError(f"Order {order.id} has no garment so late.")


def sewing_draws(w: Core, order: Order, size: str, serial: int, operations: int) -> Draws:
    """Return one garment's draws: the same whatever order and line it belongs to, and when."""
    return rng.words(w.seed, "sew", f"{order.style}-{size}|{serial}", operations)


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
        line.setup_ms += minutes * 60_000
        line.setup_all = change == "other"
        w.at(line.setup_us, "setup_done", line.index, line.setup_us)
    if line.setup_all:
        _move_machines(w, line, bulletin, minutes)
    crew.set_pace(w, line)
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
    line.plan = plan_of(bulletin, len(line.stations), line.by_hand)
    for st, machine in zip(line.stations, line.plan.machines, strict=True):
        energy.fold(w, line, st)
        st.stitches += (st.run_ms - st.machine_from_ms) * stitches_per_s(w, st.machine) // 1000
        st.machine_from_ms = st.run_ms
        repair.take_machine(st)
        st.machine = machine
        repair.put_machine(w, line, st)
        w.emit(line.node, "station", st.id, "setup", "style_change", minutes * 60_000)
    crew.seat(w, line)
    if line.token_pieces:
        set_limit(w, line)
        tokens.settle(w, line)


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


def stitches_per_s(w: Core, machine: str) -> int:
    """Return stitches per second of sewing time, needle share included."""
    if machine in ("MNL", "IRON", "QC", "PACK"):
        return 0
    return w.fig("energy.sewing_rpm") * w.fig("energy.needle_share_permille") // 60_000


def leave(w: Core, line: Line, garment: Garment, good: bool) -> None:
    """A garment left the line, complete and good or written off."""
    hang_rest(w, line, garment)
    _mark_wip(w, line)
    n = garment.n
    line.wip -= n
    line.seen -= n
    line.sojourn_ms += n * w.now_ms - garment.in_ms
    order = garment.order
    if good:
        line.first_pass += n - min(garment.redo, n)
        hidden = len(garment.flaws) or (garment.defects > 0)
        line.slipped += hidden
        order.hidden_defects += hidden
        order.sewn += n
        order.good[garment.size] = order.good.get(garment.size, 0) + n
        line.sewn += n
        line.smv_done_ms += n * line.plan.total_ms
    else:
        order.scrapped += n
        line.scrapped += n
    whole = order.sewn + order.scrapped == order.pieces
    if whole:
        book(w, line)
        line.sewing.remove(order.id)
    if not line.token_pieces:
        gathered(w, line.index, order.id, order.sewn - order.gathered, whole)
    elif whole or order.sewn - order.offered >= finishing.BATCH:
        # the finishing team serves several lines, which run by themselves: an event of the world
        w.at(w.now_us, "gathered", line.index, order.id, order.sewn - order.offered, whole)
        order.offered = order.sewn
    feed(w, line)


def gathered(w: Core, line_index: int, order_id: str, pieces: int, whole: bool) -> None:
    """Good garments of an order have come from a line (or its last ones were written off)."""
    line, order = w.lines[line_index], w.orders[order_id]
    order.gathered += pieces
    if whole:
        tell(w, line.node, order, "sewn", order.sewn)
        membership.close_if_drained(w, line)
    finishing.receive(w, w.plants[line.plant], order)


def set_limit(w: Core, line: Line) -> None:
    """Set how many garments may be on the line: three hangers per station, or a day of bundles."""
    stations = len(line.stations)
    line.limit = stations * w.fig("line.hangers_per_station_permille") // 1000
    if line.by_hand:
        work_ms = stations * line.day_ms * w.fig("line.bundle_wip_mdays") // 1000
        planned = w.fig("market.planned_efficiency_permille")
        line.limit = max(work_ms * planned // (1000 * line.plan.total_ms), line.limit)


def _mark_wip(w: Core, line: Line) -> None:
    line.wip_area += line.wip * (w.now_us - line.wip_us)
    line.wip_us = w.now_us


def shift(w: Core, phase: str) -> None:
    """A shift or a break began or ended, on all lines."""
    for line in w.lines:
        book(w, line)
        if phase == "start":
            membership.open_with_shift(w, line)
        if line.active:
            _shift(w, line, phase)
    for plant in w.plants:
        finishing.shift(w, plant, phase)
        repair.call_mechanics(w, plant)


def _shift(w: Core, line: Line, phase: str) -> None:
    line.open = phase in ("start", "break_end")
    if phase == "start":
        crew.seat(w, line)
    w.emit(line.node, "shift", phase, line.operators, len(line.stations))
    if phase == "end":
        line.operators = line.helpers = 0
    if line.open:
        crew.set_pace(w, line)
        _restart(w, line)


def _restart(w: Core, line: Line) -> None:
    for st in line.stations:
        if not st.manned:
            station.send_on(w, line, st, with_job=True)
    for st in line.stations:
        station.resume(w, line, st)
    feed(w, line)
