"""What a maker has seen: the memory that a policy decides on. It holds no truth, only reports."""

from dataclasses import dataclass, field
from typing import NamedTuple


class SkuDay(NamedTuple):
    """Sales of one SKU in one region on one day, with the minutes that it was out of stock."""

    region: str
    sku: str
    day: int
    qty: int
    out_min: int


class Shipments(NamedTuple):
    """Pieces of one style shipped to customers of one region in a span of days, both included."""

    region: str
    style: str
    first: int
    last: int
    qty: int


class SellerOrder(NamedTuple):
    """An order of a seller."""

    order: str
    style: str
    colour: str
    sizes: dict[str, int]
    region: str
    placed_ms: int
    due_ms: int
    weight: int
    price_fen: int


class LineReport(NamedTuple):
    """What a line says of a shift: pieces sewn and efficiency, permille of the standard."""

    node: str
    day: int
    pieces: int
    efficiency_permille: int


class Sample(NamedTuple):
    """What the sensors of a station showed."""

    running_ms: int
    current_ma: int
    vibration_um_s: int


@dataclass(slots=True)
class Sight:
    """What has been seen up to `now_ms`. Lists hold what is new; their reader empties them."""

    now_ms: int = 0
    sales: list[SkuDay] = field(default_factory=list)
    shipments: list[Shipments] = field(default_factory=list)
    seen_to: dict[str, int] = field(default_factory=dict)
    """Region -> last day whose sales have all been seen."""
    sellers: list[SellerOrder] = field(default_factory=list)
    stock: dict[tuple[str, str], int] = field(default_factory=dict)
    """Pieces by (region, SKU) at the last count that has been seen."""
    stock_ms: int = 0
    """When that count was made."""
    delivered: dict[str, int] = field(default_factory=dict)
    """Order -> pieces, of the same count."""
    cloth: dict[tuple[str, str, str], tuple[int, int]] = field(default_factory=dict)
    """(on hand, reserved) in cm by (region, fabric, colour)."""
    cloth_received: dict[tuple[str, str, str], int] = field(default_factory=dict)
    """cm that came from suppliers, dyers and other warehouses so far."""
    states: dict[str, str] = field(default_factory=dict)
    """Order -> last state seen."""
    reports: list[LineReport] = field(default_factory=list)
    down: dict[str, set[str]] = field(default_factory=dict)
    """Line -> stations that stand still."""
    absent: dict[str, int] = field(default_factory=dict)
    """Line -> operators who did not come today."""
    samples: dict[str, Sample] = field(default_factory=dict)
    """`site/line/station` -> newest sample."""
    repaired: dict[str, Sample] = field(default_factory=dict)
    """`site/line/station` -> the last sample before its newest breakdown; the reader empties it."""
    signals: dict[str, int] = field(default_factory=dict)
    """Style -> favourites before its launch so far, all regions."""
