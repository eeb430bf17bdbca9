"""Events of one kind as rows."""

from collections.abc import Iterator, Sequence
from typing import Any

from seamline_broker.contracts.events import Columns


def rows(columns: Columns, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Walk the named columns row by row (types are the contract's, checked at decode)."""
    return zip(*(columns[name] for name in names), strict=True)
