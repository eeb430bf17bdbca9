"""Plans against each other under equal luck, and predictions against what came."""

import json
from dataclasses import replace

import numpy as np
import pytest

from seamline_broker.errors import ConfigError
from seamline_platform.planning.shop.annealing import Budget, anneal_plan
from seamline_platform.planning.shop.check import check
from seamline_platform.planning.shop.compiled import Compiled, compile_problem
from seamline_platform.planning.shop.decode import Plan, evaluate
from seamline_platform.planning.shop.dispatching import best_rule
from seamline_platform.planning.shop.generate import Recipe, draw_plant
from seamline_platform.planning.shop.noise import Failures, Noise
from seamline_platform.planning.shop.predictions import (
    Prediction,
    pinball,
    prediction_of,
    score,
    score_of,
)
from seamline_platform.planning.shop.risk import run_forward, simulate
from seamline_platform.planning.shop.schedule import schedule_of
from seamline_platform.planning.shop.whatif import compare, paired_t, with_allowance

NOISE = Noise(other_lines=Failures(240, 6))


def _plans(orders: int = 20, lines: int = 4, seed: int = 2) -> tuple[Compiled, dict[str, Plan]]:
    c = compile_problem(draw_plant(Recipe(orders, lines, seed)))
    rule = best_rule(c).plan
    better = anneal_plan(c, rule, Budget(moves=20_000), lambda: 0.0).plan
    for plan in (rule, better):
        assert check(c.problem, schedule_of(c, plan)) == []
    return c, {"rule": rule, "better": better}


def test_a_clearly_better_plan_is_chosen() -> None:
    c, plans = _plans()
    found = compare(c, plans, NOISE, runs=100)
    assert (found.chosen, found.kept, found.clear) == ("better", "rule", True)
    old, new = (np.array([v.cost for v in found.risks[n].values]) for n in ("rule", "better"))
    assert found.gain.mean == pytest.approx((old - new).mean())
    assert found.gain.low > 0
    by_name = {x.name: x for x in found.candidates}
    assert by_name["better"].against_chosen.mean == 0
    assert by_name["rule"].against_chosen == found.gain
    assert by_name["better"].planned == evaluate(c, plans["better"])


def test_a_plan_that_is_not_clearly_better_moves_nobody() -> None:
    c, plans = _plans()
    rule = plans["rule"]
    line = max(range(4), key=lambda k: len(rule.sequences[k]))
    last = list(rule.sequences[line])
    last[-2:] = last[:-3:-1]
    swapped = Plan(
        tuple(tuple(last) if k == line else s for k, s in enumerate(rule.sequences)), rule.cut_order
    )
    for keep in ("a", "b"):
        found = compare(c, {"a": rule, "b": swapped}, NOISE, runs=4, keep=keep)
        if not found.gain.clear:
            assert found.chosen == keep
    same = compare(c, {"a": rule, "b": rule}, NOISE, runs=50, keep="b")
    assert (same.chosen, same.cheapest, same.gain.mean) == ("b", "b", 0)


def test_a_plan_can_be_chosen_by_its_bad_days() -> None:
    c, plans = _plans()
    found = compare(c, plans, NOISE, runs=100, by="p90")
    p90 = {name: risk.cost.p90 for name, risk in found.risks.items()}
    assert found.chosen == "better"
    assert found.gain.mean == p90["rule"] - p90["better"]
    assert found.gain.low < found.gain.mean < found.gain.high
    assert compare(c, plans, NOISE, runs=100, by="p90").gain == found.gain


def test_the_paired_t_interval() -> None:
    # Mean 3, sd 1.5811, n 5: t(4, .975) = 2.776, half width 1.9632.
    gain = paired_t([1.0, 2.0, 3.0, 4.0, 5.0])
    assert gain.mean == 3
    assert (gain.low, gain.high) == pytest.approx((1.0368, 4.9632), abs=1e-4)


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    c, plans = _plans(12, 3, 3)

    def difference(seed: int, runs: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        a, b = (simulate(c, p, NOISE, seed, runs).values for p in plans.values())
        return np.array([float(x.cost - y.cost) for x, y in zip(a, b, strict=True)])

    truth = difference(0, 3000).mean()
    inside = 0
    for seed in range(1, 101):
        gain = paired_t(difference(seed, 30))
        inside += gain.low <= truth <= gain.high
    # 95 of 100 expected; fewer than 88 has a chance of about one in a thousand.
    assert 88 <= inside <= 100


def test_an_allowance_by_hand() -> None:
    c, _ = _plans()
    more = with_allowance(c, 0.25)
    for before, after in zip(c.work, more.work, strict=True):
        assert after == [w if w < 0 else -(-w * 5 // 4) for w in before]
    assert with_allowance(c, 0).work == c.work
    with pytest.raises(ConfigError, match=r"An allowance of 1\.5"):
        with_allowance(c, 1.5)


def test_plans_that_cannot_be_compared() -> None:
    c, plans = _plans()
    with pytest.raises(ConfigError, match="No plan is given"):
        compare(c, {}, NOISE)
    with pytest.raises(ConfigError, match="The plan to keep is 'x'; there is: rule, better"):
        compare(c, plans, NOISE, keep="x")
    fewer = Plan(
        (plans["rule"].sequences[0][1:], *plans["rule"].sequences[1:]), plans["rule"].cut_order
    )
    with pytest.raises(ConfigError, match="'fewer' has 19 orders, 'rule' has 20"):
        compare(c, {**plans, "fewer": fewer}, NOISE)
    with pytest.raises(ConfigError, match="needs 2 or more"):
        compare(c, plans, NOISE, runs=1)


def test_a_prediction_goes_through_json() -> None:
    c, plans = _plans()
    problem = replace(c.problem, start_ms=1_700_000_000_000)
    risk = simulate(c, plans["rule"], NOISE, runs=20)
    made = prediction_of(problem, "rule", risk)
    assert Prediction.from_dict(json.loads(json.dumps(made.to_dict()))) == made
    first = made.orders[0]
    assert first.done[2] == 1_700_000_000_000 + risk.promise(first.order) * 600_000
    with pytest.raises(ConfigError, match="no prediction: 'orders'"):
        Prediction.from_dict({"plan": "x"})
    with pytest.raises(ConfigError, match="no prediction"):
        Prediction.from_dict({**made.to_dict(), "cost": [1, 2]})


def test_scores_by_hand() -> None:
    assert pinball(10, 8, 0.9) == pytest.approx(1.8)
    assert pinball(8, 10, 0.9) == pytest.approx(0.2)
    made = score_of([((0, 10, 20), 12), ((0, 10, 20), 25), ((0, 10, 20), 5)])
    assert made is not None
    assert (made.count, made.bias, made.mean_error) == (3, pytest.approx(4), pytest.approx(22 / 3))
    assert (made.coverage, made.below_p90) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert made.pinball_p50 == pytest.approx((1 + 7.5 + 2.5) / 3)
    assert made.pinball_p90 == pytest.approx((0.8 + 4.5 + 1.5) / 3)
    assert score_of([]) is None


def test_what_had_happened_is_not_foretold() -> None:
    c, plans = _plans()
    made = prediction_of(c.problem, "rule", simulate(c, plans["rule"], NOISE, runs=20))
    names = [o.order for o in made.orders]
    found = score([made], {names[0]: 0, names[1]: made.orders[1].sewn[1], "unknown": 5})
    assert found is not None
    assert (found.count, found.bias, found.coverage) == (1, 0, 1)
    assert score([made], {}) is None


def test_predictions_cover_what_comes_when_chance_is_as_assumed() -> None:
    """Runs that were not used for the prediction fall in P10 to P90 in about 80 %."""
    c, plans = _plans(20, 4, 5)
    plan = plans["better"]
    made = prediction_of(c.problem, "better", simulate(c, plan, NOISE, seed=1, runs=400))
    tick = c.problem.tick_ms
    rows = []
    for t in run_forward(c, plan, NOISE, 2, range(60)):
        ends = {o.order: t.sew_end[i] * tick for i, o in enumerate(c.problem.orders)}
        rows += [(o.sewn, ends[o.order]) for o in made.orders]
    found = score_of(rows)
    assert found is not None
    assert 0.76 <= found.coverage <= 0.88
    assert 0.87 <= found.below_p90 <= 0.94
    assert abs(found.bias) < 5 * tick
