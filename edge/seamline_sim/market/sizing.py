"""How large a market is: consumers take their share of capacity, net of what they send back."""

from typing import TYPE_CHECKING

from seamline_sim.market.sizes import region_style_permille

if TYPE_CHECKING:
    from seamline_sim.market.model import Market


def base_milli(market: "Market") -> dict[tuple[str, str], int]:
    """Size the market: all styles together take the consumers' share of capacity, net."""
    scenario, traits = market.scenario, market.collection.traits
    shares = {s: market.weight_permille(s) * t.weight * market.smv_ms(s) for s, t in traits.items()}
    consumer_ms = market.capacity_ms_per_day() * scenario.consumer_share_permille // 1000
    consumer_ms = consumer_ms * 1000 // (1000 - market.consumers.net_returns_permille())
    total = max(sum(shares.values()), 1)  # a thousandfold
    base = {}
    for style, trait in traits.items():
        tastes = {
            r.id: r.share_permille * region_style_permille(market.seed, r.id, style)
            for r in scenario.regions
        }
        for region, taste in tastes.items():
            milli = consumer_ms * 1_000_000 * trait.weight * taste // (total * sum(tastes.values()))
            base[region, style] = milli
    return base


def use_per_day(market: "Market") -> dict[tuple[str, str], int]:
    """Return mean pieces x centimetres of cloth per day by (fabric, colour), all regions."""
    result: dict[tuple[str, str], int] = {}
    seller = market.orders_per_day_milli * sum(
        market.scenario.figure_list("market.order_pieces")[:1]
    )
    total_weight = sum(t.weight for t in market.collection.traits.values())
    net = 1000 - market.consumers.net_returns_permille()
    for style in market.collection.styles.values():
        trait = market.collection.traits[style.style]
        milli = sum(market.base_milli[region.id, style.style] for region in market.scenario.regions)
        milli = milli * net // 1000 * market.weight_permille(style.style) // 1000
        milli += seller * 267 // 100 * trait.weight // total_weight
        for colour, share in zip(style.colours, trait.colour_share_permille, strict=True):
            key = (style.fabric, colour)
            result[key] = result.get(key, 0) + milli * share * style.fabric_cm // 1_000_000
    return result
