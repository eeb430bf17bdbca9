"""Styles, bulletins and lines of a scenario as the `Catalogue` that everybody shares."""

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from seamline_broker.contracts.catalogue import Catalogue, LineInfo, Operation, Style
from seamline_sim.scenario import Scenario


@dataclass(frozen=True, slots=True)
class StyleTraits:
    """What the market knows of a style besides the catalogue."""

    weight: int
    fashion: bool
    colour_share_permille: tuple[int, ...]


@functools.cache
def _read(name: str) -> dict[str, Any]:
    path = resources.files("seamline_sim") / "data" / name
    return tomllib.loads(path.read_text(encoding="utf-8"))


@functools.cache
def bulletins() -> dict[str, tuple[Operation, ...]]:
    """Return the operation bulletins, by name, as trees in the order of the published lists."""
    result = {}
    for name, table in _read("bulletins.toml").items():
        unit_ms, scale = table["unit_ms"], table["scale_permille"]
        result[name] = tuple(
            Operation(op, title, tuple(after), machine, units * unit_ms * scale // 1000)
            for op, title, after, machine, units in table["operations"]
        )
    return result


def added_operations(bulletin: str) -> tuple[str, ...]:
    """Return the operations of a bulletin that its published sum does not contain."""
    return tuple(_read("bulletins.toml")[bulletin]["added"])


def published_smv_min(bulletin: str) -> str:
    """Return the published sum of a bulletin in minutes, as printed."""
    return str(_read("bulletins.toml")[bulletin]["published_min"])


@dataclass(frozen=True, slots=True)
class Collection:
    """The styles of a market by id, and what the market knows of them besides the catalogue."""

    styles: Mapping[str, Style]
    traits: Mapping[str, StyleTraits]


@functools.cache
def fixed_collection() -> Collection:
    """Return the styles of `data/styles.toml`: the collection of a scenario that names no other."""
    styles, traits = {}, {}
    table = _read("styles.toml")
    for bulletin in bulletins():
        t = table[bulletin]
        for style, name, name_zh, price, weight, life, colours in t["styles"]:
            styles[style] = Style(
                style=style,
                name=name,
                name_zh=name_zh,
                category=t["category"],
                bulletin=bulletin,
                colours=tuple(colours),
                sizes=tuple(t["sizes"]),
                price_fen=price,
                fabric=t["fabric"],
                fabric_cm=t["fabric_cm"],
            )
            shares = tuple(table["colour_share_permille"][str(len(colours))])
            traits[style] = StyleTraits(weight, life == "fashion", shares)
    return Collection(styles, traits)


def collection_of(scenario: Scenario, seed: int) -> Collection:
    """Return the collection of a scenario and seed: the same under every policy of the seed."""
    return fixed_collection()


def catalogue(scenario: Scenario, collection: Collection) -> Catalogue:
    """Return the catalogue of a scenario with the styles of a collection."""
    shift = scenario.shift
    lines = tuple(
        LineInfo(
            site=plant.id,
            line=f"line-{n}",
            region=plant.region,
            stations=plant.stations,
            operators=plant.stations,
            shift_start_min=shift.start_min,
            shift_end_min=shift.end_min,
            cost_fen_per_smv_min=plant.cost_fen_per_smv_min,
        )
        for plant in scenario.plants
        for n in range(1, plant.lines + 1)
    )
    return Catalogue(
        styles=collection.styles,
        bulletins=bulletins(),
        lines=lines,
        regions=tuple(r.id for r in scenario.regions),
        setup_min={
            "same_style": scenario.figure("style_change.setup_same_style_min"),
            "same_bulletin": scenario.figure("style_change.setup_same_bulletin_min"),
            "other": scenario.figure("style_change.setup_other_min"),
        },
        transport_min={
            "same_region": scenario.figure("warehouse.transport_same_region_min"),
            "other_region": scenario.figure("warehouse.transport_other_region_min"),
            "express": scenario.figure("warehouse.express_min"),
        },
        moq_pieces=scenario.figure("market.moq_pieces"),
        workdays=shift.workdays,
    )
