"""What a ledger says in figures that a planner knows: costs, service, lateness, stock, bullwhip."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from seamline_platform.experiments.forecasting.decisions.ladder import Ladder
from seamline_platform.experiments.forecasting.decisions.ledger import Ledger

FloatArray = npt.NDArray[np.float64]


def cost_parts(ledger: Ledger, target: int) -> dict[str, float]:
    """Return the cost's parts per series and period charged; they add up to the cost."""
    share = 1.0 / (ledger.demand.shape[1] * ledger.periods)
    return {
        name: float(getattr(ledger, name)[target].sum()) * share
        for name in ("holding", "shortage", "ordering", "terminal")
    }


def service_parts(ledger: Ledger, target: int, review: int, warm_up: int) -> dict[str, float]:
    """Return service and behaviour of one run.

    `cycle_service`: review cycles of a series without shortage; `lateness`: periods that a piece
    waits on average, over all pieces asked for (0 with lost sales); `stock`: pieces on the shelf
    per series and period; `orders`: orders per series and review; `pieces_ordered`: pieces per
    series and period.
    """
    series = ledger.demand.shape[1]
    demand = float(ledger.demand[target].sum())
    placed = ledger.orders[warm_up:, target]
    return {
        "cycle_service": 1
        - float(ledger.short_cycles[target].sum()) / max(series * ledger.cycles, 1),
        "lateness": float(ledger.waiting[target].sum()) / demand if demand else 0.0,
        "stock": float(ledger.stock[target].sum()) / (series * ledger.periods),
        "orders": float((placed > 0).mean()),
        "pieces_ordered": float(placed.mean()) / review,
    }


def fill_rate(ledger: Ledger, target: int) -> float:
    """Return the share of demand that was served at once; 1 if nothing was asked for."""
    demand = float(ledger.demand[target].sum())
    return 1.0 - float(ledger.unmet[target].sum()) / demand if demand else 1.0


def bullwhip(orders: FloatArray, demand: FloatArray, review: int) -> float | None:
    """Return Var(orders) / Var(demand per review), both summed over series; None without variance.

    `orders` is (origins, series), `demand` (series, periods) from the same origin on. Over some
    dozens of reviews the sampling spread is wide: it is reported and gates nothing.
    """
    count = len(orders)
    per_review = demand[:, : count * review].reshape(len(demand), count, review).sum(axis=2)
    spread = float(per_review.var(axis=1).sum())
    return float(orders.var(axis=0).sum()) / spread if spread > 0 else None


def stability(ladder: Ladder, target: int) -> float | None:
    """Return how far the order-up-to level moves between origins, over its mean."""
    levels = ladder.values[:, target]
    mean = float(np.abs(levels).mean())
    if len(levels) < 2 or mean <= 0:
        return None
    return float(np.abs(np.diff(levels, axis=0)).mean()) / mean


def best_of_sweep(ledger: Ledger, services: Sequence[float]) -> dict[str, float]:
    """Return the cheapest of the service levels (targets 1, 2, ..), chosen with hindsight.

    It tells how much of a cost is due to the nominal level. Nobody could have known it before.
    """
    costs = ledger.cost[1:].sum(axis=1) / (ledger.demand.shape[1] * ledger.periods)
    best = int(np.argmin(costs))
    return {"best_service": services[best], "cost_at_best_service": float(costs[best])}
