"""Commands to the field itself: which change the pace, which the world, and what they log."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from seamline_broker.contracts.commands import COMMANDS, check_args
from seamline_broker.errors import ContractError
from seamline_edge.field.nodes import FIELD_NODE
from seamline_edge.field.pace import Pacer
from seamline_edge.field.world import PlantWorld

PACE_COMMANDS: Final = ("pause", "resume", "speed", "next_morning")


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a write: status is done | seen | refused | expired."""

    status: str
    reason: str
    plant_ms: int


def check(
    nodes: Mapping[str, Mapping[str, Any]], node: str, name: str, args: Mapping[str, object]
) -> dict[str, object]:
    """Return checked arguments of a write.

    Raises:
        ContractError: if node, command or an argument is not known or not allowed.
    """
    if node not in nodes:
        raise ContractError(f"Node {node!r} is unknown to the field.")
    checked = check_args(name, args)
    kind = COMMANDS[name].node_kind
    if nodes[node]["kind"] != kind:
        raise ContractError(f"Command {name!r} is for a {kind}; {node} is a {nodes[node]['kind']}.")
    return checked


def set_pace(pacer: Pacer, world: PlantWorld, name: str, args: Mapping[str, Any]) -> None:
    """Carry out one of `PACE_COMMANDS`."""
    if name == "pause":
        pacer.pause()
    elif name == "resume":
        pacer.resume()
    elif name == "speed":
        pacer.set_speed(float(args["factor"]), float(args["for_s"]))
    else:
        pacer.skip_to(world.next_shift_start_us())


def control_values(name: str, args: Mapping[str, object]) -> tuple[str, str, str]:
    """Return the values of a `control` event for a command to the field."""
    target = str(args.get("station") or args.get("region") or args.get("style") or "")
    return name, target, json.dumps(dict(args), sort_keys=True, separators=(",", ":"))


def is_pace(node: str, name: str) -> bool:
    """Tell whether a command changes the pace alone and never reaches the world."""
    return node == FIELD_NODE and name in PACE_COMMANDS
