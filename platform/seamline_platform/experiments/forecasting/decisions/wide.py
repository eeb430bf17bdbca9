"""Long tables as dense arrays: one row of figures per series, in the order of `ids`."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

FloatArray = npt.NDArray[np.float64]


def ids_of(table: pa.Table) -> tuple[str, ...]:
    """Return the series of a long table, sorted."""
    return tuple(sorted(pc.unique(table["unique_id"]).to_pylist()))


def wide(
    table: pa.Table, ids: Sequence[str], keys: Sequence[str], value: str = "value"
) -> FloatArray:
    """Return `value` as (series, key, ..): one axis per column of `keys`, each in rising order.

    Rows of series that are not in `ids` are left out; an empty value becomes NaN.

    Raises:
        ValueError: if a series has not exactly one row per combination of keys.
    """
    rows = table.filter(pc.is_in(table["unique_id"], pa.array(list(ids), pa.string())))
    order = np.argsort(np.asarray(ids, dtype=object), kind="stable")
    rows = rows.sort_by([("unique_id", "ascending"), *((key, "ascending") for key in keys)])
    shape = [len(ids)] + [len(pc.unique(rows[key])) for key in keys]
    if len(rows) != int(np.prod(shape)):
        raise ValueError(
            f"The table has {len(rows)} rows; {' x '.join(map(str, shape))} were expected for "
            f"unique_id x {' x '.join(keys)}."
        )
    found = pc.fill_null(pc.cast(rows[value], pa.float64()), float("nan")).to_numpy()
    result = np.empty(shape)
    result[order] = found.reshape(shape)
    return result


def steps_of(table: pa.Table, key: str) -> list[float]:
    """Return the values of a numeric key column, rising."""
    return sorted(float(v) for v in pc.unique(table[key]).to_pylist())
