"""Foreman, and common random numbers: two policies on one seed meet the same chance."""

from collections import Counter
from collections.abc import Callable, Mapping

import pytest

from seamline_broker.contracts.commands import Command, check_args
from seamline_broker.contracts.events import Event
from seamline_broker.contracts.view import Policy, View
from seamline_sim import Foreman, Scenario, World, foreman_for, repair, run_headless
from seamline_sim.core import DAY_MS, DAY_US, HOUR_US
from seamline_sim.policy import mean_daily_milli

DAILY = {("east", "TS01-WHT-M"): 20_000}


def _world(pi: Scenario, stock: Mapping[str, int]) -> World:
    world = World.create(pi, seed=1)
    world.orders.clear()
    shelf = world.warehouses["east"].stock
    for sku in shelf:
        shelf[sku] = stock.get(sku, 0)
    return world


def _kits(commands: list[Command]) -> list[Command]:
    return [c for c in commands if c.name == "kit" and c.args["order_kind"] == "replenishment"]


def test_stock_is_filled_up_to_so_many_days_of_sales(pi: Scenario) -> None:
    # 20 a day: below 7 x 20 = 140 the lot brings stock up to 15 x 20 = 300
    foreman = Foreman(DAILY)
    world = _world(pi, {"TS01-WHT-M": 130})
    (kit,) = _kits(foreman.decide(world.view(), world.start_ms))
    assert kit.args["sizes"] == {"M": 170}
    enough = _world(pi, {"TS01-WHT-M": 140})
    assert _kits(foreman.decide(enough.view(), enough.start_ms)) == []


def test_what_is_on_its_way_counts(pi: Scenario) -> None:
    world = _world(pi, {"TS01-WHT-M": 20})
    foreman = Foreman(DAILY)
    (kit,) = _kits(foreman.decide(world.view(), world.start_ms))
    assert kit.args["sizes"] == {"M": 280}
    assert world.command(kit.node, "kit", kit.args, "1").status == "done"
    assert _kits(foreman.decide(world.view(), world.start_ms)) == []


def test_lots_are_at_least_the_minimum_order(pi: Scenario) -> None:
    daily = {("east", f"TS01-WHT-{s}"): n for s, n in (("S", 500), ("M", 1500), ("L", 1000))}
    world = _world(pi, {})
    (kit,) = _kits(Foreman(daily).decide(world.view(), world.start_ms))
    sizes = kit.args["sizes"]
    assert isinstance(sizes, dict)
    # 15 days of 3 pieces are 45: the rest of the 100 goes by what sells
    assert sum(sizes.values()) == 100
    assert sizes["M"] > sizes["L"] > sizes["S"] >= 7


def test_lots_of_a_run_keep_the_minimum_and_the_sizes(demo: Scenario) -> None:
    world, lots = World.create(demo, seed=2), []
    run_headless(world, DAY_US + HOUR_US, foreman_for(world))
    lots = [o for o in world.orders.values() if o.kind == "replenishment"]
    assert len(lots) > 20
    assert all(o.pieces >= 100 for o in lots)
    assert all(set(o.sizes) <= set(world.catalogue.styles[o.style].sizes) for o in lots)


def test_replenishment_is_decided_at_night_alone(pi: Scenario) -> None:
    world = _world(pi, {})
    noon = world.start_ms + DAY_MS // 2
    assert _kits(Foreman(DAILY).decide(world.view(), noon)) == []
    assert _kits(Foreman().decide(world.view(), world.start_ms)) == []


def test_promise_of_the_only_order_by_hand(ideal: Scenario) -> None:
    world = World.create(ideal, seed=1)
    world.step_until(2 * DAY_US)
    args = check_args("rush_order", {"style": "TS01", "pieces": 120})
    world.command("field/field", "rush_order", args, "r")
    commands = Foreman().decide(world.view(), world.now_ms)
    promise = next(c for c in commands if c.name == "promise")
    # 120 x 5.68 min on 21 operators at .56; a plant works 6 x 10 of 168 hours; an hour of set-up,
    # twice, because the line also runs empty: 57.96 min + 120 min of work
    open_share = 6 * 600 / 10_080
    sewing_min = 120 * 5.68 / (21 * 0.56) / open_share
    setup_min = 120 * 168 / 60
    expected_min = (sewing_min + setup_min) * 1.2 + 24 * 60
    got_min = (int(str(promise.args["promise_ms"])) - world.now_ms) / 60_000
    assert got_min == pytest.approx(expected_min, abs=1)


def test_most_promises_are_kept(demo: Scenario) -> None:
    world = World.create(demo, seed=3)
    kept: Counter[bool] = Counter()
    run_headless(world, 4 * DAY_US + 20 * HOUR_US, foreman_for(world))
    for order in world.orders.values():
        if order.kind == "seller" and order.state == "delivered":
            assert order.promised_ms > order.placed_ms
            kept[order.delivered_ms <= order.promised_ms] += 1
    assert kept.total() > 20
    assert kept[True] / kept.total() > 0.85


def test_a_rush_order_goes_to_the_head_of_the_queue(demo: Scenario) -> None:
    world = World.create(demo, seed=1)
    foreman = foreman_for(world)
    run_headless(world, 2 * DAY_US + 9 * HOUR_US, foreman)
    args = check_args("rush_order", {"style": "", "pieces": 120})
    name = world.command("field/field", "rush_order", args, "r").reason
    run_headless(world, world.now_us + 24 * HOUR_US, foreman)
    rush = world.orders[name]
    ahead = [
        o for o in world.orders.values()
        if o.line == rush.line and o.site == rush.site and o.id != name
        and o.state == "queued"
    ]  # fmt: skip
    assert rush.state in ("sewing", "sewn", "packed", "delivered")
    assert ahead  # others that were there before still wait


def _day_rows(node: str, rows: Mapping[str, tuple[int, int]]) -> list[Event]:
    return [
        Event(i, 0, node, "sale_day", (sku, qty, out, 100, False, 0))
        for i, (sku, (qty, out)) in enumerate(rows.items())
    ]


def test_foreman_learns_the_mean_of_four_weeks() -> None:
    foreman = Foreman({("east", "A"): 28_000, ("east", "B"): 28_000, ("east", "C"): 28_000})
    foreman.learn(_day_rows("east/warehouse", {"A": (56, 0), "B": (0, 1440), "N": (28, 0)}))
    assert foreman._daily == {
        ("east", "A"): 29_000,  # 28 + (56 - 28) / 28
        ("east", "B"): 28_000,  # nothing was there to be sold: nothing learnt
        ("east", "C"): 27_000,  # no row: nothing sold
        ("east", "N"): 1_000,
    }
    foreman.learn([])
    assert foreman._daily["east", "C"] == 27_000


def test_mean_daily_sales_from_history() -> None:
    rows = _day_rows("east/warehouse", {"A": (3, 0)}) + _day_rows("west/warehouse", {"A": (5, 0)})
    assert mean_daily_milli(rows * 2, days=4) == {("east", "A"): 1500, ("west", "A"): 2500}


class LastLineFirst:
    """Another policy: every order to the line that comes last in the list."""

    def decide(self, view: View, now_ms: int) -> list[Command]:
        line = view.catalogue.lines[-1]
        return [
            Command(
                f"{line.region}/warehouse", "kit",
                {"order": o.order, "order_kind": o.kind, "style": o.style, "colour": o.colour,
                 "sizes": dict(o.sizes), "region": o.region, "site": line.site, "line": line.line,
                 "due_ms": o.due_ms, "weight": o.weight},
            )
            for o in view.orders.values() if o.state == "received"
        ]  # fmt: skip


def _run(scenario: Scenario, policy: Callable[[World], Policy]) -> tuple[World, list[Event]]:
    world, events = World.create(scenario, seed=7), []
    run_headless(world, 3 * DAY_US, policy(world), events.extend)
    return world, events


@pytest.fixture(scope="module")
def two(with_figures: Callable[..., Scenario]) -> list[tuple[World, list[Event]]]:
    scenario = with_figures(
        {
            "operators.skill_spread_permille": 0,
            "style_change.experience_start_mdays": 40_000,
            "style_change.keep_other_bulletin_permille": 1000,
            "style_change.keep_same_bulletin_permille": 1000,
            "operators.helper_permille": 1000,
            "machines.small_mtbf_h": 6,
        }
    )
    return [_run(scenario, foreman_for), _run(scenario, lambda world: LastLineFirst())]


def test_two_policies_differ(two: list[tuple[World, list[Event]]]) -> None:
    (one, _), (other, _) = two
    assert [ln.sewn for ln in one.lines] != [ln.sewn for ln in other.lines]


def test_two_policies_meet_the_same_customers(two: list[tuple[World, list[Event]]]) -> None:
    (one, events), (other, other_events) = two

    def orders(shown: list[Event]) -> list[tuple[object, ...]]:
        return [(e.ts_ms, *e.values) for e in shown if e.kind == "seller_order"]

    assert orders(events) == orders(other_events)
    assert len(orders(events)) > 8
    assert one.warehouses["east"].wanted == other.warehouses["east"].wanted > 1000


def test_two_policies_meet_the_same_sewing_times(two: list[tuple[World, list[Event]]]) -> None:
    def times(shown: list[Event]) -> dict[tuple[object, ...], int]:
        return {
            (e.values[1], e.values[2], e.values[3]): int(e.values[4])
            for e in shown if e.kind == "piece" and e.values[9]
        }  # fmt: skip

    one, other = times(two[0][1]), times(two[1][1])
    common = one.keys() & other.keys()
    assert len(common) > 1000
    assert [one[key] for key in common] == [other[key] for key in common]


Machine = tuple[int, int, int, int]
"""What a machine has lived through: running time, lives, small stops, exposure at the next one."""


def _machines(world: World) -> dict[str, Machine]:
    found = {}
    for line in world.lines:
        for st in line.stations:
            shelf = dict(st.shelf)
            if st.machine not in repair.BY_HAND:
                lived_ms = st.run_ms - st.hard_from_ms
                shelf[st.machine] = [lived_ms, st.hard_n, st.small_n, 0, st.small_due_ms]
            for machine, kept in shelf.items():
                found[f"{line.node}/{st.id}|{machine}"] = (kept[0], kept[1], kept[2], kept[4])
    return found


def test_two_policies_meet_the_same_stops(two: list[tuple[World, list[Event]]]) -> None:
    """Whatever it sews, a machine stops for the nth time after the same running time."""
    one, other = _machines(two[0][0]), _machines(two[1][0])
    compared = 0
    for name in one.keys() & other.keys():
        ran_ms, *mine = one[name]
        also_ms, *theirs = other[name]
        if mine[:2] == theirs[:2]:
            assert mine == theirs
            compared += mine[1] > 1 and ran_ms != also_ms
    assert compared > 3
