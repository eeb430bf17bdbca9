"""Meters of cloth: whole centimetres since the start, for whoever turns them into money."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

from seamline_sim.cloth import GREIGE
from seamline_sim.core import Core
from seamline_sim.state import Warehouse


@dataclass(frozen=True, slots=True)
class ClothMeters:
    """Running totals and present stock of one warehouse, or of all, in cm of cloth if not said.

    Nothing is lost, at any instant and exactly:
    received + moved in = garments + waste + stock + moved out.
    """

    opening_cm: int
    """In the store at the start; counts as received."""
    roll_cm: int
    """Received from the mill in its colour."""
    greige_cm: int
    """Received from the mill undyed."""
    quick_cm: int
    """Received from the supplier's greige, dyed at once."""
    garments_cm: int
    """Net, in kits that have left for a line."""
    marker_cm: int
    """Waste between the pieces of the markers."""
    end_cm: int
    """Waste at the ends of the plies."""
    splice_cm: int
    """Waste where a roll ended within a lay."""
    remnant_cm: int
    """Waste of roll ends too short to spread."""
    dye_loss_cm: int
    """Waste of dyeing the warehouse's own greige."""
    stock_rolls_cm: int
    """Stock on rolls, in its colour."""
    stock_greige_cm: int
    stock_cutting_cm: int
    """Net, in lays on the tables."""
    stock_cut_cm: int
    """Net, in pieces that were cut ahead, and in kits that are held."""
    stock_dyeing_cm: int
    """Greige at the dyer's."""
    stock_road_cm: int
    """On its way from other warehouses."""
    moved_in_cm: int
    moved_out_cm: int
    """Sent to other warehouses."""
    ordered_roll_cm: int
    ordered_greige_cm: int
    ordered_quick_cm: int
    on_order_cm: int
    """Ordered from suppliers and not there yet."""
    dyed_cm: int
    """Greige sent to the dyer."""
    lays: int
    cut_pieces: int
    cutting_ms: int
    """Time of tables in use."""
    kit_trips: int
    """Kits to lines of the region."""
    kit_far_trips: int
    """Kits to lines of other regions."""
    kit_express_trips: int
    """Rush kits, each by its own van."""
    cloth_trips: int
    """Cloth to other warehouses."""
    goods_trips: int
    """Orders' garments to sellers and shops of the plant's region."""
    goods_far_trips: int
    """Orders' garments to other regions."""

    @property
    def received_cm(self) -> int:
        """Return all cloth that has come from outside."""
        return self.opening_cm + self.roll_cm + self.greige_cm + self.quick_cm

    @property
    def waste_cm(self) -> int:
        """Return waste of every kind."""
        spread = self.marker_cm + self.end_cm + self.splice_cm + self.remnant_cm
        return spread + self.dye_loss_cm

    @property
    def stock_cm(self) -> int:
        """Return cloth in every form that is in no garment yet."""
        rolls = self.stock_rolls_cm + self.stock_greige_cm + self.stock_dyeing_cm
        return rolls + self.stock_cutting_cm + self.stock_cut_cm + self.stock_road_cm

    @property
    def use_permille(self) -> int:
        """Return the part of the cloth cut that is in garments; 0 before the first cut."""
        net = self.garments_cm + self.stock_cutting_cm + self.stock_cut_cm
        issued = net + self.waste_cm - self.dye_loss_cm
        return net * 1000 // issued if issued else 0


_NAMES = tuple(f.name for f in fields(ClothMeters))


def house_meters(w: Core, house: Warehouse) -> ClothMeters:
    """Return the meters of one warehouse."""
    received, waste = house.received_cm.get, house.waste_cm.get
    ordered, trips = house.ordered_cm.get, house.trips.get
    rolls = sum(c.on_hand for c in house.cloth.values() if c.colour != GREIGE)
    greige = sum(c.on_hand for c in house.cloth.values() if c.colour == GREIGE)
    came = sum(n for form, n in house.received_cm.items() if form != "opening")
    return ClothMeters(
        opening_cm=received("opening", 0), roll_cm=received("roll", 0),
        greige_cm=received("greige", 0), quick_cm=received("quick", 0),
        garments_cm=house.garments_cm, marker_cm=waste("marker", 0), end_cm=waste("end", 0),
        splice_cm=waste("splice", 0), remnant_cm=waste("remnant", 0),
        dye_loss_cm=waste("dyeing", 0), stock_rolls_cm=rolls, stock_greige_cm=greige,
        stock_cutting_cm=house.cutting_cm, stock_cut_cm=house.held_cm + cut_ahead_cm(w, house),
        stock_dyeing_cm=house.dyeing_cm, stock_road_cm=house.on_road_cm,
        moved_in_cm=house.moved_in_cm, moved_out_cm=house.moved_out_cm,
        ordered_roll_cm=ordered("roll", 0), ordered_greige_cm=ordered("greige", 0),
        ordered_quick_cm=ordered("quick", 0),
        on_order_cm=sum(house.ordered_cm.values()) - came, dyed_cm=house.dyed_cm,
        lays=house.lay, cut_pieces=house.cut_pieces, cutting_ms=house.cutting_ms,
        kit_trips=trips("kit", 0), kit_far_trips=trips("kit_far", 0),
        kit_express_trips=trips("kit_express", 0), cloth_trips=trips("cloth", 0),
        goods_trips=trips("goods", 0), goods_far_trips=trips("goods_far", 0),
    )  # fmt: skip


def cut_ahead_cm(w: Core, house: Warehouse) -> int:
    """Return the net cloth in pieces that were cut ahead of orders."""
    total = 0
    for sku, pieces in house.cut.items():
        style, _, rest = sku.partition("-")
        size = rest.rpartition("-")[2]
        total += pieces * w.cutting.net_cm(w.catalogue.styles[style], size)
    return total


def add_up(parts: Iterable[ClothMeters]) -> ClothMeters:
    """Return the sum of meters."""
    rows = list(parts)
    return ClothMeters(*(sum(getattr(row, name) for row in rows) for name in _NAMES))


def meters_by_region(w: Core) -> dict[str, ClothMeters]:
    """Return the meters of every warehouse by region."""
    return {region: house_meters(w, house) for region, house in w.warehouses.items()}


def meters(w: Core) -> ClothMeters:
    """Return the meters of all warehouses together."""
    return add_up(meters_by_region(w).values())
