"""A market alone, without plants, as long tables: what a maker would know, and the truth apart.

Each region's shop is replenished by a plain rule (below), so that it runs out now and then: sales
are censored, wishes spill to substitutes, as in the world. Tables are columns of equal length; days
are ISO dates, series are `region/SKU`.
"""

from dataclasses import dataclass, field

from seamline_sim import rng, shop, signals, tables
from seamline_sim.core import DAY_US, Core
from seamline_sim.market import Market, festivals
from seamline_sim.state import Warehouse

Table = dict[str, list[str | int | bool]]
PERIODS = 4
_REVIEW_DAYS, _LEAD_DAYS, _COVER_DAYS = 7, 5, 21
_MEMORY_DAYS = 28
_PLANNER_SPREAD = 500
"""A planner's first buy of a style has this error (permille, sd of log)."""


@dataclass(frozen=True, slots=True)
class MarketTables:
    """Public tables in long form (`unique_id, ds, y` and more columns), and `truth` apart.

    `sales`: pieces sold. `stock`: pieces at the end of the day and minutes without stock.
    `prices`: price, promotion, coupon and cost index. `returns`: pieces sent back. `signals`:
    favourites and deposits by region and style. `calendar`, `attributes`, `hierarchy`: by day, by
    style, by series. `truth`: pieces wanted and the latent mean (thousandths) by series and day.
    """

    sales: Table
    calendar: Table
    prices: Table
    attributes: Table
    stock: Table
    hierarchy: Table
    returns: Table
    signals: Table
    truth: Table


@dataclass(slots=True)
class _Book:
    """Rows as they come, by table."""

    tables: dict[str, Table] = field(default_factory=dict)

    def add(self, table: str, **row: str | int | bool) -> None:
        columns = self.tables.setdefault(table, {name: [] for name in row})
        for name, value in row.items():
            columns[name].append(value)


def market_tables(market: Market, days: int) -> MarketTables:
    """Run a market for `days` days and return its tables.

    A style's series run from its first day of sale to its last. The stock rule: every seven days
    each SKU is brought to 21 days of its mean sales of the last 28 days (of stocked days only),
    five days later; a style's first stock is a planner's guess of its first three weeks.
    """
    w = Core(market.scenario, market.seed, market)
    w.periods = PERIODS
    for region in market.scenario.regions:
        house = Warehouse(region.id, f"{region.id}/warehouse", 1, 1, {})
        house.stock = {sku: 0 for style in w.catalogue.styles.values() for sku in style.skus()}
        w.warehouses[region.id] = house
    book, rule = _Book(), _Rule(market)
    for day in range(days):
        _run_day(w, book, rule, day)
    _static(w, book, days)
    names = MarketTables.__dataclass_fields__
    return MarketTables(**{name: book.tables.get(name, {}) for name in names})


def _run_day(w: Core, book: _Book, rule: "_Rule", day: int) -> None:
    for house in w.warehouses.values():
        w.now_us = day * DAY_US
        rule.supply(w, house, day)
    for period in range(PERIODS):
        w.now_us = day * DAY_US + (period + 1) * DAY_US // PERIODS
        for house in w.warehouses.values():
            shop.settle(w, house, day, period)
    w.outbox.clear()
    for house in w.warehouses.values():
        shop.close_day(w, house, day)
        rows = {"sale_day": {}, "return_day": {}}  # type: dict[str, dict[str, tuple[object, ...]]]
        for _, _, _, kind, values in w.outbox:
            if kind in rows:
                rows[kind][str(values[0])] = values
        w.outbox.clear()
        _rows_of_day(w, book, rule, house, rows, day)


def _rows_of_day(
    w: Core, book: _Book, rule: "_Rule", house: Warehouse,
    rows: dict[str, dict[str, tuple[object, ...]]], day: int,
) -> None:  # fmt: skip
    market, region, ds = w.market, house.region, _ds(w.market, day)
    for style, record in w.catalogue.styles.items():
        if not market.on_sale(style, day):
            continue
        price = market.price_fen(region, style, day)
        book.add(
            "prices", unique_id=f"{region}/{style}", ds=ds, y=price,
            promo=market.promo(region, style, day), coupon=market.rhythm.coupon(style, day),
            cost_permille=market.rhythm.cost_permille(record.fabric, day),
        )  # fmt: skip
        wanted = dict(market.sku_demand(region, style, day))
        mean = market.mean_milli(region, style, day)
        shares = market.sku_shares(region, style)
        for sku in record.skus():
            name = f"{region}/{sku}"
            _, qty, out_min, *_ = rows["sale_day"].get(sku, (sku, 0, 0))
            book.add("sales", unique_id=name, ds=ds, y=_whole(qty))
            book.add("stock", unique_id=name, ds=ds, y=house.stock[sku], out_min=_whole(out_min))
            book.add(
                "truth", unique_id=name, ds=ds, y=wanted.get(sku, 0),
                mean_milli=mean * shares[sku] // 10_000_000,
            )  # fmt: skip
            back = rows["return_day"].get(sku)
            if back:
                book.add("returns", unique_id=name, ds=ds, y=_whole(back[1]), fit=_whole(back[2]))
            rule.learn(region, sku, _whole(qty), _whole(out_min))
    for style, what, value in signals.of_day(market, region, day):
        if what in ("favourites", "deposits"):
            book.add("signals", unique_id=f"{region}/{style}", ds=ds, y=value, what=what)


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _ds(market: Market, day: int) -> str:
    return festivals.date_of(market.rhythm.first_day + day).isoformat()


def _static(w: Core, book: _Book, days: int) -> None:
    market = w.market
    for day in range(days):
        book.add(
            "calendar", ds=_ds(market, day), weekday=market.weekday(day),
            festival=market.rhythm.season_of(day).removeprefix("festivals.").removesuffix("_permille"),
            days_from_new_year=festivals.days_from_new_year(market.rhythm.first_day + day),
            factories_closed=market.rhythm.factory_closed(day),
        )  # fmt: skip
    for style, record in w.catalogue.styles.items():
        trait = market.collection.traits[style]
        book.add(
            "attributes", unique_id=style, **trait.attributes, fabric=record.fabric,
            list_price_fen=record.price_fen, fashion=trait.fashion,
            launch=_ds(market, market.launch_day(style)) if trait.fashion else "",
            life_days=trait.life_days,
        )  # fmt: skip
        for region in w.warehouses:
            for sku in record.skus():
                _, colour, size = sku.split("-")
                book.add(
                    "hierarchy", unique_id=f"{region}/{sku}", region=region,
                    category=record.category, style=style, colour=colour, size=size,
                )  # fmt: skip


class _Rule:
    """The stock rule: knows sales and stock-outs, nothing else, but for the first buy."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._sold: dict[tuple[str, str], list[tuple[int, int]]] = {}
        self._due: dict[int, list[tuple[str, str, int]]] = {}
        self._coming: dict[tuple[str, str], int] = {}
        self._bought: set[tuple[str, str]] = set()

    def learn(self, region: str, sku: str, qty: int, out_min: int) -> None:
        """Remember a day of a SKU."""
        days = self._sold.setdefault((region, sku), [])
        days.append((qty, out_min))
        del days[:-_MEMORY_DAYS]

    def supply(self, w: Core, house: Warehouse, day: int) -> None:
        """Deliver what is due, buy for launches, and order."""
        region = house.region
        for place, sku, qty in self._due.pop(day, []) if region == next(iter(w.warehouses)) else []:
            self._coming[place, sku] -= qty
            shop.put_in_stock(w, w.warehouses[place], sku, qty)
        for style in w.catalogue.styles:
            if not self._market.on_sale(style, day):
                continue
            if (region, style) not in self._bought:
                self._bought.add((region, style))
                self._first_buy(w, house, style)
            elif day % _REVIEW_DAYS == 0:
                self._order(house, style, day)

    def _first_buy(self, w: Core, house: Warehouse, style: str) -> None:
        draw = rng.u32(w.seed, "planner", f"{house.region}|{style}")
        log = tables.normal_milli()[draw >> 22] * _PLANNER_SPREAD // 1000
        days = _COVER_DAYS * tables.exp_permille(log) // 1000
        for sku, milli in self._market.sku_means_milli(house.region, style).items():
            qty = (milli * days + 500) // 1000
            if qty:
                shop.put_in_stock(w, house, sku, qty)

    def _order(self, house: Warehouse, style: str, day: int) -> None:
        for sku in self._market.collection.styles[style].skus():
            key = (house.region, sku)
            past = self._sold.get(key, [])
            stocked = sum(1440 - out for _, out in past)
            if not stocked:
                continue
            mean_milli = 1000 * 1440 * sum(qty for qty, _ in past) // stocked
            position = house.stock[sku] + self._coming.get(key, 0)
            qty = (mean_milli * _COVER_DAYS + 999) // 1000 - position
            if qty > 0:
                self._coming[key] = self._coming.get(key, 0) + qty
                self._due.setdefault(day + _LEAD_DAYS, []).append((house.region, sku, qty))
