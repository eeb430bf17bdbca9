"""Trend alarms: a style sells at another rate than it did, and not because all do.

After the common movements are taken out (`common`), the sales of a style are counts with a known
exposure. Every night each day of the last four weeks is tried as the first day of a change: the
counts before it (up to eight weeks) and after it are held against one common rate by the
generalised likelihood ratio of two Poisson counts,

    LLR = n1 log(n1 / (N p1)) + n2 log(n2 / (N p2)),  N = n1 + n2,  p_i = e_i / (e1 + e2)

divided by the style's spread (quasi-likelihood, for counts wider than Poisson). The largest is the
statistic (Lai, Sequential changepoint detection in quality control, JRSS B 57 (1995) 613-658:
window limited generalised likelihood ratio). An alarm is given where it passes a threshold that was
set by drawing many quiet years: `threshold_for` states the false alarms per style and year. After
an alarm the style starts anew at the day of the alarm.
"""

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

import numpy as np

from seamline_platform.demand.frame import FloatArray, Panel
from seamline_platform.demand.insight.common import Adjusted, adjust
from seamline_platform.demand.insight.style_days import style_days

Direction = Literal["up", "down"]
DEFAULT_FALSE_ALARMS: Final = 0.1
"""False alarms per style and year that the threshold is set for."""
_MEASURED: Final = ((2.0, 5.0), (1.0, 6.0), (0.4, 7.0), (0.2, 8.0), (0.1, 9.0), (0.04, 10.0))
_EPOCH: Final = date(1970, 1, 1)


def threshold_for(false_alarms_per_year: float) -> float:
    """Return the threshold of the statistic for a rate of false alarms per style and year.

    Measured on drawn quiet years (`planted.false_alarms`), the worst of Poisson and negative
    binomial sales of 2 to 100 pieces a day; between the measured points straight in the logarithm.

    Raises:
        ValueError: if the rate lies outside what was measured.
    """
    rates = [rate for rate, _ in _MEASURED]
    if not rates[-1] <= false_alarms_per_year <= rates[0]:
        raise ValueError(
            f"False alarms per style-year were measured from {rates[-1]} to {rates[0]}, "
            f"not for {false_alarms_per_year}."
        )
    logs = [math.log(rate) for rate in reversed(rates)]
    values = [value for _, value in reversed(_MEASURED)]
    return float(np.interp(math.log(false_alarms_per_year), logs, values))


@dataclass(frozen=True, slots=True)
class Detector:
    """How alarms are found; the defaults are those that the documentation measures."""

    threshold: float = threshold_for(DEFAULT_FALSE_ALARMS)
    before_days: int = 56
    after_days: int = 28
    shortest: int = 3
    """A change is not believed before it has lasted so many days."""
    reference_days: int = 14
    first_day: int = 28
    """No alarm before so many days of the record: weekdays and spread have to be learned."""
    min_ratio: float = 1.25
    """A smaller change is no alarm, however sure: nobody would act on it."""
    min_pieces: float = 12.0

    def __post_init__(self) -> None:
        if not 1 <= self.shortest <= self.after_days:
            raise ValueError(f"The shortest change, {self.shortest} days, is 1 to after_days.")
        if not 1 <= self.reference_days <= self.before_days:
            raise ValueError(f"reference_days is 1 to before_days, not {self.reference_days}.")
        if self.threshold <= 0 or self.min_ratio < 1 or self.min_pieces < 0:
            raise ValueError("Threshold above 0, min_ratio from 1, min_pieces from 0.")


@dataclass(frozen=True, slots=True)
class Alarm:
    """A style changed its rate. Days count from 1970-01-01; rates are pieces a day.

    Both rates are told for one market, that of the days since the change with everything in stock;
    `strength` is the statistic over its threshold: 1 = just enough.
    """

    style: str
    direction: Direction
    before: float
    after: float
    change_day: int
    alarm_day: int
    strength: float

    @property
    def ratio(self) -> float:
        """How many times as much as before."""
        return self.after / max(self.before, 0.1)

    def reason(self) -> tuple[str, str]:
        """Return why, in one sentence, in English and Chinese."""
        since, after, before = _day(self.change_day), _rate(self.after), _rate(self.before)
        verb, verb_zh = ("more", "上升") if self.direction == "up" else ("less", "下降")
        return (
            f"{self.style} sells {verb} since {since.day} {since:%B}: about {after} pieces a day, "
            f"{before} before, {self.ratio:.1f} times as much; market, weekday, offers and "
            "stock-outs are taken out.",
            f"{self.style} 自 {since.month} 月 {since.day} 日起销量{verb_zh}：日均约 {after} 件，"
            f"此前 {before} 件，为原来的 {self.ratio:.1f} 倍；已剔除大盘、星期、促销与断货影响。",
        )


def _day(day: int) -> date:
    return _EPOCH + timedelta(days=day)


def _rate(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def find_alarms(panel: Panel, detector: Detector | None = None) -> tuple[Alarm, ...]:
    """Return all alarms that the nights of a daily panel of SKUs gave, oldest first."""
    return detect(adjust(style_days(panel)), detector)


def detect(sales: Adjusted, detector: Detector | None = None) -> tuple[Alarm, ...]:
    """Return all alarms over adjusted sales, oldest first."""
    found: list[Alarm] = []
    rule = detector or Detector()
    start = np.zeros(len(sales.styles), dtype=np.int64)
    sums = _Sums(sales)
    for t in range(max(rule.first_day, rule.shortest), sales.sold.shape[1]):
        statistic, run = sums.best(t, start, rule)
        for s in np.nonzero(statistic > rule.threshold)[0]:
            change = t - int(run[s]) + 1
            alarm = _alarm(sales, int(s), change, t, int(start[s]), rule, float(statistic[s]))
            if max(alarm.ratio, 1 / max(alarm.ratio, 1e-9)) >= rule.min_ratio:
                found.append(alarm)
                # Not from the estimated first day: were that too early, the days before the
                # change would call for a second alarm on the same trend.
                start[s] = t
    return tuple(found)


class _Sums:
    """Cumulative counts and exposures, so that any window costs one subtraction."""

    def __init__(self, sales: Adjusted) -> None:
        self._sales = sales
        zero = np.zeros((len(sales.styles), 1))
        self._n = np.concatenate([zero, np.cumsum(sales.cut, axis=1)], axis=1)
        self._e = np.concatenate([zero, np.cumsum(sales.exposure, axis=1)], axis=1)

    def best(self, t: int, start: np.ndarray, rule: Detector) -> tuple[FloatArray, np.ndarray]:
        """Return for each style the largest statistic of day `t`, and days since its change."""
        runs = np.arange(rule.shortest, min(rule.after_days, t) + 1)
        change = t + 1 - runs[None, :]
        begin = np.maximum(change - rule.before_days, start[:, None])
        rows = np.arange(len(start))[:, None]
        n1 = self._n[rows, change] - self._n[rows, np.minimum(begin, change)]
        e1 = self._e[rows, change] - self._e[rows, np.minimum(begin, change)]
        n2 = self._n[:, [t + 1]] - self._n[rows, change]
        e2 = self._e[:, [t + 1]] - self._e[rows, change]
        value = _llr(n1, e1, n2, e2) / self._sales.spread[:, [t]]
        ratio = (n2 + 0.5) / np.maximum(e2, 1e-9) / ((n1 + 0.5) / np.maximum(e1, 1e-9))
        bad = change - begin < rule.reference_days
        bad |= (e1 <= 0) | (e2 <= 0) | (n1 + n2 < rule.min_pieces)
        bad |= (ratio < rule.min_ratio) & (ratio > 1 / rule.min_ratio)
        value = np.where(bad, 0.0, value)
        at = np.argmax(value, axis=1)
        return value[np.arange(len(at)), at], runs[at]


def _llr(n1: FloatArray, e1: FloatArray, n2: FloatArray, e2: FloatArray) -> FloatArray:
    """Return the log-likelihood ratio of two rates against one; 0 log 0 is 0."""
    rate = (n1 + n2) / np.maximum(e1 + e2, 1e-12)
    result: FloatArray = _term(n1, e1 * rate) + _term(n2, e2 * rate)
    return result


def _term(n: FloatArray, mean: FloatArray) -> FloatArray:
    safe = np.where(n > 0, n, 1.0)
    return np.where(n > 0, n * np.log(safe / np.maximum(mean, 1e-12)), 0.0)


def _alarm(
    sales: Adjusted,
    s: int,
    change: int,
    t: int,
    start: int,
    rule: Detector,
    statistic: float,
) -> Alarm:
    begin = max(change - rule.before_days, start)
    before = _plain_rate(sales, s, slice(begin, change))
    after = _plain_rate(sales, s, slice(change, t + 1))
    since = sales.exposure[s, change : t + 1]
    usual = float(since[since > 0].mean())
    return Alarm(
        style=sales.styles[s],
        direction="up" if after > before else "down",
        before=before * usual,
        after=after * usual,
        change_day=sales.first_day + change,
        alarm_day=sales.first_day + t,
        strength=statistic / rule.threshold,
    )


def _plain_rate(sales: Adjusted, s: int, window: slice) -> float:
    """Return pieces per exposure of a window, single wild days held at the window's own level."""
    sold, exposure = sales.sold[s, window], sales.exposure[s, window]
    there = exposure > 0
    if not there.any():
        return 0.0
    middle = float(np.median(sold[there] / exposure[there]))
    mean = max(middle, float(sold[there].sum() / exposure[there].sum()) / 2) * exposure[there]
    held = np.minimum(sold[there], mean + 3.0 * np.sqrt(2.0 * np.maximum(mean, 1.0)))
    return float(held.sum() / exposure[there].sum())
