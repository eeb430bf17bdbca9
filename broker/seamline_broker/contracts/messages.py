"""Messages besides batches and commands: certificates, the run's clock, orders, promises, plans."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from seamline_broker.contracts.topics import PLAN_STATUSES, check_level
from seamline_broker.errors import UNREADABLE, ContractError

MAX_ORDER_PIECES = 20_000
MAX_PLAN_ROWS = 300
"""Rows of a plan in one message: it stays below 64 KiB."""


def _load(payload: bytes, what: str) -> dict[str, object]:
    try:
        document = json.loads(payload)
    except (ValueError, RecursionError) as exc:
        raise ContractError(f"{what} {payload[:80]!r} is not JSON: {exc}.") from exc
    if not isinstance(document, dict):
        raise ContractError(f"{what} {payload[:80]!r} is not a JSON object.")
    return document


@dataclass(frozen=True, slots=True)
class Metric:
    """A signal of a device: its name, unit and what it means."""

    name: str
    unit: str
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Device:
    """A device behind a node: `kind` is station | line | plant | warehouse | field | sensor."""

    id: str
    kind: str
    name: str
    metrics: tuple[Metric, ...] = ()
    machine: str = ""


@dataclass(frozen=True, slots=True)
class Birth:
    """A node's retained certificate: who it is, what it has, which commands it takes."""

    site: str
    node: str
    kind: str
    online: bool
    wall_ms: int
    epoch: str = ""
    devices: tuple[Device, ...] = ()
    commands: tuple[str, ...] = ()
    catalogue: Mapping[str, object] | None = None
    """Product master data (`Catalogue.to_document`): the field node alone carries it."""

    def encode(self) -> bytes:
        """Return the certificate as JSON bytes."""
        return json.dumps(
            {"v": 1, **asdict(self)}, separators=(",", ":"), ensure_ascii=False
        ).encode()

    @classmethod
    def decode(cls, payload: bytes) -> "Birth":
        """Read a certificate.

        Raises:
            ContractError: if it is not readable.
        """
        d = _load(payload, "Birth certificate")
        try:
            devices = tuple(
                Device(
                    str(item["id"]),
                    str(item["kind"]),
                    str(item["name"]),
                    tuple(Metric(m["name"], m["unit"], m["meaning"]) for m in item["metrics"]),
                    str(item["machine"]),
                )
                for item in d["devices"]  # type: ignore[attr-defined]  # wrong shapes raise below
            )
            return cls(
                check_level(str(d["site"]), "site"),
                check_level(str(d["node"]), "node"),
                str(d["kind"]),
                bool(d["online"]),
                int(d["wall_ms"]),  # type: ignore[call-overload]
                str(d["epoch"]),
                devices,
                tuple(str(c) for c in d["commands"]),  # type: ignore[attr-defined]
                d["catalogue"],  # type: ignore[arg-type]
            )
        except UNREADABLE as exc:
            raise ContractError(f"Birth certificate is not readable: {exc!r}.") from exc


@dataclass(frozen=True, slots=True)
class RunClock:
    """The one clock of a run: plant time, speed and state (running | paused | skipping)."""

    run: str
    plant_ms: int
    wall_ms: int
    speed: float
    state: str

    def encode(self) -> bytes:
        """Return the clock as JSON bytes."""
        return json.dumps({"v": 1, **asdict(self)}, separators=(",", ":")).encode()

    @classmethod
    def decode(cls, payload: bytes) -> "RunClock":
        """Read a clock.

        Raises:
            ContractError: if it is not readable.
        """
        d = _load(payload, "Clock")
        try:
            return cls(
                str(d["run"]),
                int(d["plant_ms"]),  # type: ignore[call-overload]
                int(d["wall_ms"]),  # type: ignore[call-overload]
                float(d["speed"]),  # type: ignore[arg-type]
                str(d["state"]),
            )
        except UNREADABLE as exc:
            raise ContractError(f"Clock is not readable: {exc!r}.") from exc


@dataclass(frozen=True, slots=True)
class SellerOrder:
    """An order as a seller system sends it; the same id sent again changes nothing."""

    order: str
    seller: str
    style: str
    colour: str
    sizes: Mapping[str, int] = field(default_factory=dict)
    region: str = ""
    placed_ms: int = 0
    due_ms: int = 0
    weight: int = 1
    price_fen: int = 0

    def __post_init__(self) -> None:
        check_level(self.order, "order")
        check_level(self.seller, "seller")
        pieces = sum(self.sizes.values())
        if any(type(n) is not int or n < 0 for n in self.sizes.values()):
            raise ContractError(
                f"Order {self.order}: sizes {dict(self.sizes)} must be whole, >= 0."
            )
        if not 1 <= pieces <= MAX_ORDER_PIECES:
            raise ContractError(f"Order {self.order}: {pieces} pieces; 1 to {MAX_ORDER_PIECES}.")
        if not 1 <= self.weight <= 10:
            raise ContractError(f"Order {self.order}: weight {self.weight}; 1 to 10.")

    def encode(self) -> bytes:
        """Return the order as JSON bytes."""
        document = {"v": 1, **asdict(self), "sizes": dict(self.sizes)}
        return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()

    @classmethod
    def decode(cls, payload: bytes) -> "SellerOrder":
        """Read an order.

        Raises:
            ContractError: if it is not readable or breaks a rule.
        """
        d = _load(payload, "Order")
        try:
            return cls(
                str(d["order"]),
                str(d["seller"]),
                str(d["style"]),
                str(d["colour"]),
                dict(d["sizes"]),  # type: ignore[call-overload]
                str(d["region"]),
                int(d["placed_ms"]),  # type: ignore[call-overload]
                int(d["due_ms"]),  # type: ignore[call-overload]
                int(d.get("weight", 1)),  # type: ignore[call-overload]
                int(d.get("price_fen", 0)),  # type: ignore[call-overload]
            )
        except UNREADABLE as exc:
            raise ContractError(f"Order {payload[:120]!r} is not readable: {exc!r}.") from exc


@dataclass(frozen=True, slots=True)
class Promise:
    """The platform's answer to a seller: when, from where, and why; or a refusal."""

    order: str
    accepted: bool
    promise_ms: int
    site: str
    line: str
    reason: str

    def encode(self) -> bytes:
        """Return the promise as JSON bytes."""
        return json.dumps(
            {"v": 1, **asdict(self)}, separators=(",", ":"), ensure_ascii=False
        ).encode()

    @classmethod
    def decode(cls, payload: bytes) -> "Promise":
        """Read a promise.

        Raises:
            ContractError: if it is not readable.
        """
        d = _load(payload, "Promise")
        try:
            return cls(
                str(d["order"]),
                bool(d["accepted"]),
                int(d["promise_ms"]),  # type: ignore[call-overload]
                str(d["site"]),
                str(d["line"]),
                str(d["reason"]),
            )
        except UNREADABLE as exc:
            raise ContractError(f"Promise {payload[:80]!r} is not readable: {exc!r}.") from exc


_PLAN_NUMBERS = (
    "version", "plant_ms", "wall_ms", "heard_ms", "cost", "cost_before", "late", "orders",
)  # fmt: skip
_PLAN_WORDS = ("status", "trigger", "station", "order", "reason", "reason_zh")


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One order in a plan; times are plant time."""

    order: str
    site: str
    line: str
    start_ms: int
    end_ms: int
    due_ms: int


@dataclass(frozen=True, slots=True)
class PlanMessage:
    """A plan as the dispatch hub publishes it: why it was made, what it costs, who sews what when.

    `status` is accepted | provisional | proposal; `heard_ms` is the wall time at which the reason
    became known. `rows` holds what begins first, at most `MAX_PLAN_ROWS` of `orders`.
    """

    version: int
    status: str
    trigger: str
    station: str
    order: str
    reason: str
    reason_zh: str
    plant_ms: int
    wall_ms: int
    heard_ms: int
    cost: int
    cost_before: int
    late: int
    p50: float | None
    p90: float | None
    orders: int
    rows: tuple[PlanRow, ...] = ()

    def __post_init__(self) -> None:
        if self.status not in PLAN_STATUSES:
            raise ContractError(f"A plan is {', '.join(PLAN_STATUSES)}; got {self.status!r}.")
        if len(self.rows) > MAX_PLAN_ROWS:
            raise ContractError(f"{len(self.rows)} rows of a plan; at most {MAX_PLAN_ROWS}.")

    def encode(self) -> bytes:
        """Return the plan as JSON bytes."""
        return json.dumps(
            {"v": 1, **asdict(self)}, separators=(",", ":"), ensure_ascii=False
        ).encode()

    @classmethod
    def decode(cls, payload: bytes) -> "PlanMessage":
        """Read a plan.

        Raises:
            ContractError: if it is not readable; an empty payload (there is no such plan) is not.
        """
        d = _load(payload, "Plan")
        try:
            values: dict[str, Any] = {name: int(d[name]) for name in _PLAN_NUMBERS}  # type: ignore[call-overload]
            values |= {name: str(d[name]) for name in _PLAN_WORDS}
            for name in ("p50", "p90"):
                values[name] = None if d[name] is None else float(d[name])  # type: ignore[arg-type]
            rows = tuple(
                PlanRow(
                    str(row["order"]), str(row["site"]), str(row["line"]),
                    int(row["start_ms"]), int(row["end_ms"]), int(row["due_ms"]),
                )
                for row in d["rows"]  # type: ignore[attr-defined]  # wrong shapes raise below
            )  # fmt: skip
            return cls(**values, rows=rows)
        except UNREADABLE as exc:
            raise ContractError(f"Plan {payload[:80]!r} is not readable: {exc!r}.") from exc
