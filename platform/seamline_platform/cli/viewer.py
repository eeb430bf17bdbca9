"""A viewer without eyes: in headless runs it takes the place of the browser at the websocket."""

import contextlib
import json
import threading
from typing import Final
from urllib.parse import urlsplit

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

TOPICS: Final = ("clock", "kpi", "orders")
_PAUSE_S: Final = 0.5


class Viewer:
    """Counts the frames that a real websocket client gets; connects again when it is cut."""

    def __init__(self) -> None:
        self.frames = 0
        self.first_plant_ms: int | None = None
        self.last_plant_ms: int | None = None
        self._target: tuple[str, str] | None = None
        self._changed = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="viewer", daemon=True)

    def watch(self, url: str, token: str) -> None:
        """Watch the platform at `url`; call again when it came back with another token."""
        self._target = (url, token)
        self._changed.set()
        if not self._thread.is_alive():
            self._thread.start()

    def stop(self) -> None:
        """Stop watching."""
        self._stopping.set()
        self._changed.set()

    @property
    def plant_hours(self) -> float:
        """Plant hours that passed while it watched."""
        if self.first_plant_ms is None or self.last_plant_ms is None:
            return 0.0
        return (self.last_plant_ms - self.first_plant_ms) / 3_600_000

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._changed.wait()
            with contextlib.suppress(OSError, TimeoutError, WebSocketException):
                if self._target is not None:
                    self._session(*self._target)
            self._stopping.wait(_PAUSE_S)

    def _session(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        with connect(
            f"ws://{parts.netloc}/ws?v=1",
            additional_headers={"Authorization": f"Bearer {token}"},
            open_timeout=3,
            max_size=None,
            compression=None,
            proxy=None,
        ) as socket:
            socket.send(json.dumps({"op": "sub", "id": 1, "topics": list(TOPICS), "rate": 5}))
            while not self._stopping.is_set():
                with contextlib.suppress(TimeoutError):
                    self._count(socket.recv(timeout=1))

    def _count(self, frame: str | bytes) -> None:
        self.frames += 1
        if '"clock"' not in str(frame[:80]):
            return
        plant_ms = _plant_ms(json.loads(frame))
        if plant_ms is not None:
            if self.first_plant_ms is None:
                self.first_plant_ms = plant_ms
            self.last_plant_ms = plant_ms


def _plant_ms(frame: object) -> int | None:
    """Return plant time of a frame of topic `clock`, a snapshot or a delta; None of any other."""
    if not isinstance(frame, dict) or frame.get("topic") != "clock":
        return None
    content = frame.get("d")
    if isinstance(content, dict) and isinstance(content.get("put"), dict):
        content = content["put"]
    value = content.get("plant_ms") if isinstance(content, dict) else None
    return value if isinstance(value, int) and value > 0 else None
