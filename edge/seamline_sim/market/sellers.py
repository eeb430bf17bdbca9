"""Sellers' orders: how many a day, for what, by when."""

from typing import TYPE_CHECKING

from seamline_broker.contracts.catalogue import Style
from seamline_sim import rng
from seamline_sim.market.wishes import OrderWish, spread

if TYPE_CHECKING:
    from seamline_sim.market.model import Market


def orders_per_day_milli(market: "Market") -> int:
    """Return the mean number of orders on a day, times 1,000."""
    scenario, traits = market.scenario, market.collection.traits
    seller_ms = market.capacity_ms_per_day() * scenario.seller_share_permille // 1000
    low, high = scenario.figure_list("market.order_pieces")
    mean_pieces = low + (high - low) // 3
    weighted = sum(t.weight * market.smv_ms(s) for s, t in traits.items())
    weights = max(sum(t.weight for t in traits.values()), 1)
    return seller_ms * 1000 // max(mean_pieces * weighted // weights, 1)


def seller_orders(market: "Market", day: int) -> list[OrderWish]:
    """Return the orders that sellers will place on a day, in the order of their time."""
    draw = rng.u32(market.seed, "orders", "count", day)
    milli = market.orders_per_day_milli * market.rhythm.sellers_permille(day) // 1000
    number = (milli * rng.between(draw, 800, 1200) // 1000 + 500) // 1000
    names = list(market.collection.styles)
    if not number or not names:  # so short a season may have no style whose life fits into it
        return []
    if market.collection.days:
        names = [s for s in names if market.on_sale(s, day)] or names
    wishes = [_wish(market, day, i, names) for i in range(number)]
    return sorted(wishes, key=lambda wish: (wish.minute, wish.order))


def _wish(market: "Market", day: int, i: int, names: list[str]) -> OrderWish:
    name = f"SO-B{-day}-{i:02d}" if day < 0 else f"SO-{day:03d}-{i:02d}"
    d = rng.words(market.seed, "order", name, 9)
    traits, scenario = market.collection.traits, market.scenario
    style = market.collection.styles[names[rng.pick(d[0], [traits[s].weight for s in names])]]
    low, high = scenario.figure_list("market.order_pieces")
    skew = rng.below(d[1], 1001)
    pieces = low + (high - low) * skew * skew // 1_000_000 // 10 * 10
    region = scenario.regions[rng.pick(d[3], [r.share_permille for r in scenario.regions])].id
    minute = rng.between(d[5], 480, 1260)
    return make_wish(market, name, style, pieces, region, d, minute)


def make_wish(
    market: "Market", name: str, style: Style, pieces: int, region: str, d: tuple[int, ...],
    minute: int,
) -> OrderWish:  # fmt: skip
    """Return an order of `pieces` of a style; colour, seller, due date by the draws `d`."""
    scenario, trait = market.scenario, market.collection.traits[style.style]
    colour = style.colours[rng.pick(d[2], list(trait.colour_share_permille))]
    parts = spread(pieces, market.size_share[region, style.style])
    first, last = scenario.figure_list("market.due_days")
    return OrderWish(
        order=name,
        seller=scenario.sellers[rng.below(d[4], len(scenario.sellers))],
        style=style.style,
        colour=colour,
        sizes={s: n for s, n in zip(style.sizes, parts, strict=True) if n},
        region=region,
        minute=minute,
        due_days=rng.between(d[6], first, last),
        price_fen=style.price_fen * rng.between(d[7], 420, 520) // 1000,
    )
