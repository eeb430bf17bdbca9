"""An independent check of an assignment: capacities, skills, days and cost."""

from collections import defaultdict
from collections.abc import Mapping

from seamline_platform.planning.network.problem import Network

_ROUNDING = 1e-6


def check(
    network: Network, places: Mapping[str, tuple[str, int]], cost: float | None = None
) -> list[str]:
    """Return what is wrong with a plan of (plant, day) by order; orders left out go outside."""
    found: list[str] = []
    used: defaultdict[tuple[str, int], float] = defaultdict(float)
    total = sum(network.outside(o) for o in network.orders if o.order not in places)
    for name, (plant_name, day) in places.items():
        order, plant = network.order_of.get(name), network.plant_of.get(plant_name)
        if order is None or plant is None:
            found.append(f"{name} in {plant_name}: not both of them are known.")
            continue
        if order.plants and plant_name not in order.plants:
            found.append(f"{name} may not be sewn in {plant_name}.")
        if order.family not in plant.efficiency:
            found.append(f"{plant_name} cannot sew {order.family}, the family of {name}.")
            continue
        if not order.release <= day < network.days:
            found.append(f"{name} on day {day}; it has {order.release} to {network.days - 1}.")
            continue
        used[plant_name, day] += order.hours / plant.efficiency[order.family]
        total += network.cost(order, plant, day)
    for (plant_name, day), hours in used.items():
        room = network.plant_of[plant_name].capacity_h[day]
        if hours > room * (1 + _ROUNDING) + _ROUNDING:
            found.append(
                f"{plant_name} on day {day} has {room:.2f} hours, {hours:.2f} are planned."
            )
    if cost is not None and abs(total - cost) > _ROUNDING * max(abs(total), 1.0):
        found.append(f"The plan costs {total:.4f}, not {cost:.4f} as it says.")
    return found
