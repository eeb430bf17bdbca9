"""The day: midnight, shifts, hours of sales, sellers' orders, livestreams."""

from bisect import bisect_left

from seamline_broker.contracts.view import RUSH_WEIGHT
from seamline_sim import cuttingroom, energy, rng, shop, signals
from seamline_sim.core import DAY_MS, DAY_US, MINUTE_US, Core
from seamline_sim.line import sizes_json
from seamline_sim.market import OrderWish
from seamline_sim.state import Order

BURST_TICK_MIN = 10

DELIVERED_KEPT_MS = 7 * DAY_MS
"""At midnight, orders that were delivered so long ago leave the world's memory (and its view)."""


def start(w: Core) -> None:
    """Schedule the first midnight and the orders that already wait."""
    w.at(0, "day", 0, prio=2)
    for back in range(w.fig("market.backlog_days"), 0, -1):
        for wish in w.market.seller_orders(-back):
            # those who ordered yesterday are promised no more time than those who order today
            due = (wish.due_days - back if wish.due_days - back >= 3 else 3) * DAY_MS
            w.at(0, "place", *_pack(wish), w.start_ms + due + 18 * 3_600_000, 1, prio=3)


def day(w: Core, index: int) -> None:
    """Midnight: close the day that ended, plan the one that begins."""
    if index:
        energy.book_day(w)
        for house in w.warehouses.values():
            shop.close_day(w, house, index - 1)
            cuttingroom.close_day(w, house)
        _forget(w)
    base = index * DAY_US
    shift = w.scenario.shift
    if is_workday(w, index):
        for minute, phase in (
            (shift.start_min, "start"),
            (shift.lunch_min, "break_start"),
            (shift.lunch_end_min, "break_end"),
            (shift.end_min, "end"),
        ):
            w.at(base + minute * MINUTE_US, "shift", phase, prio=3)
    signals.tell(w, index)
    for period in range(w.periods):
        w.at(base + (period + 1) * DAY_US // w.periods, "hour", index, period, prio=1)
    for wish in w.market.seller_orders(index):
        due_ms = w.start_ms + (index + wish.due_days) * DAY_MS + 18 * 3_600_000
        w.at(base + wish.minute * MINUTE_US, "place", *_pack(wish), due_ms, 1)
    w.at(base + DAY_US, "day", index + 1, prio=2)


def is_workday(w: Core, index: int) -> bool:
    """Return whether plants work on a day: not on free weekdays, nor around lunar New Year."""
    return w.market.weekday(
        index
    ) in w.scenario.shift.workdays and not w.market.rhythm.factory_closed(index)


def _forget(w: Core) -> None:
    """Orders delivered long ago leave memory."""
    limit = w.now_ms - DELIVERED_KEPT_MS
    for order in [o for o in w.orders.values() if 0 < o.delivered_ms <= limit]:
        del w.orders[order.id]


def _pack(wish: OrderWish) -> tuple[str, str, str, str, str, str, int]:
    sizes = ",".join(f"{size}={n}" for size, n in wish.sizes.items())
    return (
        wish.order, wish.seller, wish.style, wish.colour, sizes, wish.region, wish.price_fen,
    )  # fmt: skip


def place(
    w: Core, order_id: str, seller: str, style: str, colour: str, sizes_text: str, region: str,
    price_fen: int, due_ms: int, weight: int,
) -> None:  # fmt: skip
    """A seller decides on an order; nothing is made until a kit is commanded."""
    if order_id in w.orders:
        return
    sizes = {k: int(n) for k, _, n in (part.partition("=") for part in sizes_text.split(","))}
    order = Order(
        order_id, "seller", seller, style, colour, sizes, region, w.now_ms, due_ms, weight,
        sum(sizes.values()),
    )  # fmt: skip
    w.orders[order_id] = order
    w.emit(
        f"market/{seller}", "seller_order", order_id, seller, style, colour, sizes_json(sizes),
        order.pieces, region, due_ms, weight, price_fen, weight >= RUSH_WEIGHT,
    )  # fmt: skip


def hour(w: Core, index: int, period: int) -> None:
    """Consumers bought during the period (an hour, in live runs) that ends now."""
    for house in w.warehouses.values():
        shop.settle(w, house, index, period)


def start_burst(w: Core, region: str, style: str, minutes: int, factor_permille: int) -> None:
    """Start a livestream: about `factor` ordinary days of demand within `minutes`."""
    w.bursts += 1
    mean_milli = w.market.base_milli[region, style] * factor_permille // 1000
    w.warehouses[region].promo[style] = w.now_us // DAY_US
    w.at(
        w.now_us + BURST_TICK_MIN * MINUTE_US,
        "burst", region, style, w.bursts, 1, minutes, mean_milli,
    )  # fmt: skip


def burst(
    w: Core, region: str, style: str, number: int, tick: int, minutes: int, mean_milli: int
) -> None:
    """Ten minutes of a livestream are over: orders call for more orders (Hawkes)."""
    key = f"burst{number}"
    times = w.market.stream(f"{region}|{style}|{key}", mean_milli, minutes)
    ends = [bisect_left(times, t * BURST_TICK_MIN * 60_000) for t in (tick - 1, tick)]
    day = (w.now_us - 1) // DAY_US
    price = w.market.price_fen(region, style, day)
    price = price * w.fig("market.promo_price_permille") // 1000
    wishes = w.market.stream_wishes(region, style, key, ends[0], ends[1], len(times), price)
    shop.serve(w, w.warehouses[region], wishes, day)
    if tick * BURST_TICK_MIN < minutes:
        w.at(
            w.now_us + BURST_TICK_MIN * MINUTE_US,
            "burst", region, style, number, tick + 1, minutes, mean_milli,
        )  # fmt: skip


def rush(w: Core, style: str, pieces: int) -> str:
    """Let a seller decide on a rush order now; return its id."""
    w.rushes += 1
    name = f"RU-{w.rushes:03d}"
    d = rng.words(w.seed, "rush", name, 9)
    names = list(w.catalogue.styles)
    record = w.catalogue.styles[style or names[rng.below(d[0], 12)]]
    regions = w.scenario.regions
    region = regions[rng.pick(d[3], [r.share_permille for r in regions])].id
    wish = w.market.make_wish(name, record, pieces, region, d, 0)
    due_ms = w.now_ms + 2 * DAY_MS
    place(w, *_pack(wish), due_ms, 10)
    return name
