"""Drawn demands for tests and the benchmark: a seed gives the same demand anywhere."""

from random import Random

from seamline_platform.planning.cutting.demand import Demand


def draw_demand(sizes: int, pieces: int, seed: int) -> Demand:
    """Return about `pieces` pieces in so many sizes, the middle ones asked for most.

    A garment takes 85 cm of cloth in the smallest size and about 6 cm more in each next one.
    """
    rng = Random(f"cut order {sizes} {pieces} {seed}")
    weight = [rng.uniform(0.5, 1.0) * (1 + 2 * min(s + 1, sizes - s) / sizes) for s in range(sizes)]
    total = sum(weight)
    return Demand(
        tuple(f"size {s + 1}" for s in range(sizes)),
        tuple(max(1, round(pieces * w / total)) for w in weight),
        tuple(round(85 + 6 * s + rng.uniform(-1, 1), 1) for s in range(sizes)),
    )
