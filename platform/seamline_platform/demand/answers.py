"""The check of what optional methods of a forecaster answer: whole futures, and sums."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from seamline_broker.errors import PluginError
from seamline_platform.demand.arrow import arrow_table
from seamline_platform.demand.frame import FloatArray, Panel
from seamline_platform.demand.quantile_table import encoded_ids, numbers


def check_paths(data: object, panel: Panel, horizon: int, samples: int) -> FloatArray:
    """Return `unique_id, ds, sample, value` as an array (series, samples, periods).

    Raises:
        PluginError: if it is not one finite number per series, sample and period, or one is
            negative where no history is.
    """
    table = _table(data, ("unique_id", "ds", "sample", "value"))
    try:
        ids, series = encoded_ids(table["unique_id"])
        period = panel.freq.ordinals(table["ds"]) - panel.next_period
    except ValueError as exc:
        raise PluginError(f"The sample paths are not complete: {exc}") from exc
    sample = numbers(table, "sample")
    if (period < 0).any() or (period >= horizon).any():
        raise PluginError(
            f"The sample paths cover periods {period.min() + 1} to {period.max() + 1} after the "
            f"history; asked for 1 to {horizon}."
        )
    if (sample % 1 != 0).any() or (sample < 0).any() or (sample >= samples).any():
        raise PluginError(f"Samples are numbered 0 to {samples - 1}; some are not.")
    place = (series, sample.astype(np.int64), period)
    return _filled(table, ids, panel, (len(ids), samples, horizon), place, "sample paths")


def check_cumulative(
    data: object, panel: Panel, steps: Sequence[int], quantiles: Sequence[float]
) -> FloatArray:
    """Return `unique_id, steps, quantile, value` as an array (series, steps, quantiles).

    Steps and quantiles are in rising order.

    Raises:
        PluginError: if it is not one finite number per series, number of steps and quantile, one is
            negative where no history is, or values fall with the quantile.
    """
    table = _table(data, ("unique_id", "steps", "quantile", "value"))
    ids, series = encoded_ids(table["unique_id"])
    places = []
    for name, wanted in (("steps", steps), ("quantile", quantiles)):
        asked = np.array(sorted(wanted), dtype=np.float64)
        came = numbers(table, name)
        place = np.clip(np.searchsorted(asked, came - 1e-9), 0, len(asked) - 1)
        if not (np.abs(asked[place] - came) < 1e-9).all():
            raise PluginError(
                f"The cumulative forecast has {name} {np.unique(came).tolist()[:8]}; asked for "
                f"{asked.tolist()}."
            )
        places.append(place)
    shape = (len(ids), len(steps), len(quantiles))
    values = _filled(table, ids, panel, shape, (series, *places), "cumulative forecast")
    if (np.diff(values, axis=2) < -1e-9).any():
        raise PluginError("The cumulative forecast falls with the quantile.")
    return values


def _table(data: object, columns: tuple[str, ...]) -> pa.Table:
    try:
        table = arrow_table(data)
    except (TypeError, ValueError, pa.ArrowException) as exc:
        raise PluginError(f"Expected the columns {', '.join(columns)}: {exc}") from exc
    missing = [name for name in columns if name not in table.column_names]
    if missing:
        raise PluginError(
            f"Expected the columns {', '.join(columns)}; there is no {missing[0]!r} among "
            f"{', '.join(table.column_names)}."
        )
    return table


def _filled(
    table: pa.Table,
    ids: tuple[str, ...],
    panel: Panel,
    shape: tuple[int, ...],
    place: tuple[np.ndarray, ...],
    what: str,
) -> FloatArray:
    if ids != panel.ids:
        other = sorted(set(ids) ^ set(panel.ids))
        raise PluginError(f"The {what} have other series than the history, e.g. {other[:3]}.")
    values = np.full(shape, np.nan)
    values[place] = numbers(table, "value")
    if len(table) != values.size or not np.isfinite(values).all():
        raise PluginError(
            f"The {what}: {len(table)} rows came; {' x '.join(map(str, shape))} = {values.size} "
            "are needed, each once and with a finite number."
        )
    if (values < 0).any() and not np.nanmin(panel.y) < 0:
        raise PluginError(f"The {what}: values are negative, and no sale of the history is.")
    return values
