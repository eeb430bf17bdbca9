"""Absence, loss of quality and late cloth are seen without anybody reporting them."""

from collections.abc import Callable
from dataclasses import replace

from seamline_broker.contracts.view import OrderView, View
from seamline_platform.planning.dispatch import DispatchPolicy
from seamline_platform.planning.hub.live import CLOTH_WAIT_MS, LivePlan, live_plan
from seamline_platform.planning.hub.watch import Seen, look

MakeOrder = Callable[..., OrderView]
MakeView = Callable[..., View]
LINE = "suzhou/line-1"


def live_of(view: View) -> LivePlan:
    policy = DispatchPolicy()
    return live_plan(view, policy.preview(view, view.now_ms), policy.params)


def seen(view: View, before: Seen | None = None):  # type: ignore[no-untyped-def]
    return look(before, view, live_of(view))


def with_line(view: View, **changes: object) -> View:
    line = replace(view.lines[LINE], **changes)  # type: ignore[arg-type]
    return replace(view, lines={**view.lines, LINE: line})


def test_the_first_look_knows_nothing_to_compare_with(make_view: MakeView) -> None:
    _, news = seen(make_view([]))
    assert news == []


def test_fewer_operators_are_an_absence_and_a_closed_line_is_not(make_view: MakeView) -> None:
    view = make_view([])
    before, _ = seen(view)
    closed, news = seen(with_line(view, open=False, operators=0), before)
    assert news == []
    _, news = seen(with_line(view, operators=17), closed)
    (one,) = news
    assert (one.kind, one.line) == ("absence", LINE)
    assert one.text == (
        "suzhou/line-1 has 17 operators instead of 20", "suzhou/line-1 在岗 17 人（原 20 人）"
    )  # fmt: skip


def test_pieces_written_off_are_a_loss_of_quality(
    make_order: MakeOrder, make_view: MakeView
) -> None:
    order = make_order("a", state="sewing", site="suzhou", line="line-1")
    before, _ = seen(make_view([order]))
    few, news = seen(make_view([replace(order, scrapped=3)]), before)
    assert news == []  # of 120 pieces
    _, (one,) = seen(make_view([replace(order, scrapped=9)]), few)
    assert (one.kind, one.line, one.order) == ("quality", LINE, "a")
    assert one.text[0] == "a lost 6 pieces"


def test_cloth_that_is_not_there_delays_the_kit_and_is_told_once(
    make_order: MakeOrder, make_view: MakeView
) -> None:
    orders = [make_order("a"), make_order("b")]
    need = 120 * 120

    def stocked(cm: int) -> View:
        cloth = {(r, "jersey", "BLK"): (cm, 0) for r in ("east", "south", "west")}
        return make_view(orders, cloth_cm=cloth)

    plenty, scarce = stocked(2 * need), stocked(0)
    before, _ = seen(plenty)
    now, news = seen(scarce, before)
    assert [(n.kind, n.order) for n in news] == [("late_cloth", "a"), ("late_cloth", "b")]
    assert seen(scarce, now)[1] == []
    newcomer = make_view([*orders, make_order("c")], cloth_cm=scarce.cloth_cm)
    assert seen(newcomer, now)[1] == []  # an order without cloth from the start is planned so
    late, early = live_of(scarce), live_of(plenty)
    day = CLOTH_WAIT_MS // 60_000
    assert (late.problem.order_of["a"].kit or 0) >= day
    assert late.undisturbed is not None
    assert late.undisturbed.order_of["a"].kit == (late.problem.order_of["a"].kit or 0) - day
    assert early.undisturbed is None
