"""Result cards as JSON: tasks, scores and decisions to plain values and back, without loss.

Numbers keep all their digits; what is not finite becomes null and comes back as NaN.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, Final, TypeVar, get_args

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.forecasting.contract import (
    DecisionRow,
    ModelScore,
    Status,
    Task,
    Terms,
)

VERSION: Final = 1
_T = TypeVar("_T")
_TEXTS: Final = ("title", "about", "published", "published_source", "tuned_on", "not_for")
_SCORE: Final = ("model", "status", "note", "model_hash")
_COST: Final = ("train_seconds", "predict_seconds", "cpu_seconds", "rss_mb")


def plain(value: object) -> Any:
    """Return mappings, sequences and numbers as JSON holds them; not finite becomes None."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(part) for part in value]
    return value


def digest(document: object) -> str:
    """Return the sha-256 of a document, however its keys are ordered."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def task_document(task: Task) -> dict[str, Any]:
    """Return a task's whole definition."""
    document: dict[str, Any] = plain(asdict(task))
    return document


def task_hash(task: Task) -> str:
    """Return the sha-256 of what decides a task's figures: all but its texts and citations."""
    document = task_document(task)
    return digest({key: value for key, value in document.items() if key not in _TEXTS})


def task_of(document: Mapping[str, Any]) -> Task:
    """Return the task of a definition.

    Raises:
        ConfigError: if a key is unknown or missing, or a value is not allowed.
    """
    values = {key: _tuples(value) for key, value in document.items()}
    terms = values.get("terms")
    if terms is not None:
        values["terms"] = _made(Terms, terms, "the task's terms")
    return _made(Task, values, "the task")


def ranking_metric(metric: str, scores: Sequence[ModelScore]) -> str:
    """Return the metric whose losses per series rank models: the task's own, if it has some.

    A ratio of means such as OWA has none; then MASE, else the first by name. Empty: none at all.
    """
    there = {name for score in scores for name, values in score.per_series.items() if values}
    wanted = (name for name in (metric, "mase") if name in there)
    return next(wanted, min(there, default=""))


def score_document(score: ModelScore, metric: str) -> dict[str, Any]:
    """Return a model's score; of the losses per series those that rank (`ranking_metric`)."""
    name = ranking_metric(metric, (score,))
    return {
        **{name: getattr(score, name) for name in _SCORE},
        "metrics": plain(score.metrics),
        "intervals": plain(score.intervals),
        "cost": {name: plain(float(getattr(score, name))) for name in _COST},
        "calibration": plain(score.calibration),
        "fans": plain(score.fans),
        "losses": {name: plain(score.per_series[name])} if name else {},
    }


def score_of(document: Mapping[str, Any]) -> ModelScore:
    """Return the score of a document.

    Raises:
        ConfigError: if something is missing or of the wrong kind.
    """
    if document["status"] not in get_args(Status):
        raise ConfigError(
            f"status is {document['status']!r}; allowed: {', '.join(get_args(Status))}."
        )
    cost: dict[str, Any] = {name: number(document["cost"][name]) for name in _COST}
    return ModelScore(
        model=str(document["model"]),
        status=document["status"],
        note=str(document["note"]),
        model_hash=str(document["model_hash"]),
        metrics={key: number(v) for key, v in document["metrics"].items()},
        intervals={key: (number(a), number(b)) for key, (a, b) in document["intervals"].items()},
        **cost,
        per_series={k: tuple(map(number, v)) for k, v in document["losses"].items()},
        calibration=tuple((number(a), number(b), number(c)) for a, b, c in document["calibration"]),
        fans={
            name: tuple(tuple(map(number, row)) for row in rows)
            for name, rows in document["fans"].items()
        },
    )


def decision_document(row: DecisionRow | None) -> dict[str, Any] | None:
    """Return a decision row, None if there is none."""
    return None if row is None else plain(asdict(row))


def decision_of(document: Mapping[str, Any] | None) -> DecisionRow | None:
    """Return the decision row of a document.

    Raises:
        ConfigError: if a key is unknown or missing.
    """
    if document is None:
        return None
    values = dict(document)
    values["parts"] = {key: number(v) for key, v in document["parts"].items()}
    values["versus"] = {
        name: (number(a), number(b), number(c)) for name, (a, b, c) in document["versus"].items()
    }
    values["curve"] = tuple((number(a), number(b), number(c)) for a, b, c in document["curve"])
    return _made(DecisionRow, values, "the decision row")


def number(value: object) -> float:
    """Return a number of a card; null is NaN.

    Raises:
        ConfigError: if it is neither.
    """
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, float | int):
        raise ConfigError(f"{value!r} stands where a number belongs.")
    return float(value)


def _tuples(value: object) -> Any:
    """Return JSON's lists as the tuples that they were."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _made(kind: type[_T], values: Mapping[str, Any], what: str) -> _T:
    known = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise ConfigError(f"{what} has {unknown[0]!r}; known: {', '.join(known)}.")
    try:
        return kind(**values)
    except TypeError as exc:
        raise ConfigError(f"{what} is not complete: {exc}.") from exc
