"""Sensors on sewing heads: what vibration shows of wear, with noise. Whole numbers only."""

from typing import Final

from seamline_sim import rng

QUIET_UM_S: Final = 1100
"""Vibration velocity (RMS) of a new head, mean; heads differ by 15 %."""
_GROWTH: Final = 6
"""v = v0 (1 + 6 w^2): the model of the live sensors."""
_NOISE_PERMILLE: Final = 60


def vibration_um_s(seed: int, station: str, day: int, wear_ppm: int) -> int:
    """Return the vibration of a head that ran on a day, micrometres per second.

    `wear_ppm` is the wear that the head has, in millionths; only the sensor sees it.
    """
    own = rng.between(rng.u32(seed, "head", station), -150, 150)
    draws = rng.words(seed, "vibration", f"{station}|{day}", 4)
    # the sum of four uniforms, near enough to a normal of this spread
    noise = sum(rng.between(d, -_NOISE_PERMILLE, _NOISE_PERMILLE) for d in draws) * 866 // 1000
    quiet = QUIET_UM_S * (1000 + own) // 1000
    worn = 1_000_000 + _GROWTH * (wear_ppm // 1000) ** 2
    return max(quiet * worn // 1_000_000 * (1000 + noise) // 1000, 20)
