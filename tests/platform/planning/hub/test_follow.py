"""The policy carries out an accepted plan; without one, or with a stale one, nothing changes."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from seamline_broker.contracts.commands import Command, check_args
from seamline_broker.contracts.view import OrderView, View
from seamline_platform.planning.dispatch import DispatchPolicy
from seamline_platform.planning.hub.follow import STALE_MS, FollowedPlan, arrange

MakeOrder = Callable[..., OrderView]
MakeView = Callable[..., View]


def named(commands: list[Command], name: str) -> list[Command]:
    found = [c for c in commands if c.name == name]
    for command in found:
        check_args(command.name, command.args)
    return found


def follower(view: View, lines: dict[str, list[str]], version: int = 7) -> DispatchPolicy:
    policy = DispatchPolicy()
    policy.follow(FollowedPlan(version, view.now_ms, lines))
    return policy


def cloth(orders: list[OrderView]) -> dict[tuple[str, str, str], tuple[int, int]]:
    return {(r, "jersey", o.colour): (10**7, 0) for r in ("east", "south", "west") for o in orders}


def test_a_kit_goes_to_the_line_of_the_plan_though_rules_would_choose_another(
    make_order: MakeOrder, make_view: MakeView
) -> None:
    orders = [make_order("a")]
    view = make_view(orders, cloth_cm=cloth(orders))
    (free,) = named(DispatchPolicy().decide(view, view.now_ms), "kit")
    assert free.node == "west/warehouse"  # the cheapest plant that is in time
    (kit,) = named(follower(view, {"suzhou/line-3": ["a"]}).decide(view, view.now_ms), "kit")
    assert (kit.args["site"], kit.args["line"]) == ("suzhou", "line-3")
    assert kit.node == "east/warehouse"
    assert "plan 7" in kit.reason
    assert "计划 7" in kit.reason_zh


def test_kits_are_released_in_the_sequence_of_the_plan(
    make_order: MakeOrder, make_view: MakeView
) -> None:
    orders = [make_order(name) for name in "abcd"]
    view = make_view(orders, cloth_cm=cloth(orders))
    policy = follower(view, {"suzhou/line-1": ["d", "b", "a", "c"]})
    kits = [c.order for c in named(policy.decide(view, view.now_ms), "kit")]
    assert kits == ["d", "b", "a", "c"][: len(kits)]
    assert kits


def test_a_queue_is_put_into_the_sequence_of_the_plan_once(
    make_order: MakeOrder, make_view: MakeView
) -> None:
    orders = [make_order(n, state="queued", site="suzhou", line="line-1") for n in "abc"]
    view = make_view(orders)
    policy = follower(view, {"suzhou/line-1": ["c", "a", "b"]})
    (command,) = named(policy.decide(view, view.now_ms), "sequence")
    assert command.node == "suzhou/line-1"
    assert command.args["orders"] == ["c", "a", "b"]
    assert named(policy.decide(view, view.now_ms), "sequence") == []


def test_a_cut_order_is_sent_to_the_line_of_the_plan_within_its_region_only(
    make_order: MakeOrder, make_view: MakeView
) -> None:
    cut = make_order("a", state="queued", site="suzhou", line="line-1")
    other = replace(cut, order="b")
    view = make_view([cut, other])
    policy = follower(view, {"hangzhou/line-2": ["a"], "chengdu/line-1": ["b"]})
    (command,) = named(policy.decide(view, view.now_ms), "redirect")
    assert (command.node, command.order) == ("east/warehouse", "a")
    assert command.args == {"order": "a", "site": "hangzhou", "line": "line-2"}
    assert named(policy.decide(view, view.now_ms), "redirect") == []


def test_what_is_being_sewn_is_never_moved(make_order: MakeOrder, make_view: MakeView) -> None:
    view = make_view([make_order("a", state="sewing", site="suzhou", line="line-1")])
    policy = follower(view, {"hangzhou/line-2": ["a"]})
    assert policy.decide(view, view.now_ms) == []


def test_orders_that_the_plan_does_not_have_are_decided_by_the_rules(
    make_order: MakeOrder, make_view: MakeView
) -> None:
    orders = [make_order("planned"), make_order("new")]
    view = make_view(orders, cloth_cm=cloth(orders))
    policy = follower(view, {"suzhou/line-1": ["planned"]})
    kits = {c.order: c for c in named(policy.decide(view, view.now_ms), "kit")}
    assert kits["planned"].args["site"] == "suzhou"
    assert "plan" not in kits["new"].reason


@pytest.mark.parametrize("stale", [True, False])
def test_without_a_plan_or_with_a_stale_one_the_rules_decide_as_ever(
    make_order: MakeOrder, make_view: MakeView, stale: bool
) -> None:
    orders = [make_order(f"o{k}", style=("TS01", "PO01")[k % 2]) for k in range(12)]
    orders += [make_order(f"q{k}", state="queued", site="suzhou", line="line-1") for k in range(4)]
    view = make_view(orders, cloth_cm=cloth(orders), down={"suzhou/line-1": ("st-01",)})
    plain, policy = DispatchPolicy(), DispatchPolicy()
    if stale:
        old = view.now_ms - STALE_MS - 1
        policy.follow(FollowedPlan(1, old, {"suzhou/line-1": [o.order for o in orders]}))
    assert policy.decide(view, view.now_ms) == plain.decide(view, view.now_ms)
    assert policy.plan == plain.plan


def test_looking_ahead_decides_nothing(make_order: MakeOrder, make_view: MakeView) -> None:
    orders = [make_order(f"o{k}") for k in range(6)]
    view = make_view(orders, cloth_cm=cloth(orders))
    seen, unseen = DispatchPolicy(), DispatchPolicy()
    floor = seen.preview(view, view.now_ms)
    assert sorted(j.order for x in floor.lines.values() for j in x.waiting) == sorted(
        o.order for o in orders
    )
    assert seen.decide(view, view.now_ms) == unseen.decide(view, view.now_ms)


def test_orders_without_a_place_in_the_plan_keep_theirs(
    make_order: MakeOrder, make_view: MakeView
) -> None:
    orders = [make_order(n, state="queued", site="suzhou", line="line-1") for n in "xny"]
    view = make_view(orders)
    line = DispatchPolicy().preview(view, view.now_ms).lines["suzhou/line-1"]
    plan = FollowedPlan(1, 0, {"suzhou/line-1": ["y", "x"]})
    assert [j.order for j in arrange(line.waiting, "suzhou/line-1", plan)] == ["y", "n", "x"]
