"""How models stand over all tasks: skill score and win rate, with intervals over tasks.

After fev-bench (Shchur et al., arXiv 2509.26468): the skill score is 1 minus the geometric mean of
a model's loss relative to SeasonalNaive's, clipped to 0.01 .. 100; the win rate is the share of
(task, other model) pairs in which a model's loss is lower, a tie counting half.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from seamline_platform.experiments.evidence.intervals import Interval
from seamline_platform.experiments.forecasting.contract import Result

REFERENCE: Final = "SeasonalNaive"
_CLIP: Final = (0.01, 100.0)
_DRAWS: Final = 2_000
_LEAST_TASKS: Final = 2

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Standing:
    """A model over the tasks that it was run on."""

    model: str
    skill: Interval
    win_rate: Interval
    tasks: int


def standings(result: Result) -> tuple[Standing, ...]:
    """Return models by skill, best first; empty below two tasks that SeasonalNaive was run on.

    A model without a number on a task is left out of that task; the same draws of tasks are used
    for all models.
    """
    losses, models = _losses(result)
    if REFERENCE not in models or losses.shape[1] < _LEAST_TASKS:
        return ()
    base = losses[models.index(REFERENCE)]
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.log(np.clip(losses / base, *_CLIP))
    wins = _wins(losses)
    draws = np.random.default_rng(result.seed).integers(
        0, losses.shape[1], (_DRAWS, losses.shape[1])
    )
    found = [
        Standing(
            model,
            _interval(relative[i], draws, skill=True),
            _interval(wins[i], draws, skill=False),
            int(np.isfinite(relative[i]).sum()),
        )
        for i, model in enumerate(models)
        if np.isfinite(relative[i]).any() and np.isfinite(wins[i]).any()
    ]
    return tuple(sorted(found, key=lambda row: (-row.skill.mean, row.model)))


def _losses(result: Result) -> tuple[FloatArray, list[str]]:
    """Return losses (models, tasks) by each task's metric, of tasks that the reference has."""
    there = []
    for found in result.tasks:
        row = {
            score.model: score.metrics.get(found.task.metric, math.nan)
            for score in found.models
            if score.status == "ok"
        }
        if math.isfinite(row.get(REFERENCE, math.nan)) and row[REFERENCE] > 0:
            there.append(row)
    models = sorted({model for row in there for model in row})
    table = [[row.get(model, math.nan) for row in there] for model in models]
    return np.array(table, dtype=np.float64).reshape(len(models), len(there)), models


def _wins(losses: FloatArray) -> FloatArray:
    """Return per model and task the share of other models that it beats."""
    mine, others = losses[:, None, :], losses[None, :, :]
    both = np.isfinite(mine) & np.isfinite(others)
    score = np.where(both, (mine < others) + 0.5 * (mine == others), 0.0)
    count = both.sum(axis=1) - np.isfinite(losses)  # not against itself
    beaten = score.sum(axis=1) - 0.5 * np.isfinite(losses)
    return np.where(count > 0, beaten / np.maximum(count, 1), np.nan)


def _interval(values: FloatArray, draws: npt.NDArray[np.int64], *, skill: bool) -> Interval:
    drawn = values[draws]
    known = np.isfinite(drawn)
    some = known.any(axis=1)
    means = np.where(known, drawn, 0.0).sum(axis=1)[some] / known.sum(axis=1)[some]
    low, high = np.quantile(means, (0.025, 0.975))
    mean = float(values[np.isfinite(values)].mean())
    if not skill:
        return Interval(mean, float(low), float(high))
    return Interval(1 - math.exp(mean), 1 - math.exp(float(high)), 1 - math.exp(float(low)))
