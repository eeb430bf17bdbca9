"""A network as arrays: for every order its columns, one for each bucket it may lie in."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from seamline_platform.planning.network.problem import Demand, Network

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Tables:
    """Rows are orders, columns their choices, padded to the widest; the last is always outside.

    `cost` is infinite where a row has no such column. `bucket` counts plant * days + day; the
    bucket after the last one stands for outside (no hours taken, no limit).
    """

    network: Network
    bucket: Ints
    hours: Floats
    cost: Floats
    capacity: Floats
    """Hours by bucket; the one for outside is infinite."""

    @property
    def orders(self) -> int:
        """Number of orders."""
        return len(self.bucket)

    @property
    def columns(self) -> int:
        """Number of real columns, outside included."""
        return int(np.isfinite(self.cost).sum())

    @cached_property
    def place(self) -> NDArray[np.int32]:
        """Return by order and bucket the column that lies there; -1 for none, and for outside."""
        where = np.full((self.orders, self.buckets + 1), -1, dtype=np.int32)
        row, column = np.nonzero(np.isfinite(self.cost))
        where[row, self.bucket[row, column]] = column
        where[:, -1] = -1
        return where

    @property
    def buckets(self) -> int:
        """Number of real buckets."""
        return len(self.capacity) - 1


def compile_network(network: Network) -> Tables:
    """Return the arrays of a network."""
    days, plants = network.days, network.plants
    capacity = np.array([h for p in plants for h in p.capacity_h] + [np.inf])
    width = max((len(network.able(o)) for o in network.orders), default=0) * days + 1
    shape = (len(network.orders), width)
    bucket = np.full(shape, len(capacity) - 1, dtype=np.int64)
    hours, cost = np.zeros(shape), np.full(shape, np.inf)
    number = {p.plant: i for i, p in enumerate(plants)}
    for row, order in enumerate(network.orders):
        _fill(network, order, number, bucket[row], hours[row], cost[row])
    return Tables(network, bucket, hours, cost, capacity)


def _fill(
    network: Network,
    order: Demand,
    number: dict[str, int],
    bucket: Ints,
    hours: Floats,
    cost: Floats,
) -> None:
    """Write the columns of one order; outside is the last."""
    days, terms, at = network.days, network.terms, 0
    day = np.arange(days)
    for plant in network.able(order):
        first = min(order.release, days)
        span = slice(at, at + days - first)
        needed = network.hours(order, plant)
        arrives = day[first:] + terms.way_days(plant.region, order.region)
        late = np.maximum(arrives - order.due, 0) * terms.late_per_h_day * order.weight
        early = np.maximum(order.due - arrives, 0) * terms.early_per_h_day
        fits = np.array(plant.capacity_h[first:]) >= needed
        fixed = needed * plant.cost_per_h
        fixed += order.pieces * terms.way_cost(plant.region, order.region)
        bucket[span] = number[plant.plant] * days + day[first:]
        hours[span] = needed
        cost[span] = np.where(
            fits, fixed + order.hours * (late + early + arrives * terms.wait_per_h_day), np.inf
        )
        at += days - first
    cost[-1] = network.outside(order)
