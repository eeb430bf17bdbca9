"""Opens the body of a numbered batch: typed JSON, checked column by column at the speed of C.

A batch is taken part by part: its readings, and each kind of events. A part that breaks the
contract is refused as a whole and named in `faults`; of the readings only the rows with an
impossible time or device are refused. `seamline_broker.contracts.events.check_columns` says the
same more slowly and is the measure in the tests.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import msgspec

from seamline_broker.contracts.batch import QUALITY_BAD, BatchHeader, Readings
from seamline_broker.contracts.events import EVENT_KINDS, Columns, EventKind
from seamline_broker.contracts.topics import check_level
from seamline_broker.errors import ContractError
from seamline_platform.store.events import EVENT_TABLES

MIN_TS_MS: Final = 631_152_000_000
"""1990-01-01: a clock before that was never set."""
MAX_TS_MS: Final = 4_102_444_800_000
"""2100-01-01."""
_MAX_INT: Final = 2**63 - 1

DECODE_ERRORS: Final = (msgspec.MsgspecError, RecursionError, UnicodeError, OverflowError)


class _Readings(msgspec.Struct):
    device: list[str]
    metric: list[str]
    ts_ms: list[int]
    d: list[int]
    m: list[int]
    value: list[float | None]
    quality: list[int]


class _Body(msgspec.Struct):
    readings: msgspec.Raw = msgspec.Raw(b"")
    events: dict[str, msgspec.Raw] = msgspec.field(default_factory=dict)


_LISTS: Final[Mapping[str, Any]] = {
    "str": list[str],
    "int": list[int],
    "float": list[float],
    "bool": list[bool],
}


def _columns_type(kind: EventKind) -> type[msgspec.Struct]:
    names: list[tuple[str, Any]] = [("seq", list[int]), ("ts_ms", list[int])]
    names += [(c.name, _LISTS[c.type]) for c in kind.columns]
    return msgspec.defstruct(f"{kind.name}_columns", names, forbid_unknown_fields=True)


_BODY: Final = msgspec.json.Decoder(_Body)
_READINGS: Final = msgspec.json.Decoder(_Readings)
_EVENTS: Final[Mapping[str, msgspec.json.Decoder[Any]]] = {
    kind: msgspec.json.Decoder(_columns_type(EVENT_KINDS[kind])) for kind in EVENT_TABLES
}


@dataclass(slots=True)
class Decoded:
    """What a body held: good readings and events, and a sentence for each part that was refused."""

    readings: Readings = field(default_factory=Readings.empty)
    events: dict[str, Columns] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Rows that were taken."""
        return len(self.readings) + sum(len(c["seq"]) for c in self.events.values())


def decode_body(header: BatchHeader, body: bytes) -> Decoded:
    """Open a body; nothing is raised: what cannot be used is named in `faults`."""
    result = Decoded()
    try:
        parts = _BODY.decode(body)
    except DECODE_ERRORS as exc:
        result.faults.append(f"Body is not readable: {_say(exc)}.")
        return result
    if parts.readings:
        _part(result, "readings", parts.readings, _take_readings)
    for kind, raw in parts.events.items():
        _part(result, kind, raw, _take_events)
    if not result.faults and result.rows != header.rows:
        return Decoded(faults=[f"Header says {header.rows} rows, body has {result.rows}."])
    return result


def _part(
    result: Decoded, name: str, raw: msgspec.Raw, take: Callable[[Decoded, str, msgspec.Raw], None]
) -> None:
    try:
        take(result, name, raw)
    except DECODE_ERRORS as exc:
        result.faults.append(f"{name!r}: {_say(exc)}.")
    except ContractError as exc:
        result.faults.append(f"{name!r}: {exc}")


def _say(exc: BaseException) -> str:
    return f"{type(exc).__name__} {exc}"[:300]


def _take_events(result: Decoded, kind: str, raw: msgspec.Raw) -> None:
    decoder = _EVENTS.get(kind)
    if decoder is None:
        raise ContractError(f"the kind is unknown; kinds: {', '.join(EVENT_TABLES)}.")
    columns = decoder.decode(raw)
    values: Columns = {name: getattr(columns, name) for name in columns.__struct_fields__}
    rows = len(values["seq"])
    for column in EVENT_TABLES[kind].columns:
        name, content = column.wire_name, values[column.wire_name]
        if len(content) != rows:
            raise ContractError(f"column {name!r} has {len(content)} of {rows} rows.")
        if column.type == "int" and rows:
            _check_ints(name, content, zero_allowed=name != "ts_ms", is_time=column.is_time)
    if rows:
        result.events[kind] = values


def _check_ints(name: str, values: Sequence[Any], *, zero_allowed: bool, is_time: bool) -> None:
    low, high = min(values), max(values)
    if not is_time:
        if low < -_MAX_INT or high > _MAX_INT:
            raise ContractError(f"column {name!r} holds a number beyond 64 bits.")
        return
    if low == 0 and zero_allowed:
        low = min((v for v in values if v), default=MIN_TS_MS)
    if low < MIN_TS_MS or high > MAX_TS_MS:
        bad = low if low < MIN_TS_MS else high
        raise ContractError(f"column {name!r} holds the time {bad} ms; allowed: 1990 to 2100.")


def check_time(name: str, ts_ms: int) -> None:
    """Check a single time of a message; 0 stands for unknown.

    Raises:
        ContractError: if it is before 1990 or after 2100.
    """
    if ts_ms and not MIN_TS_MS <= ts_ms <= MAX_TS_MS:
        raise ContractError(f"{name}={ts_ms} is an impossible time; allowed: 1990 to 2100.")


@lru_cache(maxsize=65_536)
def level_fault(name: str) -> str:
    """Return why `name` cannot be an id, or an empty text."""
    try:
        check_level(name)
    except ContractError as exc:
        return str(exc)
    return ""


def _take_readings(result: Decoded, _name: str, raw: msgspec.Raw) -> None:
    part = _READINGS.decode(raw)
    rows = len(part.ts_ms)
    for name in ("d", "m", "value", "quality"):
        if len(getattr(part, name)) != rows:
            raise ContractError(f"column {name!r} has {len(getattr(part, name))} of {rows} rows.")
    if not rows:
        return
    _check_index("d", part.d, len(part.device))
    _check_index("m", part.m, len(part.metric))
    _check_index("quality", part.quality, QUALITY_BAD + 1)
    for name in part.metric:
        if fault := level_fault(name):
            raise ContractError(f"metric: {fault}")
    readings = Readings(
        part.device, part.metric, part.ts_ms, part.d, part.m, part.value, part.quality
    )
    bad_devices = {i for i, name in enumerate(part.device) if level_fault(name)}
    if bad_devices or min(part.ts_ms) < MIN_TS_MS or max(part.ts_ms) > MAX_TS_MS:
        readings = _without_bad_rows(readings, bad_devices, result.faults)
    result.readings = readings


def _check_index(name: str, values: list[int], size: int) -> None:
    low, high = min(values), max(values)
    if low < 0 or high >= size:
        raise ContractError(
            f"column {name!r} holds {low if low < 0 else high}; allowed: 0 to {size - 1}."
        )


def _without_bad_rows(r: Readings, bad_devices: set[int], faults: list[str]) -> Readings:
    times = [MIN_TS_MS <= ts <= MAX_TS_MS for ts in r.ts_ms]
    keep = [ok and d not in bad_devices for ok, d in zip(times, r.d, strict=True)]
    if not all(times):
        bad = r.ts_ms[times.index(False)]
        faults.append(
            f"Readings: {times.count(False)} rows with an impossible time, e.g. {bad} ms; "
            "allowed: 1990 to 2100."
        )
    for index in sorted(bad_devices):
        faults.append(f"Readings of one device: {level_fault(r.device[index])}")

    def kept(values: list[Any]) -> list[Any]:
        return [v for v, ok in zip(values, keep, strict=True) if ok]

    return Readings(
        r.device, r.metric, kept(r.ts_ms), kept(r.d), kept(r.m), kept(r.value), kept(r.quality)
    )
