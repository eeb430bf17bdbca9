"""Which code a forecaster is made of: a hash over source files, found without running any of it."""

import hashlib
import importlib.metadata
import importlib.util
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from seamline_broker.errors import PluginError
from seamline_platform.demand.protocol import GROUP, canonical_name, forecaster_names

_OURS: Final = "seamline_platform.demand"
_DIGITS: Final = 16


def code_version(spec: str) -> str:
    """Return a hash of the code behind `spec`: the loose file, or the package it is part of.

    A forecaster of ours depends on features, frame and scoring beside it, so that the whole package
    `demand` counts; of another package it is the folder (or the single file) of its module.

    Raises:
        PluginError: if there is no such file, or nothing is registered under this name.
    """
    if ".py:" in spec:
        path = Path(spec.rpartition(":")[0])
        if not path.is_file():
            raise PluginError(f"Forecaster {spec!r}: there is no file {str(path)!r}.")
        return _hash(path.parent, [path])
    module = _module_of(spec)
    if module == _OURS or module.startswith(f"{_OURS}."):
        module = _OURS
    return _hash(*_sources(spec, module))


def _module_of(spec: str) -> str:
    name = canonical_name(spec)
    points = importlib.metadata.entry_points(group=GROUP, name=name)
    for point in points:
        return point.module
    raise PluginError(
        f"No forecaster is named {spec!r}; there are: {', '.join(forecaster_names()) or 'none'}; "
        "or a file and a class, as in 'mine.py:Mine'."
    )


def _sources(spec: str, module: str) -> tuple[Path, list[Path]]:
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError) as exc:
        raise PluginError(f"Forecaster {spec!r}: module {module!r} is not there: {exc}.") from exc
    if found is None or found.origin is None:
        raise PluginError(f"Forecaster {spec!r}: module {module!r} has no source file.")
    path = Path(found.origin)
    if found.submodule_search_locations is None:
        return path.parent, [path]
    return path.parent, sorted(path.parent.rglob("*.py"))


def _hash(root: Path, files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.relative_to(root).as_posix()}\0".encode())
        digest.update(file.read_bytes())
        digest.update(b"\0")
    return digest.hexdigest()[:_DIGITS]
