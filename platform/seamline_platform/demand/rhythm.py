"""What all styles share: rhythm of the week, events of the calendar, promotions, price.

Factors are learned together, from all styles at once, as ratios of what was sold to what each
style's own level made one expect: iterative proportional fitting (Deming and Stephan, Annals of
Mathematical Statistics 11 (1940) 427-444). A style's level is a smooth of its own sales over ten
weeks. A style-day of expectation m weighs 1 / (1 + m / k): where sales scatter by more than chance
of single customers, a best-seller is one witness, not thousands.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from seamline_platform.demand.frame import FloatArray, IntArray, Panel
from seamline_platform.demand.stylemap import StyleMap

WEEK: Final = 7
_HALF_WINDOW: Final = 35
_ROUNDS: Final = 8
_PRIOR: Final = 4.0
"""Style-days of no effect that stand against each learned factor."""
SCATTER: Final = 3.0
"""k of the weight above."""
_NEW_YEAR_FROM, _NEW_YEAR_TO, _NEW_YEAR_STEP = -25, 15, 5
_MOST_EVENTS: Final = 64


@dataclass(frozen=True, slots=True)
class Calendar:
    """What is known of each day and style ahead of time; arrays reach as far as is known.

    `weekday` (days,), `event` (days,) a code, 0 for an ordinary day; `promo` and `price` (styles,
    days): share of a style's series with a promotion, logarithm of price over the usual price.
    """

    weekday: IntArray
    event: IntArray
    promo: FloatArray
    price: FloatArray


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Factors on a style's level; all are 1 (elasticity 0) where nothing was learned."""

    weekday: FloatArray
    event: FloatArray
    promo: float = 1.0
    elasticity: float = 0.0
    level: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    """Smooth levels (styles, days) that the factors were learned beside."""

    def factors(self, calendar: Calendar) -> FloatArray:
        """Return the product of all factors (styles, days)."""
        event = np.where(calendar.event < len(self.event), calendar.event, 0)
        common = self.weekday[calendar.weekday] * self.event[event]
        own: FloatArray = 1.0 + calendar.promo * (self.promo - 1.0)
        own = own * np.exp(-self.elasticity * calendar.price)
        result: FloatArray = common * own
        return result


def calendar_of(panel: Panel, styles: StyleMap, periods: int) -> Calendar:
    """Return the calendar of the panel's first `periods` days; what is not known is ordinary.

    Covariate `festival` holds whole numbers, one per kind of event; `new_year` the days from lunar
    New Year, of which those around it become events in steps of five days.
    """
    days = np.arange(panel.start, panel.start + periods)
    event = np.zeros(periods, dtype=np.int64)
    if "new_year" in panel.covariates:
        away = _by_day(panel.covariates["new_year"], periods, fill=1e6)
        near = (away >= _NEW_YEAR_FROM) & (away < _NEW_YEAR_TO)
        code = 1 + (np.where(near, away, 0) - _NEW_YEAR_FROM) // _NEW_YEAR_STEP
        event = np.where(near, code, 0).astype(np.int64)
    if "festival" in panel.covariates:
        festival = _by_day(panel.covariates["festival"], periods, fill=0.0).astype(np.int64)
        offset = (_NEW_YEAR_TO - _NEW_YEAR_FROM) // _NEW_YEAR_STEP
        inside = (festival > 0) & (festival < _MOST_EVENTS - offset)
        event = np.where(inside, offset + festival, event)
    return Calendar(
        weekday=(days % WEEK if panel.freq.name == "D" else 0 * days).astype(np.int64),
        event=event,
        promo=_style_mean(_reach(panel.promo, periods), styles),
        price=_log_price(panel, styles, periods),
    )


def _reach(values: FloatArray, periods: int) -> FloatArray:
    missing = max(periods - values.shape[1], 0)
    return np.pad(values[:, :periods], ((0, 0), (0, missing)), constant_values=np.nan)


def _by_day(values: FloatArray, periods: int, fill: float) -> FloatArray:
    """Return one value per day of a covariate that is the same for all series."""
    wide = _reach(values, periods)
    known = ~np.isnan(wide)
    total = np.where(known, wide, 0.0).sum(axis=0)
    count = known.sum(axis=0)
    result: FloatArray = np.where(count > 0, total / np.maximum(count, 1), fill)
    return result


def _style_mean(values: FloatArray, styles: StyleMap) -> FloatArray:
    count = styles.total((~np.isnan(values)).astype(np.float64))
    result: FloatArray = styles.total(values) / np.maximum(count, 1.0)
    return result


def _log_price(panel: Panel, styles: StyleMap, periods: int) -> FloatArray:
    price = _style_mean(_reach(panel.price, periods), styles)
    known = price > 0
    usual = np.ones(len(price))
    for i in np.flatnonzero(known.any(axis=1)):
        usual[i] = np.median(price[i, known[i]])
    result: FloatArray = np.log(np.where(known, price, usual[:, None]) / usual[:, None])
    return result


def fit_rhythm(sales: FloatArray, exposure: FloatArray, calendar: Calendar) -> Rhythm:
    """Learn the factors from sales (styles, days) and the share of each style that was in stock.

    `exposure` may already hold what is known of a style's own course (its life); 0 where nothing
    could be seen. The calendar covers at least the days of `sales`.
    """
    periods = sales.shape[1]
    known = Calendar(
        calendar.weekday[:periods],
        calendar.event[:periods],
        calendar.promo[:, :periods],
        calendar.price[:, :periods],
    )
    events = int(known.event.max(initial=0)) + 1
    rhythm = Rhythm(np.ones(WEEK), np.ones(events))
    for _ in range(_ROUNDS):
        expected = exposure * rhythm.factors(known)
        level = _smooth(sales) / np.maximum(_smooth(expected), 1e-9)
        rhythm = _next_round(rhythm, sales, expected * level, known, level)
    return rhythm


def _next_round(
    old: Rhythm, sales: FloatArray, mean: FloatArray, known: Calendar, level: FloatArray
) -> Rhythm:
    weight = 1.0 / (1.0 + mean / SCATTER)
    seen, said = (weight * sales), (weight * mean)
    weekday = old.weekday * _ratios(seen.sum(axis=0), said.sum(axis=0), known.weekday, WEEK)
    event = old.event * _ratios(seen.sum(axis=0), said.sum(axis=0), known.event, len(old.event))
    event[0] = 1.0
    on = known.promo > 0
    promo = old.promo * float((seen[on].sum() + _PRIOR) / (said[on].sum() + _PRIOR))
    slope = float((weight * (sales - mean) * -known.price).sum())
    curvature = float((said * known.price**2).sum())
    step = float(np.clip(slope / (curvature + 0.1), -0.5, 0.5))
    here = np.unique(known.weekday)
    return Rhythm(
        weekday / max(float(weekday[here].mean()), 1e-9),
        event,
        float(np.clip(promo, 0.2, 10.0)),
        float(np.clip(old.elasticity + step, 0.0, 5.0)),
        level,
    )


def _ratios(seen: FloatArray, said: FloatArray, code: IntArray, codes: int) -> FloatArray:
    up = np.bincount(code, weights=seen, minlength=codes) + _PRIOR
    down = np.bincount(code, weights=said, minlength=codes) + _PRIOR
    result: FloatArray = up / down
    return result


def _smooth(values: FloatArray) -> FloatArray:
    """Return a triangular moving sum over ten weeks."""
    box = _moving_sum(values, _HALF_WINDOW)
    return _moving_sum(box, _HALF_WINDOW)


def _moving_sum(values: FloatArray, window: int) -> FloatArray:
    left, right = window // 2, window - 1 - window // 2
    padded = np.pad(values, ((0, 0), (left + 1, right)))
    total = np.cumsum(padded, axis=1)
    return total[:, window:] - total[:, :-window]
