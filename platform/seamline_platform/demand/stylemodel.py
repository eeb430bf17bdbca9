"""How styles sell: one model for young and old ones, over the whole panel at once.

    mean of a series on a day = level of its style x its share of the style
                                x calendar, promotion, price (`rhythm`)
                                x where the style stands in its life (`lifecurve`)

The level has a gamma belief: before the first sale that of like styles (`analogue`) and of signals
(`signals`), then updated week by week (`levels`). Shares are shrunk to the curves of the category
(`sizecurve`). Stock-outs take exposure away everywhere, so that no part reads them as a lack of
demand.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from seamline_platform.demand.analogue import Analogues, from_analogues
from seamline_platform.demand.cellshare import cell_shares
from seamline_platform.demand.frame import MIN_OPEN_SHARE, FloatArray, IntArray, Panel
from seamline_platform.demand.levels import Belief, Tuning, filtered, fit_tuning, weeks_of
from seamline_platform.demand.lifecurve import (
    FLAT,
    LifeCurve,
    fit_life_curve,
    life_factor,
    life_share,
)
from seamline_platform.demand.rhythm import WEEK, Rhythm, calendar_of, fit_rhythm
from seamline_platform.demand.signals import (
    NAMES,
    SignalWorth,
    before_launch,
    corrected,
    learn_worth,
)
from seamline_platform.demand.stylemap import StyleMap, style_map

_KNOWN_DAYS: Final = 14.0
"""Exposure from which a style's own sales tell its level."""
_VAGUE: Final = 1.0
_MOST_EARLIER: Final = 300


@dataclass(frozen=True, slots=True)
class StyleModel:
    """All that was learned from a panel. Columns of arrays are days from the panel's first."""

    styles: StyleMap
    share: FloatArray
    """(series,) share of the style's sales."""
    course: FloatArray
    """(styles, history and days ahead): calendar x life."""
    rhythm: Rhythm
    curve: LifeCurve
    prior: Belief
    analogues: Analogues | None
    sold: FloatArray
    exposure: FloatArray
    """(styles, history): share in stock x course."""
    tuning: Tuning
    block: int
    """Periods in a step of the levels: seven days, or one period of another frequency."""

    def belief(self, end: int) -> Belief:
        """Return what is believed of each style's level after the first `end` days."""
        sold, exposure = (weeks_of(v, end, self.block) for v in (self.sold, self.exposure))
        return filtered(self.prior, sold, exposure, self.tuning)[0]

    def means(self, belief: Belief, end: int, horizon: int) -> FloatArray:
        """Return expected demand (series, horizon) after the first `end` days."""
        ahead = self.course[:, end : end + horizon] * belief.mean[:, None]
        result: FloatArray = ahead[self.styles.of] * self.share[:, None]
        return result


def fit_style_model(panel: Panel, horizon: int) -> StyleModel:
    """Learn everything from a panel; `horizon` days ahead may be asked for.

    Raises:
        ValueError: if nothing was ever sold.
    """
    if not np.nanmax(panel.y) > 0:
        raise ValueError("Nothing was ever sold in this history: there is nothing to learn.")
    styles = style_map(panel)
    block = WEEK if panel.freq.name == "D" else 1
    sales, in_stock = open_sales(panel)
    share = cell_shares(styles, sales, in_stock)
    sold = styles.total(sales)
    stocked = styles.total(in_stock * share[:, None])
    wide = panel.periods + horizon
    calendar = calendar_of(panel, styles, wide)
    where = life_share(styles, panel.start, panel.periods)
    curve = FLAT
    for _ in range(2):
        life = life_factor(styles, curve, panel.start, wide)
        rhythm = fit_rhythm(sold, stocked * life[:, : panel.periods], calendar)
        factors = rhythm.factors(calendar)
        curve = fit_life_curve(sold, stocked * factors[:, : panel.periods], where)
    course = factors * life_factor(styles, curve, panel.start, wide)
    exposure = stocked * course[:, : panel.periods]
    prior, analogues = prior_of(panel, styles, sold, exposure)
    short = np.isfinite(styles.life)
    weeks = [weeks_of(v, panel.periods, block) for v in (sold, exposure)]
    tuning = fit_tuning(prior, weeks[0], weeks[1], short)
    return StyleModel(
        styles, share, course, rhythm, curve, prior, analogues, sold, exposure, tuning, block
    )


def open_sales(panel: Panel) -> tuple[FloatArray, FloatArray]:
    """Return sales, and the share of each day in stock; both 0 where sales say nothing.

    Sales below zero are returns, and no demand: they count as 0.
    """
    in_stock = np.where(np.isnan(panel.y), 0.0, 1.0 - panel.out_share)
    in_stock = np.where(in_stock < MIN_OPEN_SHARE, 0.0, in_stock)
    sold = np.maximum(np.nan_to_num(panel.y, nan=0.0), 0.0)
    return np.where(in_stock > 0, sold, 0.0), in_stock


def prior_of(
    panel: Panel, styles: StyleMap, sold: FloatArray, exposure: FloatArray
) -> tuple[Belief, Analogues | None]:
    """Return what is believed of each style before its own sales: from like styles and signals."""
    log_level, noise = own_levels(sold, exposure)
    earlier = _newest(np.flatnonzero(np.isfinite(log_level)), exposure)
    asked: IntArray = np.arange(len(styles.names))
    if len(earlier) < 2:
        total, days = sold.sum(), exposure.sum()
        typical = np.log(max(total, 0.5) / max(days, 1.0))
        return Belief.of_log(np.full(len(asked), typical), np.full(len(asked), _VAGUE)), None
    found = from_analogues(styles.attributes, earlier, log_level[earlier], noise[earlier], asked)
    mean, variance = corrected(
        found.mean, found.variance, told_signals(panel, styles, log_level, noise)
    )
    return Belief.of_log(mean, variance), found


def _newest(earlier: IntArray, exposure: FloatArray) -> IntArray:
    """Return the styles that came last, at most 300: solving for thousands takes minutes."""
    first = np.argmax(exposure[earlier] > 0, axis=1)
    newest = np.argsort(-first, kind="stable")[:_MOST_EARLIER]
    result: IntArray = np.sort(earlier[newest])
    return result


def own_levels(sold: FloatArray, exposure: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the log level of styles seen for two weeks and the variance of its error, else NaN.

    Each week scatters by about a third whatever its size, so a level is known to 1 / weeks / 10.
    """
    total, days = sold.sum(axis=1), (exposure > 0).sum(axis=1)
    known = (days >= _KNOWN_DAYS) & (total > 0)
    level = np.log(np.where(known, total, 1.0) / np.where(known, exposure.sum(axis=1), 1.0))
    noise = 1.0 / np.maximum(total, 1.0) + 0.7 / np.maximum(days, 1.0)
    return np.where(known, level, np.nan), noise


def told_signals(
    panel: Panel, styles: StyleMap, log_level: FloatArray, noise: FloatArray
) -> Sequence[tuple[FloatArray, SignalWorth]]:
    """Return the signals that earlier styles gave a meaning."""
    result = []
    for name in NAMES:
        signal = before_launch(panel, styles, name)
        worth = learn_worth(signal, log_level, noise)
        if worth is not None:
            result.append((signal, worth))
    return result
