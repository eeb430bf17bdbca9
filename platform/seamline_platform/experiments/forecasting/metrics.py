"""Metrics of forecasts, from utilsforecast where it has them, per series and of a whole task.

| metric | is | a series' number |
|---|---|---|
| mase | absolute error / that of the seasonal naive in the history (Hyndman, Koehler 2006) | yes |
| rmsse | root of squared error of the mean / squared change by a period in the history (M5) | yes |
| smape | 200 |e| / (|y| + |f|) in percent (M4) | yes |
| owa | half of mase and smape, each the ratio of means to Naive2's (M4) | no |
| wrmsse | rmsse of sums over levels of a hierarchy, weighed by late sales (M5) | no |
| scaled_pinball | pinball loss over all levels / seasonal change in the history (M5) | yes |
| crps | twice the pinball loss over all levels / mean |y|, of all series together | yes |
| coverage_80, coverage_95 | share of truth inside the central interval | no |
| winkler_80, winkler_95 | width and misses of the interval (Winkler 1972) / mean |y| | no |
| miscalibration | by how much share(y < q) or share(y <= q) leaves its level, worst step | no |
| bias | sum of (mean - y) / sum of |y| | no |
| stability | change of the median for one target from origin to origin / mean |y| | no |

Points are medians; rmsse, wrmsse and bias judge the mean, which squared error asks for. Series
whose history never changes have no scale and are left out of scaled metrics, for all models alike.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from seamline_broker.errors import PluginError
from seamline_platform.demand.frame import FloatArray
from seamline_platform.experiments.forecasting.arena import Arena
from seamline_platform.experiments.forecasting.contract import Task

PER_SERIES: Final = ("mase", "rmsse", "smape", "scaled_pinball", "crps")
INTERVALS: Final = ((80, 0.1, 0.9), (95, 0.025, 0.975))
REFERENCE: Final = "Naive2"

Table = Mapping[str, FloatArray]
"""A number per series, by model."""


@dataclass(frozen=True, slots=True)
class WindowScores:
    """All metrics of one window: per series (NaN: no scale), and of the window."""

    ids: tuple[str, ...]
    series: Mapping[str, Table]
    whole: Mapping[str, Mapping[str, float]]
    """By metric and model."""
    below: Mapping[str, FloatArray] = field(default_factory=dict)
    """Counts of y < q by model, (periods, levels)."""
    at_most: Mapping[str, FloatArray] = field(default_factory=dict)


def score_window(task: Task, arena: Arena) -> WindowScores:
    """Return all metrics of one window but those that need a hierarchy or two origins.

    Raises:
        PluginError: if the extra `bench` is not installed.
    """
    frames = _Frames(task, arena)
    series = {
        "mase": frames.scaled("mase"),
        "rmsse": frames.scaled("rmsse"),
        "smape": frames.smape(),
        "scaled_pinball": frames.scaled_pinball(),
        "crps": frames.crps(),
    }
    whole: dict[str, dict[str, float]] = frames.intervals()
    size = float(np.abs(arena.truth).mean())
    below, at_most = {}, {}
    for model, values in arena.quantiles.items():
        gap = arena.means(model, task.nonnegative).sum() - arena.truth.sum()
        whole.setdefault("bias", {})[model] = float(gap / max(arena.truth.size * size, 1e-12))
        pinball = _pinball(arena, values)
        whole.setdefault("crps", {})[model] = float(2 * pinball.mean() / max(size, 1e-12))
        below[model] = (arena.truth[:, :, None] < values).sum(axis=0)
        at_most[model] = (arena.truth[:, :, None] <= values).sum(axis=0)
    return WindowScores(arena.ids, series, whole, below, at_most)


def _pinball(arena: Arena, values: FloatArray) -> FloatArray:
    gap = arena.truth[:, :, None] - values
    u = np.asarray(arena.levels)
    loss: FloatArray = np.maximum(u * gap, (u - 1) * gap)
    return loss


class _Frames:
    """A window as utilsforecast wants it: one table with a column for each model."""

    def __init__(self, task: Task, arena: Arena) -> None:
        try:
            import pandas as pd
            import utilsforecast.losses as losses
        except ImportError as exc:
            raise PluginError(
                "Metrics come from utilsforecast: pip install 'seamline[bench]'."
            ) from exc
        self.losses, self.task, self.arena = losses, task, arena
        self.models = list(arena.quantiles)
        index = np.repeat(np.arange(len(arena.ids)), arena.horizon)
        keys = {"unique_id": index, "y": arena.truth.reshape(-1)}
        # series go by number: names are long, and each metric groups by them
        place = {name: row for row, name in enumerate(arena.ids)}
        coded = arena.train["unique_id"].combine_chunks().dictionary_encode()
        number = np.array([place[name] for name in coded.dictionary.to_pylist()], dtype=np.int64)
        self.train = pd.DataFrame(
            {
                "unique_id": number[coded.indices.to_numpy(zero_copy_only=False)],
                "ds": np.arange(len(arena.train)),
                "y": arena.train["y"].to_numpy(),
            }
        )
        points = {m: arena.points(m).reshape(-1) for m in self.models}
        means = {m: arena.means(m, task.nonnegative).reshape(-1) for m in self.models}
        self.points = pd.DataFrame({**keys, **points})
        self.means = pd.DataFrame({**keys, **means})
        self.columns = {m: [f"{m}|{level}" for level in arena.levels] for m in self.models}
        quantiles = {
            name: arena.quantiles[m][:, :, k].reshape(-1)
            for m in self.models
            for k, name in enumerate(self.columns[m])
        }
        self.quantiles = pd.DataFrame({**keys, **quantiles})

    def scaled(self, name: str) -> Table:
        frame = self.means if name == "rmsse" else self.points
        season = 1 if name == "rmsse" else self.task.season_length
        found = getattr(self.losses, name)(
            frame, self.models, seasonality=season, train_df=self.train
        )
        return self._table(found, finite=True)

    def smape(self) -> Table:
        found = self._table(self.losses.smape(self.points, self.models))
        return {model: 200 * values for model, values in found.items()}

    def scaled_pinball(self) -> Table:
        found = self.losses.scaled_mqloss(
            self.quantiles, self.columns, np.asarray(self.arena.levels),
            seasonality=self.task.season_length, train_df=self.train,
        )  # fmt: skip
        return self._table(found, finite=True)

    def crps(self) -> Table:
        found = self.losses.scaled_crps(self.quantiles, self.columns, np.asarray(self.arena.levels))
        sold = np.abs(self.arena.truth).sum(axis=1) > 0
        return {m: np.where(sold, v, np.nan) for m, v in self._table(found).items()}

    def intervals(self) -> dict[str, dict[str, float]]:
        size = max(float(np.abs(self.arena.truth).mean()), 1e-12)
        whole: dict[str, dict[str, float]] = {}
        for percent, low, high in INTERVALS:
            if not {low, high} <= set(self.arena.levels):
                continue
            ends = {
                f"{m}-{end}-{percent}": self.quantiles[f"{m}|{level}"]
                for m in self.models
                for end, level in (("lo", low), ("hi", high))
            }
            frame = self.quantiles[["unique_id", "y"]].assign(**ends)
            inside = self._table(self.losses.coverage(frame, self.models, percent))
            winkler = self._table(self.losses.winkler_score(frame, self.models, percent))
            whole[f"coverage_{percent}"] = {m: float(v.mean()) for m, v in inside.items()}
            whole[f"winkler_{percent}"] = {m: float(v.mean()) / size for m, v in winkler.items()}
        return whole

    def _table(self, found: Any, finite: bool = False) -> Table:
        ordered = found.sort_values("unique_id")
        table = {m: ordered[m].to_numpy(dtype=np.float64) for m in self.models}
        if not finite:
            return table
        changes = self.train.groupby("unique_id")["y"].nunique()
        flat = (changes.reindex(range(len(self.arena.ids))).fillna(0) < 2).to_numpy()
        return {m: np.where(flat | ~np.isfinite(v), np.nan, v) for m, v in table.items()}


def owa_of(smape: Table, mase: Table, model: str) -> float:
    """Return OWA against Naive2: ratios of means over the same series; NaN without Naive2."""
    if REFERENCE not in smape:
        return math.nan
    ratios = [
        _mean(table[model]) / _mean(table[REFERENCE]) if _mean(table[REFERENCE]) > 0 else math.nan
        for table in (smape, mase)
    ]
    return sum(ratios) / 2


def _mean(values: FloatArray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else math.nan


def stability_of(arenas: Sequence[Arena], origins: Sequence[int], model: str) -> float:
    """Return the mean change of the median for one target from an origin to the next / mean |y|.

    NaN where windows do not overlap.
    """
    moved, size, count = 0.0, 0.0, 0
    for (one, start), (two, later) in zip(
        zip(arenas, origins, strict=True), zip(arenas[1:], origins[1:], strict=True), strict=False
    ):
        shift = later - start
        if shift >= one.horizon or model not in one.quantiles or model not in two.quantiles:
            continue
        place = {name: row for row, name in enumerate(two.ids)}
        rows = [(i, place[name]) for i, name in enumerate(one.ids) if name in place]
        if not rows:
            continue
        mine, next_ = (np.array(part) for part in zip(*rows, strict=True))
        before = one.points(model)[mine][:, shift:]
        after = two.points(model)[next_][:, : one.horizon - shift]
        width = min(before.shape[1], after.shape[1])
        moved += float(np.abs(before[:, :width] - after[:, :width]).sum())
        size += float(np.abs(one.truth[mine][:, shift : shift + width]).sum())
        count += 1
    return moved / size if count and size > 0 else math.nan
