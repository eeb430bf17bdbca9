"""What a dispatcher may turn: estimates of the plants and the worth of time, each with its unit."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from seamline_broker.contracts.view import RUSH_WEIGHT
from seamline_platform.planning.evaluate import Ramp


def _transport_fen() -> Mapping[str, int]:
    return {"same_region": 10, "other_region": 45}


@dataclass(frozen=True, slots=True)
class DispatchParams:
    """Parameters of `DispatchPolicy`. Money in fen (0.01 yuan)."""

    efficiency: float = 0.52
    """Line efficiency to plan with: pieces x SMV / (operators x shift minutes), breaks included."""
    line_efficiency: Mapping[str, float] = field(default_factory=dict)
    """Measured efficiencies by `site/line`; they replace `efficiency` there."""
    ramp: Ramp = field(default_factory=Ramp)
    cut_min: int = 60
    """Plant minutes from the kit command to the departure of the kit, with nobody ahead."""
    rush_cut_min: int = 30
    """The same for a rush order, which is cut as soon as a table is free."""
    cut_queue_min: int = 20
    """Plant minutes that each order ahead at the cutting tables of the region adds."""
    pack_min: int = 30
    """Plant minutes from the last stitch to the departure of the goods."""
    repair_min: int = 60
    """Working minutes that a line loses while a station of it is broken."""
    broken_after_min: int = 8
    """A station that has been down for this long counts as broken, whatever the cause."""
    release_days: float = 1.5
    """Kits are released while the work before a line is shorter than this many shifts."""
    rush_weight: int = RUSH_WEIGHT
    """Orders of this weight and above are released at once and may overtake."""
    rush_pull: float = 0.02
    """Worth of an hour of earlier finish of a rush order against an hour of tardiness."""
    promise_margin: float = 0.35
    """Share of the planned lead time that a promise adds; at least `promise_margin_min`."""
    promise_margin_min: int = 480
    transport_fen: Mapping[str, int] = field(default_factory=_transport_fen)
    """Cost of bringing one piece to its region."""
    late_fen_per_piece_day: int = 800
    """Cost of one piece being one day late (some 8 % of its price), times the order's weight."""
    wait_fen_per_piece_day: int = 60
    """Worth of having one piece one day earlier."""
    no_cloth_fen_per_piece: int = 400
    """Penalty for a region whose warehouse has too little cloth for the order."""
    other_plant_fen_per_piece: float = 60.0
    """What a line of another plant has to be better by than the plant that dispatch chose."""
    setup_weight: float = 2.0
    """Worth of an hour of set-up against an hour of tardiness of an order of weight 1."""
    resequence_gain_h: float = 1.0
    """A queue is changed only if that saves at least this many weighted hours ..."""
    resequence_gain_share: float = 0.05
    """... and at least this share of the present cost: no nervousness."""
    redirect_gain_min: int = 90
    """An order leaves a broken line only if it arrives at least this much earlier elsewhere."""
    redirects_per_line: int = 2
    repeat_min: int = 120
    """Plant minutes after which a command without visible effect may be given again."""

    def __post_init__(self) -> None:
        if not 0.05 <= self.efficiency <= 1.5:
            raise ValueError(f"An efficiency of {self.efficiency} is outside 0.05 to 1.5.")
        if self.release_days <= 0:
            raise ValueError(f"A release horizon of {self.release_days} days is not above 0.")
