"""Weights of a combination, and how wide its quantiles have to be, from earlier origins."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from seamline_platform.demand.conformal import conformal_quantiles
from seamline_platform.demand.frame import FloatArray

POWER: Final = 8.0
"""A member with a loss 10 % above the best's counts half of it; with 30 % above, an eighth."""
LEAST_WEIGHT: Final = 0.05
"""Members that would count less are left out: they cost time and change little."""
CLIP: Final = 20.0
"""Errors beyond so many scales count as this: one broken series does not decide."""
NARROWEST: Final = 0.5
WIDEST: Final = 2.0


def mean_loss(
    values: FloatArray, truth: FloatArray, scale: FloatArray, levels: Sequence[float]
) -> float:
    """Return the mean pinball loss x 2 over series, periods and levels, each series on its scale.

    At level 0.5 this is the absolute error. `values` is (series, periods, levels), `truth` (series,
    periods) with NaN where unknown, `scale` (series,). NaN if nothing is known.
    """
    error = np.clip((truth[:, :, None] - values) / scale[:, None, None], -CLIP, CLIP)
    tau = np.asarray(levels)
    loss = 2.0 * np.maximum(tau * error, (tau - 1.0) * error)
    known = loss[~np.isnan(loss)]
    return float(known.mean()) if len(known) else float("nan")


def inverse_loss_weights(
    losses: Mapping[str, float], power: float = POWER, least: float = LEAST_WEIGHT
) -> dict[str, float]:
    """Return weights that fall with the loss to the power of `power`, adding up to 1.

    (Weights inverse to the loss: Bates and Granger, Operational Research Quarterly 20 (1969), at
    power 2 of the root of the variance; a higher power lets a clearly better member lead.) Members
    under `least` get none.

    Raises:
        ValueError: if no loss is a positive number.
    """
    known = {name: loss for name, loss in losses.items() if np.isfinite(loss)}
    if not known or min(known.values()) < 0:
        raise ValueError(f"Losses are positive numbers: {dict(losses)}.")
    best = min(known.values())
    if best == 0.0:
        raw = {name: float(loss == 0.0) for name, loss in known.items()}
    else:
        raw = {name: (best / loss) ** power for name, loss in known.items()}
    total = sum(raw.values())
    kept = {name: share for name, share in raw.items() if share >= least * total}
    total = sum(kept.values())
    return {name: share / total for name, share in kept.items()}


def width_factors(error: FloatArray, deviation: FloatArray, levels: Sequence[float]) -> FloatArray:
    """Return by how much each level's distance from the median has to be stretched.

    `error` is (outcomes,): what came less the median foretold; `deviation` (outcomes, levels):
    quantile less median. The interval between the levels tau and 1 - tau is to hold the share
    |1 - 2 tau| of the outcomes: its factor is the conformal quantile at that share of |error| over
    half of its width (conformalised quantile regression, scaled: Romano, Patterson and Candes,
    NeurIPS 2019). One factor serves both sides, so that a shift common to all outcomes moves
    nothing. Factors stay within `NARROWEST` and `WIDEST`; the median has 1.
    """
    tau = np.asarray(levels, dtype=np.float64)
    factors = np.ones(len(tau))
    for i, level in enumerate(tau):
        share = abs(2.0 * level - 1.0)
        if share < 1e-9:
            continue
        mirror = int(np.argmin(np.abs(tau - (1.0 - level))))
        paired = abs(tau[mirror] - (1.0 - level)) < 1e-9
        other = deviation[:, mirror] if paired else -deviation[:, i]
        half = np.abs(deviation[:, i] - other) / 2.0
        usable = (half > 0) & ~np.isnan(error)
        if usable.any():
            score = np.abs(error[usable]) / half[usable]
            factors[i] = np.clip(conformal_quantiles(score, (share,))[0], NARROWEST, WIDEST)
    return factors
