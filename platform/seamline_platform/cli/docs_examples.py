"""Example payloads of the reference, made by the codecs that the running parts use."""

from collections.abc import Mapping
from typing import Final

from seamline_broker.contracts.batch import (
    QUALITY_BAD,
    QUALITY_GAP,
    Ack,
    BatchBody,
    BatchHeader,
    Readings,
    encode_body,
    encode_message,
)
from seamline_broker.contracts.catalogue import Catalogue
from seamline_broker.contracts.commands import CommandMessage, CommandResult
from seamline_broker.contracts.events import Event, Value, columns_of
from seamline_broker.contracts.messages import (
    Birth,
    Device,
    Metric,
    PlanMessage,
    PlanRow,
    Promise,
    RunClock,
    SellerOrder,
)
from seamline_broker.contracts.view import LineView, View
from seamline_platform.app.uns import Namespace, raw_value_message

WALL_MS: Final = 1_764_150_000_000  # 2025-11-26 09:40 UTC
PLANT_MS: Final = 1_757_412_000_000  # 2025-09-09 10:00 UTC
_HOUR_MS: Final = 3_600_000
_EPOCH: Final = "9f3c21d07b5e4a18"

_ORDER_VALUES: Final = (
    "O-1042", "sewing", "seller", "PO01", "NVY", '{"M":60,"L":60}', 120, "east", "hangzhou",
    "line-1", PLANT_MS + 72 * _HOUR_MS, 0,
)  # fmt: skip
EVENT_VALUES: Final[Mapping[str, tuple[Value, ...]]] = {
    "piece": (
        "st-07", "O-1042", 17, "P05", 41_300, 39_000, "ok", False, "M", True,
        PLANT_MS - 1_500_000,
    ),
    "station": ("st-07", "down", "breakdown", 90 * 60_000),
    "shift": ("start", 24, 21),
    "order": _ORDER_VALUES,
    "qc": ("st-20", "O-1042", 17, "open_seam", "P05", "rework"),
    "andon": ("st-07", "mechanic", "open"),
    "sale": ("TS01-WHT-M", "shelf", 3, 4_900),
    "sale_day": ("TS01-WHT-M", 41, 0, 4_900, False, PLANT_MS - 34 * _HOUR_MS),
    "stock": ("TS01-WHT-M", 212, "delivery"),
    "return_day": ("TS01-WHT-M", 6, 5, 29_400, PLANT_MS - 34 * _HOUR_MS),
    "signal": ("TS06", "favourites", 31, PLANT_MS - 10 * _HOUR_MS),
    "cloth": ("jersey160", "WHT", 1_250_000, 300_000, "cut"),
    "lay": (
        88, '["O-1042"]', "pique220", "NVY", 120, 2, 16, 9_576, 1_520, 48, 20, 0, 1_260_000,
    ),
    "seller_order": (
        "O-1042", "seller-3", "PO01", "NVY", '{"M":60,"L":60}', 120, "east",
        PLANT_MS + 72 * _HOUR_MS, 10, 9_900, True,
    ),
    "control": ("break_machine", "hangzhou/line-1/st-07", '{"minutes":90}'),
}  # fmt: skip
"""Plausible values of each kind of event, in the order of its columns."""

COMMAND_ARGS: Final[Mapping[str, Mapping[str, object]]] = {
    "kit": {
        "order": "O-1042", "order_kind": "seller", "style": "PO01", "colour": "NVY",
        "sizes": {"M": 60, "L": 60}, "region": "east", "site": "hangzhou", "line": "line-1",
        "due_ms": PLANT_MS + 72 * _HOUR_MS, "weight": 10,
    },
    "redirect": {"order": "O-1042", "site": "suzhou", "line": "line-2"},
    "reserve_cloth": {
        "order": "R-0093", "fabric": "jersey160", "colour": "WHT", "length_cm": 7_500,
    },
    "order_cloth": {
        "fabric": "jersey160", "colour": "WHT", "length_cm": 250_000, "form": "quick",
    },
    "dye_cloth": {"fabric": "jersey160", "colour": "NVY", "length_cm": 60_000},
    "transfer_cloth": {
        "to": "south", "fabric": "jersey160", "colour": "WHT", "length_cm": 40_000,
    },
    "cut_ahead": {"style": "TS01", "colour": "WHT", "sizes": {"M": 120, "L": 120}},
    "transfer_stock": {"to": "south", "sku": "TS01-WHT-M", "qty": 40},
    "set_price": {"style": "TS06", "price_permille": 700},
    "sequence": {"orders": ["O-1042", "O-1038"]},
    "expedite_repair": {"station": "line-1/st-07"},
    "maintain": {"station": "line-1/st-07"},
    "rebalance": {},
    "join": {},
    "leave": {},
    "pause": {},
    "resume": {},
    "speed": {"factor": 10.0, "for_s": 60.0},
    "next_morning": {},
    "burst": {"region": "east", "style": "TS01", "minutes": 120, "factor": 6.0},
    "break_machine": {"station": "hangzhou/line-1/st-07", "minutes": 90},
    "rush_order": {"style": "PO01", "pieces": 120},
    "promise": {
        "order": "O-1042", "promise_ms": PLANT_MS + 48 * _HOUR_MS, "site": "hangzhou",
        "line": "line-1",
    },
}  # fmt: skip
"""Arguments of each command; the contract checks them when the reference is made."""

RAW_PAYLOADS: Final[tuple[tuple[str, bytes], ...]] = (
    ("seamline/v1/raw/home/desk/bench/pi-1/temperature", b"21.5"),
    ("seamline/v1/raw/home/desk/bench/pi-1/temperature", b'{"value":21.5,"ts":1764150000000}'),
    ("seamline/v1/raw/home/desk/bench/pi-1", b'{"temperature":21.5,"humidity":60}'),
    ("seamline/v1/raw/home/desk/bench/pi-1", b'{"temperature":null,"door":true,"ts":1764150000}'),
    ("seamline/v1/raw/home/desk/bench/pi-1/bme", b'{"temperature":"21.5"}'),
)
"""What a device may send through the open door."""


def batch() -> bytes:
    """Return a numbered batch of two signals of two stations and one event."""
    readings = Readings(
        device=["st-07", "st-08"],
        metric=["rpm", "temperature_c"],
        ts_ms=[PLANT_MS, PLANT_MS, PLANT_MS, PLANT_MS],
        d=[0, 1, 0, 1],
        m=[0, 0, 1, 1],
        value=[3_412.0, 0.0, 38.61, None],
        quality=[QUALITY_GAP, QUALITY_GAP, QUALITY_GAP, QUALITY_BAD],
    )
    event = Event(88_213, PLANT_MS, "hangzhou/line-1", "andon", EVENT_VALUES["andon"])
    body = BatchBody(readings, columns_of([event]))
    return encode_message(BatchHeader(_EPOCH, 12, 3, body.rows), encode_body(body))


def _birth() -> bytes:
    station = Device(
        "st-07",
        "station",
        "Station st-07",
        (Metric("rpm", "1/min", "speed of the main shaft"),),
        "OL",
    )
    commands = ("sequence",)
    return Birth("hangzhou", "line-1", "line", True, WALL_MS, _EPOCH, (station,), commands).encode()


def _view() -> View:
    line = LineView(
        "hangzhou", "line-1", True, 24, "PO01", ("O-1038",), ("O-1042",), ("st-07",), 63
    )
    catalogue = Catalogue({}, {}, (), ("east",), {}, {}, 100, (0, 1, 2, 3, 4, 5))
    return View(PLANT_MS, catalogue, {"hangzhou/line-1": line}, {}, {})


def _plan() -> bytes:
    row = PlanRow(
        "O-1042", "suzhou", "line-2", PLANT_MS + _HOUR_MS, PLANT_MS + 5 * _HOUR_MS,
        PLANT_MS + 50 * _HOUR_MS,
    )  # fmt: skip
    return PlanMessage(
        18, "provisional", "breakdown", "hangzhou/line-1/st-07", "",
        "hangzhou/line-1/st-07 is down until 11:30: what waits there is shifted",
        "hangzhou/line-1/st-07 故障至 11:30：其后订单顺延", PLANT_MS, WALL_MS + 240, WALL_MS,
        14_210, 12_900, 3, None, None, 1, (row,),
    ).encode()  # fmt: skip


def payloads() -> dict[str, bytes]:
    """Return message name -> example, encoded as it goes over the wire."""
    due_ms = PLANT_MS + 72 * _HOUR_MS
    command = CommandMessage(
        "c-7f2a", "sequence", COMMAND_ARGS["sequence"], WALL_MS + 30_000, 51, WALL_MS
    )
    figures = {"hangzhou/line-1": {"oee": 0.71}}
    state = Namespace().changes(_view(), figures)
    site_topic, line_topic = sorted(state, key=len)
    return {
        "Batch": batch(),
        "Ack": Ack(_EPOCH, "s-41c2", 12, 9, False).encode(),
        "Birth": _birth(),
        "CommandMessage": command.encode(),
        "CommandResult": CommandResult("c-7f2a", "done", "", PLANT_MS, WALL_MS + 42).encode(),
        "RunClock": RunClock("r-20f1", PLANT_MS, WALL_MS, 60.0, "running").encode(),
        "SellerOrder": SellerOrder(
            "O-1042", "seller-3", "PO01", "NVY", {"M": 60, "L": 60}, "east", PLANT_MS, due_ms, 10,
            9_900,
        ).encode(),
        "Promise": Promise(
            "O-1042", True, due_ms - 24 * _HOUR_MS, "hangzhou", "line-1",
            "hangzhou/line-1: earliest finish, 24 hours before it is due.",
        ).encode(),
        "PlanMessage": _plan(),
        "UnsSite": state[site_topic],
        "UnsLine": state[line_topic],
        "UnsCell": raw_value_message(
            "home", "desk/bench", "pi-1", {"temperature": 21.5, "humidity": 60.0}, WALL_MS
        )[1],
    }  # fmt: skip
