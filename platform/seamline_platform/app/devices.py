"""Every device heard of: who it is, whether it lives, its latest values. Kept in memory."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from seamline_broker.contracts.messages import Birth
from seamline_platform.domain.batches import DecodedBatch

MAX_DEVICES = 5_000
MAX_METRICS = 2_000
"""Per device or node: what is beyond is stored in the table, but not shown live."""


@dataclass(slots=True)
class Known:
    """One node or raw device."""

    kind: str
    source: str
    online: bool
    last_ms: int
    units: dict[str, str] = field(default_factory=dict)
    values: dict[str, tuple[float | None, int]] = field(default_factory=dict)
    stations: frozenset[str] = frozenset()

    def payload(self, with_stations: bool) -> dict[str, object]:
        """Return the payload of topic `devices`; a line's stations have topics of their own."""
        return {
            "kind": self.kind,
            "source": self.source,
            "online": self.online,
            "last_ms": self.last_ms,
            "metrics": {
                name: {"value": value, "unit": self.units.get(name, ""), "ts_ms": ts_ms}
                for name, (value, ts_ms) in self.values.items()
                if with_stations or name.partition("/")[0] not in self.stations
            },
        }


class Devices:
    """Latest state by `site/node`, or `site/area/line/cell` for raw devices. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, Known] = {}
        self._births: dict[str, Birth] = {}
        self._changed: set[str] = set()
        self.refused = 0
        """Raw devices beyond the limit: their rows are stored, they are not shown."""

    def birth(self, birth: Birth) -> bool:
        """Take a certificate; return True if the node came or went just now."""
        key = f"{birth.site}/{birth.node}"
        source = "replay" if birth.kind == "replay" else "gateway"
        with self._lock:
            known = self._known.get(key)
            changed = known is None or known.online != birth.online
            if known is None:
                known = self._known[key] = Known(birth.kind, source, birth.online, birth.wall_ms)
            known.online = birth.online
            known.last_ms = max(known.last_ms, birth.wall_ms)
            if birth.devices:
                self._births[key] = birth
                known.kind = birth.kind
                known.stations = frozenset(d.id for d in birth.devices if d.kind == "station")
                known.units = {
                    f"{device.id}/{metric.name}": metric.unit
                    for device in birth.devices
                    for metric in device.metrics
                }
            self._changed.add(key)
            return changed

    def apply(self, batch: DecodedBatch) -> None:
        """Take the latest values of a batch."""
        if batch.source == "rebuild":
            return
        readings = batch.readings
        key = f"{batch.site}/{batch.node}"
        with self._lock:
            if batch.source == "raw":
                self._apply_raw(key, batch)
                return
            known = self._known.get(key)
            if known is None:
                known = self._known[key] = Known("node", "gateway", True, batch.wall_ms)
            known.last_ms = batch.wall_ms
            names = [
                [f"{device}/{metric}" for metric in readings.metric] for device in readings.device
            ]
            values = known.values
            for d, m, value, ts_ms in zip(
                readings.d, readings.m, readings.value, readings.ts_ms, strict=True
            ):
                values[names[d][m]] = (value, ts_ms)
            if len(values) > MAX_METRICS:
                for name in list(values)[: len(values) - MAX_METRICS]:
                    del values[name]
            self._changed.add(key)

    def _apply_raw(self, key: str, batch: DecodedBatch) -> None:
        readings = batch.readings
        for d, m, value, ts_ms in zip(
            readings.d, readings.m, readings.value, readings.ts_ms, strict=True
        ):
            cell = f"{key}/{readings.device[d]}"
            known = self._known.get(cell)
            if known is None:
                if len(self._known) >= MAX_DEVICES:
                    self.refused += 1
                    continue
                known = self._known[cell] = Known("raw", "raw", True, batch.wall_ms)
            known.last_ms, known.online = batch.wall_ms, True
            if len(known.values) < MAX_METRICS or readings.metric[m] in known.values:
                known.values[readings.metric[m]] = (value, ts_ms)
            self._changed.add(cell)

    def take_changes(self) -> dict[str, dict[str, object]]:
        """Return payloads of what changed since the last call."""
        with self._lock:
            changed, self._changed = self._changed, set()
            return {key: self._known[key].payload(False) for key in sorted(changed)}

    def all(self) -> dict[str, dict[str, object]]:
        """Return the payloads of all devices."""
        with self._lock:
            return {key: known.payload(True) for key, known in self._known.items()}

    def births(self) -> dict[str, Birth]:
        """Return the newest complete certificate of every node."""
        with self._lock:
            return dict(self._births)

    def value(self, node: str, name: str) -> float | None:
        """Return the latest value of `device/metric` of a node."""
        with self._lock:
            known = self._known.get(node)
            return known.values.get(name, (None, 0))[0] if known else None

    def online(self, kinds: Iterable[str]) -> int:
        """Return how many nodes of these kinds live."""
        wanted = set(kinds)
        with self._lock:
            return sum(k.online and k.kind in wanted for k in self._known.values())
