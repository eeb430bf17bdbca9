"""The ledger of an order-up-to planner: what came, went, was short, and what each piece cost.

Periods run as in a shop: at the start of a review period an order is placed, then what is due
arrives (with lead time 0 the order itself), then backorders are served, then demand comes, then
costs are counted. An order of period t arrives in t + lead time and covers demand until the next
one does: `Terms.protection` periods. After the last order the ledger runs on until that order's
cover ends; then what is left is valued.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seamline_platform.experiments.forecasting.contract import Terms
from seamline_platform.experiments.forecasting.decisions.allocate import (
    share_capacity,
    whole_orders,
)
from seamline_platform.experiments.forecasting.decisions.demandpath import Opening, demand_digest
from seamline_platform.experiments.forecasting.decisions.ladder import Ladder

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ledger:
    """Sums over the charged periods, by (target, series); `orders` by (origin, target, series).

    Pieces that go in: `opening + ordered`; out: `delivered + discarded`; left: `stock_end`
    (the pipeline is empty when the last order's cover ends).
    """

    holding: FloatArray
    shortage: FloatArray
    ordering: FloatArray
    terminal: FloatArray
    demand: FloatArray
    unmet: FloatArray
    """Pieces not served at once."""
    stock: FloatArray
    """Piece-periods on the shelf."""
    waiting: FloatArray
    """Piece-periods that backorders waited."""
    short_cycles: FloatArray
    """Review cycles in which something was short."""
    orders: FloatArray
    delivered: FloatArray
    discarded: FloatArray
    opening: FloatArray
    stock_end: FloatArray
    backlog_end: FloatArray
    periods: int
    """Periods charged."""
    cycles: int
    demand_sha256: str
    """Digest of the demand that was met, taken when all was done."""

    @property
    def cost(self) -> FloatArray:
        """Return the whole cost of the charged periods."""
        return self.holding + self.shortage + self.ordering + self.terminal


def keep_ledger(
    demand: FloatArray,
    ladder: Ladder,
    targets: tuple[int, ...],
    opening: Opening,
    terms: Terms,
) -> Ledger:
    """Run the planner over `demand` (series, periods), once for each target rung of the ladder.

    There is no chance in it: equal arguments give an equal ledger, and what is ordered changes no
    demand. Terminal valuation: a piece left when the last order's cover ends is charged `overage`
    for one more cover (lead time and review), an open backorder `underage` for as long.

    Raises:
        ValueError: if demand and ladder do not fit together.
    """
    origins, _, series = ladder.values.shape
    whole = (origins - 1) * terms.review + terms.protection
    if demand.shape != (series, whole):
        raise ValueError(
            f"{origins} origins of {series} series need demand of shape ({series}, {whole}), "
            f"not {demand.shape}."
        )
    run = _Run(ladder, targets, opening, terms)
    for period in range(whole):
        if period % terms.review == 0 and period // terms.review < origins:
            run.order(period // terms.review, period)
        run.meet(demand[:, period], period)
    return run.close(demand, whole)


class _Run:
    """The state of a ledger: arrays are (target, series)."""

    def __init__(
        self, ladder: Ladder, targets: tuple[int, ...], opening: Opening, terms: Terms
    ) -> None:
        shape = (len(targets), ladder.values.shape[2])
        self.ladder, self.targets, self.terms, self.opening = ladder, targets, terms, opening
        self.stock = np.broadcast_to(opening.on_hand, shape).astype(np.float64)
        self.backlog = np.zeros(shape)
        # One slot per period on its way; the slot of the present period is emptied as it comes.
        slots = terms.lead_time + 1
        self.coming = np.zeros((slots, *shape))
        self.coming[: terms.lead_time] = opening.arrivals.T[:, None, :]
        self.orders = np.zeros((ladder.values.shape[0], *shape))
        names = ("unmet", "held", "waiting", "short_cycles", "delivered", "discarded", "demand")
        self.sums = {name: np.zeros(shape) for name in names}
        self.short_now = np.zeros(shape, dtype=bool)
        self.lines = np.zeros(shape)
        self.capacity = (
            None
            if terms.capacity is None
            else float(np.floor(terms.capacity * opening.mean.sum() * terms.review))
        )

    def charged(self, period: int) -> bool:
        return period >= self.terms.warm_up * self.terms.review

    def order(self, origin: int, period: int) -> None:
        position = self.stock + self.coming.sum(axis=0) - self.backlog
        rungs = self.ladder.values[origin]
        if self.capacity is None:
            placed = whole_orders(rungs[list(self.targets)] - position, self.terms.moq)
        else:
            placed = np.stack(
                [
                    share_capacity(rungs, target, position[i], self.capacity, self.terms.moq)
                    for i, target in enumerate(self.targets)
                ]
            )
        self.orders[origin] = placed
        self.coming[(period + self.terms.lead_time) % len(self.coming)] += placed
        if self.charged(period):
            self.lines += placed > 0

    def meet(self, demand: FloatArray, period: int) -> None:
        slot = period % len(self.coming)
        self.stock = self.stock + self.coming[slot]
        self.coming[slot] = 0.0
        served = np.minimum(self.backlog, self.stock)
        self.backlog, self.stock = self.backlog - served, self.stock - served
        sold = np.minimum(self.stock, demand)
        unmet = demand - sold
        self.stock = self.stock - sold
        if self.terms.unmet == "backorder":
            self.backlog = self.backlog + unmet
        self.sums["delivered"] += sold + served
        if self.charged(period):
            self.sums["demand"] += demand
            self.sums["unmet"] += unmet
            self.sums["held"] += self.stock
            self.sums["waiting"] += self.backlog
            self._cycle(unmet, period)
        if not self.terms.carry_over:
            self.sums["discarded"] += self.stock
            self.stock = np.zeros_like(self.stock)

    def _cycle(self, unmet: FloatArray, period: int) -> None:
        if period % self.terms.review == 0:
            self.short_now = np.zeros_like(self.short_now)
        self.sums["short_cycles"] += (unmet > 0) & ~self.short_now
        self.short_now |= unmet > 0

    def close(self, demand: FloatArray, periods: int) -> Ledger:
        terms, sums = self.terms, self.sums
        charged = periods - terms.warm_up * terms.review
        short = sums["unmet"] if terms.unmet == "lost" else sums["waiting"]
        # With backorders, what is short in a period is what waits at its end.
        return Ledger(
            holding=terms.overage * sums["held"],
            shortage=terms.underage * short,
            ordering=terms.order_cost * self.lines,
            terminal=terms.protection
            * (terms.overage * self.stock + terms.underage * self.backlog),
            demand=sums["demand"],
            unmet=sums["unmet"],
            stock=sums["held"],
            waiting=sums["waiting"],
            short_cycles=sums["short_cycles"],
            orders=self.orders,
            delivered=sums["delivered"],
            discarded=sums["discarded"],
            opening=self.opening.on_hand + self.opening.arrivals.sum(axis=1),
            stock_end=self.stock,
            backlog_end=self.backlog,
            periods=charged,
            cycles=-(-charged // terms.review),
            demand_sha256=demand_digest(demand),
        )
