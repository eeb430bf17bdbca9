"""The starter that `seamline forecaster new` writes: a whole forecaster that passes every check."""

import re
from pathlib import Path

from seamline_broker.errors import ConfigError

_STARTER = '''"""{name}: the time to come looks like the same place in the last seasons."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from seamline_platform.demand.frame import forecast_table, panel_of

SEASONS = 8  # try another number


class {name}:
    """Quantiles of what the same weekday (hour, month, ..) brought in its last seasons."""

    def __init__(self, season_length: int | None = None) -> None:
        # Handed in by whoever loads it, if named here: season_length, threads, seed.
        self.season_length = season_length

    def forecast(self, history: pa.Table, horizon: int, quantiles: Sequence[float]) -> pa.Table:
        """Return unique_id, ds, quantile, value for `horizon` periods after the last with a y."""
        panel = panel_of(history)  # refuses duplicates and mixed frequencies
        season = self.season_length or panel.freq.season_length
        # (series, periods), corrected for stock-outs; NaN where nothing is known.
        demand = panel.demand()
        values = np.zeros((len(panel.ids), horizon, len(quantiles)))
        for step in range(horizon):
            first = (panel.periods + step) % season  # the same place in the season
            same = demand[:, first::season][:, -SEASONS:]
            for i, past in enumerate(same):
                known = past[~np.isnan(past)]
                if not len(known):  # a young series: all it has
                    known = demand[i][~np.isnan(demand[i])]
                if len(known):  # else nothing at all is known: it stays at zero
                    values[i, step] = np.quantile(known, quantiles)
        return forecast_table(panel.ids, panel.next_period, quantiles, values, panel.freq)
'''


def write_starter(name: str, folder: Path) -> Path:
    """Write `name.py` (in small letters) with a class `name` into `folder`; return its path.

    Raises:
        ConfigError: if `name` is no class name, or the file is there already.
    """
    return write_class(_STARTER, name, folder)


def write_class(template: str, name: str, folder: Path) -> Path:
    """Write a file of a template with `{name}` in it; return its path.

    Raises:
        ConfigError: if `name` is no class name, or the file is there already.
    """
    if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", name):
        raise ConfigError(
            f"{name!r} is no name for a class; allowed: letters and digits, the first a capital, "
            "as in MyOwn."
        )
    path = folder / f"{re.sub(r'(?<=[a-z0-9])(?=[A-Z])', '_', name).lower()}.py"
    if path.exists():
        raise ConfigError(f"{path} is there already; choose another name or folder.")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(template.format(name=name), encoding="utf-8")
    return path
