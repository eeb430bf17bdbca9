"""market-v1: the frozen data set of benchmarks. It is read, verified, and never made again."""

from importlib import resources
from pathlib import Path
from typing import Any, Final

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.dataset.manifest import read_manifest
from seamline_platform.experiments.dataset.reader import Split, load, open_sealed

MARKET_V1_SHA256: Final = "226db4a94bd72a3f8342d3fa4b6fdbdae288239a2551248b61319d8cc7b430d7"
"""sha-256 of the manifest, which holds the hash of every file."""


def market_v1_folder() -> Path:
    """Return the folder of market-v1, after its manifest was found to be the frozen one.

    Raises:
        ConfigError: if the manifest was altered.
    """
    folder = Path(str(resources.files("seamline_platform") / "datasets" / "market_v1"))
    found = read_manifest(folder).digest
    if found != MARKET_V1_SHA256:
        raise ConfigError(
            f"market-v1 at {folder} is not the frozen one: its manifest has sha-256 {found}, "
            f"expected {MARKET_V1_SHA256}. Install Seamline again."
        )
    return folder


def load_market_v1(name: str = "sales", split: Split = "all") -> Any:
    """Return a public table of market-v1 (an Arrow table): sales, calendar, prices, ..

    Raises:
        ConfigError: if there is no such table or part, or a file was altered.
    """
    return load(market_v1_folder(), name, split)


def open_sealed_v1(name: str = "truth") -> Any:
    """Return the sealed truth of market-v1: for scoring, never for a model.

    Raises:
        ConfigError: if there is no such table, or the file was altered.
    """
    return open_sealed(market_v1_folder(), name)
