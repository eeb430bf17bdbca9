"""The board of plans: proposals, acceptance, edits by hand, undo, and reality moving on."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seamline_broker.errors import ConfigError
from seamline_platform.planning.replan.board import PlanBoard
from seamline_platform.planning.replan.difference import KINDS, difference
from seamline_platform.planning.replan.disturbance import Breakdown, Rush, disturb
from seamline_platform.planning.replan.edits import Edit, EditError, Lock, Move, Swap, Unlock
from seamline_platform.planning.replan.evaluated import evaluated
from seamline_platform.planning.replan.policy import AcceptPolicy
from seamline_platform.planning.replan.state import carry_out
from seamline_platform.planning.replan.versions import BoardError
from seamline_platform.planning.shop.check import check
from seamline_platform.planning.shop.compiled import compile_problem
from seamline_platform.planning.shop.dispatching import best_rule
from seamline_platform.planning.shop.problem import Order, Problem
from seamline_platform.planning.shop.sequences import Sequences, sequences_of

PLAN = Sequences({"a": ("A", "B", "C"), "b": ("D", "E")}, ("A", "D", "B", "E", "C"))
OTHER = Sequences({"a": ("A", "B"), "b": ("D", "E", "C")}, PLAN.cut_order)
WHY = ("The solver found a better plan.", "求解器找到更优方案。")


def board(plant: Problem) -> PlanBoard:
    return PlanBoard.start(plant, PLAN, 0)


def test_a_proposal_is_accepted_and_undone(plant: Problem) -> None:
    b = board(plant).propose(OTHER, WHY, 10)
    assert b.change is not None
    assert [(x.order, x.line_before, x.line_after) for x in b.change.moved] == [("C", "a", "b")]
    done = b.accept(20)
    assert (done.accepted.number, done.accepted.status, done.proposal) == (2, "accepted", None)
    assert done.accepted.sequences == OTHER
    assert [(v.number, v.status) for v in done.history] == [(1, "superseded")]
    back = done.undo(30)
    assert back.accepted.sequences == PLAN
    assert back.accepted.reason == ("Back to plan 1.", "恢复到计划 1。")
    assert [(v.number, v.status) for v in back.history] == [(2, "undone"), (1, "superseded")]
    assert not back.can_undo
    with pytest.raises(BoardError, match="no plan to go back to"):
        back.undo(40)


def test_a_proposal_is_rejected(plant: Problem) -> None:
    b = board(plant).propose(OTHER, WHY, 10).reject(20, reason=("No.", "否。"))
    assert b.proposal is None
    assert (b.history[0].status, b.history[0].reason) == ("rejected", ("No.", "否。"))
    with pytest.raises(BoardError, match=r"waiting: none") as failed:
        b.accept(30)
    assert failed.value.text[1].startswith("没有待决定的计划")
    with pytest.raises(BoardError, match=r"No plan 7 waits .* waiting: 3"):
        b.propose(OTHER, WHY, 30).accept(40, number=7)


def test_a_solver_does_not_overwrite_what_a_person_made(plant: Problem) -> None:
    b = board(plant).edit(Move("C", "b", 0), 10)
    assert b.proposal is not None
    assert b.proposal.by_hand
    assert b.propose(OTHER, WHY, 20) is b
    assert b.consider(AcceptPolicy(min_gain_share=0, change_cost=0), 30) == (b, None)
    again = b.edit(Swap("C", "E"), 40)
    assert again.proposal is not None
    assert again.proposal.sequences.lines["b"] == ("E", "D", "C")
    assert again.history[0].status == "superseded"


def test_edits_are_evaluated_at_once(plant: Problem) -> None:
    b = board(plant).edit(Swap("A", "C"), 10)
    assert b.proposal is not None
    assert b.proposal.sequences.lines["a"] == ("C", "B", "A")
    assert check(plant, b.proposal.schedule) == []
    assert b.accepted.sequences == PLAN
    assert b.proposal.reason[0] == "By hand: A and C change places."


@pytest.mark.parametrize(
    ("edit", "match"),
    [
        (Move("Z", "a", 0), "Z is not in the plan"),
        (Move("B", "b", 0), "b does not sew polo"),
        (Move("A", "z", 0), "no line z; there is: a, b"),
        (Move("A", "b", 3), "Place 3 of b does not exist; it has 0 to 2"),
        (Swap("A", "A"), "with itself"),
        (Swap("B", "E"), "b does not sew polo"),
        (Lock("B", "b"), "does not sew polo"),
        (Lock("Z"), "stands on no line"),
        (Unlock("A"), "A is not locked; locked are: none"),
    ],
)
def test_what_cannot_be_is_refused_in_words(plant: Problem, edit: Edit, match: str) -> None:
    with pytest.raises(EditError, match=match) as failed:
        board(plant).edit(edit, 5)
    assert failed.value.text[1]


def test_what_runs_and_what_is_frozen_is_not_moved(plant: Problem) -> None:
    state = carry_out(plant, PLAN, 20, freeze_ticks=3)
    b = PlanBoard.start(state.problem, state.sequences, 0)
    for edit, match in (
        (Move("B", "a", 0), "B is being sewn on a"),
        (Move("A", "a", 0), "A is not in the plan"),
        (Swap("C", "D"), "D is being sewn on b"),
        (Move("E", "a", 0), "E begins on b within the frozen time"),
        (Move("C", "b", 0), "E begins on b within the frozen time"),
        (Lock("E", "a"), "lock of E on a contradicts its fixed place on b"),
    ):
        with pytest.raises(EditError, match=match):
            b.edit(edit, 5)
    assert b.edit(Move("C", "b", 1), 5).proposal is not None


def test_precedence_and_skills_are_told(plant: Problem) -> None:
    styles = (replace(plant.styles[0], skills=frozenset({"overlock"})), plant.styles[1])
    lines = (replace(plant.lines[0], skills=frozenset({"overlock"})), plant.lines[1])
    skilled = replace(plant, styles=styles, lines=lines)
    b = PlanBoard.start(skilled, Sequences({"a": ("A", "B", "C", "D", "E")}), 0)
    with pytest.raises(EditError, match="b lacks the skills overlock"):
        b.edit(Move("A", "b", 0), 1)
    orders = {o.order: o for o in plant.orders}
    orders["C"] = replace(orders["C"], after=("B",))
    orders["E"] = replace(orders["E"], after=("C",))
    tied = replace(plant, orders=tuple(orders.values()))
    b = PlanBoard.start(tied, PLAN, 0)
    with pytest.raises(EditError, match="C has to follow B, which stands behind it on a"):
        b.edit(Move("C", "a", 0), 1)
    orders["D"] = replace(orders["D"], after=("E",))
    waiting = replace(plant, orders=tuple(orders.values()))
    start = Sequences({"a": ("A", "B", "C"), "b": ("E", "D")})
    b = PlanBoard.start(waiting, start, 0)
    orders["A"] = replace(orders["A"], after=("D",))
    crossed = replace(plant, orders=tuple(orders.values()))
    b = PlanBoard.start(crossed, Sequences({"a": ("B", "C", "A"), "b": ("E", "D")}), 0)
    with pytest.raises(EditError, match="wait for each other across lines"):
        b.edit(Move("A", "a", 1), 1)


def test_locks_hold_for_edits_and_solvers_and_may_not_contradict(plant: Problem) -> None:
    b = board(plant).edit(Lock("C"), 5)
    assert (dict(b.locks), b.proposal) == ({"C": "a"}, None)
    assert b.to_solve.order_of["C"].lines == ("a",)
    with pytest.raises(EditError, match="lock of C on b contradicts its lock on a"):
        b.edit(Lock("C", "b"), 6)
    with pytest.raises(EditError, match="C is locked on a; unlock it"):
        b.edit(Move("C", "b", 0), 6)
    kept = b.propose(OTHER, WHY, 7)
    assert kept.proposal is not None
    assert "C" in kept.proposal.sequences.lines["a"]
    free = b.edit(Unlock("C"), 8)
    assert free.to_solve.order_of["C"].lines == ()
    goes = free.edit(Lock("C", "b"), 9)
    assert goes.proposal is not None
    assert "C" in goes.proposal.sequences.lines["b"]


def test_a_disturbance_leads_to_a_provisional_plan_and_an_improved_one(plant: Problem) -> None:
    b = board(plant)
    d = disturb(
        plant, PLAN, 20, (Breakdown("a", 20, 90), Rush(Order("R", "T", "red", 5, 40, 20, 10)))
    )
    b = b.rebase(d.problem, 20, ("Line a is down.", "产线 a 故障。"))
    assert b.provisional is not None
    assert b.accepted.schedule.unplanned == {"R": "It has no place in this plan yet."}
    policy = AcceptPolicy(min_gain_share=0.01, change_cost=1, max_moved_share=1)
    b, decision = b.consider(policy, 21)
    assert decision is not None
    assert decision.accept
    assert (b.accepted.status, b.accepted.author, b.repaired) == ("accepted", "policy", True)
    assert b.to_solve.order_of["R"].weight == 10
    better = {"a": (), "b": tuple(dict.fromkeys(("R", "E", "C")))}
    b = b.propose(Sequences(better), WHY, 22, p50=100.0, p90=140.0)
    assert b.proposal is not None
    assert (b.proposal.p50, b.proposal.stale) == (100.0, None)
    b, decision = b.consider(policy, 23)
    assert decision is not None
    assert decision.accept, decision.why
    assert b.accepted.sequences.lines["b"] == ("R", "E", "C")
    assert not b.repaired


def test_reality_moves_on_while_a_proposal_waits(plant: Problem) -> None:
    elsewhere = Sequences({"a": ("A", "B", "E"), "b": ("D", "C")}, PLAN.cut_order)
    b = board(plant).propose(elsewhere, WHY, 1)
    # At 25 the plan in force has begun E on b, which the proposal wanted on a.
    now = carry_out(plant, b.accepted.sequences, 25)
    b = b.rebase(now.problem, 25)
    assert b.provisional is None
    assert b.proposal is not None
    assert b.proposal.stale == (
        "Begun since, and stays there: E (b).",
        "此后已开工、不再移动：E (b)。",
    )
    assert b.proposal.sequences.lines == {"a": (), "b": ("C",)}
    assert check(b.problem, b.proposal.schedule) == []
    done = b.accept(26)
    assert done.accepted.stale is None
    back = done.undo(27)
    assert back.accepted.sequences.lines == {"a": ("C",), "b": ()}


def test_undo_says_what_has_begun_meanwhile(plant: Problem) -> None:
    b = board(plant).propose(OTHER, WHY, 1).accept(2)
    now = carry_out(plant, OTHER, 33)  # C runs on b
    b = b.rebase(now.problem, 33).undo(34)
    assert b.accepted.reason[0] == "Back to plan 1. Begun since, and stays there: C (b)."


def test_orders_that_come_get_a_place(plant: Problem) -> None:
    b = board(plant).propose(OTHER, WHY, 1)
    more = replace(plant, orders=(*plant.orders, Order("N", "P", "red", 5, due=90)))
    b = b.rebase(more, 5)
    assert b.provisional is not None
    assert "N" in b.provisional.sequences.lines["a"]
    assert b.provisional.reason[0] == "Without a place so far: N."
    assert b.proposal is not None
    assert b.proposal.stale == ("Put in since: N.", "此后补排：N。")
    assert b.accept(6).provisional is None
    assert b.accept(6, number=b.provisional.number).proposal is b.proposal
    assert b.reject(6, number=b.provisional.number).provisional is None
    locked = b.edit(Lock("D"), 7)
    gone = carry_out(more, PLAN, 5)
    assert dict(locked.rebase(gone.problem, 8).locks) == {}


def test_the_difference_in_figures_and_words(plant: Problem) -> None:
    before = evaluated(plant, Sequences({"a": ("A", "B"), "b": ("D", "E")}, PLAN.cut_order))
    after = evaluated(plant, Sequences({"a": ("B", "C"), "b": ("E", "D")}, PLAN.cut_order))
    d = difference(before, after)
    assert {x.order: x.kind for x in d.changes} == {
        "B": "earlier", "C": "new", "E": "earlier", "D": "later", "A": "gone",
    }  # fmt: skip
    assert d.gain == before.value.cost - after.value.cost
    later = d.later[0]
    assert (later.order, later.shift, later.late_before, later.late_after) == ("D", 11, 0, 5)
    assert later.text == (
        "D stays on b and is done 11 min later, 5 min after its due date.",
        "D 仍在 b，晚 11 分钟完工，超交期 5 分钟。",
    )
    assert d.new[0].text[0].startswith("C is new on a")
    assert d.gone[0].text == (
        "A leaves a: It has no place in this plan yet.",
        "A 从 a 撤出，暂无排产位置。",
    )
    assert d.summary[0].startswith("2 orders earlier; 1 order later; 1 order new; 1 order without")
    assert "late orders 0 -> 1" in d.summary[0]
    same = difference(before, before)
    assert same.empty
    assert same.summary[1].startswith("没有订单变动")
    assert set(KINDS) >= {x.kind for x in d.changes}
    moved = difference(evaluated(plant, PLAN), evaluated(plant, OTHER)).moved[0]
    assert moved.text[0].startswith("C goes from a to b and is done 11 min earlier")


def test_the_policy_says_why(plant: Problem) -> None:
    change = board(plant).propose(OTHER, WHY, 1).change
    assert change is not None
    gain = change.gain
    assert gain > 0
    generous = AcceptPolicy(min_gain_share=0, change_cost=0, quiet_ms=100)
    assert generous.decide(change, 5).accept
    assert not replace(generous, change_cost=gain).decide(change, 5).accept
    assert not replace(generous, min_gain=gain + 1).decide(change, 5).accept
    few = replace(generous, max_moved_share=0.1).decide(change, 5)
    assert "1 of 5 orders would change line; at most 10%" in few.why[0]
    soon = generous.decide(change, 5, since_change_ms=40)
    assert "not before another 0 min" in soon.why[0]
    assert generous.decide(change, 5, since_change_ms=40, urgent=True).accept
    asks = AcceptPolicy(mode="ask")
    assert not asks.decide(change, 5).accept
    assert asks.decide_provisional().accept
    assert not AcceptPolicy(provisional_at_once=False).decide_provisional().accept
    for wrong in ({"mode": "never"}, {"min_gain_share": 2.0}, {"quiet_ms": -1}):
        with pytest.raises(ConfigError, match="AcceptPolicy"):
            AcceptPolicy(**wrong)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.integers(1, 100_000))
def test_any_series_of_steps_keeps_every_plan_feasible(
    draw: Callable[[int], Problem], seed: int
) -> None:
    rng = Random(seed)
    problem = draw(seed)
    c = compile_problem(problem)
    b = PlanBoard.start(problem, sequences_of(c, best_rule(c, ("EDD",)).plan), 0)
    names = {o.order for o in problem.orders}
    settled: set[str] = set()
    lines = [x.line for x in problem.lines]
    for step in range(8):
        orders = sorted(o.order for o in b.problem.orders) or ["none"]
        kind = rng.randrange(7)
        with suppress(EditError, BoardError):
            if kind == 0:
                b = b.edit(Move(rng.choice(orders), rng.choice(lines), rng.randrange(3)), step)
            elif kind == 1:
                b = b.edit(Swap(rng.choice(orders), rng.choice(orders)), step)
            elif kind == 2:
                b = b.edit(Lock(rng.choice(orders), rng.choice(["", *lines])), step)
            elif kind == 3:
                b = b.accept(step)
            elif kind == 4:
                b = b.undo(step)
            else:
                state = carry_out(b.problem, b.accepted.sequences, rng.randint(1, 25), 5)
                settled |= state.settled
                b = b.rebase(state.problem, step, WHY if kind == 5 else None)
        for version in (b.accepted, b.provisional, b.proposal):
            if version is not None:
                assert check(b.problem, version.schedule) == []
                rows = {r.order for r in version.schedule.rows}
                assert rows | set(version.schedule.unplanned) | settled == names
