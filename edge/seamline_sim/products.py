"""Styles, bulletins and lines of a scenario as the `Catalogue` that everybody shares."""

import functools
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any

from seamline_broker.contracts.catalogue import Catalogue, LineInfo, Operation, Style
from seamline_sim.scenario import Scenario


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


def style_tables() -> dict[str, Any]:
    """Return `data/styles.toml`: by bulletin its category, cloth, sizes and fixed styles."""
    return _read("styles.toml")


def catalogue(scenario: Scenario, styles: Mapping[str, Style]) -> Catalogue:
    """Return the catalogue of a scenario with these styles."""
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
        styles=styles,
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
