"""Reads real sales from a CSV file: long frame `unique_id, ds, y`, one row per series and day."""

import csv
import itertools
import math
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Final, NamedTuple, TextIO

from seamline_broker.errors import ConfigError

DemandRow = tuple[str, int, int]
"""Series, day counted from the start of the run (history is negative), pieces."""

_COLUMNS: Final = ("unique_id", "ds", "y")


class _Row(NamedTuple):
    """One row of a file; `day` is an ordinal, `line` counts from 1, the header's."""

    line: int
    series: str
    day: int
    pieces: int


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
    lines = _lines(path, rows)
    _check_gaps(path, lines)
    days = [row.day for row in rows]
    zero = min(days) + days_before(min(days), max(days), start, history_days)
    found = [(row.series, row.day - zero, row.pieces) for row in rows]
    return sorted(found, key=lambda row: (row[1], row[0]))


def days_before(first: int, last: int, start: date, history_days: int) -> int:
    """Return how many days of a file (ordinals `first` to `last`) come before the run.

    At most `history_days` and half of the file, but for up to six days that make the weekdays meet.
    """
    before = min(history_days, (last - first + 1) // 2)
    before -= (first + before - start.toordinal()) % 7
    return before if before >= 0 else before + 7


def _lines(path: Path, rows: list[_Row]) -> dict[str, dict[int, int]]:
    """Return the line of every day by series; a day that comes twice is an error."""
    lines: dict[str, dict[int, int]] = {}
    for row in rows:
        known = lines.setdefault(row.series, {})
        if row.day in known:
            raise ConfigError(
                f"Demand file {path}, line {row.line}: series {row.series!r} comes twice on "
                f"{date.fromordinal(row.day)}, first in line {known[row.day]}; expected one row "
                "per series and day."
            )
        known[row.day] = row.line
    return lines


def _check_gaps(path: Path, lines: Mapping[str, Mapping[int, int]]) -> None:
    """Refuse a series that leaves out a day: nobody can tell it from a day without a sale.

    The step is what all days of the file have in common: 1 for daily rows, 7 for weekly ones.
    """
    every = sorted({day for days in lines.values() for day in days})
    step = math.gcd(*(b - a for a, b in itertools.pairwise(every))) or 1
    for series, days in lines.items():
        for a, b in itertools.pairwise(sorted(days)):
            if b - a != step:
                raise ConfigError(
                    f"Demand file {path}, line {days[b]}: series {series!r} has a gap from "
                    f"{date.fromordinal(a)} to {date.fromordinal(b)}; expected a row every "
                    f"{'day' if step == 1 else f'{step} days'}, with y = 0 where nothing was sold."
                )


def _rows(path: Path, file: TextIO) -> Iterator[_Row]:
    reader = csv.DictReader(file)
    missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise ConfigError(
            f"Demand file {path}, line 1: columns are {reader.fieldnames}; it lacks "
            f"{missing[0]!r}. Expected a long frame: unique_id, ds, y."
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
        yield _Row(reader.line_num, series, day, round(pieces))
