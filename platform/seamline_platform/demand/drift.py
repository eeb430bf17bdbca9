"""Drift of a model's nightly scores: a self-starting CUSUM.

Nobody knows the right mean and spread of a score beforehand. Hawkins (Self-starting CUSUM charts
for location and scale, The Statistician 36 (1987) 299-315) standardises each value by mean and
spread of all values before it, in such a way that, as long as nothing changes, the results are
independent standard normal, exactly, whatever mean and spread are:

    T_n = (x_n - mean_{n-1}) / s_{n-1}
    U_n = Phi^{-1}[ F_{t, n-2}( T_n sqrt((n-1)/n) ) ]

They are summed in the usual way, `C+ = max(0, C+ + U - k)`, `C- = max(0, C- - U - k)`, and a sum
above `limit` is a drift. With k = 1/2 and a limit of 6 one sum gives a false alarm once in some
2,570 nights (Siegmund, Sequential Analysis, 1985, eq. 2.56), the three that are kept here (pinball
loss up, bias up, bias down) once in some 860, if nights are independent and normal.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Stream = Literal["pinball", "bias"]


@dataclass(frozen=True, slots=True)
class DriftSettings:
    """How watchful: `slack` in standard deviations (half of the shift that matters), `limit`."""

    slack: float = 0.5
    limit: float = 6.0
    warm_up: int = 7
    """So many values are only learnt from."""
    clip: float = 3.0
    """No single night counts for more standard deviations: one livestream is no drift."""

    def __post_init__(self) -> None:
        if self.slack < 0 or self.limit <= 0 or self.clip <= self.slack:
            raise ValueError("A CUSUM needs slack >= 0, limit > 0 and clip > slack.")
        if self.warm_up < 3:
            raise ValueError(f"A warm-up of {self.warm_up} values knows no spread; need 3.")


@dataclass(frozen=True, slots=True)
class Drift:
    """A drift: which score, in which direction, how many nights ago it began, the sum itself."""

    stream: Stream
    up: bool
    nights: int
    value: float


def self_starting(values: Sequence[float], settings: DriftSettings | None = None) -> list[float]:
    """Return U_n of each value, 0 during the warm-up; clipped.

    Raises:
        ValueError: if a value is not a number.
    """
    chosen = settings or DriftSettings()
    result: list[float] = []
    mean = squares = 0.0
    for n, value in enumerate(values, start=1):
        if not math.isfinite(value):
            raise ValueError(f"Score {n} of {len(values)} is {value}, not a number.")
        known = n - 1
        if known < chosen.warm_up:
            result.append(0.0)
        else:
            spread = math.sqrt(squares / (known - 1))
            result.append(_standard(value - mean, spread, known, chosen.clip))
        step = value - mean
        mean += step / n
        squares += step * (value - mean)
    return result


def _standard(step: float, spread: float, known: int, clip: float) -> float:
    if spread <= 1e-12 * max(1.0, abs(step)):
        return 0.0 if step == 0 else math.copysign(clip, step)
    t = step / spread * math.sqrt(known / (known + 1))
    return max(-clip, min(clip, normal_of_t(t, known - 1)))


def normal_of_t(t: float, freedom: int) -> float:
    """Return the standard normal value that is as likely to be exceeded as `t` of Student's t.

    Wallace's approximation (Annals of Mathematical Statistics 30 (1959) 1124-1130), which Hawkins
    uses: within 0.02 for 5 degrees of freedom and |t| up to 5.
    """
    root = math.sqrt(freedom * math.log1p(t * t / freedom))
    return math.copysign(root * (8 * freedom + 1) / (8 * freedom + 3), t)


def find_drift(
    pinball: Sequence[float], bias: Sequence[float], settings: DriftSettings | None = None
) -> Drift | None:
    """Return the drift that the scores show at their end, None if they show none.

    Args:
        pinball: mean pinball loss of each night, oldest first; its logarithm is watched, so that a
            rise by a quarter counts the same at any level. It can only drift upwards.
        bias: (forecast - actual) / actual of each night; drifts up or down.
        settings: how watchful.

    Raises:
        ValueError: if a score is not a number, or a pinball loss is negative.
    """
    chosen = settings or DriftSettings()
    if any(value < 0 for value in pinball):
        raise ValueError("A pinball loss is never negative.")
    logs = self_starting([math.log(max(value, 1e-9)) for value in pinball], chosen)
    biases = self_starting(bias, chosen)
    sums = (
        ("pinball", True, *_cusum(logs, chosen.slack)),
        ("bias", True, *_cusum(biases, chosen.slack)),
        ("bias", False, *_cusum([-u for u in biases], chosen.slack)),
    )
    found = [Drift(*one[:2], one[3], round(one[2], 3)) for one in sums if one[2] > chosen.limit]  # type: ignore[arg-type]  # the streams above
    return max(found, key=lambda drift: drift.value) if found else None


def _cusum(values: Sequence[float], slack: float) -> tuple[float, int]:
    """Return the sum at the end, and for how many values it has been above 0."""
    total, nights = 0.0, 0
    for value in values:
        total = max(0.0, total + value - slack)
        nights = nights + 1 if total > 0 else 0
    return total, nights
