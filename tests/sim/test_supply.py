"""Cloth from supplier to kit: lead times by what is ordered, forms, held kits, the cluster."""

from collections.abc import Callable

import pytest

from seamline_broker.contracts.commands import check_args
from seamline_broker.errors import ConfigError
from seamline_sim import CommandOutcome, Scenario, World, warehouse
from seamline_sim.core import DAY_US, HOUR_US, MINUTE_US

Quiet = Callable[..., Scenario]
Check = Callable[[World], None]


@pytest.fixture(scope="module")
def cluster(quiet: Quiet) -> Scenario:
    """`demo` without customers: cloth moves by command alone, 1,000 m of each are there."""
    return quiet({})


def command(world: World, region: str, name: str, /, **args: object) -> CommandOutcome:
    number = f"{name}-{len(world.ids)}-{world.now_us}"
    return world.command(f"{region}/warehouse", name, check_args(name, args), number)


def order(world: World, form: str, length_cm: int, colour: str = "WHT") -> CommandOutcome:
    return command(world, "east", "order_cloth", fabric="jersey160", colour=colour,
                   length_cm=length_cm, form=form)  # fmt: skip


def kit(world: World, name: str, sizes: dict[str, int], region: str = "east",
        site: str = "hangzhou", **more: object) -> CommandOutcome:  # fmt: skip
    return command(
        world, region, "kit", order=name, order_kind="seller", style="TS01", colour="WHT",
        sizes=sizes, region="east", site=site, line="line-1", due_ms=world.now_ms, **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("form", "colour", "length_cm", "days"),
    [("roll", "WHT", 80_000, (30, 45)), ("greige", "greige", 200_000, (20, 30)),
     ("quick", "WHT", 10_000, (3, 5))],
)  # fmt: skip
def test_lead_time_follows_from_what_is_ordered(
    cluster: Scenario,
    form: str,
    colour: str,
    length_cm: int,
    days: tuple[int, int],
    check_balance: Check,
) -> None:
    world = World.create(cluster, seed=1)
    cloth = world.warehouses["east"].cloth[f"jersey160/{colour}"]
    before = cloth.on_hand
    waits = []
    for _ in range(6):
        outcome = order(world, form, length_cm, colour)
        assert outcome.status == "done", outcome.reason
        waits.append(int(outcome.reason.split()[2]))
    assert len(set(waits)) > 1  # drawn for every order
    assert days[0] * 24 <= min(waits)
    assert max(waits) <= days[1] * 24
    assert cloth.on_order == 6 * length_cm
    world.step_until(min(waits) * HOUR_US - 1)
    assert cloth.on_hand == before
    world.step_until((max(waits) + 1) * HOUR_US)
    assert (cloth.on_hand, cloth.on_order) == (before + 6 * length_cm, 0)
    assert getattr(warehouse.meters(world), f"{form}_cm") == 6 * length_cm
    check_balance(world)


def test_lateness_is_the_same_under_every_policy(cluster: Scenario) -> None:
    one, other = World.create(cluster, seed=5), World.create(cluster, seed=5)
    order(other, "roll", 90_000, "NVY")  # another cloth, another time: no influence
    other.step_until(DAY_US)
    assert order(one, "roll", 80_000).reason == order(other, "roll", 300_000).reason


def test_greige_becomes_a_colour_in_days_and_loses_a_little(
    cluster: Scenario, check_balance: Check
) -> None:
    world = World.create(cluster, seed=2)
    house = world.warehouses["east"]
    greige, red = house.cloth["jersey160/greige"], house.cloth["jersey160/RED"]
    before, there = greige.on_hand, red.on_hand
    done = command(world, "east", "dye_cloth", fabric="jersey160", colour="RED", length_cm=50_000)
    assert done.status == "done", done.reason
    assert greige.on_hand == before - 50_000
    assert warehouse.meters(world).stock_dyeing_cm == 50_000
    check_balance(world)
    world.step_until(3 * DAY_US - 1)
    assert red.on_hand == there
    world.step_until(5 * DAY_US)
    assert red.on_hand == there + 49_000  # 2 % lost
    assert warehouse.meters(world).dye_loss_cm == 1_000
    check_balance(world)


def test_quick_orders_end_where_the_suppliers_greige_ends(cluster: Scenario) -> None:
    world = World.create(cluster, seed=1)
    assert order(world, "quick", 300_000).status == "done"
    assert "has 0 cm of greige jersey160 for east now" in order(world, "quick", 10_000).reason
    world.step_until(10 * DAY_US)  # half of twenty days to fill 3 km again
    assert "has 150000 cm of greige" in order(world, "quick", 150_001).reason
    assert order(world, "quick", 150_000).status == "done"


@pytest.mark.parametrize(
    ("name", "args", "reason"),
    [
        ("order_cloth", {"fabric": "silk", "colour": "WHT", "form": "roll"},
         "keeps no silk in WHT; there are fabrics fleece320, jersey160"),
        ("order_cloth", {"fabric": "jersey160", "colour": "PNK", "form": "roll"},
         "keeps no jersey160 in PNK; there are colours BLK, BLU"),
        ("order_cloth", {"fabric": "jersey160", "colour": "WHT", "form": "air"},
         "form 'air' is unknown; forms: roll, greige, quick"),
        ("order_cloth", {"fabric": "jersey160", "colour": "WHT", "form": "greige"},
         "undyed cloth is ordered as form greige in colour greige"),
        ("order_cloth", {"fabric": "jersey160", "colour": "greige", "form": "quick"},
         "undyed cloth is ordered as form greige in colour greige"),
        ("order_cloth", {"fabric": "jersey160", "colour": "WHT", "form": "roll"},
         "9000 cm is too little; the supplier takes roll from 80000 cm"),
        ("dye_cloth", {"fabric": "jersey160", "colour": "greige"}, "greige is no colour to dye"),
        ("dye_cloth", {"fabric": "jersey160", "colour": "RED"},
         "the dyer takes lots from 10000 cm"),
        ("dye_cloth", {"fabric": "jersey160", "colour": "RED", "length_cm": 90_000_000},
         "cm of jersey160 greige are free"),
        ("transfer_cloth", {"fabric": "jersey160", "colour": "RED", "to": "north"},
         "region 'north' is unknown; east, south, west"),
        ("transfer_cloth", {"fabric": "jersey160", "colour": "RED", "to": "east"},
         "the cloth is in east already"),
        ("transfer_cloth", {"fabric": "jersey160", "colour": "RED", "to": "west",
                            "length_cm": 90_000_000}, "only 100000 cm of jersey160 RED are free"),
    ],
)  # fmt: skip
def test_refusals_tell_what_there_is(
    cluster: Scenario, name: str, args: dict[str, object], reason: str
) -> None:
    world = World.create(cluster, seed=1)
    before = world.digest()
    outcome = command(world, "east", name, **({"length_cm": 9_000} | args))
    assert outcome.status == "refused"
    assert reason in outcome.reason
    assert world.digest() == before


def test_pieces_of_an_unknown_style_are_not_cut(cluster: Scenario) -> None:
    world = World.create(cluster, seed=1)
    odd = command(world, "east", "cut_ahead", style="TS01", colour="WHT", sizes={"XS": 5})
    assert "TS01 comes in sizes S, M, L, XL, XXL" in odd.reason
    assert command(world, "east", "cut_ahead", style="X", colour="WHT", sizes={"M": 5}).reason == (
        "style 'X' is unknown"
    )


@pytest.mark.parametrize(
    ("roll_cm", "splices", "remnant_cm", "open_cm"),
    [
        (6_000, 1, 0, 4_894),  # 7,086 cm: one splice of 20 cm, 1,086 from the second roll
        (7_100, 0, 14, 0),  # 14 cm are too short to spread
        (9_000, 0, 0, 1_914),
        (3_000, 2, 0, 1_874),
    ],
)
def test_rolls_end_within_a_lay(
    quiet: Quiet, roll_cm: int, splices: int, remnant_cm: int, open_cm: int, check_balance: Check
) -> None:
    world = World.create(quiet({"supply.roll_cm": [roll_cm, roll_cm]}), seed=1)
    cloth = world.warehouses["east"].cloth["jersey160/WHT"]
    before = cloth.on_hand
    assert kit(world, "A", {"M": 100}).status == "done"  # 7,086 cm, see test_cutting.py
    used = 7_086 + 20 * splices + remnant_cm
    assert (before - cloth.on_hand, cloth.open_cm, cloth.reserved) == (used, open_cm, 0)
    m = warehouse.meters(world)
    assert (m.marker_cm, m.end_cm, m.splice_cm, m.remnant_cm) == (947, 39, 20 * splices, remnant_cm)
    assert m.stock_cutting_cm == 6_100
    check_balance(world)
    world.step_until(23 * MINUTE_US)
    m = warehouse.meters(world)
    assert (m.garments_cm, m.stock_cutting_cm, m.kit_trips) == (6_100, 0, 1)
    assert m.use_permille == 6_100 * 1000 // used
    check_balance(world)


def test_orders_that_wait_together_share_a_lay(cluster: Scenario, check_balance: Check) -> None:
    def cut(merge: bool) -> World:
        world = World.create(cluster, seed=3)
        for n in range(2):  # both tables of the east
            kit(world, f"X{n}", {"M": 300})
        for n in range(4):
            kit(world, f"A{n}", {"S": 12, "M": 27, "L": 31, "XL": 20, "XXL": 10}, merge=merge)
        world.step_until(6 * HOUR_US)
        assert {o.state for o in world.orders.values()} == {"queued"}
        check_balance(world)
        return world

    alone, merged = warehouse.meters(cut(False)), warehouse.meters(cut(True))
    assert (alone.lays, merged.lays) == (6, 3)
    assert alone.garments_cm == merged.garments_cm
    assert merged.waste_cm < alone.waste_cm
    assert merged.cutting_ms < alone.cutting_ms
    world = cut(True)
    shared = [e.values for e in world.take_outbox() if e.kind == "lay" and e.values[4] == 400]
    assert [v[1] for v in shared] == ['["A0","A1","A2","A3"]']


def test_a_kit_with_a_time_is_at_its_line_not_before(
    cluster: Scenario, check_balance: Check
) -> None:
    world = World.create(cluster, seed=1)
    needed_us = 20 * HOUR_US
    kit(world, "A", {"M": 100}, needed_ms=world.start_ms + needed_us // 1000)
    assert warehouse.meters(world).lays == 0
    # 90 min on the road, 22 min 54.705 s of cutting, an hour to spare
    start_us = needed_us - (90 + 60) * MINUTE_US - 1_374_705_000
    world.step_until(start_us - 1)
    assert warehouse.meters(world).lays == 0
    world.step_until(start_us)
    assert warehouse.meters(world).lays == 1
    world.step_until(start_us + 1_374_705_000)
    m = warehouse.meters(world)
    assert (m.stock_cut_cm, m.garments_cm) == (6_100, 0)  # cut and held
    check_balance(world)
    world.step_until(needed_us - 1)
    assert world.orders["A"].state == "in_transit"
    world.step_until(needed_us)
    assert world.orders["A"].state == "queued"


def test_a_kit_whose_time_is_too_near_is_cut_at_once(cluster: Scenario) -> None:
    world = World.create(cluster, seed=1)
    world.step_until(HOUR_US)
    kit(world, "A", {"M": 100}, needed_ms=world.now_ms + 1)
    world.step_until(HOUR_US + 113 * MINUTE_US)
    assert world.orders["A"].state == "queued"


def test_a_waiting_lay_takes_a_later_kit_along(cluster: Scenario, check_balance: Check) -> None:
    world = World.create(cluster, seed=1)
    later = world.start_ms + 2 * DAY_US // 1000
    kit(world, "later", {"S": 40, "L": 33}, needed_ms=later, merge=True)
    kit(world, "now", {"S": 40, "M": 60, "L": 33}, merge=True)
    world.step_until(3 * HOUR_US)
    assert warehouse.meters(world).lays == 1
    assert world.orders["now"].state == "queued"
    assert world.orders["later"].state == "cutting"
    check_balance(world)
    world.step_until(2 * DAY_US - 1)
    assert world.orders["later"].state == "in_transit"
    world.step_until(2 * DAY_US)
    assert world.orders["later"].state == "queued"


@pytest.mark.parametrize(
    ("figure", "value", "message"),
    [
        ("supply.roll_cm", [0, 0], "'supply.roll_cm.0' is 0; allowed: from 1"),
        ("supply.roll_lead_days", [9, 3], "'supply.roll_lead_days.1' is 3; allowed: from 9"),
        ("supply.supplier_refill_days", 0, "'supply.supplier_refill_days' is 0; allowed: from 1"),
        ("cutting.spread_m_per_min", 0, "'cutting.spread_m_per_min' is 0; allowed: from 1"),
        ("cutting.plies", [30, 20], "'cutting.plies.1' is 20; allowed: from 30"),
        ("cutting.marker_permille", [700, 800, 900, 910, 920, 930, 940, 1001],
         "'cutting.marker_permille.7' is 1001; allowed: from 1 to 1000"),
        ("cutting.marker_permille", [800, 700, 900, 910, 920, 930, 940, 950],
         "'cutting.marker_permille.1' is 700; allowed: from 800"),
    ],
)  # fmt: skip
def test_figures_that_cannot_be_are_named(
    with_figures: Callable[..., Scenario], figure: str, value: object, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        World.create(with_figures({figure: value}), seed=1)
    assert message in str(caught.value)


def test_names_of_pieces_cut_ahead_are_no_orders(cluster: Scenario) -> None:
    world = World.create(cluster, seed=1)
    command(world, "east", "cut_ahead", style="TS01", colour="WHT", sizes={"M": 100})
    assert "are those of pieces cut ahead" in kit(world, "#1", {"M": 100}).reason


def test_kits_use_what_was_cut_ahead(cluster: Scenario, check_balance: Check) -> None:
    world = World.create(cluster, seed=1)
    done = command(
        world, "east", "cut_ahead", style="TS01", colour="WHT", sizes={"M": 100, "L": 50}
    )
    assert done.status == "done"
    world.step_until(2 * HOUR_US)
    house = world.warehouses["east"]
    assert house.cut == {"TS01-WHT-M": 100, "TS01-WHT-L": 50}
    assert warehouse.meters(world).stock_cut_cm == 100 * 61 + 50 * 63
    kit(world, "quick", {"M": 80})
    kit(world, "part", {"M": 30, "S": 40})
    assert house.cut == {"TS01-WHT-L": 50}
    check_balance(world)
    world.step_until(2 * HOUR_US + 10 * MINUTE_US)  # picked, not cut
    assert world.orders["quick"].state == "in_transit"
    world.step_until(5 * HOUR_US)
    assert world.orders["part"].state == "queued"
    assert warehouse.meters(world).cut_pieces == 150 + 10 + 40
    assert warehouse.meters(world).garments_cm == 110 * 61 + 40 * 59
    check_balance(world)


def test_warehouses_help_each_other(cluster: Scenario, check_balance: Check) -> None:
    world = World.create(cluster, seed=1)
    east, west = world.warehouses["east"], world.warehouses["west"]
    args = {"fabric": "jersey160", "colour": "RED", "length_cm": 60_000, "to": "west"}
    done = command(world, "east", "transfer_cloth", **args)
    assert (done.status, done.reason) == ("done", "comes in 24 h")
    assert east.cloth["jersey160/RED"].on_hand == 40_000
    m = warehouse.meters_by_region(world)
    assert (m["west"].stock_road_cm, m["east"].moved_out_cm, m["east"].cloth_trips) == (
        60_000, 60_000, 1,
    )  # fmt: skip
    check_balance(world)
    world.step_until(DAY_US)
    assert west.cloth["jersey160/RED"].on_hand == 160_000
    check_balance(world)
    refused = kit(world, "far", {"M": 100}, region="west")
    assert "hangzhou/line-1 is served by east/warehouse, not by west/warehouse" in refused.reason
    assert kit(world, "far", {"M": 100}, region="west", cluster=True).status == "done"
    world.step_until(DAY_US + 2 * HOUR_US)
    assert warehouse.meters_by_region(world)["west"].kit_far_trips == 1
    assert world.orders["far"].state == "in_transit"
    world.step_until(2 * DAY_US + 23 * MINUTE_US)  # a day on the road instead of 90 minutes
    assert world.orders["far"].state == "queued"
    check_balance(world)


def test_without_auto_reorder_nothing_comes_by_itself(quiet: Quiet, check_balance: Check) -> None:
    def wait(auto: int) -> World:
        world = World.create(quiet({"supply.auto_reorder": auto}), seed=1)
        kit(world, "A", {"M": 4_000})  # 2.5 km, 1 km is there
        world.step_until(6 * DAY_US)
        check_balance(world)
        return world

    assert wait(1).orders["A"].state != "cutting"
    waiting = wait(0)
    assert waiting.orders["A"].state == "cutting"
    assert warehouse.meters(waiting).on_order_cm == 0
    order(waiting, "quick", 200_000)
    waiting.step_until(12 * DAY_US)
    assert waiting.orders["A"].state != "cutting"


def test_a_splice_too_many_is_ordered_for(quiet: Quiet) -> None:
    """Enough cloth for the lay but not for its splices: the warehouse asks for more, not waits."""
    figures = {"supply.auto_reorder": 1, "supply.roll_cm": [1_000, 1_000]}
    world = World.create(quiet(figures), seed=1)
    cloth = world.warehouses["east"].cloth["jersey160/WHT"]
    args = {"fabric": "jersey160", "colour": "WHT", "to": "west", "length_cm": 100_000 - 7_100}
    assert command(world, "east", "transfer_cloth", **args).status == "done"
    kit(world, "A", {"M": 100})  # 7,086 cm and 7 splices of 20 cm; 7,100 cm are there
    assert world.orders["A"].state == "cutting"
    assert cloth.on_order >= 10_000
    world.step_until(6 * DAY_US)
    assert world.orders["A"].state != "cutting"


def test_a_forked_world_cuts_on_alike(cluster: Scenario) -> None:
    world = World.create(cluster, seed=9)
    kit(world, "A", {"M": 300}, merge=True)
    kit(world, "B", {"M": 100}, needed_ms=world.start_ms + DAY_US // 1000)
    command(world, "east", "cut_ahead", style="TS01", colour="NVY", sizes={"M": 100})
    command(world, "east", "dye_cloth", fabric="jersey160", colour="RED", length_cm=50_000)
    other = World.restore(world.snapshot())
    assert other.digest() == world.digest()
    for one in (world, other):
        one.step_until(6 * DAY_US)
    assert other.digest() == world.digest()
