"""Neighbours of a sequence: two jobs change places, or one to eight go elsewhere together."""

from seamline_platform.planning.machines.compiling import compiled, next_random


@compiled
def draw(sequence, trial, n, x):  # type: ignore[no-untyped-def]
    """Draw a neighbour of `sequence` into `trial`, only where it differs.

    Returns the generator and the first and the last place that change.
    """
    x = next_random(x)
    kind = x % 8
    x = next_random(x)
    a = x % n
    x = next_random(x)
    b = x % n
    if kind < 1:
        low, high = min(a, b), max(a, b)
        for k in range(low + 1, high):
            trial[k] = sequence[k]
        trial[low] = sequence[high]
        trial[high] = sequence[low]
        return x, low, high
    size = 1
    if kind >= 5:
        x = next_random(x)
        size = 2 + x % 7
    size = min(size, n - max(a, b))
    low, high = min(a, b), max(a, b) + size - 1
    # A block of `size` at `a` goes to `b`: what is between moves to its other side.
    if a <= b:
        between = b - a
        for k in range(between):
            trial[low + k] = sequence[a + size + k]
        for k in range(size):
            trial[b + k] = sequence[a + k]
    else:
        for k in range(size):
            trial[b + k] = sequence[a + k]
        for k in range(a - b):
            trial[b + size + k] = sequence[b + k]
    return x, low, high
