"""Who buys what: size curves by style and region, shares of regions, substitutes."""

from math import isqrt

from seamline_sim import rng, tables
from seamline_sim.collection import Collection
from seamline_sim.market.wishes import spread
from seamline_sim.scenario import Scenario

_PARTS = 10_000
_SUBSTITUTES = 8
_TILT = {"north": 1, "south": -1}
"""Northern regions buy larger sizes, southern ones smaller; others by the curve."""

Substitutes = dict[str, tuple[tuple[tuple[str, int], ...], int]]


def size_curve(scenario: Scenario, seed: int, region: str, style: str) -> list[int]:
    """Return parts of 10,000 by size: the common curve, the style's own, the region's shift.

    A Dirichlet's share of mean m and concentration c has about the relative spread
    1 / sqrt(c m): each size is drawn with it, and the whole brought to 10,000.
    """
    curve = scenario.figure_list("market.size_curve_permille")
    concentration = scenario.figure("market.size_concentration")
    tilt = _TILT.get(region, 0) * scenario.figure("market.size_tilt_permille")
    draws = rng.words(seed, "size", style, len(curve))
    middle = len(curve) // 2
    weights = []
    for i, (share, draw) in enumerate(zip(curve, draws, strict=True)):
        width = isqrt(1_000_000_000 // (concentration * share))
        own = share * tables.lognormal(width)[draw >> 22]
        weights.append(own * (1000 + tilt * (i - middle)) // 1000)
    return spread(_PARTS, weights)


def region_style_permille(seed: int, region: str, style: str) -> int:
    """Return a region's own taste for a style: lognormal of mean 1,000 and sd .15."""
    draw = rng.u32(seed, "region taste", f"{region}|{style}")
    return tables.lognormal(150)[draw >> 22] * 1000 // tables.KNOTS


def substitutes(scenario: Scenario, collection: Collection) -> Substitutes:
    """Return by SKU what is bought instead when it is out: (other SKU, weight), and of nothing.

    A multinomial logit within category and price band, same size: each available alternative has
    its popularity as weight, buying nothing a constant such that the calibrated share spills when
    all alternatives are there, and less when few are.
    """
    spill = scenario.figure("market.spill_permille")
    groups: dict[tuple[str, str], list[tuple[str, str, int]]] = {}
    for style, record in collection.styles.items():
        trait = collection.traits[style]
        key = (trait.attributes["category"], trait.attributes["price_band"])
        for colour, share in zip(record.colours, trait.colour_share_permille, strict=True):
            groups.setdefault(key, []).append((style, colour, trait.weight * share))
    result: Substitutes = {}
    for members in groups.values():
        ranked = sorted(members, key=lambda m: (-m[2], m[0], m[1]))
        for style, colour, _ in members:
            others = [m for m in ranked if m[:2] != (style, colour)][:_SUBSTITUTES]
            nothing = sum(m[2] for m in others) * (1000 - spill) // spill
            for size in collection.styles[style].sizes:
                result[f"{style}-{colour}-{size}"] = (
                    tuple((f"{s}-{c}-{size}", weight) for s, c, weight in others),
                    nothing,
                )
    return result
