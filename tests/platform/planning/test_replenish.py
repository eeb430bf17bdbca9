from collections.abc import Callable

import pytest

from seamline_broker.contracts.commands import check_args
from seamline_broker.contracts.view import OrderView, View
from seamline_platform.planning.dispatch import DispatchPolicy
from seamline_platform.planning.replenish import (
    ReplenishParams,
    replenish,
    reserve_cloth,
    stock_position,
)

MakeOrder = Callable[..., OrderView]
MakeView = Callable[..., View]


def demand(scale: float = 1.0) -> tuple[dict[str, float], dict[str, float]]:
    """Order-up-to levels and means of TS01-BLK in the east: sizes S, M, L."""
    level = {"S": 60.0, "M": 120.0, "L": 60.0}
    up_to = {f"TS01-BLK-{s}@east": n * scale for s, n in level.items()}
    return up_to, {name: n / 2 for name, n in up_to.items()}


def stock_of(s: int, m: int, l_size: int) -> dict[tuple[str, str], int]:
    return {("east", f"TS01-BLK-{k}"): n for k, n in (("S", s), ("M", m), ("L", l_size))}


def test_the_need_of_each_size_is_ordered(make_view: MakeView) -> None:
    view = make_view([], stock=stock_of(20, 10, 40))
    (order,) = replenish(view, *demand())
    assert order.order == "RO-20260302-TS01-BLK-east"
    assert (order.kind, order.region, order.state) == ("replenishment", "east", "received")
    assert order.sizes == {"S": 40, "M": 110, "L": 20}


def test_open_orders_count_as_stock(make_order: MakeOrder, make_view: MakeView) -> None:
    coming = make_order(
        "RO-1", kind="replenishment", state="sewing", sizes={"M": 100}, delivered=50
    )
    view = make_view([coming], stock=stock_of(60, 70, 60))
    assert stock_position(view)["east", "TS01-BLK-M"] == 120
    assert replenish(view, *demand()) == []


def test_sellers_orders_and_delivered_ones_are_not_stock(
    make_order: MakeOrder, make_view: MakeView
) -> None:
    view = make_view(
        [
            make_order("A1", state="sewing"),
            make_order("RO-1", kind="replenishment", state="delivered"),
        ]
    )
    assert stock_position(view) == {}


def test_a_small_need_is_filled_up_to_the_minimum_by_expected_demand(make_view: MakeView) -> None:
    view = make_view([], stock=stock_of(60, 80, 60))
    (order,) = replenish(view, *demand())
    assert order.sizes == {"S": 15, "M": 70, "L": 15}


def test_a_tiny_need_waits_unless_a_size_runs_out(make_view: MakeView) -> None:
    calm = make_view([], stock=stock_of(60, 105, 60))
    assert replenish(calm, *demand()) == []
    short = make_view([], stock=stock_of(45, 118, 60))
    params = ReplenishParams(min_share_of_moq=0.5)
    assert replenish(short, *demand(), params) == []
    shorter = make_view([], stock=stock_of(29, 119, 60))
    assert replenish(shorter, *demand(), params)[0].pieces == 100


def test_a_group_is_ordered_once_a_day(make_order: MakeOrder, make_view: MakeView) -> None:
    view = make_view([], stock=stock_of(0, 0, 0))
    (order,) = replenish(view, *demand())
    known = make_view([order], stock=stock_of(0, 0, 0))
    assert replenish(known, *demand(9.0)) == []


def test_the_most_urgent_come_first_and_a_cap_cuts_the_rest(make_view: MakeView) -> None:
    up_to, mean = demand()
    up_to |= {name.replace("east", "west"): n for name, n in up_to.items()}
    mean |= {name.replace("east", "west"): n for name, n in mean.items()}
    view = make_view([], stock=stock_of(20, 20, 20))
    both = replenish(view, up_to, mean)
    assert [o.region for o in both] == ["west", "east"]
    capped = replenish(view, up_to, mean, ReplenishParams(max_pieces=300))
    assert [o.region for o in capped] == ["west"]


def test_a_forecast_half_as_high_again_dispatches_more_pieces(make_view: MakeView) -> None:
    def dispatched(scale: float) -> int:
        view = make_view([], stock=stock_of(30, 60, 30))
        orders = replenish(view, *demand(scale))
        view = make_view(orders)
        commands = DispatchPolicy().decide(view, view.now_ms)
        kits = [c.args["sizes"] for c in commands if c.name == "kit"]
        return sum(sum(sizes.values()) for sizes in kits)  # type: ignore[attr-defined]

    assert dispatched(1.5) > dispatched(1.0) > 0


def test_no_promise_is_sent_for_a_replenishment_order(make_view: MakeView) -> None:
    view = make_view(replenish(make_view([]), *demand()))
    assert {c.name for c in DispatchPolicy().decide(view, view.now_ms)} == {"kit"}


def test_cloth_is_reserved_for_every_order(make_view: MakeView) -> None:
    view = make_view([])
    orders = replenish(view, *demand())
    (command,) = reserve_cloth(orders, view.catalogue)
    assert command.node == "east/warehouse"
    check_args(command.name, command.args)
    assert command.args["length_cm"] == 240 * 120
    assert "288 m" in command.reason


def test_the_newsvendor_sets_the_service_level() -> None:
    assert ReplenishParams.newsvendor(10_000, 4_000, 3_000).service == pytest.approx(6 / 7)
    with pytest.raises(ValueError, match="salvage"):
        ReplenishParams.newsvendor(10_000, 4_000, 5_000)


@pytest.mark.parametrize("changes", [{"service": 1.0}, {"lead_days": 0}])
def test_replenishment_without_sense_is_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"service|Lead"):
        ReplenishParams(**changes)  # type: ignore[arg-type]
