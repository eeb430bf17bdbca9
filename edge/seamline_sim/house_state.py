"""The state of warehouses and shops: cloth, cutting jobs, stock. A snapshot keeps all of it."""

from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Cloth:
    """Cloth of one fabric and colour in one warehouse, centimetres."""

    fabric: str
    colour: str
    on_hand: int
    use_per_day: int
    reserved: int = 0
    on_order: int = 0
    kept: dict[str, int] = field(default_factory=dict)
    """Reserved by order id."""
    orders: int = 0
    """Orders to suppliers and dyers so far."""
    rolls: int = 0
    """Rolls opened so far."""
    open_cm: int = 0
    """What is left of the open roll; the rest of `on_hand` lies on closed ones."""
    waiting: list[str] = field(default_factory=list)
    """Jobs that wait for it, in sequence."""
    mill_cm: int = 0
    """Greige only: what the supplier had for quick orders at `mill_us`."""
    mill_us: int = 0


@dataclass(slots=True, eq=False)
class CutJob:
    """Pieces to be cut: for an order (`id` is the order's), or ahead of one (`id` begins with #).

    Its plan is that of a lay of its own; together with others it takes less cloth.
    """

    id: str
    style: str
    colour: str
    fabric: str
    sizes: dict[str, int]
    """What is still to be cut."""
    pieces: int
    rush: bool
    merge: bool
    """May be cut in one lay with others."""
    taken_cm: int = 0
    """In pieces of the order that had been cut ahead."""
    lay: tuple[int, ...] = ()
    """The plan: values of `cutting.Lay`; empty when nothing is to be cut."""
    net_cm: int = 0
    issue_cm: int = 0
    start_us: int = 0
    """It is not cut before, unless in the lay of another order."""
    send_us: int = 0
    """The kit does not leave before."""
    number: int = 0
    """Its place in the sequence before the tables."""
    on_table: bool = False


@dataclass(slots=True, eq=False)
class Warehouse:
    """A region's warehouse: cloth, cutting tables, finished goods."""

    region: str
    node: str
    tables: int
    free: int
    cloth: dict[str, Cloth]
    """By `fabric/colour`."""
    cutting: list[str] = field(default_factory=list)
    """Jobs that wait for a table, in sequence: orders, and what is cut ahead (#n)."""
    queued: int = 0
    """Jobs that have been put in that sequence so far."""
    later: list[str] = field(default_factory=list)
    """Jobs that need not be cut yet."""
    jobs: dict[str, CutJob] = field(default_factory=dict)
    """All that is not cut and sent yet."""
    lays: dict[int, list[str]] = field(default_factory=dict)
    """Lays on the tables: number -> jobs."""
    lay: int = 0
    """Number of the last lay."""
    ahead: int = 0
    """Number of the last job that is cut ahead of orders."""
    cut: dict[str, int] = field(default_factory=dict)
    """Pieces cut ahead by SKU."""
    received_cm: dict[str, int] = field(default_factory=dict)
    """Cloth from suppliers so far by form, and at the start (`opening`)."""
    ordered_cm: dict[str, int] = field(default_factory=dict)
    waste_cm: dict[str, int] = field(default_factory=dict)
    """By kind: marker, end, splice, remnant, dyeing."""
    garments_cm: int = 0
    """Net cloth in the kits that have left."""
    cutting_cm: int = 0
    """Net cloth in the lays on the tables."""
    held_cm: int = 0
    """Net cloth in cut pieces that are set aside for an order."""
    dyeing_cm: int = 0
    dyed_cm: int = 0
    """Greige sent to be dyed so far."""
    on_road_cm: int = 0
    """Cloth on its way from other warehouses."""
    moved_in_cm: int = 0
    moved_out_cm: int = 0
    cutting_ms: int = 0
    """Time of tables in use so far."""
    cut_pieces: int = 0
    trips: dict[str, int] = field(default_factory=dict)
    """Journeys so far: kit, kit_far, kit_express, cloth, goods, goods_far."""
    stock: dict[str, int] = field(default_factory=dict)
    out_us: dict[str, int] = field(default_factory=dict)
    """SKU -> since when it is out of stock."""
    sold: dict[str, int] = field(default_factory=dict)
    """SKU -> pieces sold today."""
    out_day_us: dict[str, int] = field(default_factory=dict)
    """SKU -> time out of stock today that is over."""
    promo: dict[str, int] = field(default_factory=dict)
    """Style -> last day index with a livestream that was started by command."""
    wanted: int = 0
    sales: int = 0
    spilled: int = 0
    """Of the sales: bought instead of something that was out."""
    lost: int = 0
    returned: int = 0
    resold: int = 0
    """Returned pieces that went back into stock."""
    revenue_fen: int = 0
    markdown_fen: int = 0
    refund_fen: int = 0
    style_sold: dict[str, int] = field(default_factory=dict)
    """Pieces sold since the start by style, up to the last midnight."""
    price: dict[str, int] = field(default_factory=dict)
    """Style -> permille of the planned price, where it is not 1,000."""
    pulled: dict[str, int] = field(default_factory=dict)
    """Style -> pieces (thousandths) that markdowns sold to people who would have come later."""
    faults: dict[str, int] = field(default_factory=dict)
    """SKU -> permille of the stock with a hidden defect."""
    coming: dict[str, int] = field(default_factory=dict)
    """SKU -> pieces on the way from another region."""
    returns: dict[int, list[tuple[str, bool, int]]] = field(default_factory=dict)
    """Day -> pieces that will come back: (SKU, fit to be sold again, refund in fen)."""
    waiting: list[tuple[int, str, str, int, bytes]] = field(default_factory=list)
    """Consumers who wait: (last day, SKU, channel, price, who)."""
