"""Simulated annealing over line sequences and the rank at the cutting tables, as an inner loop.

Kirkpatrick, Gelatt and Vecchi (Science 220, 1983): a worse neighbour is taken with probability
e^(-delta / T). Neighbours: an order goes to another place (on its line or on another that may sew
it), two orders change places, an order gets another rank at cutting. Most are between orders that
are sewn about the same time.
"""

import math
from typing import Final

from seamline_platform.planning.shop.kernels import (
    _compiled,
    _inlined,
    burn_line,
    cut_all,
    finish_all,
    sew_line,
)

ENOUGH: Final = 1 << 60
"""A cost above every plan's."""
NEAR: Final = 8
"""So many ranks away is close by, in sewing and at the cutting tables."""


@_compiled
def cut_now(t, s):  # type: ignore[no-untyped-def]
    """Cut everything anew in the rank of `s.cut_order`."""
    cutting = len(s.lengths)
    cut_all(
        s.cut_order, len(s.cut_order), t.release, t.cut, t.cut_transport, t.cut_busy, s.tables,
        s.kit, s.taken, t.axes[cutting], t.starts, t.ends, t.done,
    )  # fmt: skip


@_inlined
def sew_now(t, s, line):  # type: ignore[no-untyped-def]
    """Lay one line out anew."""
    metered = t.meters[line][4] > 0
    ticks = sew_line(
        s.sequences[line], s.lengths[line], t.work[line], t.klass, t.setup, t.change, t.losses,
        t.states[line], t.anticipatory, s.kit, s.sew_end, t.axes[line], t.starts, t.ends, t.done,
        s.spans, metered,
    )  # fmt: skip
    s.costs[line] = t.set_up * ticks
    if t.move > 0:
        for k in range(s.lengths[line]):
            before = t.planned[s.sequences[line][k]]
            if before >= 0 and before != line:
                s.costs[line] += t.move
    if metered:
        s.burnt[line] = burn_line(
            s.sequences[line], s.lengths[line], s.spans, t.meters[line], t.meter_starts, t.before,
            t.rates, t.near,
        )  # fmt: skip


@_compiled
def cost_now(t, s, most):  # type: ignore[no-untyped-def]
    """Return the cost of the state from `sew_end`, `costs` and `burnt`.

    What costs more than `most` is not computed to the end: some cost above `most` comes back.
    """
    total = 0
    burnt = 0
    for line in range(len(s.lengths)):
        total += s.costs[line]
        burnt += s.burnt[line]
    total += burnt // 1_000_000
    late_most = (most - total) // t.tardiness if t.tardiness > 0 else ENOUGH
    late = finish_all(
        s.ranked, len(s.ranked), s.sew_end, t.finish, t.finish_transport, t.due, t.weight,
        t.finish_busy, s.places, t.axes[len(s.lengths) + 1], t.starts, t.ends, t.done,
        late_most,
    )  # fmt: skip
    return total + t.tardiness * late


@_compiled
def evaluate_all(t, s):  # type: ignore[no-untyped-def]
    """Return the cost of the state, everything computed anew."""
    if len(s.cut_order) > 0:
        cut_now(t, s)
    for line in range(len(s.lengths)):
        sew_now(t, s, line)
    return cost_now(t, s, ENOUGH)


@_compiled
def _take(s, line, at):  # type: ignore[no-untyped-def]
    row = s.sequences[line]
    order = row[at]
    for k in range(at, s.lengths[line] - 1):
        row[k] = row[k + 1]
    s.lengths[line] -= 1
    return order


@_compiled
def _put(s, line, at, order):  # type: ignore[no-untyped-def]
    row = s.sequences[line]
    for k in range(s.lengths[line], at, -1):
        row[k] = row[k - 1]
    row[at] = order
    s.lengths[line] += 1
    s.line_of[order] = line


@_compiled
def _next(x):  # type: ignore[no-untyped-def]
    """Lehmer's generator (Park and Miller 1988): equal draws in Python and compiled."""
    return (x * 48271) % 2147483647


@_compiled
def _place(t, s, rank):  # type: ignore[no-untyped-def]
    """Return (line, place) of the order of that rank by end of sewing; line -1 if it stays."""
    order = s.ranked[rank]
    line = s.line_of[order]
    if line < 0:  # sewn already
        return -1, 0
    row = s.sequences[line]
    at = 0
    while row[at] != order:
        at += 1
    if at < t.fixed[line]:
        return -1, 0
    return line, at


@_compiled
def _two(s, x):  # type: ignore[no-untyped-def]
    """Return (x, a, b): the ranks of two orders, in seven of ten draws sewn about the same time.

    An order that goes far away in time comes too early for its kit or too late for its due date.
    """
    count = len(s.ranked)
    x = _next(x)
    a = x % count
    x = _next(x)
    draw = x // 10
    b = draw % count
    if x % 10 < 7:
        step = 1 + draw % NEAR
        near = a + step if draw // NEAR % 2 == 0 else a - step
        if 0 <= near < count:
            b = near
    return x, a, b


@_compiled
def _keep(s, first, second):  # type: ignore[no-untyped-def]
    """Write down the times of two lines (or all: first < 0) so that a move can be taken back."""
    for line in range(len(s.lengths)):
        if first < 0 or line in (first, second):
            s.saved_costs[line] = s.costs[line]
            s.saved_burnt[line] = s.burnt[line]
            for k in range(s.lengths[line]):
                order = s.sequences[line][k]
                s.saved_end[order] = s.sew_end[order]


@_compiled
def _restore(s, first, second):  # type: ignore[no-untyped-def]
    for line in range(len(s.lengths)):
        if first < 0 or line in (first, second):
            s.costs[line] = s.saved_costs[line]
            s.burnt[line] = s.saved_burnt[line]
            for k in range(s.lengths[line]):
                order = s.sequences[line][k]
                s.sew_end[order] = s.saved_end[order]


@_compiled
def _most(cost, temperature, x):  # type: ignore[no-untyped-def]
    """Return the highest cost that is accepted: drawn before the neighbour's cost is known.

    u < e^(-delta / T) says the same as delta < -T ln u.
    """
    return cost + int(-temperature * math.log(x / 2147483647.0))


@_compiled
def _relocate(t, s, x, cost, temperature):  # type: ignore[no-untyped-def]
    """Try to put a random order before or behind another, or last on a line; return (x, cost)."""
    x, a, b = _two(s, x)
    line, at = _place(t, s, a)
    if line < 0:
        return x, cost
    order = s.sequences[line][at]
    x = _next(x)
    if x % 16 == 0:
        other = x // 16 % len(s.lengths)
        to = s.lengths[other]
    else:
        other, to = _place(t, s, b)
        to += x // 16 % 2
    if other < 0 or t.work[other][order] < 0:
        return x, cost
    if other == line and to > at:
        to -= 1
    if other == line and to == at:
        return x, cost
    _keep(s, line, other)
    _take(s, line, at)
    _put(s, other, to, order)
    sew_now(t, s, line)
    if other != line:
        sew_now(t, s, other)
    x = _next(x)
    most = _most(cost, temperature, x)
    new = cost_now(t, s, most)
    if new <= most:
        return x, new
    _take(s, other, to)
    _put(s, line, at, order)
    _restore(s, line, other)
    return x, cost


@_compiled
def _swap(t, s, x, cost, temperature):  # type: ignore[no-untyped-def]
    """Try to let two random orders change places; return (x, cost)."""
    x, one, two = _two(s, x)
    line, at = _place(t, s, one)
    other, to = _place(t, s, two)
    if line < 0 or other < 0 or (line == other and at == to):
        return x, cost
    a, b = s.sequences[line][at], s.sequences[other][to]
    if t.work[line][b] < 0 or t.work[other][a] < 0:
        return x, cost
    _keep(s, line, other)
    s.sequences[line][at], s.sequences[other][to] = b, a
    s.line_of[a], s.line_of[b] = other, line
    sew_now(t, s, line)
    if other != line:
        sew_now(t, s, other)
    x = _next(x)
    most = _most(cost, temperature, x)
    new = cost_now(t, s, most)
    if new <= most:
        return x, new
    s.sequences[line][at], s.sequences[other][to] = a, b
    s.line_of[a], s.line_of[b] = line, other
    _restore(s, line, other)
    return x, cost


@_compiled
def _shift_rank(order, start, to):  # type: ignore[no-untyped-def]
    moved = order[start]
    step = 1 if to > start else -1
    k = start
    while k != to:
        order[k] = order[k + step]
        k += step
    order[to] = moved


@_compiled
def _recut(t, s):  # type: ignore[no-untyped-def]
    """Cut everything anew and lay out the lines that get a kit at another time; False: none."""
    for k in range(len(s.kit)):
        s.saved_kit[k] = s.kit[k]
    cut_now(t, s)
    changed = False
    for line in range(len(s.lengths)):
        for k in range(s.lengths[line]):
            order = s.sequences[line][k]
            if s.kit[order] != s.saved_kit[order]:
                changed = True
                sew_now(t, s, line)
                break
    return changed


@_compiled
def _rerank(t, s, x, cost, temperature):  # type: ignore[no-untyped-def]
    """Try a rank close by at the cutting tables for one order; return (x, cost)."""
    count = len(s.cut_order)
    x = _next(x)
    start = x % count
    x = _next(x)
    step = 1 + x // 2 % NEAR
    to = min(max(start + step if x % 2 == 0 else start - step, 0), count - 1)
    if start == to:
        return x, cost
    _keep(s, -1, -1)
    _shift_rank(s.cut_order, start, to)
    if not _recut(t, s):
        return x, cost
    x = _next(x)
    most = _most(cost, temperature, x)
    new = cost_now(t, s, most)
    if new <= most:
        return x, new
    _shift_rank(s.cut_order, to, start)
    for k in range(len(s.kit)):
        s.kit[k] = s.saved_kit[k]
    _restore(s, -1, -1)
    return x, cost


@_compiled
def _copy(s, best_sequences, best_lengths, best_cut):  # type: ignore[no-untyped-def]
    for line in range(len(s.lengths)):
        best_lengths[line] = s.lengths[line]
        for k in range(s.lengths[line]):
            best_sequences[line][k] = s.sequences[line][k]
    for k in range(len(s.cut_order)):
        best_cut[k] = s.cut_order[k]


@_compiled
def anneal(  # type: ignore[no-untyped-def]
    t, s, x, cost, best, moves, hot, cold, best_sequences, best_lengths, best_cut
):
    """Make `moves` moves while the temperature falls from `hot` to `cold` by equal factors.

    Returns (x, cost, best); the best state goes into the three last arguments.
    """
    temperature = hot
    factor = (cold / hot) ** (1.0 / moves)
    cuts = len(s.cut_order)
    for _ in range(moves):
        x = _next(x)
        kind = x % 20
        if kind < 2 and cuts > 1:
            x, cost = _rerank(t, s, x, cost, temperature)
        elif kind < 11:
            x, cost = _relocate(t, s, x, cost, temperature)
        else:
            x, cost = _swap(t, s, x, cost, temperature)
        temperature *= factor
        if cost < best:
            best = cost
            _copy(s, best_sequences, best_lengths, best_cut)
    return x, cost, best
