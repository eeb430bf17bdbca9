"""Two sets of series compared in feature space: distances, classes, and a classifier as judge."""

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from seamline_platform.experiments.realism.features import (
    CLASSES,
    FEATURES,
    Floats,
    demand_class,
    feature_table,
)
from seamline_platform.experiments.realism.sources import SeriesSet

_MOST: Final = 400
"""So many series of each side are judged, evenly spaced in their order."""
_FOLDS: Final = 5


@dataclass(frozen=True, slots=True)
class Summary:
    """Median and quartiles of one feature, over the series where it is defined."""

    q1: float
    median: float
    q3: float
    defined: int

    def document(self) -> dict[str, Any]:
        """Return the summary as a JSON object."""
        return {
            "median": _shown(self.median), "q1": _shown(self.q1), "q3": _shown(self.q3),
            "series": self.defined,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Distance:
    """How far two samples of one feature are apart.

    `ks`: the Kolmogorov-Smirnov distance, 0 to 1, with its p-value (asymptotic). `wasserstein`: the
    area between the quantile functions, in interquartile ranges of both samples together.
    """

    ks: float
    p: float
    wasserstein: float

    def document(self) -> dict[str, Any]:
        """Return the distance as a JSON object."""
        return {"ks": _shown(self.ks), "p": _shown(self.p), "wasserstein": _shown(self.wasserstein)}


@dataclass(frozen=True, slots=True)
class Judgement:
    """How well a classifier tells ours from theirs: AUC .5 not at all, 1 always; 95 % interval."""

    auc: float
    lo: float
    hi: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Our series and one set, both cut to the same length."""

    name: str
    level: str
    frequency: str
    length: int
    ours: Floats
    theirs: Floats
    our_classes: dict[str, float]
    their_classes: dict[str, float]
    judgement: Judgement

    def summaries(self, feature: str) -> tuple[Summary, Summary]:
        """Return ours and theirs of one feature."""
        column = list(FEATURES).index(feature)
        return summary(self.ours[:, column]), summary(self.theirs[:, column])

    def distance(self, feature: str) -> Distance:
        """Return how far ours and theirs are apart in one feature."""
        column = list(FEATURES).index(feature)
        return distance(self.ours[:, column], self.theirs[:, column])

    def document(self) -> dict[str, Any]:
        """Return everything as a JSON object."""
        rows = {}
        for feature in FEATURES:
            ours, theirs = self.summaries(feature)
            rows[feature] = {
                "ours": ours.document(),
                "theirs": theirs.document(),
                "distance": self.distance(feature).document(),
            }
        return {
            "against": self.name,
            "level": self.level,
            "frequency": self.frequency,
            "length": self.length,
            "series": {"ours": len(self.ours), "theirs": len(self.theirs)},
            "features": rows,
            "classes": {"ours": self.our_classes, "theirs": self.their_classes},
            "auc": {
                "mean": _shown(self.judgement.auc), "lo": _shown(self.judgement.lo),
                "hi": _shown(self.judgement.hi),
            },
        }  # fmt: skip


def compare(ours: tuple[Floats, ...], level: str, theirs: SeriesSet) -> Comparison:
    """Compare our series of a level with a set, both cut to the shorter's length.

    Of a longer series its last part is taken where it sells; at most 400 series of each side.
    """
    length = int(min(np.median([len(y) for y in ours]), np.median([len(y) for y in theirs.series])))
    a = _cut(ours, length)
    b = _cut(theirs.series, length)
    tables = feature_table(a, theirs.period), feature_table(b, theirs.period)
    return Comparison(
        name=theirs.name,
        level=level,
        frequency=theirs.frequency,
        length=length,
        ours=tables[0],
        theirs=tables[1],
        our_classes=class_mix(a),
        their_classes=class_mix(b),
        judgement=judge(*tables),
    )


def _cut(series: tuple[Floats, ...], length: int) -> list[Floats]:
    kept = [y[-length:] if len(y) > length else y for y in series if len(y) >= length]
    kept = [y for y in kept if y.any()]
    if len(kept) > _MOST:
        kept = [kept[i * len(kept) // _MOST] for i in range(_MOST)]
    return kept


def class_mix(series: list[Floats]) -> dict[str, float]:
    """Return the share of each class of Syntetos and Boylan."""
    found = [demand_class(y) for y in series]
    return {name: round(found.count(name) / max(len(found), 1), 4) for name in CLASSES}


def summary(values: Floats) -> Summary:
    """Return median and quartiles where the feature is defined."""
    known = values[np.isfinite(values)]
    if not len(known):
        return Summary(math.nan, math.nan, math.nan, 0)
    q1, median, q3 = np.quantile(known, (0.25, 0.5, 0.75))
    return Summary(float(q1), float(median), float(q3), len(known))


def distance(a: Floats, b: Floats) -> Distance:
    """Return Kolmogorov-Smirnov and Wasserstein distance of two samples."""
    a, b = np.sort(a[np.isfinite(a)]), np.sort(b[np.isfinite(b)])
    if not len(a) or not len(b):
        return Distance(math.nan, math.nan, math.nan)
    both = np.concatenate([a, b])
    grid = np.unique(both)
    below_a = np.searchsorted(a, grid, side="right") / len(a)
    below_b = np.searchsorted(b, grid, side="right") / len(b)
    ks = float(np.abs(below_a - below_b).max())
    area = float((np.abs(below_a - below_b)[:-1] * np.diff(grid)).sum())
    q1, q3 = np.quantile(both, (0.25, 0.75))
    width = float(q3 - q1) or float(both.std()) or 1.0
    return Distance(ks, _ks_p(ks, len(a), len(b)), area / width)


def _ks_p(ks: float, n: int, m: int) -> float:
    """Return Kolmogorov's asymptotic p-value, with Stephens' correction for small samples."""
    root = math.sqrt(n * m / (n + m))
    x = (root + 0.12 + 0.11 / root) * ks
    if x < 0.2:
        return 1.0
    terms = (2 * (-1) ** (k - 1) * math.exp(-2 * k * k * x * x) for k in range(1, 101))
    total: float = sum(terms)
    return min(max(total, 0.0), 1.0)


def judge(a: Floats, b: Floats) -> Judgement:
    """Return the AUC of a forest that tells rows of `a` from rows of `b` (cross-validated).

    Classifier two-sample test (Lopez-Paz and Oquab 2017); interval of the AUC by Hanley and McNeil.
    Features that one of the sides does not have are left out; other gaps get the median.
    """
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    x = np.concatenate([a, b])
    x = x[:, np.isfinite(a).any(axis=0) & np.isfinite(b).any(axis=0)]
    x = np.where(np.isfinite(x), x, np.nanmedian(x, axis=0))
    side = np.concatenate([np.zeros(len(a)), np.ones(len(b))])
    forest = RandomForestClassifier(
        40, min_samples_leaf=5, class_weight="balanced", random_state=1, n_jobs=1
    )
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=1)
    guess = cross_val_predict(forest, x, side, cv=folds, method="predict_proba")[:, 1]
    auc = float(roc_auc_score(side, guess))
    half = 1.96 * _auc_error(auc, len(a), len(b))
    return Judgement(auc, max(auc - half, 0.0), min(auc + half, 1.0))


def _auc_error(auc: float, n: int, m: int) -> float:
    """Return the standard error of an AUC: Hanley and McNeil, Radiology 143 (1982)."""
    q1, q2 = auc / (2 - auc), 2 * auc * auc / (1 + auc)
    a2 = auc * auc
    variance: float = auc * (1 - auc) + (m - 1) * (q1 - a2) + (n - 1) * (q2 - a2)
    return math.sqrt(max(variance, 0.0) / (n * m))


def principal_axes(ours: Floats, theirs: Floats) -> tuple[Floats, Floats]:
    """Return both sets on the first two principal components of their joint features.

    Features are ranked first, so that one wild series does not take an axis for itself.
    """
    x = np.concatenate([ours, theirs])
    x = x[:, np.isfinite(ours).any(axis=0) & np.isfinite(theirs).any(axis=0)]
    x = np.where(np.isfinite(x), x, np.nanmedian(x, axis=0))
    ranks = np.argsort(np.argsort(x, axis=0, kind="stable"), axis=0) / max(len(x) - 1, 1) - 0.5
    ranks -= ranks.mean(axis=0)
    _, vectors = np.linalg.eigh(ranks.T @ ranks)
    axes = vectors[:, ::-1][:, :2]
    axes = axes * np.where(axes.sum(axis=0) < 0, -1.0, 1.0)
    points = ranks @ axes
    return points[: len(ours)], points[len(ours) :]


def _shown(value: float) -> float | None:
    return round(value, 4) + 0.0 if math.isfinite(value) else None
