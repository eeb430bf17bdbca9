"""The one door in: commands change the world, or are refused with a reason for a person."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from seamline_sim import (
    calendar,
    cuttingroom,
    floor_commands,
    repair,
    shop_commands,
    supply_commands,
    warehouse,
)
from seamline_sim.cloth import reorder, tell_cloth
from seamline_sim.core import Core
from seamline_sim.floor_commands import line_at, station_at, takes_orders
from seamline_sim.line import tell
from seamline_sim.refusal import Arguments, Refusal, check_product, house_at
from seamline_sim.state import Line, Order, Station
from seamline_sim.supply_commands import cloth_at

MOVABLE = ("cutting", "in_transit", "queued")


@dataclass(frozen=True, slots=True)
class CommandOutcome:
    """What became of a command: done, seen before, or refused and why."""

    status: Literal["done", "seen", "refused"]
    reason: str = ""


def execute(w: Core, node: str, name: str, args: Arguments) -> str:
    """Carry out a command; return what was done.

    Raises:
        Refusal: if it makes no physical sense.
    """
    handler = _COMMANDS.get(name)
    if handler is None:
        raise Refusal(f"command {name!r} is unknown; commands: {', '.join(_COMMANDS)}")
    return handler(w, node, args)


def _order(w: Core, order_id: str) -> Order:
    order = w.orders.get(order_id)
    if order is None:
        raise Refusal(f"order {order_id} is not known here")
    return order


def _kit(w: Core, node: str, args: Arguments) -> str:
    house = house_at(w, node)
    line = line_at(w, f"{args['site']}/{args['line']}")
    if line.region != house.region and not args.get("cluster", False):
        raise Refusal(f"{line.node} is served by {line.region}/warehouse, not by {node}")
    takes_orders(w, line)
    if args["region"] not in w.warehouses:
        raise Refusal(f"region {args['region']!r} is unknown; {', '.join(w.warehouses)}")
    if args["order_kind"] not in ("seller", "replenishment"):
        raise Refusal(f"order_kind {args['order_kind']!r}; allowed: seller, replenishment")
    check_product(w, args)
    if args["order"].startswith("#"):
        raise Refusal(f"order {args['order']}: ids with # are those of pieces cut ahead of orders")
    order = w.orders.get(args["order"])
    sizes = {str(k): int(n) for k, n in args["sizes"].items()}
    if order is None:
        order = Order(
            args["order"], args["order_kind"], "", args["style"], args["colour"], sizes,
            args["region"], w.now_ms, args["due_ms"], args["weight"], sum(sizes.values()),
        )  # fmt: skip
        if order.kind == "replenishment":
            order.weight = 1
        w.orders[order.id] = order
    elif order.state not in ("received", "promised"):
        raise Refusal(f"order {order.id} is {order.state} already")
    elif (order.style, order.colour, order.sizes) != (args["style"], args["colour"], sizes):
        raise Refusal(f"order {order.id} was placed for another product or other sizes")
    order.site, order.line = line.site, line.id
    needed_us = max(args.get("needed_ms", 0) - w.start_ms, 0) * 1000
    cuttingroom.kit(w, house, order, needed_us, args.get("merge", False))
    return ""


def _redirect(w: Core, node: str, args: Arguments) -> str:
    house = house_at(w, node)
    order = _order(w, args["order"])
    line = line_at(w, f"{args['site']}/{args['line']}")
    if order.state not in MOVABLE:
        raise Refusal(f"order {order.id} is {order.state}; only {', '.join(MOVABLE)} can be moved")
    if order.warehouse != house.region:
        raise Refusal(f"order {order.id} was kitted in {order.warehouse}")
    old = w.line_of[f"{order.site}/{order.line}"]
    if old is line:
        raise Refusal(f"order {order.id} goes to {line.node} already")
    takes_orders(w, line)
    order.site, order.line = line.site, line.id
    if order.state == "cutting":
        tell(w, house.node, order, "cutting", order.pieces)
        return ""
    if order.state == "queued":
        old.queue.remove(order.id)
    warehouse.send(w, old.region, order)
    return ""


def _reserve_cloth(w: Core, node: str, args: Arguments) -> str:
    house = house_at(w, node)
    cloth = cloth_at(house, args["fabric"], args["colour"])
    order = w.orders.get(args["order"])
    if order is not None and order.state not in ("received", "promised"):
        raise Refusal(f"order {order.id} is {order.state}: its cloth is taken already")
    before = cloth.kept.get(args["order"], 0)
    free = cloth.on_hand - cloth.reserved + before
    if args["length_cm"] > free:
        raise Refusal(f"only {max(free, 0)} cm of {cloth.fabric} {cloth.colour} are free")
    cloth.reserved += args["length_cm"] - before
    cloth.kept[args["order"]] = args["length_cm"]
    tell_cloth(w, house, cloth, "reserved")
    reorder(w, house, cloth)
    if args["length_cm"] < before:
        cuttingroom.look_again(w, house, cloth)
    return ""


def _sequence(w: Core, node: str, args: Arguments) -> str:
    line = line_at(w, node)
    wanted = list(args["orders"])
    missing = [name for name in wanted if name not in line.queue]
    if missing:
        raise Refusal(f"order {missing[0]} does not wait at {node}")
    if len(set(wanted)) < len(wanted):
        raise Refusal("an order is named twice")
    line.queue = wanted + [name for name in line.queue if name not in wanted]
    for name in line.queue:
        order = w.orders[name]
        tell(w, line.node, order, "queued", order.pieces)
    return ""


def _control(w: Core, name: str, target: str, args: Arguments) -> None:
    detail = ",".join(f'"{k}":{_json(v)}' for k, v in args.items())
    w.emit("field/field", "control", name, target, "{" + detail + "}")


def _json(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def _field_only(name: str) -> Callable[[Core, str, Arguments], str]:
    def record(w: Core, node: str, args: Arguments) -> str:
        _control(w, name, "", args)
        return ""

    return record


def _burst(w: Core, node: str, args: Arguments) -> str:
    region, style = args["region"], args["style"]
    regions = list(w.warehouses)
    if region and region not in w.warehouses:
        raise Refusal(f"region {region!r} is unknown; {', '.join(regions)}")
    if style and style not in w.catalogue.styles:
        raise Refusal(f"style {style!r} is unknown")
    region = region or regions[w.bursts % len(regions)]
    style = style or list(w.catalogue.styles)[w.bursts * 5 % len(w.catalogue.styles)]
    calendar.start_burst(w, region, style, args["minutes"], round(args["factor"] * 1000))
    _control(w, "burst", f"{region}/{style}", args)
    return f"{style} sells live in {region} for {args['minutes']} min"


def _break_machine(w: Core, node: str, args: Arguments) -> str:
    if args["station"]:
        line, st = station_at(w, args["station"])
        if st.down:
            raise Refusal(f"{line.node}/{st.id} is down already ({st.down})")
    else:
        line, st = _busiest(w)
    repair.break_now(w, line, st, args["minutes"])
    _control(w, "break_machine", f"{line.node}/{st.id}", args)
    return f"{line.node}/{st.id}"


def _busiest(w: Core) -> tuple[Line, Station]:
    working = [ln for ln in w.lines if ln.open and ln.sewing] or w.lines
    line = max(working, key=lambda ln: (ln.wip, -ln.index))
    able = [st for st in line.stations if not st.down and st.manned]
    if not able:
        raise Refusal("no station works")
    return line, max(able, key=lambda st: (st.seg_ms > 0, st.load, -st.index))


def _rush_order(w: Core, node: str, args: Arguments) -> str:
    if args["style"] and args["style"] not in w.catalogue.styles:
        raise Refusal(f"style {args['style']!r} is unknown")
    name = calendar.rush(w, args["style"], args["pieces"])
    _control(w, "rush_order", name, args)
    return name


def _promise(w: Core, node: str, args: Arguments) -> str:
    order = w.orders.get(args["order"])
    if order is not None:
        order.promised_ms = args["promise_ms"]
        if order.state == "received":
            order.state = "promised"
    return ""


_COMMANDS: dict[str, Callable[[Core, str, Arguments], str]] = {
    "kit": _kit,
    "redirect": _redirect,
    "reserve_cloth": _reserve_cloth,
    "order_cloth": supply_commands.order_cloth,
    "dye_cloth": supply_commands.dye_cloth,
    "transfer_cloth": supply_commands.transfer_cloth,
    "cut_ahead": supply_commands.cut_ahead,
    "transfer_stock": shop_commands.transfer_stock,
    "set_price": shop_commands.set_price,
    "sequence": _sequence,
    "expedite_repair": floor_commands.expedite_repair,
    "maintain": floor_commands.maintain,
    "rebalance": floor_commands.rebalance,
    "join": floor_commands.join,
    "leave": floor_commands.leave,
    "burst": _burst,
    "break_machine": _break_machine,
    "rush_order": _rush_order,
    "promise": _promise,
    "pause": _field_only("pause"),
    "resume": _field_only("resume"),
    "speed": _field_only("speed"),
    "next_morning": _field_only("next_morning"),
}
