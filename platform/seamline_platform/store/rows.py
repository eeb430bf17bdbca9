"""Rows as Arrow: the schema of each table, and plain rows checked against it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import pyarrow as pa

from seamline_broker.errors import StoreError
from seamline_platform.store.schema import TableSpec

ARROW_TYPES: Final[Mapping[str, pa.DataType]] = {
    "TIMESTAMP": pa.timestamp("ms"),  # so that a whole number is epoch milliseconds
    "VARCHAR": pa.string(),
    "DOUBLE": pa.float64(),
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "UTINYINT": pa.uint8(),
    "BOOLEAN": pa.bool_(),
}

Row = Mapping[str, object]


def arrow_schema(table: TableSpec) -> pa.Schema:
    """Return the Arrow schema of rows for `table`."""
    return pa.schema([(c.name, ARROW_TYPES[c.sql_type]) for c in table.columns])


class RowConverter:
    """Turns rows for any table of the store into Arrow."""

    def __init__(self, tables: Mapping[str, TableSpec]) -> None:
        self._schemas = {name: arrow_schema(table) for name, table in tables.items()}

    def convert(self, table: str, rows: Iterable[Row] | pa.Table) -> pa.Table:
        """Return `rows` as an Arrow table.

        A column that a row lacks is NULL; TIMESTAMP takes a datetime (UTC) or epoch milliseconds;
        VARCHAR takes a dict or list and holds it as JSON.

        Raises:
            StoreError: if the table or a column is unknown or a value has the wrong type.
        """
        schema = self._schemas.get(table)
        if schema is None:
            raise StoreError(f"Table {table!r} is unknown; tables: {', '.join(self._schemas)}.")
        if isinstance(rows, pa.Table):
            self._check_names(table, schema, rows.column_names)
            return rows
        rows = list(rows)
        for row in rows:
            self._check_names(table, schema, row)
        columns = [
            self._column(table, field, [row.get(field.name) for row in rows]) for field in schema
        ]
        return pa.Table.from_arrays(columns, schema=schema)

    @staticmethod
    def _check_names(table: str, schema: pa.Schema, names: Iterable[str]) -> None:
        unknown = [name for name in names if name not in schema.names]
        if unknown:
            raise StoreError(
                f"Table {table!r} has no column {unknown[0]!r}; columns: {', '.join(schema.names)}."
            )

    @staticmethod
    def _column(table: str, field: pa.Field, values: Sequence[object]) -> pa.Array:
        if pa.types.is_string(field.type):
            values = [
                json.dumps(v, ensure_ascii=False) if isinstance(v, dict | list | tuple) else v
                for v in values
            ]
        try:
            return pa.array(values, field.type)
        except (pa.ArrowException, OverflowError, TypeError, ValueError) as exc:
            raise StoreError(
                f"Table {table!r}, column {field.name!r}: {exc}; expected {field.type}."
            ) from exc
