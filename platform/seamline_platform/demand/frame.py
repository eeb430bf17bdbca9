"""The long frame `unique_id, ds, y` that forecasters read, and the dense panel behind it.

Columns: `unique_id` (text), `ds` (day), `y` (pieces sold), and, where known, `stockout_min`
(minutes of the day without stock), `price_fen` and `promo`. A row with an empty `y` says what is
known of a day to come. A day without a row, after a series' first row, is a day without sales.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

LONG_SCHEMA: Final = pa.schema(
    [
        ("unique_id", pa.string()),
        ("ds", pa.date32()),
        ("y", pa.float64()),
        ("stockout_min", pa.float64()),
        ("price_fen", pa.float64()),
        ("promo", pa.float64()),
    ]
)
FORECAST_SCHEMA: Final = pa.schema(
    [
        ("unique_id", pa.string()),
        ("ds", pa.date32()),
        ("quantile", pa.float64()),
        ("value", pa.float64()),
    ]
)
MINUTES_OF_DAY: Final = 1_440.0
MIN_OPEN_SHARE: Final = 0.25
"""With less of the day in stock than this, sales say nothing about demand."""


def long_frame(data: object) -> pa.Table:
    """Return `data` as an Arrow table with the columns of the long frame.

    Takes an Arrow table, a mapping of columns, a list of rows, or any frame that speaks the Arrow C
    interface (pandas, polars, DuckDB results).

    Raises:
        ValueError: if a column is missing or of the wrong type.
    """
    try:
        table = _to_arrow(data)
        missing = [name for name in ("unique_id", "ds", "y") if name not in table.column_names]
        if missing:
            raise ValueError(f"there is no column {missing[0]!r}")
        columns = [
            pc.cast(table[field.name], field.type)
            if field.name in table.column_names
            else pa.nulls(len(table), field.type)
            for field in LONG_SCHEMA
        ]
    except (pa.ArrowException, ValueError, TypeError) as exc:
        raise ValueError(
            f"The long frame needs unique_id (text), ds (day), y (number): {exc}."
        ) from exc
    result = pa.Table.from_arrays(columns, schema=LONG_SCHEMA)
    if result["unique_id"].null_count or result["ds"].null_count:
        raise ValueError("The long frame has rows without unique_id or ds.")
    return result


def _to_arrow(data: object) -> pa.Table:
    if isinstance(data, pa.Table):
        return data
    if isinstance(data, Mapping):
        return pa.table(dict(data))
    if hasattr(data, "__arrow_c_stream__"):
        return pa.table(data)
    if isinstance(data, Sequence):
        return pa.Table.from_pylist(list(data))
    raise TypeError(f"a {type(data).__name__} cannot be turned into an Arrow table")


@dataclass(frozen=True, slots=True)
class Panel:
    """All series on one calendar: arrays are (series, days); day 0 is `first_day` since 1970.

    `y` is NaN where nothing is known. `price` and `promo` may reach further than `y`: what is
    known of days to come (NaN where it is not).
    """

    ids: tuple[str, ...]
    first_day: int
    y: FloatArray
    out_share: FloatArray
    price: FloatArray
    promo: FloatArray

    @property
    def days(self) -> int:
        """Number of days with history."""
        return int(self.y.shape[1])

    @property
    def next_day(self) -> int:
        """The first day without history, in days since 1970-01-01."""
        return self.first_day + self.days

    def demand(self) -> FloatArray:
        """Return sales corrected for stock-outs; NaN on days (nearly) without stock.

        A day that was in stock for three quarters of its minutes counts 4/3 of its sales: demand is
        taken to be even over the day.
        """
        open_share = 1.0 - self.out_share
        scaled = self.y / np.maximum(open_share, MIN_OPEN_SHARE)
        return np.where(open_share < MIN_OPEN_SHARE, np.nan, scaled)

    def tail(self, days: int) -> "Panel":
        """Return the same panel with at most the last `days` days of history."""
        drop = max(self.days - days, 0)
        return Panel(
            self.ids,
            self.first_day + drop,
            self.y[:, drop:],
            self.out_share[:, drop:],
            self.price[:, drop:],
            self.promo[:, drop:],
        )


def panel_of(table: pa.Table) -> Panel:
    """Return the dense panel of a long frame, series sorted by name.

    Raises:
        ValueError: if no row has a `y`.
    """
    known = pc.is_valid(table["y"]).to_numpy(zero_copy_only=False)
    if not known.any():
        raise ValueError("The long frame has no row with a y: there is nothing to learn from.")
    day = pc.cast(table["ds"], pa.int32()).to_numpy(zero_copy_only=False).astype(np.int64)
    encoded = table["unique_id"].combine_chunks().dictionary_encode()
    names = [str(name) for name in encoded.dictionary.to_pylist()]
    order = sorted(range(len(names)), key=names.__getitem__)
    place = np.empty(len(names), dtype=np.int64)
    place[order] = np.arange(len(names))
    series = place[encoded.indices.to_numpy(zero_copy_only=False)]
    first, last = int(day[known].min()), int(day[known].max())
    width, wide = last - first + 1, max(int(day.max()), last) - first + 1
    column = day - first
    shape, wide_shape = (len(names), width), (len(names), wide)
    y = _grid(shape, series[known], column[known], _numbers(table, "y")[known])
    seen = ~np.isnan(y)
    started = np.maximum.accumulate(seen, axis=1)
    out = _grid(shape, series[known], column[known], _numbers(table, "stockout_min")[known])
    inside = column >= 0
    price = _grid(wide_shape, series[inside], column[inside], _numbers(table, "price_fen")[inside])
    promo = _grid(wide_shape, series[inside], column[inside], _numbers(table, "promo")[inside])
    promo[:, :width] = np.nan_to_num(promo[:, :width], nan=0.0)
    return Panel(
        ids=tuple(names[i] for i in order),
        first_day=first,
        y=np.where(seen, y, np.where(started, 0.0, np.nan)),
        out_share=np.clip(np.nan_to_num(out, nan=0.0) / MINUTES_OF_DAY, 0.0, 1.0),
        price=price,
        promo=promo,
    )


def _numbers(table: pa.Table, name: str) -> FloatArray:
    filled: FloatArray = table[name].to_numpy(zero_copy_only=False)
    return np.asarray(filled, dtype=np.float64)


def _grid(
    shape: tuple[int, int], rows: IntArray, columns: IntArray, values: FloatArray
) -> FloatArray:
    grid = np.full(shape, np.nan)
    grid[rows, columns] = values
    return grid


def forecast_table(
    ids: Sequence[str], first_day: int, quantiles: Sequence[float], values: FloatArray
) -> pa.Table:
    """Return `values` (series, days, quantiles) as long table `unique_id, ds, quantile, value`."""
    series, days, levels = values.shape
    names = pa.array(list(ids), pa.string())
    index = np.repeat(np.arange(series), days * levels)
    ds = np.tile(np.repeat(np.arange(first_day, first_day + days), levels), series)
    return pa.Table.from_arrays(
        [
            names.take(pa.array(index)),
            pa.array(ds.astype(np.int32), pa.int32()).cast(pa.date32()),
            pa.array(np.tile(np.asarray(quantiles, dtype=np.float64), series * days)),
            pa.array(values.reshape(-1)),
        ],
        schema=FORECAST_SCHEMA,
    )


@dataclass(frozen=True, slots=True)
class ForecastGrid:
    """A forecast as an array `values[series, day, quantile]`; day 0 is `first_day` since 1970."""

    ids: tuple[str, ...]
    first_day: int
    quantiles: tuple[float, ...]
    values: FloatArray


def grid_of(table: pa.Table) -> ForecastGrid:
    """Return a forecast table as an array.

    Raises:
        ValueError: if it is not exactly one value per series, day and quantile.
    """
    names = table["unique_id"].combine_chunks().dictionary_encode()
    ids = [str(name) for name in names.dictionary.to_pylist()]
    order = sorted(range(len(ids)), key=ids.__getitem__)
    place = np.empty(len(ids), dtype=np.int64)
    place[order] = np.arange(len(ids))
    day = pc.cast(table["ds"], pa.int32()).to_numpy(zero_copy_only=False).astype(np.int64)
    levels, level = np.unique(_numbers(table, "quantile"), return_inverse=True)
    if not len(table):
        raise ValueError("The forecast is empty.")
    first = int(day.min())
    shape = (len(ids), int(day.max()) - first + 1, len(levels))
    values = np.full(shape, np.nan)
    values[place[names.indices.to_numpy(zero_copy_only=False)], day - first, level] = _numbers(
        table, "value"
    )
    if len(table) != values.size or np.isnan(values).any():
        raise ValueError(
            f"The forecast has {len(table)} rows; {len(ids)} series x {shape[1]} days x "
            f"{len(levels)} quantiles need {values.size}, each once and with a number."
        )
    sorted_ids = tuple(ids[i] for i in order)
    return ForecastGrid(sorted_ids, first, tuple(float(q) for q in levels), values)
