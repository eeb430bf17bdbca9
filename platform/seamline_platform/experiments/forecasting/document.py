"""A run of the benchmark as one JSON document."""

import math
from dataclasses import asdict
from typing import Any

from seamline_platform.experiments.forecasting.cardfile import plain, ranking_metric
from seamline_platform.experiments.forecasting.contract import (
    DecisionRow,
    ModelScore,
    RankFlip,
    Result,
    TaskResult,
)
from seamline_platform.experiments.forecasting.machine import machine, versions
from seamline_platform.experiments.forecasting.overall import standings
from seamline_platform.experiments.forecasting.ranks import series_ranks, task_ranks
from seamline_platform.experiments.forecasting.statistics import friedman, paired_scores


def document_of(result: Result) -> dict[str, Any]:
    """Return tasks, decisions and rank flips of a run, with what they were made by."""
    ranks = task_ranks(result)
    document = {
        "tasks": [_task(found, result.seed) for found in result.tasks if not found.skipped],
        "skipped": [
            {"task": found.task.name, "reason": found.skipped}
            for found in result.tasks
            if found.skipped
        ],
        "decisions": [_decision(row) for row in result.decisions],
        "rank_flips": [_flip(row) for row in result.rank_flips],
        "sensitivity": [asdict(row) for row in result.sensitivity],
        "overall": [
            {
                "model": row.model, "tasks": row.tasks,
                "skill": row.skill.mean, "skill_lo": row.skill.lo, "skill_hi": row.skill.hi,
                "win_rate": row.win_rate.mean, "win_rate_lo": row.win_rate.lo,
                "win_rate_hi": row.win_rate.hi,
            }
            for row in standings(result)
        ],
        "critical_difference": None if ranks is None else {
            "models": list(ranks.models), "mean_ranks": list(ranks.means),
            "critical": ranks.critical, "blocks": ranks.blocks,
        },
        "notes": list(result.notes),
        "seed": result.seed,
        "versions": versions(),
        "machine": machine(),
    }  # fmt: skip
    made: dict[str, Any] = plain(document)
    return made


def _task(found: TaskResult, seed: int) -> dict[str, Any]:
    task = found.task
    return {
        "task": task.name,
        "title": task.title,
        "metric": task.metric,
        "horizon": task.horizon,
        "windows": task.windows,
        "season_length": task.season_length,
        "data_sha256": found.data_sha256,
        "models": [_model(score) for score in found.models],
        "left_out": dict(found.left_out),
        "published": {name: dict(figures) for name, figures in task.published.items()},
        "published_source": task.published_source,
        "tuned_on": task.tuned_on,
        "about": task.about,
        "ranks": _ranks(found),
        "against_best": _against_best(found, seed),
    }


def _model(score: ModelScore) -> dict[str, Any]:
    return {
        "model": score.model,
        "status": score.status,
        **score.metrics,
        "metrics": dict(score.metrics),
        "intervals": {name: list(ends) for name, ends in score.intervals.items()},
        "seconds": score.seconds,
        "train_seconds": score.train_seconds,
        "predict_seconds": score.predict_seconds,
        "cpu_seconds": score.cpu_seconds,
        "rss_mb": score.rss_mb,
        "calibration": [list(row) for row in score.calibration],
        "model_hash": score.model_hash,
        "note": score.note,
    }


def _ranks(found: TaskResult) -> dict[str, Any] | None:
    """Return mean ranks over series with what lies apart (multiple comparison with the best)."""
    ranks = series_ranks(found)
    if ranks is None:
        return None
    losses = {m.model: m.per_series.get(_series_metric(found), ()) for m in _good(found)}
    test = None
    if len(losses) >= 3 and len({len(v) for v in losses.values()}) == 1 and ranks.blocks >= 2:
        statistic, p = friedman(losses)
        test = {"statistic": statistic, "p": p}
    return {
        "models": list(ranks.models),
        "mean_ranks": list(ranks.means),
        "critical": ranks.critical,
        "blocks": ranks.blocks,
        "like_best": [model for model in ranks.models if ranks.like_best(model)],
        "friedman": test,
    }


def _series_metric(found: TaskResult) -> str:
    return ranking_metric(found.task.metric, found.models)


def _good(found: TaskResult) -> list[ModelScore]:
    return [score for score in found.models if score.status == "ok"]


def _against_best(found: TaskResult, seed: int) -> dict[str, Any] | None:
    """Return the paired difference of every model to the best, in the metric of the task."""
    metric = found.task.metric
    good = [score for score in _good(found) if math.isfinite(score.metrics.get(metric, math.nan))]
    if len(good) < 2:
        return None
    best = min(good, key=lambda score: (score.metrics[metric], score.model))
    reference = next((score for score in good if score.model == "Naive2"), None)
    rows = {}
    for score in good:
        if score is not best:
            pair = paired_scores(score, best, metric, reference, seed)
            if pair is not None:
                rows[score.model] = [pair.mean, pair.lo, pair.hi]
    return {"metric": metric, "best": best.model, "worse_by": rows}


def _decision(row: DecisionRow) -> dict[str, Any]:
    return {
        "task": row.task, "model": row.model, "status": row.status,
        "cost": row.cost, "cost_lo": row.cost_lo, "cost_hi": row.cost_hi,
        "fill_rate": row.fill_rate, "regret": row.regret,
        "parts": dict(row.parts), "aggregation": row.aggregation,
        "versus": {name: list(ends) for name, ends in row.versus.items()},
        "curve": [list(point) for point in row.curve],
        "rank": row.rank, "rank_lo": row.rank_lo, "rank_hi": row.rank_hi,
        "demand_sha256": row.demand_sha256, "note": row.note,
    }  # fmt: skip


def _flip(row: RankFlip) -> dict[str, Any]:
    return {
        "task": row.task, "metric": row.metric, "kendall_tau": row.kendall_tau,
        "models": row.models, "cheapest": row.cheapest, "most_accurate": row.most_accurate,
    }  # fmt: skip
