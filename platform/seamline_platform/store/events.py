"""How the kinds of events of the contract become tables, and how rows become events again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from seamline_broker.contracts.events import EVENT_KINDS, ColumnType

_TABLES: Final[Mapping[str, str]] = {
    "piece": "pieces",
    "station": "station_events",
    "shift": "shift_events",
    "order": "order_events",
    "qc": "qc_events",
    "andon": "andon_events",
    "sale": "sales",
    "sale_day": "sales_daily",
    "stock": "stock_events",
    "return_day": "returns_daily",
    "signal": "signals",
    "cloth": "cloth_events",
    "lay": "lays",
    "control": "control_events",
}
_RENAMED: Final = {"order": "order_id", "ts_ms": "ts"}
_EPOCHS: Final = frozenset({"ts_ms", "in_ms", "due_ms", "day_ms"})
"""Columns that hold a point in time; other `_ms` columns hold a length of time."""


@dataclass(frozen=True, slots=True)
class EventColumn:
    """A column of the contract and its column in the table."""

    wire_name: str
    name: str
    type: ColumnType
    is_time: bool


@dataclass(frozen=True, slots=True)
class EventTable:
    """A kind of event and its table; `columns` start with `seq` and `ts_ms`."""

    kind: str
    table: str
    columns: tuple[EventColumn, ...]


def _column(wire_name: str, type_name: ColumnType) -> EventColumn:
    is_time = wire_name in _EPOCHS
    name = _RENAMED.get(wire_name, wire_name)
    if wire_name == "site":
        name = "to_site"  # `site` is the site of the node that sent the event
    elif is_time and name == wire_name:
        name = wire_name.removesuffix("_ms") + "_ts"
    return EventColumn(wire_name, name, type_name, is_time)


def _event_table(kind: str, table: str) -> EventTable:
    columns = [_column("seq", "int"), _column("ts_ms", "int")]
    columns += [_column(c.name, c.type) for c in EVENT_KINDS[kind].columns]
    return EventTable(kind, table, tuple(columns))


EVENT_TABLES: Final[Mapping[str, EventTable]] = {
    kind: _event_table(kind, table) for kind, table in _TABLES.items()
}
"""By kind; `seller_order` has no table: it travels as an MQTT order and lands in `orders`."""
