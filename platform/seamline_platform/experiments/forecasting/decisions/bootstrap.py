"""Paired bootstrap over blocks of series: every model is resampled by the same draws."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

DRAWS: Final = 2_000
CONFIDENCE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Blocks:
    """Series by block (a style's SKUs stand together: their errors are not independent)."""

    names: tuple[str, ...]
    member: npt.NDArray[np.int64]
    """Block of each series, as an index into `names`."""

    @classmethod
    def of(cls, ids: Sequence[str], blocks: Mapping[str, str]) -> "Blocks":
        """Return the blocks of `ids`; a series without one is its own."""
        labels = [blocks.get(i, i) for i in ids]
        names, member = np.unique(np.asarray(labels, dtype=object), return_inverse=True)
        return cls(tuple(str(n) for n in names), member.astype(np.int64))

    def sums(self, values: FloatArray) -> FloatArray:
        """Return sums of (.., series) by block: (.., blocks)."""
        result = np.zeros((*values.shape[:-1], len(self.names)))
        np.add.at(
            result.reshape(-1, len(self.names)).T,
            self.member,
            values.reshape(-1, len(self.member)).T,
        )
        return result

    @property
    def sizes(self) -> FloatArray:
        """Return the number of series in each block."""
        return np.bincount(self.member, minlength=len(self.names)).astype(np.float64)


def draw_weights(blocks: int, seed: int, draws: int = DRAWS) -> FloatArray:
    """Return (draws, blocks): how often each block is in a sample with replacement."""
    rng = np.random.default_rng([seed, blocks])
    return rng.multinomial(blocks, np.full(blocks, 1 / blocks), size=draws).astype(np.float64)


def interval(samples: FloatArray) -> tuple[float, float]:
    """Return the central interval at `CONFIDENCE` of bootstrap samples."""
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(samples, [tail, 1 - tail])
    return float(low), float(high)


def mean_interval(
    values: FloatArray, weight: FloatArray, draws: FloatArray
) -> tuple[float, float, float]:
    """Return sum(values) / sum(weight) over blocks with its interval: the figure, low, high."""
    samples = (draws @ values) / (draws @ weight)
    return (float(values.sum() / weight.sum()), *interval(samples))


def relative_difference(
    values: FloatArray, base: FloatArray, draws: FloatArray
) -> tuple[float, float, float] | None:
    """Return (values - base) / base over the same draws: the figure, low, high.

    None where the base costs nothing in some draw: then there is no ratio.
    """
    under = draws @ base
    if (under <= 0).any() or base.sum() <= 0:
        return None
    samples = (draws @ values) / under - 1
    return (float(values.sum() / base.sum() - 1), *interval(samples))
