"""A model of a style's size from its attributes: ridge regression, tuned on its own examples."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from seamline_platform.experiments.effects.bands import Floats
from seamline_sim import load_scenario
from seamline_sim.collection import LEVELS, PastStyle, past_styles

_PENALTIES: Final = np.geomspace(1e-2, 1e3, 26)
PARAMETERS: Final = sum(len(levels) - 1 for levels in LEVELS.values()) + 1
"""Free parameters of the model: a constant, and each attribute's levels less one."""


@dataclass(frozen=True, slots=True)
class Styles:
    """Styles as numbers: one row of 0 and 1 per style, and the logarithm of its size."""

    x: Floats
    log_size: Floats

    def part(self, first: int, last: int) -> "Styles":
        """Return the styles from `first` up to and without `last`."""
        return Styles(self.x[first:last], self.log_size[first:last])


@dataclass(frozen=True, slots=True)
class Truth:
    """What only theory may use: sd of the part that attributes tell, and of the rest."""

    spread: float
    irreducible: float


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted model: prediction = constant + x @ weights; `rmse` is its leave-one-out error."""

    weights: Floats
    constant: float
    rmse: float

    def predict(self, x: Floats) -> Floats:
        """Return predicted logarithms of size."""
        return self.constant + x @ self.weights


def market_styles(scenario: str, seed: int, number: int) -> Styles:
    """Return styles that a market has seen in earlier seasons, the same first ones for any number.

    Raises:
        ConfigError: if the scenario is unknown.
    """
    past = past_styles(load_scenario(scenario), seed, number)
    return Styles(encode(past), np.array([style.log_size_milli for style in past]) / 1000)


def truth_of(scenario: str) -> Truth:
    """Return the market's own spreads, for theory curves alone."""
    figure = load_scenario(scenario).figure
    return Truth(
        figure("collection.attribute_spread_permille") / 1000,
        figure("collection.rest_spread_permille") / 1000,
    )


def encode(past: Sequence[PastStyle]) -> Floats:
    """Return one column of 0 and 1 for each level of each attribute."""
    columns = {pair: i for i, pair in enumerate((n, v) for n in LEVELS for v in LEVELS[n])}
    x = np.zeros((len(past), len(columns)))
    for row, style in enumerate(past):
        for pair in style.attributes.items():
            x[row, columns[pair]] = 1.0
    return x


def fit(styles: Styles) -> Model:
    """Fit by ridge regression, with the penalty of the least leave-one-out error.

    The constant is not penalised. Leave-one-out residuals come from the hat matrix: e / (1 - h).

    Raises:
        ValueError: if there are fewer than three styles.
    """
    n = len(styles.log_size)
    if n < 3:
        raise ValueError(f"a model needs three styles or more; came {n}")
    middle, mean = styles.x.mean(axis=0), float(styles.log_size.mean())
    x, y = styles.x - middle, styles.log_size - mean
    values, vectors = np.linalg.eigh(x.T @ x)
    turned = x @ vectors
    inverse = 1 / (np.maximum(values, 0.0)[:, None] + _PENALTIES)
    solutions = inverse * (turned.T @ y)[:, None]
    hat = np.minimum(1 / n + turned**2 @ inverse, 1 - 1e-9)
    errors = np.sqrt(np.mean(((y[:, None] - turned @ solutions) / (1 - hat)) ** 2, axis=0))
    best = int(np.argmin(errors))
    weights = vectors @ solutions[:, best]
    return Model(weights, mean - float(middle @ weights), float(errors[best]))


def rmse(model: Model, styles: Styles) -> float:
    """Return the root mean square error of the logarithm of size."""
    return float(np.sqrt(np.mean((model.predict(styles.x) - styles.log_size) ** 2)))
