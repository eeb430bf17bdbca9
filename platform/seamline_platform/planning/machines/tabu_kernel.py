"""Tabu search for job shops, flexible ones too, as an inner loop.

Moves on a critical path: an operation of a block goes behind another or before it (the
neighbourhood N6 of Balas and Vazacopoulos, Management Science 44, 1998, and the moves from the ends
inwards that Zhang et al., Computers & Operations Research 34, 2007, add), or goes to any place on
another machine that can do it (Mastrolilli and Gambardella, Journal of Scheduling 3, 2000). Moves
are estimated by heads and tails of the operations concerned; the best that is not tabu is made.
"""

from typing import Any, NamedTuple

from seamline_platform.planning.machines.compiling import compiled, next_random
from seamline_platform.planning.machines.tabu_graph import (
    copy_solution,
    measure,
    put_in,
    take_out,
)


class Memory(NamedTuple):
    """What the search remembers, and scratch. Rows of `pair` are flat: operation, operation."""

    pair: Any
    """Iteration up to which the first may not come before the second again."""
    place: Any
    """Iteration up to which an operation may not return to a machine; flat: operation, machine."""
    path: Any
    head: Any
    tail: Any
    pick: Any
    """The move chosen: operation, machine, duration, operation before it, estimate; then the same
    of the best move that is tabu, and how many moves were equally good."""


BIG = 1 << 60


@compiled
def _end(s, i):  # type: ignore[no-untyped-def]
    return s.head[i] + s.duration[i] if i >= 0 else 0


@compiled
def _way(s, i):  # type: ignore[no-untyped-def]
    return s.tail[i] + s.duration[i] if i >= 0 else 0


@compiled
def _critical_path(t, s, memory, makespan, x):  # type: ignore[no-untyped-def]
    """Write a random critical path; return its length and the generator."""
    now, seen = -1, 0
    for i in range(len(s.head)):
        if s.head[i] + s.duration[i] + s.tail[i] != makespan or s.head[i] != t.release[i]:
            continue
        if max(_end(s, t.job_before[i]), _end(s, s.before[i])) > t.release[i] or (
            s.head[i] > 0 and _end(s, s.before[i]) == s.head[i]
        ):
            continue
        x = next_random(x)
        seen += 1
        if x % seen == 0:
            now = i
    length = 0
    while now >= 0:
        memory.path[length] = now
        length += 1
        end = s.head[now] + s.duration[now]
        a, b = t.job_after[now], s.after[now]
        if a >= 0 and (s.head[a] != end or end + _way(s, a) != makespan):
            a = -1
        if b >= 0 and (s.head[b] != end or end + _way(s, b) != makespan):
            b = -1
        x = next_random(x)
        now = a if b < 0 or (a >= 0 and x % 2 == 0) else b
    return length, x


@compiled
def _offer(memory, i, machine, duration, a, estimate, tabu, x):  # type: ignore[no-untyped-def]
    """Keep a move if it is the best of its kind; equal ones are drawn. Returns the generator."""
    base = 6 if tabu else 0
    if estimate > memory.pick[base + 4]:
        return x
    if estimate == memory.pick[base + 4]:
        memory.pick[base + 5] += 1
        x = next_random(x)
        if x % memory.pick[base + 5] != 0:
            return x
    else:
        memory.pick[base + 5] = 1
    memory.pick[base] = i
    memory.pick[base + 1] = machine
    memory.pick[base + 2] = duration
    memory.pick[base + 3] = a
    memory.pick[base + 4] = estimate
    return x


@compiled
def _forward(t, s, memory, u, v, best, now, x):  # type: ignore[no-untyped-def]
    """Offer to move `u` right behind `v`, which comes later on its machine."""
    n = len(s.head)
    after = t.job_after[u]
    if after >= 0 and _way(s, v) < _way(s, after):
        return x
    tabu = False
    end = _end(s, s.before[u])
    i = s.after[u]
    while True:
        head = max(max(t.release[i], _end(s, t.job_before[i])), end)
        memory.head[i] = head
        end = head + s.duration[i]
        if memory.pair[i * n + u] > now:
            tabu = True
        if i == v:
            break
        i = s.after[i]
    head = max(max(t.release[u], _end(s, t.job_before[u])), end)
    way = max(_way(s, after), _way(s, s.after[v])) + s.duration[u]
    estimate = head + way
    while i != u:
        way = max(_way(s, t.job_after[i]), way) + s.duration[i]
        estimate = max(estimate, memory.head[i] + way)
        i = s.before[i]
    tabu = tabu and estimate >= best
    return _offer(memory, u, s.machine[u], s.duration[u], v, estimate, tabu, x)


@compiled
def _backward(t, s, memory, u, v, best, now, x):  # type: ignore[no-untyped-def]
    """Offer to move `v` right before `u`, which comes earlier on its machine."""
    n = len(s.head)
    before = t.job_before[v]
    if before >= 0 and _end(s, u) < _end(s, before):
        return x
    tabu = False
    way = _way(s, s.after[v])
    i = s.before[v]
    while True:
        way = max(_way(s, t.job_after[i]), way) + s.duration[i]
        memory.tail[i] = way
        if memory.pair[v * n + i] > now:
            tabu = True
        if i == u:
            break
        i = s.before[i]
    head = max(max(t.release[v], _end(s, before)), _end(s, s.before[u]))
    estimate = head + s.duration[v] + max(way, _way(s, t.job_after[v]))
    end = head + s.duration[v]
    while i != v:
        head = max(max(t.release[i], _end(s, t.job_before[i])), end)
        estimate = max(estimate, head + memory.tail[i])
        end = head + s.duration[i]
        i = s.after[i]
    tabu = tabu and estimate >= best
    return _offer(memory, v, s.machine[v], s.duration[v], s.before[u], estimate, tabu, x)


@compiled
def _elsewhere(t, s, memory, i, best, now, x):  # type: ignore[no-untyped-def]
    """Offer to move operation `i` to every place on the other machines that can do it."""
    before, after = t.job_before[i], t.job_after[i]
    ready = max(t.release[i], _end(s, before))
    way = _way(s, after)
    for mode in range(t.first[i], t.first[i + 1]):
        machine, duration = t.machine[mode], t.duration[mode]
        if machine == s.machine[i]:
            continue
        tabu = memory.place[i * t.machines + machine] > now
        a, b = -1, s.front[machine]
        while True:
            # No way leads from b to the job's step before, nor from its step after to a.
            if a >= 0 and after >= 0 and s.head[a] >= _end(s, after):
                break
            if b < 0 or before < 0 or _end(s, b) > s.head[before]:
                estimate = max(ready, _end(s, a)) + duration + max(way, _way(s, b))
                banned = tabu and estimate >= best
                x = _offer(memory, i, machine, duration, a, estimate, banned, x)
            if b < 0:
                break
            a, b = b, s.after[b]
    return x


@compiled
def _look(t, s, memory, length, best, now, x):  # type: ignore[no-untyped-def]
    """Offer all moves of the critical path; return the generator."""
    memory.pick[0] = -1
    memory.pick[4] = BIG
    memory.pick[6] = -1
    memory.pick[10] = BIG
    low = 0
    for k in range(length):
        i = memory.path[k]
        if t.first[i + 1] - t.first[i] > 1:
            x = _elsewhere(t, s, memory, i, best, now, x)
        if k + 1 < length and s.after[i] == memory.path[k + 1]:
            continue
        high = k
        for at in range(low, high):
            u, v = memory.path[at], memory.path[high]
            x = _forward(t, s, memory, u, v, best, now, x)
            if at > low:
                x = _forward(t, s, memory, memory.path[low], u, best, now, x)
                x = _backward(t, s, memory, u, v, best, now, x)
        for at in range(low + 1, high + 1):
            x = _backward(t, s, memory, memory.path[low], memory.path[at], best, now, x)
        low = k + 1
    return x


@compiled
def _make(t, s, memory, base, now, tenure):  # type: ignore[no-untyped-def]
    """Make the move at `base` of `pick`, remember it; return the makespan (-1: undone)."""
    n = len(s.head)
    i, machine, duration, a = (
        memory.pick[base], memory.pick[base + 1], memory.pick[base + 2], memory.pick[base + 3],
    )  # fmt: skip
    was, took, stood = s.machine[i], s.duration[i], s.before[i]
    if machine != was:
        memory.place[i * t.machines + was] = now + tenure
    else:
        k = s.after[i]
        forward = False
        while k >= 0 and a >= 0:
            if k == a:
                forward = True
                break
            k = s.after[k]
        if forward:
            k = s.after[i]
            while True:
                memory.pair[i * n + k] = now + tenure
                if k == a:
                    break
                k = s.after[k]
        else:
            k = s.before[i]
            while k >= 0 and k != a:
                memory.pair[k * n + i] = now + tenure
                k = s.before[k]
    take_out(s, i)
    put_in(s, i, machine, duration, a)
    makespan = measure(t, s)
    if makespan < 0:
        take_out(s, i)
        put_in(s, i, was, took, stood)
        measure(t, s)
    return makespan


@compiled
def _shake(t, s, memory, makespan, x, times):  # type: ignore[no-untyped-def]
    """Make `times` random moves of critical paths; return generator and makespan."""
    for _ in range(times):
        length, x = _critical_path(t, s, memory, makespan, x)
        x = next_random(x)
        k = x % length
        memory.path[0] = memory.path[k]
        i = memory.path[0]
        memory.pick[4] = BIG
        memory.pick[0] = -1
        memory.pick[10] = BIG
        if s.after[i] >= 0 and x % 3 > 0:
            x = _forward(t, s, memory, i, s.after[i], BIG, -1, x)
        else:
            x = _elsewhere(t, s, memory, i, BIG, -1, x)
        if memory.pick[0] >= 0:
            new = _make(t, s, memory, 0, 0, 0)
            if new >= 0:
                makespan = new
    return x, makespan


@compiled
def search(t, s, best, memory, counts, x, makespan, least, moves, patience):  # type: ignore[no-untyped-def]
    """Make `moves` moves from the state; return the generator, its makespan and the least one.

    `best` is the best solution, of makespan `least`; `counts` holds the iteration and the one of
    the last improvement. After `patience` moves without one the search begins at the best again,
    shaken.
    """
    n = len(s.head)
    tenure = 10 + n // max(t.machines * t.machines, 1)
    for _ in range(moves):
        counts[0] += 1
        now = counts[0]
        length, x = _critical_path(t, s, memory, makespan, x)
        x = _look(t, s, memory, length, least, now, x)
        base = 0 if memory.pick[0] >= 0 else 6
        x = next_random(x)
        if memory.pick[base] < 0 or now - counts[1] > patience:
            copy_solution(best, s)
            makespan = measure(t, s)
            x, makespan = _shake(t, s, memory, makespan, x, 5 + x % 20)
            counts[1] = now
        else:
            new = _make(t, s, memory, base, now, tenure + x % max(tenure // 2, 1))
            if new >= 0:
                makespan = new
        if makespan < least:
            least = makespan
            counts[1] = now
            copy_solution(s, best)
    return x, makespan, least
