"""Shops: every wish ends somewhere, substitutes by their odds, returns, prices, common draws."""

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from seamline_broker.contracts.commands import check_args
from seamline_broker.contracts.events import Event
from seamline_sim import CommandOutcome, Scenario, World, shop, tables
from seamline_sim.core import DAY_US
from seamline_sim.market import CHANNELS, Market, Wish, person
from seamline_sim.market.consumers import ALL

REGIONS = ("east", "south", "west")


def give(world: World, name: str, region: str = "east", **args: object) -> CommandOutcome:
    return world.command(
        f"{region}/warehouse", name, check_args(name, args), f"{name}{world.now_us}{args}"
    )


def all_wishes(market: Market, days: range, periods: int = 4) -> Iterator[Wish]:
    for day in days:
        for period in market.day(day, periods):
            for wishes in period.values():
                yield from wishes


@pytest.fixture(scope="module")
def shared(demo: Scenario) -> Market:
    return Market(demo, seed=6, keep_days=True)


@pytest.fixture(scope="module")
def unsupplied(shared: Market) -> tuple[World, list[Event]]:
    """Ten days of demo in which nothing is made for stock."""
    world = World.create(shared.scenario, 6, market=shared, resolution="bundle")
    world.step_until(10 * DAY_US)
    return world, world.take_outbox()


def test_every_wish_ends_somewhere(unsupplied: tuple[World, list[Event]], shared: Market) -> None:
    world, _ = unsupplied
    total = shop.meters(world)
    assert total.wanted == sum(wish.qty for wish in all_wishes(shared, range(10)))
    assert total.wanted == total.sold + total.lost + total.waiting
    assert total.lost > 500
    assert total.waiting > 50
    assert 0 < total.spilled < total.sold
    unserved = total.lost + total.waiting + total.spilled
    assert 0.3 < total.spilled / unserved < 0.6  # as published: 30 to 60 % spill
    assert total.resold <= total.returned
    by_region = [shop.meters(world, region) for region in REGIONS]
    for name in ("wanted", "sold", "lost", "revenue_fen", "stock", "returned"):
        assert sum(getattr(m, name) for m in by_region) == getattr(total, name)


def test_stock_is_opening_plus_returns_less_sales(
    unsupplied: tuple[World, list[Event]], shared: Market
) -> None:
    world, events = unsupplied
    opening = sum(e.values[1] for e in events if e.kind == "stock" and e.values[2] == "opening")  # type: ignore[misc]
    total = shop.meters(world)
    assert total.stock == opening + total.resold - total.sold
    rows = [e.values for e in events if e.kind == "return_day"]
    assert sum(int(r[1]) for r in rows) == total.returned
    assert sum(int(r[2]) for r in rows) == total.resold
    assert sum(int(r[3]) for r in rows) == total.refund_fen
    days = [e.values for e in events if e.kind == "sale_day"]
    assert sum(int(d[1]) for d in days) == total.sold
    assert sum(sum(h.style_sold.values()) for h in world.warehouses.values()) == total.sold


def test_what_consumers_bring_is_the_same_whatever_the_shops_do(demo: Scenario) -> None:
    worlds = [World.create(demo, 6, market=Market(demo, 6), resolution="bundle") for _ in range(2)]
    plain, other = worlds
    give(other, "set_price", style="TS01", price_permille=600)
    give(other, "set_price", style="TS02", price_permille=1300)
    for sku in [s for s in other.warehouses["east"].stock if s.startswith("TS03")]:
        qty = other.warehouses["east"].stock[sku]
        give(other, "transfer_stock", to="south", sku=sku, qty=qty)
    for world in worlds:
        world.step_until(3 * DAY_US)
    assert shop.meters(plain) != shop.meters(other)
    assert plain.market.digest(3) == other.market.digest(3) != Market(demo, 7).digest(3)


def test_a_day_in_quarters_is_the_day_in_hours(shared: Market) -> None:
    def people(periods: int) -> Counter[tuple[str, str, str, bytes]]:
        return Counter(
            (w.region, w.sku, w.channel, w.people[i : i + 12])
            for w in all_wishes(shared, range(3, 4), periods)
            for i in range(0, len(w.people), 12)
        )

    assert people(24) == people(4)


def test_a_markdown_brings_the_elasticity_s_share_of_buyers(shared: Market) -> None:
    style = "TS01"
    elasticity = shared.collection.traits[style].elasticity_milli / 1000
    assert 1.5 <= elasticity <= 3
    extra = shared.consumers.bargain_permille(style, 700) / 1000
    assert extra == pytest.approx(0.7**-elasticity - 1, abs=0.001)
    # of those who would come at the floor (.4 of the price), this part comes at .7
    accepted = shared.consumers.accepted(style, 700) / ALL
    assert accepted == pytest.approx((0.7**-elasticity - 1) / (0.4**-elasticity - 1), abs=0.001)
    assert shared.consumers.accepted(style, 1300) / ALL == pytest.approx(
        1.3**-elasticity, abs=0.001
    )
    assert shared.consumers.accepted(style, 1000) == ALL
    assert shared.consumers.accepted(style, 300) == ALL  # nothing sells below the floor's demand


@pytest.mark.parametrize(("permille", "low", "high"), [(700, 1.35, 3.2), (1300, 0.35, 0.72)])
def test_prices_move_sales_of_their_style(
    shared: Market, permille: int, low: float, high: float
) -> None:
    sold = []
    for price in (1000, permille):
        world = World.create(shared.scenario, 6, market=shared, resolution="bundle")
        for house in world.warehouses.values():
            house.stock = dict.fromkeys(house.stock, 10_000)
        assert give(world, "set_price", style="TS01", price_permille=price).status == "done"
        world.step_until(6 * DAY_US + 1)
        sold.append(world.warehouses["east"].style_sold)
        total = shop.meters(world, "east")
        assert (total.markdown_fen > 0) == (price < 1000)
        assert total.wanted == total.sold  # nobody leaves a shop that is full
    assert low < sold[1]["TS01"] / sold[0]["TS01"] < high
    assert {s: n for s, n in sold[0].items() if s != "TS01"} == {
        s: n for s, n in sold[1].items() if s != "TS01"
    }


def test_what_a_markdown_sells_is_partly_missing_afterwards(shared: Market) -> None:
    style, sold = "TS01", []
    for marked in (False, True):
        world = World.create(shared.scenario, 6, market=shared, resolution="bundle")
        house = world.warehouses["east"]
        house.stock = dict.fromkeys(house.stock, 10_000)
        if marked:
            give(world, "set_price", style=style, price_permille=600)
        world.step_until(3 * DAY_US)
        during, pulled = house.style_sold.get(style, 0), house.pulled.get(style, 0)
        assert (pulled > 0) == marked
        if marked:
            give(world, "set_price", style=style, price_permille=1000)
        world.step_until(9 * DAY_US + 1)
        sold.append((during, house.style_sold[style] - during, pulled))
        pulled -= house.pulled.get(style, 0)
        assert pulled == 1000 * (sold[0][1] - sold[-1][1])  # those left out, to the piece
    assert sold[1][0] > sold[0][0]
    assert sold[1][1] < sold[0][1]


def test_substitutes_share_by_weight_and_nothing_takes_the_rest(shared: Market) -> None:
    styles = shared.collection.styles
    for sku, (others, nothing) in shared.substitutes.items():
        style, _, size = sku.split("-")
        trait = shared.collection.traits[style].attributes
        assert len({other for other, _ in others}) == len(others) <= 8
        assert sku not in dict(others)
        for other, weight in others:
            its = shared.collection.traits[other.partition("-")[0]].attributes
            assert (its["category"], its["price_band"]) == (trait["category"], trait["price_band"])
            assert other.endswith(f"-{size}")
            assert weight > 0
        total = sum(weight for _, weight in others)
        assert total / (total + nothing) == pytest.approx(0.6, abs=0.001)
    assert len(shared.substitutes) == sum(len(s.skus()) for s in styles.values())


def test_size_curves_sum_to_ten_thousand_and_keep_to_the_common_curve(shared: Market) -> None:
    curves = list(shared.size_share.values())
    assert all(sum(curve) == 10_000 for curve in curves)
    mean = [sum(c[i] for c in curves) / len(curves) / 10_000 for i in range(5)]
    assert mean == pytest.approx([0.12, 0.27, 0.31, 0.20, 0.10], abs=0.03)
    spread = [(sum((c[2] / 1e4 - mean[2]) ** 2 for c in curves) / len(curves)) ** 0.5]
    # Dirichlet(80 m): sd of a share is sqrt(m (1 - m) / 81)
    assert spread[0] == pytest.approx((0.31 * 0.69 / 81) ** 0.5, rel=0.35)
    south = sum(shared.size_share["south", s][4] for s in shared.collection.styles)
    assert south < sum(shared.size_share["east", s][4] for s in shared.collection.styles)


def test_returns_by_channel_are_the_calibrated_ones(shared: Market) -> None:
    sold, back, late = Counter[str](), Counter[str](), []
    fit = 0
    for wish in all_wishes(shared, range(8)):
        if shared.collection.traits[wish.style].attributes["target"] == "women":
            sold[wish.channel] += wish.qty
            back[wish.channel] += len(wish.back)
            late += [days for _, days, _ in wish.back]
            fit += sum(good for _, _, (_, good, _) in wish.back)
    shares = [back[c] / sold[c] for c in CHANNELS]
    assert shares == pytest.approx([0.40, 0.80, 0.10], abs=0.02)
    assert sorted(late)[len(late) // 2] == 7  # median 7 days
    assert fit / len(late) == pytest.approx(0.78, abs=0.015)


def test_hidden_faults_send_more_back(shared: Market) -> None:
    # .8 of faulty garments come back: with 250 permille of them .2 of those who would keep theirs
    base = shared.consumers.return_chance("TS01", "shop", 0) / ALL
    worse = shared.consumers.return_chance("TS01", "shop", 250) / ALL
    assert worse == pytest.approx(base + (1 - base) * 0.2, abs=0.001)
    returned = []
    for faults in (0, 500):
        world = World.create(shared.scenario, 6, market=shared, resolution="bundle")
        house = world.warehouses["east"]
        house.returns.clear()
        for sku in house.stock:
            house.stock[sku] = 0
            shop.put_in_stock(world, house, sku, 1000, faults)
        world.step_until(2 * DAY_US)
        total = shop.meters(world, "east")
        returned.append((total.returned + total.due_back) / total.sold)
    assert returned[1] > returned[0] + 0.1


def test_faults_in_stock_are_the_mean_of_what_is_mixed(demo: Scenario) -> None:
    world = World.create(demo, 1)
    house, sku = world.warehouses["east"], "TS01-WHT-M"
    house.stock[sku] = 30
    shop.put_in_stock(world, house, sku, 10, 400)
    assert (house.stock[sku], house.faults[sku]) == (40, 100)


def test_who_waits_is_served_when_goods_come_and_leaves_when_patience_ends(
    shared: Market,
) -> None:
    def world() -> World:
        made = World.create(shared.scenario, 6, market=shared, resolution="bundle")
        for house in made.warehouses.values():
            house.stock = dict.fromkeys(house.stock, 0)
            house.returns.clear()
        made.step_until(DAY_US)
        return made

    empty, refilled = world(), world()
    waiting = shop.meters(empty).waiting
    assert shop.meters(empty).sold == 0
    assert waiting / shop.meters(empty).wanted == pytest.approx(0.25, abs=0.02)
    for house in refilled.warehouses.values():
        for sku in house.stock:
            shop.put_in_stock(refilled, house, sku, 500)
    for w in (empty, refilled):
        w.step_until(DAY_US + DAY_US // 4)
    first_of_day = sum(w.qty for ws in shared.day(1, 4)[0].values() for w in ws)
    assert shop.meters(refilled).sold == waiting + first_of_day
    assert shop.meters(refilled).waiting == 0
    assert shop.meters(empty).lost > 0


def test_goods_sent_to_another_region_arrive_whole(demo: Scenario) -> None:
    world = World.create(demo, 1)
    east, south = world.warehouses["east"], world.warehouses["south"]
    sku = "TS01-WHT-M"
    before = east.stock[sku] + south.stock[sku]
    assert give(world, "transfer_stock", to="south", sku=sku, qty=5).status == "done"
    assert (south.coming[sku], shop.meters(world).coming) == (5, 5)
    world.step_until(DAY_US)
    sold = sum(h.sold.get(sku, 0) for h in (east, south)) + sum(
        int(e.values[1]) for e in world.take_outbox()
        if e.kind == "sale_day" and e.values[0] == sku and not e.node.startswith("west")
    )  # fmt: skip
    back = before - sold
    assert not south.coming
    assert east.stock[sku] + south.stock[sku] >= back  # and what consumers sent back
    for args, reason in (
        ({"to": "north", "sku": sku, "qty": 1}, "no other region"),
        ({"to": "east", "sku": sku, "qty": 1}, "no other region"),
        ({"to": "south", "sku": sku, "qty": 99_999}, "not 99999"),
    ):
        outcome = give(world, "transfer_stock", **args)
        assert outcome.status == "refused"
        assert reason in outcome.reason
    assert give(world, "set_price", style="XX", price_permille=800).status == "refused"


def test_people_are_read_as_they_are_written() -> None:
    who = person(bytes([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]), 0)
    assert (who.taste, who.returns) == (0x0201, 0x0403)
    assert who.delay == 0x0605 & 1023
    assert (who.patience, who.state, who.choice) == (7, 8, 0x0C0B0A09)


def test_the_tables_are_what_they_say() -> None:
    assert tables.exp_permille(0) == 1000
    assert tables.exp_permille(693) == 2000
    assert tables.power_permille(800, 2000) == 1562  # .8^-2
    assert sum(tables.bass(50, 400, 70)) / 70 == pytest.approx(1000, abs=1)
    # Bass: the peak is at ln(q/p)/(p+q) = 4.62 weeks
    assert tables.bass(50, 400, 70).index(max(tables.bass(50, 400, 70))) in (31, 32, 33)
    assert tables.poisson(1000)[0] == pytest.approx(2**32 * 0.36787944, rel=1e-6)


def test_markdown_survives_a_snapshot(pi: Scenario, with_figures: Callable[..., Scenario]) -> None:
    world = World.create(with_figures({"warehouse.opening_days": [2, 3]}), 3)
    give(world, "set_price", style="TS01", price_permille=700)
    world.step_until(2 * DAY_US + DAY_US // 3)
    again, fork = World.restore(world.snapshot()), world.fork()
    for w in (world, again, fork):
        w.step_until(4 * DAY_US)
    assert world.digest() == again.digest() == fork.digest()
    assert world.warehouses["east"].waiting
