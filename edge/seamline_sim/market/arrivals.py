"""Consumers one by one: when they come, by what channel, what they want, what they are like."""

import struct
from bisect import bisect_right
from collections.abc import Sequence
from hashlib import shake_128

from seamline_sim.market.wishes import PERSON_BYTES, Person

_PERSON = struct.Struct("<HHHBBI")
_COME = struct.Struct("<HHI")
_ROW = struct.Struct("<HHI12x")

Arrival = tuple[int, int, int, bytes]
"""(hour, channel, SKU, person), the first three as indices."""


class Crowd:
    """The consumers of one region, style and day: `size` rows of draws, as bytes."""

    def __init__(self, seed: int, entity: str, size: int) -> None:
        self.size = size
        key = f"{seed}|want|{entity}".encode()
        self.rows = shake_128(key).digest(_ROW.size * size)

    def come(
        self, hours: Sequence[int], channels: Sequence[int], skus: Sequence[int]
    ) -> list[Arrival]:
        """Return who comes, given running sums of the weights of hours, channels and SKUs."""
        rows, at = self.rows, _COME.size
        all_hours, all_channels, all_skus = hours[-1], channels[-1], skus[-1]
        result = []
        for hour, channel, sku in _ROW.iter_unpack(rows):
            result.append(
                (
                    bisect_right(hours, hour * all_hours >> 16),
                    bisect_right(channels, channel * all_channels >> 16),
                    bisect_right(skus, sku * all_skus >> 32),
                    rows[at : at + PERSON_BYTES],
                )
            )
            at += _ROW.size
        return result

    def count_skus(self, skus: Sequence[int]) -> list[int]:
        """Return how many want each SKU."""
        counts, total = [0] * len(skus), skus[-1]
        for _, _, sku in _ROW.iter_unpack(self.rows):
            counts[bisect_right(skus, sku * total >> 32)] += 1
        return counts


def person(people: bytes, index: int) -> Person:
    """Return the draws of one consumer of a wish."""
    taste, returns, delay, patience, state, choice = _PERSON.unpack_from(
        people, index * PERSON_BYTES
    )
    return Person(taste, returns, delay & 1023, patience, state, choice)


def split(people: bytes) -> list[bytes]:
    """Return the consumers of a wish one by one."""
    return [people[i : i + PERSON_BYTES] for i in range(0, len(people), PERSON_BYTES)]


def return_draws(who: bytes) -> tuple[int, int, int]:
    """Return (draw of 16 bits, knot of the delay, draw of 8 bits for the state) of a consumer."""
    return who[2] | who[3] << 8, (who[4] | who[5] << 8) & 1023, who[7]


def choice_of(who: bytes) -> int:
    """Return a consumer's draw of 32 bits for what is bought instead."""
    return int.from_bytes(who[8:12], "little")


def patience_of(who: bytes) -> int:
    """Return a consumer's draw of 8 bits for whether to wait."""
    return who[6]
