"""When nodes are sampled: spaced in plant time so that a budget of values per wall second holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

SPACINGS_S: Final = (
    5, 10, 15, 20, 30, 60, 90, 120, 180, 300, 450, 600, 900, 1_200, 1_800, 3_600, 7_200, 14_400,
    28_800, 86_400,
)  # fmt: skip
"""Plant seconds between two samples of a station; the first that keeps the budget is taken."""


def spacing_s(values: int, speed: float, budget: float) -> int:
    """Return the plant seconds between samples, for `values` per round at `speed`.

    Example:
        >>> spacing_s(1_500, 60.0, 2_000.0)
        60
    """
    least = values * speed / budget
    return next((s for s in SPACINGS_S if s >= least), SPACINGS_S[-1])


@dataclass(slots=True)
class Schedule:
    """Spreads the nodes over the spacing, each at a fixed place in it.

    Times are whole multiples of the spacing plus the node's place, so they do not depend on when
    the field was started.
    """

    nodes: Sequence[str]
    spacing_us: int

    def _place_us(self, index: int) -> int:
        # Whole seconds, so that stamps are easy to read.
        step_us = self.spacing_us // max(1, len(self.nodes)) // 1_000_000 * 1_000_000
        return index * step_us

    def due(self, index: int, after_us: int) -> int:
        """Return the first moment after `after_us` at which node number `index` is sampled."""
        place = self._place_us(index)
        return ((after_us - place) // self.spacing_us + 1) * self.spacing_us + place
