"""No piece appears or vanishes, whatever happens: garments, stock, cloth, and who holds them."""

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seamline_broker.contracts.commands import check_args
from seamline_broker.contracts.events import Event
from seamline_sim import Foreman, Scenario, World, foreman_for, run_headless
from seamline_sim.core import DAY_US, HOUR_US, MINUTE_US
from seamline_sim.drivers import give
from seamline_sim.state import Garment, Line, Order
from seamline_sim.station import AWAY

CUT = ("in_transit", "queued", "sewing", "sewn", "packed", "delivered")


def garments(line: Line) -> list[Garment]:
    found = []
    for station in line.stations:
        found += station.queue
        if station.job is not None:
            found.append(station.job)
    return found


def check_lines(world: World) -> None:
    for line in world.lines:
        here = garments(line)
        assert len({(g.order.id, g.piece) for g in here}) == len(here) == line.wip
        assert line.wip == line.entered - line.sewn - line.scrapped
        assert line.wip <= line.limit
        assert line.seen == sum(g.seen for g in here)
        held = Counter(g.order.id for g in here)
        assert set(held) <= set(line.sewing)
        for order_id in line.sewing:
            order = world.orders[order_id]
            assert order.loaded == held[order_id] + order.sewn + order.scrapped
        for station in line.stations:
            waiting = len(station.queue) + (station.job is not None)
            away = AWAY * (bool(station.down) + (not station.manned))
            assert station.load == waiting + away


def check_order(order: Order) -> None:
    assert order.pieces == sum(order.sizes.values())
    assert sum(order.good.values()) == order.sewn
    assert all(order.good[size] <= order.sizes[size] for size in order.good)
    assert order.sewn + order.scrapped <= order.loaded <= order.pieces
    if order.state not in ("sewing", "sewn", "packed", "delivered"):
        assert order.loaded == 0
    if order.state in ("sewn", "packed", "delivered"):
        assert order.sewn + order.scrapped == order.loaded == order.pieces
    if order.state in ("packed", "delivered"):
        assert order.packed == order.sewn
    assert order.delivered == (order.packed if order.state == "delivered" else 0)


def check_cut_pieces(world: World) -> None:
    """Cut = on their way + before a line + on a line + sewn + written off."""
    cut = sum(o.pieces for o in world.orders.values() if o.state in CUT)
    kits = sum(o.pieces - o.loaded for o in world.orders.values() if o.state in CUT)
    on_lines = sum(line.wip for line in world.lines)
    left = sum(o.sewn + o.scrapped for o in world.orders.values())
    assert cut == kits + on_lines + left
    queued = {name for line in world.lines for name in line.queue}
    assert queued == {o.id for o in world.orders.values() if o.state == "queued"}


def check_mechanics(world: World) -> None:
    for number, plant in enumerate(world.plants):
        stations = [s for ln in world.lines if ln.plant == number for s in ln.stations]
        assert plant.free + sum(s.in_repair for s in stations) == plant.mechanics


def check_cloth(world: World) -> None:
    for house in world.warehouses.values():
        waiting = [job for job in house.jobs.values() if not job.on_table and job.lay]
        assert all(world.orders[job.id].state == "cutting" for job in waiting if job.id[0] != "#")
        assert 0 <= house.free == house.tables - len(house.lays)
        for key, cloth in house.cloth.items():
            assert cloth.on_hand >= 0
            assert cloth.on_order >= 0
            assert 0 <= cloth.open_cm <= cloth.on_hand
            assert all(name not in house.cutting for name in cloth.waiting)
            due = sum(job.issue_cm for job in waiting if key == f"{job.fabric}/{job.colour}")
            assert cloth.reserved == due + sum(cloth.kept.values())


def check_stock(world: World) -> None:
    for house in world.warehouses.values():
        assert house.sales <= house.wanted
        for sku, on_hand in house.stock.items():
            assert on_hand >= 0
            assert (sku in house.out_us) <= (on_hand == 0)


def check_all(world: World) -> None:
    check_lines(world)
    for order in world.orders.values():
        check_order(order)
    check_cut_pieces(world)
    check_mechanics(world)
    check_cloth(world)
    check_stock(world)


@pytest.mark.parametrize("seed", [1, 2])
def test_everything_is_somewhere_at_every_quarter_of_an_hour(pi: Scenario, seed: int) -> None:
    world = World.create(pi, seed)
    policy = foreman_for(world)
    for quarter in range(1, 4 * 24 * 5):
        run_headless(world, quarter * 15 * MINUTE_US, policy)
        if world.any_shift_open() or quarter % 8 == 0:
            check_all(world)
    assert sum(line.sewn for line in world.lines) > 4000
    assert sum(line.scrapped for line in world.lines) > 5


Step = tuple[str, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["run", "run", "run", "decide", "break", "burst", "rush", "redirect", "expedite"]
        ),
        st.integers(0, 2**16),
    ),
    min_size=10,
    max_size=40,
)


def _act(world: World, policy: Foreman, step: Step, number: int) -> None:
    name, value = step
    if name == "run":
        world.step_until(world.now_us + 1 + value * 300_000)  # up to five and a half hours
    elif name == "decide":
        give(world, policy)
    elif name in ("break", "burst", "rush"):
        kind = {"break": "break_machine", "burst": "burst", "rush": "rush_order"}[name]
        args: dict[str, object] = {
            "break": {"station": "", "minutes": 1 + value % 300},
            "burst": {"region": "", "style": "", "minutes": 60, "factor": 8.0},
            "rush": {"style": "", "pieces": 100 + value % 200},
        }[name]
        world.command("field/field", kind, check_args(kind, args), f"x{number}")
    elif name == "redirect":
        movable = [o for o in world.orders.values() if o.state in ("cutting", "in_transit",
                                                                   "queued")]  # fmt: skip
        if movable:
            order = movable[value % len(movable)]
            other = next(ln for ln in world.lines if ln.id != order.line)
            args = {"order": order.id, "site": other.site, "line": other.id}
            outcome = world.command("east/warehouse", "redirect", args, f"x{number}")
            assert outcome.status == "done", outcome.reason
    elif name == "expedite":
        for line, station in world.plants[0].waiting[-1:]:
            path = f"{world.lines[line].id}/{world.lines[line].stations[station].id}"
            args = {"station": path}
            world.command("hangzhou/plant", "expedite_repair", args, f"x{number}")


@settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_everything_is_somewhere_after_any_commands(pi: Scenario, steps: list[Step]) -> None:
    world = World.create(pi, seed=12)
    policy = foreman_for(world)
    world.step_until(8 * HOUR_US)
    give(world, policy)
    for number, step in enumerate(steps):
        _act(world, policy, step, number)
        world.outbox.clear()
        check_all(world)


def test_stock_is_what_came_less_what_was_sold(pi: Scenario) -> None:
    world = World.create(pi, seed=3)
    opening = {sku: n for house in world.warehouses.values() for sku, n in house.stock.items()}
    sold: Counter[str] = Counter()
    day_rows: Counter[str] = Counter()
    back: Counter[str] = Counter()

    def read(events: list[Event]) -> None:
        for event in events:
            if event.kind == "sale":
                sold[str(event.values[0])] += int(event.values[2])
            elif event.kind == "sale_day":
                day_rows[str(event.values[0])] += int(event.values[1])
            elif event.kind == "return_day":
                back[str(event.values[0])] += int(event.values[2])

    run_headless(world, 6 * DAY_US, foreman_for(world), read)
    came: Counter[str] = Counter()
    for order in world.orders.values():
        if order.kind == "replenishment" and order.state == "delivered":
            for size, n in order.good.items():
                came[f"{order.style}-{order.colour}-{size}"] += n
    assert sum(came.values()) > 500
    stock = world.warehouses["east"].stock
    assert stock == {sku: opening[sku] + came[sku] + back[sku] - sold[sku] for sku in stock}
    assert day_rows == sold  # six whole days: each sale stands in one day's row
    assert sum(sold.values()) == world.warehouses["east"].sales


def test_cloth_is_what_came_less_what_was_cut(pi: Scenario) -> None:
    world = World.create(pi, seed=4)
    opening = {key: cloth.on_hand for key, cloth in world.warehouses["east"].cloth.items()}
    deltas: Counter[str] = Counter()
    used: Counter[str] = Counter()
    on_hand = dict(opening)

    def read(events: list[Event]) -> None:
        for event in events:
            if event.kind == "cloth" and event.values[4] in ("received", "cut"):
                key = f"{event.values[0]}/{event.values[1]}"
                change = int(event.values[2]) - on_hand[key]
                assert (change > 0) == (event.values[4] == "received")
                on_hand[key] += change
                deltas[key] -= min(change, 0)
            elif event.kind == "lay":
                used[f"{event.values[2]}/{event.values[3]}"] += sum(map(int, event.values[7:12]))

    run_headless(world, 6 * DAY_US, foreman_for(world), read)
    house = world.warehouses["east"]
    assert on_hand == {key: cloth.on_hand for key, cloth in house.cloth.items()}
    assert {k: v for k, v in deltas.items() if v} == used


def test_a_delivered_order_leaves_after_a_week(pi: Scenario) -> None:
    world = World.create(pi, seed=5)
    run_headless(world, 10 * DAY_US, foreman_for(world))
    delivered = [o for o in world.orders.values() if o.state == "delivered"]
    assert delivered
    assert all(o.delivered_ms > world.now_ms - 7 * 86_400_000 for o in delivered)
    assert all(o.delivered_ms == 0 for o in world.orders.values() if o.state != "delivered")


def test_scrap_and_good_are_all_that_leave(
    with_figures: Callable[..., Scenario], kit: Callable[..., object]
) -> None:
    scenario = with_figures({"quality.defects_per_100": 120, "quality.scrap_permille": 400})
    world = World.create(scenario, seed=6)
    world.step_until(40 * HOUR_US)
    kit(world, "A", "TS01", "WHT", {"S": 80, "L": 120})
    world.step_until(66 * HOUR_US)
    order = world.orders["A"]
    assert order.state == "delivered"
    assert order.scrapped > 20  # 200 garments, 1.2 defects each, .65 seen at the end, .4 of them
    assert order.sewn == 200 - order.scrapped == order.delivered
