"""Nodes of the field as the bus describes them: kinds, devices, metrics, commands."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from seamline_broker.contracts.commands import COMMANDS
from seamline_broker.contracts.messages import Device
from seamline_edge.field.sensors import HALL_METRICS, LINE_METRICS, STATION_METRICS
from seamline_edge.field.world import PlantWorld

FIELD_NODE: Final = "field/field"
LINE_DEVICE: Final = "line"
HALL_DEVICE: Final = "hall"


def commands_of(kind: str) -> tuple[str, ...]:
    """Return the commands that a kind of node understands."""
    return tuple(c.name for c in COMMANDS.values() if c.node_kind == kind)


def describe(world: PlantWorld, sellers: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return all nodes of a world by their name, as plain data for the bus."""
    found: dict[str, dict[str, Any]] = {}

    def add(node: str, kind: str, devices: Sequence[Device]) -> None:
        found[node] = {
            "node": node,
            "kind": kind,
            "devices": [asdict(device) for device in devices],
            "commands": list(commands_of(kind)),
        }

    catalogue = world.catalogue
    for line in catalogue.lines:
        node = f"{line.site}/{line.line}"
        stations = [
            Device(
                s.id, "station", f"Station {s.id}", STATION_METRICS, str(getattr(s, "machine", ""))
            )
            for s in world.observe(node)
        ]
        add(
            node,
            "line",
            [Device(LINE_DEVICE, "line", f"Line {line.line}", LINE_METRICS), *stations],
        )
    for site in dict.fromkeys(line.site for line in catalogue.lines):
        add(
            f"{site}/plant",
            "plant",
            [Device(HALL_DEVICE, "plant", f"Hall of {site}", HALL_METRICS)],
        )
    for region in catalogue.regions:
        add(
            f"{region}/warehouse",
            "warehouse",
            [Device("warehouse", "warehouse", f"Warehouse {region}")],
        )
    add(FIELD_NODE, "field", [Device("field", "field", "Field")])
    for seller in sellers:
        add(f"market/{seller}", "seller", ())
    return found


def sampled_values(nodes: Mapping[str, Mapping[str, Any]]) -> int:
    """Return how many values one round of samples over all nodes has."""
    return sum(len(d["metrics"]) for node in nodes.values() for d in node["devices"])
