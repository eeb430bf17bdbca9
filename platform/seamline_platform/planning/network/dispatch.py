"""From a network to an assignment: relaxation, rounding, exchanges, an independent check."""

from collections.abc import Mapping
from dataclasses import dataclass

from seamline_broker.errors import SeamlineError
from seamline_platform.planning.network.check import check
from seamline_platform.planning.network.problem import Demand, Network
from seamline_platform.planning.network.relaxation import Relaxed, relax
from seamline_platform.planning.network.rounding import Assignment, improve, round_off
from seamline_platform.planning.network.tables import Tables, compile_network
from seamline_platform.planning.shop.annealing import Timer


class NetworkCheckError(SeamlineError):
    """An assignment that the independent checker refuses: an error of ours, never shown."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an order is sewn: plant, day, when its goods arrive, and what that costs in yuan."""

    order: str
    plant: str
    region: str
    day: int
    arrives: int
    cost: float


@dataclass(frozen=True)
class Dispatched:
    """A checked assignment.

    `prices` are yuan that one more hour of a bucket (plant, day) would save. `bound` is a proved
    lower bound, `gap` the share by which `cost` lies above it; `rounded` is the cost before
    exchanges.
    """

    places: tuple[Place, ...]
    outside: Mapping[str, str]
    """Orders that no bucket takes, with the reason and what would have to change."""
    cost: float
    bound: float
    rounded: float
    prices: Mapping[tuple[str, int], float]
    divided: int
    """Orders that the relaxation divides."""
    moves: int
    cpu_s: float

    @property
    def gap(self) -> float:
        """Share by which the cost lies above the bound."""
        return self.cost / self.bound - 1 if self.bound > 0 else 0.0


def dispatch(network: Network, cpu: Timer, budget_cpu_s: float = 10.0) -> Dispatched:
    """Return who sews what on which day; exchanges end when `budget_cpu_s` is used up.

    Raises:
        SeamlineError: if HiGHS fails, or the checker refuses the result.
    """
    begun = cpu()
    t = compile_network(network)
    if t.orders == 0:
        return Dispatched((), {}, 0.0, 0.0, 0.0, _prices(network, t, None), 0, 0, cpu() - begun)
    relaxed = relax(t)
    a = round_off(t, relaxed)
    rounded = a.cost
    moves = improve(a, lambda: cpu() - begun > budget_cpu_s)
    places = _places(network, a)
    named = {p.order for p in places}
    outside = {o.order: why_outside(network, o) for o in network.orders if o.order not in named}
    wrong = check(network, {p.order: (p.plant, p.day) for p in places}, a.cost)
    if wrong:
        raise NetworkCheckError(f"The assignment was refused: {wrong[0]} ({len(wrong)} in all)")
    return Dispatched(
        places, outside, a.cost, relaxed.bound, rounded, _prices(network, t, relaxed),
        int((relaxed.share < 1 - 1e-6).sum() // 2), moves, cpu() - begun,
    )  # fmt: skip


def _places(network: Network, a: Assignment) -> tuple[Place, ...]:
    days, result = network.days, []
    bucket, paid = a.bucket, a.paid
    for order, b, cost in zip(network.orders, bucket, paid, strict=True):
        if b < a.t.buckets:
            result.append(place_of(network, order, int(b) // days, int(b) % days, float(cost)))
    return tuple(result)


def place_of(network: Network, order: Demand, plant: int, day: int, cost: float) -> Place:
    """Return the place of an order in plant number `plant` on a day."""
    where = network.plants[plant]
    arrives = day + network.terms.way_days(where.region, order.region)
    return Place(order.order, where.plant, where.region, day, arrives, cost)


def _prices(network: Network, t: Tables, relaxed: Relaxed | None) -> dict[tuple[str, int], float]:
    days = network.days
    if relaxed is None:
        return {(p.plant, day): 0.0 for p in network.plants for day in range(days)}
    return {
        (network.plants[b // days].plant, b % days): float(relaxed.prices[b])
        for b in range(t.buckets)
    }


def why_outside(network: Network, order: Demand) -> str:
    """Return why no bucket takes an order, and what would have to change."""
    if not network.plants:
        return "There is no plant. Add one."
    able = network.able(order)
    if not able:
        can = [p.plant for p in network.plants if order.family in p.efficiency]
        if can:
            return (
                f"It is tied to {', '.join(order.plants)}, which cannot sew {order.family}; "
                f"{', '.join(can[:5])} can. Untie it."
            )
        return f"No plant sews {order.family}. Give a plant an efficiency for it."
    if order.release >= network.days:
        return (
            f"It can be sewn from day {order.release} on; the plan has {network.days} days. "
            "Plan more days."
        )
    need = min(network.hours(order, p) for p in able)
    most = max(max(p.capacity_h[order.release :]) for p in able)
    if need > most:
        return (
            f"It takes {need:.1f} hours; no day of {', '.join(p.plant for p in able[:5])} has more "
            f"than {most:.1f}. Split it into lots."
        )
    return (
        f"Days {order.release} to {network.days - 1} of {', '.join(p.plant for p in able[:5])} "
        f"are full. Add hours, plan more days, or let it be sewn elsewhere."
    )
