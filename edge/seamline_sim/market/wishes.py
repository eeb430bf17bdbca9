"""What the market hands over: wishes of consumers and sellers, and frames of real demand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

FrameRow = tuple[str, int, float]
"""(unique_id, day, pieces)."""


PERSON_BYTES = 12
"""One consumer of a wish: see `Person`."""

Back = tuple[int, int, tuple[str, bool, int]]
"""(draw of 16 bits, days until it comes back, (SKU, fit to be sold again, price in fen))."""


class Wish(NamedTuple):
    """Pieces of one SKU that consumers of one region and channel want at about the same time.

    `people` holds `PERSON_BYTES` per piece. `back`: pieces that come back whatever they are like.
    `perhaps`: pieces that come back if garments with hidden faults raise the chance above the draw.
    """

    region: str
    style: str
    sku: str
    channel: str
    qty: int
    price_fen: int
    people: bytes
    back: tuple[Back, ...]
    perhaps: tuple[Back, ...]


class Person(NamedTuple):
    """The draws of one consumer, the same under every policy.

    `taste` (16 bits): buys while the part of consumers who accept the price is above it.
    `returns` (16 bits): below the chance of a return, the piece comes back. `delay` (10 bits): a
    knot of the delay's table. `patience` (8 bits) and `state` (8 bits): waits, and how the piece
    looks when it comes back. `choice` (32 bits): what is bought when the wish is out of stock.
    """

    taste: int
    returns: int
    delay: int
    patience: int
    state: int
    choice: int


@dataclass(frozen=True, slots=True)
class Frame:
    """Real demand by (region, SKU) and day; after day `last` it repeats every `period` days."""

    series: Mapping[tuple[str, str], Mapping[int, int]]
    last: int
    period: int

    def wanted(self, region: str, sku: str, day: int) -> int:
        """Return the pieces wanted on a day."""
        if day > self.last:
            day -= -(-(day - self.last) // self.period) * self.period
        return self.series.get((region, sku), {}).get(day, 0)

    def mean_milli(self, region: str, sku: str) -> int:
        """Return the mean pieces per day, times 1,000."""
        return sum(self.series.get((region, sku), {}).values()) * 1000 // self.period


@dataclass(frozen=True, slots=True)
class OrderWish:
    """An order that a seller will place `minute` minutes after midnight."""

    order: str
    seller: str
    style: str
    colour: str
    sizes: Mapping[str, int]
    region: str
    minute: int
    due_days: int
    price_fen: int


def spread(pieces: int, weights: Sequence[int]) -> list[int]:
    """Split `pieces` by weights into whole numbers that sum to `pieces` (largest remainder)."""
    total = sum(weights)
    parts = [pieces * w // total for w in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(pieces * weights[i] % total), i))
    for i in order[: pieces - sum(parts)]:
        parts[i] += 1
    return parts
