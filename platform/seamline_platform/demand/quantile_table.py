"""A forecast as a long table `unique_id, ds, quantile, value`, and as a dense array."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from seamline_platform.demand.arrow import arrow_table
from seamline_platform.demand.frequency import Frequency, IntArray

FloatArray = npt.NDArray[np.float64]

DAILY: Final = Frequency("D")


def forecast_schema(freq: Frequency = DAILY) -> pa.Schema:
    """Return the columns of a forecast: `ds` is a date, a timestamp or an integer."""
    return pa.schema(
        [
            ("unique_id", pa.string()),
            ("ds", freq.type),
            ("quantile", pa.float64()),
            ("value", pa.float64()),
        ]
    )


FORECAST_SCHEMA: Final = forecast_schema()


def forecast_table(
    ids: Sequence[str],
    start: int,
    quantiles: Sequence[float],
    values: FloatArray,
    freq: Frequency = DAILY,
) -> pa.Table:
    """Return `values` (series, periods, quantiles) as long table `unique_id, ds, quantile, value`.

    `start` is the ordinal of the first period in `freq`: `panel.next_period`.

    Raises:
        ValueError: if the shape of `values` is not (ids, periods, quantiles).
    """
    if values.ndim != 3 or values.shape[0] != len(ids) or values.shape[2] != len(quantiles):
        raise ValueError(
            f"values has shape {values.shape}; expected ({len(ids)} series, periods, "
            f"{len(quantiles)} quantiles)."
        )
    series, periods, levels = values.shape
    names = pa.array(list(ids), pa.string())
    index = np.repeat(np.arange(series), periods * levels)
    ds = freq.ds(np.arange(start, start + periods))
    when = np.tile(np.repeat(np.arange(periods), levels), series)
    return pa.Table.from_arrays(
        [
            names.take(pa.array(index)),
            ds.take(pa.array(when)),
            pa.array(np.tile(np.asarray(quantiles, dtype=np.float64), series * periods)),
            pa.array(np.asarray(values, dtype=np.float64).reshape(-1)),
        ],
        schema=forecast_schema(freq),
    )


@dataclass(frozen=True, slots=True)
class ForecastGrid:
    """A forecast as an array `values[series, period, quantile]`; period 0 has ordinal `start`."""

    ids: tuple[str, ...]
    start: int
    quantiles: tuple[float, ...]
    values: FloatArray
    freq: Frequency = DAILY

    @property
    def first_day(self) -> int:
        """Return `start`, where periods are days since 1970."""
        return self.start


def grid_of(data: object, freq: Frequency | None = None) -> ForecastGrid:
    """Return a forecast (any frame: Arrow, pandas, polars, a mapping) as an array.

    Without `freq` it is inferred from `ds`: name it where a forecast may have a single period.

    Raises:
        ValueError: if it is not exactly one value per series, period and quantile.
    """
    table = _columns(data)
    if not len(table):
        raise ValueError("The forecast is empty.")
    ids, series = encoded_ids(table["unique_id"])
    freq = Frequency.infer(table["ds"]) if freq is None else freq
    period = freq.ordinals(table["ds"])
    level_of, level = np.unique(numbers(table, "quantile"), return_inverse=True)
    first = int(period.min())
    shape = (len(ids), int(period.max()) - first + 1, len(level_of))
    if len(table) != shape[0] * shape[1] * shape[2]:
        raise ValueError(_wrong_size(table, shape))
    values = np.full(shape, np.nan)
    values[series, period - first, level] = numbers(table, "value")
    if np.isnan(values).any():
        raise ValueError(_wrong_size(table, shape) + _first_hole(values, ids, level_of))
    return ForecastGrid(ids, first, tuple(float(q) for q in level_of), values, freq)


def _columns(data: object) -> pa.Table:
    wanted = FORECAST_SCHEMA.names
    try:
        table = arrow_table(data)
        missing = [name for name in wanted if name not in table.column_names]
        if missing:
            raise ValueError(
                f"there is no column {missing[0]!r}; columns: {', '.join(table.column_names)}"
            )
        kinds = {"unique_id": pa.string(), "quantile": pa.float64(), "value": pa.float64()}
        columns = [
            pc.cast(table[name], kinds[name]) if name in kinds else table[name] for name in wanted
        ]
    except (pa.ArrowException, ValueError, TypeError) as exc:
        raise ValueError(f"A forecast needs the columns {', '.join(wanted)}: {exc}.") from exc
    return pa.Table.from_arrays(columns, names=wanted)


def _wrong_size(table: pa.Table, shape: tuple[int, int, int]) -> str:
    needed = shape[0] * shape[1] * shape[2]
    return (
        f"The forecast has {len(table)} rows; {shape[0]} series x {shape[1]} periods x "
        f"{shape[2]} quantiles need {needed}, each once and with a number."
    )


def _first_hole(values: FloatArray, ids: tuple[str, ...], levels: FloatArray) -> str:
    series, period, level = (int(axis[0]) for axis in np.nonzero(np.isnan(values)))
    return (
        f" There is none for series {ids[series]!r}, period {period + 1}, quantile {levels[level]}."
    )


def encoded_ids(column: pa.ChunkedArray) -> tuple[tuple[str, ...], IntArray]:
    """Return the sorted names in a column of text, and of each row the index of its name."""
    encoded = column.combine_chunks().dictionary_encode()
    if encoded.indices.null_count:
        raise ValueError("There are rows without unique_id.")
    order = pc.sort_indices(encoded.dictionary).to_numpy(zero_copy_only=False).astype(np.int64)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    names = encoded.dictionary.take(pa.array(order)).to_pylist()
    return tuple(names), place[encoded.indices.to_numpy(zero_copy_only=False)]


def numbers(table: pa.Table, name: str) -> FloatArray:
    """Return a column as floats, NaN where it is empty."""
    return np.asarray(table[name].to_numpy(zero_copy_only=False), dtype=np.float64)
