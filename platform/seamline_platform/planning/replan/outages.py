"""Working times with a hole in them, or less of them: breakdowns and absences; and those to come.

Everything is in ticks of the working times handed in.
"""

from bisect import bisect_right
from dataclasses import replace
from typing import Final

from seamline_broker.errors import ConfigError
from seamline_platform.planning.shop.tariff import Tariff
from seamline_platform.planning.shop.times import ALWAYS, FOREVER, WorkTimes

MOST_GAPS: Final = 96
"""An absence is spread over at most so many short stops: one in five minutes of a shift of 8 h."""


def closed(times: WorkTimes, start: int, end: int) -> WorkTimes:
    """Return the working times without `[start, end)`.

    Raises:
        ConfigError: if nothing is left of them, or `end` is not after `start`.
    """
    return _without(times, [(start, end)])


def thinned(times: WorkTimes, start: int, end: int, share: float) -> WorkTimes:
    """Return working times of which `share` (0 to 1) of the open ticks in `[start, end)` is gone.

    A line of ten that lacks two gives four fifths of its work: stops spread evenly over its open
    hours take a fifth of them, so that every order is delayed by what it loses, to a tick.

    Raises:
        ConfigError: if the share is not above 0 and at most 1.
    """
    if not 0 < share <= 1:
        raise ConfigError(f"The share of a line that is absent is {share}; allowed: 0 to 1.")
    if share == 1:
        return closed(times, start, end)
    first, last = times.to_work(start), times.to_work(end)
    total = last - first
    lost = round(total * share)
    gaps = min(lost, MOST_GAPS)
    holes: list[tuple[int, int]] = []
    for k in range(gaps):
        stop = first + total * (k + 1) // gaps
        length = lost * (k + 1) // gaps - lost * k // gaps
        holes.append((times.start_at(stop - length), times.end_at(stop)))
    return _without(times, holes) if holes else times


def _without(times: WorkTimes, holes: list[tuple[int, int]]) -> WorkTimes:
    """Return `times` without the holes, which rise and do not overlap."""
    starts: list[int] = []
    ends: list[int] = []
    for hole_start, hole_end in holes:
        if hole_end <= hole_start:
            raise ConfigError(f"A stop from {hole_start} to {hole_end} has no length.")
    for opens, closes in zip(times.starts, times.ends, strict=True):
        at = opens
        for a, b in holes:
            if b <= at or a >= closes:
                continue
            if a > at:
                starts.append(at)
                ends.append(a)
            at = min(b, closes)
        if at < closes:
            starts.append(at)
            ends.append(closes)
    if not starts:
        raise ConfigError(f"A stop until {holes[-1][1]} leaves no working time at all.")
    return WorkTimes(tuple(starts), tuple(ends))


def since(times: WorkTimes, now: int) -> WorkTimes:
    """Return the working times after `now`, in ticks from `now`."""
    if times is ALWAYS or now == 0:
        return times
    left = [(max(a - now, 0), b) for a, b in zip(times.starts, times.ends, strict=True) if b > now]
    if not left:
        raise ConfigError(f"The working times end at {times.ends[-1]}, before the plan's {now}.")
    moved = WorkTimes(
        tuple(a for a, _ in left), tuple(b if b >= FOREVER else b - now for _, b in left)
    )
    return ALWAYS if moved == ALWAYS else moved


def tariff_since(tariff: Tariff | None, now: int) -> Tariff | None:
    """Return a tariff in ticks from `now`."""
    if tariff is None or now == 0:
        return tariff
    first = bisect_right(tariff.starts, now) - 1
    return replace(
        tariff,
        starts=(0, *(tick - now for tick in tariff.starts[first + 1 :])),
        price=tariff.price[first:],
        co2=tariff.co2[first:],
    )
