"""Shops: a region's stock of finished goods, what consumers get of it, and what comes back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from seamline_sim import rng, tables
from seamline_sim.core import DAY_MS, DAY_US, MINUTE_US, Core
from seamline_sim.market import CHANNELS, Wish, person
from seamline_sim.market.arrivals import choice_of, patience_of, return_draws, split
from seamline_sim.market.consumers import ALL
from seamline_sim.market.wishes import Back
from seamline_sim.state import Order, Warehouse

_STATES = 256


@dataclass(frozen=True, slots=True)
class ShopMeters:
    """Running totals of a region's shop since the start; pieces and fen.

    wanted = sold - spilled + spilled + lost + waiting, where `spilled` (part of `sold`) were bought
    instead of something that was out of stock: wanted = sold + lost + waiting. A piece that comes
    back is `returned`; fit ones go back into stock (`resold`, which sales then count again), others
    are written off. `revenue_fen` is before `refund_fen`; `markdown_fen` is the part of revenue
    that was sold below the planned price.
    """

    wanted: int = 0
    sold: int = 0
    spilled: int = 0
    lost: int = 0
    waiting: int = 0
    returned: int = 0
    resold: int = 0
    revenue_fen: int = 0
    markdown_fen: int = 0
    refund_fen: int = 0
    stock: int = 0
    coming: int = 0
    """Pieces on the way from another region's stock."""
    due_back: int = 0
    """Sold pieces that consumers have decided to send back."""


def meters(w: Core, region: str = "") -> ShopMeters:
    """Return the totals of a region, or of all together."""
    houses = [w.warehouses[region]] if region else list(w.warehouses.values())
    rows = [_meters(house) for house in houses]
    return ShopMeters(*(sum(getattr(r, f.name) for r in rows) for f in fields(ShopMeters)))


def _meters(house: Warehouse) -> ShopMeters:
    due = sum(len(rows) for rows in house.returns.values())
    return ShopMeters(
        house.wanted,
        house.sales,
        house.spilled,
        house.lost,
        len(house.waiting),
        house.returned,
        house.resold,
        house.revenue_fen,
        house.markdown_fen,
        house.refund_fen,
        sum(house.stock.values()),
        sum(house.coming.values()),
        due,
    )


def open_returns(w: Core, house: Warehouse) -> None:
    """At the start of a run, pieces sold before it are on their way back."""
    consumers, region = w.market.consumers, house.region
    residual = consumers.residual_days()
    for style in w.catalogue.styles:
        if not w.market.sold_at_start(style):
            continue
        mean = w.market.base_milli[region, style] * w.market.life_permille(style, -5) // 1000
        mean = mean * consumers.mean_chance(style) // ALL * consumers.mean_delay_milli() // 1000
        number = tables.count(rng.u32(w.seed, "opening returns", f"{region}|{style}"), mean, 50)
        who = w.market.stream_crowd(region, style, "opening", number)
        for sku, one in w.market.sku_choices(region, style, who):
            draw, _, state = return_draws(one)
            due = rng.pick_step(draw << 16, residual)
            what = (sku, consumers.is_good(state), w.catalogue.styles[style].price_fen)
            house.returns.setdefault(due, []).append(what)


def receive(w: Core, house: Warehouse, order: Order) -> None:
    """A replenishment order was delivered: its garments go into stock, with their hidden faults."""
    faults = order.reworks * w.fig("returns.reworked_permille") // max(order.delivered, 1)
    for size in order.sizes:
        n = order.good.get(size, 0)
        if n:
            put_in_stock(w, house, f"{order.style}-{order.colour}-{size}", n, min(faults, 1000))


def put_in_stock(
    w: Core, house: Warehouse, sku: str, pieces: int, faults: int = 0, reason: str = "delivery"
) -> None:
    """Add finished goods to the stock of a region; `faults`: permille with a hidden defect."""
    have = house.stock[sku]
    mixed = house.faults.get(sku, 0) * have + faults * pieces
    if mixed:
        house.faults[sku] = mixed // (have + pieces)
    else:
        house.faults.pop(sku, None)
    house.stock[sku] = have + pieces
    w.emit(house.node, "stock", sku, house.stock[sku], reason)
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


def settle(w: Core, house: Warehouse, day: int, period: int) -> None:
    """Consumers of one period of a day come: they get what is there, at the price of the day."""
    if not period and house.waiting:
        _serve_waiting(w, house, day)
    wishes = w.market.day(day, w.periods)[period][house.region]
    if not house.price and not house.pulled:
        serve(w, house, wishes, day)
        return
    serve(w, house, _accepting(w, house, wishes, day), day)
    for style, permille in list(house.price.items()):
        if permille < 1000 and w.market.on_sale(style, day):
            before = house.sales
            hunters = w.market.bargains(house.region, style, day, w.periods)[period]
            serve(w, house, _hunters(w, house, hunters), day)
            pulled = (house.sales - before) * w.fig("market.pull_permille")
            if pulled:
                house.pulled[style] = house.pulled.get(style, 0) + pulled


def _accepting(w: Core, house: Warehouse, wishes: Iterable[Wish], day: int) -> Iterable[Wish]:
    """Return the wishes of those who accept the marked price and have not bought already."""
    for wish in wishes:
        permille = house.price.get(wish.style, 1000)
        if permille == 1000 and wish.style not in house.pulled:
            yield wish
            continue
        who = split(wish.people)
        if permille > 1000:
            limit = w.market.consumers.accepted(wish.style, permille)
            who = [one for one in who if person(one, 0).taste < limit]
        if wish.style in house.pulled:
            who = _still_to_come(w, house, wish.style, who, day)
        if who:
            yield _again(w, wish, wish.sku, wish.price_fen * permille // 1000, who)


def _hunters(w: Core, house: Warehouse, wishes: Iterable[Wish]) -> Iterable[Wish]:
    """Return the wishes of those whom a markdown brings."""
    for wish in wishes:
        permille = house.price[wish.style]
        limit = w.market.consumers.accepted(wish.style, permille)
        who = [one for one in split(wish.people) if person(one, 0).taste < limit]
        if who:
            yield _again(w, wish, wish.sku, wish.price_fen * permille // 1000, who)


def _still_to_come(
    w: Core, house: Warehouse, style: str, who: list[bytes], day: int
) -> list[bytes]:
    """Leave out ordinary customers who bought at a markdown before (pull-forward).

    What was pulled is missing over `pull_days` ordinary days, from no day more than half.
    """
    pulled = house.pulled[style]
    ordinary = w.market.plain_milli(house.region, style, day) * w.fig("market.pull_days")
    part = min(1000 * pulled // max(ordinary, 1), 500)
    kept = [one for one in who if person(one, 0).taste * 1000 >= part * ALL]
    house.pulled[style] = pulled - 1000 * (len(who) - len(kept))
    if house.pulled[style] < 1000:
        del house.pulled[style]
    return kept


def _again(w: Core, wish: Wish, sku: str, price_fen: int, who: Sequence[bytes]) -> Wish:
    """Return a wish for something else, at another price or of other people."""
    place = (wish.region, sku.partition("-")[0], sku, CHANNELS.index(wish.channel))
    return w.market.consumers.wish(place, price_fen, who)


def serve(w: Core, house: Warehouse, wishes: Iterable[Wish], day: int) -> None:
    """Consumers want pieces: who finds them there buys, in the order of the wishes."""
    stock, sold = house.stock, house.sold
    wanted = 0
    for wish in wishes:
        sku, qty = wish[2], wish[4]
        wanted += qty
        left = stock[sku] - qty
        if left <= 0 or house.price:
            _short(w, house, wish, day)
            continue
        stock[sku] = left
        sold[sku] = sold.get(sku, 0) + qty
        house.sales += qty
        house.revenue_fen += qty * wish[5]
        if w.periods == 24:
            w.emit(house.node, "sale", sku, wish[3], qty, wish[5])
        if wish[7]:
            _note(house, wish[7], day, ALL)
        if wish[8] and sku in house.faults:
            _perhaps(w, house, wish, day)
    house.wanted += wanted


def _take(w: Core, house: Warehouse, wish: Wish, day: int) -> None:
    """The whole wish is there: sell it, and note what will come back."""
    sku, qty = wish.sku, wish.qty
    left = house.stock[sku] = house.stock[sku] - qty
    house.sold[sku] = house.sold.get(sku, 0) + qty
    house.sales += qty
    house.revenue_fen += qty * wish.price_fen
    if house.price.get(wish.style, 1000) < 1000:
        house.markdown_fen += qty * wish.price_fen
    if w.periods == 24:
        w.emit(house.node, "sale", sku, wish.channel, qty, wish.price_fen)
    if not left:
        _out(w, house, sku)
    _note(house, wish.back, day, ALL)
    _perhaps(w, house, wish, day)


def _note(house: Warehouse, rows: Sequence[Back], day: int, limit: int) -> None:
    """Book the pieces that consumers will send back."""
    book = house.returns
    for draw, days, what in rows:
        if draw < limit:
            due = day + days
            if due in book:
                book[due].append(what)
            else:
                book[due] = [what]


def _perhaps(w: Core, house: Warehouse, wish: Wish, day: int) -> None:
    faults = house.faults.get(wish.sku, 0)
    if faults:
        limit = w.market.consumers.return_chance(wish.style, wish.channel, faults)
        _note(house, wish.perhaps, day, limit)


def _out(w: Core, house: Warehouse, sku: str) -> None:
    if sku not in house.out_us:
        house.out_us[sku] = w.now_us
        w.emit(house.node, "stock", sku, 0, "out")


def _short(w: Core, house: Warehouse, wish: Wish, day: int) -> None:
    """Perhaps not all is there: who comes too late chooses something else, waits, or leaves."""
    have = house.stock[wish.sku]
    if have >= wish.qty:
        _take(w, house, wish, day)
        return
    who = split(wish.people)
    if have:
        _take(w, house, _again(w, wish, wish.sku, wish.price_fen, who[:have]), day)
    else:
        _out(w, house, wish.sku)
    for one in who[have:]:
        _instead(w, house, wish, one, day)


def _instead(w: Core, house: Warehouse, wish: Wish, one: bytes, day: int) -> None:
    """One consumer whose wish is out: a multinomial logit over what is there and nothing."""
    others, total = w.market.substitutes[wish.sku]
    there = []
    for pair in others:
        if house.stock[pair[0]] > 0:
            there.append(pair)
            total += pair[1]
    at = choice_of(one) * total >> 32
    for sku, weight in there:
        if at < weight:
            house.spilled += 1
            style = sku.partition("-")[0]
            price = w.market.price_fen(house.region, style, day)
            price = price * house.price.get(style, 1000) // 1000
            _take(w, house, _again(w, wish, sku, price, [one]), day)
            return
        at -= weight
    if patience_of(one) * 1000 < w.fig("market.patience_permille") * _STATES:
        until = day + 1 + choice_of(one) % w.fig("market.patience_days")
        house.waiting.append((until, wish.sku, wish.channel, wish.price_fen, one))
    else:
        house.lost += 1


def _serve_waiting(w: Core, house: Warehouse, day: int) -> None:
    """Those who wait look once a day; they leave when their patience ends."""
    waiting, house.waiting = house.waiting, []
    for row in waiting:
        until, sku, channel, price, one = row
        if house.stock[sku]:
            place = (house.region, sku.partition("-")[0], sku, CHANNELS.index(channel))
            _take(w, house, w.market.consumers.wish(place, price, [one]), day)
        elif day >= until:
            house.lost += 1
        else:
            house.waiting.append(row)


def close_day(w: Core, house: Warehouse, day: int) -> None:
    """Write the rows of the day that has just ended, take back returns, and count the stock."""
    for sku in house.out_us:
        _close_out(w, house, sku)
        house.out_us[sku] = w.now_us
    for sku in house.stock:
        qty = house.sold.get(sku, 0)
        out_min = house.out_day_us.get(sku, 0) // MINUTE_US
        if qty:
            style = sku.partition("-")[0]
            house.style_sold[style] = house.style_sold.get(style, 0) + qty
        if qty or out_min:
            _tell_day(w, house, sku, qty, out_min, day)
    changed = house.sold.keys() | _take_back(w, house, day)
    house.sold.clear()
    house.out_day_us.clear()
    for sku, on_hand in house.stock.items():
        if w.periods == 24 or sku in changed:
            w.emit(house.node, "stock", sku, on_hand, "count")


def _tell_day(w: Core, house: Warehouse, sku: str, qty: int, out_min: int, day: int) -> None:
    style = sku.partition("-")[0]
    promo = w.market.promo(house.region, style, day) or house.promo.get(style, -1) == day
    price = w.market.price_fen(house.region, style, day) * house.price.get(style, 1000) // 1000
    day_ms = w.start_ms + day * DAY_MS
    w.emit(house.node, "sale_day", sku, qty, out_min, price, promo, day_ms)


def _take_back(w: Core, house: Warehouse, day: int) -> list[str]:
    """Take back what consumers send this day; return the SKUs."""
    rows: dict[str, list[int]] = {}
    for sku, fit, price_fen in house.returns.pop(day, ()):
        row = rows.setdefault(sku, [0, 0, 0])
        row[0] += 1
        row[1] += fit
        row[2] += price_fen
    for sku, (qty, good, refund_fen) in rows.items():
        house.returned += qty
        house.resold += good
        house.refund_fen += refund_fen
        w.emit(house.node, "return_day", sku, qty, good, refund_fen, w.start_ms + day * DAY_MS)
        if good:
            put_in_stock(w, house, sku, good, house.faults.get(sku, 0), "return")
    return list(rows)


def transfer(w: Core, house: Warehouse, to: Warehouse, sku: str, qty: int) -> None:
    """Send finished goods to the stock of another region."""
    house.stock[sku] -= qty
    to.coming[sku] = to.coming.get(sku, 0) + qty
    w.emit(house.node, "stock", sku, house.stock[sku], "transfer")
    if not house.stock[sku]:
        _out(w, house, sku)
    way_us = w.catalogue.transport_min["other_region"] * MINUTE_US
    w.at(w.now_us + way_us, "stock_arrived", to.region, sku, qty, house.faults.get(sku, 0))


def stock_arrived(w: Core, region: str, sku: str, qty: int, faults: int) -> None:
    """Finished goods came from another region."""
    house = w.warehouses[region]
    house.coming[sku] -= qty
    if not house.coming[sku]:
        del house.coming[sku]
    put_in_stock(w, house, sku, qty, faults, "transfer")


def set_price(w: Core, house: Warehouse, style: str, price_permille: int) -> None:
    """Mark a style's price in a region, permille of the planned price of each day."""
    if price_permille == 1000:
        house.price.pop(style, None)
    else:
        house.price[style] = price_permille
