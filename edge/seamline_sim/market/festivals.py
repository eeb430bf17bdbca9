"""The Chinese year of shops and factories: lunar New Year by table, 618, 11.11, 12.12, 3.8.

Dates are days since 1970-01-01 (`epoch_day`). New Year's dates are those of the Hong Kong
Observatory's Gregorian-lunar conversion table.
"""

import functools
from bisect import bisect_right
from dataclasses import dataclass
from datetime import date

_EPOCH = date(1970, 1, 1).toordinal()
_NEW_YEAR = {
    2014: (1, 31), 2015: (2, 19), 2016: (2, 8), 2017: (1, 28), 2018: (2, 16), 2019: (2, 5),
    2020: (1, 25), 2021: (2, 12), 2022: (2, 1), 2023: (1, 22), 2024: (2, 10), 2025: (1, 29),
    2026: (2, 17), 2027: (2, 6), 2028: (1, 26), 2029: (2, 13), 2030: (2, 3), 2031: (1, 23),
    2032: (2, 11), 2033: (1, 31), 2034: (2, 19), 2035: (2, 8), 2036: (1, 28),
}  # fmt: skip
_FAR = 999


@dataclass(frozen=True, slots=True)
class Season:
    """Days of every year, both included, in which a figure of the calibration acts."""

    figure: str
    first: tuple[int, int]
    last: tuple[int, int]


SEASONS = (
    Season("festivals.women_day_permille", (3, 6), (3, 8)),
    Season("festivals.before_618_permille", (5, 28), (6, 14)),
    Season("festivals.peak_618_permille", (6, 16), (6, 18)),
    Season("festivals.after_618_permille", (6, 19), (6, 26)),
    Season("festivals.school_permille", (8, 24), (9, 3)),
    Season("festivals.before_1111_permille", (10, 24), (11, 9)),
    Season("festivals.peak_1111_permille", (11, 10), (11, 11)),
    Season("festivals.after_1111_permille", (11, 12), (11, 21)),
    Season("festivals.peak_1212_permille", (12, 11), (12, 12)),
)
"""Consumers' demand, permille by channel (shelf, live, shop); other days are ordinary."""

DEPOSITS_FIRST, DEPOSITS_LAST = (10, 20), (11, 9)
"""11.11 is sold ahead: deposits are paid on these days, the goods are bought at the peak."""


def epoch_day(year: int, month: int, day: int) -> int:
    """Return the days since 1970-01-01 of a date."""
    return date(year, month, day).toordinal() - _EPOCH


def date_of(day: int) -> date:
    """Return the date of a day since 1970-01-01."""
    return date.fromordinal(_EPOCH + day)


def lunar_new_year(year: int) -> date:
    """Return the first day of the lunar year that begins in a year.

    Raises:
        ValueError: if the year is not in the table (2014 to 2036).
    """
    if year not in _NEW_YEAR:
        raise ValueError(f"Lunar New Year of {year} is not in the table: 2014 to 2036.")
    return date(year, *_NEW_YEAR[year])


@functools.cache
def _new_years() -> tuple[int, ...]:
    return tuple(epoch_day(year, *day) for year, day in _NEW_YEAR.items())


def days_from_new_year(day: int) -> int:
    """Return the days since the nearest lunar New Year (before it: negative); 999 if unknown."""
    years = _new_years()
    i = bisect_right(years, day)
    near = min((day - y for y in years[max(i - 1, 0) : i + 1]), key=abs, default=_FAR)
    return near if abs(near) <= 200 else _FAR


def factory_closed(day: int, before: int, after: int) -> bool:
    """Return whether plants rest: `before` days ahead of New Year to `after` days after it."""
    return -before <= days_from_new_year(day) <= after


@functools.cache
def season_of(day: int) -> str:
    """Return the figure that acts on a day; empty on an ordinary day."""
    when = date_of(day)
    key = (when.month, when.day)
    return next((s.figure for s in SEASONS if s.first <= key <= s.last), "")


def deposits_open(day: int) -> bool:
    """Return whether deposits for 11.11 are paid on a day."""
    when = date_of(day)
    return DEPOSITS_FIRST <= (when.month, when.day) <= DEPOSITS_LAST


def days_to_1111(day: int) -> int:
    """Return the days until 11 November of the same year (negative after it)."""
    when = date_of(day)
    return epoch_day(when.year, 11, 11) - day
