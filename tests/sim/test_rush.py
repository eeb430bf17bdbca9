"""A rush order is cut before those that wait, and its kit comes by van."""

from seamline_broker.contracts.commands import check_args
from seamline_broker.contracts.events import Event
from seamline_broker.contracts.view import OrderView
from seamline_sim import Scenario, World, run_headless
from seamline_sim.core import DAY_US, HOUR_US

MINUTE_MS = 60_000


def send_kit(world: World, order: OrderView) -> None:
    args = check_args(
        "kit",
        {
            "order": order.order, "order_kind": order.kind, "style": order.style,
            "colour": order.colour, "sizes": dict(order.sizes), "region": order.region,
            "site": "hangzhou", "line": "line-1", "due_ms": order.due_ms, "weight": order.weight,
        },
    )  # fmt: skip
    outcome = world.command("east/warehouse", "kit", args, f"K-{order.order}")
    assert outcome.status == "done", outcome.reason


def test_a_rush_order_overtakes_at_the_tables_and_on_the_road(pi: Scenario) -> None:
    world = World.create(pi, seed=1)
    run_headless(world, 10 * HOUR_US, None)
    ordinary = [o for o in world.view().orders.values() if o.kind == "seller"][:3]
    assert len(ordinary) == 3
    for order in ordinary:
        send_kit(world, order)
    args = check_args("rush_order", {"pieces": 120})
    rush = world.command("field/field", "rush_order", args, "R").reason
    send_kit(world, world.view().orders[rush])
    events: list[Event] = []
    run_headless(world, 2 * DAY_US, None, events.extend)

    def times(state: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for event in events:
            if event.kind == "order" and event.values[1] == state:
                found.setdefault(str(event.values[0]), event.ts_ms)
        return found

    sent, there = times("in_transit"), times("queued")
    # one table: the first order lies on it, the rush order comes next
    assert sorted(sent, key=lambda name: sent[name])[:2] == [ordinary[0].order, rush]
    # its lay is next on the table; then 20 min by van
    lay = next(e for e in events if e.kind == "lay" and e.values[1] == f'["{rush}"]')
    assert lay.ts_ms == sent[ordinary[0].order]
    assert sent[rush] - lay.ts_ms == lay.values[12]
    assert 15 * MINUTE_MS < sent[rush] - lay.ts_ms < 45 * MINUTE_MS
    assert there[rush] - sent[rush] == 20 * MINUTE_MS
    assert there[ordinary[1].order] - sent[ordinary[1].order] == 90 * MINUTE_MS
