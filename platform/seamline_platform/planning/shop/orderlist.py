"""A planner's own list of orders as CSV, in UTF-8 or GB18030; and a plan as CSV."""

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from seamline_broker.errors import ConfigError
from seamline_platform.planning.shop.problem import Order, Problem
from seamline_platform.planning.shop.schedule import Schedule

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "order": ("order", "order_id", "订单", "订单号"),
    "style": ("style", "款式", "款号"),
    "colour": ("colour", "color", "颜色"),
    "pieces": ("pieces", "qty", "quantity", "件数", "数量"),
    "due": ("due", "due_date", "交期"),
    "release": ("release", "面料到料", "可开裁"),
    "weight": ("weight", "priority", "权重"),
    "lines": ("lines", "line", "产线"),
    "after": ("after", "前置订单"),
}
"""Names of columns, the first one ours; the first, second, fourth and fifth are needed."""
NEEDED: Final = ("order", "style", "pieces", "due")
PLAN_COLUMNS: Final = (
    "order", "line", "cut_start", "cut_end", "setup_start", "setup_min", "sew_start", "sew_end",
    "done", "due", "late_min", "note",
)  # fmt: skip

_DAY: Final = re.compile(r"^(\d{4})[-/](\d{1,2})[-/](\d{1,2})")
"""A day as spreadsheets write it: 2026/11/2."""


@dataclass(frozen=True, slots=True)
class Clock:
    """How times in a list become ticks: start of the problem, length of a tick, local zone."""

    start_ms: int
    tick_ms: int
    zone: tzinfo = UTC

    def tick(self, moment: datetime) -> int:
        """Return the tick of a moment; one without an offset is local."""
        aware = moment if moment.tzinfo else moment.replace(tzinfo=self.zone)
        return (round(aware.timestamp() * 1000) - self.start_ms) // self.tick_ms

    def text(self, tick: int) -> str:
        """Return the local time of a tick, to the minute."""
        at = datetime.fromtimestamp((self.start_ms + tick * self.tick_ms) / 1000, UTC)
        return at.astimezone(self.zone).strftime("%Y-%m-%d %H:%M")


def read_orders(content: bytes, clock: Clock, name: str = "orders") -> tuple[Order, ...]:
    """Return the orders of a CSV file.

    Columns stand in any sequence; `order, style, pieces, due` are needed. Times are whole ticks,
    days (until their end for `due`, from their start for `release`) or ISO 8601 moments; several
    lines or orders are parted by `;`.

    Raises:
        ConfigError: naming file, row and column, what came there and what is allowed.
    """
    text = _decoded(content, name)
    rows = list(csv.reader(io.StringIO(text), dialect=_dialect(text)))
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if not rows:
        raise ConfigError(f"{name} is empty; expected a header such as {','.join(COLUMNS)}.")
    place = _header(rows[0], name)
    return tuple(
        _order(row, place, clock, f"{name}, row {number}")
        for number, row in enumerate(rows[1:], start=2)
    )


def plan_csv(problem: Problem, schedule: Schedule, clock: Clock) -> str:
    """Return a schedule as CSV text, orders in the sequence of the problem, times local."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(PLAN_COLUMNS)
    rows = {row.order: row for row in schedule.rows}
    minutes = clock.tick_ms / 60_000
    for order in problem.orders:
        row = rows.get(order.order)
        due = clock.text(order.due)
        if row is None:
            why = schedule.unplanned.get(order.order, "")
            writer.writerow([order.order, *[""] * 8, due, "", why])
            continue
        cut = ("", "") if row.cut_start is None or row.cut_end is None else (
            clock.text(row.cut_start), clock.text(row.cut_end)
        )  # fmt: skip
        writer.writerow(
            [
                order.order, row.line, *cut, clock.text(row.setup_start),
                f"{row.setup * minutes:g}", clock.text(row.sew_start), clock.text(row.sew_end),
                clock.text(row.done), due, f"{row.late * minutes:g}", "",
            ]
        )  # fmt: skip
    return out.getvalue()


def _decoded(content: bytes, name: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ConfigError(f"{name} is neither UTF-8 nor GB18030 text.")


def _dialect(text: str) -> type[csv.Dialect]:
    """Return how the header's columns are parted: comma, semicolon or tab."""
    header = text.lstrip().splitlines()[0] if text.strip() else ""

    class Found(csv.excel):
        delimiter = max(",;\t", key=header.count)

    return Found


def _header(cells: Sequence[str], name: str) -> dict[str, int]:
    place: dict[str, int] = {}
    for number, cell in enumerate(cells):
        word = cell.strip().casefold()
        column = next((c for c, words in COLUMNS.items() if word in words), None)
        if column is None:
            known = "; ".join(" or ".join(words[:2]) for words in COLUMNS.values())
            raise ConfigError(f"{name}: column {cell!r} is not known; there are: {known}.")
        if column in place:
            raise ConfigError(f"{name}: there are two columns for {column!r}.")
        place[column] = number
    missing = [column for column in NEEDED if column not in place]
    if missing:
        raise ConfigError(
            f"{name}: there is no column {missing[0]!r} (or {COLUMNS[missing[0]][-1]}); "
            f"found {', '.join(cells)}."
        )
    return place


def _order(row: Sequence[str], place: Mapping[str, int], clock: Clock, where: str) -> Order:
    def cell(column: str, default: str = "") -> str:
        at = place.get(column)
        return row[at].strip() if at is not None and at < len(row) else default

    def whole(column: str, default: str = "") -> int:
        came = cell(column) or default
        try:
            return int(came)
        except ValueError as exc:
            raise ConfigError(f"{where}: {column} is {came!r}; expected a whole number.") from exc

    def names(column: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in cell(column).split(";") if part.strip())

    try:
        return Order(
            order=cell("order"),
            style=cell("style"),
            colour=cell("colour"),
            pieces=whole("pieces"),
            due=_tick(cell("due"), clock, time.max, f"{where}: due"),
            release=max(_tick(cell("release") or "0", clock, time.min, f"{where}: release"), 0),
            weight=whole("weight", "1"),
            lines=names("lines"),
            after=names("after"),
        )
    except ConfigError as exc:
        told = str(exc)
        raise ConfigError(told if told.startswith(where) else f"{where}: {told}") from exc


def _tick(came: str, clock: Clock, of_day: time, where: str) -> int:
    if came.lstrip("-").isdigit() and len(came) != 8:
        return int(came)
    text = _DAY.sub(lambda m: f"{m[1]}-{m[2]:0>2}-{m[3]:0>2}", came)
    readers: tuple[Callable[[str], datetime], ...] = (
        lambda text: _end_or_start(date.fromisoformat(text), of_day),
        datetime.fromisoformat,
    )
    for read in readers:
        try:
            return clock.tick(read(text))
        except ValueError:
            continue
    raise ConfigError(
        f"{where} is {came!r}; expected a day such as 2026-11-30, a moment such as "
        "2026-11-30 18:00, or whole ticks."
    )


def _end_or_start(day: date, of_day: time) -> datetime:
    midnight = datetime.combine(day, time.min)
    return midnight + timedelta(days=1) if of_day == time.max else midnight
