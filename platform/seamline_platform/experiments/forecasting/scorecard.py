"""Scores of all models on one task, from their forecasts in its windows."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from seamline_platform.demand.frame import FloatArray, panel_of
from seamline_platform.experiments.forecasting import metrics
from seamline_platform.experiments.forecasting.arena import Arena, arena_of
from seamline_platform.experiments.forecasting.contract import (
    Dataset,
    Forecasted,
    ModelScore,
    Status,
    Task,
    Window,
)
from seamline_platform.experiments.forecasting.loaders import frequency_of
from seamline_platform.experiments.forecasting.metrics import PER_SERIES, REFERENCE, WindowScores
from seamline_platform.experiments.forecasting.pictures import calibration_of, fans_of
from seamline_platform.experiments.forecasting.statistics import (
    draw_weights,
    ends_of,
    weighted_means,
)
from seamline_platform.experiments.forecasting.wrmsse import late_periods, levels_of, wrmsse

Forecasts = Mapping[str, Sequence[Forecasted]]


def scores_of(
    task: Task,
    dataset: Dataset,
    windows: Sequence[Window],
    forecasts: Forecasts,
    seed: int = 0,
    decided: tuple[Sequence[Window], Forecasts] | None = None,
) -> tuple[ModelScore, ...]:
    """Return the score of each model; one that failed in a window has a reason, and no metrics.

    `decided` are windows and forecasts of decisions: where those for accuracy do not overlap,
    stability is taken from them.
    """
    good = {m: f for m, f in forecasts.items() if _status(f)[0] == "ok"}
    arenas = [
        arena_of(window, [f[place] for f in good.values()]) for place, window in enumerate(windows)
    ]
    table = _Table(task, dataset, windows, arenas, seed) if good else None
    steady = _stability(windows, arenas, good, decided)
    found = []
    for model, said in forecasts.items():
        status, note = _status(said)
        metric = table.metrics(model) if table is not None and status == "ok" else {}
        if model in steady and status == "ok":
            metric["stability"] = steady[model]
        found.append(
            ModelScore(
                model=model,
                status=status,
                metrics=metric,
                intervals=table.intervals(model) if table is not None and metric else {},
                train_seconds=sum(f.train_seconds for f in said),
                predict_seconds=sum(f.predict_seconds for f in said),
                cpu_seconds=sum(f.cpu_seconds for f in said),
                rss_mb=max((f.rss_mb for f in said), default=0.0),
                note=note,
                model_hash=said[0].model_hash if said else "",
                per_series=table.per_series(model) if table is not None and metric else {},
                calibration=calibration_of(windows, said) if metric else (),
                fans=fans_of(windows[-1], said[-1]) if metric else {},
            )
        )
    return tuple(found)


def _status(said: Sequence[Forecasted]) -> tuple[Status, str]:
    """Return the worst status of a model's windows, and its reason: a leak, then a failure."""
    bad = [f for f in said if f.status != "ok"]
    if not bad:
        return "ok", ""
    worst = next((f for f in bad if f.status == "leak"), bad[0])
    where = f" (in {len(bad)} of {len(said)} windows)" if len(bad) < len(said) else ""
    return worst.status, f"{worst.note}{where}"


class _Table:
    """Metrics of all windows, put together."""

    def __init__(
        self,
        task: Task,
        dataset: Dataset,
        windows: Sequence[Window],
        arenas: Sequence[Arena],
        seed: int,
    ) -> None:
        self.task, self.arenas = task, arenas
        self.found: list[WindowScores] = [metrics.score_window(task, arena) for arena in arenas]
        self.ids = tuple(sorted({name for arena in arenas for name in arena.ids}))
        place = {name: row for row, name in enumerate(self.ids)}
        self.rows = [np.array([place[name] for name in arena.ids]) for arena in arenas]
        blocks = [dataset.blocks.get(name, name) for name in self.ids]
        self.weights = draw_weights(blocks, seed)
        self.weighted = _weighted(task, windows, arenas)
        # OWA divides by means of percentages: it is not for series with zeros or negatives
        self.positive = all((arena.truth > 0).all() for arena in arenas) and all(
            (arena.train["y"].to_numpy() > 0).all() for arena in arenas
        )

    def series(self, metric: str, model: str) -> FloatArray:
        """Return a number per series, the mean over its windows; NaN: none."""
        total, count = np.zeros(len(self.ids)), np.zeros(len(self.ids))
        for scores, rows in zip(self.found, self.rows, strict=True):
            values = scores.series[metric][model]
            known = np.isfinite(values)
            total[rows[known]] += values[known]
            count[rows[known]] += 1
        result: FloatArray = np.where(count > 0, total / np.maximum(count, 1), np.nan)
        return result

    def per_series(self, model: str) -> dict[str, tuple[float, ...]]:
        """Return losses of the series that have one, by metric."""
        return {
            metric: tuple(values[np.isfinite(values)].tolist())
            for metric in PER_SERIES
            for values in (self.series(metric, model),)
        }

    def metrics(self, model: str) -> dict[str, float]:
        """Return all metrics that exist on this task."""
        values = {metric: _mean(self.series(metric, model)) for metric in PER_SERIES}
        for metric in sorted({name for scores in self.found for name in scores.whole}):
            values[metric] = _mean(np.array([s.whole[metric][model] for s in self.found]))
        values["miscalibration"] = self._miscalibration(model)
        values["owa"] = _mean(np.array([self._owa(s, model) for s in self.found]))
        if self.weighted is not None:
            values["wrmsse"] = self.weighted[model]
        return {name: value for name, value in values.items() if math.isfinite(value)}

    def _owa(self, scores: WindowScores, model: str) -> float:
        if not self.positive:
            return math.nan
        return metrics.owa_of(scores.series["smape"], scores.series["mase"], model)

    def _miscalibration(self, model: str) -> float:
        """Return the worst gap over steps and levels: how far tau lies outside the two shares."""
        seen = sum(len(arena.ids) for arena in self.arenas)
        below = sum(scores.below[model] for scores in self.found) / seen
        at_most = sum(scores.at_most[model] for scores in self.found) / seen
        tau = np.asarray(self.arenas[0].levels)
        return float(max(np.max(below - tau), np.max(tau - at_most)))

    def intervals(self, model: str) -> dict[str, tuple[float, float]]:
        """Return 95 % bootstrap intervals over series (whole blocks together)."""
        found = {
            metric: ends_of(weighted_means(self.weights, self.series(metric, model)))
            for metric in PER_SERIES
            if metric != "crps"  # its mean over series is not the metric of the task
        }
        if self.positive and REFERENCE in self.arenas[0].quantiles:
            drawn = [self._drawn_owa(place, model) for place in range(len(self.found))]
            found["owa"] = ends_of(np.mean(drawn, axis=0))
        return {name: ends for name, ends in found.items() if math.isfinite(ends[0])}

    def _drawn_owa(self, place: int, model: str) -> FloatArray:
        weights, scores = self.weights[:, self.rows[place]], self.found[place].series
        with np.errstate(divide="ignore", invalid="ignore"):  # a reference without any error
            ratios = [
                weighted_means(weights, scores[metric][model])
                / weighted_means(weights, scores[metric][REFERENCE])
                for metric in ("smape", "mase")
            ]
        result: FloatArray = (ratios[0] + ratios[1]) / 2
        return result


def _mean(values: FloatArray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else math.nan


def _weighted(
    task: Task, windows: Sequence[Window], arenas: Sequence[Arena]
) -> dict[str, float] | None:
    """Return WRMSSE by model, the mean over windows; None without a hierarchy."""
    if not task.hierarchy:
        return None
    found: dict[str, list[float]] = {}
    for window, arena in zip(windows, arenas, strict=True):
        freq = frequency_of(task, window.history["ds"])
        panel = panel_of(window.history, freq)
        if panel.ids != arena.ids:
            return None  # some series are not scored here: sums of a level would lack them
        levels = levels_of(panel, task.hierarchy)
        priced = np.isfinite(panel.price).any()
        price = panel.price[:, : panel.periods] if priced else None
        for model in arena.quantiles:
            value = wrmsse(
                levels, panel.y, arena.truth, arena.means(model, task.nonnegative), price,
                late_periods(freq.minutes),
            )  # fmt: skip
            found.setdefault(model, []).append(value)
    return {model: float(np.mean(values)) for model, values in found.items()}


def _stability(
    windows: Sequence[Window],
    arenas: Sequence[Arena],
    good: Forecasts,
    decided: tuple[Sequence[Window], Forecasts] | None,
) -> dict[str, float]:
    """Return stability by model where windows overlap, those of accuracy or else of decisions."""
    found = {m: metrics.stability_of(arenas, _origins(windows), m) for m in good}
    if decided is not None and all(math.isnan(value) for value in found.values()):
        later, said = decided
        fine = {m: f for m, f in said.items() if m in good and _status(f)[0] == "ok"}
        if fine:
            grounds = [
                arena_of(w, [f[place] for f in fine.values()]) for place, w in enumerate(later)
            ]
            found = {m: metrics.stability_of(grounds, _origins(later), m) for m in fine}
    return {model: value for model, value in found.items() if math.isfinite(value)}


def _origins(windows: Sequence[Window]) -> list[int]:
    """Return the first period of each window's truth, in periods from the first window's.

    Windows are evenly spaced and complete, so that counting distinct periods is enough.
    """
    known = sorted({at for window in windows for at in window.truth["ds"].to_pylist()})
    place = {at: number for number, at in enumerate(known)}
    return [min(place[at] for at in set(w.truth["ds"].to_pylist())) for w in windows]
