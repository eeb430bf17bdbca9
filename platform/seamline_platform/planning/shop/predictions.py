"""What was foretold when a plan was chosen, and how it turned out."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from seamline_broker.errors import ConfigError
from seamline_platform.planning.shop.problem import Problem

if TYPE_CHECKING:  # what reads predictions need not load what makes them
    from seamline_platform.planning.shop.risk import Risk

Quantiles = tuple[int, int, int]
"""P10, P50 and P90."""
What = Literal["sewn", "done"]


@dataclass(frozen=True, slots=True)
class PredictedOrder:
    """When one order will be sewn and done: P10, P50, P90 in epoch ms of the plant."""

    order: str
    line: str
    sewn: Quantiles
    done: Quantiles


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a plan was expected to lead to when it was chosen at `made_ms` (plant time)."""

    plan: str
    made_ms: int
    runs: int
    seed: int
    planned_cost: int
    cost: Quantiles
    late: Quantiles
    orders: tuple[PredictedOrder, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "Prediction":
        """Return what `to_dict` gave.

        Raises:
            ConfigError: if something is missing, unknown or of another kind.
        """
        try:
            rest = {k: v for k, v in document.items() if k not in ("orders", "cost", "late")}
            orders = tuple(
                PredictedOrder(
                    str(o["order"]), str(o["line"]), _quantiles(o["sewn"]), _quantiles(o["done"])
                )
                for o in document["orders"]
            )
            cost, late = _quantiles(document["cost"]), _quantiles(document["late"])
            return cls(orders=orders, cost=cost, late=late, **rest)
        except (KeyError, TypeError, ValueError) as e:
            raise ConfigError(f"This is no prediction: {e}.") from e


def _quantiles(came: Any) -> Quantiles:
    low, middle, high = (int(x) for x in came)
    return low, middle, high


def prediction_of(problem: Problem, name: str, risk: "Risk") -> Prediction:
    """Return what `risk` foretells of the plan `name`, to be kept until it has come about.

    It is made at tick 0 of the problem.
    """

    def ms(spread: Any) -> Quantiles:
        low, middle, high = (
            problem.start_ms + round(q * problem.tick_ms)
            for q in (spread.p10, spread.p50, spread.p90)
        )
        return low, middle, high

    return Prediction(
        plan=name,
        made_ms=problem.start_ms,
        runs=risk.runs,
        seed=risk.seed,
        planned_cost=risk.planned.cost,
        cost=_quantiles((risk.cost.p10, risk.cost.p50, risk.cost.p90)),
        late=_quantiles((risk.late.p10, risk.late.p50, risk.late.p90)),
        orders=tuple(PredictedOrder(r.order, r.line, ms(r.sewn), ms(r.done)) for r in risk.orders),
    )


@dataclass(frozen=True, slots=True)
class Score:
    """How predictions turned out; the unit is that of what was foretold (ms, or cost).

    Good predictions have a bias near 0, a coverage near .8 and `below_p90` near .9. Pinball losses
    (Koenker and Bassett, Econometrica 46, 1978) compare predictors: less is better.
    """

    count: int
    bias: float
    """Mean of actual minus P50: above 0, things come later than foretold."""
    mean_error: float
    """Mean distance from P50."""
    coverage: float
    """Share within P10 to P90."""
    below_p90: float
    pinball_p50: float
    pinball_p90: float


def score(
    predictions: Iterable[Prediction], realised: Mapping[str, int], what: What = "sewn"
) -> Score | None:
    """Return how predictions of orders turned out; `realised` is epoch ms by order.

    What had happened already when a prediction was made does not count. None if nothing counts.
    """
    rows = [
        (getattr(o, what), realised[o.order])
        for p in predictions
        for o in p.orders
        if o.order in realised and realised[o.order] > p.made_ms
    ]
    return score_of(rows)


def score_of(rows: Iterable[tuple[Quantiles, float]]) -> Score | None:
    """Return how (P10, P50, P90) turned out against actual values; None if there is no row."""
    known = list(rows)
    n = len(known)
    if not n:
        return None
    errors = [actual - q[1] for q, actual in known]
    return Score(
        count=n,
        bias=math.fsum(errors) / n,
        mean_error=math.fsum(map(abs, errors)) / n,
        coverage=sum(q[0] <= actual <= q[2] for q, actual in known) / n,
        below_p90=sum(actual <= q[2] for q, actual in known) / n,
        pinball_p50=math.fsum(pinball(actual, q[1], 0.5) for q, actual in known) / n,
        pinball_p90=math.fsum(pinball(actual, q[2], 0.9) for q, actual in known) / n,
    )


def pinball(actual: float, quantile: float, level: float) -> float:
    """Return the pinball loss of a quantile at `level`: level (y - q) above it, else the rest."""
    over = actual - quantile
    return level * over if over >= 0 else (level - 1) * over
