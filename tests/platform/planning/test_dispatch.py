import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import pytest

from seamline_broker.contracts.catalogue import Catalogue
from seamline_broker.contracts.commands import Command, check_args
from seamline_broker.contracts.view import OrderView, View
from seamline_platform.planning.checker import check_plan
from seamline_platform.planning.dispatch import DispatchPolicy
from seamline_platform.planning.params import DispatchParams

HOUR = 3_600_000
DAY = 24 * HOUR
MakeOrder = Callable[..., OrderView]
MakeView = Callable[..., View]
MakeCatalogue = Callable[..., Catalogue]
TWO_PLANTS = {"hangzhou": ("east", 120), "chengdu": ("west", 85)}


def named(commands: Sequence[Command], name: str) -> list[Command]:
    return [c for c in commands if c.name == name]


def many(make_order: MakeOrder, count: int, seed: int = 1) -> list[OrderView]:
    r = random.Random(seed)
    sites = ("hangzhou", "suzhou", "dongguan", "chengdu")
    result = []
    for i in range(count):
        state = r.choice(
            ["received"] * 6 + ["promised", "queued", "in_transit", "cutting", "sewing"]
        )
        bound = state not in ("received", "promised")
        result.append(
            make_order(
                f"O{i:03d}",
                style=r.choice(["TS01", "TS02", "PO01"]),
                colour=r.choice(["BLK", "WHT"]),
                sizes={"S": r.randint(30, 120), "M": r.randint(30, 90)},
                region=r.choice(["east", "south", "west"]),
                due_ms=1_772_438_400_000 + round(r.uniform(2, 10) * DAY),
                weight=r.choice([1] * 20 + [8]),
                state=state,
                site=r.choice(sites) if bound else "",
                line=f"line-{r.randint(1, 3)}" if bound else "",
            )
        )
    return result


def test_a_new_order_gets_a_kit_a_promise_and_a_reason_in_two_languages(
    make_order: MakeOrder, make_view: MakeView
) -> None:
    view = make_view([make_order("A1")])
    policy = DispatchPolicy()
    commands = policy.decide(view, view.now_ms)
    promise, kit = named(commands, "promise")[0], named(commands, "kit")[0]
    assert promise.node == "sellers/seller-1"
    assert kit.args["style"] == "TS01"
    assert promise.args["promise_ms"] > view.now_ms
    assert "per piece" in kit.reason
    assert "due Sat" in kit.reason
    assert "每件" in kit.reason_zh
    decision = next(d for d in policy.plan.decisions if d.action == "kit")
    assert decision.alternatives
    assert kit.node == f"{decision.region}/warehouse"
    assert decision.site == kit.args["site"]


def test_every_command_keeps_the_contract(make_order: MakeOrder, make_view: MakeView) -> None:
    view = make_view(many(make_order, 80), down={"hangzhou/line-1": ("st-03",)})
    for command in DispatchPolicy().decide(view, view.now_ms):
        check_args(command.name, command.args)
        assert command.reason
        assert command.reason_zh


def test_the_kit_goes_to_the_warehouse_of_the_sewing_plants_region(
    make_order: MakeOrder, make_view: MakeView, make_catalogue: MakeCatalogue
) -> None:
    view = make_view([make_order("A1", region="south")], make_catalogue({"chengdu": ("west", 85)}))
    kit = named(DispatchPolicy().decide(view, view.now_ms), "kit")[0]
    assert kit.node == "west/warehouse"
    assert kit.args["region"] == "south"


def test_cost_decides_when_there_is_time_and_time_when_there_is_not(
    make_order: MakeOrder, make_view: MakeView, make_catalogue: MakeCatalogue
) -> None:
    catalogue = make_catalogue(TWO_PLANTS)
    cheap = DispatchParams(wait_fen_per_piece_day=10)
    for due, site in ((12 * DAY, "chengdu"), (6 * HOUR, "hangzhou")):
        order = make_order("A1", style="PO01")
        view = make_view([replace(order, due_ms=order.placed_ms + due)], catalogue)
        kit = named(DispatchPolicy(params=cheap).decide(view, view.now_ms), "kit")[0]
        assert kit.args["site"] == site


def test_kits_are_held_back_once_a_line_has_work_for_the_horizon(
    make_order: MakeOrder, make_view: MakeView, make_catalogue: MakeCatalogue
) -> None:
    catalogue = make_catalogue({"hangzhou": ("east", 120)}, 1)
    orders = [make_order(f"A{i:02d}", sizes={"M": 500}) for i in range(12)]
    view = make_view(orders, catalogue)
    policy = DispatchPolicy()
    commands = policy.decide(view, view.now_ms)
    kits = named(commands, "kit")
    assert 4 <= len(kits) <= 5
    assert len(named(commands, "promise")) == 12
    assert sum(d.action == "plan" for d in policy.plan.decisions) == 12 - len(kits)
    assert len(policy.plan.bars) == 12


def test_a_rush_order_is_released_at_once_and_overtakes_what_is_planned(
    make_order: MakeOrder, make_view: MakeView, make_catalogue: MakeCatalogue
) -> None:
    catalogue = make_catalogue({"hangzhou": ("east", 120)}, 1)
    orders = [make_order(f"A{i:02d}", sizes={"M": 500}) for i in range(12)]
    rush = make_order("R1", weight=9, due_ms=orders[0].placed_ms + 30 * HOUR)
    view = make_view([*orders, rush], catalogue)
    policy = DispatchPolicy()
    commands = policy.decide(view, view.now_ms)
    assert [c.order for c in commands[:2]] == ["R1", "R1"]
    assert next(b for b in policy.plan.bars if b.order == "R1").late is False


def test_a_command_is_given_once_and_again_only_if_nothing_comes_of_it(
    make_order: MakeOrder, make_view: MakeView
) -> None:
    view = make_view([make_order("A1")])
    policy = DispatchPolicy()
    assert len(policy.decide(view, view.now_ms)) == 2
    soon = view.now_ms + 10 * 60_000
    assert policy.decide(replace(view, now_ms=soon), soon) == []
    assert [b.state for b in policy.plan.bars] == ["cutting"]
    late = view.now_ms + 3 * HOUR
    assert {c.name for c in policy.decide(replace(view, now_ms=late), late)} == {"kit", "promise"}


def test_a_refused_kit_frees_the_order_without_asking_again_at_once(
    make_order: MakeOrder, make_view: MakeView
) -> None:
    view = make_view([make_order("A1")])
    policy = DispatchPolicy()
    policy.refused(named(policy.decide(view, view.now_ms), "kit")[0])
    soon = view.now_ms + 10 * 60_000
    assert policy.decide(replace(view, now_ms=soon), soon) == []
    assert [b.state for b in policy.plan.bars] == ["received"]


def test_an_order_waits_for_cloth_or_goes_where_there_is_some(
    make_order: MakeOrder, make_view: MakeView
) -> None:
    empty = {(r, "jersey", "BLK"): (5_000, 0) for r in ("east", "south", "west")}
    view = make_view([make_order("A1")], cloth_cm=empty)
    policy = DispatchPolicy()
    assert [c.name for c in policy.decide(view, view.now_ms)] == ["promise"]
    assert "waits for cloth" in policy.plan.decisions[0].reason
    some = {**empty, ("south", "jersey", "BLK"): (50_000, 0)}
    view = make_view([make_order("A1")], cloth_cm=some)
    kit = named(DispatchPolicy().decide(view, view.now_ms), "kit")[0]
    assert kit.args["site"] == "dongguan"


def queue_of(make_order: MakeOrder, count: int = 4) -> list[OrderView]:
    return [
        make_order(f"Q{i}", state="queued", site="hangzhou", line="line-1", sizes={"M": 400})
        for i in range(count)
    ]


def test_a_breakdown_sends_help_and_moves_waiting_orders(
    make_order: MakeOrder, make_view: MakeView
) -> None:
    view = make_view(queue_of(make_order), down={"hangzhou/line-1": ("st-07",)})
    policy = DispatchPolicy()
    commands = policy.decide(view, view.now_ms)
    assert commands[0].name == "expedite_repair"
    assert commands[0].node == "hangzhou/plant"
    assert commands[0].args == {"station": "line-1/st-07"}
    moved = named(commands, "redirect")
    assert 1 <= len(moved) <= 2
    assert all(c.node == "east/warehouse" and "st-07" in c.reason for c in moved)
    assert check_plan(view, policy.plan.bars) == []


def test_nothing_is_repeated_while_the_repair_lasts_and_a_new_breakdown_is_answered(
    make_order: MakeOrder, make_view: MakeView
) -> None:
    orders = queue_of(make_order)
    view = make_view(orders, down={"hangzhou/line-1": ("st-07",)})
    policy = DispatchPolicy()
    first = policy.decide(view, view.now_ms)
    soon = view.now_ms + 60_000
    again = policy.decide(replace(view, now_ms=soon), soon)
    assert not named(again, "expedite_repair")
    assert not {c.order for c in named(again, "redirect")} & {
        c.order for c in named(first, "redirect")
    }
    fine = make_view(orders, now_ms=soon)
    policy.decide(fine, soon)
    later = view.now_ms + 20 * 60_000
    broken = make_view(orders, now_ms=later, down={"hangzhou/line-1": ("st-07",)})
    assert named(policy.decide(broken, later), "expedite_repair")


def test_a_thread_break_is_left_alone_until_it_lasts(
    make_order: MakeOrder, make_view: MakeView
) -> None:
    view = make_view(queue_of(make_order), down={"hangzhou/line-1": ("st-07",)})
    line = replace(view.lines["hangzhou/line-1"], broken=())
    view = replace(view, lines={**view.lines, "hangzhou/line-1": line})
    policy = DispatchPolicy()
    assert not named(policy.decide(view, view.now_ms), "expedite_repair")
    later = view.now_ms + 9 * 60_000
    assert named(policy.decide(replace(view, now_ms=later), later), "expedite_repair")


def test_the_plants_mechanic_goes_first_where_most_is_held_up(
    make_order: MakeOrder, make_view: MakeView
) -> None:
    view = make_view(
        queue_of(make_order), down={"hangzhou/line-1": ("st-07",), "hangzhou/line-2": ("st-01",)}
    )
    repairs = named(DispatchPolicy().decide(view, view.now_ms), "expedite_repair")
    assert [c.args["station"] for c in repairs] == ["line-1/st-07"]


def test_a_queue_is_changed_when_that_saves_much_and_left_alone_otherwise(
    make_order: MakeOrder, make_view: MakeView
) -> None:
    queue = queue_of(make_order)
    urgent = replace(queue[3], due_ms=queue[3].placed_ms + 20 * HOUR, weight=4)
    view = make_view([*queue[:3], urgent])
    policy = DispatchPolicy("edd")
    change = named(policy.decide(view, view.now_ms), "sequence")
    assert change[0].node == "hangzhou/line-1"
    assert change[0].args["orders"][0] == "Q3"  # type: ignore[index]
    assert "edd puts Q3 first" in change[0].reason
    calm = make_view(queue)
    assert not named(DispatchPolicy("edd").decide(calm, calm.now_ms), "sequence")


def test_what_is_sewn_or_on_its_way_stays_where_it_is(
    make_order: MakeOrder, make_view: MakeView
) -> None:
    orders = many(make_order, 60)
    view = make_view(orders)
    policy = DispatchPolicy()
    commands = policy.decide(view, view.now_ms)
    bound = {o.order for o in orders if o.state not in ("received", "promised")}
    assert not {c.order for c in commands if c.name in ("kit", "redirect")} & bound
    place = {b.order: (b.site, b.line) for b in policy.plan.bars}
    assert all(place[o.order] == (o.site, o.line) for o in orders if o.order in bound)


@pytest.mark.parametrize("rule", ["atcs", "edd", "spt"])
def test_plans_are_feasible_and_equal_views_give_equal_commands(
    rule: str, make_order: MakeOrder, make_view: MakeView
) -> None:
    for seed in range(5):
        view = make_view(many(make_order, 90, seed), down={"suzhou/line-2": ("st-11",)})
        policy, twin = DispatchPolicy(rule), DispatchPolicy(rule)
        assert policy.decide(view, view.now_ms) == twin.decide(view, view.now_ms)
        assert check_plan(view, policy.plan.bars) == []


def test_the_checker_finds_what_is_wrong(make_order: MakeOrder, make_view: MakeView) -> None:
    view = make_view([make_order("A1"), make_order("A2", style="PO01")])
    policy = DispatchPolicy()
    policy.decide(view, view.now_ms)
    a, b = policy.plan.bars
    night = a.start_ms - 9 * HOUR
    faults = {
        "no place": [a],
        "2 times": [a, a, b],
        "does not exist": [a, replace(b, line="line-9")],
        "ends outside": [a, replace(b, end_ms=b.end_ms + 14 * HOUR)],
        "in the past": [replace(a, start_ms=night), b],
        "set-up": [a, replace(b, setup_ms=b.setup_ms + 1)],
        "too little": [a, replace(b, end_ms=b.start_ms + 60_000)],
        "before the order ahead": [a, replace(b, site=a.site, line=a.line, start_ms=a.start_ms)],
        "not known": [a, b, replace(a, order="X1", site="suzhou")],
    }
    for words, bars in faults.items():
        assert any(words in problem for problem in check_plan(view, bars)), words


def test_bars_of_a_line_follow_each_other(make_order: MakeOrder, make_view: MakeView) -> None:
    view = make_view(many(make_order, 60))
    policy = DispatchPolicy()
    policy.decide(view, view.now_ms)
    lines: dict[str, list[int]] = {}
    for bar in policy.plan.bars:
        lines.setdefault(f"{bar.site}/{bar.line}", []).extend((bar.start_ms, bar.end_ms))
    assert all(a <= b for times in lines.values() for a, b in pairwise(times))


def test_an_empty_factory_and_an_unknown_style_need_no_command(
    make_order: MakeOrder, make_view: MakeView
) -> None:
    view = make_view([])
    assert DispatchPolicy().decide(view, view.now_ms) == []
    view = make_view([make_order("A1", style="XX99")])
    assert DispatchPolicy().decide(view, view.now_ms) == []


@pytest.mark.parametrize("changes", [{"efficiency": 0.0}, {"release_days": 0.0}])
def test_parameters_without_sense_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"outside|above"):
        DispatchParams(**changes)  # type: ignore[arg-type]
