"""The twin decides: candidate plans run forward under the same luck, and the best is chosen.

What the present plan loses to the best one is a paired difference, run by run. A plan that is only
seemingly better does not move anybody: the old one stays unless the gain is clear.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from seamline_broker.errors import ConfigError
from seamline_platform.planning.shop.compiled import CANNOT, Compiled
from seamline_platform.planning.shop.decode import Plan
from seamline_platform.planning.shop.luck import Floats
from seamline_platform.planning.shop.noise import Noise
from seamline_platform.planning.shop.risk import Risk, Spread, simulate

By = Literal["mean", "p90"]
ALLOWANCE: Final = 0.1
LEVEL: Final = 0.95
_RESAMPLES: Final = 1_000


@dataclass(frozen=True, slots=True)
class Gain:
    """A difference of costs with its confidence interval; above 0: the second one is cheaper."""

    mean: float
    low: float
    high: float

    @property
    def clear(self) -> bool:
        """True if the whole interval lies above 0."""
        return self.low > 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """One plan in the twin. `against_chosen` is its cost minus that of the chosen plan."""

    name: str
    planned: int
    """Its cost without chance."""
    cost: Spread
    late: Spread
    against_chosen: Gain


@dataclass(frozen=True)
class Comparison:
    """What was chosen and why. `gain` is what the chosen plan saves against the kept one.

    `cheapest` is the plan with the least expected cost, whether its gain is clear or not.
    """

    chosen: str
    kept: str
    cheapest: str
    by: By
    gain: Gain
    """Of `cheapest` against `kept`: chosen only if it is clear."""
    candidates: tuple[Candidate, ...]
    risks: Mapping[str, Risk]

    @property
    def clear(self) -> bool:
        """True if another plan than the kept one was chosen."""
        return self.chosen != self.kept


def compare(
    c: Compiled,
    plans: Mapping[str, Plan],
    noise: Noise,
    seed: int = 1,
    runs: int = 200,
    *,
    keep: str | None = None,
    by: By = "mean",
) -> Comparison:
    """Run all plans forward under the same luck and choose.

    `keep` names the plan that stays unless another one is clearly cheaper (the first one where it
    is None). Costs include the tax for moved orders, as the problem's objective says. The interval
    is at 95 % for all comparisons with the kept plan together (Bonferroni): paired t of the mean
    difference (Law, Simulation Modeling and Analysis, 5th ed., 10.2.1), or, `by` P90, the
    percentile interval of 1,000 resamples of the runs (Efron and Tibshirani, 1993, ch. 13).

    Raises:
        ConfigError: if there is no plan, `keep` is none of them, or they do not plan the same
            orders.
        DeadlockError: if in a plan orders wait for each other across lines.
    """
    kept = _check(plans, keep)
    if runs < 2:
        raise ConfigError(f"Number of runs is {runs!r}; a comparison needs 2 or more.")
    risks = {name: simulate(c, plan, noise, seed, runs) for name, plan in plans.items()}
    costs = {name: np.array([float(v.cost) for v in r.values]) for name, r in risks.items()}
    level = 1 - (1 - LEVEL) / max(len(plans) - 1, 1)

    def expected(name: str) -> tuple[float, bool]:
        spread = risks[name].cost
        return (spread.mean if by == "mean" else spread.p90, name != kept)

    cheapest = min(risks, key=expected)
    gain = _gain(costs[kept], costs[cheapest], by, level, seed)
    chosen = cheapest if gain.clear else kept
    candidates = tuple(
        Candidate(
            name,
            risk.planned.cost,
            risk.cost,
            risk.late,
            _gain(costs[name], costs[chosen], by, level, seed),
        )
        for name, risk in risks.items()
    )
    return Comparison(chosen, kept, cheapest, by, gain, candidates, risks)


def with_allowance(c: Compiled, share: float = ALLOWANCE) -> Compiled:
    """Return tables in which sewing takes `share` longer: plans made for them have slack.

    A search that counts on planned times to the tick makes plans that look cheap and may turn out
    dear. One made with an allowance is better for some plants and worse for others: a candidate to
    compare, with the true tables.

    Raises:
        ConfigError: if `share` is below 0 or above 1.
    """
    if not 0 <= share <= 1:
        raise ConfigError(f"An allowance of {share!r}; allowed: 0 to 1.")
    work = [[w if w == CANNOT else math.ceil(w * (1 + share) - 1e-9) for w in r] for r in c.work]
    return replace(c, work=work)


def _check(plans: Mapping[str, Plan], keep: str | None) -> str:
    if not plans:
        raise ConfigError("No plan is given; a comparison needs one or more.")
    kept = next(iter(plans)) if keep is None else keep
    if kept not in plans:
        raise ConfigError(f"The plan to keep is {kept!r}; there is: {', '.join(plans)}.")
    planned = {name: sorted(i for s in p.sequences for i in s) for name, p in plans.items()}
    for name, orders in planned.items():
        if orders != planned[kept]:
            raise ConfigError(
                f"The plan {name!r} has {len(orders)} orders, {kept!r} has "
                f"{len(planned[kept])}, and they are not the same: their costs cannot be compared."
            )
    return kept


def _gain(old: Floats, new: Floats, by: By, level: float, seed: int) -> Gain:
    if by == "mean":
        return paired_t(old - new, level)
    rng = np.random.default_rng(seed)
    n = len(old)
    picked = rng.integers(0, n, (_RESAMPLES, n))

    def p90(costs: Floats) -> Floats:
        made: Floats = np.quantile(costs, 0.9, axis=-1, method="inverted_cdf")
        return made

    spread = p90(old[picked]) - p90(new[picked])
    low, high = np.quantile(spread, ((1 - level) / 2, (1 + level) / 2))
    return Gain(float(p90(old) - p90(new)), float(low), float(high))


def paired_t(differences: Floats | Sequence[float], level: float = LEVEL) -> Gain:
    """Return the mean of paired differences with its confidence interval by Student's t."""
    from scipy.special import stdtrit

    d = np.asarray(differences, dtype=np.float64)
    n = len(d)
    half = float(stdtrit(n - 1, (1 + level) / 2) * d.std(ddof=1) / np.sqrt(n))
    mean = float(d.mean())
    return Gain(mean, mean - half, mean + half)
