"""How far plant time may go: speed, pause, idle hours, slow motion, and a governor; pure."""

from dataclasses import dataclass
from typing import Final

SKIP_SPEED: Final = 14_400.0
"""Plant seconds per wall second through idle hours: a night of 14 hours in 3.5 s."""
MAX_IDLE_WALL_S: Final = 4.0
SLOW_SPEED: Final = 10.0
SLOW_WALL_S: Final = 20.0

_LAG_S: Final = 1.0
_CALM_S: Final = 5.0
_LOWER: Final = 0.8
_RAISE: Final = 1.25
_LOWEST: Final = 0.1


@dataclass(frozen=True, slots=True)
class PaceState:
    """What has to survive a restart."""

    speed: float
    paused: bool = False
    morning_us: int = 0


class Pacer:
    """Turns wall time into plant time.

    The world tells through `idle` that no shift is open; plant time then runs faster, but never
    past the next start of a shift. If the machine cannot keep up, the governor lowers the speed and
    `speed` says so: plant time is never run in jerks to catch up.

    Args:
        state: speed and pause.
    """

    def __init__(self, state: PaceState) -> None:
        self.wanted = state.speed
        self.paused = state.paused
        self.morning_us = state.morning_us
        self._before: float | None = None
        self._slow_left_s = 0.0
        self._limit: float | None = None
        self._calm_s = 0.0
        self._skip = 0.0
        self._idle = False

    @property
    def state(self) -> PaceState:
        """What has to be saved; slow motion is not."""
        return PaceState(self._before or self.wanted, self.paused, self.morning_us)

    @property
    def mode(self) -> str:
        """One of running, paused, skipping."""
        if self.paused:
            return "paused"
        return "skipping" if self._skip > self.wanted else "running"

    @property
    def speed(self) -> float:
        """Plant seconds per wall second as they are now, whatever was asked for."""
        speed = max(self._skip, self.wanted)
        return speed if self._limit is None else min(speed, self._limit)

    @property
    def limited(self) -> bool:
        """True while the governor holds the speed down."""
        return self._limit is not None and self._limit < max(self._skip, self.wanted)

    def pause(self) -> None:
        """Stop plant time."""
        self.paused = True

    def resume(self) -> None:
        """Let plant time run on."""
        self.paused = False

    def set_speed(self, factor: float, for_s: float = 0.0) -> None:
        """Change the speed, for good or for so many wall seconds."""
        if for_s > 0:
            self._before = self.wanted if self._before is None else self._before
            self._slow_left_s = for_s
        else:
            self._before, self._slow_left_s = None, 0.0
        self.wanted = factor
        self._limit = None

    def slow_motion(self) -> None:
        """Let a person follow what happens now; does nothing if plant time is slow already."""
        if self.wanted > SLOW_SPEED or self._before is not None:
            self.set_speed(min(SLOW_SPEED, self.wanted), SLOW_WALL_S)

    def skip_to(self, t_us: int) -> None:
        """Run on to `t_us` at once."""
        self.morning_us = t_us
        self.paused = False

    def step(self, dt_s: float, now_us: int, idle: bool, next_start_us: int) -> int:
        """Return the plant time to reach, `dt_s` wall seconds after `now_us`."""
        self._let_time_pass(dt_s)
        if self.paused:
            return now_us
        if now_us >= self.morning_us:
            self.morning_us = 0
        limits = [t for t in (self.morning_us, next_start_us if idle else 0) if t > now_us]
        if not limits:
            self._skip, self._idle = 0.0, False
        elif not self._idle or self._skip == 0.0:
            # Fixed when the gap begins, so that a weekend takes no longer than a night.
            self._idle = True
            gap_s = (max(limits) - now_us) / 1e6 if idle else 0.0
            self._skip = max(SKIP_SPEED, gap_s / MAX_IDLE_WALL_S)
        target = now_us + round(dt_s * self.speed * 1e6)
        return min([target, *limits])

    def _let_time_pass(self, dt_s: float) -> None:
        if self._before is not None and not self.paused:
            self._slow_left_s -= dt_s
            if self._slow_left_s <= 0:
                self.wanted, self._before = self._before, None
                self._limit = None
        if self._limit is not None:
            self._calm_s += dt_s
            if self._calm_s >= _CALM_S:
                self._calm_s = 0.0
                self._limit *= _RAISE
                if self._limit >= max(self._skip, self.wanted):
                    self._limit = None

    def report(self, lag_s: float, achieved: float) -> bool:
        """Hear how far the world is behind, and its speed; True if the speed was lowered."""
        if lag_s <= _LAG_S:
            return False
        self._calm_s = 0.0
        # One bad second says little: never less than half at a time.
        reached = min(self.speed, max(achieved, self.speed / 2))
        lower = max(_LOWEST, reached * _LOWER)
        changed = self._limit is None or lower < self._limit
        self._limit = lower
        return changed
