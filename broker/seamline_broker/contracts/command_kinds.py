"""The catalogue of commands: what each kind of node understands, with arguments and limits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

ArgType = Literal["str", "int", "float", "bool", "list[str]", "dict[str,int]"]


@dataclass(frozen=True, slots=True)
class Arg:
    """One argument of a command, with its limits (for numbers) and its default, if it has one."""

    name: str
    type: ArgType
    meaning: str
    low: float | None = None
    high: float | None = None
    default: object = None
    required: bool = True


@dataclass(frozen=True, slots=True)
class CommandKind:
    """A command that a kind of node understands."""

    name: str
    node_kind: str
    meaning: str
    args: tuple[Arg, ...]


_ORDER = Arg("order", "str", "order id")
_FABRIC = Arg("fabric", "str", "fabric id")
_LENGTH = Arg("length_cm", "int", "centimetres", 1, 100_000_000)
_STATION = Arg("station", "str", "site/line/station; empty lets the field choose a busy one")

_KINDS: Final = (
    CommandKind(
        "kit",
        "warehouse",
        "Cut an order and send the kit to a line.",
        (
            _ORDER,
            Arg("order_kind", "str", "seller | replenishment"),
            Arg("style", "str", "style id"),
            Arg("colour", "str", "colour code"),
            Arg("sizes", "dict[str,int]", "pieces per size", 1, 5_000),
            Arg("region", "str", "region that the goods are for"),
            Arg("site", "str", "plant that sews"),
            Arg("line", "str", "line that sews"),
            Arg("due_ms", "int", "due date, epoch ms", 0),
            Arg("weight", "int", "priority", 1, 10, 1, required=False),
            Arg(
                "needed_ms",
                "int",
                "when the line needs the kit, epoch ms: cut late and held; 0 = cut and send now",
                0,
                default=0,
                required=False,
            ),
            Arg(
                "merge",
                "bool",
                "may be cut in one lay with waiting orders of its fabric and colour",
                default=False,
                required=False,
            ),
            Arg(
                "cluster",
                "bool",
                "the warehouse may cut for a line of another region",
                default=False,
                required=False,
            ),
        ),
    ),
    CommandKind(
        "redirect",
        "warehouse",
        "Send an order that is not being sewn yet to another line.",
        (_ORDER, Arg("site", "str", "plant"), Arg("line", "str", "line")),
    ),
    CommandKind(
        "reserve_cloth",
        "warehouse",
        "Reserve cloth for an order that will be cut later.",
        (
            _ORDER,
            Arg("fabric", "str", "fabric id"),
            Arg("colour", "str", "colour code"),
            Arg("length_cm", "int", "centimetres", 1, 100_000_000),
        ),
    ),
    CommandKind(
        "order_cloth",
        "warehouse",
        "Order cloth from a supplier; how long it takes follows from the form.",
        (
            _FABRIC,
            Arg("colour", "str", "colour code; greige for undyed cloth"),
            _LENGTH,
            Arg(
                "form",
                "str",
                "roll (yarn to roll at the mill, weeks) | greige (undyed from the mill, weeks) | "
                "quick (the supplier's greige, dyed: days, as much as there is)",
            ),
        ),
    ),
    CommandKind(
        "dye_cloth",
        "warehouse",
        "Have greige of the warehouse dyed, in days.",
        (_FABRIC, Arg("colour", "str", "colour code that it becomes"), _LENGTH),
    ),
    CommandKind(
        "transfer_cloth",
        "warehouse",
        "Send cloth that no order has reserved to the warehouse of another region.",
        (
            Arg("to", "str", "region"),
            _FABRIC,
            Arg("colour", "str", "colour code; greige for undyed cloth"),
            _LENGTH,
        ),
    ),
    CommandKind(
        "cut_ahead",
        "warehouse",
        "Cut pieces ahead of orders; kits of the style and colour then use them first.",
        (
            Arg("style", "str", "style id"),
            Arg("colour", "str", "colour code"),
            Arg("sizes", "dict[str,int]", "pieces per size", 1, 5_000),
            Arg(
                "merge",
                "bool",
                "may be cut in one lay with waiting orders of its fabric and colour",
                default=False,
                required=False,
            ),
        ),
    ),
    CommandKind(
        "transfer_stock",
        "warehouse",
        "Send finished goods from this region's stock to another region's.",
        (
            Arg("to", "str", "region that gets them"),
            Arg("sku", "str", "style-colour-size"),
            Arg("qty", "int", "pieces", 1, 100_000),
        ),
    ),
    CommandKind(
        "set_price",
        "warehouse",
        "Mark a style's price in this region up or down until it is set again.",
        (
            Arg("style", "str", "style id"),
            Arg("price_permille", "int", "permille of the planned price of each day", 400, 2_000),
        ),
    ),
    CommandKind(
        "sequence",
        "line",
        "Put the waiting orders of a line into this sequence; those not named stay behind.",
        (Arg("orders", "list[str]", "order ids, first to be sewn first"),),
    ),
    CommandKind(
        "expedite_repair",
        "plant",
        "Send the next free mechanic to this station first.",
        (Arg("station", "str", "line/station"),),
    ),
    CommandKind(
        "maintain",
        "plant",
        "Maintain a machine before it fails: a mechanic comes when one is free in the shift.",
        (Arg("station", "str", "line/station"),),
    ),
    CommandKind(
        "rebalance",
        "line",
        "Seat the operators who are there by skill and load; those who move need some minutes.",
        (),
    ),
    CommandKind(
        "join",
        "line",
        "Connect a reserve line: it takes orders now and opens with the next shift.",
        (),
    ),
    CommandKind(
        "leave",
        "line",
        "Disconnect a line: it takes no new order, finishes what is bound to it, then closes.",
        (),
    ),
    CommandKind("pause", "field", "Stop plant time.", ()),
    CommandKind("resume", "field", "Let plant time run on.", ()),
    CommandKind(
        "speed",
        "field",
        "Set plant seconds per wall second.",
        (
            Arg("factor", "float", "plant seconds per wall second", 0.1, 20_000),
            Arg(
                "for_s",
                "float",
                "wall seconds after which the speed before returns; 0 = stays",
                0,
                3_600,
                0.0,
                required=False,
            ),
        ),
    ),
    CommandKind("next_morning", "field", "Run on to the next start of a shift at once.", ()),
    CommandKind(
        "burst",
        "field",
        "Start a livestream that sells one style in one region.",
        (
            Arg("region", "str", "region; empty = chosen by the market"),
            Arg("style", "str", "style id; empty = chosen by the market"),
            Arg("minutes", "int", "length in plant minutes", 10, 600, 120, required=False),
            Arg(
                "factor",
                "float",
                "expected demand against an ordinary day",
                1,
                50,
                6.0,
                required=False,
            ),
        ),
    ),
    CommandKind(
        "break_machine",
        "field",
        "Break a machine.",
        (
            _STATION,
            Arg("minutes", "int", "plant minutes of repair", 1, 1_440, 90, required=False),
        ),
    ),
    CommandKind(
        "rush_order",
        "field",
        "Let a seller decide on a rush order now.",
        (
            Arg(
                "style", "str", "style id; empty = chosen by the market", required=False, default=""
            ),
            Arg("pieces", "int", "pieces", 100, 2_000, 120, required=False),
        ),
    ),
    CommandKind(
        "promise",
        "seller",
        "Tell a seller the promise date of an order.",
        (
            _ORDER,
            Arg("promise_ms", "int", "promised delivery, epoch ms", 0),
            Arg("site", "str", "plant"),
            Arg("line", "str", "line"),
        ),
    ),
)

COMMANDS: Final[Mapping[str, CommandKind]] = {kind.name: kind for kind in _KINDS}
