"""Domain events: what happened in market, warehouse, plant and line, as typed columns per kind.

One table of kinds is the source for the wire (columnar batches), for the tables of the store and
for `docs/messages.md`. Every event also carries `seq` (the field's number) and `ts_ms` (source
time, epoch milliseconds UTC).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from seamline_broker.errors import ContractError

ColumnType = Literal["str", "int", "float", "bool"]
Value = str | int | float | bool
Columns = dict[str, list[Value]]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an event kind: name, type and what it means."""

    name: str
    type: ColumnType
    meaning: str


@dataclass(frozen=True, slots=True)
class EventKind:
    """A kind of event: who sends it, what it says, its columns."""

    name: str
    sender: str
    meaning: str
    columns: tuple[Column, ...]

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns, in order, without `seq` and `ts_ms`."""
        return tuple(column.name for column in self.columns)


class Event(NamedTuple):
    """One domain event as it leaves the world's outbox; `values` follow the kind's columns."""

    seq: int
    ts_ms: int
    node: str
    kind: str
    values: tuple[Value, ...]


def _kind(name: str, sender: str, meaning: str, **columns: tuple[ColumnType, str]) -> EventKind:
    return EventKind(
        name, sender, meaning, tuple(Column(key, *spec) for key, spec in columns.items())
    )


_KINDS: Final = (
    _kind(
        "piece",
        "line",
        "A station finished one operation on one garment (one hanger).",
        station=("str", "station id within the line, e.g. st-07"),
        order=("str", "order id"),
        piece=("int", "running number of the garment within its order, from 0"),
        op=("str", "operation code of the bulletin; 'qc' and 'pack' are operations too"),
        sewing_ms=("int", "time the station worked on it"),
        smv_ms=("int", "standard time of the operation (standard minute value)"),
        outcome=("str", "ok | rework (sent back) | scrap (written off)"),
        last=("bool", "true if the garment left the line complete and good"),
        size=("str", "size of the garment"),
        first_pass=("bool", "false once the garment was ever sent back for rework"),
        in_ms=("int", "source time at which the garment entered the line"),
    ),
    _kind(
        "station",
        "line",
        "A station broke down, came back, or began or ended a style set-up.",
        station=("str", "station id within the line"),
        state=("str", "down | up | setup | ready"),
        cause=(
            "str",
            "breakdown | maintenance | thread | needle | bobbin | injected | style_change | ...",
        ),
        expected_ms=("int", "expected length as a person on the spot would say; 0 if unknown"),
    ),
    _kind(
        "shift",
        "line",
        "A shift (or a break) began or ended on a line, or the line joined or left.",
        phase=("str", "start | end | break_start | break_end | joined | left"),
        operators=("int", "operators present"),
        stations=("int", "stations of the line"),
    ),
    _kind(
        "order",
        "warehouse, line",
        "The physical progress of an order.",
        order=("str", "order id"),
        state=(
            "str",
            "cutting | in_transit | queued | sewing | sewn | packed | delivered | refused",
        ),
        order_kind=("str", "seller | replenishment"),
        style=("str", "style id"),
        colour=("str", "colour code"),
        sizes=("str", "JSON object size -> pieces"),
        pieces=("int", "pieces concerned by this event (ordered; sewn; packed; delivered)"),
        region=("str", "region that the goods are for"),
        site=("str", "plant, empty while none is chosen"),
        line=("str", "line, empty while none is chosen"),
        due_ms=("int", "due date, epoch ms"),
        scrapped=("int", "pieces of the order written off so far"),
    ),
    _kind(
        "qc",
        "line",
        "Quality control found a defect.",
        station=("str", "inspecting station"),
        order=("str", "order id"),
        piece=("int", "garment"),
        defect=("str", "defect code"),
        origin_op=("str", "operation that made it"),
        action=("str", "rework | scrap"),
    ),
    _kind(
        "andon",
        "line",
        "A call for help at a station.",
        station=("str", "station id"),
        call=("str", "mechanic | material | quality"),
        phase=("str", "open | answered | closed"),
    ),
    _kind(
        "sale",
        "warehouse",
        "Consumers bought from the region's stock during the hour that ends at ts_ms.",
        sku=("str", "style-colour-size"),
        channel=("str", "shelf | live | shop"),
        qty=("int", "pieces sold"),
        price_fen=("int", "price of one piece in fen (0.01 yuan)"),
    ),
    _kind(
        "sale_day",
        "warehouse",
        "One closed day of one SKU in one region: the row that forecasters learn from.",
        sku=("str", "style-colour-size"),
        qty=("int", "pieces sold that day (censored by stock-outs)"),
        stockout_min=("int", "minutes of the day without stock"),
        price_fen=("int", "price of the day"),
        promo=("bool", "true if a promotion or livestream was announced for that day"),
        day_ms=("int", "start of the day, epoch ms"),
    ),
    _kind(
        "stock",
        "warehouse",
        "Stock on hand of one SKU changed state, was delivered, or was counted.",
        sku=("str", "style-colour-size"),
        on_hand=("int", "pieces after the event"),
        reason=("str", "opening | delivery | count | out | back | return | transfer"),
    ),
    _kind(
        "return_day",
        "warehouse",
        "What consumers sent back of one SKU on one closed day.",
        sku=("str", "style-colour-size"),
        qty=("int", "pieces that came back"),
        resaleable=("int", "of these, pieces that went back into stock"),
        refund_fen=("int", "money given back"),
        day_ms=("int", "start of the day, epoch ms"),
    ),
    _kind(
        "signal",
        "warehouse",
        "What a region's shop knows besides sales, day by day.",
        style=("str", "style id"),
        what=(
            "str",
            "favourites | deposits (before a launch or 11.11) | cost (index of its cloth, permille,"
            " Mondays) | coupon (1 = drawn this week, Mondays)",
        ),
        value=("int", "number of favourites, deposits; index; 1"),
        day_ms=("int", "start of the day, epoch ms"),
    ),
    _kind(
        "cloth",
        "warehouse",
        "Cloth of one fabric and colour changed.",
        fabric=("str", "fabric id"),
        colour=("str", "colour code"),
        on_hand_cm=("int", "centimetres on hand after the event"),
        reserved_cm=("int", "centimetres reserved by orders after the event"),
        reason=("str", "opening | reserved | cut | received | sent | dyeing | dyed"),
    ),
    _kind(
        "lay",
        "warehouse",
        "A lay of cloth was spread on a cutting table; its lengths sum to what left the rolls.",
        lay=("int", "running number of the lay in its warehouse"),
        orders=("str", "JSON list of the orders cut in it; empty for pieces cut ahead"),
        fabric=("str", "fabric id"),
        colour=("str", "colour code"),
        pieces=("int", "garments cut"),
        sections=("int", "sections, each with a marker of its own"),
        plies=("int", "plies of all sections"),
        net_cm=("int", "cloth in the garments"),
        marker_cm=("int", "waste between the pieces of the markers"),
        end_cm=("int", "waste at the ends of the plies"),
        splice_cm=("int", "waste where a roll ended within the lay"),
        remnant_cm=("int", "waste of a roll end too short to spread"),
        cutting_ms=("int", "time the table is taken"),
    ),
    _kind(
        "seller_order",
        "market",
        "A seller decided on an order; the seller's own MQTT client then sends it.",
        order=("str", "order id"),
        seller=("str", "seller id"),
        style=("str", "style id"),
        colour=("str", "colour code"),
        sizes=("str", "JSON object size -> pieces"),
        pieces=("int", "sum of sizes"),
        region=("str", "region to deliver to"),
        due_ms=("int", "due date wanted"),
        weight=("int", "priority, 1 ordinary to 10 rush"),
        price_fen=("int", "price of one piece"),
        rush=("bool", "true for a rush order"),
    ),
    _kind(
        "control",
        "field",
        "Somebody changed the run itself.",
        action=("str", "pause | resume | speed | next_morning | break_machine | burst | ..."),
        target=("str", "what it acted on; empty for the whole field"),
        detail=("str", "JSON object with the arguments"),
    ),
)

EVENT_KINDS: Final[Mapping[str, EventKind]] = {kind.name: kind for kind in _KINDS}


def columns_of(events: Iterable[Event]) -> dict[str, Columns]:
    """Turn events of one node into columns per kind, each with `seq` and `ts_ms` first.

    Raises:
        ContractError: if a kind is unknown or an event has the wrong number of values.
    """
    result: dict[str, Columns] = {}
    for event in events:
        kind = EVENT_KINDS.get(event.kind)
        if kind is None or len(event.values) != len(kind.columns):
            raise ContractError(
                f"Event {event.kind!r} with {len(event.values)} values is not in the contract; "
                f"kinds: {', '.join(EVENT_KINDS)}."
            )
        columns = result.get(event.kind)
        if columns is None:
            columns = result[event.kind] = {
                name: [] for name in ("seq", "ts_ms", *kind.column_names)
            }
        for name, value in zip(columns, (event.seq, event.ts_ms, *event.values), strict=True):
            columns[name].append(value)
    return result


_PYTHON_TYPES: Final[Mapping[str, type | tuple[type, ...]]] = {
    "str": str,
    "int": int,
    "float": (int, float),
    "bool": bool,
}


def check_columns(kind_name: str, columns: Mapping[str, Sequence[object]]) -> int:
    """Check columns that came over the wire and return their number of rows.

    Raises:
        ContractError: if kind, names, lengths or types are not those of the contract.
    """
    kind = EVENT_KINDS.get(kind_name)
    if kind is None:
        raise ContractError(
            f"Event kind {kind_name!r} is unknown; kinds: {', '.join(EVENT_KINDS)}."
        )
    expected = {"seq": "int", "ts_ms": "int"} | {c.name: c.type for c in kind.columns}
    if set(columns) != set(expected):
        raise ContractError(
            f"Event {kind_name!r} came with columns {sorted(columns)}; expected {sorted(expected)}."
        )
    rows = len(columns["seq"])
    for name, type_name in expected.items():
        column = columns[name]
        if len(column) != rows:
            raise ContractError(f"Column {name!r} of {kind_name!r}: {len(column)} of {rows} rows.")
        allowed = _PYTHON_TYPES[type_name]
        for value in column:
            if not isinstance(value, allowed) or (type_name != "bool" and value.__class__ is bool):
                raise ContractError(
                    f"Column {name!r} of {kind_name!r} holds {value!r}; expected {type_name}."
                )
    return rows
