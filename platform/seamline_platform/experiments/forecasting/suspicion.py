"""Catches a model that knows what came without having opened a file that we hear of.

The worker forbids the data folders. What it cannot hear (a library that reads files by itself, a
table of answers inside a model) shows in another way: such a model is far better than it can be,
and only as long as it recognises the series. So a model that looks too good is asked again with
the same window in disguise: series renamed, values times four. Who forecasts from the history does
about as well; who looks answers up does not.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seamline_platform.demand.frame import FloatArray
from seamline_platform.experiments.forecasting.arena import Arena, arena_of
from seamline_platform.experiments.forecasting.contract import Forecasted, Window

FACTOR: Final = 4.0
"""Exact in binary floating point, and whole pieces stay whole."""
TOO_GOOD: Final = 0.25
"""Error against the naive reference below which a model is looked at again."""
TOO_EXACT: Final = 0.3
"""Share of values hit exactly, above the reference's, from which on it is."""
WORSE: Final = 2.0
"""Times by which a disguise may raise the error of a model that looks at the history alone."""


def looks_too_good(arena: Arena, model: str, reference: str) -> bool:
    """Return whether a model's medians are better than history alone allows for, most likely."""
    mine, base = (np.abs(arena.points(m) - arena.truth) for m in (model, reference))
    if base.sum() > 0 and mine.sum() < TOO_GOOD * base.sum():
        return True
    hits = [float((error <= 1e-9 * np.maximum(np.abs(arena.truth), 1)).mean())
            for error in (mine, base)]  # fmt: skip
    return hits[0] - hits[1] > TOO_EXACT


def disguised(window: Window) -> Window:
    """Return a window in which series have other names and sell four times as much."""
    names = sorted(set(window.history["unique_id"].to_pylist()))
    other = {name: f"series {number:07d}" for number, name in enumerate(names)}
    return replace(
        window,
        history=_disguised(window.history, other),
        truth=_disguised(window.truth, other),
    )


def _disguised(table: pa.Table, other: dict[str, str]) -> pa.Table:
    coded = table["unique_id"].combine_chunks().dictionary_encode()
    renamed = pa.array([other[name] for name in coded.dictionary.to_pylist()], pa.string())
    ids = renamed.take(coded.indices)
    table = table.set_column(table.column_names.index("unique_id"), "unique_id", ids)
    scaled = pc.multiply(table["y"], FACTOR)
    return table.set_column(table.column_names.index("y"), "y", scaled)


def verdict(window: Window, said: Forecasted, again: Callable[[Window], Forecasted]) -> str:
    """Return why a model that looks too good is taken for a leak; empty if it passes.

    `again` asks the same model in another window.
    """
    masked = disguised(window)
    second = again(masked)
    if second.table is None:
        return (
            "it is better than the history allows for, and fails when series have other names "
            f"({second.note})"
        )
    plain, other = _error(window, said), _error(masked, second) / FACTOR
    if float(other.sum()) > WORSE * float(plain.sum()):
        return (
            f"its error is {_ratio(other, plain)} times as large when the same series have other "
            "names and another scale: it knows what came"
        )
    return ""


def _error(window: Window, said: Forecasted) -> FloatArray:
    arena = arena_of(window, [said])
    error: FloatArray = np.abs(arena.points(said.model) - arena.truth)
    return error


def _ratio(other: FloatArray, plain: FloatArray) -> str:
    below = float(plain.sum())
    return f"{float(other.sum()) / below:.1f}" if below > 0 else "infinitely many"
