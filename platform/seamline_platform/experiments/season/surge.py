"""A surge of demand late in the season: livestream hits that are the same under every policy."""

from dataclasses import dataclass

from seamline_sim import rng
from seamline_sim.market import Market
from seamline_sim.scenario import Scenario

STREAM_MIN = 20


@dataclass(frozen=True, slots=True)
class Hit:
    """One evening of livestreams of one style in one region; `factor_permille` of its usual day."""

    day: int
    region: str
    style: str
    factor_permille: int


def surge(scenario: Scenario, market: Market, seed: int, days: int) -> list[Hit]:
    """Return the hits of a season, in order; styles are drawn by the seed among those on sale."""
    fig = scenario.figure
    first = days - fig("links.surge_days_before_end")
    last = min(first + fig("links.surge_days"), days)
    if first < 0:
        return []
    able = [s for s in market.collection.styles if all(market.on_sale(s, d) for d in (first, last))]
    ranked = sorted(able, key=lambda style: (rng.u32(seed, "surge", style), style))
    chosen = ranked[: fig("links.surge_styles")]
    return [
        Hit(day, region.id, style, fig("links.surge_factor_permille"))
        for day in range(first, last)
        for style in chosen
        for region in scenario.regions
    ]
