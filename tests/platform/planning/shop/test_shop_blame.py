"""Lateness by cause: plants in which the cause is known, and sums that are exact."""

import time
from dataclasses import replace
from itertools import permutations
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seamline_platform.planning.replan.disturbance import (
    Absence,
    Breakdown,
    Disturbance,
    LateFabric,
    disturb,
)
from seamline_platform.planning.shop.annealing import Budget, anneal_plan
from seamline_platform.planning.shop.blame import (
    PARTS,
    PlanBlame,
    blame,
    blame_text,
    part_text,
    share,
)
from seamline_platform.planning.shop.check import check
from seamline_platform.planning.shop.compiled import compile_problem
from seamline_platform.planning.shop.decode import Plan
from seamline_platform.planning.shop.dispatching import best_rule
from seamline_platform.planning.shop.generate import Recipe, draw_plant
from seamline_platform.planning.shop.problem import (
    Line,
    Order,
    Problem,
    Ramp,
    Setups,
    Stage,
    Style,
)
from seamline_platform.planning.shop.schedule import Schedule, schedule_of
from seamline_platform.planning.shop.sequences import Sequences, plan_of, sequences_of
from seamline_platform.planning.shop.times import FOREVER, WorkTimes

TEE = Style("T", "tee", smv=1.0)
SLOW = Style("S", "tee", smv=1.0, cut=1.0, finish=1.0)
POLO = Style("P", "polo", smv=1.0)


def plant(*orders: Order, lines: int = 1, **changes: object) -> Problem:
    base: dict[str, object] = {
        "name": "hand",
        "styles": (TEE, SLOW, POLO),
        "orders": orders,
        "lines": tuple(
            Line(name, 1, {"tee": 1.0, "polo": 1.0}, style="T", colour="red")
            for name in "abc"[:lines]
        ),
        "cutting": Stage(9),
        "finishing": Stage(9),
        "setups": Setups(0, 0, 30),
    }
    return Problem(**{**base, **changes})  # type: ignore[arg-type]


def order(name: str, pieces: int = 20, due: int = 1000, style: str = "T", **more: object) -> Order:
    return Order(name, style, "red", pieces, due, **more)  # type: ignore[arg-type]


def parts(p: Problem, plan: Plan, name: str, undisturbed: Problem | None = None) -> dict[str, int]:
    s = schedule_of(compile_problem(p), plan)
    assert check(p, s) == []
    found = blame(p, s, undisturbed).of(name)
    assert found is not None
    assert sum(found.parts.values()) == found.late
    return {part: ticks for part, ticks in found.parts.items() if ticks}


def test_a_full_line_is_capacity() -> None:
    p = plant(order("A", 50), order("B", 20, due=30))
    assert parts(p, Plan(((0, 1),), (0, 1)), "B") == {"capacity": 40}


def test_a_slow_line_is_capacity() -> None:
    p = plant(order("A", 40, due=50), lines=2)
    p = replace(p, lines=(replace(p.lines[0], efficiency={"tee": 0.5}), p.lines[1]))
    assert parts(p, Plan(((0,), ()), (0,)), "A") == {"capacity": 30}


def test_an_impossible_due_date_is_nobodys_fault() -> None:
    p = plant(order("A", 50, due=20, release=10))
    assert parts(p, Plan(((0,),), (0,)), "A") == {"due": 40}


def test_a_setup() -> None:
    p = plant(order("A", 40, due=50, style="P", kit=0))
    assert parts(p, Plan(((0,),), ()), "A") == {"setup": 20}


def test_learning_counts_as_setup() -> None:
    p = plant(order("A", 80, due=80, style="P", kit=0), setups=Setups(0, 0, 0))
    p = replace(p, ramp=Ramp(0.5, 0.2, 10))
    # It loses .5 x 10 x (1 - e^-8) = 5 ticks.
    assert parts(p, Plan(((0,),), ()), "A") == {"setup": 5}


def test_a_cutting_table_and_a_finishing_place() -> None:
    kits = (order("A", 50, style="S", lines=("a",)), order("B", 20, 45, style="S", lines=("b",)))
    p = plant(*kits, lines=2, cutting=Stage(1))
    # B is cut 50-70 instead of 0-20 and done at 110; 60 are possible, so 15 is not avoidable.
    assert parts(p, Plan(((0,), (1,)), (0, 1)), "B") == {"cutting": 50, "due": 15}
    cut = tuple(replace(o, kit=0) for o in kits)
    p = plant(replace(cut[0], pieces=15), replace(cut[1], due=40), lines=2, finishing=Stage(1))
    # A is finished 15-30; B is sewn at 20 and finished 30-50.
    assert parts(p, Plan(((0,), (1,)), ()), "B") == {"finishing": 10}


def test_late_cloth() -> None:
    before = plant(order("A", 30, due=50, release=10))
    late = replace(before, orders=(replace(before.orders[0], release=70),))
    plan = Plan(((0,),), (0,))
    assert parts(late, plan, "A", before) == {"material": 50}
    # Without a promise its release is what was agreed, and the due date could not be kept.
    assert parts(late, plan, "A") == {"due": 50}
    # An order behind it on the line waits for that cloth too.
    p = replace(late, orders=(*late.orders, order("B", 20, due=90)))
    calm = replace(before, orders=(*before.orders, order("B", 20, due=90)))
    assert parts(p, Plan(((0, 1),), (0, 1)), "B", calm)["material"] >= 15


def test_a_late_kit() -> None:
    before = plant(order("A", 30, due=40, kit=5))
    late = replace(before, orders=(replace(before.orders[0], kit=25),))
    assert parts(late, Plan(((0,),), ()), "A", before) == {"material": 15}


def test_a_line_that_is_not_free() -> None:
    before = plant(order("A", 30, due=50))
    broken = replace(before, lines=(replace(before.lines[0], free=60),))
    plan = Plan(((0,),), (0,))
    assert parts(broken, plan, "A", before) == {"breakdown": 40}
    # What runs until 60 as planned is no breakdown.
    assert parts(broken, plan, "A") == {"capacity": 40}


def test_a_line_that_is_closed_by_a_breakdown_and_lacks_people() -> None:
    before = plant(order("A", 30, due=50))
    broken = replace(
        before, calendars={"down": WorkTimes((0, 100), (10, FOREVER))},
        lines=(replace(before.lines[0], calendar="down"),),
    )  # fmt: skip
    plan = Plan(((0,),), (0,))
    assert parts(broken, plan, "A", before) == {"breakdown": 70}
    fewer = replace(before, lines=(replace(before.lines[0], efficiency={"tee": 0.5}),))
    assert parts(fewer, plan, "A", before) == {"breakdown": 10}


def test_two_causes_that_only_together_make_it_late_share_it() -> None:
    """A set-up of 30 behind an order of 40: each alone would do no harm."""
    p = plant(order("A", 40, kit=0), order("B", 20, due=70, style="P", kit=0))
    # Alone: set-up 30 and 20 of sewing, in time; without set-up it ends at 60, in time.
    assert parts(p, Plan(((0, 1),), ()), "B") == {"capacity": 10, "setup": 10}


def test_shares_by_hand_and_by_all_sequences() -> None:
    rng = Random(3)
    for _ in range(20):
        v = [0] * 64
        for mask in range(64):
            below = [v[mask ^ (1 << k)] for k in range(6) if mask >> k & 1]
            v[mask] = max(below, default=0) + rng.choice((0, 0, 1, 7))
        exact = [0] * 6
        for sequence in permutations(range(6)):
            mask = 0
            for k in sequence:
                exact[k] += v[mask | 1 << k] - v[mask]
                mask |= 1 << k
        made = share(v, v[0])
        assert sum(made.values()) == v[63]
        for k, part in enumerate(PARTS[:6]):
            assert abs(made[part] - exact[k] / 720) < 1


def _disturbed(seed: int) -> tuple[Problem, Schedule, Problem]:
    """A drawn plant that is disturbed: what is left, its plan, and the same without disturbance."""
    rng = Random(seed)
    p = draw_plant(Recipe(rng.randint(3, 12), rng.randint(1, 4), seed, ramp=rng.random() < 0.5))
    c = compile_problem(p)
    sequences = sequences_of(c, best_rule(c).plan)
    now = rng.randint(0, 30)
    line = rng.choice(p.lines).line
    events: list[Disturbance] = []
    if rng.random() < 0.6:
        events.append(Breakdown(line, now, now + rng.randint(1, 60)))
    if rng.random() < 0.4:
        events.append(Absence(rng.choice(p.lines).line, 1, now + rng.randint(1, 90)))
    if rng.random() < 0.5:
        events.append(LateFabric((rng.choice(p.orders).order,), now + rng.randint(1, 90)))
    left = disturb(p, sequences, now, events)
    calm = disturb(p, sequences, now, ())
    lc = compile_problem(left.problem)
    plan = plan_of(lc, Sequences(left.sequences.lines, left.sequences.cut_order))
    return left.problem, schedule_of(lc, plan), calm.problem


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10**6))
def test_parts_are_never_negative_and_sum_to_the_lateness(seed: int) -> None:
    p, s, calm = _disturbed(seed)
    assert check(p, s) == []
    for undisturbed in (None, calm, p):
        found = blame(p, s, undisturbed)
        late = {row.order: row.late for row in s.rows if row.late}
        assert {o.order: o.late for o in found.orders} == late
        for o in found.orders:
            assert sum(o.parts.values()) == o.late
            assert min(o.parts.values()) >= 0
            if undisturbed is not calm:
                assert o.parts["breakdown"] == 0
        assert sum(found.parts.values()) == sum(late.values())
        assert sum(found.weighted.values()) == s.value.weighted_tardiness


def test_a_plan_in_time_has_nothing_to_blame() -> None:
    p = plant(order("A"))
    s = schedule_of(compile_problem(p), Plan(((0,),), (0,)))
    assert blame(p, s) == PlanBlame(())
    assert blame(p, s).of("A") is None


def test_words() -> None:
    p = plant(order("A", 40, kit=0), order("B", 20, due=60, style="P", kit=0))
    s = schedule_of(compile_problem(p), Plan(((0, 1),), ()))
    found = blame(p, s).of("B")
    assert found is not None
    en, zh = blame_text(found, p.tick_ms)
    assert en.startswith("B is 30 min late: 15 min for want of capacity; 15 min for set-ups")
    assert zh == "B 晚 30 分钟：产能不足 15 分钟；换款及爬坡 15 分钟"
    assert found.main == "capacity"
    assert part_text("due", 90, 60_000) == (
        "1.5 hours that no plan can avoid",
        "交期本身无法满足 1.5 小时",
    )


def test_it_is_quick() -> None:
    c = compile_problem(draw_plant(Recipe(60, 12, 1)))
    plan = anneal_plan(c, best_rule(c).plan, Budget(moves=2_000), lambda: 0.0).plan
    s = schedule_of(c, plan)
    begun = time.process_time()
    found = blame(c.problem, s)
    assert time.process_time() - begun < 0.5
    assert found.orders[0].late == max(row.late for row in s.rows)
    assert pytest.approx(s.value.weighted_tardiness) == sum(found.weighted.values())
