"""Which cycles a panel repeats in: by its calendar, by what the task says, or found in the data."""

from typing import Final

import numpy as np

from seamline_platform.demand.frame import FloatArray, Panel

CALENDAR: Final = {"h": (24, 168), "D": (7,), "W": (52,), "MS": (12,), "QS": (4,)}
"""Cycles of each frequency, shortest first."""
CANDIDATES: Final = (4, 7, 12, 24, 52)
"""Cycles looked for where time is plain integers and nothing is said: quarters, days of a week,
months, hours, weeks of a year."""
LEAST_CORRELATION: Final = 0.15
STANDARD_ERRORS: Final = 4.0
"""A correlation of so many pairs n has to be so many times 1 / sqrt(n): noise is no cycle."""
LEAST_REACH: Final = 1 / 3
"""Share of values that have one a cycle before them, from which on a cycle is looked at."""
_HOURS_OF_DAY: Final = 24
_HOURS_OF_WEEK: Final = 168


def cycles_of(panel: Panel, season_length: int = 0) -> tuple[int, ...]:
    """Return the cycles that features look back at, shortest first; empty if there is none.

    A `season_length` above 1 is believed (with the week, if it is the 24 hours of a day). Else the
    calendar says it; and where periods are plain integers, the strongest cycle is looked for among
    `CANDIDATES`. A cycle counts only if a third of all known values lie a whole cycle after
    another: there has to be something to learn it from.
    """
    if season_length > 1:
        found: tuple[int, ...] = (season_length,)
        if season_length == _HOURS_OF_DAY:
            found = (_HOURS_OF_DAY, _HOURS_OF_WEEK)
    elif panel.freq.name == "int":
        found = _strongest(panel.y)
    else:
        found = CALENDAR.get(panel.freq.name, ())
    return tuple(cycle for cycle in found if _reach(panel.y, cycle) >= LEAST_REACH)


def _reach(y: FloatArray, cycle: int) -> float:
    """Return the share of known values that have a known value one cycle before them."""
    known = ~np.isnan(y)
    if cycle >= y.shape[1]:
        return 0.0
    return float((known[:, cycle:] & known[:, :-cycle]).sum()) / max(float(known.sum()), 1.0)


def _strongest(y: FloatArray) -> tuple[int, ...]:
    """Return the candidate at which changes repeat most, over all series together, if any does.

    Measured is how changes from one period to the next, less their mean, correlate with those one
    cycle before, each series on its own scale: differencing takes level and trend away.
    """
    change = np.diff(y, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        count = (~np.isnan(change)).sum(axis=1)
        change = change - (np.nansum(change, axis=1) / count)[:, None]
        size = np.nansum(np.abs(change), axis=1) / count
        scaled = np.clip(change / size[:, None], -5.0, 5.0)
    scaled[~np.isfinite(scaled)] = np.nan
    best: tuple[int, ...] = ()
    strength = LEAST_CORRELATION
    for cycle in CANDIDATES:
        if 3 * cycle > y.shape[1] or _reach(y, cycle) < LEAST_REACH:
            continue
        now, before = scaled[:, cycle:], scaled[:, :-cycle]
        both = ~np.isnan(now) & ~np.isnan(before)
        spread = float(np.sqrt((now[both] ** 2).sum() * (before[both] ** 2).sum()))
        found = float((now[both] * before[both]).sum()) / spread if spread > 0 else 0.0
        if found > max(strength, STANDARD_ERRORS / np.sqrt(max(both.sum(), 1))):
            best, strength = (cycle,), found
    return best
