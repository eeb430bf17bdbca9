"""What is left of a plan that is carried out: by hand, and equal to the whole on any plant."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seamline_broker.errors import ConfigError
from seamline_platform.planning.replan.state import carry_out
from seamline_platform.planning.shop.compiled import compile_problem
from seamline_platform.planning.shop.dispatching import best_rule
from seamline_platform.planning.shop.problem import Line, Order, Problem, Setups, Stage, Style
from seamline_platform.planning.shop.schedule import Schedule
from seamline_platform.planning.shop.sequences import Sequences, sequences_of

Checked = Callable[[Problem, Sequences], Schedule]
TEE = Style("T", "tee", smv=1.0, cut=0.5, finish=0.5)
POLO = Style("P", "polo", smv=2.0, cut=0.5, finish=0.5)


def hand_problem() -> Problem:
    return Problem(
        name="hand",
        styles=(TEE, POLO),
        orders=(
            Order("A", "T", "red", 10, due=30),
            Order("B", "P", "red", 10, due=40, after=("A",)),
            Order("C", "T", "red", 8, due=60, release=12),
        ),
        lines=(Line("a", 1, {"tee": 1.0, "polo": 1.0}, style="T", colour="red"),),
        cutting=Stage(1, transport=1),
        finishing=Stage(1),
        setups=Setups(same_style=2, same_family=4, other=6),
    )


PLAN = Sequences({"a": ("A", "B", "C")}, ("A", "B", "C"))


def test_by_hand(schedule: Checked) -> None:
    # A: cut 0-5, sewn 6-16, finished 16-21. B: cut 5-10, set up 16-22, sewn 22-42, finished 42-47.
    # C: cut 12-16, set up 42-48, sewn 48-56, finished 56-60.
    whole = schedule(hand_problem(), PLAN)
    assert [(r.sew_start, r.sew_end, r.done) for r in whole.rows] == [
        (6, 16, 21),
        (22, 42, 47),
        (48, 56, 60),
    ]
    state = carry_out(hand_problem(), PLAN, 14)
    left = state.problem
    assert state.sequences == Sequences({"a": ("B", "C")}, ())
    assert (left.order_of["A"].sewn, left.order_of["A"].lines) == (2, ("a",))
    assert left.order_of["B"].kit == 0  # its kit came at 11
    assert left.order_of["C"].kit == 3  # the table cuts it until 16, the way takes 1
    assert (left.cutting.busy, left.finishing.busy) == ((2,), ())
    assert (left.lines[0].free, left.lines[0].style) == (2, "T")
    assert [o.due for o in left.orders] == [16, 26, 46]
    assert [r.done for r in schedule(left, state.sequences).rows] == [33, 46, 7]
    assert [r.sew_start for r in state.past] == [6 - 14]


def test_a_set_up_that_has_begun_is_not_made_again(schedule: Checked) -> None:
    state = carry_out(hand_problem(), PLAN, 19)
    left = state.problem
    assert state.settled == {"A"}
    assert left.finishing.busy == (2,)
    assert (left.lines[0].free, left.lines[0].style) == (3, "P")
    assert left.order_of["B"].after == ()
    rows = schedule(left, state.sequences).rows
    assert (rows[0].setup, rows[0].sew_start, rows[0].done) == (0, 3, 28)
    assert rows[1].setup == 6


def test_the_frozen_time_fixes_the_head() -> None:
    state = carry_out(hand_problem(), PLAN, 14, freeze_ticks=9)
    assert state.problem.fixed == {"a": ("B",)}
    later = carry_out(state.problem, state.sequences, 1)
    assert later.problem.fixed == {"a": ("B",)}
    assert carry_out(later.problem, later.sequences, 8).problem.fixed == {}


def test_bad_times_are_refused() -> None:
    with pytest.raises(ConfigError, match="Now is -1"):
        carry_out(hand_problem(), PLAN, -1)
    with pytest.raises(ConfigError, match="frozen time -2"):
        carry_out(hand_problem(), PLAN, 0, -2)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.integers(1, 100_000), st.lists(st.integers(1, 40), min_size=1, max_size=6))
def test_carried_out_in_pieces_it_takes_the_same_times(
    draw: Callable[[int], Problem], schedule: Checked, seed: int, steps: list[int]
) -> None:
    problem = draw(seed)
    c = compile_problem(problem)
    sequences = sequences_of(c, best_rule(c, ("FIFO", "EDD")).plan)
    whole = {row.order: row for row in schedule(problem, sequences).rows}
    now = 0
    for step in steps:
        state = carry_out(problem, sequences, step)
        problem, sequences = state.problem, state.sequences
        now += step
        rows = schedule(problem, sequences).rows
        for row in (*rows, *(r for r in state.past if r.order in state.settled)):
            old = whole[row.order]
            assert row.line == old.line
            assert row.done + now == old.done, (row, old)
            assert row.sew_end + now == old.sew_end or old.sew_end <= now
            if problem.order_of.get(row.order) and problem.order_of[row.order].sewn is None:
                assert row.sew_start + now == old.sew_start
                assert row.cut_start is None or row.cut_start + now == old.cut_start
