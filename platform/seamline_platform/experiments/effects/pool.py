"""Members of a pool on common random numbers: shared stock, shared capacity, shared data.

Member i meets the same demand, jobs and styles whoever else has joined.
"""

import math
from typing import Final

import numpy as np

from seamline_platform.experiments.effects.attributes import Styles, fit
from seamline_platform.experiments.effects.bands import Floats
from seamline_platform.experiments.inventory import pooled_safety_stock
from seamline_platform.experiments.queueing import pooled_wait

SERVICE: Final = 0.95
_WEEKS: Final = 4_000
_JOBS: Final = 2_500
_WARM_UP: Final = 250
WAYS: Final = ("nothing", "models", "raw")


def weekly_demand(members: int, correlation: float, seed: int) -> Floats:
    """Return weekly demand, one row per member: mean 1,000, sd 200, equal correlations."""
    common = np.random.default_rng([seed, 10]).normal(size=_WEEKS)
    own = np.stack([
        np.random.default_rng([seed, 11, i]).normal(size=_WEEKS) for i in range(members)
    ])  # fmt: skip
    mixed = math.sqrt(correlation) * common + math.sqrt(1 - correlation) * own
    return 1_000 + 200 * mixed


def stock_per_member(members: int, correlation: float, seed: int) -> Floats:
    """Return safety stock per member in pieces when 1, 2, .. `members` share it."""
    return pooled_safety_stock(weekly_demand(members, correlation, seed), SERVICE)


def wait_by_members(members: int, load: float, seed: int) -> Floats:
    """Return the mean wait in service times when 1, 2, .. `members` share their lines.

    Jobs arrive at random (Poisson) and take exponential times; one line per member.
    """
    arrivals, services = [], []
    for i in range(members):
        rng = np.random.default_rng([seed, 12, i])
        arrivals.append(np.cumsum(rng.exponential(1 / load, _JOBS)))
        services.append(rng.exponential(1.0, _JOBS))
    tables = np.stack(arrivals), np.stack(services)
    return np.array([pooled_wait(*tables, m + 1, _WARM_UP) for m in range(members)])


def error_by_members(styles: Styles, test: Styles, members: int, each: int, way: str) -> Floats:
    """Return the error of a member's size forecasts when 1, 2, .. `members` share.

    `way`: "nothing" (each learns alone; the mean over those who have joined), "models" (their
    predictions are averaged) or "raw" (one model learns from all styles).
    """
    alone = [fit(styles.part(each * i, each * (i + 1))).predict(test.x) for i in range(members)]
    errors = []
    for m in range(1, members + 1):
        if way == "raw":
            guesses = [fit(styles.part(0, each * m)).predict(test.x)]
        else:
            guesses = [np.mean(alone[:m], axis=0)] if way == "models" else alone[:m]
        squares = [float(np.mean((guess - test.log_size) ** 2)) for guess in guesses]
        errors.append(float(np.mean(np.sqrt(squares))))
    return np.array(errors)
