"""The flywheel: accuracy and cost against accumulated data, its floor, and what bends it."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from seamline_broker.errors import ConfigError
from seamline_platform.experiments import theory
from seamline_platform.experiments.effects import learner
from seamline_platform.experiments.effects.attributes import (
    PARAMETERS,
    Styles,
    Truth,
    fit,
    market_styles,
    rmse,
    truth_of,
)  # fmt: skip
from seamline_platform.experiments.effects.bands import Band, Floats, band, with_digest

NUMBERS: Final = (10, 20, 40, 80, 160, 320, 640, 1280)
_TEST: Final = 400
_NEXT: Final = 20
_WAYS: Final = ("greedy", "explore", "sensed")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked: scenario of the market, seeds 1 .. `seeds`, and the options."""

    scenario: str = "demo"
    seeds: int = 12
    half_life: float = 120.0
    """Styles in which half of the taste has changed."""
    traffic: float = 5.0
    """Share of customers gained per unit of fill rate."""
    periods: int = 24
    weeks: int = 104

    def __post_init__(self) -> None:
        if not 2 <= self.seeds <= 1000:
            raise ConfigError(f"seeds is {self.seeds}; allowed: 2 to 1000.")
        if not 1 <= self.half_life <= 1e6:
            raise ConfigError(f"half_life is {self.half_life}; allowed: 1 to 1,000,000 styles.")
        if not 0 <= self.traffic <= 100:
            raise ConfigError(f"traffic is {self.traffic}; allowed: 0 to 100.")


@dataclass(frozen=True, slots=True)
class Flywheel:
    """Measured bands and theory, point by point."""

    plan: Plan
    truth: Truth
    rmse: Band
    cost: Band
    fill: Band
    keep_all: Band
    forget: Band
    loop_off: Band
    loop_on: Band
    fill_off: Band
    fill_on: Band
    weeks: dict[str, Band]

    def rmse_theory(self, n: float) -> float:
        """Return the predicted error after `n` styles."""
        return theory.learning_rmse(n, self.truth.irreducible, self.truth.spread, PARAMETERS)

    def cost_theory(self, n: float) -> float:
        """Return the predicted cost share after `n` styles."""
        return _cost(self.rmse_theory(n))

    def few_theory(self, n: int) -> float:
        """Return the predicted error after `n` styles, also for fewer styles than parameters."""
        return theory.tracking_rmse(n, self.truth.irreducible, self.truth.spread, PARAMETERS)

    def drift_theory(self, n: int) -> float:
        """Return the error of the best learner in the market whose taste changes."""
        return theory.tracking_rmse(
            n, self.truth.irreducible, self.truth.spread, PARAMETERS, self.plan.half_life
        )

    @property
    def floor(self) -> tuple[float, float]:
        """Return the error and cost share that no amount of such data can go below."""
        return self.truth.irreducible, _cost(self.truth.irreducible)

    def document(self) -> dict[str, Any]:
        """Return everything as a JSON object with a digest."""
        return with_digest({
            "experiment": "flywheel",
            "scenario": self.plan.scenario,
            "seeds": self.plan.seeds,
            "parameters": PARAMETERS,
            "floor": {"rmse": self.floor[0], "cost_share": round(self.floor[1], 6)},
            "curve": [self._point(i) for i in range(len(NUMBERS))],
            "drift": {
                "half_life_styles": self.plan.half_life,
                "curve": [
                    {
                        "n": n, "keep_all": self.keep_all.at(i), "forget": self.forget.at(i),
                        "best_theory": round(self.drift_theory(n), 6),
                    }
                    for i, n in enumerate(NUMBERS)
                ],
            },
            "loop": {
                "traffic": self.plan.traffic,
                "curve": [
                    {
                        "period": i, "examples": self.loop_on.at(i), "fill": self.fill_on.at(i),
                        "examples_without": self.loop_off.at(i),
                        "fill_without": self.fill_off.at(i),
                    }
                    for i in range(self.plan.periods)
                ],
            },
            "exploration": {
                "profit_share_last_half_year": {
                    way: {
                        key: round(float(np.mean(getattr(line, key)[-26:])), 6)
                        for key in ("mean", "lo", "hi")
                    }
                    for way, line in self.weeks.items()
                },
            },
        })  # fmt: skip

    def _point(self, i: int) -> dict[str, Any]:
        n = NUMBERS[i]
        return {
            "n": n,
            "rmse": self.rmse.at(i),
            "rmse_theory": round(self.rmse_theory(n), 6),
            "rmse_theory_few": round(self.few_theory(n), 6),
            "cost_share": self.cost.at(i),
            "cost_share_theory": round(self.cost_theory(n), 6),
            "fill_rate": self.fill.at(i),
        }


def _cost(error: float) -> float:
    return theory.lognormal_mismatch_share(learner.UNDERAGE, learner.OVERAGE, error)


def run(plan: Plan) -> Flywheel:
    """Run the experiment; the same plan gives the same digest.

    Raises:
        ConfigError: if the scenario is unknown or a value is not allowed.
    """
    truth = truth_of(plan.scenario)
    rows = [_one_seed(plan, truth, seed) for seed in range(1, plan.seeds + 1)]
    names = rows[0].keys()
    bands = {name: band(np.array([row[name] for row in rows])) for name in names}
    weeks = {way: bands.pop(way) for way in _WAYS}
    return Flywheel(plan, truth, **bands, weeks=weeks)


def _one_seed(plan: Plan, truth: Truth, seed: int) -> dict[str, Floats]:
    styles = market_styles(plan.scenario, seed, NUMBERS[-1] + _TEST)
    past, test = styles.part(_TEST, _TEST + NUMBERS[-1]), styles.part(0, _TEST)
    points = []
    for n in NUMBERS:
        model = fit(past.part(0, n))
        points.append((rmse(model, test), *learner.outcome(model, test)))
    error, cost, fill = np.array(points).T
    keep_all, forget = _drift(styles, plan, truth, seed)
    off = learner.loop(past, test, NUMBERS[0], 10, 0.0, plan.periods)
    on = learner.loop(past, test, NUMBERS[0], 10, plan.traffic, plan.periods)
    result = {
        "rmse": error, "cost": cost, "fill": fill, "keep_all": keep_all, "forget": forget,
        "loop_off": np.array(off[0]), "fill_off": np.array(off[1]),
        "loop_on": np.array(on[0]), "fill_on": np.array(on[1]),
    }  # fmt: skip
    return result | _censored(plan, seed)


def _drift(styles: Styles, plan: Plan, truth: Truth, seed: int) -> tuple[Floats, Floats]:
    """Return errors on the next styles, of a learner that keeps all and of one that forgets.

    Means over four places in the same market, each with as many styles before it.
    """
    moved = learner.drifting(styles.x, truth, plan.half_life, seed)
    errors: list[tuple[float, float]] = []
    for n in NUMBERS:
        squares = np.zeros(2)
        for place in range(4):
            end = n + place * 80
            known, coming = moved.part(end - n, end), moved.part(end, end + _NEXT)
            squares += [
                rmse(fit(known), coming) ** 2, rmse(learner.forgetting_fit(known), coming) ** 2,
            ]  # fmt: skip
        errors.append((float((squares[0] / 4) ** 0.5), float((squares[1] / 4) ** 0.5)))
    table = np.array(errors)
    return table[:, 0], table[:, 1]


def _censored(plan: Plan, seed: int) -> dict[str, Floats]:
    """Return weekly profit of 8 items that start with four tenths of what they sell."""
    rng = np.random.default_rng([seed, 2])
    demand = rng.poisson(100 * np.exp(rng.normal(-0.045, 0.3, (8, plan.weeks)))).astype(float)
    return {
        way: np.mean([learner.stocked_weeks(row, 40.0, way) for row in demand], axis=0)
        for way in _WAYS
    }
