"""One window as arrays: what came, and what every model said of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seamline_platform.demand.frame import FloatArray, grid_of
from seamline_platform.demand.leadtime import moments
from seamline_platform.experiments.forecasting.contract import Forecasted, Window


@dataclass(frozen=True, slots=True)
class Arena:
    """Truth (series, periods) and quantiles (series, periods, levels) by model, series by name."""

    ids: tuple[str, ...]
    truth: FloatArray
    levels: tuple[float, ...]
    quantiles: Mapping[str, FloatArray]
    train: pa.Table
    """`unique_id, ds, y` known at the origin, of these series, in order of series and time."""

    @property
    def horizon(self) -> int:
        """Return the periods that are forecast."""
        return int(self.truth.shape[1])

    def points(self, model: str) -> FloatArray:
        """Return a model's medians (series, periods)."""
        return self.quantiles[model][:, :, self.levels.index(0.5)]

    def means(self, model: str, nonnegative: bool) -> FloatArray:
        """Return a model's means (series, periods), from its quantiles.

        Where values may be negative the quantile function is straight between levels and flat
        outside; else as in `seamline_platform.demand.leadtime`.
        """
        values = self.quantiles[model]
        if nonnegative:
            return moments(self.levels, values)[0]
        edges = np.array([0.0, *self.levels, 1.0])
        padded = np.concatenate([values[..., :1], values, values[..., -1:]], axis=2)
        middle = (padded[..., 1:] + padded[..., :-1]) / 2
        mean: FloatArray = (middle * np.diff(edges)).sum(axis=2)
        return mean


def arena_of(window: Window, forecasts: Sequence[Forecasted]) -> Arena:
    """Return a window with the models that have a forecast there.

    Raises:
        ValueError: if a forecast lacks a series that is scored, or its levels differ.
    """
    truth = window.truth.sort_by([("unique_id", "ascending"), ("ds", "ascending")])
    ids = tuple(pc.unique(truth["unique_id"]).to_pylist())
    came = truth["y"].to_numpy().astype(np.float64).reshape(len(ids), window.horizon)
    levels: tuple[float, ...] = ()
    said: dict[str, FloatArray] = {}
    for forecast in forecasts:
        if forecast.table is None:
            continue
        grid = grid_of(forecast.table)
        if levels and grid.quantiles != levels:
            raise ValueError(f"{forecast.model} has levels {grid.quantiles}, others {levels}.")
        levels = grid.quantiles
        place = {name: row for row, name in enumerate(grid.ids)}
        lacking = [name for name in ids if name not in place]
        if lacking:
            raise ValueError(f"{forecast.model} says nothing of series {lacking[0]!r}.")
        said[forecast.model] = grid.values[[place[name] for name in ids]]
    known = window.history.filter(pc.is_valid(window.history["y"]))
    mine = pc.is_in(known["unique_id"], value_set=pa.array(ids, pa.string()))
    train = known.filter(mine).select(["unique_id", "ds", "y"])
    return Arena(ids, came, levels, said, train)
