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
    names = pa.array(list(ids), pa.string())
    places = [pc.index_in(table["unique_id"], names)]
    shape = [len(ids)]
    for key in keys:
        there = pc.unique(table[key]).sort()
        places.append(pc.index_in(table[key], there))
        shape.append(len(there))
    found = pc.fill_null(pc.cast(table[value], pa.float64()), float("nan")).to_numpy()
    mine = pc.is_valid(places[0]).to_numpy(zero_copy_only=False)
    # Hashing each row to its cell is several times as fast as sorting rows by text.
    at = np.ravel_multi_index(
        [pc.fill_null(place, 0).to_numpy(zero_copy_only=False)[mine] for place in places],
        shape,
    )
    cells = int(np.prod(shape))
    if len(at) != cells or np.bincount(at, minlength=cells).max(initial=1) != 1:
        raise ValueError(
            f"The table has {len(at)} rows; {' x '.join(map(str, shape))} were expected for "
            f"unique_id x {' x '.join(keys)}, each once."
        )
    result = np.empty(cells)
    result[at] = found[mine]
    return result.reshape(shape)


def steps_of(table: pa.Table, key: str) -> list[float]:
    """Return the values of a numeric key column, rising."""
    return sorted(float(v) for v in pc.unique(table[key]).to_pylist())
