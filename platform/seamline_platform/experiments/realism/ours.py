"""Series of the generated market, at three levels of its hierarchy and three frequencies."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from seamline_platform.experiments.realism.features import Floats
from seamline_platform.experiments.realism.sources import MIN_LENGTH
from seamline_sim import load_scenario
from seamline_sim.market import Market

LEVELS: Final = ("sku-region daily", "style daily", "style weekly", "sku-region monthly")
"""What each frequency is compared at: see `level_for`."""
_MONTH: Final = 28

Cells = Mapping[tuple[str, str, str], Floats]
"""Pieces wanted by day of each (style, SKU, region)."""


def level_for(frequency: str) -> str:
    """Return the level at which real series of a frequency are met."""
    return {"daily": "sku-region daily", "weekly": "style weekly"}.get(
        frequency, "sku-region monthly"
    )


def draw_cells(scenario: str | Path, seed: int, days: int) -> Cells:
    """Return what customers of a scenario's market want in `days` days.

    Raises:
        ConfigError: if the scenario is unknown.
    """
    loaded = load_scenario(scenario)
    market = Market(loaded, seed)
    cells: dict[tuple[str, str, str], Floats] = {}
    for style, record in market.collection.styles.items():
        for region in loaded.regions:
            table = {sku: np.zeros(days) for sku in record.skus()}
            for day in range(days):
                for sku, pieces in market.sku_demand(region.id, style, day):
                    table[sku][day] = pieces
            cells |= {(style, sku, region.id): values for sku, values in table.items()}
    return cells


def series_of(cells: Cells, level: str) -> tuple[Floats, ...]:
    """Return the series of a level, each from its first to its last sale."""
    unit, frequency = level.split()
    grouped: dict[tuple[str, ...], Floats] = {}
    for (style, sku, region), values in cells.items():
        key = (style,) if unit == "style" else (sku, region)
        grouped[key] = grouped[key] + values if key in grouped else values
    step = {"daily": 1, "weekly": 7, "monthly": _MONTH}[frequency]
    made = [_spaced(values, step) for values in grouped.values()]
    return tuple(y for y in made if len(y) >= MIN_LENGTH and y.any())


def _spaced(values: Floats, step: int) -> Floats:
    sold = np.flatnonzero(values)
    if not len(sold):
        return values[:0]
    first, last = int(sold[0]), int(sold[-1]) + 1
    life = values[first : first + (last - first) // step * step]
    summed: Floats = life.reshape(-1, step).sum(axis=1)
    return summed
