"""Collects readings and events of many nodes and cuts them into encoded batch bodies, pure."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Final

from seamline_broker.contracts.batch import (
    MAX_BODY_BYTES,
    QUALITY_BAD,
    BatchBody,
    Readings,
    encode_body,
)
from seamline_broker.contracts.events import EVENT_KINDS, Event, columns_of
from seamline_broker.errors import ContractError

_log = logging.getLogger(__name__)

_READING_BYTES: Final = 48
_EVENT_BYTES: Final = 40
_CUT_BYTES: Final = MAX_BODY_BYTES * 5 // 6


@dataclass(frozen=True, slots=True)
class Block:
    """Samples of one node taken at one moment: `values[m][d]` for each metric and device.

    A value that is None could not be read and is kept as a row without a value.
    """

    node: str
    ts_ms: int
    device: Sequence[str]
    metric: Sequence[str]
    values: Sequence[Sequence[float | None]]
    quality: int = 0

    @property
    def rows(self) -> int:
        """Number of samples."""
        return len(self.device) * len(self.metric)


@dataclass(frozen=True, slots=True)
class Cut:
    """One encoded body, ready to be numbered."""

    node: str
    rows: int
    body: bytes


class _Part:
    """Rows of one node that will go into one body."""

    def __init__(self) -> None:
        self.readings = Readings.empty()
        self.events: list[Event] = []
        self.size = 0
        self._device: dict[str, int] = {}
        self._metric: dict[str, int] = {}

    def _index(self, known: dict[str, int], names: list[str], name: str) -> int:
        index = known.get(name)
        if index is None:
            index = known[name] = len(names)
            names.append(name)
            self.size += len(name.encode()) + 3
        return index

    def add(self, block: Block) -> None:
        r = self.readings
        devices = [self._index(self._device, r.device, name) for name in block.device]
        for name, values in zip(block.metric, block.values, strict=True):
            metric = self._index(self._metric, r.metric, name)
            r.d.extend(devices)
            r.m.extend([metric] * len(devices))
            r.ts_ms.extend([block.ts_ms] * len(devices))
            finite = [v if v is not None and isfinite(v) else None for v in values]
            r.value.extend(finite)
            r.quality.extend(QUALITY_BAD if v is None else block.quality for v in finite)
        self.size += _READING_BYTES * block.rows


def _estimate(event: Event) -> int:
    return _EVENT_BYTES + sum(
        len(v.encode()) + 3 if isinstance(v, str) else 14 for v in event.values
    )


class Collector:
    """Holds accepted rows in memory until `cut` makes bodies of at most 48 KiB of them."""

    def __init__(self) -> None:
        self._parts: dict[str, list[_Part]] = {}
        self.rows = 0
        self.events = 0
        self.unfit = 0

    def _part(self, node: str, size: int) -> _Part:
        parts = self._parts.setdefault(node, [])
        if not parts or parts[-1].size + size > _CUT_BYTES:
            parts.append(_Part())
        return parts[-1]

    def add_block(self, block: Block) -> None:
        """Take samples of one moment."""
        self._part(block.node, _READING_BYTES * block.rows).add(block)
        self.rows += block.rows

    def add_events(self, events: Iterable[Event]) -> None:
        """Take domain events, in the order of their numbers.

        An event of an unknown kind, or with a wrong number of values, is counted and left out: it
        could not be stored, and must not hold up the others.
        """
        for event in events:
            kind = EVENT_KINDS.get(event.kind)
            if kind is None or len(kind.columns) != len(event.values):
                self.unfit += 1
                _log.error(
                    "Event left out: not in the contract kind=%s seq=%d", event.kind, event.seq
                )
                continue
            size = _estimate(event)
            part = self._part(event.node, size)
            part.events.append(event)
            part.size += size
            self.rows += 1
            self.events += 1

    def cut(self) -> list[Cut]:
        """Return everything taken so far as encoded bodies and start over.

        Raises:
            ContractError: if a single row is too large for a batch.
        """
        cuts: list[Cut] = []
        for node, parts in self._parts.items():
            for part in parts:
                cuts.extend(_encode(node, part.readings, part.events))
        self._parts.clear()
        self.rows = self.events = 0
        return cuts


def _encode(node: str, readings: Readings, events: list[Event]) -> list[Cut]:
    body = BatchBody(readings, columns_of(events))
    encoded = encode_body(body)
    if len(encoded) <= MAX_BODY_BYTES:
        return [Cut(node, body.rows, encoded)]
    if body.rows <= 1:
        raise ContractError(
            f"One row of node {node} takes {len(encoded)} bytes; a batch holds {MAX_BODY_BYTES}."
        )
    half, middle = len(readings) // 2, len(events) // 2
    if body.rows == 2 and half == 0 and middle == 0:  # one reading and one event
        return _encode(node, readings, []) + _encode(node, Readings.empty(), events)
    return _encode(node, _slice(readings, 0, half), events[:middle]) + _encode(
        node, _slice(readings, half, len(readings)), events[middle:]
    )


def _slice(r: Readings, start: int, stop: int) -> Readings:
    """Return rows `start` to `stop`, with their own lists of names."""
    part = _Part()
    for i in range(start, stop):
        part.add(
            Block(
                "", r.ts_ms[i], [r.device[r.d[i]]], [r.metric[r.m[i]]], [[r.value[i]]], r.quality[i]
            )
        )
    return part.readings
