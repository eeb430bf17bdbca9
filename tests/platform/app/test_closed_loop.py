"""The forecast drives the factory: headless, with the brain's and the hub's own code.

History -> forecast -> demand over the lead time -> replenishment -> dispatch -> kits in the world.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from seamline_broker.contracts.commands import Command
from seamline_broker.contracts.events import Event
from seamline_broker.contracts.view import OrderView, View
from seamline_platform.demand.frame import long_frame
from seamline_platform.demand.leadtime import lead_time_demand
from seamline_platform.demand.protocol import LEVELS
from seamline_platform.demand.seasonal_naive import SeasonalNaive
from seamline_platform.planning.dispatch import DispatchPolicy
from seamline_platform.planning.replenish import ReplenishParams, replenish
from seamline_sim import World, load_scenario
from seamline_sim.drivers import run_headless
from seamline_sim.prerun import prerun

DAY_US = 86_400 * 1_000_000
PARAMS = ReplenishParams()


@cache
def morning() -> tuple[bytes, pa.Table]:
    """Return a small maker at its first morning, and the sales that were told before it."""
    world = World.create(load_scenario("pi"), seed=3)
    before = prerun(world, days=1, history_days=42)
    return world.snapshot(), long_frame(_sales(before.events))


def _sales(events: Iterable[Event]) -> pa.Table:
    days = [(e.node.partition("/")[0], *e.values) for e in events if e.kind == "sale_day"]
    return pa.table(
        {
            "unique_id": [f"{sku}@{region}" for region, sku, *_ in days],
            "ds": pa.array([d[6] for d in days], pa.timestamp("ms")).cast(pa.date32()),
            "y": [float(d[2]) for d in days],
        }
    )


def night(history: pa.Table, view: View, times: float) -> list[OrderView]:
    """Return the replenishment orders of a night whose forecast is `times` as high."""
    table = SeasonalNaive().forecast(history, PARAMS.cover_days, LEVELS)
    at = table.schema.get_field_index("value")
    table = table.set_column(at, "value", pc.multiply(table["value"], times))
    demand = lead_time_demand(table, PARAMS.cover_days, 0.2)
    return replenish(view, demand.quantile(PARAMS.service), demand.expected(), PARAMS, view.now_ms)


class NightThenHub:
    """The hub's policy, which also sees the orders that the night has made."""

    def __init__(self, orders: Iterable[OrderView]) -> None:
        self._orders = {order.order: order for order in orders}
        self._hub = DispatchPolicy()
        self.kits: dict[str, int] = {}

    def decide(self, view: View, now_ms: int) -> list[Command]:
        whole = replace(view, orders={**self._orders, **view.orders})
        commands = self._hub.decide(whole, now_ms)
        for command in commands:
            if command.name == "kit":
                self.kits[command.order] = whole.orders[command.order].pieces
        return commands


def a_week(times: float) -> tuple[int, int]:
    """Return pieces dispatched by kits of this night, and pieces sewn, in five days.

    Two lines cannot sew all of it in less: before that, capacity decides, whatever the forecast.
    """
    snapshot, history = morning()
    world = World.restore(snapshot)
    policy = NightThenHub(night(history, world.view(), times))
    events: list[Event] = []
    run_headless(world, world.now_us + 5 * DAY_US, policy, events.extend)
    sewn = sum(1 for e in events if e.kind == "piece" and e.values[7])
    ours = sum(pieces for order, pieces in policy.kits.items() if order.startswith("RO-"))
    return ours, sewn


def test_a_forecast_half_as_high_again_changes_the_pieces_dispatched() -> None:
    as_it_is, higher = a_week(1.0), a_week(1.5)
    assert higher[0] > as_it_is[0] > 0
    assert higher[1] > as_it_is[1] > 0


def test_the_same_forecast_orders_the_same() -> None:
    snapshot, history = morning()
    first, second = (night(history, World.restore(snapshot).view(), 1.0) for _ in range(2))
    assert first == second


def test_without_demand_nothing_is_replenished() -> None:
    snapshot, history = morning()
    assert night(history, World.restore(snapshot).view(), 0.0) == []


@pytest.mark.parametrize("times", [1.0, 1.5])
def test_no_replenishment_is_below_the_minimum_order(times: float) -> None:
    snapshot, history = morning()
    view = World.restore(snapshot).view()
    orders = night(history, view, times)
    assert orders
    assert min(order.pieces for order in orders) >= view.catalogue.moq_pieces
