"""Recordings: rows of a CSV or Parquet file with a time column and columns of numbers."""

import csv
import importlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from math import isfinite
from pathlib import Path
from typing import Any, Final

from seamline_broker.contracts.topics import MAX_LEVEL_CHARS
from seamline_broker.errors import DriverError

_TIME_NAMES: Final = ("ts", "time", "timestamp", "datetime", "date", "ds", "ts_ms", "t")
_PEEK_ROWS: Final = 200
_PARQUET_ROWS: Final = 4_096
_MIN_MS: Final = 631_152_000_000
_MAX_MS: Final = 4_102_444_800_000
_EMPTY: Final = frozenset({"", "nan", "na", "n/a", "null", "none"})
_PER_MS: Final = (("seconds", 1e3), ("milliseconds", 1.0), ("microseconds", 1e-3), ("ns", 1e-6))

Cell = Any
"""A text from a CSV file; a number, text, time or None from a Parquet file."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its own time (epoch ms UTC) and a value, or None, for each column of numbers."""

    ts_ms: int
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Which columns of a file are what.

    `columns` are the names as they stand in the file, `metrics` the same fit for a topic.
    """

    time: str
    columns: tuple[str, ...]
    metrics: tuple[str, ...]
    left_out: tuple[str, ...]


def parse_time(cell: Cell) -> int:
    """Return epoch milliseconds of a date, an ISO 8601 time or an epoch number.

    A time without a zone is taken as UTC. Seconds, milliseconds, microseconds and nanoseconds are
    told apart by their size: the one that falls between 1990 and 2100.

    Raises:
        ValueError: if it is none of these.
    """
    if isinstance(cell, str):
        text = cell.strip()
        if re.fullmatch(r"\d{9,}(\.\d+)?", text):
            cell = float(text) if "." in text else int(text)
        else:
            cell = datetime.fromisoformat(text)
    if isinstance(cell, date) and not isinstance(cell, datetime):
        cell = datetime(cell.year, cell.month, cell.day, tzinfo=UTC)
    if isinstance(cell, datetime):
        aware = cell if cell.tzinfo is not None else cell.replace(tzinfo=UTC)
        # In whole numbers: a float would lose the last digit of some milliseconds.
        delta = aware - datetime(1970, 1, 1, tzinfo=UTC)
        ts_ms = (delta.days * 86_400 + delta.seconds) * 1_000 + delta.microseconds // 1_000
        if not _MIN_MS <= ts_ms <= _MAX_MS:
            raise ValueError(f"{cell} is not between 1990 and 2100")
        return ts_ms
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        for _, factor in _PER_MS:
            if _MIN_MS <= cell * factor <= _MAX_MS:
                return int(cell * factor)
    raise ValueError(f"{cell!r} is not a time")


def parse_value(cell: Cell) -> float | None:
    """Return a number; None for an empty cell, NaN or an infinite number.

    Raises:
        ValueError: if it is something else.
    """
    if cell is None or (isinstance(cell, str) and cell.strip().lower() in _EMPTY):
        return None
    if isinstance(cell, (datetime, date)):
        raise ValueError(f"{cell!r} is not a number")
    value = float(cell)
    return value if isfinite(value) else None


class Recording:
    """A file of rows, read row by row: it may be larger than memory.

    Args:
        path: CSV, or Parquet where the library pyarrow is installed.
        time_column: column with the times; found by name and content if None.

    Raises:
        DriverError: if the file cannot be read, or has no time column or no column of numbers.
    """

    def __init__(self, path: Path, time_column: str | None = None) -> None:
        self.path = path
        if path.suffix.lower() in (".parquet", ".pq"):
            self._cells = self._parquet
        else:
            self._cells = self._csv
        try:
            peek = list(islice(self._cells(), _PEEK_ROWS))
        except (OSError, UnicodeDecodeError, csv.Error) as exc:
            raise DriverError(f"Recording {path} cannot be read: {exc}.") from exc
        if not peek:
            raise DriverError(f"Recording {path} has no row.")
        self.layout = _layout(path, peek, time_column)

    def rows(self) -> Iterator[Row]:
        """Yield all rows in the order of the file.

        Raises:
            DriverError: naming row, column and value if something is no time or no number.
        """
        layout = self.layout
        try:
            for number, cells in enumerate(self._cells(), start=1):
                yield self._row(number, cells, layout)
        except (OSError, UnicodeDecodeError, csv.Error) as exc:
            raise DriverError(f"Recording {self.path} cannot be read: {exc}.") from exc

    def _row(self, number: int, cells: Mapping[str, Cell], layout: Layout) -> Row:
        column = layout.time
        try:
            ts_ms = parse_time(cells[column])
            values = []
            for column in layout.columns:
                values.append(parse_value(cells[column]))
        except (ValueError, TypeError) as exc:
            expected = "a time" if column == layout.time else "a number"
            raise DriverError(
                f"Recording {self.path}, row {number}, column {column!r}: {cells[column]!r} is not "
                f"{expected} ({exc})."
            ) from exc
        return Row(ts_ms, tuple(values))

    def _csv(self) -> Iterator[Mapping[str, Cell]]:
        with self.path.open(newline="", encoding="utf-8-sig") as file:
            head = file.read(8_192)
            file.seek(0)
            separator = max(",;\t", key=head.partition("\n")[0].count)
            reader = csv.DictReader(file, delimiter=separator, restval="")
            names = reader.fieldnames or []
            if len(set(names)) != len(names):
                raise DriverError(f"Recording {self.path} has a column name twice: {names}.")
            for cells in reader:
                if None in cells:
                    raise DriverError(
                        f"Recording {self.path}, line {reader.line_num}: more cells than the "
                        f"{len(names)} columns."
                    )
                yield cells

    def _parquet(self) -> Iterator[Mapping[str, Cell]]:
        if not self.path.is_file():
            raise DriverError(f"Recording {self.path} does not exist.")
        try:
            # By name at run time: a Raspberry Pi has no pyarrow and needs none.
            parquet = importlib.import_module("pyarrow.parquet")
        except ImportError as exc:
            raise DriverError(
                f"Recording {self.path}: reading Parquet needs pyarrow (pip install pyarrow); "
                "or give a CSV file."
            ) from exc
        try:
            with parquet.ParquetFile(self.path) as file:
                for batch in file.iter_batches(_PARQUET_ROWS):
                    yield from batch.to_pylist()
        except (ValueError, RuntimeError) as exc:  # pyarrow's errors are children of these
            raise DriverError(f"Recording {self.path} is not readable Parquet: {exc}.") from exc


def _is(parse: Any, cells: Sequence[Cell]) -> bool:
    """Tell whether every cell that is not empty can be parsed, and there is one."""
    filled = [c for c in cells if c is not None and c != ""]
    try:
        for cell in filled:
            parse(cell)
    except (ValueError, TypeError):
        return False
    return bool(filled)


def _layout(path: Path, peek: Sequence[Mapping[str, Cell]], wanted: str | None) -> Layout:
    names = list(peek[0])
    columns = {name: [row[name] for row in peek] for name in names}
    time = wanted or _time_column(columns)
    if time not in columns:
        what = f"has no column {wanted!r}" if wanted else "has no column with times"
        raise DriverError(
            f"Recording {path} {what}; columns: {', '.join(map(repr, names))}. "
            "Name it with --time-column (driver option time_column)."
        )
    rest = [name for name in names if name != time]
    # A column that is empty so far may hold numbers later.
    numbers = [
        n for n in rest if _is(parse_value, columns[n]) or all(c in (None, "") for c in columns[n])
    ]
    if not numbers:
        raise DriverError(f"Recording {path} has no column of numbers; columns: {names}.")
    left_out = tuple(name for name in rest if name not in numbers)
    return Layout(time, tuple(numbers), tuple(_metrics(numbers)), left_out)


def _time_column(columns: Mapping[str, Sequence[Cell]]) -> str:
    """Return the first column of times; one with a usual name goes before others."""
    fit = [name for name, cells in columns.items() if _is(parse_time, cells)]
    usual = [name for name in fit if name.lower() in _TIME_NAMES]
    return next(iter([*usual, *fit]), "")


def _metrics(names: Sequence[str]) -> Iterator[str]:
    """Yield the names without signs that a topic cannot hold, each once."""
    taken: set[str] = set()
    for name in names:
        base = re.sub(r"[+#/\s\x00-\x1f\x7f]+", "_", name)[:MAX_LEVEL_CHARS] or "value"
        metric, number = base, 2
        while metric in taken:
            ending = f"_{number}"
            metric, number = base[: MAX_LEVEL_CHARS - len(ending)] + ending, number + 1
        taken.add(metric)
        yield metric
