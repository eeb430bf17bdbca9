"""Whether a write on the bus is allowed, and what commands to the field do to the pace."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seamline_broker.contracts.commands import COMMANDS, check_args
from seamline_broker.errors import ContractError
from seamline_edge.field.pace import Pacer
from seamline_edge.field.world import PlantWorld


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
    """Let a command to the field that the world has taken change the pace, if it is about that."""
    if name == "pause":
        pacer.pause()
    elif name == "resume":
        pacer.resume()
    elif name == "speed":
        pacer.set_speed(float(args["factor"]), float(args["for_s"]))
    elif name == "next_morning":
        pacer.skip_to(world.next_shift_start_us())
    elif name == "break_machine":
        pacer.slow_motion()
