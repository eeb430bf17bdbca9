"""Livestreams: orders that call for more orders (a Hawkes process), by cluster simulation."""

from bisect import bisect_right
from collections.abc import Iterator

from seamline_sim import rng, tables

_CHUNK = 256


def livestream(
    seed: int,
    entity: str,
    mean_gap_ms: int,
    branching_permille: int,
    delay_ms: int,
    length_ms: int,
    stationary: bool = False,
) -> list[int]:
    """Return the times of orders in milliseconds from the start of a stream, in rising order.

    Viewers order by themselves at a constant rate (one per `mean_gap_ms` on average). Each order
    draws a Poisson number of mean n = `branching_permille` / 1,000 of further orders after
    exponential delays of mean `delay_ms`: intensity mu + n sum beta exp(-beta (t - t_k)) with
    beta = 1 / `delay_ms` (Hawkes and Oakes 1974, cluster representation). The stream begins empty;
    `stationary` lets it run for 30 mean cluster lifetimes before its window.

    Raises:
        ValueError: if the stream would not die out, or a length is not positive.
    """
    if not 0 <= branching_permille < 1000:
        raise ValueError(f"branching_permille is {branching_permille}; allowed: 0 to 999.")
    if min(mean_gap_ms, delay_ms, length_ms) < 1:
        raise ValueError("mean_gap_ms, delay_ms and length_ms must be at least 1 ms.")
    before = 30_000 * delay_ms // (1000 - branching_permille) if stationary else 0
    draws = _draws(seed, entity)
    end_us = (before + length_ms) * 1000
    times: list[int] = []
    t = mean_gap_ms * tables.exponential_micro(next(draws)) // 1000
    while t < end_us:
        times.append(t)
        t += mean_gap_ms * tables.exponential_micro(next(draws)) // 1000
    offspring = tables.poisson(branching_permille)
    for parent in times:  # grows while it is read: children have children
        for _ in range(bisect_right(offspring, next(draws))):
            t = parent + delay_ms * tables.exponential_micro(next(draws)) // 1000
            if t < end_us:
                times.append(t)
    return sorted(t // 1000 - before for t in times if t >= before * 1000)


def gap_for(mean_milli: int, branching_permille: int, delay_ms: int, length_ms: int) -> int:
    """Return the mean gap between first orders for an expected number of orders (times 1,000)."""
    share = tables.hawkes_share_permille(branching_permille, delay_ms, length_ms)
    own_milli = mean_milli * (1000 - branching_permille) // share
    return max(length_ms * 1000 // max(own_milli, 1), 1)


def _draws(seed: int, entity: str) -> Iterator[int]:
    chunk = 0
    while True:
        yield from rng.words(seed, "livestream", f"{entity}|{chunk}", _CHUNK)
        chunk += 1
