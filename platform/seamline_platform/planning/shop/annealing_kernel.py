"""Simulated annealing over line sequences and the rank at the cutting tables, as an inner loop.

Kirkpatrick, Gelatt and Vecchi (Science 220, 1983): a worse neighbour is taken with probability
e^(-delta / T). Neighbours: an order goes to another place (on its line or on another that may sew
it), two orders change places, an order gets another rank at cutting.
"""

import math
from typing import Any, NamedTuple

from seamline_platform.planning.shop.kernels import (
    _compiled,
    burn_line,
    cut_all,
    finish_all,
    sew_line,
)


class Tables(NamedTuple):
    """What does not change: see `Compiled`. Arrays, or lists where nothing is compiled."""

    work: Any
    klass: Any
    setup: Any
    change: Any
    losses: Any
    states: Any
    """By line: work at which it is free, class, age."""
    anticipatory: int
    release: Any
    cut: Any
    cut_transport: int
    finish: Any
    finish_transport: int
    due: Any
    weight: Any
    fixed: Any
    """Orders at the head of each line that stay there."""
    axes: Any
    """First and last interval of each line's axis, then cutting's, then finishing's."""
    starts: Any
    ends: Any
    done: Any
    cut_busy: Any
    """Work from which each table is free; `finish_busy` the same of finishing stations."""
    finish_busy: Any
    tardiness: int
    set_up: int
    move: int
    planned: Any
    """Line of each order in the plan before, or -1."""
    meters: Any
    """By line, where its rates of electricity lie: see `burn_line`."""
    meter_starts: Any
    before: Any
    rates: Any
    near: Any


class State(NamedTuple):
    """What changes: sequences (lines x orders), their lengths, line of an order, and scratch."""

    sequences: Any
    lengths: Any
    line_of: Any
    cut_order: Any
    kit: Any
    sew_end: Any
    spans: Any
    """Work of its line at which sewing of each order begins, and ends."""
    costs: Any
    """Of each line: set-ups and moves."""
    burnt: Any
    """Of each line: electricity, in millionths."""
    ranked: Any
    tables: Any
    taken: Any
    places: Any
    saved_kit: Any
    saved_end: Any
    saved_costs: Any
    saved_burnt: Any


@_compiled
def cut_now(t, s):  # type: ignore[no-untyped-def]
    """Cut everything anew in the rank of `s.cut_order`."""
    cutting = len(s.lengths)
    cut_all(
        s.cut_order, len(s.cut_order), t.release, t.cut, t.cut_transport, t.cut_busy, s.tables,
        s.kit, s.taken, t.axes[cutting], t.starts, t.ends, t.done,
    )  # fmt: skip


@_compiled
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
def cost_now(t, s):  # type: ignore[no-untyped-def]
    """Return the cost of the state from `sew_end`, `costs` and `burnt`."""
    late = finish_all(
        s.ranked, len(s.ranked), s.sew_end, t.finish, t.finish_transport, t.due, t.weight,
        t.finish_busy, s.places, t.axes[len(s.lengths) + 1], t.starts, t.ends, t.done,
    )  # fmt: skip
    total = t.tardiness * late
    burnt = 0
    for line in range(len(s.lengths)):
        total += s.costs[line]
        burnt += s.burnt[line]
    return total + burnt // 1_000_000


@_compiled
def evaluate_all(t, s):  # type: ignore[no-untyped-def]
    """Return the cost of the state, everything computed anew."""
    if len(s.cut_order) > 0:
        cut_now(t, s)
    for line in range(len(s.lengths)):
        sew_now(t, s, line)
    return cost_now(t, s)


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
def _pick_free(t, s, x):  # type: ignore[no-untyped-def]
    """Return (x, line, place) of a random order that may move; line -1 if the draw met none."""
    x = _next(x)
    order = s.ranked[x % len(s.ranked)]
    line = s.line_of[order]
    if line < 0:  # sewn already
        return x, -1, 0
    row = s.sequences[line]
    at = 0
    while row[at] != order:
        at += 1
    if at < t.fixed[line]:
        return x, -1, 0
    return x, line, at


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
def _accepts(delta, temperature, x):  # type: ignore[no-untyped-def]
    if delta <= 0:
        return True
    return temperature > 0 and x / 2147483647.0 < math.exp(-delta / temperature)


@_compiled
def _relocate(t, s, x, cost, temperature):  # type: ignore[no-untyped-def]
    """Try to put a random order elsewhere; return (x, cost)."""
    x, line, at = _pick_free(t, s, x)
    if line < 0:
        return x, cost
    order = s.sequences[line][at]
    x = _next(x)
    other = line if x % 2 == 0 else (x // 2) % len(s.lengths)
    if t.work[other][order] < 0:
        return x, cost
    room = s.lengths[other] - t.fixed[other] + (0 if other == line else 1)
    x = _next(x)
    to = t.fixed[other] + x % room
    if other == line and to == at:
        return x, cost
    _keep(s, line, other)
    _take(s, line, at)
    _put(s, other, to, order)
    sew_now(t, s, line)
    if other != line:
        sew_now(t, s, other)
    new = cost_now(t, s)
    x = _next(x)
    if _accepts(new - cost, temperature, x):
        return x, new
    _take(s, other, to)
    _put(s, line, at, order)
    _restore(s, line, other)
    return x, cost


@_compiled
def _swap(t, s, x, cost, temperature):  # type: ignore[no-untyped-def]
    """Try to let two random orders change places; return (x, cost)."""
    x, line, at = _pick_free(t, s, x)
    x, other, to = _pick_free(t, s, x)
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
    new = cost_now(t, s)
    x = _next(x)
    if _accepts(new - cost, temperature, x):
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
def _rerank(t, s, x, cost, temperature):  # type: ignore[no-untyped-def]
    """Try another rank at the cutting tables for one order; return (x, cost)."""
    count = len(s.cut_order)
    x = _next(x)
    start = x % count
    x = _next(x)
    to = x % count
    if start == to:
        return x, cost
    for k in range(len(s.kit)):
        s.saved_kit[k] = s.kit[k]
    _keep(s, -1, -1)
    _shift_rank(s.cut_order, start, to)
    new = evaluate_all(t, s)
    x = _next(x)
    if _accepts(new - cost, temperature, x):
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
