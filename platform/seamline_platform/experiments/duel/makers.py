"""The two makers of a duel: seasons of the experiment on one market; their links can change."""

import hashlib
import math
from dataclasses import dataclass
from typing import Final

from seamline_platform.experiments.duel.duel import Duel, Kpis, Mark
from seamline_platform.experiments.season.contract import Knobs, Links, Setting
from seamline_platform.experiments.season.run import ExogenousLayer, SeasonRun, make_market
from seamline_sim.core import DAY_MS
from seamline_sim.market import festivals

Span = tuple[str, int, int]
"""Name of a stretch of the calendar, its first and its last day."""
_FESTIVALS: Final = (
    ("38", (3, 6), (3, 8)),
    ("618", (6, 16), (6, 18)),
    ("1111", festivals.DEPOSITS_FIRST, (11, 11)),
    ("1212", (12, 11), (12, 12)),
)
_NEW_YEAR_DAYS: Final = 7
_TOLD_AGAIN_DAYS: Final = 14
"""A style that has been empty within so many days is not news again."""
_SHARES: Final = ("fill_rate", "on_time_delivery", "line_efficiency")


@dataclass(frozen=True, slots=True)
class Season:
    """A duel that has not begun, and the calendar of its days."""

    duel: Duel
    start_ms: int
    calendar: tuple[Span, ...]


def open_season(setting: Setting, seed: int, left: Links, right: Links) -> Season:
    """Return two makers at the beginning of one season: one market, one seed, the same knobs.

    Raises:
        ConfigError: if the setting names a scenario or figure that is not there.
    """
    layer = make_market(setting, seed)
    runs = {"left": SeasonMaker(setting, left, layer), "right": SeasonMaker(setting, right, layer)}
    one = runs["left"].run
    spans = calendar_of(one.scenario.start_ms, setting.days)
    if layer.hits:
        spans.append(("surge", layer.hits[0].day, layer.hits[-1].day))
    calendar = (("warmup", 0, one.warmup - 1), *spans)
    duel = Duel(
        {"left": runs["left"], "right": runs["right"]},
        {"left": left, "right": right},
        setting.days,
    )
    return Season(duel, one.scenario.start_ms, calendar)


def calendar_of(start_ms: int, days: int) -> list[Span]:
    """Return the festivals within `days` days from `start_ms` (midnight), by their first day."""
    zero = start_ms // DAY_MS
    spans: list[Span] = []
    for year in range(festivals.date_of(zero).year, festivals.date_of(zero + days).year + 1):
        for name, first, last in _FESTIVALS:
            spans.append(
                (
                    name,
                    festivals.epoch_day(year, *first) - zero,
                    festivals.epoch_day(year, *last) - zero,
                )
            )
        eve = festivals.lunar_new_year(year)
        day = festivals.epoch_day(eve.year, eve.month, eve.day) - zero
        spans.append(("new_year", day - 1, day - 1 + _NEW_YEAR_DAYS))
    return sorted((s for s in spans if s[2] >= 0 and s[1] < days), key=lambda span: span[1])


class SeasonMaker:
    """One side: a `SeasonRun`, read at the end of each day."""

    def __init__(self, setting: Setting, links: Links, layer: ExogenousLayer) -> None:
        self.run = SeasonRun(setting, links, Knobs(), layer)
        self._layer = layer
        self._marks: list[Mark] = []
        self._joined = self._lines()
        self._surges: dict[int, dict[str, int]] = {}
        """Day -> style that livestreams begin to sell on it -> factor, permille."""
        seen: set[str] = set()
        for hit in layer.hits:
            if hit.style not in seen:
                seen.add(hit.style)
                self._surges.setdefault(hit.day, {})[hit.style] = hit.factor_permille
        self._sold_out: dict[str, int] = {}
        """Style -> day on which it was last told that no shop has it."""

    def set_links(self, links: Links) -> None:
        """Connect and disconnect; what is on its way stays on its way."""
        self.run.set_links(links)

    def advance_day(self) -> None:
        """Live one plant day, and note what was worth seeing."""
        day = self.run.day
        self.run.advance_day()
        for planned in self.run.maker.plan.styles:
            if planned.launch == day:
                self._marks.append(Mark(day, "both", "launch", planned.style))
        for style, permille in self._surges.get(day, {}).items():
            self._marks.append(Mark(day, "both", "surge", style, f"×{permille / 1000:g}"))
        joined = self._lines()
        for node in sorted(joined - self._joined):
            self._marks.append(Mark(day, "both", "join", node))
        for node in sorted(self._joined - joined):
            self._marks.append(Mark(day, "both", "leave", node))
        self._joined = joined
        for name in sorted(self._empty_styles(day)):
            if day - self._sold_out.get(name, -_TOLD_AGAIN_DAYS) >= _TOLD_AGAIN_DAYS:
                self._marks.append(Mark(day, "both", "stockout", name))
            self._sold_out[name] = day

    def take_marks(self) -> list[Mark]:
        """Return what was noted since the last call."""
        marks, self._marks = self._marks, []
        return marks

    def kpis(self) -> Kpis:
        """Return what has been reached since the warm-up; shares are None until it is over."""
        run, now = self.run, self.run.now
        counted = run.day > run.warmup
        reached = run.result()[0] if counted else {}
        shares = {name: _known(reached.get(name), 4) for name in _SHARES}
        return {
            "profit_k": _known(reached.get("profit_k"), 1) or 0.0,
            "revenue_k": _known(reached.get("revenue_k"), 1) or 0.0,
            "sold_pieces": now.sold - run.begin.sold,
            **shares,
            "lead_time_d": _known(reached.get("lead_time_d"), 2),
            "stock_pieces": now.stock_live + now.stock_dead,
            "wip_pieces": now.wip,
            "orders_late": self._late(),
            "co2_kg_per_piece": _known(reached.get("co2_kg_per_piece"), 3),
        }

    def exogenous_digest(self) -> str:
        """Return a digest of the market's layer and of the sellers' orders met in this world."""
        met = sorted(
            (order, o.style, o.placed_ms, o.due_ms, o.price_fen, o.pieces)
            for order, o in self.run.score.sellers.items()
        )
        return hashlib.sha256(f"{self._layer.digest} {met!r}".encode()).hexdigest()

    def _late(self) -> int:
        """Sellers' orders whose date lies in the counted days and was not kept."""
        begin_ms = self.run.scenario.start_ms + self.run.warmup * DAY_MS
        now_ms = self.run.world.now_ms
        return sum(
            begin_ms <= o.due_ms < now_ms and not 0 < o.delivered_ms <= o.due_ms
            for o in self.run.score.sellers.values()
        )

    def _lines(self) -> frozenset[str]:
        return frozenset(line.node for line in self.run.world.lines if line.joined)

    def _empty_styles(self, day: int) -> set[str]:
        """Styles on sale of which no shop has a piece."""
        plan, houses = self.run.maker.plan, self.run.world.warehouses.values()
        return {
            style.style
            for style, skus in zip(plan.styles, plan.skus, strict=True)
            if style.launch < day < style.end
            and not any(house.stock.get(sku, 0) for house in houses for sku in skus)
        }


def _known(value: float | None, digits: int) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, digits)
