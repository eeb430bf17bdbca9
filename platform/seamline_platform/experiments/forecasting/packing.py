"""Frames and forecasts as bytes: for the pipe to a worker, and for the disk."""

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seamline_platform.demand.frame import forecast_table, grid_of
from seamline_platform.demand.frequency import Frequency


def pack_frame(table: pa.Table) -> bytes:
    """Return a long frame as bytes; equal texts are sent once."""
    for place, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            coded = pc.dictionary_encode(table[field.name])
            table = table.set_column(place, field.name, coded)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table.unify_dictionaries().combine_chunks())
    packed: bytes = sink.getvalue().to_pybytes()
    return packed


def unpack_frame(packed: bytes) -> pa.Table:
    """Return the long frame in bytes, texts as plain texts."""
    table = pa.ipc.open_stream(packed).read_all()
    for place, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            plain = pc.cast(table[field.name], field.type.value_type)
            table = table.set_column(place, field.name, plain)
    return table


def pack_forecast(table: pa.Table, freq: Frequency) -> bytes:
    """Return a complete forecast as bytes: its names once, its values as numbers."""
    grid = grid_of(table, freq)
    header = {
        "ids": list(grid.ids),
        "start": grid.start,
        "freq": [freq.name, freq.anchor],
        "quantiles": list(grid.quantiles),
        "periods": grid.values.shape[1],
    }
    raw = np.ascontiguousarray(grid.values, dtype="<f8").tobytes()
    packed: bytes = pa.compress(raw, codec="zstd", asbytes=True)
    return join([json.dumps(header).encode(), packed])


def unpack_forecast(packed: bytes) -> pa.Table:
    """Return the forecast in bytes as the long table `unique_id, ds, quantile, value`."""
    text, body = split(packed)
    header: dict[str, Any] = json.loads(text)
    shape = (len(header["ids"]), header["periods"], len(header["quantiles"]))
    raw = pa.decompress(body, 8 * int(np.prod(shape)), codec="zstd", asbytes=True)
    values = np.frombuffer(raw, dtype="<f8").reshape(shape).astype(np.float64)
    freq = Frequency(*header["freq"])
    return forecast_table(header["ids"], header["start"], header["quantiles"], values, freq)


def join(parts: list[bytes]) -> bytes:
    """Return parts as one, each behind its length."""
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)


def split(joined: bytes) -> list[bytes]:
    """Return what `join` put together.

    Raises:
        ValueError: if it is cut off.
    """
    parts, at = [], 0
    while at < len(joined):
        size = int.from_bytes(joined[at : at + 8], "big")
        part = joined[at + 8 : at + 8 + size]
        if len(part) != size:
            raise ValueError("packed bytes are cut off")
        parts.append(part)
        at += 8 + size
    return parts
