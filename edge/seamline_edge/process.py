"""What every edge process shares: logging, signals, its parent, its configuration file."""

import json
import logging
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from seamline_broker.errors import ConfigError, SeamlineError
from seamline_broker.parentwatch import ignore_interrupt, watch_parent

_log = logging.getLogger(__name__)


def start_logging(level: str = "INFO") -> None:
    """Send log lines to standard error."""
    logging.basicConfig(
        level=level.upper(),
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )


def on_stop(callback: Callable[[], None]) -> None:
    """Call `callback` on SIGTERM (and on Ctrl-C in a process started by hand).

    A child of the supervisor ignores Ctrl-C, which reaches the whole group, and leaves when its
    parent is gone.
    """

    def stop(_signum: int, _frame: FrameType | None) -> None:
        callback()

    signal.signal(signal.SIGTERM, stop)
    if watch_parent():
        ignore_interrupt()
    else:
        signal.signal(signal.SIGINT, stop)


def read_config(path: Path) -> dict[str, Any]:
    """Read a JSON object from a file.

    Raises:
        ConfigError: if the file is missing or holds something else.
    """
    try:
        document = json.loads(path.read_text())
    except (OSError, ValueError) as exc:
        raise ConfigError(f"Configuration {path} cannot be read: {exc}.") from exc
    if not isinstance(document, dict):
        raise ConfigError(f"Configuration {path} is not a JSON object.")
    return document


def exit_code(main: Callable[[], int]) -> int:
    """Run `main`; an error that is meant for the user becomes one line and exit code 1."""
    try:
        return main()
    except SeamlineError as exc:
        sys.stderr.write(f"Error: {exc}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        # Daemon threads must not hold up the end of the process.
        threading.excepthook = lambda _args: None
