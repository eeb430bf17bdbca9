"""The figures of re-planning: their definitions, on a small plant."""

import json
from dataclasses import replace

import pytest

from seamline_platform.experiments.scheduling.replan import (
    Damage,
    Trial,
    disturbed_plant,
    figures_of,
    one,
    trials_of,
)
from seamline_platform.planning.replan.disturbance import Disturbed, Rush, disturb
from seamline_platform.planning.replan.evaluated import evaluated
from seamline_platform.planning.replan.provisional import provisional
from seamline_platform.planning.shop.compiled import compile_problem
from seamline_platform.planning.shop.dispatching import best_rule
from seamline_platform.planning.shop.generate import Recipe, draw_plant
from seamline_platform.planning.shop.sequences import Sequences, sequences_of

SMALL = Trial(seed=201, orders=16, lines=4, before_cpu_s=0.2, after_cpu_s=0.2, compare=True)


def test_recovered_is_a_share_of_the_damage() -> None:
    problem = draw_plant(Recipe(2, 1, 1))
    nothing = Disturbed(problem, Sequences({}), frozenset())
    damage = Damage(nothing, Sequences({}), right_shift=500, undisturbed=100, no_rush=50)
    assert damage.recovered(200) == 0.75
    assert damage.recovered(500) == 0
    assert damage.recovered(60) == 1.1
    assert damage.against_no_rush(275) == 0.5
    assert replace(damage, undisturbed=500).recovered(500) == 1


def test_the_references_are_what_the_words_say() -> None:
    problem = draw_plant(Recipe(SMALL.orders, SMALL.lines, SMALL.seed))
    c = compile_problem(problem)
    plan = sequences_of(c, best_rule(c, ("ATCS",)).plan)
    damage, timing = disturbed_plant(problem, plan, SMALL.seed)
    d = damage.disturbed
    assert damage.right_shift == evaluated(d.problem, damage.plan).value.cost
    assert damage.no_rush <= damage.undisturbed <= damage.right_shift
    assert 0 <= damage.held <= damage.right_shift - damage.undisturbed
    assert timing["provisional_cpu_ms"] > 0
    now = evaluated(problem, plan).value.makespan // 4
    rush = d.problem.order_of["RUSH"]
    quiet = disturb(
        problem, plan, now, Rush(replace(rush, due=rush.due + now, release=rush.release + now))
    )
    with_rush = provisional(quiet.problem, quiet.sequences)
    assert damage.undisturbed == evaluated(quiet.problem, with_rush).value.cost


def test_a_plant_gives_figures_with_their_targets() -> None:
    row = one(SMALL)
    assert row["after"] <= row["right_shift"]
    assert row["moved_share"] <= 0.2
    figures = json.loads(json.dumps(figures_of([row, {**row, "recovered": 0.1}], [SMALL])))
    assert figures["recovered"]["target"] == 0.65
    assert figures["recovered"]["reached"] == pytest.approx((row["recovered"] + 0.1) / 2, abs=1e-4)
    assert figures["recovered"]["least"] == min(row["recovered"], 0.1)
    assert figures["recovered"]["capped"] <= figures["recovered"]["reached"]
    assert figures["provisional_ms"]["target"] == 100
    assert figures["moved_share"]["ok"]
    assert set(figures["strategies"]) >= {"right_shift", "improve", "scratch_annealing"}
    assert figures["strategies"]["improve"]["after"] <= row["right_shift"]


def test_trials_are_twenty_plants_of_the_size_that_counts() -> None:
    trials = trials_of(1, quick=False)
    assert len({t.seed for t in trials}) == 20
    assert {(t.orders, t.lines, t.before_cpu_s, t.after_cpu_s) for t in trials} == {
        (60, 12, 20.0, 4.0)
    }
    assert sum(t.compare for t in trials) == 4
    assert not {t.seed for t in trials} & {t.seed for t in trials_of(2, quick=False)}
