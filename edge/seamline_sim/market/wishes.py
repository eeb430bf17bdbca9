"""What the market hands over: wishes of consumers and sellers, and frames of real demand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Wish = tuple[str, str, str, int, int]
"""(region, SKU, channel, pieces, price in fen)."""
FrameRow = tuple[str, int, float]
"""(unique_id, day, pieces)."""


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
