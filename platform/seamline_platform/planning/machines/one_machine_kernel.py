"""Annealing of a sequence on one machine with set-ups and weighted tardiness, as an inner loop.

Neighbours are drawn by `neighbours.draw`. Only what lies behind the first change is
computed, and no more than is needed to see that the neighbour is refused: the bar it must stay
under is drawn first (Kirkpatrick, Gelatt and Vecchi, Science 220, 1983).
"""

import math
from typing import Any, NamedTuple

from seamline_platform.planning.machines.compiling import compiled, next_random
from seamline_platform.planning.machines.neighbours import draw


class Tables(NamedTuple):
    """What does not change. `setup` is flat: n + 1 rows of n, the last of first set-ups."""

    duration: Any
    due: Any
    weight: Any
    release: Any
    setup: Any


class State(NamedTuple):
    """The sequence, when its jobs are done, the cost up to them, and scratch."""

    sequence: Any
    done: Any
    cost: Any
    trial: Any
    best: Any


@compiled
def lay_out(t, s, start):  # type: ignore[no-untyped-def]
    """Compute `done` and `cost` from place `start` on; return the cost of all."""
    n = len(s.sequence)
    now, before, cost = 0, n, 0
    if start > 0:
        now, before, cost = s.done[start - 1], s.sequence[start - 1], s.cost[start - 1]
    for k in range(start, n):
        j = s.sequence[k]
        now = max(now + t.setup[before * n + j], t.release[j]) + t.duration[j]
        late = now - t.due[j]
        if late > 0:
            cost += t.weight[j] * late
        s.done[k] = now
        s.cost[k] = cost
        before = j
    return cost


@compiled
def _try(t, s, low, high, bar):  # type: ignore[no-untyped-def]
    """Return the cost with `trial` at places `low` to `high`, or more than `bar` once it is."""
    n = len(s.sequence)
    now, before, cost = 0, n, 0
    if low > 0:
        now, before, cost = s.done[low - 1], s.sequence[low - 1], s.cost[low - 1]
    for k in range(low, high + 1):
        j = s.trial[k]
        now = max(now + t.setup[before * n + j], t.release[j]) + t.duration[j]
        late = now - t.due[j]
        if late > 0:
            cost += t.weight[j] * late
            if cost > bar:
                return cost
        before = j
    for k in range(high + 1, n):
        j = s.sequence[k]
        now = max(now + t.setup[before * n + j], t.release[j]) + t.duration[j]
        late = now - t.due[j]
        if late > 0:
            cost += t.weight[j] * late
            if cost > bar:
                return cost
        if now == s.done[k]:
            return cost + s.cost[n - 1] - s.cost[k]
        before = j
    return cost


@compiled
def anneal(t, s, x, cost, best, moves, hot, cold):  # type: ignore[no-untyped-def]
    """Try `moves` neighbours while the temperature falls from `hot` to `cold`.

    Returns the generator, the cost of the sequence and the least cost; `best` in the state is the
    sequence of the least cost.
    """
    n = len(s.sequence)
    temperature = hot
    fall = (cold / hot) ** (1.0 / moves)
    for _ in range(moves):
        temperature *= fall
        x, low, high = draw(s.sequence, s.trial, n, x)
        x = next_random(x)
        if low == high:
            continue
        bar = cost - temperature * math.log(x / 2147483647.0)
        new = _try(t, s, low, high, bar)
        if new > bar:
            continue
        for k in range(low, high + 1):
            s.sequence[k] = s.trial[k]
        cost = lay_out(t, s, low)
        if cost < best:
            best = cost
            for k in range(n):
                s.best[k] = s.sequence[k]
    return x, cost, best
