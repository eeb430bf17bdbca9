"""Reconciled: a base model's forecasts of series and of their sums, made to agree."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from seamline_platform.demand.frame import (
    FloatArray,
    Panel,
    forecast_table,
    grid_of,
    panel_of,
)
from seamline_platform.demand.leadtime import moments
from seamline_platform.demand.mintrace import METHODS, Hierarchy, Method, hierarchy_of, reconciled
from seamline_platform.demand.protocol import load_forecaster
from seamline_platform.demand.stylemap import style_map

KINDS: Final = (
    (),
    ("category",),
    ("region",),
    ("category", "region"),
    ("style",),
    ("style", "colour"),
    ("style", "size"),
    ("style", "region"),
)
"""Sums that are forecast, where the frame tells them apart; () is the sum of all."""
_ERROR_SEASONS: Final = 12
_LEVELS: Final = (0.1, 0.3, 0.5, 0.7, 0.9)


class Reconciled:
    """Forecasts series and sums by a base model, and makes the means agree (see `mintrace`).

    Means are reconciled. The quantiles of a series keep their shape: they are scaled by what its
    mean was changed by, so that a count stays above zero; where the base mean is not above zero, or
    sales may be negative, they are shifted instead. Means that come out below zero are set to zero
    where the history has nothing below zero, and sums follow the series.

    The weights of `wls_var` and `mint_shrink` come from seasonal differences of the history, the
    errors of the plainest forecast: they cost nothing and tell how nodes scatter together.
    """

    def __init__(
        self,
        base: str = "SES",
        method: Method = "mint_shrink",
        kinds: Sequence[Sequence[str]] = KINDS,
        season_length: int = 0,
        threads: int = 1,
        seed: int = 7,
    ) -> None:
        """Take the base model's name, the method, and which static columns are summed over.

        Raises:
            ValueError: if there is no such method.
        """
        if method not in METHODS:
            raise ValueError(f"Unknown method {method!r}; there are {', '.join(METHODS)}.")
        self._base, self._method, self._kinds = base, method, kinds
        self._season_length = season_length
        self._options: dict[str, object] = {"threads": threads, "seed": seed}
        if season_length:
            self._options["season_length"] = season_length

    def forecast(self, history: pa.Table, horizon: int, quantiles: Sequence[float]) -> pa.Table:
        """Return the forecast as the long table `unique_id, ds, quantile, value`.

        Raises:
            ValueError: if the history has nothing to learn from.
            PluginError: if the base model cannot be made.
        """
        panel = panel_of(history)
        hierarchy = self.hierarchy(panel)
        levels = sorted({*quantiles, *_LEVELS})
        base = self._base_quantiles(panel, hierarchy, horizon, levels)
        mean = moments(levels, base)[0]
        floor = 0.0 if not np.nanmin(panel.y) < 0 else -np.inf
        coherent = self.coherent(panel, hierarchy, mean)
        above = len(hierarchy.names)
        chosen = [levels.index(q) for q in quantiles]
        moved = _moved(base[above:], mean[above:], coherent[above:], floor)[..., chosen]
        return forecast_table(panel.ids, panel.next_period, quantiles, moved, panel.freq)

    def hierarchy(self, panel: Panel) -> Hierarchy:
        """Return the sums over the panel's series that its static columns (or names) tell of."""
        columns = _columns(panel)
        labels = [
            ["/".join(parts) or "all" for parts in zip(*(columns[k] for k in kind), strict=True)]
            if kind
            else ["all"] * len(panel.ids)
            for kind in self._kinds
            if all(name in columns for name in kind)
        ]
        return hierarchy_of(labels or [["all"] * len(panel.ids)])

    def coherent(self, panel: Panel, hierarchy: Hierarchy, mean: FloatArray) -> FloatArray:
        """Return means of all nodes (sums first) that add up, none below zero where none was."""
        errors = None
        if self._method in ("wls_var", "mint_shrink"):
            errors = _errors(hierarchy.with_sums(_filled(panel)), self._season(panel))
        method: Method = self._method
        if errors is not None and errors.shape[1] < 2:
            method = "wls_struct"  # too short a history to tell how errors scatter
        together = reconciled(hierarchy, mean, method, errors)
        bottom = together[len(hierarchy.names) :]
        if not np.nanmin(panel.y) < 0:
            bottom = np.maximum(bottom, 0.0)
        return hierarchy.with_sums(bottom)

    def _season(self, panel: Panel) -> int:
        return self._season_length or panel.freq.season_length

    def _base_quantiles(
        self, panel: Panel, hierarchy: Hierarchy, horizon: int, levels: Sequence[float]
    ) -> FloatArray:
        """Return base quantiles (nodes, horizon, levels), sums first."""
        sums = np.asarray(hierarchy.sums @ _filled(panel))
        table = _table(panel, np.concatenate([sums, panel.y]), len(sums))
        made = load_forecaster(self._base, **self._options).forecast(table, horizon, levels)
        return grid_of(made, panel.freq).values


def _columns(panel: Panel) -> Mapping[str, Sequence[str]]:
    """Return labels of series by column: static ones, and what names of articles tell."""
    styles = style_map(panel)
    columns: dict[str, Sequence[str]] = dict(panel.static)
    columns.setdefault("style", [styles.names[i] for i in styles.of])
    for name in ("colour", "size", "region"):
        columns.setdefault(name, getattr(styles, name))
    return columns


def _filled(panel: Panel) -> FloatArray:
    """Return demand without holes: the series' own mean where a stock-out hid it, 0 before it."""
    demand = panel.demand()
    known = ~np.isnan(demand)
    total = np.where(known, demand, 0.0).sum(axis=1)
    mean = total / np.maximum(known.sum(axis=1), 1)
    begun = np.logical_or.accumulate(~np.isnan(panel.y), axis=1)
    return np.where(known, demand, np.where(begun, mean[:, None], 0.0))


def _errors(values: FloatArray, season: int) -> FloatArray:
    """Return differences to one season before, of the last twelve seasons."""
    season = min(season, max(values.shape[1] - 2, 1))
    recent = values[:, -(_ERROR_SEASONS + 1) * max(season, 4) :]
    result: FloatArray = recent[:, season:] - recent[:, :-season]
    return result


def _table(panel: Panel, values: FloatArray, above: int) -> pa.Table:
    """Return all nodes as a long frame; names keep their order when sorted."""
    width = len(str(len(values)))
    names = pa.array([f"node-{i:0{width}d}" for i in range(len(values))])
    out = np.concatenate([np.zeros((above, panel.periods)), panel.out_share])
    begun = np.logical_or.accumulate(~np.isnan(values), axis=1)
    begun[~begun.any(axis=1)] = True  # a series without a sale: empty rows keep it in the frame
    row, column = np.nonzero(begun)
    ds = panel.freq.ds(np.arange(panel.start, panel.next_period))
    y = values[row, column]
    return pa.table(
        {
            "unique_id": names.take(pa.array(row)),
            "ds": ds.take(pa.array(column)),
            "y": pa.array(y, mask=np.isnan(y)),
            "stockout_min": pa.array(out[row, column] * panel.freq.minutes),
        }
    )


def _moved(quantiles: FloatArray, mean: FloatArray, target: FloatArray, floor: float) -> FloatArray:
    """Return quantiles whose mean went from `mean` to `target`: scaled, or shifted."""
    scale = (mean > 1e-9) & (target >= 0) & (quantiles.min(axis=2) >= 0)
    factor = np.where(scale, target / np.where(scale, mean, 1.0), 1.0)
    shift = np.where(scale, 0.0, target - mean)
    result: FloatArray = np.maximum(quantiles * factor[..., None] + shift[..., None], floor)
    return result
