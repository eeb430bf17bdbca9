"""Warehouses: kits on their way to the lines, deliveries; meters of cloth."""

from seamline_broker.contracts.view import RUSH_WEIGHT
from seamline_sim import shop
from seamline_sim.cloth_meters import ClothMeters, meters, meters_by_region
from seamline_sim.core import MINUTE_US, Core
from seamline_sim.line import feed, number_garments, tell
from seamline_sim.state import Order

__all__ = ["ClothMeters", "arrive", "delivered", "is_rush", "kit_way_us", "meters",
           "meters_by_region", "packed", "send", "transport_us"]  # fmt: skip


def is_rush(order: Order) -> bool:
    """Return whether an order is cut and brought before others."""
    return order.weight >= RUSH_WEIGHT


def send(w: Core, origin: str, order: Order) -> None:
    """Put a kit on the way from a region to the order's line."""
    order.trip += 1
    line = w.line_of[f"{order.site}/{order.line}"]
    house = w.warehouses[order.warehouse]
    tell(w, house.node, order, "in_transit", order.pieces)
    kind = "kit" if origin == line.region else "kit_far"
    if kind == "kit" and is_rush(order):
        kind = "kit_express"
    house.trips[kind] = house.trips.get(kind, 0) + 1
    w.at(w.now_us + kit_way_us(w, origin, order), "arrive", order.id, order.trip)


def kit_way_us(w: Core, origin: str, order: Order) -> int:
    """Return how long a kit is on the road from a region to the order's line."""
    line = w.line_of[f"{order.site}/{order.line}"]
    if is_rush(order) and origin == line.region:
        return w.catalogue.transport_min["express"] * MINUTE_US
    return transport_us(w, origin, line.region)


def transport_us(w: Core, origin: str, target: str) -> int:
    """Return the time on the road between two regions (or within one)."""
    key = "same_region" if origin == target else "other_region"
    return w.catalogue.transport_min[key] * MINUTE_US


def arrive(w: Core, order_id: str, trip: int) -> None:
    """A kit reached its line, unless it was turned round on the way."""
    order = w.orders[order_id]
    if order.trip != trip:
        return
    line = w.line_of[f"{order.site}/{order.line}"]
    line.queue.append(order.id)
    number_garments(w, order)
    tell(w, line.node, order, "queued", order.pieces)
    feed(w, line)


def packed(w: Core, order_id: str) -> None:
    """The garments of an order are in their cartons."""
    order = w.orders[order_id]
    order.packed = order.sewn
    line = w.line_of[f"{order.site}/{order.line}"]
    tell(w, line.node, order, "packed", order.packed)
    trips = w.warehouses[line.region].trips
    kind = "goods" if line.region == order.region else "goods_far"
    trips[kind] = trips.get(kind, 0) + 1
    w.at(w.now_us + transport_us(w, line.region, order.region), "delivered", order.id)


def delivered(w: Core, order_id: str) -> None:
    """An order reached its seller, or the stock of its region."""
    order = w.orders[order_id]
    order.delivered = order.packed
    order.delivered_ms = w.now_ms
    house = w.warehouses[order.region]
    tell(w, house.node, order, "delivered", order.delivered)
    if order.kind == "replenishment":
        shop.receive(w, house, order)
