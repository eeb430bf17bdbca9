"""market-v1: the frozen data set of benchmarks, held to the hash of every table's content.

The repository holds no data, only what market-v1 is made from and what must come out. It is made
once per folder; if the market's model draws anything else, it is refused, never accepted as v1.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.dataset import tables, writer
from seamline_platform.experiments.dataset.manifest import MANIFEST
from seamline_platform.experiments.dataset.reader import Split, load, open_sealed

ROOT: Final = Path(".seamline/datasets")
"""Where frozen data sets are kept, from the folder in which you start."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """A data set that never changes: its name, its recipe, the sha-256 of each table's content."""

    name: str
    version: int
    order: tables.Order
    contents: Mapping[str, str]

    def folder(self, root: Path | None = None, note: Callable[[str], None] | None = None) -> Path:
        """Return the data set's folder below `root`; make it first if it is not there.

        Raises:
            ConfigError: if this version of the market draws other rows, or nothing can be written.
        """
        folder = (root or ROOT) / self.name
        if not (folder / MANIFEST).exists():
            if note is not None:
                note(f"Making {self.name} in {folder}, about a minute; this is done once ...")
            self._make(folder)
        return folder

    def _make(self, folder: Path) -> None:
        drawn, origin = tables.draw(self.order, self.name, self.version)
        self.check(drawn)
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            half = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f"{self.name}-"))
        except OSError as exc:
            raise ConfigError(f"{self.name} cannot be made in {folder.parent}: {exc}.") from exc
        try:
            writer.write_dataset(half, drawn, origin)
            # whole or not at all: another process may look for it, or make it, at this moment
            os.replace(half, folder)
        except OSError as exc:
            if not (folder / MANIFEST).exists():
                raise ConfigError(f"{self.name} cannot be written to {folder}: {exc}.") from exc
        finally:
            shutil.rmtree(half, ignore_errors=True)

    def check(self, drawn: writer.Tables) -> None:
        """Hold drawn tables to the frozen contents.

        Raises:
            ConfigError: naming the first table that differs.
        """
        for name, table in {**drawn.public, **drawn.sealed}.items():
            found, expected = content_sha256(table), self.contents.get(name)
            if found != expected:
                raise ConfigError(
                    f"This version's market does not draw {self.name}: table {name!r} has content "
                    f"{found}, expected {expected}. Use the folder that an earlier version made."
                )


def content_sha256(table: Any) -> str:
    """Return the sha-256 of an Arrow table's names and values, however a file would store them."""
    total = hashlib.sha256()
    for name in table.column_names:
        total.update(f"{name}\0{table.num_rows}\0".encode())
        total.update("\n".join(map(str, table[name].to_pylist())).encode())
    return total.hexdigest()


MARKET_V1: Final = Frozen(
    "market-v1",
    1,
    tables.Order(scenario="demo", seed=20260, days=728, styles=120),
    MappingProxyType(
        {
            "sales": "606b61157012c65bafa447e5daa23802142dbd47cadb73ef6284d913cbdb05cf",
            "calendar": "d4baa567d824734a95abdb057db9d6308b452c736616a6a10643a1d5d2faa55f",
            "prices": "505f364aa998a5628df94772ba9e71c98e8c7496ce20685b68d69aaf801a4d13",
            "attributes": "3e26bd110baafe9c57e5dc9d4d533d5a0f361ca8243ec556fc0131ecc4e1860a",
            "stock": "be6dbd0927d7bd52f0f36f3b0f9cb9c64b19fa3c53ff1af0af4507a5c1187b8a",
            "signals": "ed16198ddb0c8fe4cf00e30a069f483325cf053fd1d64ce99353c7becff02a05",
            "hierarchy": "3b958452b6e36ad47e3f15d858fe85186edb02b2e6858d35891cd4724605cf43",
            "truth": "2d0b0a93f670a8197d0284171677fc56a8a0ed740f431d1d6c62c14863a9d1d0",
            "means": "89ded2dcdf70f428ab2a0148bac7c8448d09c36abb29bb12fedda3443bfba707",
            "shares": "3257bccb40a6d04a9086b33b4f3e15ea12282082f05bbaf7522fec1ab0a4477d",
            "styles": "0f1c4735c44296a5148d6ba3f5ce17acf01548e3bb26054ff1e535a1a41a8cf7",
        }
    ),
)


def load_market_v1(name: str = "sales", split: Split = "all", root: Path | None = None) -> Any:
    """Return a public table of market-v1 (an Arrow table): sales, calendar, prices, ..

    Raises:
        ConfigError: if there is no such table or part, a file was altered, or market-v1 is not
            there and cannot be made.
    """
    return load(MARKET_V1.folder(root), name, split)


def open_sealed_v1(name: str = "truth", root: Path | None = None) -> Any:
    """Return the sealed truth of market-v1: for scoring, never for a model.

    Raises:
        ConfigError: if there is no such table, the file was altered, or market-v1 is not there
            and cannot be made.
    """
    return open_sealed(MARKET_V1.folder(root), name)
