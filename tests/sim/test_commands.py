"""The one door: what makes no sense is refused with a reason, and changes nothing."""

from collections.abc import Callable

import pytest

from seamline_broker.contracts.commands import COMMANDS, check_args
from seamline_sim import Scenario, World, foreman_for, run_headless
from seamline_sim.core import DAY_US, HOUR_US, MINUTE_US

KIT = {
    "order": "N1", "order_kind": "seller", "style": "TS01", "colour": "WHT", "sizes": {"M": 100},
    "region": "east", "site": "hangzhou", "line": "line-1", "due_ms": 1, "weight": 1,
}  # fmt: skip


@pytest.fixture(scope="module")
def busy(demo: Scenario) -> World:
    """`demo` on its first working morning with orders in every state."""
    world = World.create(demo, seed=1)
    run_headless(world, 12 * HOUR_US, foreman_for(world))
    return world


def _in_state(world: World, *states: str) -> str:
    return next(o.id for o in world.orders.values() if o.state in states)


@pytest.mark.parametrize(
    ("node", "name", "change", "reason"),
    [
        ("east/warehouse", "kit", {"site": "dongguan"}, "served by south/warehouse"),
        ("east/warehouse", "kit", {"line": "line-9"}, "no line hangzhou/line-9"),
        ("east/warehouse", "kit", {"site": "paris"}, "no line paris/line-1"),
        ("hangzhou/line-1", "kit", {}, "not a warehouse; there are east, south, west"),
        ("north/warehouse", "kit", {}, "not a warehouse"),
        ("east/warehouse", "kit", {"region": "north"}, "region 'north' is unknown"),
        ("east/warehouse", "kit", {"order_kind": "gift"}, "allowed: seller, replenishment"),
        ("east/warehouse", "kit", {"style": "TS99"}, "style 'TS99' is unknown"),
        ("east/warehouse", "kit", {"colour": "PNK"}, "TS01 comes in WHT, GRY, BLU, NVY"),
        ("east/warehouse", "kit", {"sizes": {"XS": 5}}, "comes in sizes S, M, L, XL, XXL"),
        ("east/warehouse", "kit", {"sizes": {}}, "comes in sizes"),
    ],
)
def test_kits_that_are_refused(
    busy: World, node: str, name: str, change: dict[str, object], reason: str
) -> None:
    before = busy.digest()
    outcome = busy.command(node, name, KIT | change, f"bad-{node}-{change}")
    assert outcome.status == "refused"
    assert reason in outcome.reason
    assert busy.digest() == before


def test_an_order_is_kitted_once_and_as_it_was_placed(busy: World) -> None:
    world = busy.fork()
    placed = world.orders[_in_state(world, "sewing")]
    same = KIT | {"order": placed.id, "style": placed.style, "colour": placed.colour,
                  "sizes": dict(placed.sizes)}  # fmt: skip
    outcome = world.command("east/warehouse", "kit", same, "k1")
    assert (outcome.status, outcome.reason) == (
        "refused", f"order {placed.id} is {placed.state} already",
    )  # fmt: skip
    world.command("field/field", "rush_order", {"style": "TS01", "pieces": 120}, "r1")
    rush = world.orders["RU-001"]
    other = KIT | {"order": "RU-001", "colour": rush.colour, "sizes": {"M": 100}}
    outcome = world.command("east/warehouse", "kit", other, "k2")
    assert "another product or other sizes" in outcome.reason
    right = KIT | {"order": "RU-001", "colour": rush.colour, "sizes": dict(rush.sizes)}
    assert world.command("east/warehouse", "kit", right, "k3").status == "done"
    assert rush.state == "cutting"


@pytest.mark.parametrize(
    ("node", "name", "args", "reason"),
    [
        ("east/warehouse", "redirect", {"order": "none", "site": "suzhou", "line": "line-1"},
         "order none is not known"),
        ("hangzhou/line-1", "sequence", {"orders": ["none"]}, "order none does not wait"),
        ("hangzhou/line-8", "sequence", {"orders": []}, "no line hangzhou/line-8"),
        ("east/warehouse", "reserve_cloth", {"order": "F1", "fabric": "silk", "colour": "WHT",
                                             "length_cm": 100}, "keeps no silk in WHT"),
        ("east/warehouse", "reserve_cloth", {"order": "F1", "fabric": "jersey160", "colour": "WHT",
                                             "length_cm": 90_000_000}, "cm of jersey160 WHT are"),
        ("hangzhou/plant", "expedite_repair", {"station": "line-1/st-01"}, "not waiting"),
        ("hangzhou/plant", "expedite_repair", {"station": "line-1/st-99"}, "it has st-01 to st-21"),
        ("nowhere/plant", "expedite_repair", {"station": "line-1/st-01"}, "not a plant"),
        ("field/field", "burst", {"region": "north", "style": "", "minutes": 60, "factor": 5.0},
         "region 'north' is unknown; east, south, west"),
        ("field/field", "burst", {"region": "", "style": "X", "minutes": 60, "factor": 5.0},
         "style 'X' is unknown"),
        ("field/field", "rush_order", {"style": "X", "pieces": 120}, "style 'X' is unknown"),
        ("field/field", "break_machine", {"station": "hangzhou/line-1/st-77", "minutes": 5},
         "no station 'st-77'"),
        ("field/field", "dance", {}, "command 'dance' is unknown; commands: kit"),
    ],
)  # fmt: skip
def test_other_commands_that_are_refused(
    busy: World, node: str, name: str, args: dict[str, object], reason: str
) -> None:
    before = busy.digest()
    outcome = busy.command(node, name, args, f"bad-{name}-{args}")
    assert outcome.status == "refused"
    assert reason in outcome.reason
    assert busy.digest() == before


def test_a_refused_id_may_come_again_and_be_done(busy: World) -> None:
    world = busy.fork()
    assert world.command("east/warehouse", "kit", KIT | {"style": "X"}, "i").status == "refused"
    assert world.command("east/warehouse", "kit", KIT, "i").status == "done"


def test_the_world_knows_every_command_of_the_contract(pi: Scenario) -> None:
    world = World.create(pi, seed=1)
    for name in COMMANDS:
        outcome = world.command("x/x", name, _any_args(name), f"know-{name}")
        assert "is unknown; commands" not in outcome.reason


def _any_args(name: str) -> dict[str, object]:
    samples: dict[str, object] = {
        "str": "", "int": 0, "float": 2.0, "bool": False, "list[str]": [], "dict[str,int]": {},
    }  # fmt: skip
    args = {
        arg.name: max(arg.low or 0, 1) if arg.type == "int" else samples[arg.type]
        for arg in COMMANDS[name].args
    }
    return dict(check_args(name, args))


def test_sewing_orders_cannot_be_redirected(busy: World) -> None:
    order = busy.orders[_in_state(busy, "sewing")]
    args = {"order": order.id, "site": "suzhou", "line": "line-3"}
    outcome = busy.command(f"{order.warehouse}/warehouse", "redirect", args, "no")
    assert "only cutting, in_transit, queued can be moved" in outcome.reason


def test_redirect_turns_a_kit_round(pi: Scenario, kit: Callable[..., object]) -> None:
    world = World.create(pi, seed=1)
    world.step_until(DAY_US)  # Sunday: nobody sews
    kit(world, "N1", "TS01", "WHT", {"M": 100})
    # 23 min of cutting (see test_cutting.py), then 90 minutes on the road
    world.step_until(DAY_US + 40 * MINUTE_US)
    assert world.orders["N1"].state == "in_transit"
    args = {"order": "N1", "site": "hangzhou", "line": "line-1"}
    again = world.command("east/warehouse", "redirect", args, "r0")
    assert "goes to hangzhou/line-1 already" in again.reason
    args = args | {"line": "line-2"}
    assert world.command("east/warehouse", "redirect", args, "r1").status == "done"
    world.step_until(DAY_US + 113 * MINUTE_US)  # the first journey would have ended at 112.5
    assert world.orders["N1"].state == "in_transit"
    world.step_until(DAY_US + 131 * MINUTE_US)
    assert world.orders["N1"].state == "queued"
    assert world.line_of["hangzhou/line-2"].queue == ["N1"]
    assert world.line_of["hangzhou/line-1"].queue == []


def test_sequence_puts_named_orders_first(pi: Scenario, kit: Callable[..., object]) -> None:
    world = World.create(pi, seed=1)
    world.step_until(DAY_US)
    for name in ("A", "B", "C"):
        kit(world, name, "TS01", "WHT", {"M": 100})
    world.step_until(DAY_US + 8 * HOUR_US)
    line = world.line_of["hangzhou/line-1"]
    assert line.queue == ["A", "B", "C"]
    world.take_outbox()
    args = {"orders": ["C", "A"]}
    assert world.command(line.node, "sequence", args, "s1").status == "done"
    assert line.queue == ["C", "A", "B"]
    told = [e.values[0] for e in world.take_outbox() if e.kind == "order"]
    assert told == ["C", "A", "B"]
    twice = world.command(line.node, "sequence", {"orders": ["A", "A"]}, "s2")
    assert "named twice" in twice.reason


def test_reserved_cloth_is_kept_for_its_order(pi: Scenario, kit: Callable[..., object]) -> None:
    world = World.create(pi, seed=1)
    cloth = world.warehouses["east"].cloth["jersey160/WHT"]
    free = cloth.on_hand
    args = {"order": "A", "fabric": "jersey160", "colour": "WHT", "length_cm": free}
    assert world.command("east/warehouse", "reserve_cloth", args, "v1").status == "done"
    more = world.command("east/warehouse", "reserve_cloth", args | {"order": "B"}, "v2")
    assert more.reason == "only 0 cm of jersey160 WHT are free"
    kit(world, "B", "TS01", "WHT", {"M": 100})
    world.step_until(DAY_US)
    assert world.orders["B"].state == "cutting"  # waits: all cloth is kept for A
    kit(world, "A", "TS01", "WHT", {"M": 100})
    world.step_until(DAY_US + HOUR_US)
    assert world.orders["A"].state == "in_transit"
    assert cloth.kept == {}


def test_a_broken_machine_stops_its_job_and_goes_on(
    ideal: Scenario, kit: Callable[..., object], at: Callable[..., int]
) -> None:
    world = World.create(ideal, seed=1)
    world.step_until(at(1))
    kit(world, "A", "TS01", "WHT", {"M": 400})
    world.step_until(at(2, 9))
    outcome = world.command("field/field", "break_machine", {"station": "", "minutes": 30}, "b")
    node, _, name = outcome.reason.rpartition("/")
    station = next(s for s in world.line_of[node].stations if s.id == name)
    assert station.down == "injected"
    again = {"station": outcome.reason, "minutes": 30}
    refused = world.command("field/field", "break_machine", again, "b2")
    assert "is down already (injected)" in refused.reason
    pieces = station.pieces
    world.step_until(at(2, 9, 35) - 1)
    assert station.down  # five minutes until the mechanic is there, thirty of repair
    assert station.pieces == pieces
    world.step_until(at(2, 9, 36))
    assert not station.down
    world.step_until(at(2, 12))
    assert station.pieces > pieces
    calls = [e.values[2] for e in world.take_outbox() if e.kind == "andon"]
    assert calls == ["open", "answered", "closed"]


def test_an_expedited_repair_comes_first(pi: Scenario, at: Callable[..., int]) -> None:
    world = World.create(pi, seed=1)
    world.step_until(at(2, 9))
    for n in (1, 2, 3):
        args = {"station": f"hangzhou/line-1/st-{n:02d}", "minutes": 60}
        world.command("field/field", "break_machine", args, f"b{n}")
    assert world.plants[0].waiting == [(0, 1), (0, 2)]  # one mechanic, who walks to st-01
    expedite = {"station": "line-1/st-03"}
    assert world.command("hangzhou/plant", "expedite_repair", expedite, "e").status == "done"
    assert world.plants[0].waiting == [(0, 2), (0, 1)]
    walking = {"station": "line-1/st-01"}
    served = world.command("hangzhou/plant", "expedite_repair", walking, "e2")
    assert served.status == "done"
    assert "on the way or at work already" in served.reason


def test_controls_of_the_field_are_recorded(pi: Scenario) -> None:
    world = World.create(pi, seed=1)
    world.take_outbox()
    world.command("field/field", "speed", {"factor": 10.0, "for_s": 0.0}, "s")
    world.command("field/field", "pause", {}, "p")
    rows = [(e.node, *e.values) for e in world.take_outbox() if e.kind == "control"]
    assert rows == [
        ("field/field", "speed", "", '{"factor":10.0,"for_s":0.0}'),
        ("field/field", "pause", "", "{}"),
    ]
