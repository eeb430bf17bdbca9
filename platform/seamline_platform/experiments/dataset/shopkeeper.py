"""A plain shop for data sets: weekly orders by recent sales, so that stock runs out now and then.

It sees its own sales alone. Unmet demand goes to substitutes that are there, or is lost, by the
market's own weights.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from seamline_sim import rng, tables
from seamline_sim.market import Market

LEAD_DAYS: Final = 7
COVER_DAYS: Final = 14
_MEMORY_DAYS: Final = 28
_FIRST_DAYS: Final = 21
_FIRST_ERROR_PERMILLE: Final = 500
"""sd of the logarithm of the buyer's error about a style, before its launch."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of one SKU in one region."""

    wanted: int
    sold: int
    stock: int
    """At the end of the day."""
    out: bool
    """Somebody who came for it found none."""


@dataclass(slots=True)
class _Shelf:
    stock: int
    recent: list[int] = field(default_factory=list)
    """Sales of the last days on which it was not out."""
    coming: dict[int, int] = field(default_factory=dict)


class Shopkeeper:
    """The shops of all regions; days are taken in order."""

    def __init__(self, market: Market, days: int) -> None:
        self.market, self.days = market, days
        self._shelves: dict[tuple[str, str], _Shelf] = {}

    def on_sale(self, style: str, day: int) -> bool:
        """Return whether a style is sold on a day."""
        return self.market.on_sale(style, day)

    def run(self) -> Iterator[tuple[int, str, Mapping[str, Cell]]]:
        """Yield (day, region, cells by SKU) for SKUs that are on sale."""
        regions = [region.id for region in self.market.scenario.regions]
        for day in range(self.days):
            for region in regions:
                yield day, region, self._day(region, day)

    def _day(self, region: str, day: int) -> dict[str, Cell]:
        styles = [s for s in self.market.collection.styles if self.on_sale(s, day)]
        wanted: dict[str, int] = {}
        shelves: dict[str, _Shelf] = {}
        for style in styles:
            for sku in self.market.collection.styles[style].skus():
                shelf = self._shelf(region, style, sku)
                shelf.stock += shelf.coming.pop(day, 0)
                shelves[sku] = shelf
            wanted |= dict(self.market.sku_demand(region, style, day))
        sold = self._sell(region, day, wanted, shelves)
        cells = {}
        for sku, shelf in shelves.items():
            out = wanted.get(sku, 0) > sold[sku] or (not shelf.stock and not sold[sku])
            if not out:
                shelf.recent = [*shelf.recent[1 - _MEMORY_DAYS :], sold[sku]]
            cells[sku] = Cell(wanted.get(sku, 0), sold[sku], shelf.stock, out)
        if self.market.weekday(day) == 0:
            for sku, shelf in shelves.items():
                self._order(shelf, sku.partition("-")[0], day)
        return cells

    def _shelf(self, region: str, style: str, sku: str) -> _Shelf:
        key = (region, sku)
        if key not in self._shelves:
            draw = rng.u32(self.market.seed, "buyer", style)
            error = tables.lognormal(_FIRST_ERROR_PERMILLE)[draw >> 22]
            mean = self.market.sku_means_milli(region, style)[sku]
            self._shelves[key] = _Shelf(mean * _FIRST_DAYS * error // 1000 // tables.KNOTS)
        return self._shelves[key]

    def _sell(
        self, region: str, day: int, wanted: Mapping[str, int], shelves: Mapping[str, _Shelf]
    ) -> dict[str, int]:
        sold = dict.fromkeys(shelves, 0)
        short: list[tuple[str, int]] = []
        for sku, number in wanted.items():
            got = min(number, shelves[sku].stock)
            shelves[sku].stock -= got
            sold[sku] += got
            if got < number:
                short.append((sku, number - got))
        for sku, number in short:
            others, nothing = self.market.substitutes[sku]
            draws = rng.words(self.market.seed, "spill", f"{region}|{sku}|{day}", number)
            for draw in draws:
                there = [o for o in others if o[0] in shelves and shelves[o[0]].stock]
                chosen = rng.pick(draw, [*(weight for _, weight in there), max(nothing, 1)])
                if chosen < len(there):
                    other = there[chosen][0]
                    shelves[other].stock -= 1
                    sold[other] += 1
        return sold

    def _order(self, shelf: _Shelf, style: str, day: int) -> None:
        """Order up to cover of recent sales, if the style is sold long enough to sell it."""
        if not shelf.recent or not self.on_sale(style, day + LEAD_DAYS + 14):
            return
        cover = sum(shelf.recent) * (COVER_DAYS + LEAD_DAYS) // len(shelf.recent)
        pieces = cover - shelf.stock - sum(shelf.coming.values())
        if pieces > 0:
            shelf.coming[day + LEAD_DAYS] = shelf.coming.get(day + LEAD_DAYS, 0) + pieces
