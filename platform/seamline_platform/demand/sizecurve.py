"""Size curves: how a style's sales split over sizes, learned from few sales and many other styles.

A style's shares are drawn from a Dirichlet distribution around the curve of its group (category),
its sales by size from a multinomial of these shares. So the best guess of the shares after sales
`n` is (n + kappa m) / (N + kappa): the group's curve `m` weighs like `kappa` pieces sold. How much
styles differ, and with it `kappa`, is estimated from the styles of the data.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from seamline_platform.demand.frame import FloatArray, IntArray

MIN_CONCENTRATION: Final = 1e-2
MAX_CONCENTRATION: Final = 1e5
_STEPS: Final = 2_000
_TOLERANCE: Final = 1e-9


def shrunk_shares(counts: FloatArray, mean: FloatArray, concentration: float) -> FloatArray:
    """Return posterior mean shares (styles, sizes) under a Dirichlet prior.

    Args:
        counts: pieces sold (styles, sizes), not negative.
        mean: the group's curve, (sizes,) or (styles, sizes); each row sums to one.
        concentration: weight of the curve, in pieces.

    Raises:
        ValueError: if a count is negative or the concentration is not above zero.
    """
    if (counts < 0).any():
        raise ValueError("Counts of pieces sold are not negative.")
    if not concentration > 0:
        raise ValueError(f"A concentration is above zero, not {concentration}.")
    total = counts.sum(axis=1, keepdims=True)
    shares: FloatArray = (counts + concentration * mean) / (total + concentration)
    return shares


def moments_concentration(counts: FloatArray, mean: FloatArray) -> float:
    """Return the concentration by the method of moments: a start for the likelihood.

    Pearson's X2 of each style against the curve has mean (sizes - 1)(N + kappa)/(1 + kappa); the
    mean over styles of (N - x)/(x - 1), x = X2/(sizes - 1), pooled, gives kappa (Brier, Biometrika
    67 (1980) 591-596).
    """
    total = counts.sum(axis=1)
    rows, sizes = total > 1, mean > 0
    if rows.sum() < 1 or sizes.sum() < 2:
        return 1.0
    n, m = total[rows, None], mean[sizes]
    chi = ((counts[rows][:, sizes] - n * m) ** 2 / (n * m)).sum(axis=1) / (len(m) - 1)
    above = float((chi - 1).sum())
    if above <= 0:
        return MAX_CONCENTRATION
    # sum over styles of chi - 1 = (N - 1)/(1 + kappa)
    kappa = float((n[:, 0] - 1).sum()) / above - 1
    return float(np.clip(kappa, MIN_CONCENTRATION, MAX_CONCENTRATION))


def fit_concentration(counts: FloatArray, mean: FloatArray) -> float:
    """Return the concentration of greatest likelihood, the curve `mean` given.

    Minka's fixed point for the precision of a Dirichlet-multinomial (Estimating a Dirichlet
    distribution, 2000, section 4.2), from the estimate of moments. Styles without two pieces tell
    nothing; with none that do, 1.
    """
    from scipy.special import digamma

    rows, sizes = counts.sum(axis=1) > 1, mean > 0
    if rows.sum() < 1 or sizes.sum() < 2:
        return 1.0
    n, m = counts[rows][:, sizes], mean[sizes]
    total = n.sum(axis=1)
    kappa = min(moments_concentration(counts, mean), MAX_CONCENTRATION / 10)
    for _ in range(_STEPS):
        up = float((m * (digamma(n + kappa * m) - digamma(kappa * m))).sum())
        down = float((digamma(total + kappa) - digamma(kappa)).sum())
        new = float(np.clip(kappa * up / down, MIN_CONCENTRATION, MAX_CONCENTRATION))
        if abs(new - kappa) <= _TOLERANCE * kappa:
            return new
        kappa = new
    return kappa


@dataclass(frozen=True, slots=True)
class SizeCurves:
    """Curve and concentration by group; `curves` is (groups, sizes), rows sum to one."""

    groups: tuple[str, ...]
    curves: FloatArray
    concentrations: FloatArray

    def shares(self, counts: FloatArray, groups: Sequence[str]) -> FloatArray:
        """Return shares (styles, sizes) of styles with these sales, each shrunk to its group.

        A group that was never seen takes the last row: the curve of all styles together.
        """
        place = {name: i for i, name in enumerate(self.groups)}
        rows = [place.get(name, len(self.groups)) for name in groups]
        result = np.empty_like(counts, dtype=np.float64)
        for i, row in enumerate(rows):
            kappa = float(self.concentrations[row])
            result[i] = shrunk_shares(counts[i : i + 1], self.curves[row], kappa)[0]
        return result


def fit_size_curves(counts: FloatArray, groups: Sequence[str]) -> SizeCurves:
    """Learn the curve and the concentration of each group, and of all styles together.

    A group's curve is itself shrunk to the curve of all, which weighs like two pieces per size.

    Args:
        counts: pieces sold (styles, sizes).
        groups: each style's group, e.g. its category.

    Raises:
        ValueError: if there is not one group per style, or no size.
    """
    if len(groups) != len(counts) or counts.ndim != 2 or counts.shape[1] < 1:
        raise ValueError(f"Need one group per style and one size: {counts.shape}, {len(groups)}.")
    names = tuple(sorted(set(groups)))
    sizes = counts.shape[1]
    everything = shrunk_shares(counts.sum(axis=0)[None], np.full(sizes, 1 / sizes), 1.0)[0]
    of = np.array([names.index(group) for group in groups], dtype=np.int64)
    curves = [_curve(counts[of == i], everything) for i in range(len(names))]
    curves.append(everything)
    whole = fit_concentration(counts, everything)
    members: list[IntArray] = [np.flatnonzero(of == i) for i in range(len(names))]
    strength = [
        fit_concentration(counts[rows], curves[i]) if len(rows) > 1 else whole
        for i, rows in enumerate(members)
    ]
    return SizeCurves(names, np.array(curves), np.array([*strength, whole]))


def _curve(counts: FloatArray, everything: FloatArray) -> FloatArray:
    """Return the mean of the styles' shares, so that a best-seller is one style among others."""
    total = counts.sum(axis=1)
    rows = total > 0
    if not rows.any():
        return everything
    shares = (counts[rows] / total[rows, None]).mean(axis=0)
    weight = float(np.minimum(total[rows], 50.0).sum())
    prior = 2.0 * len(everything)
    curve: FloatArray = (weight * shares + prior * everything) / (weight + prior)
    return curve
