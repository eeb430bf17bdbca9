"""The snowball: what each further factory that joins a pool brings to itself and to the others."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from seamline_broker.errors import ConfigError
from seamline_platform.experiments import theory
from seamline_platform.experiments.effects import learner, pool
from seamline_platform.experiments.effects.attributes import (
    PARAMETERS,
    Truth,
    market_styles,
    truth_of,
)
from seamline_platform.experiments.effects.bands import Band, Floats, band, with_digest

_TEST: Final = 300
CORRELATIONS: Final = (0.0, 0.2, 0.5)
PLATFORM: Final = 40.0
"""Yearly fixed cost of the platform (F), thousand yuan per year; all members share it."""
STOCK: Final = 0.30
"""Yearly cost of one piece of safety stock (thousand yuan per piece): capital, space, markdown."""
WAIT: Final = 12.0
"""Yearly cost of one service time of mean wait (thousand yuan): promises, expediting."""
SALES: Final = 500.0
"""A member's yearly perfect-information profit of new styles (thousand yuan)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked: scenario, seeds 1 .. `seeds`, how many members, how alike, how crowded."""

    scenario: str = "demo"
    seeds: int = 12
    members: int = 16
    correlation: float = 0.2
    """Of the members' demand; a common 11.11 peak raises it."""
    load: float = 0.85
    """Use of each line."""
    styles_each: int = 50
    congestion: float = 1.5
    """Cost of coordination that each further member adds to everyone (d), thousand yuan a year."""

    def __post_init__(self) -> None:
        limits = {
            "seeds": (self.seeds, 2, 1000),
            "members": (self.members, 2, 64),
            "correlation": (self.correlation, 0.0, 1.0),
            "load": (self.load, 0.05, 0.97),
            "styles_each": (self.styles_each, 3, 1000),
            "congestion": (self.congestion, 0.0, 1000.0),
        }
        for name, (value, low, high) in limits.items():
            if not low <= value <= high:
                raise ConfigError(f"{name} is {value}; allowed: {low} to {high}.")


@dataclass(frozen=True, slots=True)
class Costs:
    """Yearly cost per member (thousand yuan) at 1, 2, .. members, by source."""

    platform: Floats
    stock: Floats
    waiting: Floats
    mismatch: Floats
    congestion: Floats

    @property
    def average(self) -> Floats:
        """Return the cost of one member."""
        return self.platform + self.stock + self.waiting + self.mismatch + self.congestion

    @property
    def own(self) -> Floats:
        """Return what the m-th member saves against being alone."""
        saving: Floats = self.average[0] - self.average
        return saving

    @property
    def others(self) -> Floats:
        """Return what the m-th member saves all who were there before: (m-1)(c(m-1) - c(m))."""
        before = np.arange(len(self.average))
        last = np.concatenate([self.average[:1], self.average[:-1]])
        saving: Floats = before * (last - self.average)
        return saving


@dataclass(frozen=True, slots=True)
class Snowball:
    """Measured bands beside theory, at 1, 2, .. members."""

    plan: Plan
    truth: Truth
    stock: dict[float, Band]
    """Safety stock per member relative to one alone, by correlation."""
    wait: Band
    error: dict[str, Band]
    average: dict[str, Band]
    own: dict[str, Band]
    others: dict[str, Band]
    """By way of sharing data: "nothing", "models", "raw"."""

    def stock_theory(self, members: int, correlation: float) -> float:
        """Return the predicted relative safety stock."""
        return theory.pooled_stock(members, correlation)

    def wait_theory(self, members: int) -> float:
        """Return the predicted wait in service times."""
        return theory.erlang_c_wait(members, self.plan.load)

    def error_theory(self, members: int) -> float:
        """Return the predicted error when raw data are shared."""
        return theory.learning_rmse(
            members * self.plan.styles_each, self.truth.irreducible, self.truth.spread, PARAMETERS
        )

    def average_theory(self, members: int, shared: bool) -> float:
        """Return the predicted cost of a member."""
        alone = 1.645 * 200 * STOCK  # z of 95 % x sd of a week
        return (
            PLATFORM / members
            + alone * self.stock_theory(members, self.plan.correlation)
            + WAIT * self.wait_theory(members)
            + SALES * _mismatch(self.error_theory(members if shared else 1))
            + self.plan.congestion * (members - 1)
        )

    @property
    def best_size(self) -> int:
        """Return at how many members the cost of a member is least, raw data shared."""
        return int(np.argmin(self.average["raw"].mean)) + 1

    def document(self) -> dict[str, Any]:
        """Return everything as a JSON object with a digest."""
        return with_digest({
            "experiment": "snowball",
            "scenario": self.plan.scenario,
            "seeds": self.plan.seeds,
            "correlation": self.plan.correlation,
            "load": self.plan.load,
            "styles_each": self.plan.styles_each,
            "congestion": self.plan.congestion,
            "unit": "thousand yuan per member and year",
            "prices": {
                "platform": PLATFORM, "safety_stock_piece": STOCK, "wait_service_time": WAIT,
                "new_styles_profit": SALES, "grade": "estimate",
            },
            "best_size": self.best_size,
            "curve": [self._point(i) for i in range(self.plan.members)],
        })  # fmt: skip

    def _point(self, i: int) -> dict[str, Any]:
        m = i + 1
        return {
            "members": m,
            "stock": {str(rho): line.at(i) for rho, line in self.stock.items()},
            "stock_theory": {
                str(rho): round(self.stock_theory(m, rho), 6) for rho in self.stock
            },
            "wait": self.wait.at(i),
            "wait_theory": round(self.wait_theory(m), 6),
            "rmse": {way: line.at(i) for way, line in self.error.items()},
            "rmse_theory": round(self.error_theory(m), 6),
            "cost": {way: line.at(i) for way, line in self.average.items()},
            "cost_theory": {
                "raw": round(self.average_theory(m, shared=True), 6),
                "nothing": round(self.average_theory(m, shared=False), 6),
            },
            "own_saving": {way: line.at(i) for way, line in self.own.items()},
            "others_saving": {way: line.at(i) for way, line in self.others.items()},
        }  # fmt: skip


def _mismatch(error: float) -> float:
    return theory.lognormal_mismatch_share(learner.UNDERAGE, learner.OVERAGE, error)


def run(plan: Plan) -> Snowball:
    """Run the experiment; the same plan gives the same digest.

    Raises:
        ConfigError: if the scenario is unknown or a value is not allowed.
    """
    rows = [_one_seed(plan, seed) for seed in range(1, plan.seeds + 1)]
    bands = {name: band(np.array([row[name] for row in rows])) for name in rows[0]}
    named = {
        kind: {way: bands[f"{kind} {way}"] for way in pool.WAYS}
        for kind in ("error", "average", "own", "others")
    }
    stock = {rho: bands[f"stock {rho}"] for rho in _correlations(plan)}
    return Snowball(plan, truth_of(plan.scenario), stock, bands["wait"], **named)


def _correlations(plan: Plan) -> tuple[float, ...]:
    return tuple(sorted({*CORRELATIONS, plan.correlation}))


def _one_seed(plan: Plan, seed: int) -> dict[str, Floats]:
    m = plan.members
    stock = {rho: pool.stock_per_member(m, rho, seed) for rho in _correlations(plan)}
    wait = pool.wait_by_members(m, plan.load, seed)
    styles = market_styles(plan.scenario, seed, _TEST + m * plan.styles_each)
    test, past = styles.part(0, _TEST), styles.part(_TEST, _TEST + m * plan.styles_each)
    result = {f"stock {rho}": line / line[0] for rho, line in stock.items()} | {"wait": wait}
    size = np.arange(1.0, m + 1)
    for way in pool.WAYS:
        error = pool.error_by_members(past, test, m, plan.styles_each, way)
        costs = Costs(
            platform=PLATFORM / size,
            stock=STOCK * stock[plan.correlation],
            waiting=WAIT * wait,
            mismatch=SALES * np.array([_mismatch(float(e)) for e in error]),
            congestion=plan.congestion * (size - 1),
        )
        result |= {
            f"error {way}": error,
            f"average {way}": costs.average,
            f"own {way}": costs.own,
            f"others {way}": costs.others,
        }
    return result
