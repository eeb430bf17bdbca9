"""Collections: the styles of a market, fixed ones or a season drawn from a seed.

A style's size of life follows from its attributes (which forecasters can learn) and a rest that
nobody can know before the launch: log N = x'theta + u (data: `[collection]` of calibration.toml).
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from math import isqrt

from seamline_broker.contracts.catalogue import Style
from seamline_sim import rng, tables
from seamline_sim.products import bulletins, style_tables
from seamline_sim.scenario import CollectionPlan, Scenario

LEVELS: Mapping[str, tuple[str, ...]] = {
    "category": ("tshirt", "polo", "shirt", "hoodie"),
    "target": ("women", "men", "kids"),
    "colour_family": ("white", "dark", "earth", "bright"),
    "price_band": ("low", "mid", "high"),
    "brand_tier": ("entry", "core", "designer"),
    "season": ("spring", "summer", "autumn", "winter"),
    "fit": ("slim", "regular", "relaxed", "cropped"),
    "pattern": ("plain", "stripe", "graphic", "check"),
}
"""The attributes of a style and their levels; `category` is the name of its bulletin."""
_PALETTES = {
    "white": ("WHT", "GRY", "BLU"), "dark": ("BLK", "NVY", "GRY"),
    "earth": ("KHA", "GRN", "GRY"), "bright": ("RED", "BLU", "GRN"),
}  # fmt: skip
_BAND_PERMILLE = {"low": 800, "mid": 1000, "high": 1350}
_TIER_PERMILLE = {"entry": 880, "core": 1000, "designer": 1250}
_NAMES_ZH = {
    "tshirt": "T恤", "polo": "Polo衫", "shirt": "衬衫", "hoodie": "卫衣",
    "slim": "修身", "regular": "合身", "relaxed": "宽松", "cropped": "短款",
    "plain": "素色", "stripe": "条纹", "graphic": "印花", "check": "格纹",
}  # fmt: skip

Attributes = Mapping[str, str]
"""One level for each name of `LEVELS`."""


@dataclass(frozen=True, slots=True)
class StyleTraits:
    """What the market knows of a style besides the catalogue; only `attributes` is public.

    `weight`: mean pieces of a day of its life, relative to other styles. `launch_day` and
    `life_days`: when it is sold; a style without them is always on sale (a basic), or, if it is
    fashion, comes back every season. `innovation` and `imitation`: Bass's p and q, permille per
    week. `known_milli` and `rest_milli`: the two parts of the logarithm of its size, times 1,000.
    `elasticity_milli`: by what power its demand falls with the price, times 1,000.
    """

    weight: int
    fashion: bool
    colour_share_permille: tuple[int, ...]
    attributes: Attributes
    elasticity_milli: int
    innovation: int = 0
    imitation: int = 0
    launch_day: int = 0
    life_days: int = 0
    known_milli: int = 0
    rest_milli: int = 0


@dataclass(frozen=True, slots=True)
class Collection:
    """The styles of a market by id, with their traits; `days` is its season, 0 = without end."""

    styles: Mapping[str, Style]
    traits: Mapping[str, StyleTraits]
    days: int = 0


@dataclass(frozen=True, slots=True)
class PastStyle:
    """A style of an earlier season: what it was like, and how many pieces its life was worth."""

    attributes: Attributes
    log_size_milli: int


def collection_of(scenario: Scenario, seed: int) -> Collection:
    """Return the collection of a scenario and seed: the same under every policy of the seed."""
    if scenario.collection is None:
        return fixed_collection(seed)
    return _drawn(scenario, scenario.collection, seed)


@functools.cache
def fixed_collection(seed: int = 0) -> Collection:
    """Return the styles of `data/styles.toml`; the seed shapes the lives of the fashion styles."""
    styles, traits = {}, {}
    table = style_tables()
    for bulletin in bulletins():
        t = table[bulletin]
        prices = sorted(row[3] for row in t["styles"])
        for style, name, name_zh, price, weight, life, colours in t["styles"]:
            styles[style] = _style(bulletin, style, (name, name_zh), price, tuple(colours))
            band = LEVELS["price_band"][3 * prices.index(price) // len(prices)]
            p, q, elasticity = _shape(seed, style)
            traits[style] = StyleTraits(
                weight=weight,
                fashion=life == "fashion",
                colour_share_permille=colour_shares(len(colours)),
                attributes=_fixed_attributes(bulletin, band, name),
                elasticity_milli=elasticity,
                innovation=p,
                imitation=q,
            )
    return Collection(styles, traits)


def _fixed_attributes(bulletin: str, band: str, name: str) -> Attributes:
    words = name.lower()
    kids = "kids" in words or "school" in words
    found = {"category": bulletin, "price_band": band, "target": "kids" if kids else "women"}
    for key in ("fit", "pattern"):
        for level in LEVELS[key]:
            if level in words:
                found[key] = level
    rest = {
        "target": "men", "colour_family": "white", "brand_tier": "core", "season": "summer",
        "fit": "regular", "pattern": "plain",
    }  # fmt: skip
    if not kids and any(w in words for w in ("work", "office", "golf", "oxford", "non-iron")):
        found["target"] = "men"
    return rest | found


def colour_shares(colours: int) -> tuple[int, ...]:
    """Return parts of 1,000 of a style's demand by the place of a colour in its list."""
    return tuple(style_tables()["colour_share_permille"][str(colours)])


def _shape(seed: int, style: str) -> tuple[int, int, int]:
    """Return Bass's p and q (permille per week) and the elasticity (times 1,000) of a style."""
    d = rng.words(seed, "shape", style, 3)
    return rng.between(d[0], 20, 80), rng.between(d[1], 200, 600), rng.between(d[2], 1500, 3000)


def _style(
    bulletin: str, style: str, names: tuple[str, str], price_fen: int, colours: tuple[str, ...]
) -> Style:
    t = style_tables()[bulletin]
    return Style(
        style=style,
        name=names[0],
        name_zh=names[1],
        category=t["category"],
        bulletin=bulletin,
        colours=colours,
        sizes=tuple(t["sizes"]),
        price_fen=price_fen,
        fabric=t["fabric"],
        fabric_cm=t["fabric_cm"],
    )


@functools.cache
def effects(seed: int, spread_milli: int) -> Mapping[tuple[str, str], int]:
    """Return theta: the effect of each (attribute, level) on log size, times 1,000.

    Within an attribute the effects have mean zero and the same spread, so that the attribute part
    of a style with independent levels has sd `spread_milli`.
    """
    result = {}
    part = isqrt(spread_milli * spread_milli // len(LEVELS))
    for name, levels in LEVELS.items():
        z = [tables.normal_milli()[d >> 22] for d in rng.words(seed, "theta", name, len(levels))]
        mean = sum(z) // len(z)
        spread = max(isqrt(sum((x - mean) ** 2 for x in z) // len(z)), 1)
        for level, x in zip(levels, z, strict=True):
            result[name, level] = (x - mean) * part // spread
    return result


def _attributes(seed: int, entity: str) -> Attributes:
    draws = rng.words(seed, "attribute", entity, len(LEVELS))
    return {
        name: levels[rng.below(d, len(levels))]
        for (name, levels), d in zip(LEVELS.items(), draws, strict=True)
    }


def _known_milli(scenario: Scenario, seed: int, attributes: Attributes) -> int:
    theta = effects(seed, scenario.figure("collection.attribute_spread_permille"))
    return sum(theta[name, level] for name, level in attributes.items())


def _rest_milli(scenario: Scenario, seed: int, entity: str) -> int:
    z = tables.normal_milli()[rng.u32(seed, "rest", entity) >> 22]
    return z * scenario.figure("collection.rest_spread_permille") // 1000


def past_styles(scenario: Scenario, seed: int, number: int) -> list[PastStyle]:
    """Return styles of earlier seasons of the same market: what forecasters may learn theta from.

    `log_size_milli`: 1,000 x the logarithm of a style's size, on the scale of `StyleTraits`.
    """
    result = []
    for i in range(number):
        attributes = _attributes(seed, f"past{i}")
        known = _known_milli(scenario, seed, attributes)
        result.append(PastStyle(attributes, known + _rest_milli(scenario, seed, f"past{i}")))
    return result


def _drawn(scenario: Scenario, plan: CollectionPlan, seed: int) -> Collection:
    styles, traits = {}, {}
    counts: dict[str, int] = {}
    for i in range(plan.styles):
        entity = f"style{i}"
        attributes = _attributes(seed, entity)
        bulletin = attributes["category"]
        life = _life(scenario, seed, entity, plan.days)
        counts[bulletin] = counts.get(bulletin, 0) + 1
        if life is None:
            continue
        style = f"{style_tables()[bulletin]['prefix']}{100 + counts[bulletin]}"
        styles[style] = _drawn_style(seed, style, attributes)
        traits[style] = _drawn_traits(scenario, seed, entity, attributes, life, styles[style])
    return Collection(styles, traits, plan.days)


def _life(scenario: Scenario, seed: int, entity: str, days: int) -> tuple[int, int] | None:
    """Return launch day and days of life; (0, 0) for a basic, None for a life that does not fit."""
    d = rng.words(seed, "life", entity, 3)
    if rng.below(d[0], 1000) >= scenario.figure("collection.fashion_permille"):
        return 0, 0
    weeks = scenario.figure_list("collection.life_weeks")
    life = 7 * rng.between(d[1], weeks[0], weeks[1])
    first = scenario.figure("collection.first_launch_day")
    if first + life > days:
        return None
    return rng.between(d[2], first, days - life), life


def _drawn_style(seed: int, style: str, attributes: Attributes) -> Style:
    d = rng.words(seed, "make", style, 2)
    bulletin = attributes["category"]
    rows = style_tables()[bulletin]["styles"]
    price = sum(row[3] for row in rows) // len(rows)
    price = price * _BAND_PERMILLE[attributes["price_band"]] // 1000
    price = price * _TIER_PERMILLE[attributes["brand_tier"]] // 1000 // 1000 * 1000 + 900
    colours = _PALETTES[attributes["colour_family"]][: 2 + rng.below(d[0], 2)]
    words = (attributes["fit"], attributes["pattern"], bulletin)
    name = f"{words[0].capitalize()} {words[1]} {bulletin} {style}"
    name_zh = "".join(_NAMES_ZH[w] for w in words) + style
    return _style(bulletin, style, (name, name_zh), price, colours)


def _drawn_traits(
    scenario: Scenario,
    seed: int,
    entity: str,
    attributes: Attributes,
    life: tuple[int, int],
    style: Style,
) -> StyleTraits:
    p, q, elasticity = _shape(seed, entity)
    known = _known_milli(scenario, seed, attributes)
    rest = _rest_milli(scenario, seed, entity)
    size = 10 * tables.exp_permille(known + rest)
    return StyleTraits(
        weight=max(size * 70 // life[1] if life[1] else size, 1),
        fashion=life[1] > 0,
        colour_share_permille=colour_shares(len(style.colours)),
        attributes=attributes,
        elasticity_milli=elasticity,
        innovation=p,
        imitation=q,
        launch_day=life[0],
        life_days=life[1],
        known_milli=known,
        rest_milli=rest,
    )
