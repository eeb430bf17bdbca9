"""What a forecaster is: one method over the long frame; and the check that it kept its promise."""

from collections.abc import Sequence
from typing import Final, Protocol, runtime_checkable

import numpy as np
import pyarrow as pa

from seamline_broker.errors import PluginError
from seamline_platform.demand.frame import Panel, grid_of
from seamline_platform.plugins import load_plugin, plugin_names

GROUP: Final = "seamline.forecasters"
LEVELS: Final = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95)


@runtime_checkable
class Forecaster(Protocol):
    """Turns the past into quantiles of the days to come.

    Example:
        >>> class Zero:
        ...     def forecast(self, history, horizon, quantiles):
        ...         panel = panel_of(history)
        ...         values = np.zeros((len(panel.ids), horizon, len(quantiles)))
        ...         return forecast_table(panel.ids, panel.next_day, quantiles, values)
    """

    def forecast(self, history: pa.Table, horizon: int, quantiles: Sequence[float]) -> pa.Table:
        """Return `unique_id, ds, quantile, value` for `horizon` days after the last day with a `y`.

        `history` is the long frame (`unique_id, ds, y`, and `stockout_min, price_fen, promo` where
        known; rows with an empty `y` tell what is known of days to come). Every series of the
        history gets one value for every day and every quantile; values are not negative and do
        not fall with the quantile.
        """


def forecaster_names() -> list[str]:
    """Return the names of the forecasters that are installed."""
    return plugin_names(GROUP)


def canonical_name(spec: str) -> str:
    """Return the registered name that `spec` means: case and underscores do not matter.

    A loose file (`mine.py:Mine`) and a name that nobody registered are returned as they came.
    """
    if ".py:" in spec:
        return spec
    asked = _folded(spec)
    return next((name for name in forecaster_names() if _folded(name) == asked), spec)


def _folded(name: str) -> str:
    return name.replace("_", "").casefold()


def load_forecaster(spec: str) -> Forecaster:
    """Return a new forecaster by registered name or loose file `mine.py:Mine`.

    Raises:
        PluginError: if it cannot be found, loaded or made, or has no `forecast` method.
    """
    kind = load_plugin(GROUP, canonical_name(spec))
    try:
        made = kind()
    except Exception as exc:  # a plug-in may raise anything
        raise PluginError(
            f"Forecaster {spec!r} cannot be made without arguments: {exc!r}."
        ) from exc
    if not isinstance(made, Forecaster):
        raise PluginError(f"Forecaster {spec!r} has no method 'forecast'.")
    return made


def check_forecast(
    table: object, panel: Panel, horizon: int, quantiles: Sequence[float]
) -> pa.Table:
    """Return `table` if it is a complete forecast for `panel`.

    Raises:
        PluginError: if series, days or quantiles are missing or extra, a value is negative or not a
            number, or values fall with the quantile.
    """
    if not isinstance(table, pa.Table):
        raise PluginError(f"A forecast is an Arrow table; this one is a {type(table).__name__}.")
    try:
        grid = grid_of(table)
    except (ValueError, KeyError, TypeError, pa.ArrowException) as exc:
        raise PluginError(f"The forecast is not complete: {exc}") from exc
    if grid.ids != panel.ids:
        extra = sorted(set(grid.ids) ^ set(panel.ids))
        raise PluginError(f"The forecast has other series than the history, e.g. {extra[:3]}.")
    if grid.first_day != panel.next_day or grid.values.shape[1] != horizon:
        raise PluginError(
            f"The forecast covers {grid.values.shape[1]} days from day {grid.first_day}; "
            f"asked for {horizon} from day {panel.next_day}."
        )
    if not np.allclose(grid.quantiles, sorted(quantiles), atol=1e-9):
        raise PluginError(
            f"The forecast has quantiles {grid.quantiles}; asked for {sorted(quantiles)}."
        )
    if not np.isfinite(grid.values).all() or (grid.values < 0).any():
        raise PluginError("The forecast has values that are negative or not numbers.")
    if (np.diff(grid.values, axis=2) < -1e-9).any():
        raise PluginError("The forecast falls with the quantile; a higher quantile is never lower.")
    return table
