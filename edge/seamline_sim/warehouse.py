"""Warehouses: cloth, cutting tables, kits on their way to the lines, deliveries."""

from seamline_broker.contracts.view import RUSH_WEIGHT
from seamline_sim import rng, shop
from seamline_sim.core import DAY_US, MINUTE_US, Core
from seamline_sim.line import feed, tell
from seamline_sim.state import Cloth, Order, Warehouse


def cloth_of(w: Core, order: Order) -> Cloth:
    """Return the cloth that an order is cut from."""
    style = w.catalogue.styles[order.style]
    return w.warehouses[order.warehouse].cloth[f"{style.fabric}/{order.colour}"]


def tell_cloth(w: Core, house: Warehouse, cloth: Cloth, reason: str) -> None:
    """Emit the state of one cloth."""
    w.emit(house.node, "cloth", cloth.fabric, cloth.colour, cloth.on_hand, cloth.reserved, reason)


def kit(w: Core, house: Warehouse, order: Order) -> None:
    """Accept an order for cutting: its cloth is reserved, then it waits for cloth and a table."""
    order.warehouse = house.region
    order.cloth_cm = order.pieces * w.catalogue.styles[order.style].fabric_cm
    tell(w, house.node, order, "cutting", order.pieces)
    cloth = cloth_of(w, order)
    cloth.reserved += order.cloth_cm - cloth.kept.pop(order.id, 0)
    tell_cloth(w, house, cloth, "reserved")
    _queue(w, house, order)
    reorder(w, house, cloth)
    start_cutting(w, house)


def is_rush(order: Order) -> bool:
    """Return whether an order is cut and brought before others."""
    return order.weight >= RUSH_WEIGHT


def _queue(w: Core, house: Warehouse, order: Order) -> None:
    """Let an order wait for a table: rush orders before the others."""
    at = len(house.cutting)
    if is_rush(order):
        at = sum(is_rush(w.orders[name]) for name in house.cutting)
    house.cutting.insert(at, order.id)


def start_cutting(w: Core, house: Warehouse) -> None:
    """Give free tables to the first orders whose cloth is there."""
    waiting = list(house.cutting)
    for order_id in waiting:
        if not house.free:
            return
        order = w.orders[order_id]
        cloth = cloth_of(w, order)
        if cloth.on_hand - sum(cloth.kept.values()) < order.cloth_cm:
            continue
        house.cutting.remove(order_id)
        house.free -= 1
        cloth.on_hand -= order.cloth_cm
        cloth.reserved -= order.cloth_cm
        tell_cloth(w, house, cloth, "cut")
        ms = w.fig("warehouse.cut_setup_min") * 60_000
        ms += w.fig("warehouse.cut_piece_ms") * order.pieces
        w.at(w.now_us + ms * 1000, "cut_done", order_id)


def cut_done(w: Core, order_id: str) -> None:
    """The pieces of an order are cut and kitted: off to the line."""
    order = w.orders[order_id]
    house = w.warehouses[order.warehouse]
    house.free += 1
    send(w, house.region, order)
    start_cutting(w, house)


def send(w: Core, origin: str, order: Order) -> None:
    """Put a kit on the way from a region to the order's line."""
    order.trip += 1
    line = w.line_of[f"{order.site}/{order.line}"]
    tell(w, w.warehouses[order.warehouse].node, order, "in_transit", order.pieces)
    way_us = transport_us(w, origin, line.region)
    if is_rush(order) and origin == line.region:
        way_us = w.catalogue.transport_min["express"] * MINUTE_US
    w.at(w.now_us + way_us, "arrive", order.id, order.trip)


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
    tell(w, line.node, order, "queued", order.pieces)
    feed(w, line)


def reorder(w: Core, house: Warehouse, cloth: Cloth) -> None:
    """Ask the supplier for cloth when what is there and on its way no longer covers enough days."""
    position = cloth.on_hand + cloth.on_order - cloth.reserved
    if position >= cloth.use_per_day * w.fig("warehouse.reorder_days"):
        return
    length = cloth.use_per_day * w.fig("warehouse.cover_days") - position
    cloth.on_order += length
    cloth.orders += 1
    name = f"{house.region}|{cloth.fabric}/{cloth.colour}"
    late_min = rng.between(rng.u32(w.seed, "supplier", name, cloth.orders), 0, 720)
    due = w.now_us + w.fig("warehouse.supplier_days") * DAY_US + late_min * MINUTE_US
    w.at(due, "received", house.region, f"{cloth.fabric}/{cloth.colour}", length)


def received(w: Core, region: str, key: str, length: int) -> None:
    """Cloth came from the supplier."""
    house = w.warehouses[region]
    cloth = house.cloth[key]
    cloth.on_hand += length
    cloth.on_order -= length
    tell_cloth(w, house, cloth, "received")
    start_cutting(w, house)


def packed(w: Core, order_id: str) -> None:
    """The garments of an order are in their cartons."""
    order = w.orders[order_id]
    order.packed = order.sewn
    line = w.line_of[f"{order.site}/{order.line}"]
    tell(w, line.node, order, "packed", order.packed)
    w.at(w.now_us + transport_us(w, line.region, order.region), "delivered", order.id)


def delivered(w: Core, order_id: str) -> None:
    """An order reached its seller, or the stock of its region."""
    order = w.orders[order_id]
    order.delivered = order.packed
    order.delivered_ms = w.now_ms
    house = w.warehouses[order.region]
    tell(w, house.node, order, "delivered", order.delivered)
    if order.kind == "replenishment":
        for size in order.sizes:
            n = order.good.get(size, 0)
            if n:
                shop.put_in_stock(w, house, f"{order.style}-{order.colour}-{size}", n)


def close_day(w: Core, house: Warehouse) -> None:
    """Midnight: ask for cloth that has become short."""
    for cloth in house.cloth.values():
        reorder(w, house, cloth)
