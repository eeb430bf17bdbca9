"""Marks of a time axis: local midnights and hours of a plant, or round numbers of ticks."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

MOST_MARKS: Final = 12
_HOURS: Final = (1, 2, 3, 6, 12)
_DAYS: Final = (1, 2, 7, 14, 28, 91, 365)
_HOUR_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark of an axis."""

    tick: float
    text: str


def text_at(epoch_ms: int, zone: tzinfo) -> str:
    """Return the local time, to the minute."""
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).astimezone(zone).strftime("%m-%d %H:%M")


def moments(start_ms: int, tick_ms: int, end: int, zone: tzinfo) -> tuple[Mark, ...]:
    """Return marks from tick 0 to `end` at whole local hours or local midnights.

    Hours count from each local midnight, so that marks stay on the clock when clocks change.
    """
    end_ms = start_ms + end * tick_ms
    span_h = max(end_ms - start_ms, 1) / _HOUR_MS
    hours = next((h for h in _HOURS if span_h / h <= MOST_MARKS), None)
    days = 1 if hours else next((d for d in _DAYS if span_h / 24 / d <= MOST_MARKS), _DAYS[-1])
    day = datetime.fromtimestamp(start_ms / 1000, UTC).astimezone(zone).date()
    marks = []
    while True:
        begin = _midnight_ms(day, zone)
        if begin > end_ms:
            break
        following = _midnight_ms(day + timedelta(days=days), zone)
        step = hours * _HOUR_MS if hours else following - begin
        for at in range(begin, following, step):
            if start_ms <= at <= end_ms:
                text = text_at(at, zone)
                marks.append(Mark((at - start_ms) / tick_ms, text if hours else text[:5]))
        day += timedelta(days=days)
    return tuple(marks)


def round_ticks(end: int) -> tuple[Mark, ...]:
    """Return marks at round numbers of ticks."""
    step = next(
        s for k in range(19) for s in (10**k, 2 * 10**k, 5 * 10**k) if end / s <= MOST_MARKS
    )
    return tuple(Mark(tick, f"{tick:,}") for tick in range(0, end + 1, step))


def _midnight_ms(day: date, zone: tzinfo) -> int:
    return round(datetime.combine(day, time(), zone).timestamp() * 1000)
