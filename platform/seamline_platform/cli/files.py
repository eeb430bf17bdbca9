"""Files that commands read and write, with errors that name them."""

import json
from pathlib import Path

from seamline_broker.errors import ConfigError


def read_json(file: Path) -> object:
    """Return what a JSON file holds.

    Raises:
        ConfigError: if it cannot be read or is not JSON.
    """
    try:
        return json.loads(read_bytes(file).decode("utf-8-sig"))
    except ValueError as exc:
        raise ConfigError(f"{file} is not JSON: {exc}.") from exc


def read_bytes(file: Path) -> bytes:
    """Return a file's content.

    Raises:
        ConfigError: if it cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as exc:
        raise ConfigError(f"{file} cannot be read: {exc}.") from exc


def write(out: Path, text: str, encoding: str = "utf-8") -> None:
    """Write a file of text.

    Raises:
        ConfigError: if it cannot be written.
    """
    try:
        out.write_text(text, encoding=encoding)
    except OSError as exc:
        raise ConfigError(f"{out} cannot be written: {exc}.") from exc


def as_text(document: object) -> str:
    """Return a document as text of a JSON file."""
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"
