"""A style's level from its sales week by week: Gamma-Poisson, with forgetting.

The level is Gamma(alpha, beta): alpha / beta pieces per unit of exposure. A week that sold y over
exposure x makes it Gamma(alpha + w y, beta + w x): the conjugate update with which Fisher and Raman
correct a season's plan by early sales (Operations Research 44 (1996) 87-99). Exposure is what a
level of one would have sold: days and sizes in stock, times calendar, times life; a stock-out takes
exposure away, so it is not read as a lack of demand. Weeks scatter by more than a Poisson's
chance: variance m + phi m^2. So a week counts with w = 1 / (1 + phi m): at most 1 / phi pieces
(quasi-likelihood: Wedderburn, Biometrika 61 (1974) 439-447).

Between weeks the level keeps its mean, and the share `keep` of what it knows (discount: West and
Harrison, Bayesian Forecasting and Dynamic Models, 1997, 10.8).
"""

from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
import numpy.typing as npt

from seamline_platform.demand.frame import FloatArray

BoolArray = npt.NDArray[np.bool_]

KEEP: Final = (0.6, 0.75, 0.85, 0.92, 0.96)
SCATTER: Final = (0.03, 0.06, 0.1, 0.16, 0.25)
_MOST_WEEKS: Final = 104
_MOST_STYLES: Final = 300


@dataclass(frozen=True, slots=True)
class Belief:
    """Gamma distribution of each style's level: shape `alpha`, rate `beta`, both above zero."""

    alpha: FloatArray
    beta: FloatArray

    def __post_init__(self) -> None:
        if not ((self.alpha > 0).all() and (self.beta > 0).all()):
            raise ValueError("A gamma distribution needs alpha and beta above zero.")

    @property
    def mean(self) -> FloatArray:
        """Return the expected level."""
        return self.alpha / self.beta

    @classmethod
    def of_log(cls, mean: FloatArray, variance: FloatArray) -> "Belief":
        """Return the gamma distributions with mean and variance of exp(Normal(mean, variance))."""
        alpha = 1.0 / np.maximum(np.expm1(np.minimum(variance, 20.0)), 1e-9)
        return cls(alpha, alpha / np.exp(mean + np.minimum(variance, 20.0) / 2))

    def updated(
        self, sold: FloatArray, exposure: FloatArray, scatter: float | FloatArray = 0.0
    ) -> "Belief":
        """Return the belief after a week that sold `sold` over `exposure`; `scatter` is phi."""
        weight = 1.0 / (1.0 + scatter * self.mean * exposure)
        return Belief(self.alpha + weight * sold, self.beta + weight * exposure)

    def faded(self, prior: "Belief", keep: float | FloatArray) -> "Belief":
        """Return the belief a week later: the same mean, less sure of it.

        It never knows less than the prior did; the prior's mean does not come back, since a style
        that nobody could buy for weeks has not become another style.
        """
        least = np.minimum(prior.alpha / self.alpha, 1.0)
        factor = np.maximum(keep, least)
        return Belief(self.alpha * factor, self.beta * factor)


def weeks_of(values: FloatArray, end: int, block: int = 7) -> FloatArray:
    """Return sums over blocks of days that end before column `end`, oldest first."""
    used = values[:, :end]
    first = max(used.shape[1] % block, used.shape[1] - _MOST_WEEKS * block)
    part = used[:, first:]
    sums: FloatArray = part.reshape(len(values), -1, block).sum(axis=2)
    return sums


@dataclass(frozen=True, slots=True)
class Tuning:
    """How levels move, per style: share kept from week to week, and phi."""

    keep: FloatArray
    scatter: FloatArray


def filtered(
    prior: Belief, sold: FloatArray, exposure: FloatArray, tuning: Tuning
) -> tuple[Belief, FloatArray]:
    """Return the belief after all weeks, and the log likelihood of each style's weeks.

    `sold` and `exposure` are (styles, weeks). Each week is told by the weeks before it; a style's
    first week, told by the prior alone, does not count for the likelihood.
    """
    belief, fit = prior, np.zeros(len(sold))
    begun = np.zeros(len(sold), dtype=bool)
    for week in range(sold.shape[1]):
        y, x = sold[:, week], exposure[:, week]
        spread = 1.0 / belief.alpha + tuning.scatter
        told = (x > 0) & begun
        fit += np.where(told, log_probability(y, belief.mean * x, spread), 0.0)
        begun |= x > 0
        belief = belief.updated(y, x, tuning.scatter)
        belief = belief.faded(prior, np.where(begun, tuning.keep, 1.0))
    return belief, fit


def log_probability(count: FloatArray, mean: FloatArray, scatter: FloatArray) -> FloatArray:
    """Return the log probability of a negative binomial of variance m + scatter m^2."""
    from scipy.special import gammaln

    k = 1.0 / np.maximum(scatter, 1e-9)
    m = np.maximum(mean, 1e-9)
    ways = gammaln(count + k) - gammaln(k) - gammaln(count + 1)
    result: FloatArray = ways + k * np.log(k / (k + m)) + count * np.log(m / (k + m))
    return result


def fit_tuning(prior: Belief, sold: FloatArray, exposure: FloatArray, short: BoolArray) -> Tuning:
    """Return the tuning of greatest likelihood over a grid, for two groups of styles.

    The likelihood is that of the 300 styles that sold most.

    `short` (styles,) parts those with a life from those that go on. A group whose weeks say nothing
    gets the first values of the grids.
    """
    keep, scatter = np.full(len(sold), KEEP[0]), np.full(len(sold), SCATTER[0])
    some = np.argsort(-sold.sum(axis=1), kind="stable")[:_MOST_STYLES]
    part = Belief(prior.alpha[some], prior.beta[some])
    best = np.full(2, -np.inf)
    for kept, phi in product(KEEP, SCATTER):
        tuning = Tuning(np.full(len(some), kept), np.full(len(some), phi))
        fit = filtered(part, sold[some], exposure[some], tuning)[1]
        for group in (0, 1):
            rows = short == bool(group)
            if (score := float(fit[short[some] == bool(group)].sum())) > best[group]:
                best[group] = score
                keep[rows], scatter[rows] = kept, phi
    return Tuning(keep, scatter)
