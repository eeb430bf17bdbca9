"""A cut plan: lays with their size ratios and plies, and which order gets which pieces."""

from collections.abc import Sequence
from dataclasses import dataclass

from seamline_platform.planning.cutting.demand import CutOrder, Demand, Rules


@dataclass(frozen=True, slots=True)
class Lay:
    """A marker with so many garments of each size (in the demand's sequence), so many plies."""

    ratio: tuple[int, ...]
    plies: int

    @property
    def garments(self) -> int:
        """Return the garments of the marker."""
        return sum(self.ratio)


@dataclass(frozen=True, slots=True)
class Share:
    """What an order gets from a lay (by its number), in one size."""

    lay: int
    order: str
    size: str
    pieces: int


@dataclass(frozen=True)
class CutPlan:
    """Lays that cover a demand, with a bound below which no plan costs.

    Cost is cloth plus the fixed cost of the lays, both in centimetres of cloth.
    """

    demand: Demand
    rules: Rules
    lays: tuple[Lay, ...]
    bound_cm: float
    method: str
    cpu_s: float = 0.0

    def marker_cm(self, lay: Lay) -> float:
        """Return the length of a lay's marker."""
        return sum(a * x for a, x in zip(lay.ratio, self.demand.length_cm, strict=True))

    @property
    def fabric_cm(self) -> float:
        """Return the cloth of all plies of all lays, with their ends."""
        end = self.rules.end_loss_cm
        return sum(lay.plies * (self.marker_cm(lay) + end) for lay in self.lays)

    @property
    def cost_cm(self) -> float:
        """Return what is minimised: cloth and the fixed cost of lays."""
        return self.fabric_cm + len(self.lays) * self.rules.lay_cost_cm

    @property
    def over_net(self) -> float:
        """Return the cloth above that of exactly the garments ordered, as a share of it."""
        return self.fabric_cm / self.demand.net_cm - 1

    @property
    def gap(self) -> float:
        """Return how much the cost may be above the best, as a share of the cost."""
        return max(1 - self.bound_cm / self.cost_cm, 0.0)

    @property
    def cut(self) -> tuple[int, ...]:
        """Return pieces cut by size."""
        return tuple(
            sum(lay.ratio[s] * lay.plies for lay in self.lays)
            for s in range(len(self.demand.sizes))
        )

    @property
    def overcut(self) -> int:
        """Return pieces cut above the demand."""
        return sum(self.cut) - self.demand.total


def shares(plan: CutPlan, orders: Sequence[CutOrder]) -> tuple[Share, ...]:
    """Return which order gets what, orders and lays in their sequence; extra pieces go nowhere."""
    left = {(o.order, size): n for o in orders for size, n in o.sizes.items() if n}
    found = []
    for number, lay in enumerate(plan.lays):
        for size, a in zip(plan.demand.sizes, lay.ratio, strict=True):
            rest = a * lay.plies
            for order in orders:
                take = min(rest, left.get((order.order, size), 0))
                if take:
                    found.append(Share(number, order.order, size, take))
                    left[order.order, size] -= take
                    rest -= take
    return tuple(found)
