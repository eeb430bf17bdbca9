"""Working time of a line: shifts on workdays, as one axis on which work lies without gaps."""

from dataclasses import dataclass
from typing import Final

from seamline_broker.contracts.catalogue import LineInfo

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
WEEK_MS: Final = 7 * DAY_MS
_MONDAY_MS: Final = 4 * DAY_MS
"""1970-01-05 was a Monday."""


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Turns plant time (epoch ms) into working ms since a Monday in 1970, and back.

    Breaks inside a shift are not cut out: the efficiency of the line pays for them.
    """

    start_ms: int
    """Start of the shift after midnight."""
    day_work_ms: int
    workdays: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.day_work_ms <= 0 or not self.workdays:
            raise ValueError(
                "A line needs at least one workday with a shift that ends after it starts."
            )

    @classmethod
    def of(cls, line: LineInfo, workdays: tuple[int, ...]) -> "WorkCalendar":
        """Return the calendar of a line."""
        length = (line.shift_end_min - line.shift_start_min) * MINUTE_MS
        return cls(line.shift_start_min * MINUTE_MS, length, tuple(sorted(workdays)))

    def to_work(self, t_ms: int) -> int:
        """Return the working time that has passed at `t_ms`."""
        week, rest = divmod(t_ms - _MONDAY_MS, WEEK_MS)
        day, of_day = divmod(rest, DAY_MS)
        done = sum(1 for d in self.workdays if d < day)
        today = min(max(of_day - self.start_ms, 0), self.day_work_ms) if day in self.workdays else 0
        return (week * len(self.workdays) + done) * self.day_work_ms + today

    def start_at(self, work_ms: int) -> int:
        """Return the earliest plant time at which work that lies at `work_ms` can begin."""
        days, rest = divmod(work_ms, self.day_work_ms)
        return self._day_start(days) + rest

    def end_at(self, work_ms: int) -> int:
        """Return the plant time at which work that ends at `work_ms` ends."""
        days, rest = divmod(work_ms, self.day_work_ms)
        if rest == 0:
            days, rest = days - 1, self.day_work_ms
        return self._day_start(days) + rest

    def _day_start(self, workday: int) -> int:
        week, index = divmod(workday, len(self.workdays))
        return _MONDAY_MS + week * WEEK_MS + self.workdays[index] * DAY_MS + self.start_ms
