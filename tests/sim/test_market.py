"""The market: rhythms, lives, sizes, bursts, and sales that are what customers wanted and got."""

from collections import Counter, defaultdict
from collections.abc import Callable

import pytest

from seamline_broker.contracts.commands import check_args
from seamline_broker.errors import ConfigError
from seamline_sim import Scenario, World, history
from seamline_sim.collection import fixed_collection
from seamline_sim.core import DAY_MS, DAY_US, HOUR_US
from seamline_sim.market import SEASON_DAYS, Market, spread
from seamline_sim.scenario import load_scenario, parse_scenario

STYLES, TRAITS = fixed_collection().styles, fixed_collection().traits
BASICS = [s for s, t in TRAITS.items() if not t.fashion]
FASHION = [s for s, t in TRAITS.items() if t.fashion]


@pytest.fixture(scope="module")
def market(demo: Scenario) -> Market:
    return Market(demo, seed=1)


def test_the_week_has_the_calibrated_rhythm(market: Market) -> None:
    by_weekday: dict[int, int] = defaultdict(int)
    for day in range(-56, 0):
        for region in market.scenario.regions:
            for style in BASICS:
                if not market.promo(region.id, style, day):
                    by_weekday[market.weekday(day)] += market.mean_milli(region.id, style, day)
    mean = sum(by_weekday.values()) / 7
    weekly = market.scenario.figure_list("market.weekly_permille")
    expected = [7 * w / sum(weekly) for w in weekly]
    assert [by_weekday[d] / mean for d in range(7)] == pytest.approx(expected, abs=0.06)
    assert min(by_weekday[5], by_weekday[6]) > max(by_weekday[d] for d in range(5))


def test_the_run_starts_on_the_weekday_of_its_date(market: Market) -> None:
    # 2025-09-06 is a Saturday
    assert [market.weekday(day) for day in (0, 1, 2, 7, -1)] == [5, 6, 0, 5, 4]


def test_customers_buy_in_the_evening_and_on_the_shelf(market: Market) -> None:
    hours, channels = Counter[int](), Counter[str]()
    for day in range(10):
        for hour, wishes in enumerate(market.day(day)):
            for wish in (wish for there in wishes.values() for wish in there):
                hours[hour] += wish.qty
                channels[wish.channel] += wish.qty
    total = hours.total()
    assert total == channels.total() > 20_000
    permille = market.scenario.figure_list("market.hours_permille")
    shares = [hours[h] / total for h in range(24)]
    assert shares == pytest.approx(
        [p / sum(permille) for p in permille], abs=0.012
    )  # livestreams are in the evening
    assert max(range(24), key=shares.__getitem__) in (20, 21)
    assert [channels[c] / total for c in ("shelf", "live", "shop")] == pytest.approx(
        [0.62, 0.16, 0.22],
        abs=0.035,  # each region has its own mix
    )


def test_regions_and_styles_have_their_shares(market: Market) -> None:
    regions, by_style = Counter[str](), Counter[str]()
    for (region, style), milli in market.base_milli.items():
        regions[region] += milli
        by_style[style] += milli
    total = regions.total()
    assert [regions[r] / total for r in ("east", "south", "west")] == pytest.approx(
        [0.45, 0.32, 0.23],
        abs=0.03,  # each region has its own taste
    )
    weights = {s: t.weight for s, t in TRAITS.items()}
    for style, weight in weights.items():
        assert by_style[style] / total == pytest.approx(weight / sum(weights.values()), rel=0.01)


def test_consumers_want_the_planned_share_of_capacity(market: Market) -> None:
    # 252 stations x 540 min x .545 x 6/7 a day, of which consumers take 53 % net of what they
    # send back fit for sale
    minutes = 252 * 540 * 0.545 * 6 / 7
    smv = {s: sum(op.smv_ms for op in market_bulletin(s)) / 60_000 for s in STYLES}
    wanted = sum(milli / 1000 * smv[style] for (_, style), milli in market.base_milli.items())
    net = 1 - market.consumers.net_returns_permille() / 1000
    assert 0.65 < net < 0.8
    assert wanted * net == pytest.approx(0.53 * minutes, rel=0.002)


def market_bulletin(style: str) -> tuple:
    from seamline_sim.products import bulletins

    return bulletins()[STYLES[style].bulletin]


def test_sellers_order_the_planned_share_of_capacity(market: Market) -> None:
    days = 84
    orders = [wish for day in range(days) for wish in market.seller_orders(day)]
    smv = {s: sum(op.smv_ms for op in market_bulletin(s)) / 60_000 for s in STYLES}
    minutes = sum(sum(o.sizes.values()) * smv[o.style] for o in orders) / days
    assert minutes == pytest.approx(0.43 * 252 * 540 * 0.545 * 6 / 7, rel=0.1)
    assert all(100 <= sum(o.sizes.values()) <= 600 for o in orders)
    assert all(5 <= o.due_days <= 10 for o in orders)
    assert all(o.colour in STYLES[o.style].colours for o in orders)
    assert len({o.order for o in orders}) == len(orders)


def test_a_fashion_style_rises_and_fades_and_comes_back(market: Market) -> None:
    for style in FASHION:
        launch = market.launch_day(style)
        life = [market.life_permille(style, launch + age) for age in range(SEASON_DAYS)]
        assert market.life_permille(style, launch - 1) == 0
        assert sum(life) / SEASON_DAYS == pytest.approx(850, abs=2)
        peak = life.index(max(life))
        assert life[: peak + 1] == sorted(life[: peak + 1])  # one rise, one fall
        assert life[peak:] == sorted(life[peak:], reverse=True)
        assert life[-1] < max(life) / 2
        assert market.life_permille(style, launch + SEASON_DAYS) == life[0]  # the next season


def test_the_market_as_a_whole_neither_dies_out_nor_grows(market: Market) -> None:
    def level(first: int) -> float:
        total = sum(
            market.base_milli[r.id, s] * market.life_permille(s, day) // 1000
            for day in range(first, first + 28)
            for r in market.scenario.regions
            for s in STYLES
        )
        return total / 28 / sum(market.base_milli.values())

    levels = [level(first) for first in (0, 28, 90, 200, 400)]
    assert all(0.8 < x < 1.1 for x in levels), levels


def test_some_styles_are_launched_after_the_start(demo: Scenario) -> None:
    launches = [Market(demo, seed).launch_day(s) for seed in range(10) for s in FASHION]
    assert min(launches) >= 11 - SEASON_DAYS
    assert 0 < max(launches) <= 10


def test_an_announced_livestream_lifts_demand_and_lowers_the_price(market: Market) -> None:
    days = [(r.id, s, d) for r in market.scenario.regions for s in BASICS for d in range(60)]
    promos = [key for key in days if market.promo(*key)]
    assert len(promos) / len(days) == pytest.approx(0.012, abs=0.004)
    region, style, day = promos[0]
    planned = STYLES[style].price_fen * market.rhythm.price_permille(
        style, STYLES[style].fabric, day
    )
    assert market.price_fen(region, style, day) == pytest.approx(planned * 0.85 / 1000, abs=2)
    noise = market.rhythm.noise_permille(region, style, STYLES[style].bulletin, day)
    plain = market.plain_milli(region, style, day) * noise // 1000
    assert market.mean_milli(region, style, day) == pytest.approx(2.2 * plain, rel=0.001)
    times = market.stream_times_ms(region, style, day)
    assert all(20 <= t / 3_600_000 < 23 for t in times)


def test_sizes_follow_the_curve(market: Market) -> None:
    counts = Counter[str]()
    for day in range(28):
        for style in BASICS:
            for sku, n in market.sku_demand("east", style, day):
                counts[sku.rpartition("-")[2]] += n
    shares = [counts[s] / counts.total() for s in ("S", "M", "L", "XL", "XXL")]
    assert shares == pytest.approx([0.12, 0.27, 0.31, 0.20, 0.10], abs=0.03)


@pytest.mark.parametrize(
    ("pieces", "weights", "parts"),
    [
        (10, [1, 1], [5, 5]),
        (10, [1, 1, 1], [4, 3, 3]),
        (7, [5, 3, 2], [4, 2, 1]),  # 3.5, 2.1, 1.4: the largest remainder gets the last piece
        (0, [1, 2], [0, 0]),
    ],
)
def test_spread_is_by_largest_remainder(pieces: int, weights: list[int], parts: list[int]) -> None:
    assert spread(pieces, weights) == parts


def test_a_day_is_the_same_whatever_day_was_asked_before(demo: Scenario) -> None:
    one, other = Market(demo, 3), Market(demo, 3)
    one.day(9)
    one.day(2)
    assert one.day(5) == other.day(5)
    assert one.seller_orders(5) == other.seller_orders(5)


def test_hourly_wishes_add_up_to_the_day(market: Market) -> None:
    total: Counter[tuple[str, str]] = Counter()
    for wishes in market.day(4):
        for wish in (wish for there in wishes.values() for wish in there):
            total[wish.region, wish.sku] += wish.qty
            assert len(wish.people) == 12 * wish.qty
    wanted = {
        (region.id, sku): n
        for region in market.scenario.regions
        for style in STYLES
        for sku, n in market.sku_demand(region.id, style, 4)
    }
    assert total == wanted


def test_history_is_the_same_market_before_the_run(demo: Scenario, market: Market) -> None:
    events = history(demo, seed=1, days=3)
    assert [e.seq for e in events] == list(range(1, len(events) + 1))
    assert {e.kind for e in events} == {"sale_day"}
    assert {e.values[5] for e in events} == {demo.start_ms - d * DAY_MS for d in (1, 2, 3)}
    got = {(e.node.partition("/")[0], e.values[0]): e.values[1]
           for e in events if e.values[5] == demo.start_ms - DAY_MS}  # fmt: skip
    assert got == {
        (r.id, sku): n for r in demo.regions for s in STYLES
        for sku, n in market.sku_demand(r.id, s, -1)
    }  # fmt: skip
    with pytest.raises(ConfigError, match="allowed: 0 to"):
        history(demo, seed=1, days=100_000)


def _sold(world: World, region: str, style: str) -> int:
    return sum(
        int(e.values[2])
        for e in world.take_outbox()
        if e.kind == "sale" and e.node == f"{region}/warehouse"
        and str(e.values[0]).startswith(style)
    )  # fmt: skip


def test_a_burst_sells_days_of_demand_in_hours_and_leaves_the_rest_alone(
    with_figures: Callable[..., Scenario],
) -> None:
    world = World.create(with_figures({"warehouse.opening_days": [90, 91]}), seed=2)
    world.step_until(10 * HOUR_US)
    world.outbox.clear()
    quiet = world.fork()
    args = check_args("burst", {"region": "east", "style": "TS01", "minutes": 120, "factor": 8.0})
    assert world.command("field/field", "burst", args, "b").status == "done"
    world.step_until(12 * HOUR_US)
    quiet.step_until(12 * HOUR_US)
    with_burst, without = world.fork(), quiet.fork()
    extra = _sold(with_burst, "east", "TS01") - _sold(without, "east", "TS01")
    ordinary = world.market.base_milli["east", "TS01"] / 1000
    # orders call for orders: variance/mean is up to 1 / (1 - .7)^2 = 11
    assert extra == pytest.approx(8 * ordinary, abs=3 * (11 * 8 * ordinary) ** 0.5)
    assert extra > 2 * ordinary
    assert _sold(world.fork(), "east", "TS02") == _sold(quiet.fork(), "east", "TS02")
    house, still = world.warehouses["east"], quiet.warehouses["east"]
    assert house.wanted - still.wanted == extra
    world.step_until(30 * HOUR_US)
    rows = [e for e in world.take_outbox() if e.kind == "sale_day"
            and str(e.values[0]).startswith("TS01")]  # fmt: skip
    assert rows
    assert all(e.values[4] is True for e in rows)  # the day counts as one with a promotion


def test_a_stock_out_censors_sales_and_is_counted(with_figures: Callable[..., Scenario]) -> None:
    world = World.create(with_figures({"warehouse.opening_days": [1, 2]}), seed=2)
    house = world.warehouses["east"]
    opening = sum(house.stock.values())
    world.step_until(6 * DAY_US)  # nobody replenishes
    assert house.sales <= opening + house.resold
    assert house.wanted > 1.3 * house.sales
    events = world.take_outbox()
    out: dict[str, list[int]] = defaultdict(list)  # when it ran out, and came back (returns)
    for event in events:
        if event.kind == "stock" and event.values[2] in ("out", "back"):
            out[str(event.values[0])].append(event.ts_ms)
    minutes: Counter[str] = Counter()
    for event in events:
        if event.kind == "sale_day":
            minutes[str(event.values[0])] += int(event.values[2])
            assert 0 <= int(event.values[2]) <= 1440
    assert len(out) > 100
    for sku, times in out.items():
        ends = [*times, world.now_ms] if len(times) % 2 else times
        spans = [b - a for a, b in zip(ends[::2], ends[1::2], strict=True)]
        assert minutes[sku] == pytest.approx(sum(spans) / 60_000, abs=len(spans) + 1)


def test_sales_of_a_day_are_what_customers_wanted_while_stock_lasts(
    with_figures: Callable[..., Scenario],
) -> None:
    world = World.create(with_figures({"warehouse.opening_days": [60, 61]}), seed=3)
    world.step_until(DAY_US)
    rows = {e.values[0]: e.values[1] for e in world.take_outbox() if e.kind == "sale_day"}
    stock_before = World.create(world.scenario, seed=3).warehouses["east"].stock
    wanted = {
        sku: n for style in STYLES for sku, n in world.market.sku_demand("east", style, 0)
        if n <= stock_before[sku]
    }  # fmt: skip
    assert len(wanted) > 150
    assert {sku: rows[sku] for sku in wanted} == wanted


def test_worlds_of_one_seed_can_share_a_market(pi: Scenario, demo: Scenario) -> None:
    market = Market(pi, seed=4)
    first, second = World.create(pi, 4, market=market), World.create(pi, 4)
    for world in (first, second):
        world.step_until(DAY_US)
    assert first.market is market
    assert first.digest() == second.digest()
    for wrong in (
        lambda: World.create(pi, 5, market=market),
        lambda: World.create(demo, 4, market=market),
    ):
        with pytest.raises(ValueError, match="does not fit"):
            wrong()


def test_a_world_with_more_lines_than_its_market_was_made_for_survives_a_snapshot(
    pi: Scenario, with_figures: Callable[..., Scenario]
) -> None:
    larger = with_figures({}, {"lines = 2": "lines = 3"})
    world = World.create(larger, 4, market=Market(pi, seed=4))
    world.step_until(9 * HOUR_US)
    again = World.restore(world.snapshot())
    for w in (world, again):
        w.step_until(2 * DAY_US)
    assert world.digest() == again.digest()
    assert again.market.base_milli == Market(pi, seed=4).base_milli


def test_sellers_order_nothing_while_there_is_no_style() -> None:
    text = load_scenario("pi").document + "\n[collection]\nstyles = 4\ndays = 56\n"
    market = Market(parse_scenario(text), 3)
    assert not market.collection.styles
    assert [market.seller_orders(day) for day in range(5)] == [[]] * 5
