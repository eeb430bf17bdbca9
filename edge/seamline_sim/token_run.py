"""A line that carries tokens runs on by itself, up to the next event that others have a part in.

Lines share nothing but mechanics and the finishing team, and both work by events of the world: a
line may therefore be ahead of another, never of an event of its own. What a line schedules is
numbered by the line, so that the sequence of lines, or the length of a step, changes nothing.
"""

import heapq

from seamline_sim import line as lines
from seamline_sim import quality, rng, tables, tokens
from seamline_sim.core import Core
from seamline_sim.state import Garment, Line


def due_us(line: Line) -> int:
    """Return when the line has its next event, in the world's time; it must have one."""
    due: int = line.heap[0][0]
    return due * 1000 + line.mark_us - line.open_ms * 1000


def advance(w: Core, line: Line, until_us: int) -> None:
    """Run a line up to `until_us`, or to an event of the world that it schedules before."""
    before_us, count = w.now_us, w.count
    w.count = line.count
    while line.open and line.heap:
        offset = tokens.offset_us(line)
        token, now_ms = _sew(w, line, (min(until_us, w.gate_us()) - offset) // 1000)
        if token is None:
            break
        w.now_us = now_ms * 1000 + offset
        if token.op < line.plan.qc:
            _operation(w, line, token, now_ms)
        elif token.op == line.plan.pack:
            if not w.bundles:
                tell(w, line, token, "ok", True)
            lines.leave(w, line, token, True)
        else:
            _inspect(w, line, token, now_ms)
    line.count, w.count, w.now_us = w.count, count, before_us


def _sew(w: Core, line: Line, until_ms: int) -> tuple[Garment | None, int]:
    """Do ordinary visits up to `until_ms`; stop at one that needs more thought and return it.

    The hottest code of a season: `tokens.place` and `tokens.book`, written out.
    """
    heap, free, stations, plan = line.heap, line.free, line.stations, line.plan
    qc, bits, routes, factors = plan.qc, plan.op_bit, plan.routes, w.mean_factor
    by_hand, handling, away = line.by_hand, line.handling_ms, tokens.AWAY_MS
    visits = 0
    while heap:
        now, number, token = heap[0]
        if now > until_ms:
            break
        visits += 1
        op = token.op
        if op >= qc or token.draws[op] < token.limit:
            heapq.heappop(heap)
            w.events_done += visits
            return token, now
        done = token.done = token.done | bits[op]
        pairs = routes.get(done) or plan.route(done)
        low = away
        for at, op in pairs:
            time = free[at]
            if time <= now:
                begin = now
                break
            if time < low:
                low, best, best_op = time, at, op
        else:
            if low == away:
                heapq.heappop(heap)
                tokens.place(w, line, token, now)
                continue
            begin, at, op = low, best, best_op
        station = stations[at]
        n = token.n
        own = station.base[op] * factors[n][token.draws[op] & 1023] >> 10
        work = own * n + handling
        run = station.run_ms = station.run_ms + work
        station.pieces += n
        free[at] = end = begin + work
        token.at, token.op, token.begin_ms, token.work_ms = at, op, begin, work
        late = token.end_ms + own
        token.end_ms = end if end > late else late
        if run >= station.stop_ms > run - work:
            stop_ms = end - (run - station.stop_ms)
            tokens.plan_stop(w, line, station, stop_ms)
            until_ms = min(until_ms, stop_ms)
        heapq.heapreplace(heap, (end if by_hand else begin + own, number, token))
    w.events_done += visits
    return None, until_ms


def _operation(w: Core, line: Line, token: Garment, now_ms: int) -> None:
    """An operation is done (its first garment is): count defects, tell, go on to the next."""
    st, op = line.stations[token.at], token.op
    bad = tables.defects(token.draws[op], token.n, st.defect_limit)
    if not w.bundles:
        tell(w, line, token, "ok", False)
    for i in range(bad):
        line.defects += 1
        if _found_at_once(w, token, op, i):
            _again(w, line, token, op)
        else:
            token.flaws = (*token.flaws, op)
    token.done |= line.plan.op_bit[op]
    tokens.place(w, line, token, now_ms)


def _found_at_once(w: Core, token: Garment, op: int, i: int) -> bool:
    draw = rng.u32(w.seed, "inline", quality.key_of(token), op * 100 + i)
    return rng.below(draw, 1000) < w.fig("quality.inline_permille")


def _again(w: Core, line: Line, token: Garment, op: int) -> None:
    """One garment of a token is sewn again where its defect was made and found."""
    st = line.stations[token.at]
    quality.report(w, line, st, token, op, "rework")
    token.redo += 1
    token.order.reworks += 1
    line.reworks += 1
    ms = st.base[op] * w.fig("quality.rework_permille") // 1000
    st.run_ms += ms
    if line.free[st.index] < tokens.AWAY_MS:
        line.free[st.index] = max(line.free[st.index], tokens.clock_ms(w, line)) + ms
    token.end_ms += ms


def _inspect(w: Core, line: Line, token: Garment, now_ms: int) -> None:
    """The end-line inspection looks at a token: garments with defects part from it."""
    lines.hang_rest(w, line, token)
    if not w.bundles:
        tell(w, line, token, "ok", False)
    st = line.stations[token.at]
    flaws, token.flaws = token.flaws, ()
    token.done |= line.plan.qc_bit
    power, scrap = w.fig("quality.endline_permille"), w.fig("quality.scrap_permille")
    for i, op in enumerate(flaws):
        look, fate = rng.words(w.seed, "endline", f"{quality.key_of(token)}|{i}", 2)
        if rng.below(look, 1000) >= power:
            token.flaws = (*token.flaws, op)
            continue
        written_off = rng.below(fate, 1000) < scrap
        quality.report(w, line, st, token, op, "scrap" if written_off else "rework")
        token.order.reworks += 1
        line.reworks += not written_off
        one = _part(line, token) if token.n > 1 else token
        one.redo += 1
        if written_off:
            if not w.bundles:
                tell(w, line, one, "scrap", False)
            lines.leave(w, line, one, False)
        else:
            _mend(w, line, one, op, now_ms)
        if one is token:
            return
    tokens.place(w, line, token, now_ms)


def _part(line: Line, token: Garment) -> Garment:
    """Take the last garment out of a token."""
    share = token.in_ms // token.hung
    token.n -= 1
    token.hung -= 1
    token.in_ms -= share
    line.number += 1
    return Garment(
        token.order, token.piece + token.n, token.size, token.serial + token.n, share,
        token.done, 0, token.draws, at=token.at, number=line.number, limit=tokens.ALWAYS,
        seen=token.seen,
    )  # fmt: skip


def _mend(w: Core, line: Line, one: Garment, op: int, now_ms: int) -> None:
    """A garment goes back to the operation that failed, to inspection again, and is packed.

    Its work is added to what the stations have to do; nobody overtakes for it.
    """
    plan, free = line.plan, line.free
    one.end_ms = now_ms
    for step in (op, plan.qc, plan.pack):
        index = min(plan.of_class[step], key=lambda i: (free[i], i))
        st = line.stations[index]
        ms = st.base[step] or plan.smv_ms[step]
        if step == op:
            ms = ms * w.fig("quality.rework_permille") // 1000
        if free[index] < tokens.AWAY_MS:
            begin = max(one.end_ms, free[index])
            free[index] = max(now_ms, free[index]) + ms
            st.run_ms += ms
            st.pieces += 1
            one.at, one.op, one.begin_ms, one.work_ms = index, step, begin, ms
            one.end_ms = begin + ms
        else:
            one.at, one.op, one.begin_ms, one.work_ms = index, step, one.end_ms, 0
            one.end_ms += ms
    heapq.heappush(line.heap, (one.end_ms, one.number, one))


def tell(w: Core, line: Line, token: Garment, outcome: str, last: bool) -> None:
    """Emit the row of every garment of a token that has left a station."""
    st, plan, op = line.stations[token.at], line.plan, token.op
    if not token.seen:
        token.seen = True
        line.seen += token.n
    for i in range(token.n):
        w.emit(
            line.node, "piece", st.id, token.order.id, token.piece + i, plan.ops[op].op,
            token.work_ms // token.n, plan.smv_ms[op], outcome, last, token.size,
            token.redo == 0, token.in_ms // max(token.hung, 1),
        )  # fmt: skip
