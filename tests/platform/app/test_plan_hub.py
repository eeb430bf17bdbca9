"""A disturbance becomes a provisional plan, a search, a proposal, an accepted plan, commands."""

import time
from dataclasses import replace
from typing import Any

import pytest

from seamline_broker.clock import ManualClock
from seamline_broker.contracts.messages import PlanMessage
from seamline_broker.contracts.view import View
from seamline_platform.api.hub import Hub
from seamline_platform.api.live_models import TOPICS
from seamline_platform.api.plan_models import PlanAccept, PlanEdit, PlanPolicyChange
from seamline_platform.api.problems import RequestError
from seamline_platform.app.plan_answers import PlanAnswers, policy_of
from seamline_platform.app.plan_hub import PlanHub
from seamline_platform.app.plan_publisher import PlanPublisher
from seamline_platform.app.plan_wires import PlanWires, Snapshot
from seamline_platform.app.solver import Heard, SolverState
from seamline_platform.app.triggers import Trigger
from seamline_platform.planning.dispatch import DispatchPolicy
from seamline_platform.planning.floor import Floor
from seamline_platform.planning.hub.actuals import Ledger
from seamline_platform.planning.hub.question import Question
from seamline_platform.planning.hub.search import answer
from seamline_platform.planning.shop.check import check
from seamline_sim import World, load_scenario
from seamline_sim.drivers import run_headless

HOUR = 3_600_000
LINE = "hangzhou/line-1"


class Room:
    """A hub whose wires end in lists; its solver is asked by hand and answers at once."""

    def __init__(self, world: World, accept: str = "auto") -> None:
        self.world, self.clock = world, ManualClock(1_800_000_000_000)
        self.view: View = world.view()
        self.policy = DispatchPolicy()
        self.questions: list[Question] = []
        self.troubles: list[str] = []
        self.decided = 0
        self.sent: list[tuple[str, bytes]] = []
        self.rows: dict[str, list[Any]] = {}
        self.page = Hub(self.clock, "e1")
        self.ledger = Ledger()
        self.publisher = PlanPublisher(
            self._publish, lambda feed: feed(self.page), self._insert, self.ledger, self.clock
        )
        wires = PlanWires(
            preview=self._preview, params=lambda: self.policy.params, follow=self.policy.follow,
            decide=self._decide, ask=self.questions.append, changed=self._changed,
            trouble=lambda text: self.troubles.append(text[0]),
        )  # fmt: skip
        self.hub = PlanHub(wires, self.clock, policy_of(accept))
        self.answers = PlanAnswers(
            self.hub, self.ledger, lambda name: self.view.orders.get(name),
            lambda: self.policy.params,
        )  # fmt: skip

    def _preview(self) -> tuple[View, Floor]:
        return self.view, self.policy.preview(self.view, self.view.now_ms)

    def _decide(self) -> None:
        self.decided += 1

    def _publish(self, topic: str, payload: bytes) -> bool:
        self.sent.append((topic.rpartition("/")[2], payload))
        return True

    def _insert(self, table: str, rows: Any) -> None:
        self.rows.setdefault(table, []).extend(rows)

    def _changed(self, snapshot: Snapshot) -> None:
        board = snapshot.board
        for version in filter(None, (board.accepted, board.provisional, board.proposal)):
            assert check(board.problem, version.schedule) == []
        self.publisher.changed(snapshot)

    def break_line(self, hours: int = 30) -> None:
        line = replace(self.view.lines[LINE], down=("st-01",), broken=("st-01",))
        self.view = replace(self.view, lines={**self.view.lines, LINE: line})
        self.hub.broke(LINE, self.view.now_ms + hours * HOUR)
        wall_ms = self.clock.wall_ms()
        self.hub.disturbed(Trigger("breakdown", wall_ms, station=f"{LINE}/st-01"))

    def solve(self) -> None:
        """Let the search answer the newest question."""
        quick = replace(self.questions[-1], cpu_s=1.0, runs=30)
        found = answer(quick, time.process_time)
        self.hub.heard(Heard(1, found, True))

    @property
    def board(self) -> Any:
        snapshot = self.hub.snapshot
        assert snapshot is not None
        return snapshot.board

    def told(self, status: str) -> list[PlanMessage]:
        return [PlanMessage.decode(p) for s, p in self.sent if s == status and p]


@pytest.fixture(scope="module")
def snapshot() -> bytes:
    """A small maker on its first workday at 10:00, with sellers' orders and nobody deciding."""
    made = World.create(load_scenario("pi"), seed=5)
    run_headless(made, 10 * 3_600 * 1_000_000, None)
    return made.snapshot()


@pytest.fixture
def room(snapshot: bytes) -> Room:
    return Room(World.restore(snapshot))


@pytest.fixture
def asking(snapshot: bytes) -> Room:
    return Room(World.restore(snapshot), accept="ask")


def test_before_the_first_look_there_is_no_plan(room: Room) -> None:
    assert room.hub.snapshot is None
    with pytest.raises(RequestError) as caught:
        room.answers.view()
    assert caught.value.status == 503


def test_the_first_look_gives_the_plan_that_the_rules_would_follow(room: Room) -> None:
    assert room.hub.looked() == []
    assert room.board.accepted.number == 1
    floor = room.policy.preview(room.view, room.view.now_ms)
    assert room.board.accepted.sequences.lines == {
        key: tuple(job.order for job in line.waiting) for key, line in floor.lines.items()
    }
    (question,) = room.questions
    assert question.cpu_s > 0
    (message,) = room.told("accepted")
    assert (message.version, message.trigger) == (1, "start")
    assert message.orders == len(room.board.accepted.schedule.rows)


def test_a_breakdown_is_answered_at_once_and_the_provisional_plan_is_followed(room: Room) -> None:
    room.hub.looked()
    room.break_line()
    (message,) = room.told("provisional")
    assert message.station == f"{LINE}/st-01"
    assert "st-01 is down" in message.reason
    assert "Repair is expected to end" in message.reason
    assert message.heard_ms == room.clock.wall_ms()
    assert room.board.accepted.number == message.version == 2
    assert room.sent[-1][0] == "accepted"
    assert ("provisional", b"") in room.sent
    followed = room.policy.followed(room.view.now_ms)
    assert followed is not None
    assert followed.version == 2
    assert len(room.questions) == 2


def test_a_better_plan_is_accepted_published_and_carried_out(room: Room) -> None:
    room.hub.looked()
    room.break_line()
    decisions = room.decided
    room.solve()
    board = room.board
    assert board.accepted.number == 3
    assert board.accepted.schedule.value.cost < room.told("provisional")[0].cost
    assert room.decided == decisions + 1
    commands = room.policy.decide(room.view, room.view.now_ms)
    reasons = [c.reason for c in commands if "plan 3" in c.reason]
    assert reasons
    newest = room.told("accepted")[-1]
    assert newest.p50 is not None
    assert {r["candidate"] for r in room.rows["plan_predictions"]} >= {"provisional"}
    assert [r["status"] for r in room.rows["plan_versions"] if r["version"] == 3] == [
        "proposal", "accepted",
    ]  # fmt: skip
    assert {r["order_id"] for r in room.rows["plan_rows"] if r["version"] == 3} == {
        row.order for row in newest.rows
    }


def test_a_person_who_is_asked_accepts_rejects_and_undoes(asking: Room) -> None:
    asking.hub.looked()
    asking.break_line()
    assert asking.board.accepted.number == 1
    assert asking.board.provisional.number == 2
    asking.solve()
    assert asking.board.proposal.number == 3
    view = asking.answers.view()
    assert view.board.proposal is not None
    assert view.board.difference
    assert view.proposal.status == "proposal"
    with pytest.raises(RequestError) as caught:
        asking.answers.accept(PlanAccept(version=9))
    assert caught.value.status == 409
    after = asking.answers.accept(PlanAccept(version=3)).board
    assert after.accepted is not None
    assert (after.accepted.version, after.accepted.by) == (3, "person")
    assert asking.decided > 0
    undone = asking.answers.undo().board
    assert undone.accepted is not None
    assert undone.accepted.version == 4
    assert "Back to plan 1" in undone.accepted.reason


def test_a_rejected_plan_is_gone_from_the_broker_too(asking: Room) -> None:
    asking.hub.looked()
    asking.break_line()
    asking.solve()
    asking.answers.reject(PlanAccept(version=3))
    assert asking.board.proposal is None
    assert asking.sent[-1] == ("proposal", b"")
    assert asking.rows["plan_versions"][-1]["status"] == "rejected"


def test_from_asking_to_automatic_the_plan_that_waits_is_decided_on(asking: Room) -> None:
    asking.hub.looked()
    asking.break_line()
    asking.solve()
    board = asking.answers.policy(PlanPolicyChange(accept="auto")).board
    assert board.policy.accept == "auto"
    assert board.accepted is not None
    assert board.accepted.version == 3
    assert board.policy.text.startswith("Accepted")


def test_edits_are_evaluated_or_refused_with_a_reason(asking: Room) -> None:
    asking.hub.looked()
    lines = asking.board.accepted.sequences.lines
    line, row = max(lines.items(), key=lambda item: len(item[1]))
    order = next(o for o in row if o not in asking.board.problem.fixed.get(line, ()))
    locked = asking.answers.edit(PlanEdit(kind="lock", order=order))
    assert locked.ok
    assert asking.board.locks == {order: line}
    other = next(key for key in lines if key != line)
    refused = asking.answers.edit(PlanEdit(kind="move", order=order, line=other))
    assert not refused.ok
    assert "locked" in refused.reason
    assert "锁定" in refused.reason_zh
    unknown = asking.answers.edit(PlanEdit(kind="unlock", order="nobody"))
    assert not unknown.ok
    asking.answers.edit(PlanEdit(kind="unlock", order=order))
    last = len(lines[line]) - 1
    moved = asking.answers.edit(PlanEdit(kind="move", order=order, line=line, position=last))
    assert moved.ok
    assert moved.version == asking.board.proposal.number
    assert moved.cost_after == asking.board.proposal.schedule.value.cost


def test_orders_are_explained_and_their_lateness_shared_out(room: Room) -> None:
    room.hub.looked()
    room.break_line(hours=200)
    late = [row for row in room.board.accepted.schedule.rows if row.late]
    assert late
    found = room.answers.order(late[0].order)
    assert {s.topic for s in found.explanation} >= {"where", "when"}
    assert all(s.text and s.text_zh for s in found.explanation)
    assert sum(part.minutes for part in found.lateness) == late[0].late
    with pytest.raises(RequestError) as caught:
        room.answers.order("nobody")
    assert caught.value.status == 404


def test_a_quarter_hour_later_the_plan_is_what_the_plants_have_made_of_it(room: Room) -> None:
    room.hub.looked()
    run_headless(room.world, room.world.now_us + 900 * 1_000_000, room.policy)
    room.view = room.world.view()
    room.hub.looked()
    assert room.board.accepted.number == 1
    assert room.board.problem.start_ms == room.view.now_ms
    open_orders = {o.order for o in room.board.problem.orders}
    assert {row.order for row in room.board.accepted.schedule.rows} == open_orders
    assert room.told("accepted")[-1].plant_ms == room.view.now_ms


def test_a_repair_makes_no_new_plan(room: Room) -> None:
    room.hub.looked()
    room.hub.disturbed(Trigger("repair", 0, station=f"{LINE}/st-01"))
    assert room.board.accepted.number == 1
    assert room.told("provisional") == []


def test_the_page_gets_payloads_that_fit_their_models(room: Room) -> None:
    room.hub.looked()
    room.break_line()
    room.solve()
    shown: dict[str, Any] = {}
    for name in ("board", "plan_bars", "plan_proposal"):
        client = room.page.connect(lambda: None)
        room.page.receive(client, f'{{"op":"sub","topics":["{name}"],"rate":10}}')
        import json

        frames = [json.loads(f) for f in (*client.take(), *client.take())]
        shown[name] = next(f["d"] for f in frames if f["t"] == "snap")
    for name, payload in shown.items():
        kind, model = TOPICS[name]
        assert model is not None
        for one in payload.values() if kind == "set" else [payload]:
            model.model_validate(one)
    assert len(shown["plan_bars"]) == len(room.board.accepted.schedule.rows)


def test_a_step_that_fails_leaves_the_plan_and_says_so(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.hub.looked()
    before = room.board.accepted
    monkeypatch.setattr(
        "seamline_platform.planning.replan.evaluated.check", lambda *_: ["It is wrong."]
    )
    room.break_line()
    assert room.board.accepted is before
    assert "refused by the checker: It is wrong." in room.troubles[-1]


def test_a_dead_solver_is_told_and_changes_no_plan(room: Room) -> None:
    room.hub.looked()
    room.hub.show(SolverState("failed", "killed", "被终止"))
    room.hub.heard(Heard(1, None, True, "killed"))
    assert room.troubles == ["killed"]
    board = room.answers.view().board
    assert (board.solver.state, board.solver.reason_zh) == ("failed", "被终止")
    assert board.followed
    room.break_line()
    assert room.board.accepted.number == 2


def test_after_a_restart_numbers_go_on(snapshot: bytes) -> None:
    room = Room(World.restore(snapshot))
    room.hub.resume(17)
    room.hub.looked()
    assert room.board.accepted.number == 18
