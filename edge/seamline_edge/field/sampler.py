"""Takes samples of the world's nodes at their moments, within the budget."""

from collections.abc import Mapping
from heapq import heapify, heappop, heappush
from typing import Any, Final

from seamline_edge.field.nodes import HALL_DEVICE, LINE_DEVICE, sampled_values
from seamline_edge.field.sampling import Schedule, spacing_s
from seamline_edge.field.sensors import (
    HALL_METRICS,
    LINE_METRICS,
    STATION_METRICS,
    StationSensors,
    hall,
    line_values,
)
from seamline_edge.field.world import PlantWorld

Sample = dict[str, Any]
"""`{"ts_ms", "every_ms", "device", "metric", "value"}`; `value[m][d]`."""

_STATION_NAMES: Final = [m.name for m in STATION_METRICS]
_LINE_NAMES: Final = [m.name for m in LINE_METRICS]
_HALL_NAMES: Final = [m.name for m in HALL_METRICS]


class Sampler:
    """Steps the world to each moment at which a node is due, and looks at it there.

    Args:
        world: what is looked at.
        nodes: as `describe` gives them.
        seed: of the noise.
        budget: values per wall second.
    """

    def __init__(
        self, world: PlantWorld, nodes: Mapping[str, Mapping[str, Any]], seed: int, budget: float
    ) -> None:
        self._world = world
        self._seed = seed
        self._budget = budget
        self._values = sampled_values(nodes)
        self._kinds = {n: d["kind"] for n, d in nodes.items() if d["kind"] in ("line", "plant")}
        self._sensors = StationSensors(seed)
        self._schedule = Schedule(
            list(self._kinds), spacing_s(self._values, 1.0, budget) * 1_000_000
        )
        self._due: list[tuple[int, int]] = []
        self.fresh: list[tuple[str, Sample]] = []
        """Samples not handed to readers yet; the server takes them."""
        self.restart()

    @property
    def every_ms(self) -> int:
        """Plant milliseconds between two samples of one node."""
        return self._schedule.spacing_us // 1000

    def restart(self) -> None:
        """Plan the next sample of each node from now on."""
        now_us = self._world.now_us
        self._due = [(self._schedule.due(i, now_us), i) for i in range(len(self._schedule.nodes))]
        heapify(self._due)

    def set_speed(self, speed: float) -> None:
        """Space samples so that the budget holds at `speed`."""
        spacing_us = spacing_s(self._values, speed, self._budget) * 1_000_000
        if spacing_us != self._schedule.spacing_us:
            self._schedule.spacing_us = spacing_us
            self.restart()

    def run_to(self, target_us: int) -> None:
        """Step the world to every sample that is due up to `target_us`."""
        while self._due and self._due[0][0] <= target_us:
            t_us, index = heappop(self._due)
            self._world.step_until(t_us)
            node = self._schedule.nodes[index]
            ts_ms = self._world.start_ms + t_us // 1000
            self.fresh.extend((node, sample) for sample in self._look(node, ts_ms))
            heappush(self._due, (self._schedule.due(index, t_us), index))

    def _look(self, node: str, ts_ms: int) -> list[Sample]:
        site = node.partition("/")[0]
        air_c, humidity = hall(self._seed, site, ts_ms)
        if self._kinds[node] == "plant":
            return [self._sample(ts_ms, [HALL_DEVICE], _HALL_NAMES, [[air_c], [humidity]])]
        stations = self._world.observe(node)
        rows = [self._sensors.sample(node, s, ts_ms, air_c) for s in stations]
        line = line_values(self._world.observe_line(node))
        return [
            self._sample(
                ts_ms,
                [s.id for s in stations],
                _STATION_NAMES,
                [list(c) for c in zip(*rows, strict=True)],
            ),
            self._sample(ts_ms, [LINE_DEVICE], _LINE_NAMES, [[value] for value in line]),
        ]

    def _sample(
        self, ts_ms: int, device: list[str], metric: list[str], value: list[list[float]]
    ) -> Sample:
        return {
            "ts_ms": ts_ms, "every_ms": self.every_ms,
            "device": device, "metric": metric, "value": value,
        }  # fmt: skip
