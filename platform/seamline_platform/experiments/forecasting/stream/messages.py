"""What crosses the broker in a streaming benchmark: JSON that any language can read and write.

Every message to the models bears `v` (1), `kind` and `seq`: 1, 2, 3, .. over all kinds of a run,
so that a reader can put in order what a broker delivered twice or not in order. Times are plant
time, milliseconds since 1970 UTC; a period is named by its `ds`, as in the long frame: a day, a
time, or an integer.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from itertools import pairwise
from typing import Any, ClassVar, Final

from seamline_broker.errors import ContractError

VERSION: Final = 1
MAX_BYTES: Final = 60_000
Label = str | int
"""Name of a period: `2026-03-01`, `2026-03-01T05:00:00`, or an integer."""


@dataclass(frozen=True, slots=True)
class Brief:
    """The first message: what is asked."""

    kind: ClassVar[str] = "task"
    task: str
    frequency: str
    """h, D, W, MS, QS, YS, int; weeks begin on day `anchor` (since 1970, modulo 7)."""
    anchor: int
    season_length: int
    horizon: int
    levels: tuple[float, ...]
    allowed_lateness_ms: int
    """An order that comes later than this after its period's end may be too late to be used."""
    refit: int = 1
    """A model that trains does so at the first request and each so many requests later."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Series:
    """Series that begin: from which period on, with what they are."""

    kind: ClassVar[str] = "series"
    unique_id: tuple[str, ...]
    first: tuple[Label, ...]
    static: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders, not in order of time, some late, some twice: a known `id` changes nothing."""

    kind: ClassVar[str] = "orders"
    id: tuple[str, ...]
    unique_id: tuple[str, ...]
    ds: tuple[Label, ...]
    at_ms: tuple[int, ...]
    qty: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """Covariates of periods, past or to come; `missing`: what was ordered then is not known."""

    kind: ClassVar[str] = "known"
    unique_id: tuple[str, ...]
    ds: tuple[Label, ...]
    missing: tuple[bool, ...]
    columns: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Clock:
    """Plant time. A model answers `sync` by saying `synced` with this message's `seq`."""

    kind: ClassVar[str] = "clock"
    plant_ms: int
    sync: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """A period has closed: forecast the next ones, so that it arrives before the deadline."""

    kind: ClassVar[str] = "request"
    origin: Label
    """The last period of history."""
    ds: tuple[Label, ...]
    """The periods to forecast, `horizon` of them."""
    close_ms: int
    deadline_ms: int


@dataclass(frozen=True, slots=True)
class Call:
    """Who is there? Outside the numbering (`seq` 0); a model answers it by saying `hello`."""

    kind: ClassVar[str] = "call"


@dataclass(frozen=True, slots=True)
class End:
    """Nothing more comes."""

    kind: ClassVar[str] = "end"
    reason: str = ""


Message = Call | Brief | Series | Orders | Known | Clock | Request | End
KINDS: Final[Mapping[str, type[Message]]] = {
    kind.kind: kind for kind in (Call, Brief, Series, Orders, Known, Clock, Request, End)
}


def encode(seq: int, message: Message) -> bytes:
    """Return a message to the models."""
    document = {"v": VERSION, "kind": message.kind, "seq": seq, **asdict(message)}
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def decode(payload: bytes) -> tuple[int, Message]:
    """Return number and content of a message to the models.

    Raises:
        ContractError: if it is not such a message.
    """
    document = _object(payload)
    kind = KINDS.get(str(document.get("kind")))
    seq = document.get("seq")
    if document.get("v") != VERSION or kind is None or type(seq) is not int:
        raise ContractError(
            f"Message has v {document.get('v')!r}, kind {document.get('kind')!r}, seq {seq!r}; "
            f"expected v 1, a kind of {', '.join(KINDS)}, and a number."
        )
    values = {f.name: _tuples(document[f.name]) for f in fields(kind) if f.name in document}
    try:
        message: Message = kind(**values)
    except TypeError as exc:
        raise ContractError(f"Message {kind.kind!r} is not complete: {exc}.") from exc
    if isinstance(message, Series | Orders | Known) and not _even(message):
        raise ContractError(f"Message {kind.kind!r} has columns of different lengths, or none.")
    return seq, message


def _even(message: Series | Orders | Known) -> bool:
    """Return whether all columns are lists of one length."""
    columns: list[Any] = []
    for f in fields(message):
        value = getattr(message, f.name)
        columns += value.values() if isinstance(value, Mapping) else [value]
    return all(isinstance(c, tuple) for c in columns) and len({len(c) for c in columns}) == 1


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a model says: for each series, one row per period, one number per level."""

    origin: Label
    series: Mapping[str, tuple[tuple[float, ...], ...]]


def encode_forecasts(origin: Label, series: Mapping[str, Sequence[Sequence[float]]]) -> list[bytes]:
    """Return a forecast as messages of at most 60 kB, each whole for its series."""
    head = {"v": VERSION, "origin": origin}
    messages: list[bytes] = []
    part: dict[str, Sequence[Sequence[float]]] = {}
    size = 0
    for name, rows in series.items():
        text = json.dumps(rows, separators=(",", ":"))
        if part and size + len(text) + len(name) > MAX_BYTES:
            messages.append(json.dumps({**head, "series": part}, separators=(",", ":")).encode())
            part, size = {}, 0
        part[name] = rows
        size += len(text) + len(name) + 8
    if part:
        messages.append(json.dumps({**head, "series": part}, separators=(",", ":")).encode())
    return messages


def decode_forecast(payload: bytes, horizon: int, levels: int) -> Forecast:
    """Return what a model said.

    Raises:
        ContractError: if it is not JSON of the form `{"v":1,"origin":..,"series":{id:[[..]]}}`, a
            series has not one row per period and one number per level, or a number is not finite
            or falls with the level.
    """
    document = _object(payload)
    series = document.get("series")
    if document.get("v") != VERSION or "origin" not in document or not isinstance(series, dict):
        raise ContractError('A forecast is {"v": 1, "origin": .., "series": {id: rows}}.')
    return Forecast(
        document["origin"],
        {name: _rows(name, rows, horizon, levels) for name, rows in series.items()},
    )


def _rows(name: str, rows: Any, horizon: int, levels: int) -> tuple[tuple[float, ...], ...]:
    try:
        made = tuple(tuple(float(value) for value in row) for row in rows)
    except (TypeError, ValueError) as exc:
        raise ContractError(f"Forecast of {name!r} has something that is no number.") from exc
    if len(made) != horizon or any(len(row) != levels for row in made):
        raise ContractError(
            f"Forecast of {name!r} needs {horizon} rows (periods) of {levels} numbers (levels)."
        )
    if not all(math.isfinite(value) for row in made for value in row):
        raise ContractError(f"Forecast of {name!r} has a number that is not finite.")
    if any(b < a - 1e-9 for row in made for a, b in pairwise(row)):
        raise ContractError(f"Forecast of {name!r} falls with the level.")
    return made


def _object(payload: bytes) -> dict[str, Any]:
    try:
        document = json.loads(payload)
    except (ValueError, UnicodeDecodeError, RecursionError) as exc:
        raise ContractError(f"A message of {len(payload)} bytes is not JSON: {exc}.") from exc
    if not isinstance(document, dict):
        raise ContractError(f"A message is a JSON object, not a {type(document).__name__}.")
    return document


def _tuples(value: object) -> Any:
    if isinstance(value, list):
        return tuple(map(_tuples, value))
    if isinstance(value, dict):
        return {key: _tuples(part) for key, part in value.items()}
    return value
