"""A disturbance makes the hub decide again: commands go out, all is stored with reasons."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from seamline_broker.clock import WallClock
from seamline_broker.contracts.batch import Readings
from seamline_broker.contracts.commands import CommandMessage, CommandResult, check_args
from seamline_broker.contracts.messages import Promise
from seamline_platform.app.desk import CommandDesk
from seamline_platform.app.planner import Planner, Wires
from seamline_platform.app.triggers import TIMER, Trigger, most_urgent, triggers_of
from seamline_platform.domain.batches import DecodedBatch
from seamline_platform.planning.dispatch import DispatchPolicy
from seamline_sim import World, load_scenario
from seamline_sim.drivers import run_headless


class Wired:
    """A planner whose wires end in lists."""

    def __init__(self, world: World) -> None:
        self.sent: list[tuple[str, CommandMessage]] = []
        self.promises: list[tuple[str, Promise]] = []
        self.rows: dict[str, list[Any]] = {}
        self.refused: list[str] = []
        self.view = world.view
        self.broker_is_there = True
        wires = Wires(
            view=lambda: self.view(),
            send=self._send,
            promise=self._promise,
            insert=self._insert,
            decided=lambda *_: None,
            refused=lambda order, *_: self.refused.append(order),
        )
        self.planner = Planner(DispatchPolicy(), CommandDesk("T"), wires, WallClock())

    def _send(self, node: str, payload: bytes) -> bool:
        if self.broker_is_there:
            self.sent.append((node, CommandMessage.decode(payload)))
        return self.broker_is_there

    def _promise(self, seller: str, promise: Promise) -> bool:
        self.promises.append((seller, promise))
        return True

    def _insert(self, table: str, rows: Sequence[Any]) -> None:
        self.rows.setdefault(table, []).extend(rows)


@pytest.fixture
def world() -> World:
    """A small maker on its first workday at 10:00, with sellers' orders and nobody deciding."""
    made = World.create(load_scenario("pi"), seed=5)
    run_headless(made, 10 * 3_600 * 1_000_000, None)
    return made


def batch_of(kind: str, **columns: list[Any]) -> DecodedBatch:
    return DecodedBatch(
        "hangzhou", "line-1", 1, 7_000, 1, "gateway", Readings.empty(), {kind: columns}
    )


def test_a_breakdown_is_a_reason_to_decide_and_a_thread_break_is_not() -> None:
    batch = batch_of(
        "station",
        seq=[1, 2, 3],
        ts_ms=[1, 2, 3],
        station=["st-03", "st-04", "st-05"],
        state=["down", "down", "up"],
        cause=["breakdown", "thread", "repaired"],
        expected_ms=[0, 0, 0],
    )
    assert triggers_of(batch) == [
        Trigger("breakdown", 7_000, station="hangzhou/line-1/st-03"),
        Trigger("repair", 7_000, station="hangzhou/line-1/st-05"),
    ]


def test_the_most_urgent_reason_names_the_decision() -> None:
    order, rush, down = (
        Trigger("order", 1),
        Trigger("rush_order", 3, order="RU-1"),
        Trigger("breakdown", 2, station="x"),
    )
    assert most_urgent([order, rush]) is rush
    assert most_urgent([order, rush, down]) is down
    assert most_urgent([]) is None


def test_every_decision_is_stored_with_reasons_in_both_languages(world: World) -> None:
    wired = Wired(world)
    outcome = wired.planner.decide(Trigger("order", WallClock().wall_ms()))
    assert outcome.commands
    rows = wired.rows["decisions"]
    assert len(rows) == len(outcome.commands)
    assert all(row["reason"] and row["reason_zh"] for row in rows)
    assert {row["command_id"] for row in wired.rows["commands"]} == {
        message.id for _, message in wired.sent
    }
    assert wired.promises
    assert all(p.promise_ms > world.now_ms for _, p in wired.promises)


def test_what_was_decided_once_is_not_decided_again(world: World) -> None:
    wired = Wired(world)
    wired.planner.decide(Trigger(TIMER, WallClock().wall_ms()))
    assert wired.planner.decide(Trigger(TIMER, WallClock().wall_ms())).commands == ()


def test_a_disturbance_counts_as_a_replan_even_if_the_plan_stands(world: World) -> None:
    wired = Wired(world)
    wired.planner.decide(Trigger(TIMER, 0))
    wired.planner.decide(Trigger("breakdown", 0, station="hangzhou/line-1/st-03"))
    assert wired.planner.replans == 1
    (row,) = [r for r in wired.rows["decisions"] if r["action"] == "replan"]
    assert (row["trigger"], row["site"], row["line"]) == ("breakdown", "hangzhou", "line-1")
    assert "hangzhou/line-1/st-03" in row["reason"]


def test_a_broken_station_that_waits_is_answered_with_a_mechanic(world: World) -> None:
    wired = Wired(world)
    wired.planner.decide(Trigger(TIMER, 0))
    before = len(wired.sent)
    for station in ("st-03", "st-07"):  # one mechanic, two stations: the second waits
        args = check_args("break_machine", {"station": f"hangzhou/line-1/{station}"})
        assert world.command("field/field", "break_machine", args, station).status == "done"
    for _ in range(2):  # nobody says here what is broken: after eight minutes it is taken for it
        run_headless(world, world.now_us + 9 * 60_000_000, None)
        wired.planner.decide(Trigger("breakdown", 0, station="hangzhou/line-1/st-07"))
    assert "expedite_repair" in {message.name for _, message in wired.sent[before:]}


def test_what_could_not_be_sent_is_decided_anew_at_once(world: World) -> None:
    wired = Wired(world)
    wired.broker_is_there = False
    first = wired.planner.decide(Trigger(TIMER, 0))
    kits = {c.order for c in first.commands if c.name == "kit"}
    assert kits
    assert not first.sent
    wired.broker_is_there = True
    second = wired.planner.decide(Trigger(TIMER, 0))
    assert {c.order for c in second.commands if c.name == "kit"} == kits


def test_what_was_refused_waits_before_it_is_tried_again(world: World) -> None:
    wired = Wired(world)
    wired.planner.decide(Trigger(TIMER, 0))
    _, kit = next(pair for pair in wired.sent if pair[1].name == "kit")
    wired.planner.settled(CommandResult(kit.id, "refused", "no cloth", 0, 0))
    again = wired.planner.decide(Trigger("refused", 0))
    assert kit.args["order"] not in {c.order for c in again.commands if c.name == "kit"}
    run_headless(world, world.now_us + 121 * 60_000_000, None)
    later = wired.planner.decide(Trigger(TIMER, 0))
    assert kit.args["order"] in {c.order for c in later.commands if c.name == "kit"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"style": "XX99"}, "style 'XX99' is unknown; there are HD01"),
        ({"colour": "PNK"}, "'PNK' is unknown; there are"),
        ({"sizes": {"XXS": 100}}, "'XXS' is unknown; there are"),
        ({"region": "mars"}, "region 'mars' is unknown; there are east"),
    ],
)
def test_an_order_that_nobody_can_make_is_refused_with_what_exists(
    world: World, change: dict[str, Any], reason: str
) -> None:
    wired = Wired(world)
    view = world.view()
    name, order = next((n, o) for n, o in view.orders.items() if o.state == "received")
    wrong = replace(view, orders={**view.orders, name: replace(order, **change)})
    wired.view = lambda: wrong
    outcome = wired.planner.decide(Trigger("order", 0, order=name))
    assert name not in {command.order for command in outcome.commands}
    assert wired.refused == [name]
    (told,) = [promise for _, promise in wired.promises if promise.order == name]
    assert not told.accepted
    assert reason in told.reason
    (row,) = [row for row in wired.rows["decisions"] if row["order_id"] == name]
    assert (row["action"], row["reason"]) == ("refuse", told.reason)
