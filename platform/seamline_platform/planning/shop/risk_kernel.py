"""One run of a plan under given luck, as an inner loop: plain Python on lists, or compiled.

The sequences stay as planned: what is late pushes what comes after it (right-shift). Cutting and
finishing go on without delay, as in `decode`.
"""

from typing import Any, NamedTuple

from seamline_platform.planning.shop.kernels import (
    _compiled,
    cut_all,
    end_at,
    start_at,
    to_work,
)


class RunTables(NamedTuple):
    """What all runs share: see `Compiled` and `annealing_kernel.Tables`."""

    sequences: Any
    lengths: Any
    cut_order: Any
    work: Any
    klass: Any
    setup: Any
    change: Any
    losses: Any
    states: Any
    anticipatory: int
    cut_transport: int
    cut_busy: Any
    finish_transport: int
    finish_busy: Any
    first_before: Any
    """Where the orders before order i begin in `before`; one entry more than orders."""
    before: Any
    axes: Any
    starts: Any
    ends: Any
    done: Any


class RunLuck(NamedTuple):
    """What one run draws: rows of `noise.Drawn`."""

    sewing: Any
    setup: Any
    cut: Any
    finish: Any
    release: Any
    free: Any
    stops: Any
    repairs: Any


class RunTimes(NamedTuple):
    """What a run gives, by order (-1: not planned), and scratch.

    `kit` and `sew_end` come with what is there already.
    """

    kit: Any
    setup_start: Any
    setup: Any
    sew_start: Any
    sew_end: Any
    finish_start: Any
    done: Any
    lines: Any
    """By line: position, work at which it is free, class, age, kind, sewing ticks, stops."""
    tables: Any
    taken: Any
    places: Any
    ranked: Any


@_compiled
def run_once(t, luck, out):  # type: ignore[no-untyped-def]
    """Fill in `out`."""
    lines = len(t.lengths)
    axis = t.axes[lines]
    if len(t.cut_order) > 0:
        cut_all(
            t.cut_order, len(t.cut_order), luck.release, luck.cut, t.cut_transport, t.cut_busy,
            out.tables, out.kit, out.taken, axis, t.starts, t.ends, t.done,
        )  # fmt: skip
    for line in range(lines):
        state = out.lines[line]
        state[0], state[1], state[2] = 0, luck.free[line], t.states[line][1]
        state[3], state[4], state[5], state[6] = t.states[line][2], 2, 0, 0
    moved = True
    while moved:
        moved = False
        for line in range(lines):
            while out.lines[line][0] < t.lengths[line]:
                order = t.sequences[line][out.lines[line][0]]
                ready = _ready(t, out, order)
                if ready < 0:
                    break
                _sew_one(t, luck, out, line, order, ready)
                moved = True
    _finish_all(t, luck, out)


@_compiled
def _ready(t, out, order):  # type: ignore[no-untyped-def]
    """Return when `order` may be sewn; -1 while an order before it has no time yet."""
    ready = out.kit[order]
    for k in range(t.first_before[order], t.first_before[order + 1]):
        end = out.sew_end[t.before[k]]
        if end < 0:
            return -1
        ready = max(ready, end)
    return ready


@_compiled
def _sew_one(t, luck, out, line, order, ready):  # type: ignore[no-untyped-def]
    first, last = t.axes[line][0], t.axes[line][1]
    state = out.lines[line]
    klass = t.klass[order]
    needed = int(t.setup[state[2]][klass] * luck.setup[order] + 0.5)
    turn = t.change[state[2]][klass]
    if turn != 0:
        state[3], state[4] = 0, turn
    at = to_work(ready, first, last, t.starts, t.ends, t.done)
    begin = state[1]
    if t.anticipatory == 0:
        begin = max(begin, at)
    start = max(begin + needed, at)
    work = t.work[line][order]
    table = t.losses[state[4]]
    top = len(table) - 1
    lost = table[min(state[3] + work, top)] - table[min(state[3], top)]
    spent = int((work + lost) * luck.sewing[order] + 0.5)
    down = 0
    stops = luck.stops[line]
    while state[6] < len(stops) and stops[state[6]] <= state[5] + spent:
        down += luck.repairs[line][state[6]]
        state[6] += 1
    state[0] += 1
    state[1], state[2], state[3] = start + spent + down, klass, state[3] + work
    state[5] += spent
    out.setup[order] = needed
    out.setup_start[order] = start_at(begin, first, last, t.starts, t.ends, t.done)
    out.sew_start[order] = start_at(start, first, last, t.starts, t.ends, t.done)
    out.sew_end[order] = out.sew_start[order]
    if spent + down > 0:
        out.sew_end[order] = end_at(state[1], first, last, t.starts, t.done)


@_compiled
def _finish_all(t, luck, out):  # type: ignore[no-untyped-def]
    """First come, first served, as `kernels.finish_all`, with the times of every order."""
    axis = t.axes[len(t.lengths) + 1]
    first, last = axis[0], axis[1]
    count = len(out.ranked)
    for k in range(1, count):
        i = out.ranked[k]
        end = out.sew_end[i]
        j = k - 1
        while j >= 0 and (
            out.sew_end[out.ranked[j]] > end
            or (out.sew_end[out.ranked[j]] == end and out.ranked[j] > i)
        ):
            out.ranked[j + 1] = out.ranked[j]
            j -= 1
        out.ranked[j + 1] = i
    for k in range(len(out.places)):
        out.places[k] = t.finish_busy[k]
    for k in range(count):
        i = out.ranked[k]
        best = 0
        for p in range(1, len(out.places)):
            if out.places[p] < out.places[best]:
                best = p
        end = out.sew_end[i]
        start = max(out.places[best], to_work(end, first, last, t.starts, t.ends, t.done))
        out.places[best] = start + luck.finish[i]
        out.finish_start[i], out.done[i] = end, end + t.finish_transport
        if luck.finish[i] > 0:
            out.finish_start[i] = start_at(start, first, last, t.starts, t.ends, t.done)
            out.done[i] = t.finish_transport + end_at(
                start + luck.finish[i], first, last, t.starts, t.done
            )
