"""Reads stored batches back, so that streams and twin can be restored after a restart."""

from collections.abc import Collection, Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Final

import duckdb

from seamline_broker.contracts.batch import Readings
from seamline_broker.contracts.events import Columns
from seamline_platform.domain.batches import DecodedBatch
from seamline_platform.store.events import EVENT_TABLES, EventColumn

_STEP: Final = 2_000
"""Batches read at a time: bounds the memory of a rebuild."""

_Content = dict[int, tuple[dict[str, Columns], list[tuple[object, ...]]]]


def rebuild(
    cursor: duckdb.DuckDBPyConnection,
    since_ms: int,
    kinds: Iterable[str],
    *,
    readings: bool | Collection[str],
) -> Iterator[DecodedBatch]:
    """Yield stored batches in order of arrival with rows of plant time `since_ms` or later."""
    wanted = [kind for kind in EVENT_TABLES if kind in set(kinds)]
    bounds = cursor.execute("SELECT min(batch_id), max(batch_id) FROM batches").fetchone()
    if bounds is None or bounds[0] is None:
        return
    first, last = bounds
    for start in range(first, last + 1, _STEP):
        span = (start, start + _STEP - 1, since_ms)
        content: _Content = {}
        for kind in wanted:
            _add_events(cursor, kind, span, content)
        if readings:
            _add_readings(cursor, span, readings, content)
        if content:
            yield from _batches(cursor, span, content)


def _batches(
    cursor: duckdb.DuckDBPyConnection, span: tuple[int, int, int], content: _Content
) -> Iterator[DecodedBatch]:
    heads = cursor.execute(
        "SELECT batch_id, site, node, epoch_ms(wall_ts) FROM batches "
        "WHERE batch_id BETWEEN ? AND ? ORDER BY batch_id",
        span[:2],
    ).fetchall()
    for batch_id, site, node, wall_ms in heads:
        if batch_id not in content:
            continue
        events, rows = content[batch_id]
        readings = _as_readings(rows)
        newest = [max(columns["ts_ms"]) for columns in events.values()]
        newest += readings.ts_ms
        yield DecodedBatch(
            site, node, batch_id, wall_ms, int(max(newest)), "rebuild", readings, events
        )


def _select(column: EventColumn) -> str:
    if column.is_time:
        return f'coalesce(epoch_ms("{column.name}"), 0)'
    return f'"{column.name}"'


def _add_events(
    cursor: duckdb.DuckDBPyConnection, kind: str, span: tuple[int, int, int], content: _Content
) -> None:
    table = EVENT_TABLES[kind]
    columns = ", ".join(_select(c) for c in table.columns)
    rows = cursor.execute(
        f'SELECT batch_id, {columns} FROM "{table.table}" '
        "WHERE batch_id BETWEEN ? AND ? AND ts >= epoch_ms(?::BIGINT) ORDER BY batch_id, seq",
        span,
    ).fetchall()
    names = [c.wire_name for c in table.columns]
    for batch_id, group in groupby(rows, key=itemgetter(0)):
        values = zip(*group, strict=True)
        next(values)
        events, _ = content.setdefault(batch_id, ({}, []))
        events[kind] = dict(zip(names, map(list, values), strict=True))


def _add_readings(
    cursor: duckdb.DuckDBPyConnection,
    span: tuple[int, int, int],
    wanted: bool | Collection[str],
    content: _Content,
) -> None:
    every = wanted is True
    metrics = [] if isinstance(wanted, bool) else list(wanted)
    rows = cursor.execute(
        "SELECT batch_id, device, metric, epoch_ms(source_ts), value, quality FROM readings "
        "WHERE batch_id BETWEEN ? AND ? AND plant_ts >= epoch_ms(?::BIGINT) "
        "AND (? OR list_contains(?::VARCHAR[], metric)) ORDER BY batch_id, source_ts",
        (*span, every, metrics),
    ).fetchall()
    for batch_id, group in groupby(rows, key=itemgetter(0)):
        content.setdefault(batch_id, ({}, []))[1].extend(group)


def _as_readings(rows: list[tuple[object, ...]]) -> Readings:
    result = Readings.empty()
    devices: dict[str, int] = {}
    metrics: dict[str, int] = {}
    for _, device, metric, ts_ms, value, quality in rows:
        result.d.append(devices.setdefault(str(device), len(devices)))
        result.m.append(metrics.setdefault(str(metric), len(metrics)))
        result.ts_ms.append(ts_ms)  # type: ignore[arg-type]  # typed by the query
        result.value.append(value)  # type: ignore[arg-type]  # typed by the query
        result.quality.append(quality)  # type: ignore[arg-type]  # typed by the query
    result.device, result.metric = list(devices), list(metrics)
    return result
