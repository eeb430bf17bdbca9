"""The script of a streaming benchmark: which message goes out at which plant time.

A pure function of the task's windows and a seed. The history of the last window, cut into orders,
is told in plant time; when a window's origin has closed, a forecast is requested. What lies behind
an origin goes out behind its deadline.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from seamline_broker.errors import ConfigError
from seamline_platform.demand.frame import LONG_SCHEMA
from seamline_platform.demand.frequency import Frequency
from seamline_platform.experiments.forecasting.contract import Task, Window
from seamline_platform.experiments.forecasting.stream.messages import (
    Brief,
    Clock,
    Known,
    Message,
    Orders,
    Request,
    Series,
)
from seamline_platform.experiments.forecasting.stream.orders import Disorder, OrderBook, orders_of
from seamline_platform.experiments.forecasting.stream.periods import Periods

_ORDERS_PER_MESSAGE: Final = 400
_ROWS_PER_MESSAGE: Final = 400

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rules:
    """When a model has to answer, in units of a period's length."""

    allowed_lateness: float = 0.25
    """Orders that come up to so long after their period's end are waited for."""
    deadline: float = 0.5
    """A forecast counts if it arrives before so long after the origin's end."""

    def __post_init__(self) -> None:
        if not 0 <= self.allowed_lateness < self.deadline <= 1:
            raise ConfigError(
                f"allowed_lateness is {self.allowed_lateness!r} and deadline {self.deadline!r}; "
                "expected 0 <= allowed_lateness < deadline <= 1 (of a period)."
            )


@dataclass(frozen=True, slots=True)
class Step:
    """Messages of one moment; `request` is set where the answers to it are waited for."""

    plant_ms: int
    messages: tuple[Message, ...]
    request: Request | None = None


class Script:
    """The messages of one task's windows.

    Args:
        task: what is forecast.
        windows: its windows, all with the same series, in order of time.
        rules: when an answer is late.
        disorder: how word of orders comes.
        seed: of the disorder.

    Raises:
        ConfigError: if the windows have different series, or a later one tells the past otherwise.
    """

    def __init__(
        self, task: Task, windows: Sequence[Window], rules: Rules, disorder: Disorder, seed: int
    ) -> None:
        if not windows:
            raise ConfigError(f"Task {task.name} has no windows to stream.")
        self.task, self.rules, self.seed = task, rules, seed
        self.frequency = Frequency.infer(windows[-1].history["ds"])
        self.periods = Periods(self.frequency)
        self.windows = tuple(windows)
        self.origins = tuple(_last_period(window, self.frequency) for window in windows)
        self._past = _past(windows[-1], self.frequency, self.origins[-1])
        self._check()
        self._row_period = self.frequency.ordinals(self._past["ds"])
        self._opens = self.periods.opens_ms(self._row_period)
        self._closes = self.periods.opens_ms(self._row_period + 1)
        y = self._past["y"].to_numpy(zero_copy_only=False).astype(np.float64)
        self._missing = ~np.isfinite(y)
        self.book: OrderBook = orders_of(y, self._opens, self._closes, disorder, seed)
        self._ids = self._past["unique_id"].to_pylist()
        self._labels = self.periods.labels(self._row_period)
        self._numbers, self._texts = _columns(self._past)

    @property
    def brief(self) -> Brief:
        """Return the first message."""
        length = self._length(self.origins[0])
        return Brief(
            self.task.name, self.frequency.name, self.frequency.anchor, self.task.season_length,
            self.windows[0].horizon, self.task.levels,
            int(self.rules.allowed_lateness * length), self.task.refit, self.seed,
        )  # fmt: skip

    def requests(self) -> tuple[Request, ...]:
        """Return what is asked, one request per window."""
        return tuple(
            Request(
                self.periods.labels(np.array([origin]))[0],
                self.periods.labels(np.arange(origin + 1, origin + 1 + window.horizon)),
                self.periods.close_ms(origin),
                self.periods.close_ms(origin) + int(self.rules.deadline * self._length(origin)),
            )
            for origin, window in zip(self.origins, self.windows, strict=True)
        )

    def steps(self) -> Iterator[Step]:
        """Yield the messages in plant time."""
        teller = _Teller(self)
        for request, origin, window in zip(
            self.requests(), self.origins, self.windows, strict=True
        ):
            ahead = self._ahead(window, origin)
            yield Step(request.close_ms, (*teller.until(request.close_ms), *ahead, request))
            watermark = request.close_ms + self.brief.allowed_lateness_ms
            yield Step(watermark, (*teller.until(watermark), Clock(watermark)), request)
            # What came while models were at work; it counts for the next origin.
            deadline = request.deadline_ms
            yield Step(deadline, (*teller.until(deadline), Clock(deadline)))

    def series_until(self, after_ms: int, until_ms: int) -> Iterator[Series]:
        """Yield series whose first period opens in (after, until]."""
        first: dict[str, int] = {}
        for row, name in enumerate(self._ids):
            if name not in first or self._row_period[row] < self._row_period[first[name]]:
                first[name] = row
        rows = [r for r in first.values() if after_ms < self._opens[r] <= until_ms]
        for part in _parts(sorted(rows), _ROWS_PER_MESSAGE):
            static = {name: tuple(values[r] for r in part) for name, values in self._texts.items()}
            yield Series(
                tuple(self._ids[r] for r in part), tuple(self._labels[r] for r in part), static
            )

    def known_until(self, after_ms: int, until_ms: int) -> Iterator[Known]:
        """Yield what was known of periods that closed in (after, until]."""
        said = self._missing.copy()
        for values in self._numbers.values():
            said |= np.isfinite(values)
        rows = np.flatnonzero(said & (self._closes > after_ms) & (self._closes <= until_ms))
        for part in _parts(rows.tolist(), _ROWS_PER_MESSAGE):
            yield Known(
                tuple(self._ids[r] for r in part),
                tuple(self._labels[r] for r in part),
                tuple(bool(self._missing[r]) for r in part),
                {name: _or_none(values[part]) for name, values in self._numbers.items()},
            )

    def orders_until(self, first: int, until_ms: int) -> tuple[int, list[Orders]]:
        """Return words of orders from number `first` on that come until then, and what follows."""
        book = self.book
        end = int(np.searchsorted(book.told_ms, until_ms, side="right"))
        messages = [
            Orders(
                tuple(f"o{n}" for n in book.order[part]),
                tuple(self._ids[r] for r in book.row[part]),
                tuple(self._labels[r] for r in book.row[part]),
                tuple(book.at_ms[part].tolist()),
                tuple(book.qty[part].tolist()),
            )
            for part in _parts(list(range(first, end)), _ORDERS_PER_MESSAGE)
        ]
        return max(end, first), messages

    def _ahead(self, window: Window, origin: int) -> Iterator[Known]:
        """Yield what was known at an origin of the periods to come."""
        ordinals = self.frequency.ordinals(window.history["ds"])
        ahead = window.history.filter(pa.array(ordinals > origin))
        numbers, _ = _columns(ahead)
        labels = self.periods.labels(ordinals[ordinals > origin])
        ids = ahead["unique_id"].to_pylist()
        said = np.zeros(len(ahead), dtype=bool)
        for values in numbers.values():
            said |= np.isfinite(values)
        for part in _parts(np.flatnonzero(said).tolist(), _ROWS_PER_MESSAGE):
            columns = {name: _or_none(values[part]) for name, values in numbers.items()}
            yield Known(
                tuple(ids[r] for r in part), tuple(labels[r] for r in part),
                (False,) * len(part), columns,
            )  # fmt: skip

    def _length(self, origin: int) -> int:
        opens = self.periods.opens_ms(np.array([origin, origin + 1]))
        return int(opens[1] - opens[0])

    def _check(self) -> None:
        names = set(self._past["unique_id"].to_pylist())
        for window, origin in zip(self.windows, self.origins, strict=True):
            mine = _past(window, self.frequency, origin)
            if set(mine["unique_id"].to_pylist()) != names:
                raise ConfigError(f"Task {self.task.name}: its windows have different series.")
            before = self._past.filter(pc.less_equal(self._past["ds"], pc.max(mine["ds"])))
            if not mine["y"].combine_chunks().equals(before["y"].combine_chunks()):
                raise ConfigError(
                    f"Task {self.task.name}: window {window.index} tells the past otherwise than "
                    "the last one; such a task cannot be streamed."
                )


class _Teller:
    """Tells what has come, each thing once."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._until_ms = -(2**62)
        self._next = 0

    def until(self, plant_ms: int) -> list[Message]:
        script, after = self._script, self._until_ms
        self._next, orders = script.orders_until(self._next, plant_ms)
        self._until_ms = plant_ms
        found: list[Message] = [*script.series_until(after, plant_ms)]
        return [*found, *orders, *script.known_until(after, plant_ms)]


def _last_period(window: Window, frequency: Frequency) -> int:
    known = window.history.filter(pc.is_valid(window.history["y"]))
    if not len(known):
        raise ConfigError(f"Window {window.index} of task {window.task} has no history.")
    return int(frequency.ordinals(known["ds"]).max())


def _past(window: Window, frequency: Frequency, origin: int) -> pa.Table:
    rows = window.history.filter(pa.array(frequency.ordinals(window.history["ds"]) <= origin))
    return rows.sort_by([("unique_id", "ascending"), ("ds", "ascending")])


def _columns(
    table: pa.Table,
) -> tuple[dict[str, npt.NDArray[np.float64]], dict[str, list[str | None]]]:
    """Return the columns beside series, period and y that say something: numbers, and texts."""
    numbers: dict[str, npt.NDArray[np.float64]] = {}
    texts: dict[str, list[str | None]] = {}
    for name in table.column_names:
        column = table[name]
        if name in ("unique_id", "ds", "y") or column.null_count == len(table):
            continue
        if name not in LONG_SCHEMA.names and pa.types.is_string(column.type):
            texts[name] = column.to_pylist()
        else:
            values: Any = column.to_numpy(zero_copy_only=False)
            numbers[name] = np.asarray(values, dtype=np.float64)
    return numbers, texts


def _or_none(values: npt.NDArray[np.float64]) -> tuple[float | None, ...]:
    return tuple(float(value) if np.isfinite(value) else None for value in values)


def _parts(rows: list[int], size: int) -> Iterator[list[int]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
