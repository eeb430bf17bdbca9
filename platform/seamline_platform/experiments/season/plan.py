"""The line plan of a season: which styles come when, and what a merchandiser knows of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class StylePlan:
    """One style of the plan. Days count from the start of the run; money in fen."""

    style: str
    bulletin: str
    launch: int
    end: int
    """First day on which it is no longer sold; beyond the horizon for a basic."""
    smv_ms: int
    price_fen: int
    cost_fen: int
    """Cloth, labour and energy of one garment, at standard."""
    salvage_fen: int
    """What a garment is worth that is left at the end of its life."""
    prior_pieces: float
    """Expected demand over the life, all regions."""
    prior_cv: float
    """Error of that expectation: standard deviation / mean."""


@dataclass(frozen=True, slots=True)
class SeasonPlan:
    """All styles, regions and reference curves that every maker of the season plans with."""

    days: int
    regions: tuple[str, ...]
    styles: tuple[StylePlan, ...]
    skus: tuple[tuple[str, ...], ...]
    """SKUs by style, colours outside, sizes inside."""
    colours: tuple[tuple[str, ...], ...]
    sizes: tuple[tuple[str, ...], ...]
    region_share: Floats
    """(regions,), sums to 1."""
    sku_share: Floats
    """(styles, most SKUs): the standard split of a style; rows sum to 1, padded with 0."""
    curve: Floats
    """(styles, days + 1): share of a style's life demand before each day, by age and calendar."""

    def index(self) -> Mapping[str, int]:
        """Return the row of each style."""
        return {plan.style: i for i, plan in enumerate(self.styles)}


def life_curve(
    launch: int, end: int, days: int, shape: Sequence[float], calendar: Sequence[float]
) -> Floats:
    """Return the cumulated share of life demand before each of `days` + 1 days.

    `shape` is the demand over the age of a life in equal parts (any number of them), `calendar`
    the factor of each day of the plan (days outside it count 1). A life that ends beyond the
    horizon has the sum of its curve within it below 1.
    """
    span = max(end - launch, 1)
    knots = np.asarray(shape, dtype=np.float64)
    ages = (np.arange(span) + 0.5) / span * len(knots) - 0.5
    weight = np.interp(ages, np.arange(len(knots)), knots)
    factors = np.ones(span)
    for i in range(span):
        if 0 <= launch + i < len(calendar):
            factors[i] = calendar[launch + i]
    weight = weight * factors
    weight = weight / weight.sum()
    daily = np.zeros(days)
    first, last = max(launch, 0), min(end, days)
    if last > first:
        daily[first:last] = weight[first - launch : last - launch]
    return np.concatenate([[0.0], np.cumsum(daily)])
