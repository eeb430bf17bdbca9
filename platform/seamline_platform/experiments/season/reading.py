"""Meters of a world at one instant, as whole numbers: what the ledger turns into money."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Reading:
    """Running totals since the start, and what is there now. cm, ms, Wh, g, fen, pieces."""

    day: int
    wanted: int = 0
    """Pieces that consumers wanted: latent demand, the truth."""
    sold: int = 0
    returned: int = 0
    revenue_fen: int = 0
    """Of consumers, less what was paid back for returns."""
    stock_live: int = 0
    """Pieces in the shops of styles that are still sold."""
    stock_live_fen: int = 0
    """The same at standard cost."""
    stock_dead: int = 0
    stock_dead_fen: int = 0
    made: int = 0
    """Good garments that left the lines."""
    earned_ms: int = 0
    """Standard time of these."""
    line_labour_ms: int = 0
    """Operators of the lines, present times open time."""
    labour_ms: int = 0
    """All who are paid: lines, finishing, mechanics."""
    running_ms: int = 0
    """Machines at work."""
    planned_ms: int = 0
    """Manned stations in shifts with an order: planned busy time."""
    inspected: int = 0
    defects: int = 0
    scrapped: int = 0
    energy_wh: int = 0
    steam_g: int = 0
    co2_g: int = 0
    repairs: int = 0
    maintenance: int = 0
    wip: int = 0
    wip_area_ms: int = 0
    """Pieces x milliseconds."""
    wip_fen: int = 0
    """Value of what is cut, sewn or on the road."""
    roll_cm: int = 0
    greige_cm: int = 0
    quick_cm: int = 0
    dyed_cm: int = 0
    net_cm: int = 0
    """Cloth in cut garments."""
    waste_cm: int = 0
    cloth_cm: int = 0
    """Dyed cloth in store, on the road, on tables."""
    cloth_greige_cm: int = 0
    lays: int = 0
    near_trips: int = 0
    far_trips: int = 0
    moved: int = 0
    """Garments sent between regions' warehouses."""
    line_days: int = 0
    """Lines that have joined, added over days."""
    station_days: int = 0
    joins: int = 0
    """Lines that joined after the start."""

    def since(self, before: "Reading") -> "Reading":
        """Return the change of every total; of what is there now, the present value."""
        now = {
            "stock_live", "stock_live_fen", "stock_dead", "stock_dead_fen", "wip", "wip_fen",
            "cloth_cm", "cloth_greige_cm",
        }  # fmt: skip
        return Reading(
            **{
                f.name: getattr(self, f.name) - (0 if f.name in now else getattr(before, f.name))
                for f in fields(self)
            }
        )
