"""Demand summed over periods, as a model itself says it: checked quantiles, or sampled futures."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from seamline_broker.errors import SeamlineError
from seamline_platform.demand.arrow import arrow_table
from seamline_platform.demand.frame import Panel

COLUMNS = ("unique_id", "steps", "quantile", "value")


def checked_sums(
    came: object, panel: Panel, steps: Sequence[int], levels: Sequence[float]
) -> pa.Table:
    """Return quantiles of sums, sorted, if they are complete, finite and rise with the level.

    Raises:
        SeamlineError: if they are not.
    """
    table = arrow_table(came).select(COLUMNS)
    table = table.sort_by([(name, "ascending") for name in COLUMNS[:3]]).combine_chunks()
    shape = (len(panel.ids), len(steps), len(levels))
    names = np.repeat(np.array(panel.ids, dtype=object), shape[1] * shape[2])
    if len(table) != len(names) or table["unique_id"].to_pylist() != names.tolist():
        raise SeamlineError(
            f"The sums have {len(table)} rows; {shape[0]} series x {shape[1]} steps x {shape[2]} "
            f"quantiles need {len(names)}."
        )
    found = table["steps"].to_numpy().reshape(shape), table["quantile"].to_numpy().reshape(shape)
    if (found[0] != np.sort(steps)[None, :, None]).any() or not np.allclose(found[1], levels):
        raise SeamlineError(f"The sums are not those over {list(steps)} periods at {levels}.")
    values = table["value"].to_numpy().reshape(shape)
    if not np.isfinite(values).all() or (np.diff(values, axis=2) < -1e-9).any():
        raise SeamlineError("The sums have values that are not numbers, or fall with the quantile.")
    return table


def sums_of_paths(
    came: object, panel: Panel, steps: Sequence[int], levels: Sequence[float], samples: int
) -> pa.Table:
    """Return quantiles of sums over sampled futures `unique_id, ds, sample, value`.

    Raises:
        SeamlineError: if there is not one value per series, period and sample.
    """
    paths = arrow_table(came)
    order = [(name, "ascending") for name in ("unique_id", "sample", "ds")]
    paths = paths.sort_by(order).combine_chunks()
    shape = (len(panel.ids), samples, max(steps))
    if len(paths) != int(np.prod(shape)):
        raise SeamlineError(
            f"sample_paths gave {len(paths)} rows; asked for {shape[0]} series x {shape[2]} "
            f"periods x {samples} samples."
        )
    running = paths["value"].to_numpy().reshape(shape).cumsum(axis=2)
    values = [np.quantile(running[:, :, s - 1], levels, axis=1).T for s in sorted(steps)]
    return pa.table(
        {
            "unique_id": np.repeat(np.array(panel.ids, dtype=object), len(steps) * len(levels)),
            "steps": np.tile(np.repeat(sorted(steps), len(levels)), shape[0]),
            "quantile": np.tile(np.asarray(levels), shape[0] * len(steps)),
            "value": np.stack(values, axis=1).reshape(-1),
        }
    )
