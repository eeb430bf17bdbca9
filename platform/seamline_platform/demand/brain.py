"""DemandBrain: several forecasters, each listened to by what it was worth on the last periods."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from seamline_platform.demand.council import (
    ASKED,
    Local,
    Member,
    Moment,
    Registered,
    Styles,
    Voice,
    heard,
)
from seamline_platform.demand.frame import FloatArray, IntArray, Panel, forecast_table, panel_of
from seamline_platform.demand.holdout import Holdout, hold_out
from seamline_platform.demand.newstyle import cumulative_table

MOST_LOCAL: Final = 300
LOCAL_MODEL: Final = "DynamicOptimizedTheta"
_YOUNG: Final = 56
"""Periods since a series' first sale below which it is young."""
_SHARPNESS: Final = 20.0
"""A member whose loss is 5 % above the best one's counts e^-1 of it."""
_LEAST_WEIGHT: Final = 0.05
_LEAST_PERIODS: Final = 28


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a member says of some series, and how much it counts: weights (series,)."""

    voice: Voice
    weight: FloatArray


class DemandBrain:
    """Weighs the style model, a global boosting model, local models and seasonal naive.

    The last periods, as many as are asked for, are held back first: every member forecasts them
    from what was known before, and counts with exp(-20 (loss / best loss - 1)), its pinball loss
    over the series of its class (young or not, slow or fast). Then all forecast from the end of the
    history; quantiles are averaged level by level. A member that raises, or whose library is not
    installed, is left out.

    Local models speak of the 300 series that sold most alone, whose cost would not be worth it for
    the others. Sums over a lead time are averaged over members' own sums.
    """

    def __init__(
        self, season_length: int = 0, threads: int = 1, seed: int = 7, most_local: int = MOST_LOCAL
    ) -> None:
        """Take the season (0: that of the frequency), threads, seed, and most local series.

        Raises:
            ValueError: if the number of local series is negative.
        """
        if most_local < 0:
            raise ValueError(f"The number of local series is not negative: {most_local}.")
        self._season_length, self._seed, self._most_local = season_length, seed, most_local
        self._options: dict[str, object] = {"threads": threads, "seed": seed}
        if season_length:
            self._options["season_length"] = season_length
        self._asked: tuple[pa.Table, int, list[Opinion]] | None = None

    def forecast(self, history: pa.Table, horizon: int, quantiles: Sequence[float]) -> pa.Table:
        """Return the forecast as the long table `unique_id, ds, quantile, value`.

        Raises:
            ValueError: if the history has nothing to learn from, or no member had anything to say.
        """
        panel = panel_of(history)
        opinions = self.opinions(history, panel, horizon)
        values = np.zeros((len(panel.ids), horizon, len(quantiles)))
        for opinion in opinions:
            said = opinion.voice.days(quantiles)
            values[opinion.voice.series] += opinion.weight[:, None, None] * said
        values = np.sort(values, axis=2)[:, :, np.argsort(np.argsort(quantiles))]
        return forecast_table(panel.ids, panel.next_period, quantiles, values, panel.freq)

    def cumulative(
        self, history: pa.Table, steps: Sequence[int], quantiles: Sequence[float]
    ) -> pa.Table:
        """Return quantiles of sums over the first `steps` periods.

        Raises:
            ValueError: as `forecast`, or if a step is below 1.
        """
        if not steps or min(steps) < 1:
            raise ValueError(f"Steps are whole numbers of periods from 1 on, not {list(steps)}.")
        panel = panel_of(history)
        opinions = self.opinions(history, panel, max(steps))
        values = np.zeros((len(panel.ids), len(steps), len(quantiles)))
        for opinion in opinions:
            said = opinion.voice.sums(steps, quantiles)
            values[opinion.voice.series] += opinion.weight[:, None, None] * said
        return cumulative_table(panel.ids, steps, quantiles, values)

    def opinions(self, history: pa.Table, panel: Panel, horizon: int) -> list[Opinion]:
        """Return what members say at the end of the history, with their weights.

        They add up to one for every series. A second question on the same history is answered from
        the first.

        Raises:
            ValueError: if no member had anything to say.
        """
        if self._asked and self._asked[0] is history and self._asked[1] >= horizon:
            return self._asked[2]
        members = self._members()
        past = hold_out(history, panel, horizon) if _long_enough(panel, horizon) else None
        losses = self._judge(members, past, panel, horizon)
        now = Moment(history, panel, horizon)
        voices = [
            heard(member, now) if losses[i] is not None else None
            for i, member in enumerate(members)
        ]
        opinions = weighed(voices, losses, classes(panel))
        if not opinions:
            raise ValueError("No member of the demand brain can forecast this history.")
        self._asked = (history, horizon, opinions)
        return opinions

    def _members(self) -> list[Member]:
        members: list[Member] = [
            Styles(self._seed),
            Registered("HistGradientBoosting", self._options),
            Registered("SeasonalNaive", self._options),
        ]
        if self._most_local:
            members.append(Local(LOCAL_MODEL, self._most_local, self._options))
        return members

    def _judge(
        self,
        members: Sequence[Member],
        past: Holdout | None,
        panel: Panel,
        horizon: int,
    ) -> list[FloatArray | None]:
        """Return each member's loss by class of series; None for a member that was silent.

        Without a past to judge by, all have the same loss but seasonal naive, which is for want of
        others.
        """
        count = int(classes(panel).max(initial=0)) + 1
        if past is None:
            return [np.full(count, 2.0 if m.name == "SeasonalNaive" else 1.0) for m in members]
        moment = Moment(past.history, past.panel, horizon)
        result: list[FloatArray | None] = []
        for member in members:
            voice = heard(member, moment)
            result.append(None if voice is None else _loss(voice, past, panel, count))
        return result


def _long_enough(panel: Panel, horizon: int) -> bool:
    return panel.periods >= horizon + max(_LEAST_PERIODS if panel.freq.name == "D" else 8, horizon)


def classes(panel: Panel) -> IntArray:
    """Return each series' class: 0 slow, 1 fast, 2 young (first sale less than 8 weeks ago)."""
    known = ~np.isnan(panel.y)
    age = known.sum(axis=1)
    total = np.where(known, panel.y, 0.0).sum(axis=1)
    fast = total > np.maximum(age, 1)
    young = (age < _YOUNG) & (panel.periods > _YOUNG)
    return np.where(young, 2, fast.astype(np.int64)).astype(np.int64)


def _loss(voice: Voice, past: Holdout, panel: Panel, count: int) -> FloatArray:
    """Return the mean pinball loss by class, each series on the scale of its own mean."""
    actual = past.actual[voice.series]
    said = voice.days(ASKED)
    seen = ~np.isnan(actual)
    error = np.where(seen, actual, 0.0)[:, :, None] - said
    level = np.asarray(ASKED)
    pinball = np.maximum(level * error, (level - 1) * error).mean(axis=2)
    scale = _scale(panel)[voice.series]
    by_series = np.where(seen, pinball, 0.0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1) / scale
    told = seen.any(axis=1)
    group = classes(panel)[voice.series]
    result = np.full(count, np.nan)
    for i in range(count):
        rows = told & (group == i)
        if rows.any():
            result[i] = by_series[rows].mean()
    overall = by_series[told].mean() if told.any() else 1.0
    return np.where(np.isnan(result), overall, result)


def _scale(panel: Panel) -> FloatArray:
    known = ~np.isnan(panel.y)
    total = np.where(known, np.abs(panel.y), 0.0).sum(axis=1)
    mean: FloatArray = total / np.maximum(known.sum(axis=1), 1)
    return np.maximum(mean, 0.05 if mean.max(initial=0.0) > 0.05 else 1e-9)


def weighed(
    voices: Sequence[Voice | None], losses: Sequence[FloatArray | None], group: IntArray
) -> list[Opinion]:
    """Return the voices with weights that add up to one for every series.

    Losses are compared within a class among the members that speak of a series. Members below 5 %
    fall silent.
    """
    heard_of = [(v, loss) for v, loss in zip(voices, losses, strict=True)
                if v is not None and loss is not None]  # fmt: skip
    table = np.full((len(heard_of), len(group)), np.inf)
    for i, (voice, loss) in enumerate(heard_of):
        table[i, voice.series] = loss[group[voice.series]]
    best = table.min(axis=0, initial=np.inf)
    ratio = table / np.maximum(best, 1e-12)
    weight = np.exp(-_SHARPNESS * (ratio - 1.0))
    weight = np.where(weight >= _LEAST_WEIGHT, weight, 0.0)
    weight = weight / np.maximum(weight.sum(axis=0), 1e-12)
    return [
        Opinion(voice, weight[i, voice.series])
        for i, (voice, _) in enumerate(heard_of)
        if weight[i].any()
    ]
