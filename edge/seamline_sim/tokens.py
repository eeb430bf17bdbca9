"""Tokens: several garments of one order and size that go through a line as one.

A line carries tokens in seasons (resolution `bundle`) and where bundles are carried by hand. It has
a clock of its own, the milliseconds in which it was open: shifts and breaks need no thought here.
A station takes what comes in the sequence in which it was promised: `line.free` says from when on
it has nothing to do, so a visit is booked in one go, and one event per visit is enough.

On a hanger line tokens overlap: after its first garment is done the token is offered to the next
operation, and a visit ends no earlier than its predecessor's end and one garment more. Bundles
carried by hand move when all their garments are done.
"""

import heapq

from seamline_sim.core import Core
from seamline_sim.state import Garment, Line, Station

TOKEN_PIECES = 20
"""Garments in a token of a season, at most."""
AWAY_MS = 1 << 50
"""A station that nobody works at is free at this time of the line's clock: never."""
ALWAYS = 1 << 32
"""Limit that every draw is below."""


def clock_ms(w: Core, line: Line) -> int:
    """Return the line's clock: the time in which it was open so far (rounded up)."""
    return line.open_ms - (line.mark_us - w.now_us) // 1000 if line.open else line.open_ms


def offset_us(line: Line) -> int:
    """Return what is added to the line's clock (x 1,000) to get the world's time."""
    return line.mark_us - line.open_ms * 1000


def enter(w: Core, line: Line, token: Garment) -> None:
    """Let a token begin its way through the line."""
    token.end_ms = now_ms = clock_ms(w, line)
    place(w, line, token, now_ms)


def place(w: Core, line: Line, token: Garment, now_ms: int) -> None:
    """Book the next visit of a token at the station that is free first, or let it wait aside."""
    plan = line.plan
    free = line.free
    pairs = plan.routes.get(token.done) or plan.route(token.done)
    best, operation = pairs[0]
    for index, op in pairs:
        if free[index] < free[best] and free[best] > now_ms:
            best, operation = index, op
    if free[best] >= AWAY_MS and plan.fixed:
        # nobody is where the operation belongs: another operator of the class takes it
        best = min(plan.of_class[operation], key=lambda index: (free[index], index))
    if free[best] >= AWAY_MS:
        line.parked.append(token)
        return
    book(w, line, token, line.stations[best], operation, max(now_ms, free[best]))


def book(w: Core, line: Line, token: Garment, st: Station, op: int, begin_ms: int) -> None:
    """Book a visit of a token at a station; the next event is its first garment, or its end."""
    own = own_ms(w, line, token, st, op)
    work = own * token.n + line.handling_ms
    st.run_ms += work
    st.pieces += token.n
    end = begin_ms + work
    line.free[st.index] = end
    token.at, token.op, token.begin_ms, token.work_ms = st.index, op, begin_ms, work
    token.end_ms = max(end, token.end_ms + own)
    if st.run_ms >= st.stop_ms > st.run_ms - work:
        plan_stop(w, line, st, end - (st.run_ms - st.stop_ms))
    due = begin_ms + own
    if line.by_hand:
        due = end
    elif op == line.plan.pack:
        due = token.end_ms
    heapq.heappush(line.heap, (due, token.number, token))


def own_ms(w: Core, line: Line, token: Garment, st: Station, op: int) -> int:
    """Return how long an operation takes on one garment of a token, on average."""
    return st.base[op] * w.mean_factor[token.n][token.draws[op] & 1023] >> 10


def plan_stop(w: Core, line: Line, st: Station, at_ms: int) -> None:
    """A machine will stop by itself: an event of the world, for mechanics serve several lines."""
    w.at(at_ms * 1000 + offset_us(line), "stop", line.index, st.index, st.token)


def vacate(w: Core, line: Line, st: Station, with_job: bool) -> None:
    """A station stops working: what waits for it goes elsewhere, with the job if told so."""
    now_ms, index = clock_ms(w, line), st.index
    if line.free[index] < AWAY_MS:
        st.left_ms = max(0, line.free[index] - now_ms)
        line.free[index] = AWAY_MS
    moved: list[Garment] = []
    stay = []
    for entry in line.heap:
        due, _, token = entry
        if token.at != index:
            stay.append(entry)
        elif token.begin_ms > now_ms or (with_job and token.begin_ms + token.work_ms > now_ms):
            moved.append(token)
        elif due > now_ms:
            token.left_ms = due - now_ms
            token.end_ms -= now_ms
            st.job = token
        else:
            stay.append(entry)
    if len(stay) < len(line.heap):
        line.heap[:] = stay
        heapq.heapify(line.heap)
    if with_job and st.job is not None:
        st.job.end_ms += now_ms
        moved.append(st.job)
        st.job = None
    if st.run_ms >= st.stop_ms:
        st.token += 1  # its own stop comes later, or not here
    moved.sort(key=lambda token: token.number)
    for token in moved:
        undone = min(token.work_ms, st.left_ms)
        st.run_ms -= undone
        st.left_ms -= undone
        st.pieces -= token.n
        place(w, line, token, now_ms)


def resume(w: Core, line: Line, st: Station) -> None:
    """A station works again: first what was interrupted, then what found no station."""
    if not line.open or not st.manned or st.down or line.free[st.index] < AWAY_MS:
        return
    now_ms = clock_ms(w, line)
    line.free[st.index] = now_ms + st.left_ms
    if st.run_ms >= st.stop_ms:
        plan_stop(w, line, st, now_ms + max(0, st.left_ms - (st.run_ms - st.stop_ms)))
    st.left_ms = 0
    token, st.job = st.job, None
    if token is not None:
        token.begin_ms = now_ms
        token.end_ms += now_ms
        heapq.heappush(line.heap, (now_ms + token.left_ms, token.number, token))
        token.left_ms = 0
    waiting, line.parked = line.parked, []
    for token in waiting:
        place(w, line, token, now_ms)


def settle(w: Core, line: Line) -> None:
    """Bring `line.free` of an empty line up to who sits where now."""
    now_ms = clock_ms(w, line)
    for st in line.stations:
        works = st.manned and not st.down
        st.left_ms = 0
        line.free[st.index] = now_ms if works else AWAY_MS


def on_line(line: Line) -> list[Garment]:
    """Return the tokens on a line, by number."""
    jobs = [st.job for st in line.stations if st.job is not None]
    found = [entry[2] for entry in line.heap] + line.parked + jobs
    return sorted(found, key=lambda token: token.number)


def works(w: Core, line: Line, st: Station) -> bool:
    """Return whether a station of a line with tokens is at work now."""
    return line.open and clock_ms(w, line) < line.free[st.index] < AWAY_MS


def waiting(w: Core, line: Line, st: Station) -> int:
    """Return how many garments wait for a station."""
    now_ms = clock_ms(w, line)
    return sum(t.n for _, _, t in line.heap if t.at == st.index and t.begin_ms > now_ms)
