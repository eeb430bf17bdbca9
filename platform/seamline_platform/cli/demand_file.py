"""Sales files for `--demand`: the field reads CSV alone, so Parquet becomes CSV first."""

from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from seamline_broker.errors import ConfigError

COLUMNS: Final = ("unique_id", "ds", "y")
_PARQUET: Final = (".parquet", ".pq")


def as_csv(file: Path, folder: Path) -> Path:
    """Return `file` if it is CSV; a Parquet file is written into `folder` as CSV.

    Raises:
        ConfigError: if it cannot be read, lacks a column, or `folder` cannot be written.
    """
    if file.suffix.lower() not in _PARQUET:
        return file.absolute()
    try:
        schema = pq.read_schema(file)
        missing = [name for name in COLUMNS if name not in schema.names]
        if missing:
            raise ConfigError(
                f"Demand file {file}: columns are {schema.names}; it lacks {missing[0]!r}. "
                "Expected a long frame: unique_id, ds, y."
            )
        table = pq.read_table(file, columns=list(COLUMNS))
        target = folder / f"{file.stem}.csv"
        pc.write_csv(table.cast(_texts(table.schema)), target)
    except (OSError, pa.ArrowException) as exc:
        raise ConfigError(f"Demand file {file} cannot be read: {exc}.") from exc
    return target.absolute()


def _texts(schema: pa.Schema) -> pa.Schema:
    """Days as texts such as 2025-03-31, whatever precision their stamps have."""
    day = schema.field("ds")
    kind = pa.string() if pa.types.is_string(day.type) else pa.date32()
    return schema.set(schema.get_field_index("ds"), pa.field("ds", kind))
