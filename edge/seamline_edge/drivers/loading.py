"""Finds a driver by name, by entry point, or in a loose Python file."""

import importlib
import importlib.util
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final, cast

from seamline_broker.errors import PluginError
from seamline_edge.drivers.driver import Driver

GROUP: Final = "seamline.drivers"
BUILT_IN: Final[Mapping[str, str]] = {
    "field": "seamline_edge.drivers.field:FieldDriver",
    "file": "seamline_edge.drivers.file:FileDriver",
    "replay": "seamline_edge.drivers.replay:ReplayDriver",
}
"""Needed where no package metadata exist: in `seamline-edge.pyz`."""

_METHODS: Final = ("open", "profiles", "fileno", "wait_s", "poll", "write", "close")


def driver_names() -> Mapping[str, str]:
    """Return every driver that can be named, with `module:Class`."""
    return dict(BUILT_IN) | {point.name: point.value for point in entry_points(group=GROUP)}


def load_driver(name: str) -> type[Driver]:
    """Return the driver class `name`: a known name, or `file.py:Class`.

    Raises:
        PluginError: if there is no such driver, or it cannot be loaded, or lacks a method.
    """
    known = driver_names()
    target = known.get(name, name)
    module_name, colon, class_name = target.rpartition(":")
    if not colon:
        raise PluginError(
            f"Driver {name!r} is unknown; drivers: {', '.join(sorted(known))}; or a file of your "
            "own: path/to/mine.py:MyDriver."
        )
    try:
        found = getattr(_module(module_name), class_name)
    except PluginError:
        raise
    except Exception as exc:  # a plug-in may raise anything while it is imported
        raise PluginError(f"Driver {name!r} cannot be loaded from {target!r}: {exc!r}.") from exc
    missing = [method for method in _METHODS if not callable(getattr(found, method, None))]
    if missing:
        raise PluginError(f"Driver {name!r} ({target}) has no method {missing[0]!r}.")
    return cast("type[Driver]", found)


def _module(name: str) -> object:
    if not name.endswith(".py"):
        return importlib.import_module(name)
    path = Path(name)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise PluginError(f"Driver file {name!r} does not exist.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
