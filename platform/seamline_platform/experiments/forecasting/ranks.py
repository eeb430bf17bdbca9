"""Which models differ: mean ranks over blocks, and how far apart chance may put them.

From 30 blocks up a critical-difference diagram over tasks (Demšar, Journal of Machine Learning
Research 7 (2006) 1-30); with fewer, the multiple comparison with the best over the series of one
task (Koning, Franses, Hibon and Stekler, International Journal of Forecasting 21 (2005) 397-409).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from seamline_platform.experiments.forecasting.cardfile import ranking_metric
from seamline_platform.experiments.forecasting.contract import Result, TaskResult

LEAST_BLOCKS: Final = 30
"""Blocks (tasks) from which a critical-difference diagram is drawn."""
_ALPHA: Final = 0.05


@dataclass(frozen=True, slots=True)
class Ranks:
    """Mean ranks of models over blocks, best first, and the critical difference between two."""

    models: tuple[str, ...]
    means: tuple[float, ...]
    critical: float
    blocks: int

    @property
    def half_width(self) -> float:
        """Return what stands on each side of a mean rank: disjoint intervals differ."""
        return self.critical / 2

    def like_best(self, model: str) -> bool:
        """Return whether a model's interval overlaps that of the best."""
        return self.means[self.models.index(model)] - self.means[0] <= self.critical

    def cliques(self) -> tuple[tuple[int, int], ...]:
        """Return first and last place of each largest group whose ranks are not told apart."""
        found: list[tuple[int, int]] = []
        for first, low in enumerate(self.means):
            last = max(i for i, mean in enumerate(self.means) if mean - low <= self.critical)
            if last > first and (not found or last > found[-1][1]):
                found.append((first, last))
        return tuple(found)


def ranks_of(losses: Mapping[str, Sequence[float]]) -> Ranks | None:
    """Return mean ranks of models by their losses, one per block; None if nothing can be ranked.

    Blocks in which a model has no number are left out; equal losses share their rank.
    """
    from scipy.stats import rankdata

    models = [model for model, values in losses.items() if len(values)]
    if len(models) < 2 or len({len(losses[model]) for model in models}) != 1:
        return None
    table = np.array([losses[model] for model in models], dtype=np.float64)
    table = table[:, np.isfinite(table).all(axis=0)]
    blocks = table.shape[1]
    if blocks < 2:
        return None
    means = rankdata(table, axis=0).mean(axis=1)
    order = np.argsort(means, kind="stable")
    return Ranks(
        tuple(models[i] for i in order),
        tuple(float(means[i]) for i in order),
        critical_difference(len(models), blocks),
        blocks,
    )


def critical_difference(models: int, blocks: int, alpha: float = _ALPHA) -> float:
    """Return Nemenyi's critical difference of two mean ranks.

    The studentized range at infinite degrees of freedom, divided by the root of 2, times the
    standard error of a difference of ranks, sqrt(k (k + 1) / (6 n)).
    """
    from scipy.stats import studentized_range

    q = float(studentized_range.ppf(1 - alpha, models, np.inf)) / math.sqrt(2)
    return q * math.sqrt(models * (models + 1) / (6 * blocks))


def series_ranks(found: TaskResult) -> Ranks | None:
    """Return ranks of a task's models over its series, by the metric that ranks."""
    metric = ranking_metric(found.task.metric, found.models)
    return ranks_of(
        {m.model: m.per_series.get(metric, ()) for m in found.models if m.status == "ok"}
    )


def task_ranks(result: Result) -> Ranks | None:
    """Return ranks over tasks, by each task's own metric; None below 30 tasks."""
    there = [found for found in result.tasks if found.models]
    if len(there) < LEAST_BLOCKS:
        return None
    scores = [
        {m.model: m.metrics.get(found.task.metric, math.nan) for m in found.models
         if m.status == "ok"}
        for found in there
    ]  # fmt: skip
    everywhere = sorted(set.intersection(*(set(score) for score in scores)))
    return ranks_of({model: [score[model] for score in scores] for model in everywhere})
