"""Chance as a pure function of (seed, stream, entity, index): the same number in whatever order.

Two policies on one seed therefore meet the same customers, breakdowns and sewing times.
"""

import hashlib
import struct

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


def pick(draw: int, weights: list[int]) -> int:
    """Map a draw of 32 bits to an index, with the given whole weights."""
    rest = below(draw, sum(weights))
    for index, weight in enumerate(weights):
        rest -= weight
        if rest < 0:
            return index
    return len(weights) - 1
