"""A hash of what a table says, however a file or a version of Arrow would store it."""

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def content_sha256(*tables: pa.Table) -> str:
    """Return the sha-256 of the tables' column names and values, in their order.

    Numbers count as float64, times as whole microseconds; an empty value differs from every number.
    """
    total = hashlib.sha256()
    for table in tables:
        total.update(f"{table.num_rows}\0".encode())
        for name in table.column_names:
            total.update(f"{name}\0".encode())
            for part in _values(table[name]):
                total.update(part)
    return total.hexdigest()


def _values(column: pa.ChunkedArray) -> list[bytes]:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = pc.cast(column, kind.value_type)
        kind = kind.value_type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        coded = pc.cast(column, pa.string()).combine_chunks().dictionary_encode()
        names = [str(name) for name in coded.dictionary.to_pylist()]
        # a dictionary lists values as they come: their order belongs to the content
        index = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype("<i8")
        return ["\n".join(names).encode(), index.tobytes()]
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        column = pc.cast(pc.cast(column, pa.timestamp("us")), pa.int64())
        return [column.fill_null(np.iinfo(np.int64).min).to_numpy().astype("<i8").tobytes()]
    numbers = pc.cast(column, pa.float64())
    missing = pc.is_null(numbers).to_numpy(zero_copy_only=False)
    values = numbers.fill_null(0.0).to_numpy(zero_copy_only=False).astype("<f8")
    return [values.tobytes(), np.packbits(missing).tobytes()]
