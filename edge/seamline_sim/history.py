"""Sales before the run: what forecasters know on the first morning."""

from collections.abc import Iterable

from seamline_broker.contracts.events import Event
from seamline_broker.errors import ConfigError
from seamline_sim.core import DAY_MS, FIRST_SEQ
from seamline_sim.demand import make_market
from seamline_sim.market import FrameRow, Market
from seamline_sim.scenario import Scenario


def history(
    scenario: Scenario, seed: int, days: int, demand: Iterable[FrameRow] | None = None
) -> list[Event]:
    """Return the `sale_day` events of the `days` days before the run, numbered from 1.

    Stock never ran out in these days: they are not censored.

    Raises:
        ConfigError: if `days` is so large that the numbers would reach those of the run, or the
            demand frame has a row that is not allowed.
    """
    return market_history(make_market(scenario, seed, demand), days)


def market_history(market: Market, days: int) -> list[Event]:
    """Return the history of a market that exists already (see `history`)."""
    scenario = market.scenario
    skus = sum(len(style.skus()) for style in market.collection.styles.values())
    if days < 0 or days * skus * len(scenario.regions) >= FIRST_SEQ:
        raise ConfigError(f"history of {days} days; allowed: 0 to {FIRST_SEQ // skus // 10}.")
    events: list[Event] = []
    for day in range(-days, 0):
        for region in scenario.regions:
            node = f"{region.id}/warehouse"
            for style in market.collection.styles:
                price = market.price_fen(region.id, style, day)
                promo = market.frame is None and market.promo(region.id, style, day)
                for sku, wanted in market.sku_demand(region.id, style, day):
                    events.append(
                        Event(
                            len(events) + 1,
                            scenario.start_ms + (day + 1) * DAY_MS,
                            node,
                            "sale_day",
                            (sku, wanted, 0, price, promo, scenario.start_ms + day * DAY_MS),
                        )
                    )
    return events
