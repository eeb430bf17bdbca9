"""Wear of machines: a life as a pure function of the machine and its running time.

A life is cut into 400 steps of equal running time (one hour where the mean life is 400 h). In each
step wear grows by a draw of a Gamma process (shape 1/2 per step, mean 1/400 of the nominal wear of
1.0); the machine fails when its wear crosses a threshold that was drawn for the life. Sensors may
see the wear, nobody the threshold: that is why a warning is never a certainty. Small stops (thread,
needle, bobbin) come by exposure: a worn machine collects it faster than a new one.
"""

import functools
import itertools
from array import array
from bisect import bisect_left, bisect_right

from seamline_sim import rng, tables

STEPS = 400
"""Steps of a mean life."""
FULL_PPM = 1_000_000
"""Nominal wear at the end of a life."""
_CHUNK = 512


class Life:
    """One life of one machine: `wear` and `exposure` at the beginning of every step.

    `wear` in millionths of the nominal wear, `exposure` in thousandths of a step of a new machine;
    `threshold` is the wear at which the machine fails.
    """

    __slots__ = ("exposure", "threshold", "wear")

    def __init__(self, wear: "array[int]", exposure: "array[int]", threshold: int) -> None:
        self.wear = wear
        self.exposure = exposure
        self.threshold = threshold

    def length(self, step_ms: int) -> int:
        """Return the running time until the failure, milliseconds."""
        last = len(self.wear) - 2
        rise = self.wear[last + 1] - self.wear[last]
        return last * step_ms + step_ms * (self.threshold - self.wear[last]) // rise

    def wear_at(self, run_ms: int, step_ms: int) -> int:
        """Return the wear after so much running time of this life, millionths."""
        return _between(self.wear, run_ms, step_ms)

    def exposure_at(self, run_ms: int, step_ms: int) -> int:
        """Return the exposure collected so far, milliseconds of a new machine."""
        return _between(self.exposure, run_ms, step_ms) * step_ms // 1000

    def when(self, exposure_ms: int, step_ms: int) -> int:
        """Return the running time at which an exposure is reached; the life's end if never."""
        wanted = exposure_ms * 1000 // step_ms
        index = bisect_right(self.exposure, wanted) - 1
        if index >= len(self.exposure) - 1:
            return (len(self.exposure) - 1) * step_ms
        rise = self.exposure[index + 1] - self.exposure[index]
        return index * step_ms + step_ms * (wanted - self.exposure[index]) // rise


def _between(values: "array[int]", run_ms: int, step_ms: int) -> int:
    index, rest = divmod(run_ms, step_ms)
    if index >= len(values) - 1:
        return values[-1]
    return values[index] + (values[index + 1] - values[index]) * rest // step_ms


@functools.lru_cache(maxsize=16_384)
def life(seed: int, machine: str, number: int, spread_permille: int, growth_permille: int) -> Life:
    """Return the nth life of a machine: the same whatever it sews, and when.

    `spread_permille` is the sd of the logarithm of the threshold; `growth_permille` by how much
    more often a machine of wear 1.0 stops than a new one (the hazard grows with wear squared).
    """
    knot = tables.lognormal(spread_permille)[rng.u32(seed, "threshold", machine, number) >> 22]
    threshold = FULL_PPM * knot // tables.KNOTS
    steps = _increments()
    wear = array("Q", [0])
    for chunk in itertools.count():
        draws = rng.words(seed, "wear", f"{machine}|{number}|{chunk}", _CHUNK)
        rises = itertools.accumulate([steps[draw >> 22] for draw in draws], initial=wear[-1])
        wear.extend(list(rises)[1:])
        if wear[-1] >= threshold:
            break
    del wear[bisect_left(wear, threshold) + 1 :]
    hazards = [hazard(w, growth_permille) for w in wear[:-1]]
    return Life(wear, array("Q", itertools.accumulate(hazards, initial=0)), threshold)


@functools.cache
def _increments() -> tuple[int, ...]:
    """Return the knots of a step's rise of wear, millionths; every step wears a little."""
    return tuple(FULL_PPM // STEPS * knot // tables.KNOTS + 1 for knot in tables.gamma_half())


def hazard(wear_ppm: int, growth_permille: int) -> int:
    """Return the hazard of a machine against that of a new one, permille: 1 + g w^2."""
    return 1000 + growth_permille * (wear_ppm // 1000) ** 2 // 1_000_000
