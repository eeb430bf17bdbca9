"""The exogenous layer of a seed in one digest: what every policy meets, whatever it decides."""

import hashlib
from collections.abc import Sequence
from typing import Final

from seamline_platform.experiments.season.surge import Hit
from seamline_sim import rng, wear
from seamline_sim.layout import plan_of
from seamline_sim.market import Market
from seamline_sim.products import bulletins
from seamline_sim.scenario import Scenario

LIVES: Final = 2
"""Lives of every machine that the digest covers."""
SERIALS: Final = range(0, 1000, 100)
"""Garments of every style and size whose draws it covers, by serial number."""


def machines(scenario: Scenario) -> list[str]:
    """Return the names under which all machines draw their chance, whatever stands where."""
    names = set()
    for plant in scenario.plants:
        plans = [plan_of(bulletin, plant.stations) for bulletin in bulletins()]
        for line in range(1, plant.lines + 1):
            for i in range(plant.stations):
                station = f"{plant.id}/line-{line}/st-{i + 1:02d}"
                names |= {f"{station}|{plan.machines[i]}" for plan in plans}
    return sorted(names)


def exogenous_digest(
    scenario: Scenario, market: Market, hits: Sequence[Hit], seed: int, days: int
) -> str:
    """Return a sha-256 over arrivals, surge, failures and sewing draws.

    Failures: every machine's first lives, wear by running hour and the threshold of each. Sewing:
    time, in-line and defect draws by style, size, serial number and operation.
    """
    h = hashlib.sha256(market.digest(days).encode())
    h.update(repr(list(hits)).encode())
    spread = scenario.figure("machines.threshold_spread_permille")
    growth = scenario.figure("machines.stop_growth_permille")
    for name in machines(scenario):
        for number in range(1, LIVES + 1):
            life = wear.life(seed, name, number, spread, growth)
            h.update(life.wear.tobytes())
            h.update(life.threshold.to_bytes(8, "little"))
    for style, record in market.collection.styles.items():
        operations = len(bulletins()[record.bulletin])
        for size in record.sizes:
            for serial in SERIALS:
                draws = rng.words(seed, "sew", f"{style}-{size}|{serial}", operations)
                h.update(repr(draws).encode())
    return h.hexdigest()
