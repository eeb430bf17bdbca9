"""Inventory rules on arrays of demand: newsvendor, order-up-to on a moving average, pooling."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def newsvendor_profit(
    demand: Floats, order: Floats | float, price: float, cost: float, salvage: float
) -> Floats:
    """Return the profit of one period: sold at `price`, bought at `cost`, the rest salvaged."""
    sold = np.minimum(demand, order)
    return price * sold + salvage * (order - sold) - cost * np.asarray(order)


def mismatch_cost(demand: Floats, order: Floats | float, underage: float, overage: float) -> Floats:
    """Return what an order costs against knowing the demand: cu per piece short, co per left."""
    short = np.maximum(demand - order, 0.0)
    left = np.maximum(order - demand, 0.0)
    return underage * short + overage * left


@dataclass(frozen=True, slots=True)
class OrderHistory:
    """Orders and net stock (backlog negative) by period, from the first period with a forecast."""

    demand: Floats
    orders: Floats
    net_stock: Floats

    @property
    def bullwhip(self) -> float:
        """Return Var(orders) / Var(demand) over the same periods."""
        return float(self.orders.var() / self.demand.var())


def order_up_to(demand: Floats, protection: int, window: int, safety: float = 0.0) -> OrderHistory:
    """Run order-up-to on the mean of the last `window` periods; unmet demand waits.

    In each period: forecast from the demand seen so far, order up to `protection` periods of it
    plus `safety` pieces (an order may be negative: surplus goes back), receive what was ordered
    `protection - 1` periods ago, then meet the demand. `protection` is lead time plus review.

    Raises:
        ValueError: if a length is below 1, or there is less demand than `window` + 1 periods.
    """
    if protection < 1 or window < 1 or len(demand) < window + 1:
        raise ValueError("protection and window are at least 1, demand longer than the window")
    running = np.concatenate([[0.0], np.cumsum(demand)])
    mean = (running[window:-1] - running[: -window - 1]) / window
    level = protection * mean + safety
    seen = demand[window:]
    orders = np.empty_like(level)
    position = net = level[0]  # a full pipeline, nothing to order at the start
    net -= (protection - 1) * mean[0]
    pipeline = [float(mean[0])] * (protection - 1)
    net_stock = np.empty_like(level)
    for t, wanted in enumerate(seen):
        orders[t] = level[t] - position
        pipeline.append(float(orders[t]))
        net += pipeline.pop(0) - wanted
        position = level[t] - wanted
        net_stock[t] = net
    return OrderHistory(seen, orders, net_stock)


def safety_stock(demand: Floats, service: float) -> float:
    """Return the stock above the mean that covers `service` of the periods (empirical)."""
    return float(np.quantile(demand, service) - demand.mean())


def pooled_safety_stock(demand: Floats, service: float) -> Floats:
    """Return safety stock per member when the first 1, 2, .. members share one stock.

    `demand` has one row per member, one column per period; the members join in row order, so that
    each meets the same demand whoever else has joined.
    """
    together = np.cumsum(demand, axis=0)
    return np.array([safety_stock(row, service) / (m + 1) for m, row in enumerate(together)])
