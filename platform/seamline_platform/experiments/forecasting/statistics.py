"""Tests between models: paired bootstrap over series, Friedman's test, Nemenyi's comparison.

Skill score and win rate over tasks are in `overall`, ranks and critical differences in `ranks`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from seamline_platform.experiments.forecasting.contract import ModelScore

FloatArray = npt.NDArray[np.float64]

DRAWS: Final = 1_000
_ENDS: Final = (0.025, 0.975)
_REFERENCE: Final = "Naive2"


@dataclass(frozen=True, slots=True)
class Paired:
    """A difference between two models in one metric (first minus second): mean and 95 % ends."""

    mean: float
    lo: float
    hi: float

    @property
    def off_zero(self) -> bool:
        """Return whether the interval leaves zero out."""
        return self.lo > 0 or self.hi < 0


def draw_weights(blocks: Sequence[str], seed: int, draws: int = DRAWS) -> FloatArray:
    """Return how often each item is drawn (draws, items), whole blocks at a time.

    Args:
        blocks: block of each item; items of one block are drawn together.
        seed: of all draws.
        draws: rows of the answer.

    Raises:
        ValueError: if there are no items.
    """
    if not len(blocks):
        raise ValueError("There is nothing to draw from.")
    _, block = np.unique(np.asarray(blocks), return_inverse=True)
    count = int(block.max()) + 1
    drawn = np.random.default_rng(seed).integers(0, count, (draws, count))
    times = np.zeros((draws, count))
    np.add.at(times, (np.arange(draws)[:, None], drawn), 1.0)
    weights: FloatArray = times[:, block]
    return weights


def weighted_means(weights: FloatArray, values: FloatArray) -> FloatArray:
    """Return the mean of `values` under each row of weights; NaN counts for nothing."""
    known = np.isfinite(values)
    total = weights @ known.astype(np.float64)
    sums = weights @ np.where(known, values, 0.0)
    means: FloatArray = np.divide(sums, total, out=np.full(len(sums), np.nan), where=total > 0)
    return means


def ends_of(drawn: FloatArray) -> tuple[float, float]:
    """Return the 2.5 % and 97.5 % quantiles of draws; NaN if there are none."""
    known = drawn[np.isfinite(drawn)]
    if not len(known):
        return (float("nan"), float("nan"))
    low, high = np.quantile(known, _ENDS)
    return float(low), float(high)


def paired_bootstrap(
    first: Sequence[float], second: Sequence[float], seed: int = 0, blocks: Sequence[str] = ()
) -> Paired:
    """Return the mean difference of paired losses, with its bootstrap interval over series.

    Raises:
        ValueError: if the losses are not of the same series, or none is a number.
    """
    gap = _gap(first, second)
    weights = draw_weights(blocks or [str(i) for i in range(len(gap))], seed)
    known = gap[np.isfinite(gap)]
    if not len(known):
        raise ValueError("No series has a loss of both models.")
    return Paired(float(known.mean()), *ends_of(weighted_means(weights, gap)))


def _gap(first: Sequence[float], second: Sequence[float]) -> FloatArray:
    if len(first) != len(second):
        raise ValueError(f"{len(first)} losses against {len(second)}: not the same series.")
    gap: FloatArray = np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64)
    return gap


def paired_scores(
    first: ModelScore, second: ModelScore, metric: str, reference: ModelScore | None, seed: int = 0
) -> Paired | None:
    """Return the difference of two models in a metric, over the series of their task.

    OWA is taken as the ratio of means over the drawn series, of both models and Naive2
    (`reference`), so that the interval is one of OWA itself. None where a metric has no number per
    series, or the models are scored on different series.
    """
    if metric == "owa":
        return _paired_owa(first, second, reference, seed)
    one, two = first.per_series.get(metric, ()), second.per_series.get(metric, ())
    if not one or len(one) != len(two):
        return None
    return paired_bootstrap(one, two, seed)


def _paired_owa(
    first: ModelScore, second: ModelScore, reference: ModelScore | None, seed: int
) -> Paired | None:
    if reference is None:
        return None
    gaps = []
    for metric in ("smape", "mase"):
        one, two, base = (
            np.asarray(score.per_series.get(metric, ())) for score in (first, second, reference)
        )
        if not len(one) or not len(one) == len(two) == len(base):
            return None
        whole = np.ones((1, len(one)))
        weights = draw_weights([str(i) for i in range(len(one))], seed)
        gaps.append(
            [
                (weighted_means(w, one) - weighted_means(w, two)) / weighted_means(w, base)
                for w in (whole, weights)
            ]
        )
    mean, drawn = ((gaps[0][i] + gaps[1][i]) / 2 for i in (0, 1))
    return Paired(float(mean[0]), *ends_of(drawn))


def friedman(losses: Mapping[str, Sequence[float]]) -> tuple[float, float]:
    """Return Friedman's chi-squared and p value: do models differ in rank over blocks at all?

    Friedman, Journal of the American Statistical Association 32 (1937) 675-701, with ties.

    Raises:
        ValueError: if there are fewer than three models or two blocks.
    """
    from scipy.stats import friedmanchisquare

    table = _blocks(losses)
    if (table == table[0]).all():
        return 0.0, 1.0  # all tied everywhere: the statistic is 0/0
    found = friedmanchisquare(*table)
    return float(found.statistic), float(found.pvalue)


def nemenyi(losses: Mapping[str, Sequence[float]]) -> dict[tuple[str, str], float]:
    """Return p values of all pairs of models, by their mean ranks over blocks.

    Nemenyi (1963), after Demšar, Journal of Machine Learning Research 7 (2006) 1-30.

    Raises:
        ValueError: if there are fewer than three models or two blocks.
    """
    from scipy.stats import rankdata, studentized_range

    table = _blocks(losses)
    models, (count, blocks) = list(losses), table.shape
    ranks = rankdata(table, axis=0).mean(axis=1)
    error = np.sqrt(count * (count + 1) / (6 * blocks))
    return {
        (models[i], models[j]): float(
            studentized_range.sf(abs(ranks[i] - ranks[j]) / error * np.sqrt(2), count, np.inf)
        )
        for i in range(count)
        for j in range(i + 1, count)
    }


def _blocks(losses: Mapping[str, Sequence[float]]) -> FloatArray:
    """Return losses (models, blocks), blocks without a number left out."""
    if len({len(values) for values in losses.values()}) > 1:
        raise ValueError("Models have different numbers of blocks.")
    table = np.array(list(losses.values()), dtype=np.float64)
    if table.ndim == 2:
        table = table[:, np.isfinite(table).all(axis=0)]
    if table.ndim != 2 or table.shape[0] < 3 or table.shape[1] < 2:
        raise ValueError(
            f"Ranks need three models and two blocks; there are {len(losses)} models and "
            f"{table.shape[1] if table.ndim == 2 else 0} blocks."
        )
    return table
