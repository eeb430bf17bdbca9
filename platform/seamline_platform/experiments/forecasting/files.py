"""Files of data sets: held to a recorded hash, or missing with instructions, never a guess."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.forecasting.contract import MissingDataError

_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file as it was published: where it lies below the data folder, and its sha-256."""

    path: str
    sha256: str
    source: str
    """Where it comes from, for those who do not have it."""


def open_files(folder: Path | None, wanted: Sequence[DataFile]) -> list[pa.Table]:
    """Return the tables in `wanted`, each verified.

    Raises:
        MissingDataError: if there is no folder, or a file is not in it; says how to get it.
        ConfigError: if a file was altered or cannot be read.
    """
    return [read_table(verified(folder, item)) for item in wanted]


def verified(folder: Path | None, item: DataFile) -> Path:
    """Return the path of a file whose content is the recorded one.

    Raises:
        MissingDataError: if it is not there.
        ConfigError: if it was altered.
    """
    if folder is None:
        raise MissingDataError(
            f"It needs the file {item.path}, and no data folder was named: --data DIR. "
            f"Where it comes from: {item.source}"
        )
    path = folder / item.path
    if not path.is_file():
        raise MissingDataError(
            f"It needs the file {item.path} in {folder}. Where it comes from: {item.source}"
        )
    found = file_sha256(path)
    if found != item.sha256:
        raise ConfigError(
            f"{path} was altered: its sha-256 is {found}, recorded is {item.sha256}. "
            f"Where the right one comes from: {item.source}"
        )
    return path


def file_sha256(path: Path) -> str:
    """Return the sha-256 of a file's bytes.

    Raises:
        ConfigError: if it cannot be read.
    """
    total = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                total.update(chunk)
    except OSError as exc:
        raise ConfigError(f"{path} cannot be read: {exc}.") from exc
    return total.hexdigest()


def read_table(path: Path) -> pa.Table:
    """Return a Parquet or CSV file as a table.

    Raises:
        ConfigError: if it is neither, or cannot be read.
    """
    try:
        if path.suffix == ".parquet":
            return pa.parquet.read_table(path)
        if path.suffix == ".csv":
            return pa.csv.read_csv(path)
    except (OSError, pa.ArrowException) as exc:
        raise ConfigError(f"{path} cannot be read: {exc}.") from exc
    raise ConfigError(f"{path}: a data file is .parquet or .csv, not {path.suffix or 'nameless'}.")
