"""The view that policies decide on, and the policy interface: `decide(view, now) -> [command]`.

A view holds what sensors and orders have said, never the world's truth. The twin builds it from
events; the headless world builds the same one from what it has shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from seamline_broker.contracts.catalogue import Catalogue
from seamline_broker.contracts.commands import Command

ORDER_STATES: Final = (
    "received",
    "promised",
    "cutting",
    "in_transit",
    "queued",
    "sewing",
    "sewn",
    "packed",
    "delivered",
    "refused",
)
"""The order state machine, in order; `refused` can follow `received` only."""

OPEN_STATES: Final = frozenset(ORDER_STATES) - {"delivered", "refused"}
RUSH_WEIGHT: Final = 5
"""Orders of this weight and above are rush orders: cut first, brought by van, first at the line."""

MOVABLE_STATES: Final = frozenset({"received", "promised", "cutting", "in_transit", "queued"})


@dataclass(frozen=True, slots=True)
class OrderView:
    """One order as the platform knows it."""

    order: str
    kind: str
    seller: str
    style: str
    colour: str
    sizes: Mapping[str, int]
    region: str
    placed_ms: int
    due_ms: int
    weight: int
    state: str
    site: str = ""
    line: str = ""
    promised_ms: int = 0
    sewn: int = 0
    packed: int = 0
    delivered: int = 0
    scrapped: int = 0
    delivered_ms: int = 0

    @property
    def pieces(self) -> int:
        """Pieces ordered."""
        return sum(self.sizes.values())


@dataclass(frozen=True, slots=True)
class LineView:
    """One line as the platform knows it: `queue` waits in sequence, `sewing` is on the hangers."""

    site: str
    line: str
    open: bool
    operators: int
    style: str
    queue: tuple[str, ...]
    sewing: tuple[str, ...]
    down: tuple[str, ...]
    wip: int
    broken: tuple[str, ...] = ()
    """Stations of `down` that need a mechanic; a thread or needle that is put right in minutes is
    not among them. Empty where nobody says."""
    joined: bool = True
    """False for a reserve line that is not connected, or one that leaves: it takes no orders."""


@dataclass(frozen=True, slots=True)
class View:
    """Everything that a policy may know at `now_ms` (plant time)."""

    now_ms: int
    catalogue: Catalogue
    lines: Mapping[str, LineView]
    """By `site/line`."""
    orders: Mapping[str, OrderView]
    stock: Mapping[tuple[str, str], int]
    """Pieces on hand by (region, SKU)."""
    cloth_cm: Mapping[tuple[str, str, str], tuple[int, int]] = field(default_factory=dict)
    """(on hand, reserved) by (region, fabric, colour)."""


class Policy(Protocol):
    """Decides what to do next; used headless and live alike."""

    def decide(self, view: View, now_ms: int) -> list[Command]:
        """Return the commands to give now, most urgent first; an empty list changes nothing."""
