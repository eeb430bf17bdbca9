"""What a model is made of, as a hash: equal hashes forecast alike (with equal data and seed)."""

import hashlib
import importlib.util
from functools import lru_cache
from importlib import metadata, resources
from importlib.metadata import entry_points
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from seamline_platform.demand.protocol import GROUP, canonical_name

LIBRARIES: Final = ("numpy", "scipy", "scikit-learn", "statsforecast", "coreforecast")
"""Libraries that shipped models compute with."""
_SHIPPED: Final = "seamline_platform."


def model_hash(spec: str) -> str:
    """Return the sha-256 of a model: its name, its code, and versions of what it computes with.

    A shipped model's code is the whole package `seamline_platform.demand`; a loose file's is the
    file; another package's is the module that its entry point names. What cannot be found hashes
    by name alone: loading it will say why.
    """
    total = hashlib.sha256(f"{_short(spec)}\0{_versions()}\0".encode())
    total.update(code_sha256().encode() if is_shipped(spec) else foreign_code(spec, _module(spec)))
    return total.hexdigest()


def is_shipped(spec: str) -> bool:
    """Return whether a model comes with Seamline."""
    return _module(spec).startswith(_SHIPPED)


@lru_cache(maxsize=8)
def code_sha256(package: str = "demand") -> str:
    """Return the sha-256 of all code in a package of `seamline_platform`, by default `demand`."""
    total = hashlib.sha256()
    root = resources.files("seamline_platform") / package
    for name, content in sorted(_files(root, package)):
        total.update(f"{name}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


def _short(spec: str) -> str:
    """Return a name that does not depend on the folder in which a loose file lies."""
    return Path(spec).name if ".py:" in spec else canonical_name(spec)


@lru_cache(maxsize=1)
def _versions() -> str:
    found = []
    for name in LIBRARIES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            found.append(f"{name} -")
    return "; ".join(found)


def _module(spec: str) -> str:
    name = canonical_name(spec)
    return next((p.module for p in entry_points(group=GROUP) if p.name == name), "")


def foreign_code(spec: str, module: str) -> bytes:
    """Return the code of a loose file `mine.py:Mine`, or of the file of `module`; empty: none."""
    if ".py:" in spec:
        path: Path | None = Path(spec.rpartition(":")[0])
    else:
        try:
            found = importlib.util.find_spec(module) if module else None
        except (ImportError, ValueError):
            found = None
        path = Path(found.origin) if found is not None and found.origin else None
    try:
        return path.read_bytes() if path is not None else b""
    except OSError:
        return b""


def _files(folder: Traversable, path: str) -> list[tuple[str, bytes]]:
    found = []
    for entry in folder.iterdir():
        name = f"{path}/{entry.name}"
        if entry.is_dir():
            found += _files(entry, name) if entry.name != "__pycache__" else []
        elif entry.name.endswith(".py"):
            found.append((name, entry.read_bytes()))
    return found
