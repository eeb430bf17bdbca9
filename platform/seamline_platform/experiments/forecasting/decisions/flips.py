"""Where accuracy and cost order models differently: Kendall's tau of every metric against cost."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Final

from seamline_platform.experiments.forecasting.contract import DecisionRow, RankFlip, TaskResult

MIN_MODELS: Final = 3
"""With two models a ranking is either the same or the reverse: that says nothing."""
ALL: Final = "all"
_COVERAGE: Final = re.compile(r"^coverage_(\d+(?:\.\d+)?)$")


def badness(metric: str, value: float) -> float:
    """Return a metric turned so that less is better.

    Bias counts by its size, `coverage_80` by its distance from 0.80; all other metrics are losses.
    """
    if metric in ("bias", "cfe"):
        return abs(value)
    found = _COVERAGE.match(metric)
    if found is not None:
        return abs(value - float(found.group(1)) / 100)
    return value


def rank_flips(
    task_results: Sequence[TaskResult], decision_rows: Sequence[DecisionRow]
) -> tuple[RankFlip, ...]:
    """Return tau-b between each metric and cost, by task, then over all tasks (`all`).

    Over all tasks it is taken between mean ranks over the tasks that the metric is given in, for
    models that are in all of them. Tasks with fewer than three models that have both, and metrics
    that do not tell the models apart, have no row.
    """
    rows: list[RankFlip] = []
    metrics: dict[str, list[tuple[Mapping[str, float], Mapping[str, float]]]] = {}
    for result in task_results:
        costs = {
            row.model: row.cost
            for row in decision_rows
            if row.task == result.task.name and row.cost is not None
        }
        for metric, losses in _losses(result).items():
            both = sorted(costs.keys() & losses.keys())
            pair = ({m: losses[m] for m in both}, {m: costs[m] for m in both})
            flip = _flip(result.task.name, metric, *pair)
            if flip is not None:
                rows.append(flip)
                metrics.setdefault(metric, []).append(pair)
    rows += [row for name, pairs in metrics.items() if (row := _overall(name, pairs)) is not None]
    return tuple(rows)


def _losses(result: TaskResult) -> dict[str, dict[str, float]]:
    """Return loss by metric and model, of models that ran."""
    found: dict[str, dict[str, float]] = {}
    for score in result.models:
        for metric, value in score.metrics.items() if score.status == "ok" else ():
            if math.isfinite(value):
                found.setdefault(metric, {})[score.model] = badness(metric, value)
    return found


def _flip(
    task: str, metric: str, losses: Mapping[str, float], costs: Mapping[str, float]
) -> RankFlip | None:
    if len(losses) < MIN_MODELS:
        return None
    tau = kendall_tau(list(losses.values()), [costs[m] for m in losses])
    if tau is None:
        return None
    return RankFlip(
        task=task,
        metric=metric,
        kendall_tau=tau,
        models=len(losses),
        cheapest=min(costs, key=lambda m: (costs[m], m)),
        most_accurate=min(losses, key=lambda m: (losses[m], m)),
    )


def _overall(
    metric: str, pairs: Sequence[tuple[Mapping[str, float], Mapping[str, float]]]
) -> RankFlip | None:
    models = sorted(set.intersection(*(set(losses) for losses, _ in pairs)))
    if len(pairs) < 2 or len(models) < MIN_MODELS:
        return None
    mean_losses, mean_costs = dict.fromkeys(models, 0.0), dict.fromkeys(models, 0.0)
    for losses, costs in pairs:
        for ranks, values in ((mean_losses, losses), (mean_costs, costs)):
            for model, rank in _ranks({m: values[m] for m in models}).items():
                ranks[model] += rank / len(pairs)
    return _flip(ALL, metric, mean_losses, mean_costs)


def _ranks(values: Mapping[str, float]) -> dict[str, float]:
    """Return ranks from 1, ties shared."""
    from scipy.stats import rankdata

    return dict(zip(values, map(float, rankdata(list(values.values()))), strict=True))


def kendall_tau(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Return Kendall's tau-b, None where one side does not tell anything apart."""
    from scipy.stats import kendalltau

    if len(set(first)) < 2 or len(set(second)) < 2:
        return None
    return float(kendalltau(first, second).statistic)
