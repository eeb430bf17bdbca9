"""How many CPU seconds the search may spend: it lives beside everything else on a small machine."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Allowance:
    """CPU seconds that grow with wall time up to a cap (a token bucket) and are spent by questions.

    A question after a disturbance always gets `least`; what it uses beyond is owed.
    """

    rate: float = 0.08
    """CPU seconds per wall second, on average."""
    most: float = 3.0
    """CPU seconds of one question."""
    least: float = 0.5
    saved: float = 3.0
    at_s: float = 0.0

    def grown(self, now_s: float) -> "Allowance":
        """Return the allowance at `now_s` (steady time)."""
        saved = min(self.saved + self.rate * max(now_s - self.at_s, 0.0), self.most)
        return replace(self, saved=saved, at_s=max(now_s, self.at_s))

    @property
    def urgent(self) -> float:
        """CPU seconds for a question that cannot wait."""
        return max(self.saved, self.least)

    @property
    def full(self) -> bool:
        """True if there is enough for a question that nobody waits for."""
        return self.saved >= self.most - 1e-9

    def spent(self, cpu_s: float) -> "Allowance":
        """Return the allowance after a question that took so long."""
        return replace(self, saved=max(self.saved - cpu_s, -self.most))
