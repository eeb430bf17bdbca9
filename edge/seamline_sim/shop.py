"""Shops: a region's stock of finished goods, what consumers get of it, and the rows of a day."""

from seamline_sim.core import DAY_MS, DAY_US, MINUTE_US, Core
from seamline_sim.state import Warehouse


def put_in_stock(w: Core, house: Warehouse, sku: str, pieces: int) -> None:
    """Add finished goods to the stock of a region."""
    house.stock[sku] += pieces
    w.emit(house.node, "stock", sku, house.stock[sku], "delivery")
    if sku in house.out_us:
        _close_out(w, house, sku)
        del house.out_us[sku]
        w.emit(house.node, "stock", sku, house.stock[sku], "back")


def _close_out(w: Core, house: Warehouse, sku: str) -> None:
    midnight = w.now_us - w.now_us % DAY_US
    if w.now_us == midnight:
        midnight -= DAY_US
    since = max(house.out_us[sku], midnight)
    house.out_day_us[sku] = house.out_day_us.get(sku, 0) + w.now_us - since


def sell(w: Core, house: Warehouse, sku: str, channel: str, wanted: int, price_fen: int) -> None:
    """Consumers want pieces of a SKU: they get what is there."""
    have = house.stock[sku]
    qty = min(wanted, have)
    house.wanted += wanted
    if not qty:
        return
    house.sales += qty
    house.stock[sku] = have - qty
    house.sold[sku] = house.sold.get(sku, 0) + qty
    w.emit(house.node, "sale", sku, channel, qty, price_fen)
    if have == qty:
        house.out_us[sku] = w.now_us
        w.emit(house.node, "stock", sku, 0, "out")


def close_day(w: Core, house: Warehouse, day: int) -> None:
    """Write the rows of the day that has just ended, and count the stock."""
    for sku in house.out_us:
        _close_out(w, house, sku)
        house.out_us[sku] = w.now_us
    for sku in house.stock:
        qty = house.sold.get(sku, 0)
        out_min = house.out_day_us.get(sku, 0) // MINUTE_US
        if qty or out_min:
            style = sku.partition("-")[0]
            promo = w.market.promo(house.region, style, day) or house.promo.get(style, -1) == day
            w.emit(
                house.node,
                "sale_day",
                sku,
                qty,
                out_min,
                w.market.price_fen(house.region, style, day),
                promo,
                w.start_ms + day * DAY_MS,
            )
    house.sold.clear()
    house.out_day_us.clear()
    for sku, on_hand in house.stock.items():
        w.emit(house.node, "stock", sku, on_hand, "count")
