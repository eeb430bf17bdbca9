"""Iterated greedy for the makespan of a permutation flow shop with set-ups, as an inner loop.

Ruiz and Stuetzle (European Journal of Operational Research 187, 2008): some jobs are taken out and
put back one by one at their best places, then every job once more; what is worse is kept with a
small probability. All places of a job are judged in one pass over the sequence by heads and tails
(Taillard, European Journal of Operational Research 47, 1990).
"""

import math
from typing import Any, NamedTuple

from seamline_platform.planning.machines.compiling import compiled, next_random


class Tables(NamedTuple):
    """What does not change, flat: `duration` by job and machine, `setup` by machine, job before
    (the last row: none) and job; `setup` has length 0 if there are none."""  # noqa: D205, D209

    machines: int
    jobs: int
    duration: Any
    release: Any
    setup: Any


class State(NamedTuple):
    """Sequences (in place 0 .. count - 1), heads and tails by place and machine, and scratch."""

    sequence: Any
    trial: Any
    best: Any
    out: Any
    head: Any
    tail: Any


@compiled
def _setup(t, k, before, j):  # type: ignore[no-untyped-def]
    if len(t.setup) == 0:
        return 0
    return t.setup[(k * (t.jobs + 1) + before) * t.jobs + j]


@compiled
def heads_and_tails(t, sequence, count, head, tail):  # type: ignore[no-untyped-def]
    """Compute `head` (ends) and `tail` (from the start to the end of all); return the makespan."""
    m = t.machines
    before = t.jobs
    for place in range(count):
        j = sequence[place]
        ready = t.release[j]
        for k in range(m):
            free = _setup(t, k, before, j)
            if place > 0:
                free += head[(place - 1) * m + k]
            ready = max(ready, free) + t.duration[j * m + k]
            head[place * m + k] = ready
        before = j
    for place in range(count - 1, -1, -1):
        j = sequence[place]
        way = 0
        for k in range(m - 1, -1, -1):
            if place + 1 < count:
                way = max(way, tail[(place + 1) * m + k] + _setup(t, k, j, sequence[place + 1]))
            way += t.duration[j * m + k]
            tail[place * m + k] = way
    return head[(count - 1) * m + m - 1] if count > 0 else 0


@compiled
def _best_place(t, s, count, j, x):  # type: ignore[no-untyped-def]
    """Return the best place of job `j` in `trial`, its makespan and the generator."""
    m = t.machines
    heads_and_tails(t, s.trial, count, s.head, s.tail)
    best, least, seen = 0, 1 << 60, 0
    for place in range(count + 1):
        before = s.trial[place - 1] if place > 0 else t.jobs
        ready, latest = t.release[j], 0
        for k in range(m):
            free = _setup(t, k, before, j)
            if place > 0:
                free += s.head[(place - 1) * m + k]
            ready = max(ready, free) + t.duration[j * m + k]
            end = ready
            if place < count:
                end += s.tail[place * m + k] + _setup(t, k, j, s.trial[place])
            if end > latest:
                latest = end
            if latest > least:
                break
        if latest < least:
            best, least, seen = place, latest, 1
        elif latest == least:
            seen += 1
            x = next_random(x)
            if x % seen == 0:
                best = place
    return best, least, x


@compiled
def _take(trial, count, place):  # type: ignore[no-untyped-def]
    for k in range(place, count - 1):
        trial[k] = trial[k + 1]


@compiled
def _put(trial, count, place, j):  # type: ignore[no-untyped-def]
    for k in range(count, place, -1):
        trial[k] = trial[k - 1]
    trial[place] = j


@compiled
def _rebuild(t, s, x, size):  # type: ignore[no-untyped-def]
    """Take `size` jobs out of `trial` and put them back; return the generator."""
    n = t.jobs
    for k in range(size):
        x = next_random(x)
        place = x % (n - k)
        s.out[k] = s.trial[place]
        _take(s.trial, n - k, place)
    for k in range(size):
        count = n - size + k
        place, _, x = _best_place(t, s, count, s.out[k], x)
        _put(s.trial, count, place, s.out[k])
    return x


@compiled
def _descend(t, s, x, cost):  # type: ignore[no-untyped-def]
    """Put every job of `trial` at its best place until none helps.

    Returns generator, makespan, and how many jobs were tried.
    """
    n = t.jobs
    tried, since = 0, 0
    x = next_random(x)
    at = x % n
    while since < n:
        at = (at + 1) % n
        j = s.trial[at]
        _take(s.trial, n, at)
        place, new, x = _best_place(t, s, n - 1, j, x)
        tried += 1
        since += 1
        if new < cost:
            cost = new
            since = 0
        if new <= cost:
            _put(s.trial, n - 1, place, j)
        else:
            _put(s.trial, n - 1, at, j)
    return x, cost, tried


@compiled
def search(t, s, x, cost, best, moves, temperature, size):  # type: ignore[no-untyped-def]
    """Place jobs `moves` times or a little more from `sequence`.

    Returns generator, makespan of the sequence, the least one (of `best`), and the moves made.
    """
    n = t.jobs
    size = min(size, n - 1)
    done = 0
    while done < moves:
        for k in range(n):
            s.trial[k] = s.sequence[k]
        x = _rebuild(t, s, x, size)
        new = heads_and_tails(t, s.trial, n, s.head, s.tail)
        x, new, tried = _descend(t, s, x, new)
        done += size + tried
        x = next_random(x)
        if new > cost and x / 2147483647.0 > math.exp((cost - new) / temperature):
            continue
        cost = new
        for k in range(n):
            s.sequence[k] = s.trial[k]
        if cost < best:
            best = cost
            for k in range(n):
                s.best[k] = s.sequence[k]
    return x, cost, best, done
