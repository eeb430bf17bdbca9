"""The disjunctive graph of a job shop in flat arrays: heads, tails, and moving one operation.

Operations are numbered through; -1 stands for none. Head: earliest start. Tail: longest way from
an operation's end to the end of all (Adams, Balas and Zawack, Management Science 34, 1988).
"""

from typing import Any, NamedTuple

from seamline_platform.planning.machines.compiling import compiled


class Tables(NamedTuple):
    """What does not change. Modes of operation i stand at `first[i]` .. `first[i + 1] - 1`."""

    machines: int
    job_before: Any
    job_after: Any
    release: Any
    first: Any
    machine: Any
    duration: Any


class State(NamedTuple):
    """One solution: machine and duration of every operation, neighbours on its machine."""

    machine: Any
    duration: Any
    before: Any
    after: Any
    front: Any
    """By machine: its first operation."""
    head: Any
    tail: Any
    order: Any
    """Operations so that each comes after those before it."""
    waits: Any


@compiled
def measure(t, s):  # type: ignore[no-untyped-def]
    """Compute heads and tails; return the makespan, or -1 if the sequences contradict."""
    n = len(s.head)
    count = 0
    for i in range(n):
        waits = 0
        if t.job_before[i] >= 0:
            waits += 1
        if s.before[i] >= 0:
            waits += 1
        s.waits[i] = waits
        s.head[i] = t.release[i]
        if waits == 0:
            s.order[count] = i
            count += 1
    at = 0
    while at < count:
        i = s.order[at]
        at += 1
        end = s.head[i] + s.duration[i]
        for k in (t.job_after[i], s.after[i]):
            if k >= 0:
                if end > s.head[k]:
                    s.head[k] = end
                s.waits[k] -= 1
                if s.waits[k] == 0:
                    s.order[count] = k
                    count += 1
    if count < n:
        return -1
    return _measure_tails(t, s)


@compiled
def _measure_tails(t, s):  # type: ignore[no-untyped-def]
    latest = 0
    for at in range(len(s.head) - 1, -1, -1):
        i = s.order[at]
        tail = 0
        for k in (t.job_after[i], s.after[i]):
            if k >= 0 and s.tail[k] + s.duration[k] > tail:
                tail = s.tail[k] + s.duration[k]
        s.tail[i] = tail
        if s.head[i] + s.duration[i] + tail > latest:
            latest = s.head[i] + s.duration[i] + tail
    return latest


@compiled
def take_out(s, i):  # type: ignore[no-untyped-def]
    """Take operation `i` off its machine."""
    a, b = s.before[i], s.after[i]
    if a >= 0:
        s.after[a] = b
    else:
        s.front[s.machine[i]] = b
    if b >= 0:
        s.before[b] = a


@compiled
def put_in(s, i, machine, duration, a):  # type: ignore[no-untyped-def]
    """Put operation `i` on a machine behind operation `a` (-1: at its front)."""
    b = s.after[a] if a >= 0 else s.front[machine]
    s.machine[i] = machine
    s.duration[i] = duration
    s.before[i] = a
    s.after[i] = b
    if a >= 0:
        s.after[a] = i
    else:
        s.front[machine] = i
    if b >= 0:
        s.before[b] = i


@compiled
def copy_solution(source, target):  # type: ignore[no-untyped-def]
    """Copy machines, durations, sequences and heads."""
    for i in range(len(source.head)):
        target.machine[i] = source.machine[i]
        target.duration[i] = source.duration[i]
        target.before[i] = source.before[i]
        target.after[i] = source.after[i]
        target.head[i] = source.head[i]
    for m in range(len(source.front)):
        target.front[m] = source.front[m]
