"""Electricity by time: what a kWh costs and emits (time of use, 峰谷电价), and what a line draws.

A line draws `Line.power_kw` while it sews, not during set-ups, breaks or nights. Money and CO2 are
counted in whole millionths per tick, so that sums do not depend on how they are split.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import Final

from seamline_broker.errors import ConfigError
from seamline_platform.planning.shop.times import WorkTimes

MICRO: Final = 1_000_000
HOUR_MS: Final = 3_600_000
TARIFF_DAYS: Final = 400


@dataclass(frozen=True, slots=True)
class Tariff:
    """Price per kWh and kg of CO2 per kWh from each tick of `starts` on; the last holds for ever.

    Raises:
        ConfigError: if ticks do not rise from 0, or a value is below 0 or missing.
    """

    starts: tuple[int, ...]
    price: tuple[float, ...]
    co2: tuple[float, ...]
    currency: str = ""

    def __post_init__(self) -> None:
        if not self.starts or self.starts[0] != 0 or any(b <= a for a, b in pairwise(self.starts)):
            raise ConfigError(
                f"A tariff's ticks are {self.starts[:4]}; they have to begin with 0 and rise."
            )
        if not len(self.starts) == len(self.price) == len(self.co2):
            raise ConfigError(
                f"A tariff has {len(self.starts)} ticks, {len(self.price)} prices and "
                f"{len(self.co2)} values of CO2; each tick needs one of both."
            )
        for what, values in (("price", self.price), ("co2", self.co2)):
            wrong = [v for v in values if not 0 <= v < 1_000]
            if wrong:
                raise ConfigError(
                    f"A tariff's {what} is {wrong[0]!r} per kWh; allowed: 0 to 1,000."
                )


@dataclass(frozen=True, slots=True)
class HourRate:
    """From `starts` on, by the clock on the wall, until the next rate of the day begins."""

    starts: time
    price: float
    co2: float = 0.0


def daily_tariff(
    rates: Sequence[HourRate],
    zone: tzinfo,
    start_ms: int,
    tick_ms: int = 60_000,
    days: int = TARIFF_DAYS,
    currency: str = "",
) -> Tariff:
    """Return the tariff that repeats `rates` on every local day of `zone`, for `days` days.

    The rate of a day's end holds on until the first rate of the next day; on the day on which
    clocks change it lasts as long as that day does.

    Raises:
        ConfigError: if there is no rate, or two begin at one time.
    """
    if not rates or len({r.starts for r in rates}) < len(rates):
        raise ConfigError(
            f"A tariff's hours begin at {[str(r.starts) for r in rates]}; expected at least one, "
            "each at its own time of the day."
        )
    first = datetime.fromtimestamp(start_ms / 1000, UTC).astimezone(zone).date()
    changes = sorted(
        (round(datetime.combine(first + timedelta(days=k), r.starts, zone).timestamp() * 1000), r)
        for k in range(-1, days)
        for r in sorted(rates, key=lambda r: r.starts)
    ) if len(rates) > 1 else [(start_ms, rates[0])]  # fmt: skip
    rows: list[tuple[int, HourRate]] = []
    for at_ms, rate in changes:
        tick = max(-((start_ms - at_ms) // tick_ms), 0)
        if rows and rows[-1][0] == tick:
            rows.pop()
        if not rows or (rows[-1][1].price, rows[-1][1].co2) != (rate.price, rate.co2):
            rows.append((tick, rate))
    return Tariff(
        tuple(tick for tick, _ in rows),
        tuple(rate.price for _, rate in rows),
        tuple(rate.co2 for _, rate in rows),
        currency,
    )


@dataclass(frozen=True, slots=True)
class Meter:
    """What a line has used before a point of its own working time, in millionths.

    From `starts[k]` (working ticks) on it uses `rates[k]` per tick, after `before[k]` until then.
    """

    starts: tuple[int, ...] = (0,)
    before: tuple[int, ...] = (0,)
    rates: tuple[int, ...] = (0,)

    def until(self, work: int) -> int:
        """Return what is used by sewing all working time before `work`."""
        k = bisect_right(self.starts, work) - 1
        return self.before[k] + self.rates[k] * (work - self.starts[k])

    def between(self, begin: int, end: int) -> int:
        """Return what sewing from `begin` to `end` (working ticks) uses."""
        return self.until(end) - self.until(begin)


def meter(tariff_starts: Sequence[int], rates: Iterable[int], times: WorkTimes) -> Meter:
    """Return the meter of a line with these working times; `rates` are millionths per tick."""
    at: dict[int, int] = {}
    for tick, rate in zip(tariff_starts, rates, strict=True):
        # Of changes while the line is closed the last one counts: it holds when it opens.
        at[times.to_work(tick)] = rate
    starts = tuple(at)
    before = [0]
    for k in range(1, len(starts)):
        before.append(before[-1] + at[starts[k - 1]] * (starts[k] - starts[k - 1]))
    return Meter(starts, tuple(before), tuple(at.values()))


def rates_per_tick(per_kwh: Iterable[float], power_kw: float, tick_ms: int) -> list[int]:
    """Return millionths per tick of a line with `power_kw`, from values per kWh."""
    kwh = power_kw * tick_ms / HOUR_MS
    return [round(value * kwh * MICRO) for value in per_kwh]
