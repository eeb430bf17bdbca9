"""What worker processes of benchmarks share: processor seconds, errors in one line."""

import os
import traceback
from pathlib import Path

from seamline_broker.errors import SeamlineError


def cpu_seconds() -> float:
    """Return processor seconds of this process and the children that it waited for."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def why(exc: BaseException) -> str:
    """Return what happened in one line: a message made for people, or the error and its place."""
    if isinstance(exc, SeamlineError):
        return str(exc)
    frames = traceback.extract_tb(exc.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"it raised {type(exc).__name__}: {exc}{place}"
