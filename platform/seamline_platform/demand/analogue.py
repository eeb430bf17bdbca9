"""How well a style will sell, told by earlier styles that are like it.

Two styles are as like as they have attributes in common. The logarithm of a style's level is a
Gaussian process over that likeness: k(a, b) = u + s * (share of attributes that agree), plus a rest
of variance r that no attribute tells. The forecast of a new style is then a weighted mean of the
earlier ones (kriging; Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006,
2.19-2.26), and it knows its own uncertainty. s and r have the greatest marginal likelihood over a
grid.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np

from seamline_platform.demand.frame import FloatArray, IntArray

_SHARED: Final = (0.05, 0.2, 0.5, 1.0, 2.0, 4.0)
_REST: Final = (0.05, 0.1, 0.2, 0.4, 0.8)
_COMMON: Final = 4.0
"""Variance u of what all styles have in common: hardly anything is taken for granted."""


@dataclass(frozen=True, slots=True)
class Analogues:
    """What earlier styles say of others: of each, the mean and variance of its log level."""

    mean: FloatArray
    variance: FloatArray
    weights: FloatArray
    """(asked, earlier): how much each earlier style counts."""
    shared_variance: float
    rest_variance: float


def likeness(
    attributes: Mapping[str, Sequence[str]], rows: IntArray, columns: IntArray
) -> FloatArray:
    """Return the share of attributes that agree (rows, columns); 0 without attributes."""
    total = np.zeros((len(rows), len(columns)))
    for values in attributes.values():
        _, code = np.unique(np.asarray(values, dtype=object).astype(str), return_inverse=True)
        total += code[rows][:, None] == code[columns][None, :]
    result: FloatArray = total / max(len(attributes), 1)
    return result


def from_analogues(
    attributes: Mapping[str, Sequence[str]],
    earlier: IntArray,
    log_level: FloatArray,
    noise: FloatArray,
    asked: IntArray,
) -> Analogues:
    """Return what earlier styles say of the `asked` ones.

    A style that is asked about does not count for itself: its own sales come in later, by the
    update of `levels`.

    Args:
        attributes: by column, one value per style.
        earlier: indices of styles whose level is known.
        log_level: logarithm of their levels.
        noise: variance of the error of each of these.
        asked: indices of the styles that are asked about.

    Raises:
        ValueError: if no earlier style is given.
    """
    if not len(earlier):
        raise ValueError("Analogues need at least one earlier style.")
    alike = likeness(attributes, earlier, earlier)
    centre = float(np.average(log_level, weights=1.0 / (noise + 0.3)))
    values = log_level - centre
    shared, rest = max(
        product(_SHARED if attributes else _SHARED[:1], _REST),
        key=lambda pair: _evidence(alike, values, noise, *pair),
    )
    kernel = _COMMON + shared * alike + np.diag(rest + noise)
    cross = _COMMON + shared * likeness(attributes, asked, earlier)
    mean, variance = np.empty(len(asked)), np.empty(len(asked))
    weights = np.zeros((len(asked), len(earlier)))
    inverse: FloatArray = np.linalg.inv(kernel).astype(np.float64)
    position = {int(style): i for i, style in enumerate(earlier)}
    for i, style in enumerate(asked):
        own = position.get(int(style))
        gain = cross[i] @ _without(inverse, own) if own is not None else cross[i] @ inverse
        weights[i] = gain
        mean[i] = centre + float(gain @ values)
        variance[i] = max(_COMMON + shared + rest - float(gain @ cross[i]), rest)
    return Analogues(mean, variance, weights, shared, rest)


def _without(inverse: FloatArray, own: int) -> FloatArray:
    """Return the inverse of the matrix without row and column `own`, zeros in their place."""
    column = inverse[:, own]
    result: FloatArray = inverse - np.outer(column, column) / inverse[own, own]
    return result


def _evidence(
    alike: FloatArray, values: FloatArray, noise: FloatArray, shared: float, rest: float
) -> float:
    kernel = _COMMON + shared * alike + np.diag(rest + noise)
    factor = np.linalg.cholesky(kernel)
    solved = np.linalg.solve(factor, values)
    return float(-0.5 * solved @ solved - np.log(np.diag(factor)).sum())
