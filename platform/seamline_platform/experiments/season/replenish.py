"""What to make for the shops: initial buys before launch, reorders up to target, never too late.

A reorder knows capacity: pieces that could only arrive after they can be sold are not ordered, and
every lot that is decided on makes the line that it goes to busier for the next one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from seamline_platform.experiments.season.contract import Knobs
from seamline_platform.experiments.season.demandbook import DemandBook
from seamline_platform.experiments.season.newsvendor import (
    critical_ratio,
    newsvendor,
    still_useful,
)
from seamline_platform.experiments.season.plan import Floats, SeasonPlan

LAST_DAYS = 3
"""Days before the end of a life in which nothing more is made for it."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a style lacks: pieces by (region, SKU), and the day its stock runs out."""

    style: int
    pieces: Floats
    """(regions, SKUs)"""
    due: int
    first: bool
    """True for the buy before launch."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the rule is told for one style: days until a lot decided on today can be sold."""

    lead_days: int
    """Cloth, sewing, queue and road."""
    moq: int


TermsOf = Callable[[int], Terms]


class Replenisher:
    """The stock rule of all styles; it keeps nothing but which ones had their initial buy."""

    def __init__(self, plan: SeasonPlan, knobs: Knobs) -> None:
        self.plan, self.knobs = plan, knobs
        self._bought = np.array([s.launch <= 0 for s in plan.styles])
        self._launch = np.array([s.launch for s in plan.styles])
        self._end = np.array([s.end for s in plan.styles])

    def first_buys(self, book: DemandBook, day: int, early_days: Mapping[int, int]) -> list[Need]:
        """Return the initial buys that cannot wait; `early_days` is their lead by style."""
        needs = []
        for i, lead in early_days.items():
            style = self.plan.styles[i]
            if self._bought[i] or day < style.launch - lead:
                continue
            self._bought[i] = True
            mean, sd = book.level[i], book.level_sd[i]
            part = self.plan.curve[i, -1]
            under, over = style.price_fen - style.cost_fen, style.cost_fen - style.salvage_fen
            wanted = newsvendor(mean * part, sd * part, under, over)
            wanted = wanted * self.knobs.initial_permille // 1000
            split = book.regional[i][:, None] / mean * book.share[i][None, :]
            needs.append(Need(i, wanted * split, style.launch, True))
        return needs

    def waiting(self, day: int) -> list[int]:
        """Return styles that are still to be bought for the first time."""
        return [i for i in range(len(self._launch)) if not self._bought[i]]

    def reorders(
        self, book: DemandBook, day: int, pace_days: int, position: Floats, terms_of: TermsOf
    ) -> list[Need]:
        """Return what falls below target, the most urgent first.

        `position` is what is there and on its way, by style, region and SKU.
        """
        active = self._bought & (self._end - LAST_DAYS > day)
        lead = np.array([terms_of(i).lead_days if active[i] else 0 for i in range(len(active))])
        knobs = self.knobs
        start = np.maximum(self._launch, day)
        reach = np.minimum(start + lead + pace_days + knobs.cover_days, self._end)
        mean, _ = book.between(day, reach)
        mean3, sd3 = book.by_sku(mean)
        low = mean3 + sd3 * (knobs.safety_permille / 1000)
        more, _ = book.between(reach, np.minimum(reach + knobs.lot_days, self._end))
        high = low + more[:, :, None] * book.share[:, None, :]
        lack = np.maximum(low - position, 0.0).sum(axis=(1, 2))
        gap = np.maximum(high - position, 0.0)
        daily = np.maximum(mean.sum(axis=1) / np.maximum(reach - day, 1), 1e-9)
        cover = position.sum(axis=(1, 2)) / daily
        trigger = lack > 0.05 * np.maximum(mean.sum(axis=1), 1.0)
        order = [i for i in np.argsort(cover, kind="stable") if active[i] and trigger[i]]
        return [Need(int(i), gap[i], day + int(min(cover[i], 60)), False) for i in order]

    def useful(
        self, book: DemandBook, day: int, need: Need, position: float, arrival: int
    ) -> float:
        """Return how many pieces of a need are worth making if they can be sold from `arrival`."""
        i = need.style
        style = self.plan.styles[i]
        if arrival >= style.end - LAST_DAYS:
            return 0.0
        before, _ = book.between(day, arrival)
        after, sd = book.between(arrival, style.end)
        after_mean = float(after[i].sum())
        doubt = max(
            float(np.sqrt((sd[i] ** 2).sum())),
            float(book.level_sd[i] / book.level[i]) * after_mean,
        )
        share = critical_ratio(style.price_fen - style.cost_fen, style.cost_fen - style.salvage_fen)
        return still_useful(after_mean, doubt, float(before[i].sum()), position, share)


def whole_pieces(pieces: Floats, total: int) -> Floats:
    """Round a table to whole numbers that sum to `total` (largest remainders, ties in order)."""
    flat = pieces.ravel()
    amount = flat.sum()
    if total <= 0 or amount <= 0:
        return np.zeros_like(pieces)
    exact = flat * (total / amount)
    base = np.floor(exact + 1e-9)
    rest = int(total - base.sum())
    if rest > 0:
        best = np.argsort(-(exact - base), kind="stable")[:rest]
        base[best] += 1
    whole: Floats = base.reshape(pieces.shape)
    return whole
