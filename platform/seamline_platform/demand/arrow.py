"""Any frame as an Arrow table: Arrow, pandas, polars, DuckDB, a mapping, a list of rows."""

from collections.abc import Mapping, Sequence

import pyarrow as pa


def arrow_table(data: object) -> pa.Table:
    """Return `data` as an Arrow table; the index of a pandas frame is left out.

    Raises:
        TypeError: if it is nothing that Arrow can read.
        pyarrow.ArrowException: if columns differ in length or hold mixed types.
    """
    if isinstance(data, pa.Table):
        return data
    if isinstance(data, Mapping):
        return pa.table(dict(data))
    if hasattr(data, "__arrow_c_stream__"):
        table = pa.table(data)
        extra = [name for name in table.column_names if name.startswith("__index_level_")]
        return table.drop_columns(extra) if extra else table
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        return pa.Table.from_pylist(list(data))
    raise TypeError(
        f"a {type(data).__name__} cannot be turned into an Arrow table; allowed: an Arrow table, "
        "a pandas or polars frame, a mapping of columns, a list of rows"
    )
