"""The parts of a history that a forecast can rest on, and the same history without some of them.

A part is taken away by putting something ordinary in its place. For the series that are explained:

- `last_week`: the last 7 days sell as the weeks before the last four did (level and weekdays);
- `weeks_2_to_4`: so do the 21 days before;
- `weekday`: the weekday pattern is flattened out of all days;
- `stockouts`: nothing is said of stock-outs, sales pass for demand;
- `price`: every day, past and ahead, has the usual price;
- `promotion`: no day, past or ahead, is on promotion;
- `attributes`: nothing is said of what the series is (its columns of text);
- any further column of numbers (an event, the weather): its usual value on every day.

With all of them taken away a plain history is left: its forecast is the reference.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seamline_platform.demand.frame import MIN_OPEN_SHARE, MINUTES_OF_DAY, FloatArray, IntArray
from seamline_platform.demand.insight.style_days import style_of

WEEK: Final = 7
RECENT_DAYS: Final = 28
OLDER_DAYS: Final = 84
MOST_PARTS: Final = 9
COMPANY: Final = 60
"""Other series that a model gets to learn from, if it has to learn anew for every question."""
_KNOWN: Final = ("unique_id", "ds", "y", "stockout_min", "price_fen", "promo")


@dataclass(frozen=True, slots=True)
class _Series:
    """One dense series: `y` has one value per past day, the columns one per day known at all."""

    name: str
    first_day: int
    y: FloatArray
    columns: dict[str, FloatArray]
    texts: dict[str, str | None]

    @property
    def past(self) -> int:
        return len(self.y)


class Parts:
    """A history of which parts can be taken away, for some of its series."""

    def __init__(self, history: pa.Table, unique_ids: Sequence[str]) -> None:
        """Take the series apart.

        Raises:
            ValueError: if a series is not in the history, or the history is not daily.
        """
        if not pa.types.is_date32(history["ds"].type):
            raise ValueError(f"Explanations are for daily history; ds is {history['ds'].type}.")
        known = history.filter(pc.is_valid(history["y"]))
        if not len(known):
            raise ValueError("The history has no day with a y: there is nothing to explain.")
        last_day = pc.max(pc.cast(known["ds"], pa.int32())).as_py()
        self._weekdays = _weekdays(known)
        self._numbers = [
            name
            for name in history.column_names
            if name not in _KNOWN and _is_number(history[name].type)
        ]
        wanted = pa.array(list(unique_ids), pa.string())
        missing = sorted(set(unique_ids) - set(pc.unique(known["unique_id"]).to_pylist()))
        if missing:
            raise ValueError(f"There is no history of {missing[:3]}.")
        mine = history.filter(pc.is_in(history["unique_id"], wanted))
        company = pa.array(_company(known, unique_ids), pa.string())
        self._company = history.filter(pc.is_in(history["unique_id"], company))
        self._schema = history.schema
        self._series = [
            _dense(mine, name, last_day, self._numbers) for name in sorted(set(unique_ids))
        ]
        self.names = self._present()

    def _present(self) -> tuple[str, ...]:
        """Return the parts that say anything: a column that is empty or constant does not."""
        names = ["last_week", "weeks_2_to_4", "weekday"]
        if any((s.columns["stockout_min"] > 0).any() for s in self._series):
            names.append("stockouts")
        if any(_varies(s.columns["price_fen"]) for s in self._series):
            names.append("price")
        if any((s.columns["promo"] > 0).any() for s in self._series):
            names.append("promotion")
        if any(text is not None for s in self._series for text in s.texts.values()):
            names.append("attributes")
        more = [n for n in self._numbers if any(_varies(s.columns[n]) for s in self._series)]
        return tuple(names + more[: MOST_PARTS - len(names)])

    @property
    def ids(self) -> tuple[str, ...]:
        """The series explained, sorted by name."""
        return tuple(series.name for series in self._series)

    def table(self, present: Sequence[bool], *, company: bool = False) -> pa.Table:
        """Return the history with only those parts that are `present` (in order of `names`).

        `company` adds other series, unchanged: of the same style first, `COMPANY` at most.

        Raises:
            ValueError: if there is not one flag for each part.
        """
        if len(present) != len(self.names):
            raise ValueError(f"{len(present)} flags for {len(self.names)} parts {self.names}.")
        gone = {name for name, there in zip(self.names, present, strict=True) if not there}
        tables = [self._rows(series, gone) for series in self._series]
        return pa.concat_tables([*tables, self._company] if company else tables)

    def _rows(self, series: _Series, gone: set[str]) -> pa.Table:
        columns = {name: values.copy() for name, values in series.columns.items()}
        past = series.past
        if "stockouts" in gone:
            columns["stockout_min"] = np.where(np.isnan(columns["stockout_min"]), np.nan, 0.0)
        if "price" in gone:
            columns["price_fen"] = _usual(columns["price_fen"])
        if "promotion" in gone:
            columns["promo"] = np.where(np.isnan(columns["promo"]), np.nan, 0.0)
        for name in gone.intersection(self._numbers):
            columns[name] = _usual(columns[name])
        y = self._sales(series, columns["stockout_min"][:past], gone)
        days = len(columns["promo"])
        ds = np.arange(series.first_day, series.first_day + days).astype(np.int32)
        filled = np.concatenate([y, np.full(days - past, np.nan)])
        values: dict[str, pa.Array] = {
            "unique_id": pa.repeat(pa.scalar(series.name), days),
            "ds": pa.array(ds, pa.int32()).cast(pa.date32()),
            "y": pa.array(filled, pa.float64(), from_pandas=True),
            **{name: pa.array(v, pa.float64(), from_pandas=True) for name, v in columns.items()},
            **{
                name: pa.repeat(pa.scalar(None if "attributes" in gone else t, pa.string()), days)
                for name, t in series.texts.items()
            },
        }
        return pa.Table.from_arrays(
            [values[field.name].cast(field.type) for field in self._schema], schema=self._schema
        )

    def _sales(self, series: _Series, out_min: FloatArray, gone: set[str]) -> FloatArray:
        y = series.y.copy()
        weekday = _weekday(series.first_day, series.past)
        factor = self._weekdays[weekday]
        opened = 1.0 - np.nan_to_num(out_min, nan=0.0) / MINUTES_OF_DAY
        ordinary = _level(series, self._weekdays) * factor * np.clip(opened, 0.0, 1.0)
        recent = np.arange(series.past) - series.past
        if "last_week" in gone:
            y = np.where(recent >= -WEEK, ordinary, y)
        if "weeks_2_to_4" in gone:
            y = np.where((recent >= -RECENT_DAYS) & (recent < -WEEK), ordinary, y)
        return y / factor if "weekday" in gone else y


def _company(known: pa.Table, unique_ids: Sequence[str]) -> list[str]:
    """Return other series to go with these: of their styles first, then evenly of all."""
    mine = set(unique_ids)
    others = sorted(name for name in pc.unique(known["unique_id"]).to_pylist() if name not in mine)
    styles = {style_of(name) for name in mine}
    close = [name for name in others if style_of(name) in styles][: COMPANY // 2]
    rest = [name for name in others if name not in set(close)]
    step = max(1, math.ceil(len(rest) / max(COMPANY - len(close), 1)))
    return close + rest[::step]


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind)
    )


def _varies(values: FloatArray) -> bool:
    known = values[~np.isnan(values)]
    return bool(known.size and (known != known[0]).any())


def _usual(values: FloatArray) -> FloatArray:
    known = ~np.isnan(values)
    if not known.any():
        return values
    return np.where(known, np.nanmedian(values), np.nan)


def _weekday(first_day: int, days: int) -> IntArray:
    return (first_day + np.arange(days, dtype=np.int64)) % WEEK


def _weekdays(known: pa.Table) -> FloatArray:
    """Return the factor of each weekday over all series (mean 1)."""
    day = pc.cast(known["ds"], pa.int32()).to_numpy().astype(np.int64)
    y = known["y"].to_numpy()
    total = np.bincount(day % WEEK, weights=np.maximum(y, 0.0), minlength=WEEK)
    days = np.array([max(len(np.unique(day[day % WEEK == d])), 1) for d in range(WEEK)])
    mean = total / days
    if mean.sum() <= 0:
        return np.ones(WEEK)
    factor: FloatArray = np.maximum(mean / mean.mean(), 0.05)
    return factor


def _level(series: _Series, weekdays: FloatArray) -> float:
    """Return pieces an ordinary day: before the last four weeks, or at all if that is little."""
    opened = 1.0 - np.nan_to_num(series.columns["stockout_min"][: series.past]) / MINUTES_OF_DAY
    exposure = np.clip(opened, 0.0, 1.0) * weekdays[_weekday(series.first_day, series.past)]
    usable = (opened >= MIN_OPEN_SHARE) & ~np.isnan(series.y)
    older = np.arange(series.past) < series.past - RECENT_DAYS
    older &= np.arange(series.past) >= series.past - OLDER_DAYS
    chosen = usable & older if (usable & older).sum() >= 2 * WEEK else usable
    if not chosen.any():
        return 0.0
    return float(series.y[chosen].sum() / max(exposure[chosen].sum(), 1e-9))


def _dense(rows: pa.Table, name: str, last_day: int, numbers: Sequence[str]) -> _Series:
    own = rows.filter(pc.equal(rows["unique_id"], name))
    day = pc.cast(own["ds"], pa.int32()).to_numpy().astype(np.int64)
    y = own["y"].to_numpy(zero_copy_only=False)
    first = int(day[~np.isnan(y)].min())
    past = last_day - first + 1
    days = max(past, int(day.max()) - first + 1)
    sold = np.zeros(past)
    within = (day >= first) & (day <= last_day)
    sold[day[within] - first] = np.nan_to_num(y[within])
    columns = {}
    for column in ("stockout_min", "price_fen", "promo", *numbers):
        filled = np.full(days, np.nan)
        values = pc.cast(own[column], pa.float64()).to_numpy(zero_copy_only=False)
        filled[day[day >= first] - first] = values[day >= first]
        columns[column] = filled
    texts = {
        column: own[column][0].as_py()
        for column in own.column_names
        if column not in columns and column not in _KNOWN
    }
    return _Series(name, first, sold, columns, texts)
