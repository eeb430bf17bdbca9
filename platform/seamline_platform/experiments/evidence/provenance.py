"""What a result was made by: hashes of the code that runs a season, and of its scenario."""

import hashlib
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

from seamline_platform.experiments.evidence.jobs import digest
from seamline_platform.experiments.season import KNOB_GRID, Setting
from seamline_sim import load_scenario

_CODE: Final = (
    ("seamline_sim", ""),
    ("seamline_broker", "contracts"),
    ("seamline_platform", "experiments/season"),
)
"""Packages and folders whose files decide what a season gives."""
_KINDS: Final = (".py", ".toml", ".json", ".csv")


def code_hash() -> str:
    """Return a hash of all files that decide the result of a run."""
    total = hashlib.sha256()
    for package, folder in _CODE:
        root = resources.files(package)
        for part in folder.split("/") if folder else ():
            root = root / part
        for name, content in sorted(_files(root, package)):
            total.update(f"{name}\0{len(content)}\0".encode())
            total.update(content)
    return total.hexdigest()[:16]


def scenario_hash(setting: Setting) -> str:
    """Return a hash of what was tuned for: scenario with its figures, capacity, knobs' grid.

    Raises:
        ConfigError: if the scenario is unknown or has a key or value that is not allowed.
    """
    scenario = load_scenario(setting.scenario)
    figures = {name: scenario.figures[name] for name in sorted(scenario.figures)}
    grid = {name: list(values) for name, values in KNOB_GRID.items()}
    return digest([scenario.document, figures, setting.capacity, grid])[:16]


def _files(folder: Traversable, path: str) -> list[tuple[str, bytes]]:
    found = []
    for entry in folder.iterdir():
        name = f"{path}/{entry.name}"
        if entry.is_dir():
            found += _files(entry, name) if entry.name != "__pycache__" else []
        elif entry.name.endswith(_KINDS):
            found.append((name, entry.read_bytes()))
    return found
