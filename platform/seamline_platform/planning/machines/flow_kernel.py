"""Annealing of the sequence of a permutation flow shop, as an inner loop.

Makespan or weighted tardiness, with sequence-dependent set-ups or without. Neighbours are drawn
by `neighbours.draw`. Only what lies behind the first change is computed, and no more than
is needed to see that the neighbour is refused.
"""

import math
from typing import Any, NamedTuple

from seamline_platform.planning.machines.compiling import compiled, next_random
from seamline_platform.planning.machines.neighbours import draw


class Tables(NamedTuple):
    """What does not change, flat: `duration` by job and machine, `setup` by machine, job before
    (the last row: none) and job; `setup` has length 0 if there are none."""  # noqa: D205, D209

    machines: int
    makespan: int
    """1 if the goal is the makespan, 0 if it is weighted tardiness."""
    duration: Any
    due: Any
    weight: Any
    release: Any
    setup: Any


class State(NamedTuple):
    """The sequence, when its jobs leave each machine, cost up to them, and scratch."""

    sequence: Any
    done: Any
    """By place and machine."""
    cost: Any
    """By place: weighted tardiness up to it."""
    rest: Any
    """By place: work of the last machine behind it."""
    now: Any
    trial: Any
    best: Any


@compiled
def _pass(t, now, before, j, n):  # type: ignore[no-untyped-def]
    """Send job `j` through all machines; `now` holds when each is free."""
    m = t.machines
    ready = t.release[j]
    if len(t.setup) == 0:
        for k in range(m):
            if now[k] > ready:
                ready = now[k]
            ready += t.duration[j * m + k]
            now[k] = ready
        return ready
    at = before * n + j
    for k in range(m):
        free = now[k] + t.setup[k * (n + 1) * n + at]
        if free > ready:
            ready = free
        ready += t.duration[j * m + k]
        now[k] = ready
    return ready


@compiled
def _begin(t, s, place):  # type: ignore[no-untyped-def]
    """Set `now` to the state before `place`; return the job before it (n: none)."""
    m = t.machines
    if place == 0:
        for k in range(m):
            s.now[k] = 0
        return len(s.sequence)
    for k in range(m):
        s.now[k] = s.done[(place - 1) * m + k]
    return s.sequence[place - 1]


@compiled
def lay_out(t, s, start):  # type: ignore[no-untyped-def]
    """Compute the state from place `start` on; return the cost of all."""
    n, m = len(s.sequence), t.machines
    before = _begin(t, s, start)
    cost = s.cost[start - 1] if start > 0 else 0
    end = 0
    for place in range(start, n):
        j = s.sequence[place]
        end = _pass(t, s.now, before, j, n)
        if end > t.due[j]:
            cost += t.weight[j] * (end - t.due[j])
        s.cost[place] = cost
        for k in range(m):
            s.done[place * m + k] = s.now[k]
        before = j
    left = 0
    for place in range(n - 1, -1, -1):
        s.rest[place] = left
        left += t.duration[s.sequence[place] * m + m - 1]
    return end if t.makespan == 1 else cost


@compiled
def _same(s, place, m):  # type: ignore[no-untyped-def]
    """Return True if every machine is free when it was before."""
    for k in range(m - 1, -1, -1):  # noqa: SIM110 (numba has no generators here)
        if s.now[k] != s.done[place * m + k]:
            return False
    return True


@compiled
def _try(t, s, low, high, bar, all_cost):  # type: ignore[no-untyped-def]
    """Return the cost with `trial` at places `low` to `high`, or more than `bar` once it is."""
    n, m = len(s.sequence), t.machines
    before = _begin(t, s, low)
    cost = s.cost[low - 1] if low > 0 else 0
    end = 0
    for place in range(low, n):
        j = s.trial[place] if place <= high else s.sequence[place]
        end = _pass(t, s.now, before, j, n)
        before = j
        if t.makespan == 1:
            if place >= high:
                if end + s.rest[place] > bar:
                    return end + s.rest[place]
                if _same(s, place, m):
                    return all_cost
            continue
        if end > t.due[j]:
            cost += t.weight[j] * (end - t.due[j])
            if cost > bar:
                return cost
        if place >= high and _same(s, place, m):
            return cost + s.cost[n - 1] - s.cost[place]
    return end if t.makespan == 1 else cost


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
        new = _try(t, s, low, high, bar, cost)
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
