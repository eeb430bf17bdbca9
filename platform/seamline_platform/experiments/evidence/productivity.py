"""Total factor productivity of one run against another: output over input, by Fisher indices.

Fisher's index is the geometric mean of Laspeyres' (prices of the base) and Paasche's (prices of
the other run); Diewert (1976) calls it superlative. Törnqvist's index, the usual one, takes the
logarithm of every quantity ratio: it is undefined as soon as one side uses none of an input, and a
maker without a platform has no data capital. Fisher's needs only sums of values.
"""

import math
from collections.abc import Mapping

from seamline_broker.errors import ExperimentError

Quantities = Mapping[str, tuple[float, float]]
"""Quantity and price by name."""


def fisher_quantity(base: Quantities, other: Quantities) -> float:
    """Return Fisher's quantity index of `other` against `base` (1 = as much).

    What one side lacks has quantity 0 there, at the other side's price.

    Raises:
        ExperimentError: if the base has nothing of value, or a figure is negative or not finite.
    """
    names = sorted(base.keys() | other.keys())
    for side in (base, other):
        for name, pair in side.items():
            if not all(math.isfinite(value) and value >= 0 for value in pair):
                raise ExperimentError(
                    f"Quantity and price of {name} are {pair}; expected numbers from 0."
                )
    q0, q1 = ([side.get(name, (0.0, 0.0))[0] for name in names] for side in (base, other))
    p0 = [base.get(name, other.get(name, (0.0, 0.0)))[1] for name in names]
    p1 = [other.get(name, base.get(name, (0.0, 0.0)))[1] for name in names]
    laspeyres = _ratio(p0, q1, q0)
    paasche = _ratio(p1, q1, q0)
    return math.sqrt(laspeyres * paasche)


def total_factor_productivity(
    base_outputs: Quantities, base_inputs: Quantities, outputs: Quantities, inputs: Quantities
) -> float:
    """Return output index over input index: 1.05 = five percent more from the same means.

    Args:
        base_outputs: delivered garments and base prices (yuan) by category, base run.
        base_inputs: labour and machine hours, cloth, energy, ICT and data capital at user cost.
        outputs: as `base_outputs`, of the run to be judged.
        inputs: as `base_inputs`, of the run to be judged.

    Raises:
        ExperimentError: if an index is undefined: no output or no input in the base, or no input.
    """
    used = fisher_quantity(base_inputs, inputs)
    if used == 0:
        raise ExperimentError("A run without any input has no productivity.")
    return fisher_quantity(base_outputs, outputs) / used


def _ratio(prices: list[float], over: list[float], under: list[float]) -> float:
    value = math.fsum(p * q for p, q in zip(prices, under, strict=True))
    if value == 0:
        raise ExperimentError("A quantity index needs a base that is worth something.")
    return math.fsum(p * q for p, q in zip(prices, over, strict=True)) / value
