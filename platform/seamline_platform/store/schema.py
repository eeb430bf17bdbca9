"""Reads the readable schema: SQL files whose comments become comments in the database."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

SCHEMA_VERSION = 4
OLDEST_VERSION = 2
"""A store from this version on lacks nothing but tables and columns: they are added to it."""

_CREATE = re.compile(r"CREATE TABLE (\w+) \(")
_COLUMN = re.compile(r"\s+(\w+)\s+([A-Z]\w*),?\s+-- (.*)")
_COMMENT = re.compile(r"-- (.*)")


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """One column: name, SQL type, what it means."""

    name: str
    sql_type: str
    meaning: str


@dataclass(frozen=True, slots=True)
class TableSpec:
    """One table: name, what a row is, its columns."""

    name: str
    meaning: str
    columns: tuple[ColumnSpec, ...]

    def statements(self) -> Iterator[str]:
        """Yield the statements that make the table with its comments."""
        columns = ", ".join(f'"{c.name}" {c.sql_type}' for c in self.columns)
        yield f'CREATE TABLE "{self.name}" ({columns})'
        yield f'COMMENT ON TABLE "{self.name}" IS {_literal(self.meaning)}'
        for c in self.columns:
            yield self._comment(c)

    def additions(self, column: ColumnSpec) -> Iterator[str]:
        """Yield the statements that add a column with its comment to a table that lacks it."""
        yield f'ALTER TABLE "{self.name}" ADD COLUMN "{column.name}" {column.sql_type}'
        yield self._comment(column)

    def _comment(self, column: ColumnSpec) -> str:
        return f'COMMENT ON COLUMN "{self.name}"."{column.name}" IS {_literal(column.meaning)}'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def parse(sql: str) -> list[TableSpec]:
    """Read tables from SQL text: the comment lines right above a table, the comment of each column.

    Raises:
        ValueError: if a line inside a table has no type or no comment.
    """
    tables: list[TableSpec] = []
    above: list[str] = []
    name = ""
    columns: list[ColumnSpec] = []
    for line in sql.splitlines():
        if name:
            if line.startswith(");"):
                tables.append(TableSpec(name, " ".join(above), tuple(columns)))
                name, above, columns = "", [], []
                continue
            column = _COLUMN.fullmatch(line)
            if column is None:
                raise ValueError(f"Table {name}: {line!r} is not 'name TYPE,  -- meaning'.")
            columns.append(ColumnSpec(*column.groups()))
        elif create := _CREATE.match(line):
            name = create[1]
        elif comment := _COMMENT.match(line):
            above.append(comment[1].strip())
        else:
            above = []
    return tables


def load() -> dict[str, TableSpec]:
    """Return all tables of the store by name, in the order of the schema files."""
    folder = files("seamline_platform.store") / "schema"
    sources = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return {t.name: t for source in sources for t in parse(source.read_text(encoding="utf-8"))}
