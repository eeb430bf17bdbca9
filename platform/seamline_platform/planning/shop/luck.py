"""Chance by key: the same order, line and run draw the same luck, whatever else is drawn.

A number is not the next one of a stream but a hash of (seed, kind, name, run, draw). So plans that
are compared meet the same luck (common random numbers; Law, Simulation Modeling and Analysis, 5th
ed., 11.2), also where one of them has an order more or sews in another sequence. The hash is the
finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Luck:
    """Where luck is drawn from: one seed, and the numbers of the runs."""

    seed: int
    runs: Sequence[int]

    def uniform(self, kind: str, names: Sequence[str], draws: int = 1) -> Floats:
        """Return numbers above 0 and below 1 by run, name and draw.

        The first draws are the same however many there are.
        """
        keys = np.array([_key(f"{self.seed}/{kind}/{name}") for name in names], dtype=np.uint64)
        runs = np.array(self.runs, dtype=np.uint64) + np.uint64(1)
        draw = np.arange(1, draws + 1, dtype=np.uint64)
        with np.errstate(over="ignore"):
            x = _mix(keys[None, :] + runs[:, None] * _GOLDEN)
            x = _mix(x[:, :, None] + draw[None, None, :] * _GOLDEN)
        made: Floats = ((x >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
        return made

    def lognormal(self, kind: str, names: Sequence[str], cv: float, draws: int = 1) -> Floats:
        """Return lognormal numbers of mean 1 with this coefficient of variation.

        exp(s z - s^2 / 2) with s^2 = ln(1 + cv^2) and z standard normal.
        """
        if cv == 0:
            return np.ones((len(self.runs), len(names), draws))
        from scipy.special import ndtri

        variance = float(np.log1p(cv * cv))
        z = ndtri(self.uniform(kind, names, draws))
        made: Floats = np.exp(np.sqrt(variance) * z - variance / 2)
        return made

    def exponential(self, kind: str, names: Sequence[str], draws: int = 1) -> Floats:
        """Return exponential numbers of mean 1."""
        made: Floats = -np.log(self.uniform(kind, names, draws))
        return made


def _key(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=_BYTES).digest(), "big")


def _mix(x: Any) -> Any:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
