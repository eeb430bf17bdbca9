"""A history as orders: when each was placed, and when, late or not, word of it comes."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seamline_broker.errors import ConfigError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_MOST_ORDERS = 3
"""Orders that one period's pieces are split into at most."""


@dataclass(frozen=True, slots=True)
class Disorder:
    """How word of orders comes: everything in units of a period's length.

    Every order takes up to `jitter` to come, so that orders come out of order. A share `late_share`
    takes longer by an exponential time of mean `late_mean`; a share `twice_share` comes twice.
    """

    late_share: float = 0.05
    late_mean: float = 0.5
    jitter: float = 0.02
    twice_share: float = 0.01

    def __post_init__(self) -> None:
        for name in ("late_share", "twice_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name} is {getattr(self, name)!r}; allowed: 0 to 1.")
        for name in ("late_mean", "jitter"):
            if not getattr(self, name) >= 0:
                raise ConfigError(f"{name} is {getattr(self, name)!r}; allowed: 0 or more.")

    @classmethod
    def none(cls) -> "Disorder":
        """Return a world in which word of an order comes at once, and once."""
        return cls(0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class OrderBook:
    """Orders in the order in which word of them comes; one row per word, `row` of the history."""

    order: IntArray
    """Number of the order: equal numbers are the same order, told twice."""
    row: IntArray
    at_ms: IntArray
    told_ms: IntArray
    qty: FloatArray


def orders_of(
    y: FloatArray, opens_ms: IntArray, closes_ms: IntArray, disorder: Disorder, seed: int
) -> OrderBook:
    """Return the orders that add up to `y` per row, exactly, with when word of them comes.

    Whole numbers of pieces are split into up to three orders; other values come as one. A row with
    zero or NaN has none. Times are uniform within the row's period.
    """
    draw = np.random.default_rng([seed, 0x0D])
    there = np.flatnonzero(np.isfinite(y) & (y != 0))
    whole = (y[there] == np.floor(y[there])) & (y[there] > 0)
    parts = np.where(whole, np.minimum(y[there], _MOST_ORDERS), 1).astype(np.int64)
    row = np.repeat(there, parts)
    number = np.arange(len(row)) - np.repeat(np.cumsum(parts) - parts, parts)
    share = np.floor(y[row] / np.repeat(parts, parts))
    rest = y[row] - share * (np.repeat(parts, parts) - 1)
    qty = np.where(number == 0, rest, share)
    length = (closes_ms - opens_ms)[row]
    at = opens_ms[row] + np.floor(draw.random(len(row)) * length).astype(np.int64)
    delay = draw.random(len(row)) * disorder.jitter
    late = draw.random(len(row)) < disorder.late_share
    delay += late * draw.exponential(1.0, len(row)) * disorder.late_mean
    told = at + np.floor(delay * length).astype(np.int64)
    twice = np.flatnonzero(draw.random(len(row)) < disorder.twice_share)
    again = told[twice] + np.floor(
        draw.random(len(twice)) * disorder.late_mean * length[twice]
    ).astype(np.int64)
    order = np.concatenate([np.arange(len(row)), twice])
    when = np.concatenate([told, again])
    sequence = np.lexsort((order, when))
    order, when = order[sequence], when[sequence]
    return OrderBook(order, row[order], at[order], when, qty[order])
