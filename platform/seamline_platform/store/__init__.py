"""The store: one DuckDB file, one writer thread, a cursor for each reading thread."""

from seamline_platform.store.query import QueryResult
from seamline_platform.store.settings import StoreSettings
from seamline_platform.store.store import RAW_EPOCH, Store
from seamline_platform.store.writer import Group, WriterStats

__all__ = ["RAW_EPOCH", "Group", "QueryResult", "Store", "StoreSettings", "WriterStats"]
