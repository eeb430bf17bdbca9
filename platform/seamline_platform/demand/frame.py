"""The long frame `unique_id, ds, y` that forecasters read, and the dense panel behind it.

Columns: `unique_id` (text), `ds` (day, time or plain integer), `y` (a number), and, where known,
`stockout_min` (minutes of the period without stock), `price_fen` and `promo`. Any further column of
numbers is a covariate, any further column of text a static attribute of its series.

Rows may come in any order. A row with an empty `y` says what else is known of that period: after
the last period with a `y`, what is known ahead; before it, that `y` is unknown. A period without a
row, after a series' first `y`, is a period without sales (0), up to the last period of all series:
series that ended at different times are lined up by whoever loads them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seamline_platform.demand.arrow import arrow_table
from seamline_platform.demand.frequency import Frequency, IntArray
from seamline_platform.demand.quantile_table import (
    FORECAST_SCHEMA,
    FloatArray,
    ForecastGrid,
    encoded_ids,
    forecast_table,
    grid_of,
    numbers,
)

__all__ = [
    "FORECAST_SCHEMA",
    "LONG_SCHEMA",
    "MINUTES_OF_DAY",
    "MIN_OPEN_SHARE",
    "FloatArray",
    "ForecastGrid",
    "IntArray",
    "Panel",
    "forecast_table",
    "grid_of",
    "long_frame",
    "panel_of",
]

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
"""The columns that every long frame has; `ds` may also be `timestamp[us]` or `int64`."""
MINUTES_OF_DAY: Final = 1_440.0
MIN_OPEN_SHARE: Final = 0.25
"""With less of the period in stock than this, sales say nothing about demand."""

MAX_CELLS: Final = 250_000_000
"""Series x periods of one panel; an array of so many numbers takes 2 GB."""


def long_frame(data: object) -> pa.Table:
    """Return `data` as an Arrow table with the columns of the long frame.

    Takes an Arrow table, a mapping of columns, a list of rows, or any frame that speaks the Arrow C
    interface (pandas, polars, DuckDB results). NaN counts as empty.

    Raises:
        ValueError: if a column is missing or of the wrong type, or a `y` is infinite.
    """
    try:
        table = arrow_table(data)
        missing = [name for name in ("unique_id", "ds", "y") if name not in table.column_names]
        if missing:
            raise ValueError(f"there is no column {missing[0]!r}")
        names = [*LONG_SCHEMA.names, *(n for n in table.column_names if n not in LONG_SCHEMA.names)]
        columns = [_column(table, name) for name in names]
    except (pa.ArrowException, ValueError, TypeError) as exc:
        raise ValueError(
            f"The long frame needs unique_id (text), ds (day, time or integer), y (number): {exc}."
        ) from exc
    result = pa.Table.from_arrays(columns, names=names)
    if result["unique_id"].null_count or result["ds"].null_count:
        raise ValueError("The long frame has rows without unique_id or ds.")
    if not np.isfinite(numbers(result, "y")[pc.is_valid(result["y"]).to_numpy()]).all():
        raise ValueError("The long frame has a y that is infinite; leave it empty if unknown.")
    return result


def _column(table: pa.Table, name: str) -> pa.ChunkedArray:
    if name not in table.column_names:
        return pa.chunked_array([pa.nulls(len(table), LONG_SCHEMA.field(name).type)])
    column = table[name]
    if name == "ds":
        return _periods(column)
    if name == "unique_id":
        return pc.cast(column, pa.string())
    if name not in LONG_SCHEMA.names and _is_text(column.type):
        return pc.cast(column, pa.string())
    try:
        made = pc.cast(column, pa.float64())
    except pa.ArrowException as exc:
        raise ValueError(
            f"column {name!r} has type {column.type}; allowed: numbers, or text for what belongs "
            "to a series"
        ) from exc
    return pc.if_else(pc.is_nan(made), pa.scalar(None, pa.float64()), made)


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def _periods(ds: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return `ds` as integers, as days where every time is midnight, or as times."""
    if pa.types.is_integer(ds.type):
        return pc.cast(ds, pa.int64())
    if _is_text(ds.type):
        text = pc.cast(ds, pa.string())
        try:
            return pc.cast(text, pa.date32())
        except pa.ArrowInvalid:
            ds = pc.cast(text, pa.timestamp("us"))
    if pa.types.is_timestamp(ds.type) and ds.type.tz is not None:
        ds = pc.cast(ds, pa.timestamp(ds.type.unit))
    if not pa.types.is_timestamp(ds.type):
        return pc.cast(ds, pa.date32())
    days = pc.cast(ds, pa.date32())
    times = pc.cast(ds, pa.timestamp("us"))
    midnight = pc.all(pc.equal(pc.cast(days, pa.timestamp("us")), times)).as_py()
    return days if midnight is not False else times


@dataclass(frozen=True, slots=True)
class Panel:
    """All series on one calendar: arrays are (series, periods); period 0 has ordinal `start`.

    `y` is NaN where nothing is known. `price`, `promo` and `covariates` may reach further than `y`:
    what is known of periods to come (NaN where it is not). `static` holds one text per series,
    empty where there is none.
    """

    ids: tuple[str, ...]
    freq: Frequency
    start: int
    y: FloatArray
    out_share: FloatArray
    price: FloatArray
    promo: FloatArray
    covariates: Mapping[str, FloatArray] = field(default_factory=dict)
    static: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def periods(self) -> int:
        """Number of periods with history."""
        return int(self.y.shape[1])

    @property
    def next_period(self) -> int:
        """The ordinal of the first period without history."""
        return self.start + self.periods

    @property
    def days(self) -> int:
        """Number of periods with history, where they are days."""
        return self.periods

    @property
    def first_day(self) -> int:
        """Ordinal of the first period; days since 1970-01-01 where periods are days."""
        return self.start

    @property
    def next_day(self) -> int:
        """The first period without history; days since 1970-01-01 where periods are days."""
        return self.next_period

    def demand(self) -> FloatArray:
        """Return sales corrected for stock-outs; NaN in periods (nearly) without stock.

        A day that was in stock for three quarters of its minutes counts 4/3 of its sales: demand is
        taken to be even over the day.
        """
        open_share = 1.0 - self.out_share
        scaled = self.y / np.maximum(open_share, MIN_OPEN_SHARE)
        return np.where(open_share < MIN_OPEN_SHARE, np.nan, scaled)

    def tail(self, periods: int) -> "Panel":
        """Return the same panel with at most the last `periods` periods of history."""
        drop = max(self.periods - periods, 0)
        return Panel(
            self.ids,
            self.freq,
            self.start + drop,
            self.y[:, drop:],
            self.out_share[:, drop:],
            self.price[:, drop:],
            self.promo[:, drop:],
            {name: values[:, drop:] for name, values in self.covariates.items()},
            self.static,
        )


def panel_of(data: object, freq: Frequency | None = None) -> Panel:
    """Return the dense panel of a long frame (or of what `long_frame` takes), sorted by name.

    Without `freq` the frequency is inferred, and series of another rhythm are refused.

    Raises:
        ValueError: if no row has a `y`, a series has two rows for one period, or series have
            different frequencies.
    """
    table = _as_long(data)
    known = ~np.isnan(numbers(table, "y"))
    if not known.any():
        raise ValueError("The long frame has no row with a y: there is nothing to learn from.")
    ids, series = encoded_ids(table["unique_id"])
    given = freq is not None
    freq = Frequency.infer(table["ds"]) if freq is None else freq
    period = freq.ordinals(table["ds"])
    _check_rows(ids, series, period, freq, given)
    first, last = int(period[known].min()), int(period[known].max())
    wide = int(period.max()) - first + 1
    if len(ids) * wide > MAX_CELLS:
        raise ValueError(
            f"{len(ids)} series x {wide} periods are more than {MAX_CELLS:,} cells: take fewer "
            "series at a time, or number the periods of ds without gaps."
        )
    keep = np.flatnonzero(period >= first)
    cells = _Cells(series[keep], period[keep] - first, (len(ids), wide))
    return _filled(table, ids, freq, first, last - first + 1, keep, cells)


@dataclass(frozen=True, slots=True)
class _Cells:
    """Where each row of a long frame stands in the grid (series, periods)."""

    series: IntArray
    column: IntArray
    shape: tuple[int, int]

    def grid(self, values: FloatArray, empty: float = np.nan) -> FloatArray:
        made = np.full(self.shape, empty)
        made[self.series, self.column] = values
        return made


def _filled(
    table: pa.Table,
    ids: tuple[str, ...],
    freq: Frequency,
    first: int,
    periods: int,
    keep: IntArray,
    cells: _Cells,
) -> Panel:
    """Return the panel of `periods` periods of history from the rows `keep`."""

    def grid(name: str) -> FloatArray:
        return cells.grid(numbers(table, name)[keep])

    y = grid("y")[:, :periods]
    started = np.logical_or.accumulate(~np.isnan(y), axis=1)
    silent = cells.grid(np.zeros(len(keep)), empty=1.0)[:, :periods] > 0  # periods without a row
    promo = grid("promo")
    promo[:, :periods] = np.nan_to_num(promo[:, :periods], nan=0.0)
    out = np.nan_to_num(grid("stockout_min")[:, :periods], nan=0.0)
    further = [name for name in table.column_names if name not in LONG_SCHEMA.names]
    texts = [name for name in further if _is_text(table[name].type)]
    static = {name: table[name].take(pa.array(keep)) for name in texts}
    return Panel(
        ids,
        freq,
        first,
        y=np.where(started & silent, 0.0, y),
        out_share=np.clip(out / freq.minutes, 0.0, 1.0),
        price=grid("price_fen"),
        promo=promo,
        covariates={name: grid(name) for name in further if name not in texts},
        static={name: _static(text, cells.series, len(ids)) for name, text in static.items()},
    )


def _as_long(data: object) -> pa.Table:
    """Return `data` itself if it has been through `long_frame` already."""
    if isinstance(data, pa.Table):
        kept = [column for column in LONG_SCHEMA if column.name != "ds"]
        if data.column_names[: len(LONG_SCHEMA)] == LONG_SCHEMA.names and all(
            data.schema.field(column.name).type == column.type for column in kept
        ):
            return data
    return long_frame(data)


def _static(column: pa.ChunkedArray, series: IntArray, count: int) -> tuple[str, ...]:
    """Return one text per series: that of its last row which has one."""
    encoded = column.combine_chunks().dictionary_encode()
    valid = pc.is_valid(encoded).to_numpy(zero_copy_only=False)
    codes = np.full(count, -1)
    codes[series[valid]] = pc.fill_null(encoded.indices, 0).to_numpy(zero_copy_only=False)[valid]
    names = [*encoded.dictionary.to_pylist(), ""]
    return tuple(names[code] for code in codes)


_REGULAR_ROWS: Final = 8
"""So many rows of one distance are no accident."""
_COARSER: Final = {
    "h": ((24, 24), (168, 168), (672, 744), (2_160, 2_208)),
    "D": ((7, 7), (28, 31), (89, 92), (365, 366)),
    "W": ((13, 13), (52, 52)),
    "MS": ((3, 3), (12, 12)),
    "QS": ((4, 4),),
}
"""Distances (least, most) in periods of a frequency that tell of a coarser one."""


def _check_rows(
    ids: tuple[str, ...], series: IntArray, period: IntArray, freq: Frequency, given: bool
) -> None:
    """Refuse two rows for one period of a series, and series of a coarser frequency."""
    span = int(period.max()) - int(period.min()) + 1
    place = series * span + (period - period.min())
    if not (np.diff(place) > 0).all():
        order = np.argsort(place, kind="stable")
        series, period, place = series[order], period[order], place[order]
    twice = np.flatnonzero(np.diff(place) == 0)
    if len(twice):
        when = freq.ds([period[twice[0]]])[0].as_py()
        raise ValueError(
            f"Series {ids[series[twice[0]]]!r} has two rows for {when} ({len(twice)} such rows): "
            "a series has one row per period. Add them up, or keep the last."
        )
    if given or freq.name not in _COARSER:
        return
    begin = np.flatnonzero(np.diff(series, prepend=-1))
    rows = np.diff(begin, append=len(series))
    gaps = np.diff(period, append=period[-1])
    gaps[np.append(begin[1:] - 1, len(gaps) - 1)] = 0  # the step to the next series is no gap
    most = np.maximum.reduceat(gaps, begin)
    gaps[gaps == 0] = span
    least = np.minimum.reduceat(gaps, begin)
    for low, high in _COARSER[freq.name]:
        coarse = np.flatnonzero((rows >= _REGULAR_ROWS) & (least >= low) & (most <= high))
        if len(coarse):
            raise ValueError(
                f"Mixed frequency: the rows are {freq.name!r} together, but series "
                f"{ids[series[begin[coarse[0]]]]!r} has a row every {low} periods only "
                f"({len(coarse)} such series). Forecast each frequency by itself."
            )
