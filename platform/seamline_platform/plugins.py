"""Finds what users and packages add: by entry point, or as a loose file `mine.py:Mine`."""

import hashlib
import importlib.util
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from seamline_broker.errors import PluginError


def plugin_names(group: str) -> list[str]:
    """Return the names that installed packages register in `group`, sorted."""
    return sorted({point.name for point in entry_points(group=group)})


def load_plugin(group: str, spec: str) -> type[object]:
    """Return the class that `spec` names: a registered name, or `path/to/file.py:Class`.

    Raises:
        PluginError: if there is no such name, file or class, or if importing it fails.
    """
    if ".py:" in spec:
        return _load_file(spec)
    points = sorted(entry_points(group=group), key=lambda point: (point.name, point.value))
    found = [point for point in points if point.name == spec]
    if not found:
        raise PluginError(
            f"Nothing named {spec!r} is registered in {group!r}; "
            f"registered: {', '.join(plugin_names(group)) or 'nothing'}; "
            "or name a file and a class, as in 'mine.py:Mine'."
        )
    if len({point.value for point in found}) > 1:
        raise PluginError(
            f"The name {spec!r} in {group!r} is registered more than once: "
            f"{', '.join(point.value for point in found)}."
        )
    return _load_point(found[0])


def _load_point(point: EntryPoint) -> type[object]:
    try:
        loaded = point.load()
    except Exception as exc:  # a plug-in may raise anything while it is imported
        raise PluginError(
            f"Plug-in {point.name!r} ({point.value}) cannot be loaded: {exc!r}."
        ) from exc
    if not isinstance(loaded, type):
        raise PluginError(f"Plug-in {point.name!r} ({point.value}) is not a class.")
    return loaded


def _load_file(spec: str) -> type[object]:
    file_name, _, class_name = spec.rpartition(":")
    path = Path(file_name)
    if not path.is_file():
        raise PluginError(f"Plug-in {spec!r}: there is no file {file_name!r}.")
    # One module name per file, so that two loose files of one name do not share a module.
    digest = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]
    module_spec = importlib.util.spec_from_file_location(f"seamline_loose_{digest}", path)
    if module_spec is None or module_spec.loader is None:
        raise PluginError(f"Plug-in {spec!r}: {file_name!r} is not a Python file.")
    module = importlib.util.module_from_spec(module_spec)
    try:
        module_spec.loader.exec_module(module)
    except Exception as exc:  # a plug-in may raise anything while it is imported
        raise PluginError(f"Plug-in {spec!r} cannot be loaded: {exc!r}.") from exc
    found = getattr(module, class_name, None)
    if not isinstance(found, type):
        classes = [name for name, value in vars(module).items() if isinstance(value, type)]
        raise PluginError(
            f"Plug-in {spec!r}: {file_name!r} has no class {class_name!r}; "
            f"classes: {', '.join(classes) or 'none'}."
        )
    return found
