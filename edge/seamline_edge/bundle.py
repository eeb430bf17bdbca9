"""Builds `seamline-edge.pyz`: a gateway with paho-mqtt in one file that needs Python alone.

    python -m seamline_edge.bundle [PATH]

The same sources give the same bytes. What is inside: `python -m zipfile -l seamline-edge.pyz`;
licences are in its folder `licenses`.
"""

import argparse
import sys
import zipfile
from collections.abc import Iterator, Sequence
from importlib import metadata
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from seamline_broker.errors import ConfigError
from seamline_edge.process import exit_code

NAME: Final = "seamline-edge.pyz"

_PARTS: Final = {
    "seamline_edge": ("__init__.py", "bus.py", "process.py", "drivers", "gateway", "outbox"),
    "seamline_broker": (
        "__init__.py", "address.py", "client.py", "clock.py", "contracts", "errors.py",
        "pahosocket.py", "parentwatch.py",
    ),
    "paho": ("__init__.py", "mqtt"),
}  # fmt: skip
_ENDINGS: Final = (".py", ".sql")
_DISTRIBUTIONS: Final = ("seamline", "paho-mqtt")
_EPOCH: Final = (2000, 1, 1, 0, 0, 0)
_MAIN: Final = b'''"""Starts the gateway."""

import sys

if sys.version_info < (3, 11):
    sys.exit("seamline-edge needs Python 3.11 or newer; this is " + sys.version.split()[0] + ".")

from seamline_edge.gateway.command_line import main

sys.exit(main())
'''


def _walk(folder: Traversable, name: str) -> Iterator[tuple[str, bytes]]:
    if folder.is_file():
        if name.endswith(_ENDINGS):
            yield name, folder.read_bytes()
    elif folder.is_dir():
        for item in folder.iterdir():
            yield from _walk(item, f"{name}/{item.name}")


def _licenses() -> Iterator[tuple[str, bytes]]:
    """Yield the licence files of everything inside, as installed.

    Raises:
        ConfigError: if a package shows no licence: it must not be passed on without it.
    """
    for distribution in _DISTRIBUTIONS:
        found = False
        for path in metadata.distribution(distribution).files or ():
            place = path.locate()
            if ".dist-info/licenses/" in path.as_posix() and isinstance(place, Path):
                found = True
                yield f"licenses/{distribution}/{path.name}", place.read_bytes()
        if not found:
            raise ConfigError(
                f"Package {distribution} is installed without its licence. Install it anew with "
                "pip, then try again."
            )


def contents() -> dict[str, bytes]:
    """Return what goes into the file, by name.

    Raises:
        ConfigError: if a licence is missing.
    """
    found = {"__main__.py": _MAIN, **dict(_licenses())}
    for package, parts in _PARTS.items():
        root = files(package)
        for part in parts:
            found |= dict(_walk(root.joinpath(part), f"{package}/{part}"))
    return found


def build(target: Path) -> Path:
    """Write the file and make it executable.

    Raises:
        ConfigError: if a licence is missing or the file cannot be written.
    """
    inside = contents()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            file.write(b"#!/usr/bin/env python3\n")
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                for name in sorted(inside):
                    info = zipfile.ZipInfo(name, _EPOCH)
                    info.compress_type = zipfile.ZIP_DEFLATED
                    info.external_attr = 0o644 << 16
                    archive.writestr(info, inside[name])
        target.chmod(0o755)
    except OSError as exc:
        raise ConfigError(f"{target} cannot be written: {exc.strerror or exc}.") from exc
    return target


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the file; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m seamline_edge.bundle",
        description="Build a gateway in one file that needs Python 3.11 and nothing else.",
    )
    parser.add_argument("path", nargs="?", type=Path, default=Path("dist") / NAME)
    options = parser.parse_args(arguments)

    def run() -> int:
        target = build(options.path)
        sys.stdout.write(f"{target}  {target.stat().st_size // 1000} kB\n")
        return 0

    return exit_code(run)


if __name__ == "__main__":
    sys.exit(main())
