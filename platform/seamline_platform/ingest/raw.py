"""Reads what the open door accepts: a number, `{"value":..,"ts":..}`, or a flat JSON object."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec

from seamline_broker.contracts.batch import QUALITY_BAD, QUALITY_GOOD, Readings
from seamline_broker.contracts.topics import RawTopic
from seamline_broker.errors import ContractError
from seamline_platform.ingest.wire import DECODE_ERRORS, MAX_TS_MS, MIN_TS_MS, level_fault

DEFAULT_METRIC: Final = "value"
_JSON: Final = msgspec.json.Decoder()
_MAX_FIELDS: Final = 256


class Sample(NamedTuple):
    """One value of one signal; `value` is None where the device said null."""

    metric: str
    value: float | None
    ts_ms: int | None
    """The device's own time, or None if it gave none."""


@dataclass(frozen=True, slots=True)
class Door:
    """A raw topic, ready for use: `node` is area/line, `device` the cell."""

    site: str
    node: str
    device: str
    metric: str | None


@lru_cache(maxsize=65_536)
def door(topic: str) -> Door | str:
    """Return the parts of a raw topic, or the reason why it is none."""
    try:
        t = RawTopic.parse(topic)
    except ContractError as exc:
        return str(exc)
    return Door(t.site, f"{t.area}/{t.line}", t.cell, t.metric)


def read(metric: str | None, payload: bytes) -> tuple[list[Sample], list[str]]:
    """Return the samples of a payload and a sentence for everything in it that cannot be one."""
    text = payload.strip()
    try:
        value = float(text)
    except ValueError:
        return _read_json(metric, text)
    if not math.isfinite(value) or b"_" in text:
        return [], [f"{_quote(payload)} is not a finite number."]
    return [Sample(metric or DEFAULT_METRIC, value, None)], []


def _read_json(metric: str | None, text: bytes) -> tuple[list[Sample], list[str]]:
    if not text:
        return [], ["The message is empty."]
    try:
        document = _JSON.decode(text)
    except DECODE_ERRORS:
        return [], [f"{_quote(text)} is neither a number nor JSON."]
    if not isinstance(document, dict):
        value, fault = _number(document)
        if fault:
            return [], [fault]
        return [Sample(metric or DEFAULT_METRIC, value, None)], []
    return _read_object(metric, document)


def _read_object(metric: str | None, document: dict[str, object]) -> tuple[list[Sample], list[str]]:
    faults: list[str] = []
    ts_ms: int | None = None
    if "ts" in document:
        ts_ms, fault = source_time(document.pop("ts"))
        if fault:
            return [], [fault]
    if len(document) > _MAX_FIELDS:
        return [], [f"The object has {len(document)} fields; the limit is {_MAX_FIELDS}."]
    samples: list[Sample] = []
    for name, content in document.items():
        value, fault = _number(content)
        signal = _signal(metric, name)
        fault = fault or level_fault(signal)
        if fault:
            faults.append(f"Field {name[:64]!r}: {fault}")
        else:
            samples.append(Sample(signal, value, ts_ms))
    if not samples and not faults:
        faults.append("The object has no value.")
    return samples, faults


def _signal(metric: str | None, field: str) -> str:
    if field == "value":
        return metric or DEFAULT_METRIC
    return f"{metric}.{field}" if metric else field


def _number(content: object) -> tuple[float | None, str]:
    """Return a value as a number (null stays null, true is 1), or why it is none."""
    if content is None:
        return None, ""
    if isinstance(content, bool | int | float):
        try:
            return float(content), ""
        except OverflowError:
            return None, "the number is too large."
    if isinstance(content, str) and "_" not in content:
        try:
            value = float(content)
        except ValueError:
            value = math.nan
        if math.isfinite(value):
            return value, ""
    return None, f"{_quote(content)} is not a finite number."


def source_time(ts: object) -> tuple[int | None, str]:
    """Return a source time in epoch milliseconds, or why it is none.

    Epoch milliseconds and epoch seconds both work: between 1990 and 2100 they cannot be mistaken
    for each other (seconds have ten digits or fewer, milliseconds twelve or more).
    """
    value, fault = _number(ts)
    if fault:
        return None, f"ts: {fault} It is epoch milliseconds (or seconds) of UTC."
    if value is None:
        return None, ""
    if MIN_TS_MS <= value <= MAX_TS_MS:
        return int(value), ""
    if MIN_TS_MS <= value * 1000 <= MAX_TS_MS:
        return round(value * 1000), ""
    return None, f"ts {ts!r} is an impossible time; allowed: epoch milliseconds, 1990 to 2100."


def _quote(content: object) -> str:
    if isinstance(content, bytes):
        content = content.decode("utf-8", "backslashreplace")
    return repr(content)[:80]


class RawRows:
    """Collects samples of one node (site, area/line) as columns."""

    def __init__(self) -> None:
        self.readings = Readings.empty()
        self._devices: dict[str, int] = {}
        self._metrics: dict[str, int] = {}

    def add(self, device: str, sample: Sample, arrived_ms: int) -> None:
        """Add one sample; without a time of its own it gets the time of its arrival."""
        r = self.readings
        d = self._devices.get(device)
        if d is None:
            d = self._devices[device] = len(r.device)
            r.device.append(device)
        m = self._metrics.get(sample.metric)
        if m is None:
            m = self._metrics[sample.metric] = len(r.metric)
            r.metric.append(sample.metric)
        r.d.append(d)
        r.m.append(m)
        r.ts_ms.append(arrived_ms if sample.ts_ms is None else sample.ts_ms)
        r.value.append(sample.value)
        r.quality.append(QUALITY_BAD if sample.value is None else QUALITY_GOOD)
