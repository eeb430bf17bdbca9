"""What pictures of a task need of its forecasts: a few series with their fans, and calibration."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seamline_platform.demand.frame import FloatArray
from seamline_platform.experiments.forecasting.contract import Forecasted, Window

EXAMPLES: Final = 3
"""Series of a task that are drawn."""
_BEFORE: Final = 3
"""Horizons of history that a picture shows."""

Pair = tuple[tuple[float, ...], tuple[float, ...]]


def example_names(window: Window, count: int = EXAMPLES) -> tuple[str, ...]:
    """Return the series that are drawn: the first by hash of name, so that nobody picks them."""
    names = pc.unique(window.truth["unique_id"]).to_pylist()
    return tuple(sorted(names, key=lambda name: hashlib.sha256(str(name).encode()).digest()))[
        :count
    ]


def examples_of(window: Window) -> Mapping[str, Pair]:
    """Return per drawn series the last values known at the origin, and what came after."""
    keep = _BEFORE * window.horizon
    known = window.history.filter(pc.is_valid(window.history["y"]))
    return {
        name: (_values(known, name, "y")[-keep:], _values(window.truth, name, "y"))
        for name in example_names(window)
    }


def fans_of(window: Window, forecast: Forecasted) -> Mapping[str, tuple[tuple[float, ...], ...]]:
    """Return per drawn series one row of forecasts per quantile level; empty if there are none."""
    table = forecast.table
    if table is None:
        return {}
    levels = sorted(pc.unique(table["quantile"]).to_pylist())
    found = {}
    for name in example_names(window):
        rows = table.filter(pc.equal(table["unique_id"], name))
        found[name] = tuple(
            _values(rows.filter(pc.equal(rows["quantile"], level)), name, "value")
            for level in levels
        )
    return found


def calibration_of(
    windows: Sequence[Window], forecasts: Sequence[Forecasted]
) -> tuple[tuple[float, float, float], ...]:
    """Return per level the shares of truth strictly below the forecast, and at or below it.

    With counts the two differ: a forecast is calibrated at a level that lies between them. Truth
    that is empty is left out.
    """
    below: dict[float, float] = {}
    at_most: dict[float, float] = {}
    seen: dict[float, int] = {}
    truths = {window.index: window.truth for window in windows}
    for forecast in forecasts:
        if forecast.table is None:
            continue
        levels, values, came = _matched(forecast.table, truths[forecast.window])
        for level in np.unique(levels):
            there = levels == level
            key = float(level)
            below[key] = below.get(key, 0.0) + float((came[there] < values[there]).sum())
            at_most[key] = at_most.get(key, 0.0) + float((came[there] <= values[there]).sum())
            seen[key] = seen.get(key, 0) + int(there.sum())
    return tuple((k, below[k] / seen[k], at_most[k] / seen[k]) for k in sorted(seen) if seen[k])


def _matched(table: pa.Table, truth: pa.Table) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return level, forecast and truth of every row of a forecast that has a truth."""
    keys = ["unique_id", "ds"]
    joined = table.select([*keys, "quantile", "value"]).join(
        truth.select([*keys, "y"]).filter(pc.is_valid(truth["y"])), keys, join_type="inner"
    )
    level, value, y = (joined[name].to_numpy() for name in ("quantile", "value", "y"))
    return level, value, y


def _values(table: pa.Table, name: str, column: str) -> tuple[float, ...]:
    rows = table.filter(pc.equal(table["unique_id"], name)).sort_by("ds")
    return tuple(float("nan") if v is None else float(v) for v in rows[column].to_pylist())
