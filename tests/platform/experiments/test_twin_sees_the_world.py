"""The twin, fed with the events of the world, has the view that headless policies decide on."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

import pytest

from seamline_broker.contracts.batch import Readings
from seamline_broker.contracts.commands import Command
from seamline_broker.contracts.events import Event, columns_of
from seamline_broker.contracts.messages import SellerOrder
from seamline_broker.contracts.view import LineView, View
from seamline_platform.domain.batches import DecodedBatch
from seamline_platform.twin.projection import Projection
from seamline_sim import Foreman, World, foreman_for, load_scenario, prerun, run_headless
from seamline_sim.core import DAY_US, HOUR_US


class Reader:
    """Hands events to a twin as gateways and sellers would."""

    def __init__(self, world: World) -> None:
        self.twin = Projection()
        self.twin.catalogue(world.catalogue)
        self._batches = 0

    def take(self, events: Iterable[Event]) -> None:
        nodes: dict[str, list[Event]] = defaultdict(list)
        for event in events:
            if event.kind == "seller_order":
                order, seller, style, colour, sizes, _, region, due, weight, price, _ = event.values
                self.twin.order(
                    SellerOrder(order, seller, style, colour, json.loads(sizes), region,
                                event.ts_ms, due, weight, price)
                )  # fmt: skip
            else:
                nodes[event.node].append(event)
        for node, rows in nodes.items():
            self._batches += 1
            site, name = node.split("/")
            self.twin.apply(
                DecodedBatch(site, name, self._batches, 0, rows[-1].ts_ms, "gateway",
                             Readings.empty(), columns_of(rows))
            )  # fmt: skip


class Listening:
    """A policy whose promises the twin hears of, as the platform's own do."""

    def __init__(self, policy: Foreman, reader: Reader) -> None:
        self._policy, self._reader = policy, reader

    def decide(self, view: View, now_ms: int) -> list[Command]:
        commands = self._policy.decide(view, now_ms)
        for command in commands:
            if command.name == "promise":
                a = command.args
                self._reader.twin.decided(
                    str(a["order"]), str(a["site"]), str(a["line"]), int(str(a["promise_ms"]))
                )
        return commands


def _same(world: World, twin: Projection) -> None:
    truth, seen = world.view(), twin.view(world.now_ms)
    assert seen.stock == truth.stock
    assert seen.cloth_cm == truth.cloth_cm

    def plain(lines: Iterable[LineView]) -> dict[str, LineView]:
        # `broken` is the twin's own
        return {f"{v.site}/{v.line}": replace(v, broken=()) for v in lines}

    assert plain(seen.lines.values()) == plain(truth.lines.values())
    for name, order in truth.orders.items():
        mine = seen.orders[name]
        if order.kind == "replenishment":  # the platform knows when it made one; no event tells
            mine = replace(mine, placed_ms=order.placed_ms)
        assert mine == order


@pytest.mark.parametrize("seed", [1, 2])
def test_the_twin_has_the_view_of_the_world(seed: int) -> None:
    world = World.create(load_scenario("pi"), seed)
    reader = Reader(world)
    policy = Listening(foreman_for(world), reader)
    for hour in (7, 9, 13, 24, 34, 57, 60, 63, 82):
        run_headless(world, hour * HOUR_US, policy, reader.take)
        _same(world, reader.twin)
    assert any(v.sewing for v in world.view().lines.values())


def test_the_twin_sees_disturbances() -> None:
    world = World.create(load_scenario("pi"), 3)
    reader = Reader(world)
    policy = Listening(foreman_for(world), reader)
    run_headless(world, 2 * DAY_US + 9 * HOUR_US, policy, reader.take)
    for n in range(3):
        world.command("field/field", "break_machine", {"station": "", "minutes": 30}, f"b{n}")
    world.command("field/field", "rush_order", {"style": "", "pieces": 120}, "r")
    burst = {"region": "", "style": "", "minutes": 60, "factor": 20.0}
    world.command("field/field", "burst", burst, "s")
    reader.take(world.take_outbox())
    _same(world, reader.twin)
    assert any(v.down for v in world.view().lines.values())
    run_headless(world, 2 * DAY_US + 16 * HOUR_US, policy, reader.take)
    _same(world, reader.twin)


def test_a_twin_that_starts_with_the_prerun_has_the_view() -> None:
    world = World.create(load_scenario("pi"), 4)
    reader = Reader(world)
    past = prerun(world, days=2, history_days=14)
    reader.take(past.events)
    for entry in past.inputs:
        if entry.name == "promise":
            a = entry.args
            reader.twin.decided(a["order"], a["site"], a["line"], a["promise_ms"])
    _same(world, reader.twin)
    policy = Listening(Foreman(past.daily_milli), reader)
    run_headless(world, world.now_us + 30 * HOUR_US, policy, reader.take)
    _same(world, reader.twin)


def test_an_order_sent_on_from_a_line_is_on_its_way_again() -> None:
    world = World.create(load_scenario("pi"), 4)
    reader = Reader(world)
    policy = Listening(foreman_for(world), reader)
    run_headless(world, 2 * DAY_US + 10 * HOUR_US, policy, reader.take)
    name = world.view().lines["hangzhou/line-1"].queue[-1]
    args = {"order": name, "site": "hangzhou", "line": "line-2"}
    assert world.command("east/warehouse", "redirect", args, "r").status == "done"
    reader.take(world.take_outbox())
    seen = reader.twin.view(world.now_ms).orders[name]
    assert (seen.state, seen.line) == ("in_transit", "line-2")
    _same(world, reader.twin)
    run_headless(world, 2 * DAY_US + 12 * HOUR_US, None, reader.take)
    assert name in reader.twin.view(world.now_ms).lines["hangzhou/line-2"].queue
    _same(world, reader.twin)
