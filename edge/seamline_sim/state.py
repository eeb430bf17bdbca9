"""The state of the world: plain records of ints, texts and lists, all of which a snapshot keeps."""

from dataclasses import dataclass, field

from seamline_sim.house_state import Cloth, CutJob, Warehouse
from seamline_sim.layout import LinePlan

__all__ = [
    "Cloth",
    "CutJob",
    "Draws",
    "Garment",
    "Line",
    "Order",
    "PlantState",
    "Station",
    "Warehouse",
]

Draws = tuple[int, ...]


@dataclass(slots=True, eq=False)
class Order:
    """One order, from the market's wish or the brain's replenishment to delivery."""

    id: str
    kind: str
    seller: str
    style: str
    colour: str
    sizes: dict[str, int]
    region: str
    placed_ms: int
    due_ms: int
    weight: int
    pieces: int
    state: str = "received"
    site: str = ""
    line: str = ""
    promised_ms: int = 0
    sewn: int = 0
    packed: int = 0
    delivered: int = 0
    scrapped: int = 0
    delivered_ms: int = 0
    finished: int = 0
    """Garments that are ironed and folded."""
    gathered: int = 0
    """Good garments that the finishing team knows of; `offered` of them have been sent to it."""
    offered: int = 0
    serials: dict[str, int] = field(default_factory=dict)
    """Serial number of the first garment of each size."""
    hidden_defects: int = 0
    """Good garments with a defect that no inspection has found: customers will."""
    loaded: int = 0
    """Pieces that have entered the line."""
    good: dict[str, int] = field(default_factory=dict)
    """Good pieces per size that have left the line."""
    trip: int = 0
    """Grows with every redirection: a transport with an older number has been turned round."""
    reworks: int = 0
    cloth_cm: int = 0
    warehouse: str = ""
    sewing_ms: int = 0
    """When its sewing (with set-up) began."""


@dataclass(slots=True, eq=False)
class Garment:
    """One garment on its hanger, or a token of several of one order and size (see `tokens`)."""

    order: Order
    piece: int
    size: str
    serial: int
    """Number among all garments of its style and size; a token has its first garment's."""
    in_ms: int
    done: int
    ready: int
    draws: Draws
    """One of 32 bits per operation: 10 for its time, 6 for found in-line, 16 for a defect."""
    op: int = 0
    defects: int = 0
    """Bits of operations with a defect that nobody has seen yet."""
    redo: int = 0
    """How often it was sent back."""
    redo_bits: int = 0
    """Bits of operations that have to be done again."""
    seen: bool = False
    """True after its first `piece` event."""
    n: int = 1
    """Garments; more than one in a token, whose `piece` is the first of them."""
    hung: int = 1
    """How many of them have entered the line; `in_ms` is the sum of their times."""
    number: int = 0
    """Number of a token on its line."""
    limit: int = 0
    """Draws below it may be a defect."""
    flaws: tuple[int, ...] = ()
    """Operations with a defect that nobody has seen yet, one per garment of a token."""
    at: int = 0
    """Station of a token's present visit; `begin_ms`, `end_ms` are on the line's clock."""
    begin_ms: int = 0
    work_ms: int = 0
    end_ms: int = 0
    left_ms: int = 0


@dataclass(slots=True, eq=False)
class Station:
    """One station: an operator, a machine, and the hangers that wait before it.

    `load` = hangers waiting and in work. `run_ms` counts sewing; the next stop comes at `stop_ms`.
    """

    id: str
    index: int
    machine: str
    queue: list[Garment] = field(default_factory=list)
    job: Garment | None = None
    load: int = 0
    token: int = 0
    """Grows when a job is interrupted: events with an older token are void."""
    seg_start_us: int = 0
    seg_ms: int = 0
    """The stretch of sewing that runs now: its start and length; 0 when none runs."""
    left_ms: int = 0
    """What remains of an interrupted job."""
    sewn_ms: int = 0
    """Sewing time of the job, all stretches together."""
    down: str = ""
    """Cause of the stop; empty when the station works."""
    down_us: int = 0
    repair_ms: int = 0
    in_repair: bool = False
    manned: bool = True
    helper: bool = False
    run_ms: int = 0
    stop_ms: int = 0
    hard_ms: int = 0
    small_ms: int = 0
    hard_from_ms: int = 0
    """`run_ms` at which the present life of the machine began."""
    hard_n: int = 0
    """Number of the machine's present life."""
    small_n: int = 0
    exposed_ms: int = 0
    """Exposure to small stops that the machine's former lives have collected."""
    small_due_ms: int = 0
    """Exposure at which the next small stop comes."""
    shelf: dict[str, list[int]] = field(default_factory=dict)
    """Machines of other classes that stand aside: class -> what they have lived through."""
    operator: int = -1
    """Number of the operator who sits here; -1 = nobody, or a helper."""
    pieces: int = 0
    machine_from_ms: int = 0
    """`run_ms` when the present machine came; counters below hold the machines before it."""
    stitches: int = 0
    energy_mj: int = 0
    defect_limit: int = 0
    """Of 65,536: chance that an operation makes a defect, by pace, operator and wear."""
    base: list[int] = field(default_factory=list)
    """Milliseconds per operation for this operator at today's pace; 0 = cannot."""


@dataclass(slots=True, eq=False)
class Line:
    """One hanger line."""

    index: int
    node: str
    site: str
    id: str
    region: str
    plant: int
    stations: list[Station]
    plan: LinePlan
    limit: int
    day_ms: int
    token_pieces: int = 0
    """Garments in a token, at most; 0: each garment goes by itself."""
    by_hand: bool = False
    """Bundles are carried from station to station when all their garments are done."""
    handling_ms: int = 0
    """Untying, tying and carrying of one bundle at one station."""
    free: list[int] = field(default_factory=list)
    """By station: when, on the line's clock, it has nothing more to do."""
    heap: list[tuple[int, int, Garment]] = field(default_factory=list)
    """(Time on the line's clock, number, token) of the next events."""
    parked: list[Garment] = field(default_factory=list)
    tail: list[Garment] = field(default_factory=list)
    """The last tokens, if some of their garments have not entered for want of room."""
    number: int = 0
    count: int = 0
    open: bool = False
    operators: int = 0
    style: str = ""
    colour: str = ""
    queue: list[str] = field(default_factory=list)
    sewing: list[str] = field(default_factory=list)
    feeding: str = ""
    """Order whose pieces are being hung in; empty when none is."""
    setup_us: int = 0
    """End of the set-up that runs; 0 when none runs."""
    setup_all: bool = False
    wip: int = 0
    seen: int = 0
    pace: int = 1000
    joined: bool = True
    """False: a reserve line that is not connected, or one that only finishes what it has."""
    active: bool = True
    """Has a crew, opens with the shifts and costs money."""
    present: list[int] = field(default_factory=list)
    """Operators who came today, by number."""
    helpers: int = 0
    """Stations that a helper holds."""
    seating: int = 0
    """Grows with every seating of the line: operators on their way to an older one turn back."""
    moving_us: int = 0
    """Until when operators are on their way to other stations."""
    experience_ms: dict[str, int] = field(default_factory=dict)
    mark_us: int = 0
    """Open time is booked up to here."""
    open_ms: int = 0
    wip_area: int = 0
    """Integral of WIP over time, piece microseconds."""
    wip_us: int = 0
    entered: int = 0
    sewn: int = 0
    scrapped: int = 0
    smv_done_ms: int = 0
    manned_ms: int = 0
    """Operators and helpers present x open time."""
    defects: int = 0
    """Defects that operations have made, found or not."""
    busy_ms: int = 0
    """Open time with an order on the line."""
    closed_ms: int = 0
    """Time outside the shifts, since it has joined."""
    planned_ms: int = 0
    """People present x open time with an order on the line."""
    setup_ms: int = 0
    moves: int = 0
    """Operators who were moved to another station by command."""
    sojourn_ms: int = 0
    """Sum over the garments that have left of their time on the line."""
    found: int = 0
    """Defects that inspections have found."""
    reworks: int = 0
    first_pass: int = 0
    """Good garments that were never sent back."""
    slipped: int = 0
    """Good garments with a defect that nobody has found."""
    folded_mj: dict[str, int] = field(default_factory=dict)
    """Energy of machines that have been replaced, by kind."""
    pressed_ms: int = 0
    """Running time of irons that have been replaced."""


@dataclass(slots=True, eq=False)
class PlantState:
    """The mechanics, the finishing team and the meters of a plant.

    `waiting` are (line index, station index) in sequence.
    """

    id: str
    region: str
    mechanics: int
    free: int
    waiting: list[tuple[int, int]] = field(default_factory=list)
    planned: list[tuple[int, int]] = field(default_factory=list)
    """Stations whose maintenance is asked for, in sequence."""
    stops: dict[str, int] = field(default_factory=dict)
    """Stops that are over, by cause."""
    stop_ms: dict[str, int] = field(default_factory=dict)
    mechanic_ms: int = 0
    open: bool = False
    finishers: int = 0
    """Size of the finishing team, and below, who of it is there today."""
    finishing_now: int = 0
    finishing: list[str] = field(default_factory=list)
    """Orders with garments that wait for finishing, in sequence."""
    batch: int = 0
    """Garments that the finishing team has in hand."""
    finished: int = 0
    finishing_ms: int = 0
    """Working time of the finishing team, persons x time."""
    finishing_paid_ms: int = 0
    open_us: int = 0
    """The present shift is booked up to here."""
    pressed_ms: int = 0
    """Running time of the finishing irons."""
    co2_mg: int = 0
    """Booked at midnight, with the factor of the day's year; `booked_mj` is what it counts."""
    booked_mj: int = 0
    booked_steam_g: int = 0
