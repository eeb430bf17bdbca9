"""Reads real sales from a CSV file: long frame `unique_id, ds, y`, one row per series and day."""

import csv
import math
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Final, TextIO

from seamline_broker.errors import ConfigError

DemandRow = tuple[str, int, int]
"""Series, day counted from the start of the run (history is negative), pieces."""

_COLUMNS: Final = ("unique_id", "ds", "y")


def read_demand(path: Path, start: date, history_days: int) -> list[DemandRow]:
    """Return the rows of a demand file, sorted by day and series.

    The file begins with history: its first `history_days` days, or half of it, come before the run,
    so that forecasters have something to learn from. Days of the week stay what they are.

    Args:
        path: CSV file.
        start: first day of the run.
        history_days: days before the run that are wanted.

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
    days = [day for _, day, _ in rows]
    before = days_before(min(days), max(days), start, history_days)
    zero = min(days) + before
    found: dict[tuple[str, int], int] = {}
    for series, day, pieces in rows:
        key = (series, day - zero)
        if key in found:
            stamp = date.fromordinal(day)
            raise ConfigError(f"Demand file {path} has series {series!r} twice on {stamp}.")
        found[key] = pieces
    return sorted(((s, d, y) for (s, d), y in found.items()), key=lambda row: (row[1], row[0]))


def days_before(first: int, last: int, start: date, history_days: int) -> int:
    """Return how many days of a file (ordinals `first` to `last`) come before the run.

    At most `history_days` and half of the file, but for up to six days that make the weekdays meet.
    """
    before = min(history_days, (last - first + 1) // 2)
    before -= (first + before - start.toordinal()) % 7
    return before if before >= 0 else before + 7


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
