"""When the next plant day is due: days per wall second, with pauses. Values in, values out."""

from dataclasses import dataclass

from seamline_broker.errors import ConfigError

SLOWEST, FASTEST = 0.1, 20.0
"""Plant days per wall second."""
_SMOOTH = 0.3
"""Weight of the newest day in the speed that is told."""


@dataclass(slots=True)
class Pace:
    """Spaces plant days evenly. A machine that cannot keep up is not chased: no debt is kept."""

    days_per_s: float
    paused: bool = False
    reached_per_s: float | None = None
    """Days per second of late; None before the second day and after a pause."""
    _due_s: float = 0.0
    _last_s: float | None = None

    def __post_init__(self) -> None:
        self._check(self.days_per_s)

    @staticmethod
    def _check(days_per_s: float) -> None:
        if not SLOWEST <= days_per_s <= FASTEST:
            raise ConfigError(
                f"days_per_s is {days_per_s!r}; allowed: {SLOWEST:g} to {FASTEST:g} plant days "
                "per second."
            )

    def wait_s(self, now_s: float) -> float | None:
        """Return how long until the next day is due, 0 if it is; None while paused."""
        return None if self.paused else max(0.0, self._due_s - now_s)

    def began(self, now_s: float) -> None:
        """Note that a day begins now; the next is due one interval after this one was, or now."""
        interval_s = 1 / self.days_per_s
        if self._last_s is not None:
            rate = 1 / max(now_s - self._last_s, 1e-3)
            old = self.reached_per_s
            self.reached_per_s = rate if old is None else old + _SMOOTH * (rate - old)
        self._last_s = now_s
        on_time = now_s - self._due_s < interval_s
        self._due_s = (self._due_s if on_time else now_s) + interval_s

    def set_speed(self, days_per_s: float, now_s: float) -> None:
        """Go at another speed from now on.

        Raises:
            ConfigError: if it is outside 0.1 to 20 days per second.
        """
        self._check(days_per_s)
        self.days_per_s = days_per_s
        self._due_s = min(self._due_s, now_s + 1 / days_per_s)
        self._last_s = self.reached_per_s = None

    def pause(self) -> None:
        """Let no day begin."""
        self.paused = True
        self._last_s = self.reached_per_s = None

    def go_on(self, now_s: float) -> None:
        """Continue: the next day is due at once, and what the pause took is not caught up."""
        if self.paused:
            self.paused, self._due_s = False, now_s
