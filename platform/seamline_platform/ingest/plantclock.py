"""Plant time at any wall time, from the clock messages of the run."""

from typing import Final

from seamline_broker.contracts.messages import RunClock
from seamline_broker.errors import ContractError

_MAX_SPEED: Final = 1_000_000


class PlantClock:
    """Carries the newest clock message on; knows nothing before the first one."""

    def __init__(self) -> None:
        self.latest: RunClock | None = None
        self._arrived_ms = 0

    def set(self, clock: RunClock, arrived_ms: int) -> None:
        """Take a clock message that arrived at this wall time.

        Raises:
            ContractError: if its speed is not a number from 0 to a million.
        """
        if not 0 <= clock.speed <= _MAX_SPEED:
            raise ContractError(f"Speed {clock.speed} of the run is not from 0 to {_MAX_SPEED}.")
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
