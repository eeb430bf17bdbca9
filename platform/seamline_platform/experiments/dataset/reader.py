"""Reads a data set whose files are what its manifest says."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.dataset.manifest import (
    PUBLIC,
    SEALED,
    Manifest,
    read_manifest,
    verified,
)

Split = Literal["train", "test", "all"]


def load(folder: Path, name: str, split: Split = "all") -> Any:
    """Return a public table (an Arrow table), verified; dated rows of the asked part alone.

    Raises:
        ConfigError: if there is no such table or part, or a file was altered.
    """
    manifest = read_manifest(folder)
    if name not in PUBLIC:
        raise ConfigError(f"{name!r} is no public table; public: {', '.join(PUBLIC)}.")
    table = _read(folder, manifest, manifest.file(name))
    return _part(table, manifest, split)


def open_sealed(folder: Path, name: str) -> Any:
    """Return a table of the truth, verified: for scoring, never for a model.

    Raises:
        ConfigError: if there is no such table, or the file was altered.
    """
    manifest = read_manifest(folder)
    path = manifest.file(name)
    if not path.startswith(f"{SEALED}/"):
        raise ConfigError(f"{name!r} is public, not sealed.")
    return _read(folder, manifest, path)


def _read(folder: Path, manifest: Manifest, path: str) -> Any:
    import pyarrow as pa

    file = verified(folder, manifest, path)
    try:
        if file.suffix == ".csv":
            import pyarrow.csv

            return pyarrow.csv.read_csv(file)
        import pyarrow.parquet

        return pyarrow.parquet.read_table(file)
    except (OSError, pa.ArrowException) as exc:
        raise ConfigError(f"{file} cannot be read: {exc}.") from exc


def _part(table: Any, manifest: Manifest, split: Split) -> Any:
    import pyarrow.compute as pc

    if split not in ("train", "test", "all"):
        raise ConfigError(f"split is {split!r}; allowed: train, test, all.")
    if split == "all" or "ds" not in table.column_names:
        return table
    border = date.fromisoformat(manifest.first_day) + timedelta(days=manifest.train_days)
    early = pc.less(table["ds"], border)
    return table.filter(early if split == "train" else pc.invert(early))
