"""What finished orders say of processing times: truth is found, errors are not believed."""

import math
from dataclasses import replace
from random import Random
from statistics import fmean, stdev

import pytest

from seamline_broker.errors import ConfigError
from seamline_platform.planning.feedback import (
    LEAST_ORDERS,
    Feedback,
    Finished,
    Stop,
    corrected,
    feedback,
    noise_of,
)
from seamline_platform.planning.robust import inliers, location, scale, shrink, spread
from seamline_platform.planning.shop.check import check
from seamline_platform.planning.shop.compiled import Compiled, compile_problem
from seamline_platform.planning.shop.decode import decode
from seamline_platform.planning.shop.dispatching import best_rule
from seamline_platform.planning.shop.generate import Recipe, draw_plant
from seamline_platform.planning.shop.noise import QUIET, Failures, Noise
from seamline_platform.planning.shop.risk import run_forward
from seamline_platform.planning.shop.schedule import schedule_of
from seamline_platform.planning.shop.times import FOREVER, WorkTimes

CV = 0.2
TRUE = {("a", "tee"): 1.3, ("a", "polo"): 1.3, ("b", "tee"): 0.9, ("b", "polo"): 1.2}


def _orders(each: int, seed: int = 1) -> list[Finished]:
    rng = Random(seed)
    sd = math.sqrt(math.log(1 + CV * CV))
    rows, at = [], 0
    for n in range(each):
        for (line, family), factor in TRUE.items():
            work = rng.randint(200, 2000)
            took = round(work * factor * math.exp(rng.gauss(-sd * sd / 2, sd)))
            rows.append(
                Finished(
                    f"{line}{family}{n}", line, family, 100, work, at, at + work, at, at + took
                )
            )
            at += took
    return rows


def test_the_truth_is_found() -> None:
    known = feedback(_orders(100))
    for (line, family), factor in TRUE.items():
        assert known.of(line, family) == pytest.approx(factor, rel=0.05)
    assert known.cv == pytest.approx(CV, rel=0.12)
    assert known.lines["a"].factor > known.factor > known.lines["b"].factor
    # A line or family of which nothing is known is as the plant (or as the line) is.
    assert known.of("new", "tee") == known.factor
    assert known.of("a", "jeans") == known.lines["a"].factor


def test_it_is_right_on_average_over_many_plants() -> None:
    """The bias of the factors over 60 plants is below half a per cent."""
    found = [feedback(_orders(25, seed)) for seed in range(60)]
    assert fmean(k.of("a", "tee") for k in found) == pytest.approx(1.3, rel=0.02)
    assert fmean(k.cv or 0 for k in found) == pytest.approx(CV, rel=0.05)


def test_with_few_data_nothing_changes() -> None:
    problem = draw_plant(Recipe(10, 3, 1))
    assert feedback([]) == Feedback()
    assert corrected(problem, feedback([])) is problem
    few = feedback(_orders(3)[: LEAST_ORDERS - 1])
    assert (few.factor, few.cv, few.of("a", "tee")) == (1.0, None, 1.0)
    assert corrected(problem, few) is problem
    assert noise_of(few, Noise(0.33)) == Noise(0.33)


def test_few_data_of_a_line_are_pulled_towards_the_plant() -> None:
    rows = _orders(20)
    odd = [
        replace(rows[0], order=f"c{n}", line="c", work=100, start=0, end=200 + n) for n in range(3)
    ]
    known = feedback(rows + odd)
    assert known.factor < known.lines["c"].factor < 2.0


@pytest.mark.parametrize("factor", [0.01, 40.0])
def test_one_absurd_order_does_not_move_it(factor: float) -> None:
    rows = _orders(10)
    before = feedback(rows)
    absurd = replace(
        rows[0], order="absurd", end=rows[0].start + max(round(rows[0].work * factor), 1)
    )
    after = feedback([*rows, absurd])
    assert after.dropped == ("absurd",)
    for line, family in TRUE:
        assert after.of(line, family) == pytest.approx(before.of(line, family), rel=1e-12)


def test_closed_hours_and_stops_are_no_work() -> None:
    day = WorkTimes((0, 100), (40, FOREVER))
    row = Finished("A", "a", "tee", 10, 30, 20, 50, 20, 130)
    # 20 to 40 and 100 to 130 are 50 working ticks, of which two stops that overlap take 20.
    rows = [replace(row, order=f"A{n}") for n in range(LEAST_ORDERS)]
    known = feedback(rows, [Stop("a", 30, 35), Stop("a", 32, 115)], {"a": day})
    assert known.factor == pytest.approx((50 - 25) / 30)
    assert known.lines["a"].late == 80


def test_failures_are_found() -> None:
    rng = Random(4)
    rows, stops = [], []
    for line, mtbf in (("a", 500.0), ("b", 4000.0)):
        at = 0
        next_stop = rng.expovariate(1 / mtbf)
        for n in range(150):
            begin, left = at, 400.0
            while next_stop < left:
                left -= next_stop
                at += round(next_stop)
                down = max(1, round(30 * math.exp(rng.gauss(-0.125, 0.5))))
                stops.append(Stop(line, at, at + down))
                at += down
                next_stop = rng.expovariate(1 / mtbf)
            next_stop -= left
            at += round(left)
            rows.append(Finished(f"{line}{n}", line, "tee", 9, 400, 0, 400, begin, at))
    known = feedback(rows, stops)
    assert known.factor == pytest.approx(1.0, abs=0.01)
    assert known.failures["a"].mtbf == pytest.approx(500, rel=0.2)
    assert 2500 < known.failures["b"].mtbf < 6000
    assert known.failures["a"].mttr == pytest.approx(30, rel=0.15)
    assert known.failures["a"].repair_cv == pytest.approx(math.sqrt(math.expm1(0.25)), rel=0.25)
    assert known.other_lines is not None
    assert known.failures["a"].mtbf < known.other_lines.mtbf < known.failures["b"].mtbf
    assert noise_of(known, Noise()).of("new") == known.other_lines


def test_few_stops_say_nothing() -> None:
    known = feedback(_orders(5), [Stop("a", 0, 9), Stop("b", 0, 9)])
    assert (known.failures, known.other_lines) == ({}, None)
    assumed = Noise(other_lines=Failures(10, 1))
    assert noise_of(known, assumed).other_lines == Failures(10, 1)


def test_plans_take_as_long_as_orders_took() -> None:
    problem = draw_plant(Recipe(10, 2, 1))
    lines = [line.line for line in problem.lines]
    rows = [
        Finished(f"x{n}", lines[n % 2], "F1", 9, 100, 0, 100, 0, 125 + n % 3) for n in range(20)
    ]
    known = feedback(rows)
    better = corrected(problem, known)
    old, new = (compile_problem(p) for p in (problem, better))
    for before, after in zip(old.work, new.work, strict=True):
        for x, y in zip(before, after, strict=True):
            assert y == (x if x < 0 else pytest.approx(x * 1.26, abs=1.6))
    assert check(better, schedule_of(new, best_rule(new).plan)) == []


def test_robust_estimates_by_hand() -> None:
    assert scale([1, 2, 3, 4, 100]) == pytest.approx(1.4826)
    assert inliers([1, 2, 3, 4, 100]) == [True, True, True, True, False]
    assert inliers([1, 100]) == [True, True]
    assert location([5.0]) == 5
    # sd 2.2239, so 100 pulls with 1.345 sd = 2.9911: (0 + 1 + 2 + 3 + 4 + 2.9911) / 5.
    assert location([0.0, 1.0, 2.0, 3.0, 4.0, 100.0]) == pytest.approx(2.59823, abs=1e-5)


def test_the_spread_by_all_distances() -> None:
    # Distances of 1, 2, 4, 8, 100: the third (3 of 10) is 3.
    assert spread([8, 1, 100, 2, 4]) == pytest.approx(2.2219 * 0.844 * 3)
    assert spread([1.0]) == 0
    rng = Random(1)
    many = [rng.gauss(5, 2) for _ in range(3_000)]
    assert spread(many) == pytest.approx(2, rel=0.05)
    assert spread(many[:400] + [1e6] * 100) == pytest.approx(2, rel=0.6)
    # Over 200 samples of 20 the mean is right, and it scatters less than the median deviation.
    drawn = [[rng.gauss(0, 1) for _ in range(20)] for _ in range(200)]
    found, plain = [spread(x) for x in drawn], [scale(x) for x in drawn]
    assert fmean(found) == pytest.approx(1, abs=0.05)
    assert stdev(found) < 0.8 * stdev(plain)


def test_shrinkage_by_hand() -> None:
    groups = {"a": [0.9, 1.0, 1.1], "b": [-1.1, -1.0, -0.9], "few": [5.0]}
    made = shrink(groups, 2)
    # Inside: -.1 0 .1 -.1 0 .1 0: of 21 distances the 6th is 0.1; 4 degrees of freedom of 7.
    within = 2.2219 * 0.857 * 0.1 * math.sqrt(7 / 4)
    between = 2 - within**2 / 3
    assert made.within == pytest.approx(within)
    assert made.effects["a"] == pytest.approx(3 * between / (3 * between + within**2))
    assert "few" not in made.effects
    assert shrink({"a": [1.0, 2.0]}, 2).effects == {"a": 0.0}


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigError, match="Order A was sewn from 5 to 5"):
        Finished("A", "a", "tee", 1, 1, 0, 1, 5, 5)
    with pytest.raises(ConfigError, match="Line a stopped from 5 to 4"):
        Stop("a", 5, 4)


def test_plans_come_true_better_after_feedback() -> None:
    """Lines that are up to 40 % slower or faster than thought: five rounds of work teach it."""
    thought = draw_plant(Recipe(40, 6, 7))
    rng = Random(7)
    truth = replace(
        thought,
        lines=tuple(
            replace(x, efficiency={f: v / rng.uniform(0.7, 1.4) for f, v in x.efficiency.items()})
            for x in thought.lines
        ),
    )
    wrong, right = compile_problem(thought), compile_problem(truth)
    plan = best_rule(wrong).plan
    assert check(thought, schedule_of(wrong, plan)) == []
    planned = decode(wrong, plan)
    rows = []
    for run, t in enumerate(run_forward(right, plan, replace(QUIET, sewing_cv=0.15), 1, range(5))):
        for i, o in enumerate(thought.orders):
            line = thought.lines[planned.line[i]]
            family = thought.style_of[o.style].family
            rows.append(
                Finished(
                    f"{o.order}.{run}", line.line, family, o.pieces,
                    wrong.work[planned.line[i]][i], planned.sew_start[i], planned.sew_end[i],
                    t.sew_start[i], max(t.sew_end[i], t.sew_start[i] + 1),
                )
            )  # fmt: skip
    known = feedback(rows)
    learnt = compile_problem(corrected(thought, known))
    placed = [(planned.line[i], i) for i in range(len(thought.orders))]

    def error(c: Compiled) -> float:
        return fmean(abs(math.log(c.work[k][i] / right.work[k][i])) for k, i in placed)

    assert error(learnt) < 0.4 * error(wrong)
    assert known.cv == pytest.approx(0.15, rel=0.25)
    assert noise_of(known, Noise(0.5)).sewing_cv == known.cv
