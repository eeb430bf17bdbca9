"""Combination: several models weighed by how they did at earlier origins of the same history."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa

from seamline_broker.errors import PluginError
from seamline_platform.demand.conformal import scale_of
from seamline_platform.demand.frame import FloatArray, Panel, forecast_table, grid_of, panel_of
from seamline_platform.demand.gradient_boosting import is_counts
from seamline_platform.demand.members import GLOBAL, cast, default_members, local_memory
from seamline_platform.demand.origins import history_until, known_after, spread_out
from seamline_platform.demand.protocol import Forecaster, check_forecast, load_forecaster
from seamline_platform.demand.seasonality import cycles_of
from seamline_platform.demand.weighing import inverse_loss_weights, mean_loss, width_factors

log = logging.getLogger(__name__)

LEAST_SEASONS: Final = 2
"""Seasons that have to lie before an origin at which members are compared."""
LEAST_PERIODS: Final = 12
_OWN_QUANTILES: Final = frozenset({GLOBAL, "TSB", "SBA", "SES", "SeasonalNaive", "Naive"})
"""Members whose own quantiles are used: of others only the median is asked, which is cheap."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """What was found out on one history: weights, stretch of the quantiles, and notes in words."""

    weights: Mapping[str, float]
    losses: Mapping[str, float]
    """Scaled loss of each member at the earlier origins; empty if there were none."""
    widths: FloatArray
    """Factor for each level's distance from the median."""
    notes: tuple[str, ...]


@dataclass(slots=True)
class _Trial:
    """One earlier origin: each member's values (series, periods, levels), what came, the scale."""

    values: dict[str, FloatArray]
    truth: FloatArray
    scale: FloatArray
    notes: list[str] = field(default_factory=list)


class Combination:
    """A weighted mean of a global and several local models, weighed at earlier origins.

    Who takes part depends on the kind of data (`members.default_members`) and on a budget of CPU
    seconds. All members forecast up to `origins` earlier origins, one horizon apart, of at most
    `sample` series; the global model learns there from all series, but from nothing later. Weights
    fall with the loss (`weighing.inverse_loss_weights`): absolute error of the median, for counts
    the pinball loss over all levels. Without an earlier origin all count alike. So nothing but the
    history up to the origin is used.

    Quantiles: for counts the weighted mean of the members' quantiles, rounded to whole pieces. Else
    the weighted mean of the medians, and around it the global model's quantiles, stretched so that
    intervals would have held what they promise at the earlier origins. A member that fails is left
    out and named in `notes`. `weighed` says what was found, after a forecast.
    """

    def __init__(
        self,
        members: Sequence[str] = (),
        origins: int = 2,
        sample: int = 150,
        budget_s: float = 60.0,
        season_length: int = 0,
        threads: int = 1,
        seed: int = 7,
    ) -> None:
        """Take members (none: by kind of data), how to weigh, budget, season, threads and seed."""
        if origins < 0 or sample < 1 or budget_s <= 0:
            raise ValueError(
                "Combination takes origins >= 0, sample >= 1 and budget_s > 0, "
                f"not {origins}, {sample} and {budget_s}."
            )
        self._members = tuple(members)
        self._origins, self._sample, self._budget_s = origins, sample, budget_s
        self._options = {"threads": threads, "seed": seed}
        self._season = season_length
        self._kept: tuple[int, tuple[float, ...], Weighed, Forecaster] | None = None
        self.weighed: Weighed | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """Return in words what was left out in the last forecast, and why."""
        return self.weighed.notes if self.weighed else ()

    def fit(self, history: pa.Table, horizon: int, quantiles: Sequence[float]) -> None:
        """Weigh the members, and teach the global one; `forecast` of the same shape uses both.

        Raises:
            PluginError: if no member can forecast this history.
        """
        panel = panel_of(history)
        levels = tuple(quantiles)
        weighed = self._weigh(history, panel, horizon, levels)
        taught = self._loaded(GLOBAL, panel)
        if weighed.weights.get(GLOBAL) or not is_counts(panel):
            try:
                taught.fit(history, horizon, levels)  # type: ignore[attr-defined]  # ours has fit
            except ValueError as exc:
                log.info("combination_member_untaught model=%s: %s", GLOBAL, exc)
        self._kept = (horizon, levels, weighed, taught)

    def forecast(self, history: pa.Table, horizon: int, quantiles: Sequence[float]) -> pa.Table:
        """Return the forecast as the long table `unique_id, ds, quantile, value`.

        Raises:
            PluginError: if no member can forecast this history.
        """
        panel = panel_of(history)
        levels = tuple(quantiles)
        if self._kept and self._kept[:2] == (horizon, levels):
            weighed, taught = self._kept[2:]
        else:
            weighed = self._weigh(history, panel, horizon, levels)
            taught = self._loaded(GLOBAL, panel)
        self.weighed = weighed
        values = self._combined(history, panel, horizon, levels, taught)
        if not (panel.y < 0).any():
            values = np.maximum(values, 0.0)
        rising = np.argsort(levels)
        values[:, :, rising] = np.sort(values, axis=2)
        return forecast_table(panel.ids, panel.next_period, levels, values, panel.freq)

    def _weigh(
        self, history: pa.Table, panel: Panel, horizon: int, levels: tuple[float, ...]
    ) -> Weighed:
        """Return weights and widths from trials at earlier origins."""
        season = self._season_of(panel)
        chosen = cast(
            self._members or default_members(panel, season), panel, season, self._budget_s
        )
        notes = list(chosen.notes)
        trials = self._trials(history, panel, horizon, levels, chosen.names, season)
        for trial in trials:
            notes += [note for note in trial.notes if note not in notes]
        counts = is_counts(panel)
        losses = _losses(trials, chosen.names, levels, counts)
        if losses:
            weights = inverse_loss_weights(losses)
        else:
            notes.append("The history has no earlier origin to weigh at: all members count alike.")
            weights = {name: 1.0 / len(chosen.names) for name in chosen.names}
        widths = np.ones(len(levels)) if counts else _widths(trials, weights, levels)
        for note in notes:
            log.info("combination_note %s", note)
        return Weighed(weights, losses, widths, tuple(notes))

    def _trials(
        self,
        history: pa.Table,
        panel: Panel,
        horizon: int,
        levels: tuple[float, ...],
        names: Sequence[str],
        season: int,
    ) -> list[_Trial]:
        """Return what each member would have said at earlier origins."""
        sample = spread_out(panel.ids, self._sample)
        memory = local_memory(season)
        trials = []
        for back in range(self._origins, 0, -1):
            origin = panel.next_period - back * horizon
            if origin - panel.start < max(LEAST_SEASONS * season, horizon, LEAST_PERIODS):
                continue
            everything = history_until(history, panel.freq, origin, horizon)
            some = history_until(history, panel.freq, origin, horizon, sample)
            recent = history_until(history, panel.freq, origin, horizon, sample, memory)
            past = panel_of(some, panel.freq)
            trial = _Trial({}, known_after(panel, past, horizon), scale_of(past, season))
            for name in names:
                model = self._loaded(name, panel)
                try:
                    if name == GLOBAL:
                        model.fit(everything, horizon, levels)  # type: ignore[attr-defined]  # ours
                    table = some if name == GLOBAL else recent
                    trial.values[name] = _asked(model, name, table, past.ids, horizon, levels)
                except (ValueError, PluginError) as exc:
                    trial.notes.append(f"{name} left out: {exc}")
            trials.append(trial)
        return [trial for trial in trials if trial.values]

    def _combined(
        self,
        history: pa.Table,
        panel: Panel,
        horizon: int,
        levels: tuple[float, ...],
        taught: Forecaster,
    ) -> FloatArray:
        """Return (series, periods, levels) of all members together, in the order of `levels`."""
        weighed = self.weighed
        if weighed is None:
            raise ValueError("Weigh the members first.")
        recent = history_until(
            history, panel.freq, panel.next_period, horizon, None, local_memory(
                self._season_of(panel)
            )
        )  # fmt: skip
        counts = is_counts(panel)
        wanted = dict(weighed.weights)
        if not counts:
            wanted.setdefault(GLOBAL, 0.0)  # its quantiles are the shape of the combination's
        values: dict[str, FloatArray] = {}
        for name in wanted:
            model = taught if name == GLOBAL else self._loaded(name, panel)
            table = history if name == GLOBAL else recent
            try:
                values[name] = _asked(model, name, table, panel.ids, horizon, levels)
            except (ValueError, PluginError) as exc:
                note = f"{name} left out: {exc}"
                self.weighed = weighed = Weighed(
                    weighed.weights, weighed.losses, weighed.widths, (*weighed.notes, note)
                )
        weights = _shared_out(weighed.weights, values)
        if counts:
            return np.round(_mean(values, weights))
        return _around(_median(values, weights, levels), values, weights, levels, weighed.widths)

    def _loaded(self, name: str, panel: Panel) -> Forecaster:
        options: dict[str, object] = dict(self._options)
        if self._season > 0:
            options["season_length"] = self._season
        elif name != GLOBAL:
            options["season_length"] = self._season_of(panel)
        return load_forecaster(name, **options)

    def _season_of(self, panel: Panel) -> int:
        """Return the season of local members: what is known, else the shortest cycle found."""
        if self._season > 0:
            return self._season
        return next(iter(cycles_of(panel)), 1)


def _asked(
    model: Forecaster,
    name: str,
    history: pa.Table,
    ids: Sequence[str],
    horizon: int,
    levels: tuple[float, ...],
) -> FloatArray:
    """Return (series, periods, levels) in the order of `levels`; of some members all the median.

    Series that the history does not hold (nothing known of them lately) get zeros.
    """
    asked = levels if name in _OWN_QUANTILES else (0.5,)
    panel = panel_of(history)
    grid = grid_of(check_forecast(model.forecast(history, horizon, asked), panel, horizon, asked),
                   panel.freq)  # fmt: skip
    place = {series: i for i, series in enumerate(grid.ids)}
    values = np.zeros((len(ids), horizon, len(levels)))
    rows = [i for i, series in enumerate(ids) if series in place]
    found = grid.values[[place[ids[i]] for i in rows]]
    if asked is levels:
        values[rows] = found[:, :, np.argsort(np.argsort(levels))]
    else:
        values[rows] = found
    return values


def _losses(
    trials: Sequence[_Trial], names: Sequence[str], levels: tuple[float, ...], counts: bool
) -> dict[str, float]:
    """Return the mean loss over trials of the members that took part in every one of them."""
    losses = {}
    for name in names:
        if not trials or not all(name in trial.values for trial in trials):
            continue
        of_trials = [
            mean_loss(trial.values[name], trial.truth, trial.scale, levels)
            if counts
            else mean_loss(
                _middle(trial.values[name], levels)[:, :, None], trial.truth, trial.scale, (0.5,)
            )
            for trial in trials
        ]
        if np.isfinite(of_trials).any():
            losses[name] = float(np.nanmean(of_trials))
    return losses


def _widths(
    trials: Sequence[_Trial], weights: Mapping[str, float], levels: tuple[float, ...]
) -> FloatArray:
    errors, deviations = [], []
    for trial in trials:
        shared = _shared_out(weights, trial.values)
        if not shared or GLOBAL not in trial.values:
            continue
        shape = trial.values[GLOBAL]
        deviation = shape - _middle(shape, levels)[:, :, None]
        errors.append((trial.truth - _median(trial.values, shared, levels)).reshape(-1))
        deviations.append(deviation.reshape(-1, len(levels)))
    if not errors:
        return np.ones(len(levels))
    return width_factors(np.concatenate(errors), np.concatenate(deviations), levels)


def _shared_out(weights: Mapping[str, float], values: Mapping[str, FloatArray]) -> dict[str, float]:
    """Return the weights of the members that are there, adding up to 1.

    Raises:
        PluginError: if none is there.
    """
    if not values:
        raise PluginError("No member of the combination can forecast this history.")
    present = {name: weight for name, weight in weights.items() if name in values and weight > 0}
    if not present:
        return {name: 1.0 / len(values) for name in values}
    total = sum(present.values())
    return {name: weight / total for name, weight in present.items()}


def _mean(values: Mapping[str, FloatArray], weights: Mapping[str, float]) -> FloatArray:
    parts = [weight * values[name] for name, weight in weights.items()]
    return np.asarray(np.sum(parts, axis=0))


def _median(
    values: Mapping[str, FloatArray], weights: Mapping[str, float], levels: tuple[float, ...]
) -> FloatArray:
    """Return (series, periods): the weighted mean of the medians."""
    parts = [weight * _middle(values[name], levels) for name, weight in weights.items()]
    return np.asarray(np.sum(parts, axis=0))


def _middle(values: FloatArray, levels: tuple[float, ...]) -> FloatArray:
    """Return the median, or what is nearest to it."""
    return values[:, :, int(np.argmin(np.abs(np.asarray(levels) - 0.5)))]


def _around(
    centre: FloatArray,
    values: Mapping[str, FloatArray],
    weights: Mapping[str, float],
    levels: tuple[float, ...],
    widths: FloatArray,
) -> FloatArray:
    """Return `centre` with the global model's stretched quantiles, else the members' own."""
    if GLOBAL in values:
        shape = values[GLOBAL]
        return centre[:, :, None] + (shape - _middle(shape, levels)[:, :, None]) * widths
    own = {name: weight for name, weight in weights.items() if name in _OWN_QUANTILES}
    if not own:
        return np.repeat(centre[:, :, None], len(levels), axis=2)
    total = sum(own.values())
    shape = _mean(values, {name: weight / total for name, weight in own.items()})
    return centre[:, :, None] + shape - _middle(shape, levels)[:, :, None]
