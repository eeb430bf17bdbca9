"""A numbered batch on the wire: a header line that is readable without the body, then the body.

Header: `{"v":1,"epoch":"9f..","n":12,"floor":3,"rows":512}`; `epoch` is a random hexadecimal text
made with the outbox file, `n` counts from 1, `floor` is the oldest number still held by the sender.
Body: `{"readings":{"device":[..],"metric":[..],"ts_ms":[..],"d":[..],"m":[..],"value":[..],
"quality":[..]},"events":{kind:{column:[..]}}}`: `d` and `m` index into `device` and `metric`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from seamline_broker.contracts.events import Columns
from seamline_broker.errors import UNREADABLE, ContractError

MAX_BODY_BYTES: Final = 48 * 1024
MAX_MESSAGE_BYTES: Final = 64 * 1024
WINDOW: Final = 64

QUALITY_GOOD: Final = 0
QUALITY_GAP: Final = 1
"""First sample after samples were missed: the time before it is not covered."""
QUALITY_BAD: Final = 2
"""The driver could not read a value: `value` is null."""

_EPOCH = re.compile(r"[0-9a-f]{1,16}\Z")


@dataclass(frozen=True, slots=True)
class BatchHeader:
    """What the platform needs to know of a batch before it opens the body."""

    epoch: str
    n: int
    floor: int
    rows: int

    def __post_init__(self) -> None:
        if not _EPOCH.match(self.epoch):
            raise ContractError(f"Batch epoch {self.epoch!r} is not 1 to 16 hexadecimal digits.")
        if not 1 <= self.floor <= self.n:
            raise ContractError(f"Batch n={self.n}, floor={self.floor}: need 1 <= floor <= n.")
        if self.rows < 0:
            raise ContractError(f"Batch rows={self.rows}: cannot be negative.")


@dataclass(slots=True)
class Readings:
    """Samples as columns of equal length; `d` and `m` index into `device` and `metric`."""

    device: list[str]
    metric: list[str]
    ts_ms: list[int]
    d: list[int]
    m: list[int]
    value: list[float | None]
    quality: list[int]

    @classmethod
    def empty(cls) -> "Readings":
        """Return readings without a row."""
        return cls([], [], [], [], [], [], [])

    def __len__(self) -> int:
        return len(self.ts_ms)


@dataclass(frozen=True, slots=True)
class BatchBody:
    """The content of a batch: samples, and events as columns per kind."""

    readings: Readings
    events: Mapping[str, Columns]

    @property
    def rows(self) -> int:
        """Number of samples and events."""
        return len(self.readings) + sum(len(c["seq"]) for c in self.events.values())


def encode_body(body: BatchBody) -> bytes:
    """Return the body as JSON bytes (numbers that are not finite must have become null before)."""
    r = body.readings
    document = {
        "readings": {
            "device": r.device,
            "metric": r.metric,
            "ts_ms": r.ts_ms,
            "d": r.d,
            "m": r.m,
            "value": r.value,
            "quality": r.quality,
        },
        "events": body.events,
    }
    return json.dumps(document, separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode()


def encode_message(header: BatchHeader, body: bytes) -> bytes:
    """Return header line and body as they go over the wire."""
    head = {
        "v": 1,
        "epoch": header.epoch,
        "n": header.n,
        "floor": header.floor,
        "rows": header.rows,
    }
    return json.dumps(head, separators=(",", ":")).encode() + b"\n" + body


def split_message(payload: bytes) -> tuple[BatchHeader, bytes]:
    """Return header and undecoded body.

    Raises:
        ContractError: if the header is not readable or breaks a rule.
    """
    line, newline, body = payload.partition(b"\n")
    if not newline:
        raise ContractError("A batch needs a header line, a newline and a body.")
    try:
        head = json.loads(line)
        if head["v"] != 1:
            raise ContractError(f"Batch version {head['v']!r} is unknown; this platform reads 1.")
        values = (head["epoch"], head["n"], head["floor"], head["rows"])
    except UNREADABLE as exc:
        raise ContractError(f"Batch header {line[:80]!r} is not readable: {exc}.") from exc
    if not isinstance(values[0], str) or any(type(v) is not int for v in values[1:]):
        raise ContractError(
            f"Batch header {line[:80]!r}: epoch is a text, n, floor, rows are whole."
        )
    return BatchHeader(*values), body


@dataclass(frozen=True, slots=True)
class Ack:
    """The platform's watermark: numbers up to `upto` are committed, up to `safe` checkpointed."""

    epoch: str
    store: str
    upto: int
    safe: int
    resume: bool

    def encode(self) -> bytes:
        """Return the acknowledgement as JSON bytes."""
        return json.dumps(
            {
                "v": 1,
                "epoch": self.epoch,
                "store": self.store,
                "upto": self.upto,
                "safe": self.safe,
                "resume": self.resume,
            },
            separators=(",", ":"),
        ).encode()

    @classmethod
    def decode(cls, payload: bytes) -> "Ack":
        """Read an acknowledgement.

        Raises:
            ContractError: if it is not readable.
        """
        try:
            d = json.loads(payload)
            return cls(
                str(d["epoch"]), str(d["store"]), int(d["upto"]), int(d["safe"]), bool(d["resume"])
            )
        except UNREADABLE as exc:
            raise ContractError(
                f"Acknowledgement {payload[:80]!r} is not readable: {exc}."
            ) from exc
