"""What every topic, message field and order state means, in words: the source of the reference.

`docs/messages.md` is generated from here and from the contracts themselves; its generator stops at
a field, state or topic that nobody has described.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from seamline_broker.contracts.topics import (
    CLOCK,
    ROOT,
    NodeId,
    new_order_topic,
    plan_topic,
    promise_topic,
    uns_topic,
)


@dataclass(frozen=True, slots=True)
class TopicKind:
    """A family of topics: who writes to it, who reads it, how, and which message it carries."""

    name: str
    pattern: str
    sender: str
    receiver: str
    qos: str
    retained: bool
    message: str
    meaning: str


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """One field of a message as JSON: its type, unit or allowed values, and what it means."""

    type: str
    unit: str
    meaning: str


@dataclass(frozen=True, slots=True)
class MessageKind:
    """A message: what it says, and its fields. `parent.child` is a field inside an object."""

    name: str
    meaning: str
    fields: Mapping[str, FieldInfo]


@dataclass(frozen=True, slots=True)
class OrderState:
    """A state of an order: what it means, and what tells of it."""

    meaning: str
    told_by: str


_NODE: Final = NodeId("{site}", "{node}")
RAW_PATTERN: Final = f"{ROOT}/raw/{{site}}/{{area}}/{{line}}/{{cell}}/{{metric}}"

TOPICS: Final = (
    TopicKind(
        "data", _NODE.data_topic, "gateway", "platform", "1", False, "Batch",
        "Numbered batches of readings and events: each is stored exactly once.",
    ),
    TopicKind(
        "ack", _NODE.ack_topic, "platform", "gateway", "1", False, "Ack",
        "The watermark: up to which number everything is stored.",
    ),
    TopicKind(
        "node", _NODE.birth_topic, "gateway", "platform, anybody", "1", True, "Birth",
        "A node's certificate: what it is and has, and whether it is there. Also its will: the "
        "broker itself publishes `online: false` when the connection is lost.",
    ),
    TopicKind(
        "cmd", _NODE.command_topic, "platform", "gateway", "1", False, "CommandMessage",
        "A command to a node.",
    ),
    TopicKind(
        "result", _NODE.result_topic, "gateway", "platform", "1", False, "CommandResult",
        "What became of a command.",
    ),
    TopicKind(
        "raw", RAW_PATTERN, "any MQTT client", "platform", "0 or 1", False, "Raw",
        "The open door: `mosquitto_pub`, an ESP32, Tasmota, a script. The last level may be left "
        "out. At least once, not exactly once: these messages have no numbers.",
    ),
    TopicKind(
        "run", CLOCK, "gateway of the field", "everybody", "1", True, "RunClock",
        "The one clock of a run: plant time, speed, state. About once a second.",
    ),
    TopicKind(
        "orders", new_order_topic("{seller}"), "seller", "platform", "1", False, "SellerOrder",
        "A seller's order. It is sent again until a promise comes; the same id changes nothing.",
    ),
    TopicKind(
        "promise", promise_topic("{seller}"), "platform", "seller", "1", False, "Promise",
        "The answer to an order: when, from which line, and why; or why not.",
    ),
    *(
        TopicKind(
            f"plan-{status}", plan_topic(status), "platform", "anybody", "1", True, "PlanMessage",
            meaning,
        )
        for status, meaning in (
            ("accepted", "The plan that commands follow; published when it changes, and every "
             "quarter of a plant hour as far as the plants have shifted it."),
            ("provisional", "What holds at once after a disturbance, within a second: what runs "
             "stays, the rest is shifted, homeless orders get their best place. Empty when a "
             "better plan has taken its place."),
            ("proposal", "A better plan that waits for a person. Empty when it was decided on."),
        )
    ),
    TopicKind(
        "uns-site", uns_topic("{enterprise}", "{site}"), "platform", "anybody", "0", True,
        "UnsSite", "Unified Namespace: the present state of a plant.",
    ),
    TopicKind(
        "uns-line", uns_topic("{enterprise}", "{site}", "{area}", "{line}"), "platform", "anybody",
        "0", True, "UnsLine",
        "Unified Namespace: the present state of a line. Simulated lines have the area `sewing`.",
    ),
    TopicKind(
        "uns-cell", uns_topic("{enterprise}", "{site}", "{area}", "{line}", "{cell}"), "platform",
        "anybody", "0", True, "UnsCell",
        "Unified Namespace: the newest values of a raw device.",
    ),
)  # fmt: skip

_VERSION: Final = FieldInfo("int", "1", "version of the message")
_SIZES: Final = FieldInfo("object", "size → pieces", "how many pieces of which size")
_ORDER_ID: Final = FieldInfo("str", "", "id of the order, chosen by whoever orders")
_WALL: Final = FieldInfo("int", "ms since 1970, UTC", "wall time of the sender")

_BATCH: Final = MessageKind(
    "Batch",
    "A header line, a newline, a body; both are JSON. The header can be read without the body. "
    "The bytes of a number never change: whatever is sent again is sent as it was.",
    {
        "v": _VERSION,
        "epoch": FieldInfo("str", "1 to 16 hex digits", "life of the sender's outbox file"),
        "n": FieldInfo("int", "1, 2, 3, ...", "number of the batch within the epoch, no holes"),
        "floor": FieldInfo("int", "1 to n", "oldest number that the sender still holds"),
        "rows": FieldInfo("int", ">= 0", "readings and events in the body"),
        "readings.device": FieldInfo("list[str]", "", "devices of this batch, each named once"),
        "readings.metric": FieldInfo("list[str]", "", "signals of this batch, each named once"),
        "readings.ts_ms": FieldInfo("list[int]", "ms since 1970, UTC", "source time of each row"),
        "readings.d": FieldInfo("list[int]", "index", "which `device` each row is of"),
        "readings.m": FieldInfo("list[int]", "index", "which `metric` each row is of"),
        "readings.value": FieldInfo(
            "list[float]", "unit of the metric", "value; null where the device could not say"
        ),
        "readings.quality": FieldInfo(
            "list[int]", "0, 1, 2", "0 good, 1 first after missed samples, 2 could not be read"
        ),
        "events": FieldInfo("object", "kind → columns", "events by kind; see Events below"),
    },
)
_ACK: Final = MessageKind(
    "Ack",
    "Two numbers, because committed is not yet safe: the sender's window moves with `upto`, and "
    "it deletes up to `safe`.",
    {
        "v": _VERSION,
        "epoch": FieldInfo("str", "hex digits", "epoch of the batches that it is about"),
        "store": FieldInfo("str", "", "identity of the store; another one has other marks"),
        "upto": FieldInfo("int", ">= 0", "all numbers up to this one are committed"),
        "safe": FieldInfo("int", "0 to upto", "all up to this one are covered by a checkpoint"),
        "resume": FieldInfo("bool", "", "true: please send again from upto + 1 on"),
    },
)
_BIRTH: Final = MessageKind(
    "Birth",
    "A node introduces itself, and takes its leave (`online: false`).",
    {
        "v": _VERSION,
        "site": FieldInfo("str", "", "plant, region, or group of devices"),
        "node": FieldInfo("str", "", "name within the site"),
        "kind": FieldInfo("str", "line, plant, warehouse, field, sensor", "what the node is"),
        "online": FieldInfo("bool", "", "false in the will and at an orderly end"),
        "wall_ms": _WALL,
        "epoch": FieldInfo("str", "hex digits", "epoch of its outbox; empty in the will"),
        "devices": FieldInfo("list[object]", "", "devices behind the node"),
        "devices.id": FieldInfo("str", "", "id within the node"),
        "devices.kind": FieldInfo("str", "station, line, plant, ...", "what the device is"),
        "devices.name": FieldInfo("str", "", "name for people"),
        "devices.metrics": FieldInfo("list[object]", "", "its signals"),
        "devices.metrics.name": FieldInfo("str", "", "name of the signal"),
        "devices.metrics.unit": FieldInfo("str", "UCUM-like, 1 = a number", "unit of its values"),
        "devices.metrics.meaning": FieldInfo("str", "", "what it measures"),
        "devices.machine": FieldInfo("str", "", "class of sewing machine, if it is one"),
        "commands": FieldInfo("list[str]", "", "commands that it takes; see Commands below"),
        "catalogue": FieldInfo(
            "object", "null but for the field", "styles, bulletins, lines: product master data"
        ),
    },
)
_COMMAND: Final = MessageKind(
    "CommandMessage",
    "A gateway carries a command out at most once per `id`, and not after `expires_ms`.",
    {
        "v": _VERSION,
        "id": FieldInfo("str", "", "id of the command; the result bears the same"),
        "name": FieldInfo("str", "see Commands", "which command"),
        "args": FieldInfo("object", "see Commands", "its arguments"),
        "expires_ms": FieldInfo("int", "ms since 1970, UTC", "wall time after which it is void"),
        "counter": FieldInfo("int", "", "only grows, per node: what is older is refused"),
        "issued_ms": _WALL,
    },
)
_RESULT: Final = MessageKind(
    "CommandResult",
    "Sent after execution, again after a new connection, and again if the command comes again.",
    {
        "v": _VERSION,
        "id": FieldInfo("str", "", "id of the command"),
        "status": FieldInfo(
            "str",
            "done, seen, refused, expired, failed",
            "done: carried out; seen: had been carried out before; else not carried out",
        ),
        "reason": FieldInfo("str", "", "why not, in words"),
        "plant_ms": FieldInfo("int", "ms since 1970, UTC", "plant time of execution; 0 = none"),
        "wall_ms": _WALL,
    },
)
_CLOCK: Final = MessageKind(
    "RunClock",
    "Plant time runs `speed` times as fast as wall time; between two messages, extrapolate.",
    {
        "v": _VERSION,
        "run": FieldInfo("str", "", "id of the run; another one is another world"),
        "plant_ms": FieldInfo("int", "ms since 1970, UTC", "plant time"),
        "wall_ms": _WALL,
        "speed": FieldInfo("float", "plant s per wall s", "speed of the run"),
        "state": FieldInfo("str", "running, paused, skipping", "skipping: hours without a shift"),
    },
)
_ORDER: Final = MessageKind(
    "SellerOrder",
    "1 to 20 000 pieces of one style in one colour.",
    {
        "v": _VERSION,
        "order": _ORDER_ID,
        "seller": FieldInfo("str", "", "seller; the topic names the same"),
        "style": FieldInfo("str", "see the catalogue", "style"),
        "colour": FieldInfo("str", "see the catalogue", "colour code"),
        "sizes": _SIZES,
        "region": FieldInfo("str", "", "region to deliver to"),
        "placed_ms": FieldInfo("int", "ms since 1970, UTC", "plant time of the order"),
        "due_ms": FieldInfo("int", "ms since 1970, UTC", "plant time at which it is wanted"),
        "weight": FieldInfo("int", "1 to 10", "priority: 1 ordinary, 10 rush; left out = 1"),
        "price_fen": FieldInfo("int", "fen = 0.01 yuan", "price of one piece; left out = 0"),
    },
)
_PROMISE: Final = MessageKind(
    "Promise",
    "The platform's answer to a seller.",
    {
        "v": _VERSION,
        "order": _ORDER_ID,
        "accepted": FieldInfo("bool", "", "false: refused, for the reason given"),
        "promise_ms": FieldInfo("int", "ms since 1970, UTC", "plant time of promised delivery"),
        "site": FieldInfo("str", "", "plant that sews"),
        "line": FieldInfo("str", "", "line that sews"),
        "reason": FieldInfo("str", "", "why this line and this date, in words"),
    },
)
_PLAN: Final = MessageKind(
    "PlanMessage",
    "A plan of the dispatch hub; the independent checker has passed it.",
    {
        "v": _VERSION,
        "version": FieldInfo("int", "1, 2, 3, ...", "number of the plan within the run"),
        "status": FieldInfo("str", "accepted, provisional, proposal", "as in the topic"),
        "trigger": FieldInfo(
            "str", "start, breakdown, rush_order, ...", "what it answers; `orders`: new orders"
        ),
        "station": FieldInfo("str", "site/line/station", "station concerned, or empty"),
        "order": FieldInfo("str", "", "order concerned, or empty"),
        "reason": FieldInfo("str", "", "why this plan, in English"),
        "reason_zh": FieldInfo("str", "", "the same in Chinese"),
        "plant_ms": FieldInfo("int", "ms since 1970, UTC", "plant time from which it looks ahead"),
        "wall_ms": FieldInfo("int", "ms since 1970, UTC", "wall time of publishing"),
        "heard_ms": FieldInfo(
            "int", "ms since 1970, UTC", "wall time at which the reason became known"
        ),
        "cost": FieldInfo("int", "", "cost of the plan; see docs/plan.md"),
        "cost_before": FieldInfo("int", "", "cost of what was in force, as things stand now"),
        "late": FieldInfo("int", "orders", "orders that are late by this plan"),
        "p50": FieldInfo("float", "", "median cost in the twin's runs; null = not run"),
        "p90": FieldInfo("float", "", "cost that nine of ten runs stay below; null = not run"),
        "orders": FieldInfo("int", "orders", "orders in the plan"),
        "rows": FieldInfo("list[object]", "at most 300", "what begins first, by line in sequence"),
        "rows.order": _ORDER_ID,
        "rows.site": FieldInfo("str", "", "plant that sews"),
        "rows.line": FieldInfo("str", "", "line that sews"),
        "rows.start_ms": FieldInfo("int", "ms since 1970, UTC", "plant time of its set-up"),
        "rows.end_ms": FieldInfo("int", "ms since 1970, UTC", "plant time of its last stitch"),
        "rows.due_ms": FieldInfo("int", "ms since 1970, UTC", "last stitch by then = in time"),
    },
)
_UNS_LINE: Final = MessageKind(
    "UnsLine",
    "Published when something in it changes. Besides these, today's key figures by name.",
    {
        "state": FieldInfo("str", "running, closed", "whether a shift is on"),
        "style": FieldInfo("str", "", "style on the hangers, or the last one"),
        "sewing": FieldInfo("list[str]", "", "orders on the hangers"),
        "queue": FieldInfo("list[str]", "", "orders that wait with their kit, next one first"),
        "wip": FieldInfo("int", "pieces", "garments on the line (work in process)"),
        "down": FieldInfo("list[str]", "", "stations that stand still with a fault"),
    },
)
_UNS_SITE: Final = MessageKind(
    "UnsSite",
    "Sums over the lines of a plant.",
    {
        "lines_open": FieldInfo("int", "lines", "lines with a shift"),
        "wip": FieldInfo("int", "pieces", "garments on all lines"),
        "stations_down": FieldInfo("int", "stations", "stations that stand still with a fault"),
    },
)

MESSAGES: Final[Mapping[str, MessageKind]] = {
    kind.name: kind
    for kind in (
        _BATCH, _ACK, _BIRTH, _COMMAND, _RESULT, _CLOCK, _ORDER, _PROMISE, _PLAN,
        _UNS_SITE, _UNS_LINE,
    )
}  # fmt: skip
"""Messages with named fields. `Raw` and `UnsCell` have the names that the device gives."""

STATES: Final[Mapping[str, OrderState]] = {
    "received": OrderState(
        "The platform has it in `orders`.", "message `SellerOrder`, or the plant night itself"
    ),
    "promised": OrderState(
        "A line and a date are decided; the seller has the date.", "row in `decisions`"
    ),
    "cutting": OrderState(
        "The warehouse took command `kit`: cloth is reserved, then cut.", "event `order`, warehouse"
    ),
    "in_transit": OrderState("The kit is on the road to the plant.", "event `order`, warehouse"),
    "queued": OrderState("The kit waits at the line.", "event `order`, line"),
    "sewing": OrderState("Its first garment is on a hanger.", "event `order`, line"),
    "sewn": OrderState("Its last garment left the line.", "event `order`, line"),
    "packed": OrderState("All is in cartons and leaves the plant.", "event `order`, line"),
    "delivered": OrderState(
        "It has reached the seller, or the stock of its region.", "event `order`, warehouse"
    ),
    "refused": OrderState(
        "It cannot be made; no work was done.", "nothing in this version refuses by itself"
    ),
}
