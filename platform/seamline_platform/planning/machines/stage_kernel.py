"""Annealing of a hybrid flow shop: stages of equal machines, as an inner loop.

The sequence ranks the jobs at the first stage; every later stage takes them first come, first
served, each on the machine that is free first. Neighbours are drawn by `neighbours.draw`.
"""

import math
from typing import Any, NamedTuple

from seamline_platform.planning.machines.compiling import compiled, next_random
from seamline_platform.planning.machines.neighbours import draw


class Tables(NamedTuple):
    """What does not change. `duration` is flat: by stage and job."""

    makespan: int
    """1 if the goal is the makespan, 0 if it is weighted tardiness."""
    places: Any
    """Machines by stage."""
    duration: Any
    due: Any
    weight: Any
    release: Any


class State(NamedTuple):
    """The sequence and scratch; `start` and `machine` (flat: stage, job) are those last tried."""

    sequence: Any
    ranked: Any
    ready: Any
    free: Any
    start: Any
    machine: Any
    trial: Any
    best: Any


@compiled
def _stage(t, s, stage):  # type: ignore[no-untyped-def]
    """Send all jobs through one stage in the rank of `ranked`; return the latest end."""
    n, places = len(s.sequence), t.places[stage]
    for p in range(places):
        s.free[p] = 0
    latest = 0
    for k in range(n):
        j = s.ranked[k]
        first = 0
        for p in range(1, places):
            if s.free[p] < s.free[first]:
                first = p
        start = max(s.free[first], s.ready[j])
        s.start[stage * n + j] = start
        s.machine[stage * n + j] = first
        end = start + t.duration[stage * n + j]
        s.free[first] = end
        s.ready[j] = end
        if end > latest:
            latest = end
    return latest


@compiled
def _rank(s):  # type: ignore[no-untyped-def]
    """Sort `ranked` by `ready`; equal ones keep their rank."""
    for k in range(1, len(s.ranked)):
        j = s.ranked[k]
        at = s.ready[j]
        i = k - 1
        while i >= 0 and s.ready[s.ranked[i]] > at:
            s.ranked[i + 1] = s.ranked[i]
            i -= 1
        s.ranked[i + 1] = j


@compiled
def evaluate(t, s):  # type: ignore[no-untyped-def]
    """Return the cost of `trial`."""
    n = len(s.sequence)
    for k in range(n):
        s.ranked[k] = s.trial[k]
        s.ready[k] = t.release[k]
    latest = _stage(t, s, 0)
    for stage in range(1, len(t.places)):
        _rank(s)
        latest = _stage(t, s, stage)
    if t.makespan == 1:
        return latest
    cost = 0
    for j in range(n):
        if s.ready[j] > t.due[j]:
            cost += t.weight[j] * (s.ready[j] - t.due[j])
    return cost


@compiled
def lay_out(t, s, start):  # type: ignore[no-untyped-def]
    """Return the cost of the sequence; `start` is there because other kernels need it."""
    for k in range(len(s.sequence)):
        s.trial[k] = s.sequence[k]
    return evaluate(t, s)


@compiled
def anneal(t, s, x, cost, best, moves, hot, cold):  # type: ignore[no-untyped-def]
    """Try `moves` neighbours while the temperature falls from `hot` to `cold`.

    Returns the generator, the cost of the sequence and the least cost; `best` in the state is the
    sequence of the least cost.
    """
    n = len(s.sequence)
    temperature = hot
    fall = (cold / hot) ** (1.0 / moves)
    for k in range(n):
        s.trial[k] = s.sequence[k]
    for _ in range(moves):
        temperature *= fall
        x, low, high = draw(s.sequence, s.trial, n, x)
        x = next_random(x)
        if low == high:
            s.trial[low] = s.sequence[low]
            continue
        new = evaluate(t, s)
        if new > cost - temperature * math.log(x / 2147483647.0):
            for k in range(low, high + 1):
                s.trial[k] = s.sequence[k]
            continue
        for k in range(low, high + 1):
            s.sequence[k] = s.trial[k]
        cost = new
        if cost < best:
            best = cost
            for k in range(n):
                s.best[k] = s.sequence[k]
    return x, cost, best
