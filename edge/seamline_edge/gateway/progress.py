"""Tells on standard output how far a gateway is, as JSON lines, for a program that started it."""

import json
import sys
import threading
from typing import Any, Final

from seamline_edge.drivers.driver import Driver
from seamline_edge.gateway.service import Gateway

_EVERY_S: Final = 0.25


def progress_of(gateway: Gateway, driver: Driver) -> dict[str, Any]:
    """Return rows done and in all (if the driver knows), rows accepted, batches unacknowledged."""
    known = getattr(driver, "progress", None)
    figures = {} if known is None else {name: getattr(known, name) for name in known.__slots__}
    outbox = gateway.outbox
    return figures | {"rows_accepted": outbox.accepted_rows, "batches_unacked": outbox.unacked}


class ProgressLines:
    """Prints a line each quarter of a second from a thread of its own, and a last one at the end.

    `with ProgressLines(gateway, driver, wanted):` around the run; nothing happens if not wanted.
    """

    def __init__(self, gateway: Gateway, driver: Driver, wanted: bool) -> None:
        self._gateway = gateway
        self._driver = driver
        self._wanted = wanted
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tell, name="progress", daemon=True)

    def __enter__(self) -> "ProgressLines":
        if self._wanted:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._wanted:
            self._over.set()
            self._thread.join()
            self._print()

    def _tell(self) -> None:
        while not self._over.wait(_EVERY_S):
            self._print()

    def _print(self) -> None:
        sys.stdout.write(json.dumps(progress_of(self._gateway, self._driver)) + "\n")
        sys.stdout.flush()
