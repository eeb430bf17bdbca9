"""Plant time at any wall time, from the clock messages of the run."""

from seamline_broker.contracts.messages import RunClock


class PlantClock:
    """Carries the newest clock message on; knows nothing before the first one."""

    def __init__(self) -> None:
        self.latest: RunClock | None = None
        self._arrived_ms = 0

    def set(self, clock: RunClock, arrived_ms: int) -> None:
        """Take a clock message that arrived at this wall time."""
        self.latest = clock
        self._arrived_ms = arrived_ms

    def plant_ms(self, wall_ms: int) -> int | None:
        """Return plant time at `wall_ms`, or None if no clock was heard yet."""
        clock = self.latest
        if clock is None:
            return None
        if clock.state != "running":
            return clock.plant_ms
        return clock.plant_ms + round((wall_ms - self._arrived_ms) * clock.speed)
