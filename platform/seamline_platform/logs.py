"""Logging of a process: one line per record, time in UTC, level, part, text with key=value."""

import logging
import sys
import time
from typing import Final, TextIO

LEVELS: Final = ("debug", "info", "warning", "error")
_FORMAT = "%(asctime)s.%(msecs)03dZ %(levelname)-7s %(name)s %(message)s"
_NOISY = ("uvicorn.access", "asyncio", "websockets", "nats")


def set_up_logs(level: str = "info", stream: TextIO | None = None) -> None:
    """Send all log records of this process to `stream` (default: standard error).

    Raises:
        ValueError: if the level is none of debug, info, warning, error.
    """
    if level not in LEVELS:
        raise ValueError(f"Log level {level!r} is unknown; levels: {', '.join(LEVELS)}.")
    formatter = logging.Formatter(_FORMAT, "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(True)
    for name in _NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
