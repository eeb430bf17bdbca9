"""Values of several seeds as mean and 95 % interval, and results as documents with a digest."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
DIGITS = 6
"""Figures are rounded to so many decimals before they are shown or enter a digest."""


@dataclass(frozen=True, slots=True)
class Band:
    """Mean and 95 % interval (Student's t over seeds) at each point of a curve."""

    mean: tuple[float, ...]
    lo: tuple[float, ...]
    hi: tuple[float, ...]

    def at(self, i: int) -> dict[str, float]:
        """Return one point as a JSON object."""
        return {"mean": self.mean[i], "lo": self.lo[i], "hi": self.hi[i]}


def band(values: Floats | Sequence[Sequence[float]]) -> Band:
    """Return the band of `values`, one row per seed and one column per point.

    Raises:
        ValueError: if there are fewer than two seeds.
    """
    from scipy.special import stdtrit

    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or len(table) < 2:
        raise ValueError(f"an interval needs two seeds or more; came {table.shape}")
    mean = table.mean(axis=0)
    half = table.std(axis=0, ddof=1) / math.sqrt(len(table)) * stdtrit(len(table) - 1, 0.975)
    return Band(_rounded(mean), _rounded(mean - half), _rounded(mean + half))


def _rounded(values: Floats) -> tuple[float, ...]:
    return tuple(round(float(v), DIGITS) + 0.0 for v in values)


def with_digest(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with the sha-256 of its canonical JSON: equal runs, equal digests."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return {**document, "digest": hashlib.sha256(text.encode()).hexdigest()}
