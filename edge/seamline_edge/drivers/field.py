"""Driver for the simulated plant: reads and commands machines over the field bus."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from seamline_broker.contracts.batch import QUALITY_GAP, QUALITY_GOOD
from seamline_broker.contracts.events import Event
from seamline_broker.contracts.messages import Device, Metric
from seamline_broker.errors import ConfigError, DriverError
from seamline_edge.bus import BusClient, Frame
from seamline_edge.drivers.driver import CursorOf, Intake, NodeProfile, PlantClock, WriteAnswer
from seamline_edge.outbox import Block

_log = logging.getLogger(__name__)

_RETRY_S: Final = (0.25, 3.0)


class FieldDriver:
    """Reads events by cursor and samples by subscription; a lost field is found again by itself.

    Options: `host` and `port` of the field.
    """

    def __init__(self, options: Mapping[str, str]) -> None:
        unknown = sorted(set(options) - {"host", "port"})
        port = str(options.get("port", ""))
        if unknown or not port.isdigit():
            raise ConfigError(
                f"Driver 'field' takes host=.. and port=.. (a number); got {dict(options)!r}."
            )
        self._address = (str(options.get("host", "127.0.0.1")), int(port))
        self._bus: BusClient | None = None
        self._nodes: Sequence[str] = ()
        self._profiles: dict[str, NodeProfile] = {}
        self._retry_s = _RETRY_S[0]
        self._retry_at_s = 0.0
        self._run = ""
        self._seq = 0
        self._gap: set[str] = set()
        self._complaint = ""

    def open(self, nodes: Sequence[str], cursor_of: CursorOf) -> None:
        """Remember nodes and cursor; the connection is made by `poll`."""
        self._nodes = nodes
        self._cursor_of = cursor_of

    def profiles(self) -> Mapping[str, NodeProfile]:
        """Return devices and commands as the field has described them."""
        return self._profiles

    def fileno(self) -> int:
        """Return the bus connection, or -1 while there is none."""
        return self._bus.fileno() if self._bus is not None else -1

    def wait_s(self, now_s: float) -> float:
        """Return 0 if frames are waiting, else the time until the next attempt to connect."""
        if self._bus is not None:
            return 0.0 if self._bus.has_frames else 60.0
        return max(0.0, self._retry_at_s - now_s)

    def poll(self, now_s: float, wall_ms: int) -> Intake:
        """Return events and samples that have arrived; connects if there is no connection."""
        intake = Intake()
        try:
            if self._bus is None:
                if now_s < self._retry_at_s:
                    return intake
                self._connect()
                intake.profile_changed = True
            for frame in self._bus.receive() if self._bus is not None else ():
                self._take(frame, intake)
        except (DriverError, KeyError, TypeError, ValueError, IndexError) as exc:
            self._lose(exc, now_s)
        return intake

    def _connect(self) -> None:
        bus = BusClient(*self._address)
        try:
            hello = bus.ask({"op": "hello"}, "hello")["hello"]
            self._adopt(hello)
            bus.send({"op": "sub", "nodes": list(self._nodes), "after_seq": self._seq})
        except BaseException:
            bus.close()
            raise
        self._bus = bus
        self._retry_s, self._complaint = _RETRY_S[0], ""
        _log.info("Connected to field run=%s address=%s", self._run, bus.where)

    def _adopt(self, hello: Frame) -> None:
        run = str(hello["run"])
        if run != self._run:
            self._run = run
            self._seq = self._cursor_of(f"field:{run}")
            again = self._seq > 0
        else:
            again = True
        if again:  # samples were missed since; the first ones of a run have no time before them
            self._gap = set(self._nodes)
        found = {n["node"]: n for n in hello["nodes"]}
        missing = [node for node in self._nodes if node not in found]
        if missing:
            raise DriverError(
                f"Field has no node {missing[0]!r}; nodes: {', '.join(sorted(found)[:20])}."
            )
        self._profiles = {node: _profile(found[node], hello) for node in self._nodes}

    def _take(self, frame: Frame, intake: Intake) -> None:
        if "plant_ms" not in frame or "id" in frame:
            if "lost" in frame:
                first, last = frame["lost"]
                _log.error("Field has no events %d to %d any more: they are lost.", first, last)
                self._gap.update(self._nodes)
            return
        if "speed" in frame:
            intake.clock = PlantClock(
                self._run, int(frame["plant_ms"]), float(frame["speed"]), str(frame["state"])
            )
        for seq, ts_ms, node, kind, values in frame.get("ev", ()):
            if seq > self._seq:
                intake.events.append(Event(seq, ts_ms, node, kind, tuple(values)))
                self._seq = seq
        if frame.get("ev"):
            intake.cursor = (f"field:{self._run}", self._seq)
        self._gap.update(frame.get("missed", ()))
        first_ms: dict[str, int] = {}
        for node, s in frame.get("s", ()):
            marked = node in self._gap and s["ts_ms"] == first_ms.setdefault(node, s["ts_ms"])
            quality = QUALITY_GAP if marked else QUALITY_GOOD
            intake.blocks.append(
                Block(node, s["ts_ms"], s["device"], s["metric"], s["value"], quality)
            )
        self._gap.difference_update(first_ms)

    def _lose(self, reason: Exception, now_s: float) -> None:
        if self._bus is not None:
            self._bus.close()
            self._bus = None
        self._retry_at_s = now_s + self._retry_s
        self._retry_s = min(2 * self._retry_s, _RETRY_S[1])
        if str(reason) != self._complaint:
            self._complaint = str(reason)
            _log.warning("%s Trying again.", reason)

    def write(
        self, node: str, name: str, args: Mapping[str, object], command_id: str, expires_ms: int
    ) -> WriteAnswer:
        """Let the field carry out a command; it remembers ids, so asking again is safe.

        Raises:
            DriverError: if the field gave no answer.
        """
        if self._bus is None:
            raise DriverError("Field is not connected.")
        request = {
            "op": "write", "id": command_id, "node": node, "name": name,
            "args": dict(args), "expires_ms": expires_ms,
        }  # fmt: skip
        answer = self._bus.ask(request, "id", command_id)
        return WriteAnswer(answer["status"], str(answer["reason"]), int(answer["plant_ms"]))

    def close(self) -> None:
        """Close the connection."""
        if self._bus is not None:
            self._bus.close()
            self._bus = None


def _profile(node: Mapping[str, Any], hello: Mapping[str, Any]) -> NodeProfile:
    devices = tuple(
        Device(
            d["id"], d["kind"], d["name"],
            tuple(Metric(m["name"], m["unit"], m["meaning"]) for m in d["metrics"]),
            d["machine"],
        )
        for d in node["devices"]
    )  # fmt: skip
    kind = str(node["kind"])
    return NodeProfile(
        kind, devices, tuple(node["commands"]), hello["catalogue"] if kind == "field" else None
    )
