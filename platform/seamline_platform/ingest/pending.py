"""What one round of messages adds up to, until it is handed to the store as one group."""

from dataclasses import dataclass, field

import pyarrow as pa

from seamline_broker.contracts.messages import SellerOrder
from seamline_platform.ingest.inbox import Message
from seamline_platform.ingest.watermark import Key
from seamline_platform.store import Store


@dataclass(slots=True)
class Pending:
    """Rows, numbers and acknowledgements that belong into one transaction."""

    generation: int = 0
    """Of the marks on which its numbers were taken: see `Pipeline`."""
    marks: dict[Key, int] = field(default_factory=dict)
    before: dict[Key, int] = field(default_factory=dict)
    """Marks before any number of this round was taken."""
    confirm: list[Message] = field(default_factory=list)
    """Messages to acknowledge to the broker by hand, in the order of their arrival."""
    orders: list[tuple[SellerOrder, int]] = field(default_factory=list)
    stored_rows: int = 0
    urgent: bool = False
    _batches: dict[str, list[pa.RecordBatch]] = field(default_factory=dict)
    _rows: dict[str, list[dict[str, object]]] = field(default_factory=dict)

    def add_batch(self, table: str, batch: pa.RecordBatch) -> None:
        """Add Arrow rows for a table."""
        self._batches.setdefault(table, []).append(batch)

    def add_table(self, name: str, table: pa.Table) -> None:
        """Add rows that were checked before."""
        self._batches.setdefault(name, []).extend(table.to_batches())

    def add_row(self, table: str, row: dict[str, object]) -> None:
        """Add one row for a table."""
        self._rows.setdefault(table, []).append(row)

    @property
    def empty(self) -> bool:
        """True if there is nothing to write and nothing to confirm."""
        return not (self._batches or self._rows or self.confirm)

    def tables(self, store: Store) -> dict[str, pa.Table]:
        """Return all rows as Arrow tables by name."""
        result = {name: pa.Table.from_batches(batches) for name, batches in self._batches.items()}
        for name, rows in self._rows.items():
            result[name] = store.rows(name, rows)
        return result
