"""A data set's manifest: what it was made from, and the hash of every file."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from seamline_broker.errors import UNREADABLE, ConfigError

MANIFEST: Final = "manifest.json"
PUBLIC: Final = ("sales", "calendar", "prices", "attributes", "stock", "signals", "hierarchy")
SEALED: Final = "sealed"
"""Folder of what models must not see."""
FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One file of a data set."""

    sha256: str
    bytes: int
    rows: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """Name and version of a data set, its origin, and its files by path."""

    name: str
    version: int
    seed: int
    scenario: str
    scenario_sha256: str
    generator: str
    first_day: str
    days: int
    train_days: int
    """Days of the training part; the rest is for testing."""
    files: Mapping[str, FileRecord]

    def text(self) -> str:
        """Return the manifest as it is written."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=2, sort_keys=True) + "\n"

    @property
    def digest(self) -> str:
        """Return the sha-256 of the manifest's text, which covers every file."""
        return hashlib.sha256(self.text().encode()).hexdigest()

    def file(self, name: str) -> str:
        """Return the path of the file `name`, public or sealed.

        Raises:
            ConfigError: if there is none.
        """
        for path in self.files:
            if Path(path).stem == name:
                return path
        known = ", ".join(sorted(Path(path).stem for path in self.files))
        raise ConfigError(f"The data set {self.name} has no file {name!r}; it has: {known}.")


def record_of(file: Path, rows: int) -> FileRecord:
    """Return the record of a file that lies on disk."""
    content = file.read_bytes()
    return FileRecord(hashlib.sha256(content).hexdigest(), len(content), rows)


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a data set's folder.

    Raises:
        ConfigError: if it is missing or not as expected.
    """
    file = folder / MANIFEST
    try:
        document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if document.pop("format") != FORMAT:
            raise ValueError(f"format is not {FORMAT}")
        files = {path: FileRecord(**record) for path, record in document.pop("files").items()}
        return Manifest(files=files, **document)
    except OSError as exc:
        raise ConfigError(f"{folder} is no data set: {MANIFEST} cannot be read ({exc}).") from exc
    except UNREADABLE as exc:
        raise ConfigError(f"{file} is not as expected: {exc}.") from exc


def verified(folder: Path, manifest: Manifest, path: str) -> Path:
    """Return a file of the data set, after its hash was found to be the manifest's.

    Raises:
        ConfigError: if it is missing or altered.
    """
    file, record = folder / path, manifest.files[path]
    try:
        found = record_of(file, record.rows)
    except OSError as exc:
        raise ConfigError(f"The data set {manifest.name} lacks {path}: {exc}.") from exc
    if found != record:
        raise ConfigError(
            f"{file} was altered: {found.bytes} bytes with sha-256 {found.sha256}, expected "
            f"{record.bytes} bytes with {record.sha256}. Install the data set again."
        )
    return file
