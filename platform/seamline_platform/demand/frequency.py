"""Time in whole periods: hours, days, weeks, months, quarters, years, or plain integers."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

IntArray = npt.NDArray[np.int64]

SEASONS: Final = {"h": 24, "D": 7, "W": 52, "MS": 12, "QS": 4, "YS": 1, "int": 1}
"""Names of frequencies, and how many periods a season has unless a task says otherwise."""
_MINUTES: Final = {
    "h": 60.0,
    "D": 1_440.0,
    "W": 10_080.0,
    "MS": 43_830.0,
    "QS": 131_490.0,
    "YS": 525_960.0,
    "int": 1_440.0,
}
_MONTHS: Final = {"MS": 1, "QS": 3, "YS": 12}
_HOUR_US: Final = 3_600_000_000
_DAY_US: Final = 24 * _HOUR_US
_MONDAY: Final = 4  # 1970-01-05; day 0 was a Thursday


@dataclass(frozen=True, slots=True)
class Frequency:
    """How far apart two consecutive periods are.

    Each period has an ordinal; those of consecutive periods differ by 1. For `D` it is the day
    since 1970-01-01, for `h` the hour, for `MS`, `QS` and `YS` the month, quarter and year, for
    `int` the integer itself. `anchor` says where weeks begin (day since 1970, modulo 7; 4 is
    Monday) and quarters and years (month modulo 3 and 12; 0 is January).
    """

    name: str
    anchor: int = -1

    def __post_init__(self) -> None:
        if self.name not in SEASONS:
            raise ValueError(
                f"There is no frequency {self.name!r}; allowed: {', '.join(SEASONS)} (hours, "
                "days, weeks, months, quarters, years by their first day, plain integers)."
            )
        if self.anchor < 0:
            object.__setattr__(self, "anchor", _MONDAY if self.name == "W" else 0)
        width = 7 if self.name == "W" else _MONTHS.get(self.name, 1)
        if self.anchor >= width:
            raise ValueError(
                f"The anchor of frequency {self.name!r} lies in 0 to {width - 1}: {self.anchor}."
            )

    @property
    def season_length(self) -> int:
        """Return the usual number of periods in a season (1: none)."""
        return SEASONS[self.name]

    @property
    def minutes(self) -> float:
        """Return the minutes of one period (of `int`: of a day), which stock-outs count in."""
        return _MINUTES[self.name]

    @property
    def type(self) -> pa.DataType:
        """Return the Arrow type of `ds`."""
        if self.name == "int":
            return pa.int64()
        return pa.timestamp("us") if self.name == "h" else pa.date32()

    @classmethod
    def infer(cls, ds: pa.Array | pa.ChunkedArray) -> "Frequency":
        """Return the frequency of which all of `ds` are periods.

        Integers are `int`; times of which one is not midnight are hours. Days are weeks if all
        distances are whole weeks, and months, quarters or years if all are first days of a month.
        One single day is a day.

        Raises:
            ValueError: if `ds` is neither date, timestamp nor integer, or has parts of an hour.
        """
        if pa.types.is_integer(ds.type):
            return cls("int")
        if pa.types.is_timestamp(ds.type):
            micros = _whole(ds, pa.timestamp("us"), pa.int64())
            if (micros % _DAY_US).any():
                if (micros % _HOUR_US).any():
                    raise ValueError(
                        "Times with minutes or seconds are no periods; the shortest is one hour."
                    )
                return cls("h")
        elif not pa.types.is_date(ds.type):
            raise ValueError(f"ds has type {ds.type}; allowed: date, timestamp or integer.")
        return _of_days(np.unique(_days(ds)))

    def ordinals(self, ds: pa.Array | pa.ChunkedArray) -> IntArray:
        """Return the ordinal of each period in `ds`.

        Raises:
            ValueError: if `ds` has another type, or a time that is not the start of a period.
        """
        if self.name == "int":
            if not pa.types.is_integer(ds.type):
                raise ValueError(f"ds has type {ds.type}; this frame counts in integers.")
            return _whole(ds, pa.int64(), pa.int64())
        if not (pa.types.is_date(ds.type) or pa.types.is_timestamp(ds.type)):
            raise ValueError(f"ds has type {ds.type}; allowed: date or timestamp.")
        if self.name == "h":
            micros = _whole(ds, pa.timestamp("us"), pa.int64())
            return self._divided(micros, _HOUR_US, "an hour")
        days = _days(ds)
        if self.name == "D":
            return days
        if self.name == "W":
            return self._divided(days - self.anchor, 7, "a week")
        months = days.astype("datetime64[D]").astype("datetime64[M]")
        if (months.astype("datetime64[D]").astype(np.int64) != days).any():
            raise ValueError("ds has days that are not the first of a month.")
        count = months.astype(np.int64) - self.anchor
        return self._divided(count, _MONTHS[self.name], "a quarter or year")

    def ds(self, ordinals: npt.ArrayLike) -> pa.Array:
        """Return the periods with these ordinals, as the start of each (the inverse)."""
        count = np.asarray(ordinals, dtype=np.int64)
        if self.name == "int":
            return pa.array(count)
        if self.name == "h":
            return pa.array(count * _HOUR_US).cast(pa.timestamp("us"))
        if self.name in _MONTHS:
            months = count * _MONTHS[self.name] + self.anchor
            count = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
        elif self.name == "W":
            count = count * 7 + self.anchor
        return pa.array(count.astype(np.int32), pa.int32()).cast(pa.date32())

    def _divided(self, count: IntArray, by: int, what: str) -> IntArray:
        if (count % by).any():
            raise ValueError(f"ds has times that are not the start of {what} ({self.name}).")
        return count // by


def _of_days(days: IntArray) -> Frequency:
    if len(days) < 2:
        return Frequency("D")
    gaps = np.diff(days)
    first = days.astype("datetime64[D]").astype("datetime64[M]")
    if gaps.min() >= 28 and (first.astype("datetime64[D]").astype(np.int64) == days).all():
        months = first.astype(np.int64)
        steps = np.diff(months)
        for name, width in (("YS", 12), ("QS", 3)):
            if not (steps % width).any():
                return Frequency(name, int(months[0] % width))
        return Frequency("MS")
    return Frequency("D") if (gaps % 7).any() else Frequency("W", int(days[0] % 7))


def _days(ds: pa.Array | pa.ChunkedArray) -> IntArray:
    if not pa.types.is_timestamp(ds.type):
        return _whole(ds, pa.date32(), pa.int32())
    micros = _whole(ds, pa.timestamp("us"), pa.int64())
    if (micros % _DAY_US).any():  # Arrow's own cast to a date would drop the hours silently
        raise ValueError("ds has times that are not the start of a day.")
    return micros // _DAY_US


def _whole(ds: pa.Array | pa.ChunkedArray, kind: pa.DataType, number: pa.DataType) -> IntArray:
    """Return `ds` as whole numbers of the unit of `kind`; time zones are read as UTC."""
    if pa.types.is_timestamp(ds.type) and ds.type.tz is not None:
        ds = pc.cast(ds, pa.timestamp(ds.type.unit))
    try:
        counted = pc.cast(pc.cast(ds, kind), number)
    except pa.ArrowInvalid as exc:
        raise ValueError(f"ds has times that are no whole {kind}: {exc}.") from exc
    if counted.null_count:
        raise ValueError("ds has empty values.")
    return np.asarray(counted.to_numpy(zero_copy_only=False), dtype=np.int64)
