"""How good the trend alarms are: trends are planted in drawn sales, and the alarms must find them.

Sales are drawn as Poisson or negative binomial counts (variance `mean + mean^2 / k`). A trend
that goes up is planted by adding Poisson pieces, one that goes down by letting each piece go with
a fixed chance: both leave counts of the same kind.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from seamline_platform.demand.frame import FloatArray
from seamline_platform.demand.insight.alarms import Alarm, Detector, detect
from seamline_platform.demand.insight.common import adjust
from seamline_platform.demand.insight.style_days import plain_days

PATIENCE_DAYS: Final = 28
"""A trend that has no alarm after so many days counts as missed."""
WEEKDAYS: Final = (0.8, 0.85, 0.9, 0.95, 1.1, 1.3, 1.1)


@dataclass(frozen=True, slots=True)
class Quiet:
    """Drawn sales on which nothing happens: styles alike, weekdays, and a market that moves."""

    level: float
    """Pieces a day of each style."""
    k: float = 0.0
    """Of the negative binomial; 0 = Poisson."""
    market_sd: float = 0.15
    """Standard deviation of the logarithm of the market's day."""

    def __post_init__(self) -> None:
        if self.level <= 0 or self.k < 0 or self.market_sd < 0:
            raise ValueError(f"A level above 0, k and market_sd from 0: {self}.")

    def draw(self, styles: int, days: int, rng: np.random.Generator) -> FloatArray:
        """Return sales (styles, days)."""
        common = np.exp(rng.normal(0.0, self.market_sd, days)) if self.market_sd else np.ones(days)
        mean = self.level * common * np.asarray(WEEKDAYS)[np.arange(days) % len(WEEKDAYS)]
        chance = np.broadcast_to(mean, (styles, days))
        if self.k:
            chance = chance * rng.gamma(self.k, 1.0 / self.k, (styles, days))
        return rng.poisson(chance).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Detection:
    """What became of planted trends. Days count from 1: the first day at the new rate."""

    planted: int
    found: int
    days_median: float
    days_p90: float
    first_day_error: float
    """Median of the difference between the estimated and the true first day, without its sign."""
    ratio_median: float
    """Median of the estimated factors, to be held against the planted one."""

    @property
    def share(self) -> float:
        """Share of the planted trends that was found within the patience."""
        return self.found / self.planted if self.planted else 0.0


def false_alarms(
    quiet: Quiet, styles: int, days: int, seed: int, detector: Detector | None = None
) -> float:
    """Return false alarms per style and year on drawn sales on which nothing happens.

    Raises:
        ValueError: if the record is shorter than the detector's first day.
    """
    rule = detector or Detector()
    if days <= rule.first_day:
        raise ValueError(f"{days} days are not more than the first {rule.first_day}.")
    sold = quiet.draw(styles, days, np.random.default_rng(seed))
    alarms = detect(adjust(plain_days(sold)), rule)
    return len(alarms) / (styles * (days - rule.first_day) / 365.0)


def plant(
    sold: FloatArray, mean: FloatArray, factor: float, rng: np.random.Generator
) -> FloatArray:
    """Return counts at `factor` times their rate: pieces added (by their mean) or let go.

    Raises:
        ValueError: if the factor is not above 0.
    """
    if factor <= 0:
        raise ValueError(f"A trend is planted with a factor above 0, not {factor}.")
    if factor >= 1:
        return sold + rng.poisson((factor - 1.0) * mean)
    return rng.binomial(np.round(sold).astype(np.int64), factor).astype(np.float64)


def detection(
    quiet: Quiet,
    factor: float,
    seed: int,
    *,
    series: int = 120,
    every: int = 10,
    start: int = 120,
    detector: Detector | None = None,
) -> Detection:
    """Return what becomes of a step by `factor` planted in every tenth drawn style."""
    rng = np.random.default_rng(seed)
    sold = quiet.draw(series, start + PATIENCE_DAYS, rng)
    chosen = list(range(0, series, every))
    mean = sold[:, start:].mean(axis=0)
    for s in chosen:
        sold[s, start:] = plant(sold[s, start:], mean, factor, rng)
    alarms = detect(adjust(plain_days(sold)), detector)
    names = [f"S{s:04d}" for s in chosen]
    return judge(alarms, dict.fromkeys(names, (start, factor)))


def judge(alarms: Iterable[Alarm], planted: dict[str, tuple[int, float]]) -> Detection:
    """Hold alarms against what was planted: style -> (first day, factor).

    An alarm counts if it came within the patience and in the right direction; only the first.
    """
    found: dict[str, Alarm] = {}
    for alarm in alarms:
        start, factor = planted.get(alarm.style, (None, 1.0))
        if start is None or alarm.style in found:
            continue
        in_time = start <= alarm.alarm_day < start + PATIENCE_DAYS
        if in_time and alarm.direction == ("up" if factor > 1 else "down"):
            found[alarm.style] = alarm
    nothing = [float("nan")]
    starts = {style: planted[style][0] for style in found}
    waits = [float(alarm.alarm_day - starts[s] + 1) for s, alarm in found.items()] or nothing
    errors = [float(abs(alarm.change_day - starts[s])) for s, alarm in found.items()] or nothing
    ratios = [alarm.ratio for alarm in found.values()] or nothing
    return Detection(
        planted=len(planted),
        found=len(found),
        days_median=float(np.median(waits)),
        days_p90=float(np.quantile(waits, 0.9)),
        first_day_error=float(np.median(errors)),
        ratio_median=float(np.median(ratios)),
    )
