"""Stores in a temporary folder, and connections that fail on command."""

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from seamline_platform.store import Store, StoreSettings

QUICK = StoreSettings(commit_ms=5, checkpoint_s=3_600, retry_s=0.01)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store" / "seamline.duckdb"


@pytest.fixture
def quick() -> StoreSettings:
    """Commits soon, checkpoints at the end alone, tries again without a pause."""
    return QUICK


@pytest.fixture
def open_store(path: Path) -> Iterator[Callable[..., Store]]:
    """Opens the store at `path`; whatever is still open at the end is closed."""
    opened: list[Store] = []

    def make(settings: StoreSettings = QUICK, **more: Any) -> Store:
        opened.append(Store.open(path, settings=settings, **more))
        return opened[-1]

    yield make
    for store in opened:
        store.close()


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a store without rows: copied, because making its tables takes longer."""
    path = tmp_path_factory.mktemp("empty") / "seamline.duckdb"
    Store.open(path).close()
    return path


@pytest.fixture
def store(open_store: Callable[..., Store], path: Path, empty_store: Path) -> Store:
    path.parent.mkdir()
    shutil.copy(empty_store, path)
    return open_store()


@pytest.fixture
def rows() -> Callable[..., list[dict[str, object]]]:
    """Rows of `readings`: one a second from `first` on, values ascending."""

    def make(count: int, first: int = 0, **more: object) -> list[dict[str, object]]:
        return [
            {
                "source_ts": (first + i) * 1_000,
                "plant_ts": (first + i) * 1_000,
                "wall_ts": 1_700_000_000_000,
                "site": "hangzhou",
                "node": "line-1",
                "device": f"st-{i % 3}",
                "metric": "rpm",
                "value": float(first + i),
                "quality": 0,
                "source": "gateway",
                "batch_id": 1,
                **more,
            }
            for i in range(count)
        ]

    return make


class FaultyConnection:
    """A connection that notes who uses it and fails as `faults` say, once for each entry.

    A fault is the first word of a statement, whether DuckDB sees that statement before it fails,
    and the error.
    """

    def __init__(self, real: duckdb.DuckDBPyConnection) -> None:
        self.real = real
        self.faults: list[tuple[str, bool, Exception]] = []
        self.threads: set[threading.Thread] = set()

    def execute(self, sql: str, *args: object) -> duckdb.DuckDBPyConnection:
        self.threads.add(threading.current_thread())
        for fault in self.faults:
            word, done, error = fault
            if sql.startswith(word):
                self.faults.remove(fault)
                if done:
                    self.real.execute(sql, *args)
                raise error
        return self.real.execute(sql, *args)

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)


@pytest.fixture
def faulty() -> Callable[[Store], FaultyConnection]:
    """Puts a connection that can fail between a store's writer and DuckDB."""

    def make(store: Store) -> FaultyConnection:
        connection = FaultyConnection(store._database.writer)
        store._database.writer = connection  # type: ignore[assignment]
        return connection

    return make
