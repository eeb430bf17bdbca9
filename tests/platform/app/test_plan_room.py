"""What the platform hears becomes repairs, starts and ends of orders; a restart follows on."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from seamline_broker.clock import ManualClock
from seamline_broker.contracts.batch import Readings
from seamline_platform.app.plan_payloads import bars, board_model
from seamline_platform.app.plan_room import LOOK_EVERY_MS, PlanRoom, RoomWires
from seamline_platform.app.solver import Heard
from seamline_platform.app.triggers import Trigger
from seamline_platform.domain.batches import DecodedBatch
from seamline_platform.planning.dispatch import DispatchPolicy
from seamline_platform.planning.hub.question import Answer, Question
from seamline_platform.planning.hub.search import answer
from seamline_platform.settings import PlanningSettings
from seamline_sim import World, load_scenario
from seamline_sim.drivers import run_headless

LINE = "hangzhou/line-1"


def batch_of(kind: str, **columns: list[Any]) -> DecodedBatch:
    return DecodedBatch(
        "hangzhou", "line-1", 1, 7_000, 1, "gateway", Readings.empty(), {kind: columns}
    )


def stations(state: str, cause: str, ts_ms: int, expected_ms: int = 0) -> DecodedBatch:
    return batch_of(
        "station", seq=[1], ts_ms=[ts_ms], station=["st-03"], state=[state], cause=[cause],
        expected_ms=[expected_ms],
    )  # fmt: skip


class Wired:
    """A room on a small maker; nothing solves."""

    def __init__(self) -> None:
        self.world = World.create(load_scenario("pi"), seed=5)
        run_headless(self.world, 10 * 3_600 * 1_000_000, None)
        self.view = self.world.view()
        self.policy = DispatchPolicy()
        self.rows: dict[str, list[Any]] = {}
        self.asked: list[Trigger] = []
        self.topics: list[str] = []
        wires = RoomWires(
            preview=lambda: (self.view, self.policy.preview(self.view, self.view.now_ms)),
            catalogue=lambda: self.view.catalogue, publish=self._publish, post=lambda _: None,
            insert=self._insert, order=self.view.orders.get, ask=self.asked.append,
            trouble=lambda _: None,
        )  # fmt: skip
        clock = ManualClock(1_800_000_000_000)
        self.room = PlanRoom(self.policy, wires, clock, PlanningSettings())

    def _publish(self, topic: str, payload: bytes) -> bool:
        self.topics.append(topic)
        return True

    def _insert(self, table: str, rows: Sequence[Any]) -> None:
        self.rows.setdefault(table, []).extend(rows)

    def look(self) -> None:
        asyncio.run(self.room.looked(self.view.now_ms))

    def accepted(self) -> Any:
        snapshot = self.room.hub.snapshot
        assert snapshot is not None
        return snapshot.board.accepted


@pytest.fixture
def wired() -> Wired:
    return Wired()


def test_planned_and_actual_finish_are_stored_when_an_order_is_sewn(wired: Wired) -> None:
    wired.look()
    row = wired.accepted().schedule.rows[0]
    start_ms = wired.view.now_ms
    times = {"sewing": start_ms + 60_000, "sewn": start_ms + 7_200_000}
    for state, ts_ms in times.items():
        wired.room.batch(
            batch_of("order", seq=[1], ts_ms=[ts_ms], order=[row.order], state=[state])
        )
    (stored,) = wired.rows["plan_actuals"]
    assert stored["order_id"] == row.order
    assert stored["actual_end_ts"] == times["sewn"]
    planned_ms = start_ms + row.sew_end * 60_000
    assert stored["error_min"] == round((times["sewn"] - planned_ms) / 60_000)
    assert stored["efficiency"] == wired.policy.params.efficiency
    found = wired.room.answers.predictions()
    assert [a.order for a in found.actuals] == [row.order]


def test_the_plants_are_compared_every_quarter_of_a_plant_hour(wired: Wired) -> None:
    wired.look()
    before = len(wired.topics)
    wired.look()
    assert len(wired.topics) == before
    run_headless(wired.world, wired.world.now_us + LOOK_EVERY_MS * 1_000, wired.policy)
    wired.view = wired.world.view()
    wired.look()
    assert len(wired.topics) > before


def test_what_nobody_reports_becomes_a_reason_to_plan_anew(wired: Wired) -> None:
    wired.look()
    line = wired.view.lines[LINE]
    fewer = replace(line, open=True, operators=line.operators - 3)
    wired.view = replace(
        wired.view, now_ms=wired.view.now_ms + LOOK_EVERY_MS,
        lines={**wired.view.lines, LINE: fewer},
    )  # fmt: skip
    wired.look()
    assert [(t.kind, t.station) for t in wired.asked if t.kind != "plan"] == [("absence", LINE)]


def test_the_expected_end_of_a_repair_is_used_and_a_thread_break_is_not(wired: Wired) -> None:
    now_ms = wired.view.now_ms
    wired.room.batch(stations("down", "thread", now_ms, 999_000_000))
    wired.room.batch(stations("down", "breakdown", now_ms, 36_000_000))
    line = replace(wired.view.lines[LINE], down=("st-03",), broken=("st-03",))
    wired.view = replace(wired.view, lines={**wired.view.lines, LINE: line})
    asyncio.run(wired.room.disturbed(Trigger("breakdown", 0, station=f"{LINE}/st-03")))
    snapshot = wired.room.hub.snapshot
    assert snapshot is not None
    free = snapshot.board.problem.line_of[LINE].free
    assert 600 <= free < 3_000  # ten hours, what runs there, and a night


def test_after_a_restart_the_plan_in_force_is_followed_and_numbers_go_on(wired: Wired) -> None:
    orders = [o.order for o in wired.view.orders.values() if o.state == "received"][:2]
    rows = [
        {"version": 8, "line": "hangzhou/line-2", "order_id": order, "numbers": 11,
         "as_of_ms": wired.view.now_ms}
        for order in reversed(orders)
    ]  # fmt: skip
    wired.room.resume([])
    wired.room.resume(rows)
    wired.look()
    accepted = wired.accepted()
    assert accepted.number == 12
    mine = [o for o in accepted.sequences.lines["hangzhou/line-2"] if o in orders]
    assert mine == list(reversed(orders))


def test_how_a_plan_does_under_chance_is_known_before_the_search_is_over(wired: Wired) -> None:
    wired.look()
    before = wired.room.hub.snapshot
    assert before is not None
    board = before.board
    said: list[Answer] = []
    question = Question(board.to_solve, board.accepted.sequences, cpu_s=0.05, runs=20)
    answer(question, time.process_time, on_improve=said.append)
    wired.room._heard(Heard(1, said[0], final=False))
    wired.room._pool.submit(int).result()  # steps come one after the other
    after = wired.room.hub.snapshot
    assert after is not None
    figures = board_model(after).accepted.figures
    assert figures.p50 is not None
    assert figures.p50 <= figures.p90
    assert all(bar.p50_ms <= bar.p90_ms for bar in bars(after, after.board.accepted))
