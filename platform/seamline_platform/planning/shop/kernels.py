"""The decoder's inner loops, for search: whole numbers only, compiled by numba where it is there.

The same source runs in plain Python on lists and, compiled, on arrays; both give equal results. It
computes what `decode` computes, but only costs, and only of the lines that a move has changed.
"""

import importlib.util
from collections.abc import Callable
from typing import Any, Final

HAVE_NUMBA: Final = importlib.util.find_spec("numba") is not None
_F = Callable[..., Any]


def _compiled(function: _F) -> _F:
    if not HAVE_NUMBA:
        return function
    import numba

    made: _F = numba.njit(cache=True)(function)
    return made


def _inlined(function: _F) -> _F:
    """Compile into whoever calls it: handing over some dozen arrays costs more than a short row."""
    if not HAVE_NUMBA:
        return function
    import numba

    made: _F = numba.njit(cache=True, inline="always")(function)
    return made


@_compiled
def to_work(tick, first, last, starts, ends, done):  # type: ignore[no-untyped-def]
    """Return the work before `tick` on the axis that lies in `first` .. `last` of the tables."""
    if last - first == 1 and starts[first] == 0:
        return tick
    low, high = first, last
    while low < high:
        middle = (low + high) // 2
        if starts[middle] <= tick:
            low = middle + 1
        else:
            high = middle
    i = low - 1
    if i < first:
        return 0
    return done[i] + min(tick, ends[i]) - starts[i]


@_compiled
def end_at(work, first, last, starts, done):  # type: ignore[no-untyped-def]
    """Return the tick at which work that ends at `work` ends."""
    if last - first == 1 and starts[first] == 0:
        return work
    low, high = first, last
    while low < high:
        middle = (low + high) // 2
        if done[middle] < work:
            low = middle + 1
        else:
            high = middle
    i = max(low - 1, first)
    return starts[i] + work - done[i]


@_compiled
def start_at(work, first, last, starts, ends, done):  # type: ignore[no-untyped-def]
    """Return the earliest tick at which work that lies at `work` can begin."""
    if last - first == 1 and starts[first] == 0:
        return work
    low, high = first, last
    while low < high:
        middle = (low + high) // 2
        if done[middle] <= work:
            low = middle + 1
        else:
            high = middle
    i = max(low - 1, first)
    tick = starts[i] + work - done[i]
    if tick >= ends[i] and i + 1 < last:
        return starts[i + 1]
    return tick


@_compiled
def cut_all(  # type: ignore[no-untyped-def]
    order, count, release, duration, transport, busy, tables, kit, taken, axis, starts, ends, done
):
    """Fill in `kit`: cutting without delay, in the rank of `order` (its first `count` entries).

    `release` is in work of the cutting axis, as is `busy`, from which the tables are free;
    `tables` and `taken` are scratch.
    """
    first, last = axis[0], axis[1]
    always = last - first == 1 and starts[first] == 0
    for k in range(len(tables)):
        tables[k] = busy[k]
    for k in range(count):
        taken[k] = 0
    head = 0
    for _ in range(count):
        best_table = 0
        for k in range(1, len(tables)):
            if tables[k] < tables[best_table]:
                best_table = k
        now = tables[best_table]
        while taken[head] == 1:
            head += 1
        pick = -1
        soonest = -1
        for k in range(head, count):
            if taken[k] == 0:
                if release[order[k]] <= now:
                    pick = k
                    break
                if soonest < 0 or release[order[k]] < release[order[soonest]]:
                    soonest = k
        if pick < 0:
            pick = soonest
            now = release[order[pick]]
        taken[pick] = 1
        i = order[pick]
        tick = now + duration[i]
        tables[best_table] = tick
        if always:
            pass  # work and ticks are the same: calls would cost plain Python half of its time
        elif duration[i] > 0:
            tick = end_at(tick, first, last, starts, done)
        else:
            tick = start_at(now, first, last, starts, ends, done)
        kit[i] = tick + transport


@_inlined
def sew_line(  # type: ignore[no-untyped-def]
    sequence, length, work, klass, setup, change, losses, state, anticipatory, kit,
    sew_end, axis, starts, ends, done, spans, metered,
):  # fmt: skip
    """Fill in `sew_end` of a line's orders; return the sum of its set-ups.

    `state` is (work at which the line is free, class, age) of the line; `work` its row. Where it is
    `metered`, work at start and end of sewing goes into the two rows of `spans`.
    """
    first, last = axis[0], axis[1]
    always = last - first == 1 and starts[first] == 0
    free, at_class, age, kind = state[0], state[1], state[2], 2
    top = len(losses[0]) - 1
    total = 0
    for k in range(length):
        i = sequence[k]
        c = klass[i]
        needed = setup[at_class][c]
        turn = change[at_class][c]
        if turn != 0:
            age, kind = 0, turn
        ready = kit[i] if always else to_work(kit[i], first, last, starts, ends, done)
        early = needed if anticipatory == 1 else 0
        start = free + early
        if start < ready:
            start = ready
        start += needed - early
        needs = work[i]
        spent = needs
        if losses[kind][top] > 0:
            spent += losses[kind][min(age + needs, top)] - losses[kind][min(age, top)]
        age += needs
        free = start + spent
        at_class = c
        total += needed
        if always:
            sew_end[i] = free
        elif spent > 0:
            sew_end[i] = end_at(free, first, last, starts, done)
        else:
            sew_end[i] = start_at(start, first, last, starts, ends, done)
        if metered:
            spans[0][i] = start
            spans[1][i] = free
    return total


@_compiled
def burn_line(sequence, length, spans, meter, starts, before, rates, near):  # type: ignore[no-untyped-def]
    """Return the electricity of a line, in millionths: by sums up to each rate, so O(1) an order.

    `meter` is where the line's rates lie in the tables: first, last, first of `near`, last of
    `near`, width. `near` holds the rate at every multiple of the width: the right one is steps
    away, however long the horizon.
    """
    total = 0
    for n in range(length):
        for edge in range(2):
            work = spans[edge][sequence[n]]
            k = near[min(meter[2] + work // meter[4], meter[3])]
            while k < meter[1] and starts[k + 1] <= work:
                k += 1
            used = before[k] + rates[k] * (work - starts[k])
            total += used if edge == 1 else -used
    return total


@_compiled
def finish_all(  # type: ignore[no-untyped-def]
    ranked,
    count,
    sew_end,
    duration,
    transport,
    due,
    weight,
    busy,
    places,
    axis,
    starts,
    ends,
    done,
    most,
):
    """Return sum w_j T_j: first come, first served. `ranked` is kept sorted from call to call.

    Once the sum is above `most` it is returned as it stands: a search has seen enough then.
    """
    first, last = axis[0], axis[1]
    always = last - first == 1 and starts[first] == 0
    for k in range(1, count):
        i = ranked[k]
        end = sew_end[i]
        j = k - 1
        while j >= 0 and (
            sew_end[ranked[j]] > end or (sew_end[ranked[j]] == end and ranked[j] > i)
        ):
            ranked[j + 1] = ranked[j]
            j -= 1
        ranked[j + 1] = i
    for k in range(len(places)):
        places[k] = busy[k]
    tardiness = 0
    for k in range(count):
        i = ranked[k]
        best = 0
        for p in range(1, len(places)):
            if places[p] < places[best]:
                best = p
        finished = sew_end[i]
        start = finished if always else to_work(finished, first, last, starts, ends, done)
        if start < places[best]:
            start = places[best]
        stop = start + duration[i]
        places[best] = stop
        if always:
            finished = stop if duration[i] > 0 else finished
        elif duration[i] > 0:
            finished = end_at(stop, first, last, starts, done)
        late = finished + transport - due[i]
        if late > 0:
            tardiness += weight[i] * late
            if tardiness > most:
                break
    return tardiness
