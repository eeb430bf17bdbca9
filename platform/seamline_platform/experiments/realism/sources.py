"""Real series to compare with: long files of the reader's own, and known public sets."""

import csv
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.realism.features import Floats

COLUMNS: Final = ("unique_id", "ds", "y")
STEP_DAYS: Final = {"daily": 1, "weekly": 7, "monthly": 30}
SEASON: Final = {"daily": 7, "weekly": 52, "monthly": 12}
MIN_LENGTH: Final = 20
_CAP: Final = 10_000_000

Row = tuple[str, object, object]


@dataclass(frozen=True, slots=True)
class SeriesSet:
    """Series of one set, equally spaced."""

    name: str
    frequency: str
    series: tuple[Floats, ...]
    dropped: int = 0
    """Series left out: shorter than 20 periods, or without any demand."""

    @property
    def period(self) -> int:
        """Return the season's length in periods."""
        return SEASON[self.frequency]


@dataclass(frozen=True, slots=True)
class Known:
    """A public set: where it lies below the data folder, how often it counts, how it is read."""

    file: str
    frequency: str
    read: Callable[[Path], Iterator[Row]]


def read_set(against: str, data: Path, frequency: str | None = None) -> SeriesSet:
    """Return the series of a known set or of a CSV or Parquet file.

    Raises:
        ConfigError: if there is no such set or file, or a row is not as expected.
    """
    known = KNOWN.get(against)
    if known is not None:
        file = data / known.file
        if not file.is_file():
            raise ConfigError(f"The set {against} is not at {file}; name its folder with --data.")
        return _series_set(against, known.frequency, file, known.read(file))
    file = Path(against)
    if not file.is_file():
        raise ConfigError(
            f"{against!r} is no file and no known set; known: {', '.join(KNOWN)}. "
            "A file has the columns unique_id, ds, y (CSV or Parquet)."
        )
    return _series_set(file.stem, frequency, file, _long_rows(file))


def _series_set(name: str, frequency: str | None, file: Path, rows: Iterator[Row]) -> SeriesSet:
    values: dict[str, dict[int, float]] = {}
    for number, (key, ds, y) in enumerate(rows, 1):
        where = f"{file}, row {number} ({key!r}, {ds!r}, {y!r})"
        place = _place(ds, where)
        amount = _amount(y, where)
        series = values.setdefault(key, {})
        if place in series:
            raise ConfigError(f"{where}: this series has that date twice.")
        series[place] = amount
    frequency = frequency or _frequency(file, values)
    step = 1 if _is_counted(values) else STEP_DAYS[frequency]
    made = [_equally_spaced(key, days, step, frequency, file) for key, days in values.items()]
    kept = tuple(y for y in made if len(y) >= MIN_LENGTH and y.any())
    if len(kept) < 10:
        raise ConfigError(
            f"{file}: {len(kept)} series of {MIN_LENGTH} periods or more with demand; needed: 10."
        )
    return SeriesSet(name, frequency, kept, len(made) - len(kept))


def _is_counted(values: Mapping[str, Mapping[int, float]]) -> bool:
    return all(place < 100_000 for days in values.values() for place in days)


def _place(ds: object, where: str) -> int:
    """Return a date as days since year 1, or a period number as it is."""
    if type(ds) is int:
        return ds
    if isinstance(ds, date):
        return ds.toordinal() + 200_000
    text = str(ds)
    if text.isdigit():
        return int(text)
    try:
        return date.fromisoformat(text[:10]).toordinal() + 200_000
    except ValueError as exc:
        raise ConfigError(f"{where}: ds is no date (2025-03-31) and no whole number.") from exc


def _amount(y: object, where: str) -> float:
    try:
        value = float(str(y))
    except ValueError as exc:
        raise ConfigError(f"{where}: y is not a number; allowed: 0 or more.") from exc
    if not math.isfinite(value) or not 0 <= value <= _CAP:
        raise ConfigError(f"{where}: y is out of range; allowed: 0 to {_CAP}.")
    return value


def _equally_spaced(
    name: str, days: Mapping[int, float], step: int, frequency: str, file: Path
) -> Floats:
    places = sorted(days)
    if frequency == "monthly" and step != 1:  # months are of unequal length: 30.44 days on average
        numbers = [round((p - places[0]) / 30.44) for p in places]
    else:
        numbers = [-1 if (p - places[0]) % step else (p - places[0]) // step for p in places]
    if numbers != list(range(len(numbers))):
        gap = next(i for i, n in enumerate(numbers) if n != i)
        raise ConfigError(
            f"{file}: series {name!r} has a gap or a step that is not {frequency} after its "
            f"period {gap}; expected every period once (0 where nothing was sold)."
        )
    return np.array([days[p] for p in places])


def _frequency(file: Path, values: Mapping[str, Mapping[int, float]]) -> str:
    places = max((sorted(days) for days in values.values()), key=len, default=[])
    step = int(np.median(np.diff(places))) if len(places) > 1 else 0
    if places and places[0] >= 100_000:
        for name, days in (("daily", (1, 1)), ("weekly", (7, 7)), ("monthly", (28, 31))):
            if days[0] <= step <= days[1]:
                return name
    raise ConfigError(
        f"{file}: cannot tell how often it counts; give --frequency daily, weekly or monthly."
    )


def _long_rows(file: Path) -> Iterator[Row]:
    if file.suffix.lower() in (".parquet", ".pq"):
        yield from _parquet(file, COLUMNS)
        return
    with file.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise ConfigError(
                f"{file} has columns {reader.fieldnames}; it lacks {missing[0]!r}. "
                "Expected a long frame: unique_id, ds, y."
            )
        for row in reader:
            yield str(row["unique_id"]), row["ds"], row["y"]


def _parquet(file: Path, columns: tuple[str, ...]) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        names = pq.read_schema(file).names
        missing = [name for name in columns if name not in names]
        if missing:
            raise ConfigError(f"{file} has columns {names}; it lacks {missing[0]!r}.")
        table = pq.read_table(file, columns=list(columns))
    except (OSError, pa.ArrowException) as exc:
        raise ConfigError(f"{file} cannot be read: {exc}.") from exc
    lists: list[list[Any]] = [table[name].to_pylist() for name in columns]
    for *key, ds, y in zip(*lists, strict=True):
        yield "/".join(str(part) for part in key), ds, y


def _present(rows: Iterator[Row]) -> Iterator[Row]:
    return (row for row in rows if row[2] is not None)


def _complete_parquet(file: Path) -> Iterator[Row]:
    """Leave out series with missing values."""
    rows = list(_parquet(file, COLUMNS))
    partly = {key for key, _, y in rows if y is None or y != y}
    return (row for row in rows if row[0] not in partly)


def _uci_weekly(file: Path) -> Iterator[Row]:
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            for week in range(52):
                yield row["Product_Code"], week, row[f"W{week}"]


def _hermes(file: Path) -> Iterator[Row]:
    with file.open(encoding="utf-8", newline="") as lines:
        reader = csv.reader(lines)
        names = next(reader)[1:]
        for number, row in enumerate(reader):
            for name, y in zip(names, row[1:], strict=True):
                yield name, number, y


def _walmart(file: Path) -> Iterator[Row]:
    """Store and department; those with a missing week or a negative week are left out."""
    rows = list(_parquet(file, ("Store", "Dept", "Date", "Weekly_Sales")))
    weeks = len({ds for _, ds, _ in rows})
    count: dict[str, int] = {}
    for key, _, y in rows:
        count[key] = count.get(key, 0) + (1 if isinstance(y, float) and y >= 0 else -1_000)
    return (row for row in rows if count[row[0]] == weeks)


KNOWN: Final[Mapping[str, Known]] = {
    "uci_sales_weekly": Known(
        "uci_sales_weekly/Sales_Transactions_Dataset_Weekly.csv", "weekly", _uci_weekly
    ),
    "hermes_fashion": Known("hermes_fashion/f1_main_100_sequences.csv", "weekly", _hermes),
    "walmart2014": Known("walmart2014/train_first_117_weeks.parquet", "weekly", _walmart),
    "expsmooth_carparts": Known(
        "expsmooth_carparts/carparts.parquet", "monthly", _complete_parquet
    ),
    "expsmooth_hospital": Known(
        "expsmooth_hospital/hospital.parquet", "monthly", _complete_parquet
    ),
}
"""Public sets by name."""
