"""Feeds the live page: takes what changed from twin, streams and devices, hands it to the hub."""

from collections.abc import Mapping
from dataclasses import asdict
from itertools import count

from seamline_broker.contracts.messages import RunClock
from seamline_platform.api.hub import Hub
from seamline_platform.app.board import Reason, line_row, order_row
from seamline_platform.app.devices import Devices
from seamline_platform.app.diary import Note
from seamline_platform.domain.batches import DecodedBatch
from seamline_platform.streams.kpis import Kpis
from seamline_platform.twin import Projection

LOG_KEPT = 1_000


class Publisher:
    """Puts payloads on the hub's topics; called on the loop's thread unless said otherwise."""

    def __init__(
        self,
        hub: Hub,
        projection: Projection,
        kpis: Kpis,
        devices: Devices,
        reasons: Mapping[str, Reason],
    ) -> None:
        self._hub = hub
        self._projection = projection
        self._kpis = kpis
        self._devices = devices
        self._reasons = reasons
        self._ids = count(1)
        self.log: list[dict[str, object]] = []
        self.now_ms = 0

    def everything(self) -> None:
        """Show all orders and lines: at the start, and after a rebuild."""
        self._projection.take_changes()
        self._show_orders(set(self._projection.orders))
        self._show_lines()
        states = self._projection.station_states()
        self._hub.set("floor", {key: asdict(state) for key, state in states.items()})

    def changes(self) -> None:
        """Show what changed since the last call: several times a second."""
        changed = self._projection.take_changes()
        if changed.stations:
            states = self._projection.station_states(changed.stations)
            self._hub.set("floor", {key: asdict(state) for key, state in states.items()})
        if changed.orders:
            self._show_orders(changed.orders)
        if changed.lines:
            self._show_lines(changed.lines)
        devices = self._devices.take_changes()
        if devices:
            self._hub.set("devices", devices)

    def figures(self) -> None:
        """Show the KPI tiles: about once a second."""
        self._hub.put("kpi", self._kpis.board())

    def clock(self, clock: RunClock, arrived_ms: int, wall_ms: int) -> None:
        """Show where plant time stands."""
        self._hub.put(
            "clock",
            {
                "plant_ms": clock.plant_ms,
                "wall_ms": clock.wall_ms,
                "speed": clock.speed,
                "state": clock.state,
                "lag_ms": max(0, wall_ms - arrived_ms),
            },
        )

    def note(self, note: Note, wall_ms: int) -> None:
        """Append one line to the event log."""
        entry = {"id": next(self._ids), "wall_ms": wall_ms, **asdict(note)}
        self.log.append(entry)
        del self.log[:-LOG_KEPT]
        self._hub.append("log", [entry])

    def sensors(self, batch: DecodedBatch) -> None:
        """Hand on samples that somebody watches; called in the ingest thread."""
        wanted = self._hub.wanted_sensors
        if not wanted:
            return
        readings = batch.readings
        node = f"{batch.site}/{batch.node}"
        pairs = {
            (d, m): f"{node}/{device}/{metric}"
            for d, device in enumerate(readings.device)
            for m, metric in enumerate(readings.metric)
        }
        watched = {pair: name for pair, name in pairs.items() if name in wanted}
        if not watched:
            return
        points: dict[str, list[object]] = {}
        for d, m, ts_ms, value in zip(
            readings.d, readings.m, readings.ts_ms, readings.value, strict=True
        ):
            name = watched.get((d, m))
            if name is not None:
                points.setdefault(name, []).append([ts_ms, value])

        def feed(hub: Hub) -> None:
            for name, values in points.items():
                hub.append(f"sensor:{name}", values)

        self._hub.post(feed)

    def _show_orders(self, orders: set[str]) -> None:
        rows = {}
        for name in orders:
            view = self._projection.order_view(name)
            if view is not None:
                rows[name] = order_row(view, self._reasons.get(name, Reason()), self.now_ms)
        self._hub.set("orders", rows)

    def _show_lines(self, only: set[str] | None = None) -> None:
        today = self._kpis.today()
        good = self._projection.good_today()
        rows = {
            key: line_row(
                line,
                good.get(key, 0),
                today.get(key, {}),
                self._devices.value(key, "line/power_kw"),
            )
            for key, line in self._projection.lines().items()
            if only is None or key in only
        }
        self._hub.set("lines", rows)
