"""Rows of a linear programme, gathered entry by entry."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Rows:
    """A sparse matrix while it grows."""

    at: list[int] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def add(self, row: int, column: int, value: float) -> None:
        """Put a value at a place; values at one place add up."""
        self.at.append(row)
        self.columns.append(column)
        self.values.append(value)

    def matrix(self, rows: int, columns: int) -> Any:
        """Return it as a sparse matrix of scipy."""
        from scipy.sparse import coo_matrix

        shape = (rows, columns)
        return coo_matrix((self.values, (self.at, self.columns)), shape=shape).tocsr()
