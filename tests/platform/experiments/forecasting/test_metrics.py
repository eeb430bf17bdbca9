"""Metrics against hand calculation, WRMSSE on hand-made hierarchies, statistics against peers."""

import math

import numpy as np
import pyarrow as pa
import pytest

from seamline_platform.demand.frame import panel_of
from seamline_platform.experiments.forecasting import metrics
from seamline_platform.experiments.forecasting.arena import Arena
from seamline_platform.experiments.forecasting.contract import ModelScore, Task
from seamline_platform.experiments.forecasting.statistics import (
    draw_weights,
    friedman,
    nemenyi,
    paired_bootstrap,
    paired_scores,
    weighted_means,
)
from seamline_platform.experiments.forecasting.wrmsse import Level, late_periods, levels_of, wrmsse

TASK = Task(name="t", title="T", dataset="file", horizon=2, season_length=2, metric="mase",
            levels=(0.1, 0.5, 0.9))  # fmt: skip
LEVELS = (0.1, 0.5, 0.9)
HISTORY = {"a": [1.0, 2.0, 3.0, 5.0], "b": [4.0, 4.0, 4.0, 4.0]}
TRUTH = np.array([[6.0, 8.0], [4.0, 5.0]])


def arena(**models: np.ndarray) -> Arena:
    train = pa.table(
        {
            "unique_id": [name for name, y in HISTORY.items() for _ in y],
            "ds": [t for y in HISTORY.values() for t in range(len(y))],
            "y": [v for y in HISTORY.values() for v in y],
        }
    )
    return Arena(("a", "b"), TRUTH, LEVELS, models, train)


def spread(middle: list[list[float]], by: float = 1.0) -> np.ndarray:
    centre = np.array(middle)
    return np.stack([centre - by, centre, centre + by], axis=2)


MINE = spread([[5.0, 9.0], [4.0, 4.0]])
NAIVE2 = spread([[5.0, 5.0], [4.0, 4.0]])


def test_mase_and_smape_are_those_of_a_hand_calculation() -> None:
    found = metrics.score_window(TASK, arena(Mine=MINE)).series
    # |6-5|, |8-9| over the mean of |3-1|, |5-2|; the other series never changes: no scale
    assert found["mase"]["Mine"][0] == pytest.approx(1.0 / 2.5)
    assert math.isnan(found["mase"]["Mine"][1])
    expected = 100 * (1 / 11 + 1 / 17), 100 * (0 + 1 / 9)
    assert found["smape"]["Mine"] == pytest.approx(expected)


def test_rmsse_judges_the_mean_by_changes_of_one_period() -> None:
    found = metrics.score_window(TASK, arena(Mine=MINE)).series["rmsse"]["Mine"]
    mean = arena(Mine=MINE).means("Mine", nonnegative=True)
    error = ((mean[0] - TRUTH[0]) ** 2).mean()
    assert found[0] == pytest.approx(math.sqrt(error / ((1 + 1 + 4) / 3)))


def test_a_mean_that_may_be_negative_is_the_area_of_the_quantile_function() -> None:
    values = np.array([[[-3.0, 1.0, 2.0]]])
    one = Arena(("a",), np.zeros((1, 1)), LEVELS, {"M": values}, arena().train)
    # flat to .1, straight to .5, straight to .9, flat to 1
    expected = -0.3 + 0.4 * -1.0 + 0.4 * 1.5 + 0.2
    assert one.means("M", nonnegative=False)[0, 0] == pytest.approx(expected)


def test_pinball_is_scaled_by_the_seasonal_change_and_crps_by_what_came() -> None:
    scores = metrics.score_window(TASK, arena(Mine=MINE))
    loss = [0.1 * (6 - 4), 0.5 * (6 - 5), 0.1 * 0 + 0.1 * 0, 0.1 * 0, 0.5 * 1, 0.1 * 2]
    # first period: 4, 5, 6 against 6; second: 8, 9, 10 against 8
    assert scores.series["scaled_pinball"]["Mine"][0] == pytest.approx(np.mean(loss) / 2.5)
    assert scores.series["crps"]["Mine"][0] == pytest.approx(2 * np.mean(loss) * 2 / 14)
    other = [0.1 * 1, 0.0, 0.1 * 1, 0.1 * 2, 0.5 * 1, 0.0]
    whole = 2 * (sum(loss) + sum(other)) / 12 / (23 / 4)
    assert scores.whole["crps"]["Mine"] == pytest.approx(whole)


def test_coverage_and_winkler_are_those_of_the_central_interval() -> None:
    found = metrics.score_window(TASK, arena(Mine=MINE)).whole
    assert found["coverage_80"]["Mine"] == 1.0, "6 in 4..6, 8 in 8..10, 4 in 3..5, 5 in 3..5"
    assert found["winkler_80"]["Mine"] == pytest.approx(2.0 / (23 / 4))
    narrow = metrics.score_window(TASK, arena(Mine=spread([[5.0, 9.0], [4.0, 4.0]], 0.5))).whole
    assert narrow["coverage_80"]["Mine"] == 0.25
    miss = 1.0 + 10 * 0.5  # three of four lie half a piece outside an interval of width 1
    assert narrow["winkler_80"]["Mine"] == pytest.approx((3 * miss + 1.0) / 4 / (23 / 4))
    assert "coverage_95" not in found, "its levels were not asked for"


def test_shares_below_and_at_most_are_counted_per_step_and_level() -> None:
    found = metrics.score_window(TASK, arena(Mine=MINE))
    assert found.below["Mine"].tolist() == [[0, 0, 1], [0, 1, 1]]
    assert found.at_most["Mine"].tolist() == [[0, 1, 2], [1, 1, 2]]


def test_owa_is_the_ratio_of_means_and_not_the_mean_of_ratios() -> None:
    smape = {"Naive2": np.array([10.0, 30.0]), "M": np.array([5.0, 25.0])}
    mase = {"Naive2": np.array([1.0, 4.0]), "M": np.array([2.0, 2.0])}
    assert metrics.owa_of(smape, mase, "M") == pytest.approx((30 / 40 + 4 / 5) / 2)
    assert metrics.owa_of(smape, mase, "Naive2") == 1.0
    assert math.isnan(metrics.owa_of({"M": smape["M"]}, {"M": mase["M"]}, "M"))


def test_stability_is_the_change_for_one_target_from_origin_to_origin() -> None:
    one = arena(Mine=spread([[5.0, 9.0], [4.0, 4.0]]))
    two = arena(Mine=spread([[7.0, 1.0], [4.5, 1.0]]))
    # the second period of the first window is the first of the second: 9 to 7, 4 to 4.5
    assert metrics.stability_of([one, two], [0, 1], "Mine") == pytest.approx(2.5 / 13)
    assert math.isnan(metrics.stability_of([one, two], [0, 2], "Mine"))


def test_a_perfect_forecast_has_no_wrmsse_and_the_last_value_of_steady_steps_has_one() -> None:
    history = np.array([[1.0, 2.0, 3.0, 4.0]])
    level = Level("total", np.array([0]))
    truth = np.array([[5.0, 6.0]])
    assert wrmsse([level], history, truth, truth, late=2) == 0.0
    # errors 1 and 1 against one-step changes of 1: exactly 1
    assert wrmsse([level], history, truth, truth - 1, late=2) == pytest.approx(1.0)


def test_weights_are_shares_of_late_revenue_and_levels_weigh_the_same() -> None:
    history = np.array([[0.0, 0.0, 2.0, 4.0], [8.0, 4.0, 8.0, 4.0]])
    truth, said = np.array([[4.0], [4.0]]), np.array([[6.0], [8.0]])
    bottom, total = Level("sku", np.array([0, 1])), Level("total", np.array([0, 0]))
    price = np.array([[1.0, 1.0, 1.0, 3.0], [1.0, 1.0, 1.0, 1.0]])
    # scales: first series from its first sale (2 to 4): 4; second: 16; errors 4 and 16
    roots = math.sqrt(4 / 4), math.sqrt(16 / 16)
    weights = 12 / 16, 4 / 16  # the last period: 4 pieces at 3, 4 at 1
    at_bottom = weights[0] * roots[0] + weights[1] * roots[1]
    sums = np.array([8.0, 4.0, 10.0, 8.0])
    at_top = math.sqrt((14 - 8) ** 2 / (np.diff(sums) ** 2).mean())
    found = wrmsse([bottom, total], history, truth, said, price, late=1)
    assert found == pytest.approx((at_bottom + at_top) / 2)
    unpriced = wrmsse([bottom], history, truth, np.array([[6.0], [4.0]]), late=1)
    assert unpriced == pytest.approx(0.5 * roots[0])


def test_zeros_before_the_first_sale_do_not_make_the_scale_smaller() -> None:
    level = Level("sku", np.array([0]))
    long = np.array([[np.nan, 0.0, 0.0, 0.0, 2.0, 4.0]])
    short = long[:, 4:]
    truth, said = np.array([[5.0]]), np.array([[3.0]])
    assert wrmsse([level], long, truth, said, late=1) == wrmsse([level], short, truth, said, late=1)


def test_levels_come_from_columns_of_text() -> None:
    table = pa.table(
        {"unique_id": ["a", "b", "c"], "ds": [1, 1, 1], "y": [1.0, 1.0, 1.0],
         "store": ["x", "x", "y"], "dept": ["1", "2", "1"]}
    )  # fmt: skip
    found = levels_of(panel_of(table), ((), ("store",), ("store", "dept")))
    assert [level.name for level in found] == ["total", "store", "store x dept"]
    assert [level.node.tolist() for level in found] == [[0, 0, 0], [0, 0, 1], [0, 1, 2]]
    assert late_periods(10_080.0) == 4
    assert late_periods(1_440.0) == 28
    assert late_periods(525_960.0) == 1


def test_wrmsse_refuses_what_has_no_weights_or_other_shapes() -> None:
    level = Level("sku", np.array([0]))
    with pytest.raises(ValueError, match="Nothing was sold in the last 2 periods"):
        wrmsse([level], np.zeros((1, 4)), np.ones((1, 1)), np.ones((1, 1)), late=2)
    with pytest.raises(ValueError, match="need the same series and periods"):
        wrmsse([level], np.ones((1, 4)), np.ones((1, 2)), np.ones((1, 1)), late=2)


LOSSES = {
    f"m{k}": np.random.default_rng(k).gamma(2.0 + k / 3, 1.0, 40).round(1).tolist()
    for k in range(4)
}


def test_friedman_and_nemenyi_agree_with_a_peer() -> None:
    posthocs = pytest.importorskip("scikit_posthocs")
    import pandas as pd
    from scipy import stats

    table = pd.DataFrame(LOSSES)
    theirs = posthocs.posthoc_nemenyi_friedman(table)
    for (one, two), p in nemenyi(LOSSES).items():
        assert p == pytest.approx(theirs.loc[one, two], abs=1e-6)
    statistic, p = friedman(LOSSES)
    expected = stats.friedmanchisquare(*LOSSES.values())
    assert (statistic, p) == pytest.approx((expected.statistic, expected.pvalue))
    assert p < 0.05


def test_ranks_need_three_models_and_two_blocks() -> None:
    with pytest.raises(ValueError, match="there are 2 models and 40 blocks"):
        friedman({k: LOSSES[k] for k in ("m0", "m1")})
    with pytest.raises(ValueError, match="different numbers of blocks"):
        nemenyi({**LOSSES, "m9": [1.0]})
    assert friedman({key: [1.0, 2.0, 3.0] for key in "abc"}) == (0.0, 1.0)


def test_a_paired_interval_covers_the_true_difference_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    hits = 0
    for trial in range(200):
        base = rng.normal(0, 5, 60)
        found = paired_bootstrap((base + rng.normal(1.0, 1.0, 60)).tolist(), base.tolist(), trial)
        hits += found.lo <= 1.0 <= found.hi
    assert 180 <= hits <= 199, "of 200; 190 are expected at 95 %"


def test_a_paired_interval_is_seeded_and_blocks_widen_it() -> None:
    rng = np.random.default_rng(1)
    shared = np.repeat(rng.normal(0, 1, 10), 10)
    first, second = (shared + 0.1 * rng.normal(0, 1, 100)).tolist(), [0.0] * 100
    one, two = (paired_bootstrap(first, second, seed=4) for _ in range(2))
    assert one == two != paired_bootstrap(first, second, seed=5)
    blocked = paired_bootstrap(first, second, 4, [str(i // 10) for i in range(100)])
    assert blocked.hi - blocked.lo > 2 * (one.hi - one.lo)
    with pytest.raises(ValueError, match="not the same series"):
        paired_bootstrap([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="No series has a loss of both"):
        paired_bootstrap([math.nan], [1.0])


def test_blocks_are_drawn_whole() -> None:
    weights = draw_weights(["x", "y", "x", "z"], seed=2, draws=50)
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, 0] + weights[:, 1] + weights[:, 3] == 3).all()
    means = weighted_means(weights, np.array([1.0, math.nan, 1.0, 1.0]))
    assert set(means[np.isfinite(means)].tolist()) == {1.0}
    with pytest.raises(ValueError, match="nothing to draw from"):
        draw_weights([], 1)


def score(model: str, **losses: list[float]) -> ModelScore:
    per_series = {name: tuple(values) for name, values in losses.items()}
    return ModelScore(model, "ok", {}, {}, 0, 0, 0, 0, per_series=per_series)


def test_a_paired_difference_in_owa_is_that_of_the_owas() -> None:
    rng = np.random.default_rng(3)
    base, one, two = (
        score(m, smape=rng.uniform(5, 20, 80).tolist(), mase=rng.uniform(0.5, 2, 80).tolist())
        for m in ("Naive2", "A", "B")
    )

    def owa(s: ModelScore) -> float:
        return sum(
            np.mean(s.per_series[k]) / np.mean(base.per_series[k]) for k in ("smape", "mase")
        ) / 2  # fmt: skip

    found = paired_scores(one, two, "owa", base, seed=1)
    assert found is not None
    assert found.mean == pytest.approx(owa(one) - owa(two))
    assert found.lo < found.mean < found.hi
    assert paired_scores(one, two, "owa", None) is None
    assert paired_scores(one, two, "crps", base) is None
    assert paired_scores(one, one, "mase", base) is not None
    assert not paired_scores(one, one, "mase", base).off_zero  # type: ignore[union-attr]
