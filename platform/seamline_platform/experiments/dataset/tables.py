"""The tables of a data set, drawn from a market: public rows, and the truth beside them."""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.dataset.manifest import Manifest
from seamline_platform.experiments.dataset.shopkeeper import Shopkeeper
from seamline_platform.experiments.dataset.writer import Tables
from seamline_sim import load_scenario, signals
from seamline_sim.market import Market
from seamline_sim.scenario import CollectionPlan, Scenario

TEST_DAYS: Final = 84
_SIGNALS: Final = ("favourites", "deposits")
_FESTIVAL: Final = "festivals."


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked: a scenario's market with so many styles, for so many days."""

    scenario: str | Path = "demo"
    seed: int = 1
    days: int = 728
    styles: int = 120


class _Columns:
    """Columns of a table that grows row by row."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.rows: list[tuple[Any, ...]] = []

    def table(self, **types: Any) -> Any:
        """Return an Arrow table, sorted by its first columns up to `ds`."""
        import pyarrow as pa

        keys = self.names.index("ds") + 1 if "ds" in self.names else 1
        rows = sorted(self.rows, key=lambda row: row[:keys])
        columns = list(zip(*rows, strict=True)) or [()] * len(self.names)
        kinds = {"ds": pa.date32(), **types}
        return pa.table({
            name: pa.array(column, kinds.get(name))
            for name, column in zip(self.names, columns, strict=True)
        })  # fmt: skip


def draw(order: Order, name: str, version: int) -> tuple[Tables, Manifest]:
    """Draw the tables of a data set, and the manifest that says where they come from.

    Raises:
        ConfigError: if the scenario is unknown, or no style's life fits into so few days.
    """
    from importlib.metadata import version as version_of

    loaded = load_scenario(order.scenario)
    scenario = replace(loaded, collection=CollectionPlan(order.styles, order.days))
    market = Market(scenario, order.seed)
    if not market.collection.traits:
        raise ConfigError(
            f"None of {order.styles} styles (seed {order.seed}) lives within {order.days} days: "
            "a life takes 8 to 14 weeks. Give more days, or more styles."
        )
    day_0 = _date(market, 0)
    origin = Manifest(
        name=name,
        version=version,
        seed=order.seed,
        scenario=loaded.name,
        scenario_sha256=_fingerprint(scenario),
        generator=f"seamline {version_of('seamline')}",
        first_day=day_0.isoformat(),
        days=order.days,
        train_days=max(order.days - TEST_DAYS, order.days // 2),
        files={},
    )
    sales, stock, truth = _trade(market, order.days)
    public = {
        "sales": sales,
        "calendar": _calendar(market, order.days),
        "prices": _prices(market, order.days),
        "attributes": _attributes(market, order.days),
        "stock": stock,
        "signals": _signals(market, order.days),
        "hierarchy": _hierarchy(market),
    }
    sealed = {
        "truth": truth,
        "means": _means(market, order.days),
        "shares": _shares(market),
        "styles": _styles(market),
    }
    return Tables(public, sealed), origin


def _fingerprint(scenario: Scenario) -> str:
    plan = scenario.collection
    text = json.dumps(
        {
            "document": scenario.document,
            "figures": dict(scenario.figures),
            "collection": [plan.styles, plan.days] if plan else None,
        },
        sort_keys=True,
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _date(market: Market, day: int) -> date:
    return date(1970, 1, 1) + timedelta(days=market.rhythm.first_day + day)


def _trade(market: Market, days: int) -> tuple[Any, Any, Any]:
    import pyarrow as pa

    sales = _Columns("unique_id", "ds", "y")
    stock = _Columns("unique_id", "ds", "y", "out")
    truth = _Columns("unique_id", "ds", "y")
    for day, region, cells in Shopkeeper(market, days).run():
        ds = _date(market, day)
        for sku, cell in cells.items():
            key = f"{sku}@{region}"
            sales.rows.append((key, ds, cell.sold))
            stock.rows.append((key, ds, cell.stock, cell.out))
            truth.rows.append((key, ds, cell.wanted))
    return sales.table(y=pa.int32()), stock.table(y=pa.int32()), truth.table(y=pa.int32())


def _calendar(market: Market, days: int) -> Any:
    table = _Columns(
        "ds", "weekday", "festival", "days_from_new_year", "factory_closed", "deposits_open"
    )
    from seamline_sim.market import festivals

    for day in range(days):
        at = market.rhythm.first_day + day
        festival = market.rhythm.season_of(day).removeprefix(_FESTIVAL)
        table.rows.append((
            _date(market, day), market.weekday(day), festival.removesuffix("_permille"),
            festivals.days_from_new_year(at), market.rhythm.factory_closed(day),
            festivals.deposits_open(at),
        ))  # fmt: skip
    return table.table()


def _prices(market: Market, days: int) -> Any:
    table = _Columns("unique_id", "ds", "y", "promotion", "coupon")
    for region in market.scenario.regions:
        for style in market.collection.styles:
            for day in range(days):
                if market.on_sale(style, day):
                    table.rows.append((
                        f"{style}@{region.id}", _date(market, day),
                        market.price_fen(region.id, style, day) / 100,
                        market.promo(region.id, style, day), market.rhythm.coupon(style, day),
                    ))  # fmt: skip
    return table.table()


def _attributes(market: Market, days: int) -> Any:
    traits = market.collection.traits
    names = tuple(next(iter(traits.values())).attributes)
    table = _Columns("style", "name", "list_price", "fabric", "basic", *names, "launch", "last")
    for style, record in market.collection.styles.items():
        trait = traits[style]
        first, last = trait.launch_day, trait.launch_day + trait.life_days - 1
        fashion = trait.life_days > 0
        table.rows.append((
            style, record.name, record.price_fen / 100, record.fabric, not fashion,
            *(trait.attributes[name] for name in names),
            _date(market, first if fashion else 0), _date(market, last if fashion else days - 1),
        ))  # fmt: skip
    return table.table()


def _signals(market: Market, days: int) -> Any:
    table = _Columns("unique_id", "ds", "signal", "y")
    for region in market.scenario.regions:
        for day in range(days):
            for style, signal, value in signals.of_day(market, region.id, day):
                if signal in _SIGNALS:
                    table.rows.append((f"{style}@{region.id}", _date(market, day), signal, value))
    return table.table()


def _hierarchy(market: Market) -> Any:
    table = _Columns("unique_id", "sku", "style", "colour", "size", "category", "region")
    for region in market.scenario.regions:
        for style, record in market.collection.styles.items():
            for sku in record.skus():
                _, colour, size = sku.split("-")
                table.rows.append((
                    f"{sku}@{region.id}", sku, style, colour, size, record.bulletin, region.id,
                ))  # fmt: skip
    return table.table()


def _means(market: Market, days: int) -> Any:
    """Return the mean of what is wanted of a style in a region on a day, before the last chance."""
    table = _Columns("unique_id", "ds", "y")
    for region in market.scenario.regions:
        for style in market.collection.styles:
            for day in range(days):
                if market.on_sale(style, day):
                    mean = market.mean_milli(region.id, style, day) / 1000
                    table.rows.append((f"{style}@{region.id}", _date(market, day), mean))
    return table.table()


def _shares(market: Market) -> Any:
    """Return each SKU's part of what is wanted of its style in its region."""
    table = _Columns("unique_id", "share")
    for region in market.scenario.regions:
        for style, record in market.collection.styles.items():
            shares = market.sku_shares(region.id, style)
            total = sum(shares.values())
            for sku in record.skus():
                table.rows.append((f"{sku}@{region.id}", round(shares[sku] / total, 6)))
    return table.table()


def _styles(market: Market) -> Any:
    """Return what nobody but the market knows of each style."""
    table = _Columns("style", "log_known", "log_rest", "elasticity", "innovation", "imitation")
    for style, trait in market.collection.traits.items():
        table.rows.append((
            style, trait.known_milli / 1000, trait.rest_milli / 1000,
            trait.elasticity_milli / 1000, trait.innovation / 1000, trait.imitation / 1000,
        ))  # fmt: skip
    return table.table()
