"""Reads real sales from a CSV file: long frame `unique_id, ds, y`, one row per series and day."""

import csv
import math
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Final, TextIO

from seamline_broker.errors import ConfigError

DemandRow = tuple[str, int, int]
"""Series, day counted from the first day of the file, pieces."""

_COLUMNS: Final = ("unique_id", "ds", "y")


def read_demand(path: Path) -> list[DemandRow]:
    """Return the rows of a demand file, sorted by day and series.

    Raises:
        ConfigError: naming file, line, column and value if something cannot be used.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(_rows(path, file))
    except (OSError, UnicodeDecodeError, csv.Error) as exc:
        raise ConfigError(f"Demand file {path} cannot be read: {exc}.") from exc
    if not rows:
        raise ConfigError(f"Demand file {path} has no row; expected columns unique_id, ds, y.")
    first = min(day for _, day, _ in rows)
    found: dict[tuple[str, int], int] = {}
    for series, day, pieces in rows:
        key = (series, day - first)
        if key in found:
            stamp = date.fromordinal(day)
            raise ConfigError(f"Demand file {path} has series {series!r} twice on {stamp}.")
        found[key] = pieces
    return sorted(((s, d, y) for (s, d), y in found.items()), key=lambda row: (row[1], row[0]))


def _rows(path: Path, file: TextIO) -> Iterator[DemandRow]:
    reader = csv.DictReader(file)
    missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise ConfigError(
            f"Demand file {path} has columns {reader.fieldnames}; it lacks {missing[0]!r}. "
            "Expected a long frame: unique_id, ds, y."
        )
    for line in reader:
        where = f"Demand file {path}, line {reader.line_num}"
        series, stamp, value = (line[name] for name in _COLUMNS)
        if not series:
            raise ConfigError(f"{where}: unique_id is empty.")
        try:
            day = datetime.fromisoformat(stamp).date().toordinal()
        except (TypeError, ValueError) as exc:
            raise ConfigError(
                f"{where}: ds is {stamp!r}; expected a date such as 2025-03-31."
            ) from exc
        try:
            pieces = float(value)
        except (TypeError, ValueError) as exc:
            raise ConfigError(f"{where}: y is {value!r}; expected a number of pieces.") from exc
        if not math.isfinite(pieces) or pieces < 0:
            raise ConfigError(f"{where}: y is {value!r}; expected a number that is not negative.")
        yield series, day, round(pieces)
