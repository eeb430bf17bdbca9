"""Working times of a resource: ticks on the wall, and ticks of work without the closed hours."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cached_property
from itertools import accumulate
from typing import Final

from seamline_broker.errors import ConfigError

FOREVER: Final = 1 << 40
"""A tick after every plan: 2 million years of minutes."""


@dataclass(frozen=True)
class WorkTimes:
    """Open intervals `[start, end)` in rising ticks, apart from each other.

    Work may pause when the resource closes and goes on when it opens. The last interval of a plant
    is open for ever: nobody knows the shifts after it.
    """

    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.starts or len(self.starts) != len(self.ends):
            raise ConfigError("Working times need at least one interval, each with start and end.")
        last = -1
        for start, end in zip(self.starts, self.ends, strict=True):
            if start <= last or end <= start:
                raise ConfigError(
                    f"Working times must rise and not touch; [{start}, {end}) follows {last}."
                )
            last = end

    @cached_property
    def done(self) -> tuple[int, ...]:
        """Return the work that fits before each interval."""
        lengths = (end - start for start, end in zip(self.starts, self.ends, strict=True))
        return tuple(accumulate(lengths, initial=0))[:-1]

    @cached_property
    def always(self) -> bool:
        """True if it never closes: work is the tick."""
        return len(self.starts) == 1 and self.starts[0] == 0

    def to_work(self, tick: int) -> int:
        """Return the work that fits before `tick`."""
        if self.always:
            return max(tick, 0)
        i = bisect_right(self.starts, tick) - 1
        if i < 0:
            return 0
        return self.done[i] + min(tick, self.ends[i]) - self.starts[i]

    def start_at(self, work: int) -> int:
        """Return the earliest tick at which work that lies at `work` can begin."""
        if self.always:
            return work
        i = bisect_right(self.done, work) - 1
        tick = self.starts[i] + work - self.done[i]
        if tick >= self.ends[i] and i + 1 < len(self.starts):
            return self.starts[i + 1]
        return tick

    def end_at(self, work: int) -> int:
        """Return the tick at which work that ends at `work` ends.

        The end of an interval, not the start of the next one, ends what fills it exactly.
        """
        if self.always:
            return work
        i = max(bisect_right(self.done, work - 1) - 1, 0)
        return self.starts[i] + work - self.done[i]


ALWAYS: Final = WorkTimes((0,), (FOREVER,))


@dataclass(frozen=True, slots=True)
class Shift:
    """Working hours by the clock on the wall, on these days of the week (0 = Monday).

    `ends` before `starts` means the next morning; breaks lie inside the shift.
    """

    starts: time
    ends: time
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5)
    breaks: tuple[tuple[time, time], ...] = ()

    def __post_init__(self) -> None:
        if self.starts == self.ends:
            raise ConfigError(f"A shift from {self.starts} to {self.ends} has no length.")
        if not self.weekdays or not set(self.weekdays) <= set(range(7)):
            raise ConfigError(f"Weekdays are {self.weekdays}; allowed: 0 (Monday) to 6.")


def work_times(
    shifts: Sequence[Shift],
    zone: tzinfo,
    start_ms: int,
    days: int,
    tick_ms: int = 60_000,
    holidays: Iterable[date] = (),
) -> WorkTimes:
    """Return the working times of `days` local days from `start_ms` (epoch ms), in ticks.

    Local times are those of `zone`: on the day on which clocks go back a shift over the change is
    an hour longer, and it is shorter when they go forward.

    Raises:
        ConfigError: if no shift lies in that time.
    """
    closed = frozenset(holidays)
    first = datetime.fromtimestamp(start_ms / 1000, UTC).astimezone(zone).date()
    spans: list[tuple[int, int]] = []
    for offset in range(-1, days):
        day = first + timedelta(days=offset)
        if day not in closed:
            for shift in shifts:
                if day.weekday() in shift.weekdays:
                    spans += _spans(shift, day, zone)
    ticks = sorted(
        (max(-((start_ms - a) // tick_ms), 0), (b - start_ms) // tick_ms) for a, b in spans
    )
    merged: list[list[int]] = []
    for a, b in ticks:
        if b <= a:
            continue
        if merged and a <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], b)
        else:
            merged.append([a, b])
    if not merged:
        raise ConfigError(f"No shift lies in the {days} days from {first}.")
    merged[-1][1] = FOREVER
    return WorkTimes(tuple(a for a, _ in merged), tuple(b for _, b in merged))


def _spans(shift: Shift, day: date, zone: tzinfo) -> list[tuple[int, int]]:
    """Return the shift's open parts on `day` in epoch ms."""
    opens = _ms(day, shift.starts, zone)
    closes = _after(opens, day, shift.ends, zone)
    edges = [opens]
    for begin, end in sorted(shift.breaks):
        a = _after(opens, day, begin, zone)
        edges += [a, _after(a, day, end, zone)]
    edges.append(closes)
    return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b <= closes]


def _ms(day: date, at: time, zone: tzinfo) -> int:
    return round(datetime.combine(day, at, zone).timestamp() * 1000)


def _after(before_ms: int, day: date, at: time, zone: tzinfo) -> int:
    """Return when the clock shows `at` after `before_ms`, on `day` or the day after."""
    same = _ms(day, at, zone)
    return same if same > before_ms else _ms(day + timedelta(days=1), at, zone)
