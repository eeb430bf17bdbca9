"""The garment families: files that nobody changed, plans that the checker judges."""

import json
from dataclasses import replace

import pytest

from seamline_platform.experiments.scheduling import garment
from seamline_platform.experiments.scheduling.outcome import (
    problem_sha256,
    solution_document,
    solution_of,
)
from seamline_platform.planning.shop.generate import Recipe, draw_plant
from seamline_platform.planning.shop.problem import Problem
from seamline_platform.planning.shop.sequences import Sequences


@pytest.mark.parametrize("family", list(garment.SIZES))
def test_frozen_plants_are_what_the_generator_draws(family):
    cases = garment.load_frozen(family)
    assert [case.name for case in cases] == [str(seed) for seed in range(1001, 1011)]
    for case in cases:
        drawn = garment.drawn(family, int(case.name))
        assert case.problem == drawn
        assert problem_sha256(case.problem) == problem_sha256(drawn)
        assert (len(drawn.orders), len(drawn.lines)) == garment.SIZES[family]


def test_what_is_frozen_comes_back_whole():
    problem = draw_plant(Recipe(5, 2, seed=3))
    from seamline_platform.planning.shop.document import problem_of

    text = json.dumps(garment.frozen_document(problem))
    assert problem_of(json.loads(text)) == problem


def small() -> garment.GarmentCase:
    return garment.GarmentCase("garment_test", "1", draw_plant(Recipe(8, 2, seed=3)))


def test_rules_are_seven_times_four_and_pass_the_checker():
    case = small()
    rules = case.rules()
    assert len(rules) == 28
    assert {name.partition("/")[0] for name in rules} == {
        "FIFO", "SPT", "EDD", "WSPT", "ATC", "ATCS", "ECT-ATCS",
    }  # fmt: skip
    for solution in rules.values():
        assert case.check(solution).faults == ()
        assert solution_of(json.loads(json.dumps(solution_document(solution)))) == solution


def test_an_order_left_out_is_a_fault():
    case = small()
    solution = case.rules()["EDD/EDD"]
    assert isinstance(solution, Sequences)
    line = max(solution.lines, key=lambda name: len(solution.lines[name]))
    gone = solution.lines[line][0]
    fewer = replace(solution, lines={**solution.lines, line: solution.lines[line][1:]})
    assert case.check(fewer).faults == (f"{gone} is not planned though a line can sew it.",)


@pytest.mark.parametrize(
    ("lines", "said"),
    [({"L9": ("O1",)}, "line 'L9'"), ({"L1": ("O99",)}, "order 'O99'"),
     ({"L1": ("O1", "O1")}, "twice")],
)  # fmt: skip
def test_a_plan_of_unknown_names_is_a_fault(lines, said):
    (fault,) = small().check(Sequences(lines)).faults
    assert said in fault


def test_bars_cover_every_order_once():
    case = small()
    bars = case.bars(case.rules()["ATCS/EDD"])
    assert isinstance(case.problem, Problem)
    assert sorted(bar.label for bar in bars) == sorted(o.order for o in case.problem.orders)
    assert all(bar.start <= bar.start + bar.before <= bar.end for bar in bars)
