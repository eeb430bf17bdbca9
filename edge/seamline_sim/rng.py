"""Chance as a pure function of (seed, stream, entity, index): the same number in whatever order.

Two policies on one seed therefore meet the same customers, breakdowns and sewing times.
"""

import hashlib
import itertools
import struct
from bisect import bisect_right
from collections.abc import Sequence

_WORD = 1 << 32


def words(seed: int, stream: str, entity: str, count: int) -> tuple[int, ...]:
    """Return `count` draws of 32 bits for one entity of one stream, all at once."""
    key = f"{seed}|{stream}|{entity}".encode()
    return struct.unpack(f"<{count}I", hashlib.shake_128(key).digest(4 * count))


def u32(seed: int, stream: str, entity: str, index: int = 0) -> int:
    """Return one draw of 32 bits."""
    return words(seed, stream, f"{entity}|{index}", 1)[0]


def below(draw: int, limit: int) -> int:
    """Map a draw of 32 bits to 0 .. limit - 1."""
    return draw * limit // _WORD


def between(draw: int, low: int, high: int) -> int:
    """Map a draw of 32 bits to low .. high, both included."""
    return low + draw * (high - low + 1) // _WORD


def steps(weights: Sequence[int]) -> tuple[int, ...]:
    """Return the running sums of whole weights, for `pick_step`."""
    return tuple(itertools.accumulate(weights))


def pick_step(draw: int, cumulative: Sequence[int]) -> int:
    """Map a draw of 32 bits to an index, with weights given by their running sums."""
    return bisect_right(cumulative, below(draw, cumulative[-1]))


def pick(draw: int, weights: Sequence[int]) -> int:
    """Map a draw of 32 bits to an index, with the given whole weights."""
    return pick_step(draw, steps(weights))
