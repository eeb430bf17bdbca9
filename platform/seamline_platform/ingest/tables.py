"""Decoded batches and orders as rows for the store."""

from typing import Final

import numpy as np
import pyarrow as pa

from seamline_broker.contracts.events import Columns
from seamline_broker.contracts.messages import SellerOrder
from seamline_platform.domain.batches import DecodedBatch
from seamline_platform.store.events import EVENT_TABLES

_TIME: Final = pa.timestamp("ms")
_NAMES: Final = (
    "source_ts",
    "plant_ts",
    "wall_ts",
    "site",
    "node",
    "device",
    "metric",
    "value",
    "quality",
    "source",
    "batch_id",
)
_ARROW: Final = {"str": pa.string(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_()}


def times(values: "np.ndarray | list[int]") -> pa.Array:
    """Return epoch milliseconds as Arrow timestamps."""
    return pa.array(values, pa.int64()).view(_TIME)


def _same_time(value: int | None, rows: int) -> pa.Array:
    if value is None:
        return pa.nulls(rows, _TIME)
    return times(np.full(rows, value, np.int64))


def _named(indices: pa.Array, names: list[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(indices, pa.array(names, pa.string()), safe=False)


def readings_batch(batch: DecodedBatch, plant_ms: int | None, *, own_clock: bool) -> pa.RecordBatch:
    """Return the samples of a batch as rows of `readings`.

    With `own_clock` the samples' times are not plant time: `plant_ms` (or NULL) stands for it.
    """
    r = batch.readings
    rows = len(r)
    zeros = pa.array(np.zeros(rows, np.int32))
    source_ts = times(r.ts_ms)
    return pa.RecordBatch.from_arrays(
        [
            source_ts,
            _same_time(plant_ms, rows) if own_clock else source_ts,
            _same_time(batch.wall_ms, rows),
            _named(zeros, [batch.site]),
            _named(zeros, [batch.node]),
            _named(pa.array(r.d, pa.int32()), r.device),
            _named(pa.array(r.m, pa.int32()), r.metric),
            pa.array(r.value, pa.float64()),
            pa.array(r.quality, pa.uint8()),
            _named(zeros, [batch.source]),
            pa.array(np.full(rows, batch.batch_id, np.int64)),
        ],
        names=list(_NAMES),
    )


def events_batch(kind: str, columns: Columns, batch: DecodedBatch) -> pa.RecordBatch:
    """Return the events of one kind as rows of their table."""
    table = EVENT_TABLES[kind]
    rows = len(columns["seq"])
    zeros = pa.array(np.zeros(rows, np.int32))
    names = [c.name for c in table.columns]
    arrays: list[pa.Array] = []
    for column in table.columns:
        values = columns[column.wire_name]
        if column.is_time:
            unknown = np.equal(values, 0)  # 0 on the wire: not known
            arrays.append(pa.array(values, pa.int64(), mask=unknown).view(_TIME))
        else:
            arrays.append(pa.array(values, _ARROW[column.type]))
    arrays += [
        _named(zeros, [batch.site]),
        _named(zeros, [batch.node]),
        pa.array(np.full(rows, batch.batch_id, np.int64)),
    ]
    return pa.RecordBatch.from_arrays(arrays, names=[*names, "site", "node", "batch_id"])


def order_row(order: SellerOrder, wall_ms: int) -> dict[str, object]:
    """Return a seller's order as a row of `orders`."""
    return {
        "order_id": order.order,
        "kind": "seller",
        "seller": order.seller,
        "style": order.style,
        "colour": order.colour,
        "sizes": dict(order.sizes),
        "pieces": sum(order.sizes.values()),
        "region": order.region,
        "placed_ts": order.placed_ms,
        "due_ts": order.due_ms,
        "weight": order.weight,
        "price_fen": order.price_fen,
        "source": "mqtt",
        "wall_ts": wall_ms,
    }
