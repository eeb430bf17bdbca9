"""What a forecaster is: one method over the long frame; and the check that it kept its promise."""

import inspect
from collections.abc import Sequence
from typing import Final, Protocol, runtime_checkable

import numpy as np
import pyarrow as pa

from seamline_broker.errors import PluginError
from seamline_platform.demand.frame import FloatArray, Panel, forecast_table, grid_of
from seamline_platform.plugins import load_plugin, plugin_names

GROUP: Final = "seamline.forecasters"
LEVELS: Final = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95)


@runtime_checkable
class Forecaster(Protocol):
    """Turns the past into quantiles of the periods to come.

    The class may name any of `season_length: int`, `threads: int` and `seed: int` in its
    constructor, with defaults: whoever loads it hands in what it names.

    Example:
        >>> class Zero:
        ...     def forecast(self, history, horizon, quantiles):
        ...         panel = panel_of(history)
        ...         values = np.zeros((len(panel.ids), horizon, len(quantiles)))
        ...         start = panel.next_period
        ...         return forecast_table(panel.ids, start, quantiles, values, panel.freq)
    """

    def forecast(self, history: pa.Table, horizon: int, quantiles: Sequence[float]) -> object:
        """Return `unique_id, ds, quantile, value` for `horizon` periods after the last with a `y`.

        `history` is the long frame (`unique_id, ds, y`, and `stockout_min, price_fen, promo` and
        further columns where known; rows with an empty `y` after the last period tell what is known
        ahead). The answer is an Arrow table, a pandas or polars frame, or a mapping of columns.
        Every series of the history gets one value for every period and every quantile; values do
        not fall with the quantile, and are negative only where the history is.
        """


@runtime_checkable
class Trainable(Protocol):
    """A forecaster that learns before it is asked: its seconds count as training."""

    def fit(self, history: pa.Table, horizon: int, quantiles: Sequence[float]) -> None:
        """Learn from `history`; `forecast` is called afterwards with the same arguments."""


@runtime_checkable
class PathSampler(Protocol):
    """A forecaster that draws whole futures, in which periods depend on each other."""

    def sample_paths(self, history: pa.Table, horizon: int, samples: int, seed: int) -> object:
        """Return `unique_id, ds, sample, value`: `samples` futures (0, 1, ..) of every series."""


@runtime_checkable
class CumulativeForecaster(Protocol):
    """A forecaster that knows quantiles of sums: those of single periods do not add up."""

    def cumulative(
        self, history: pa.Table, steps: Sequence[int], quantiles: Sequence[float]
    ) -> object:
        """Return `unique_id, steps, quantile, value`: of the sum over the first `steps` periods."""


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


def load_forecaster(spec: str, **options: object) -> Forecaster:
    """Return a new forecaster by registered name or loose file `mine.py:Mine`.

    Of `options` (`season_length`, `threads`, `seed`, or any other) the class gets those that its
    constructor names.

    Raises:
        PluginError: if it cannot be found, loaded or made, or has no `forecast` method.
    """
    kind = load_plugin(GROUP, canonical_name(spec))
    try:
        made = kind(**_named(kind, options))
    except Exception as exc:  # a plug-in may raise anything
        raise PluginError(
            f"Forecaster {spec!r} cannot be made: {exc!r}. Every argument of its constructor needs "
            "a default; season_length, threads and seed are handed in if it names them."
        ) from exc
    if not isinstance(made, Forecaster):
        raise PluginError(f"Forecaster {spec!r} has no method 'forecast'.")
    return made


def _named(kind: type[object], options: dict[str, object]) -> dict[str, object]:
    """Return the options that the constructor names (all of them if it takes `**any`)."""
    parameters = inspect.signature(kind).parameters
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        return options
    return {name: value for name, value in options.items() if name in parameters}


def check_forecast(
    table: object, panel: Panel, horizon: int, quantiles: Sequence[float]
) -> pa.Table:
    """Return `table` (any frame) as the Arrow table of a complete forecast for `panel`.

    Raises:
        PluginError: if series, periods or quantiles are missing or extra, a value is not a number,
            or negative where no history is, or values fall with the quantile.
    """
    try:
        grid = grid_of(table, panel.freq)
    except (ValueError, KeyError, TypeError, pa.ArrowException) as exc:
        raise PluginError(f"The forecast is not complete: {exc}") from exc
    _check_ids(grid.ids, panel)
    if grid.start != panel.next_period or grid.values.shape[1] != horizon:
        came, asked = panel.freq.ds([grid.start, panel.next_period]).to_pylist()
        raise PluginError(
            f"The forecast covers {grid.values.shape[1]} periods from {came}; "
            f"asked for {horizon} from {asked}."
        )
    wanted = sorted(quantiles)
    if len(grid.quantiles) != len(wanted) or not np.allclose(grid.quantiles, wanted, atol=1e-9):
        raise PluginError(f"The forecast has quantiles {grid.quantiles}; asked for {wanted}.")
    _check_values(grid.values, panel)
    return forecast_table(grid.ids, grid.start, wanted, grid.values, panel.freq)


def _check_ids(ids: tuple[str, ...], panel: Panel) -> None:
    if ids == panel.ids:
        return
    missing, extra = sorted(set(panel.ids) - set(ids)), sorted(set(ids) - set(panel.ids))
    raise PluginError(
        f"The forecast has other series than the history: {len(missing)} are missing "
        f"(e.g. {missing[:3]}), {len(extra)} are strangers (e.g. {extra[:3]})."
    )


def _check_values(values: FloatArray, panel: Panel) -> None:
    if not np.isfinite(values).all():
        raise PluginError("The forecast has values that are not finite numbers.")
    if (values < 0).any() and not np.nanmin(panel.y) < 0:
        raise PluginError(
            f"The forecast has values that are negative, down to {values.min():g}; no sale of the "
            "history is."
        )
    if (np.diff(values, axis=2) < -1e-9).any():
        raise PluginError("The forecast falls with the quantile; a higher quantile is never lower.")
