"""The live floor in the problem language: equal to the floor's own estimates, and checked."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from seamline_broker.contracts.view import OrderView, View
from seamline_platform.planning.dispatch import DispatchPolicy
from seamline_platform.planning.floor import floor_of
from seamline_platform.planning.hub.live import FREEZE_MS, LivePlan, live_plan
from seamline_platform.planning.params import DispatchParams
from seamline_platform.planning.shop.check import check
from seamline_platform.planning.shop.compiled import compile_problem
from seamline_platform.planning.shop.schedule import Schedule, schedule_of
from seamline_platform.planning.shop.sequences import plan_of

HOUR = 3_600_000
DAY = 24 * HOUR
MakeOrder = Callable[..., OrderView]
MakeView = Callable[..., View]


def live_of(view: View) -> LivePlan:
    policy = DispatchPolicy()
    return live_plan(view, policy.preview(view, view.now_ms), policy.params)


def checked(live: LivePlan) -> Schedule:
    c = compile_problem(live.problem)
    schedule = schedule_of(c, plan_of(c, live.sequences))
    assert check(live.problem, schedule) == []
    return schedule


def at(make_order: MakeOrder, name: str, state: str, line: str = "line-1", **more: object):  # type: ignore[no-untyped-def]
    return make_order(name, state=state, site="hangzhou", line=line, **more)


def test_every_order_that_is_not_sewn_yet_is_in_the_problem_once(
    make_order: MakeOrder, make_view: MakeView
) -> None:
    orders = [
        at(make_order, "run", "sewing"),
        at(make_order, "next", "queued"),
        at(make_order, "road", "in_transit", colour="WHT"),
        make_order("free"),
        make_order("done", state="delivered"),
    ]
    live = live_of(make_view(orders))
    assert sorted(o.order for o in live.problem.orders) == ["free", "next", "road"]
    assert live.states == {"next": "queued", "road": "in_transit", "free": "received"}
    assert [(r.order, r.line) for r in live.running] == [("run", "hangzhou/line-1")]
    assert {row.order for row in checked(live).rows} == {"next", "road", "free"}


def test_the_schedule_says_what_the_floor_says_to_a_few_minutes(
    make_order: MakeOrder, make_view: MakeView
) -> None:
    orders = [at(make_order, "run", "sewing", sewn=40)]
    orders += [
        at(make_order, f"q{k}", "queued", colour="WHT" if k % 2 else "BLK",
           style="PO01" if k == 2 else "TS01")
        for k in range(4)
    ]  # fmt: skip
    view = make_view(orders)
    policy = DispatchPolicy()
    floor = policy.preview(view, view.now_ms)
    schedule = checked(live_plan(view, floor, policy.params))
    line = floor.lines["hangzhou/line-1"]
    for slot in line.slots()[1:]:
        (row,) = (r for r in schedule.rows if r.order == slot.job.order)
        floor_min = (line.model.calendar.end_at(slot.end_ms) - view.now_ms) / 60_000
        # The floor forgets what a line has learnt at each new order, the schedule does not.
        assert floor_min - 15 <= row.sew_end <= floor_min + 15


def test_due_is_when_sewing_has_to_be_over(make_order: MakeOrder, make_view: MakeView) -> None:
    near = at(make_order, "near", "queued", region="east", due_ms=make_view([]).now_ms + DAY)
    far = replace(near, order="far", region="west")
    live = live_of(make_view([near, far]))
    pack, hour, day = 30, 60, 1_440
    assert live.problem.order_of["near"].due == 24 * 60 - pack - hour
    assert live.problem.order_of["far"].due == 24 * 60 - pack - day


def test_what_is_cut_stays_on_its_line_and_what_is_free_may_go_to_lines_of_its_region(
    make_order: MakeOrder, make_view: MakeView
) -> None:
    live = live_of(make_view([at(make_order, "cut", "cutting"), make_order("free")]))
    assert live.problem.order_of["cut"].lines == ("hangzhou/line-1",)
    region = live.problem.order_of["free"].lines
    assert len(region) in (3, 6)
    assert all(x.split("/")[0] in ("hangzhou", "suzhou") for x in region) or len(region) == 3


def test_an_order_leaves_a_broken_line_with_the_way_of_its_kit(
    make_order: MakeOrder, make_view: MakeView
) -> None:
    order = at(make_order, "cut", "queued")
    down = {"hangzhou/line-1": ("st-03",)}
    live = live_of(make_view([order], down=down))
    lines = live.problem.order_of["cut"].lines
    assert "hangzhou/line-1" in lines
    assert "suzhou/line-2" in lines
    assert live.problem.order_of["cut"].kit == 60
    assert live.problem.line_of["hangzhou/line-1"].free == DispatchParams().repair_min
    assert "hangzhou/line-1" not in live.problem.fixed


def test_the_head_of_a_queue_is_frozen(make_order: MakeOrder, make_view: MakeView) -> None:
    view = make_view([at(make_order, "a", "queued"), at(make_order, "b", "queued")])
    live = live_of(view)
    first = live.sequences.lines["hangzhou/line-1"][0]
    assert live.problem.fixed["hangzhou/line-1"][0] == first
    slots = {r.order: r for r in checked(live).rows}
    for name in live.problem.fixed["hangzhou/line-1"]:
        assert slots[name].setup_start * 60_000 < FREEZE_MS


def test_a_locked_order_stays_on_its_line(make_order: MakeOrder, make_view: MakeView) -> None:
    view = make_view([make_order("a"), make_order("b")])
    policy = DispatchPolicy()
    floor = policy.preview(view, view.now_ms)
    live = live_plan(view, floor, policy.params, locked=["a"])
    (line,) = (k for k, row in live.sequences.lines.items() if "a" in row)
    assert live.problem.order_of["a"].lines == (line,)
    assert len(live.problem.order_of["b"].lines) > 1


@pytest.mark.parametrize("hour", [0, 7, 12, 17, 18, 23])
def test_at_any_hour_the_plan_passes_the_checker(
    make_order: MakeOrder, make_view: MakeView, hour: int
) -> None:
    now_ms = make_view([]).now_ms + (hour - 8) * HOUR
    orders = [at(make_order, f"q{k}", "queued", weight=1 + k % 6) for k in range(5)]
    orders += [make_order(f"f{k}", style=("TS01", "TS02", "PO01")[k % 3]) for k in range(30)]
    live = live_of(make_view(orders, now_ms=now_ms))
    assert len(checked(live).rows) == 35


def test_two_hundred_orders_take_little_time(
    make_order: MakeOrder, make_view: MakeView, cpu: Callable[[], float]
) -> None:
    orders = [
        make_order(f"o{k}", style=("TS01", "TS02", "PO01")[k % 3], colour=("BLK", "WHT")[k % 2])
        for k in range(200)
    ]
    view = make_view(orders)
    params = DispatchParams()
    floor = DispatchPolicy(params=params).preview(view, view.now_ms)
    spent = []
    for _ in range(3):
        began = cpu()
        live_plan(view, floor, params)
        spent.append(cpu() - began)
    assert min(spent) < 0.05


def test_without_orders_there_is_a_problem_without_orders(make_view: MakeView) -> None:
    view = make_view([])
    live = live_plan(view, floor_of(view, view.now_ms, DispatchParams()), DispatchParams())
    assert live.problem.orders == ()
    assert checked(live).rows == ()
