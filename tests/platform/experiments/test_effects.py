"""Flywheel and snowball: learners by hand, shapes that theory demands, digests, bad input."""

import math

import numpy as np
import pytest

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.effects import attributes, flywheel, learner, pool, snowball
from seamline_platform.experiments.effects.bands import band, with_digest
from seamline_platform.experiments.effects.flywheel_report import report as flywheel_page
from seamline_platform.experiments.effects.snowball_report import report as snowball_page


def test_a_band_by_hand() -> None:
    """Values 1, 2, 3: mean 2, sd 1, t(2) 4.303, half width 4.303 / sqrt 3."""
    result = band([[1.0], [2.0], [3.0]])
    assert result.mean == (2.0,)
    assert result.hi[0] - 2 == pytest.approx(4.3027 / math.sqrt(3), abs=1e-3)
    with pytest.raises(ValueError, match="two seeds"):
        band([[1.0]])


def test_a_digest_tells_documents_apart() -> None:
    assert with_digest({"a": 1})["digest"] == with_digest({"a": 1})["digest"]
    assert with_digest({"a": 1})["digest"] != with_digest({"a": 2})["digest"]


def test_leave_one_out_is_what_leaving_one_out_gives() -> None:
    """The hat-matrix residuals are those of fits without each style, at the same penalty."""
    rng = np.random.default_rng(4)
    x = rng.integers(0, 2, (40, 5)).astype(float)
    styles = attributes.Styles(x, x @ np.arange(5.0) + rng.normal(0, 1, 40))
    model = attributes.fit(styles)
    centred = x - x.mean(axis=0)
    y = styles.log_size - styles.log_size.mean()
    penalties = np.geomspace(1e-2, 1e3, 26)
    gram = centred.T @ centred
    solutions = [np.linalg.solve(gram + p * np.eye(5), centred.T @ y) for p in penalties]
    penalty = penalties[int(np.argmin([np.abs(s - model.weights).max() for s in solutions]))]
    errors = []
    for i in range(40):
        keep = np.arange(40) != i
        middle, mean = x[keep].mean(axis=0), styles.log_size[keep].mean()
        rest = x[keep] - middle
        weights = np.linalg.solve(
            rest.T @ rest + penalty * np.eye(5), rest.T @ (styles.log_size[keep] - mean)
        )
        errors.append(styles.log_size[i] - mean - (x[i] - middle) @ weights)
    assert model.rmse == pytest.approx(math.sqrt(np.mean(np.square(errors))), rel=1e-6)


def test_kaplan_meier_by_hand() -> None:
    """Sales 3, 5+, 6, 9+ (+ = sold out): survival 3/4 after 3, 3/8 after 6."""
    sold, cut = np.array([3.0, 5, 6, 9]), np.array([0.0, 1, 0, 1])
    assert learner.kaplan_meier_quantile(sold, cut, 0.25) == 3
    assert learner.kaplan_meier_quantile(sold, cut, 0.5) == 6
    assert learner.kaplan_meier_quantile(sold, cut, 0.7) is None


def test_greedy_learning_stays_where_it_began_and_exploring_does_not() -> None:
    demand = np.random.default_rng(5).poisson(100, 104).astype(float)
    late = {way: learner.stocked_weeks(demand, 40.0, way)[-26:].mean() for way in
            ("greedy", "explore", "sensed")}  # fmt: skip
    assert late["greedy"] == pytest.approx(0.4, abs=0.02)
    assert late["explore"] > 0.75
    assert late["sensed"] > 0.85


@pytest.fixture(scope="module")
def wheel() -> flywheel.Flywheel:
    return flywheel.run(flywheel.Plan(seeds=4, periods=6))


def test_the_wheel_turns_and_stops_at_its_floor(wheel: flywheel.Flywheel) -> None:
    floor, cost_floor = wheel.floor
    assert wheel.rmse.mean[0] > 1.5 * floor
    assert wheel.rmse.mean[-1] == pytest.approx(floor, rel=0.05)
    assert wheel.cost.mean[-1] == pytest.approx(cost_floor, abs=0.015)
    assert list(wheel.cost.mean[:5]) == sorted(wheel.cost.mean[:5], reverse=True)
    for i, n in enumerate(flywheel.NUMBERS):
        if n >= 80:
            assert wheel.rmse.mean[i] == pytest.approx(wheel.rmse_theory(n), rel=0.07)


def test_under_drift_old_data_harm_and_forgetting_helps(wheel: flywheel.Flywheel) -> None:
    assert wheel.keep_all.mean[-1] > wheel.forget.mean[-1] > wheel.drift_theory(1280)
    assert wheel.keep_all.mean[-1] > min(wheel.keep_all.mean)


def test_service_that_brings_traffic_brings_data(wheel: flywheel.Flywheel) -> None:
    assert wheel.loop_on.mean[-1] > wheel.loop_off.mean[-1]
    assert wheel.loop_off.mean == (10, 20, 30, 40, 50, 60)


@pytest.fixture(scope="module")
def ball() -> snowball.Snowball:
    return snowball.run(snowball.Plan(seeds=4, members=8, load=0.7))


def test_the_snowball_follows_its_theory(ball: snowball.Snowball) -> None:
    for m in (1, 2, 4, 8):
        for rho, line in ball.stock.items():
            assert line.mean[m - 1] == pytest.approx(ball.stock_theory(m, rho), abs=0.03)
        slack = ball.wait.hi[m - 1] - ball.wait.lo[m - 1]
        assert abs(ball.wait.mean[m - 1] - ball.wait_theory(m)) < slack + 0.02
    assert (
        ball.error["raw"].mean[-1] < ball.error["models"].mean[-1] < ball.error["nothing"].mean[-1]
    )
    assert ball.own["raw"].mean[0] == 0
    assert ball.others["raw"].mean[1] > ball.others["raw"].mean[-1]


def test_members_meet_the_same_whoever_has_joined() -> None:
    few, many = pool.weekly_demand(2, 0.2, 7), pool.weekly_demand(9, 0.2, 7)
    assert np.array_equal(few, many[:2])
    assert pool.wait_by_members(2, 0.7, 7).tolist() == pool.wait_by_members(4, 0.7, 7)[:2].tolist()


def test_equal_plans_give_equal_digests_and_pages(
    wheel: flywheel.Flywheel, ball: snowball.Snowball
) -> None:
    again = flywheel.run(flywheel.Plan(seeds=4, periods=6))
    assert again.document()["digest"] == wheel.document()["digest"]
    for page in (flywheel_page(wheel), snowball_page(ball)):
        assert "http" not in page
        assert page.count("<svg") >= 5
        assert page.count('class="en"') >= page.count("<svg")
        assert "nan" not in page


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: flywheel.Plan(seeds=1), "seeds is 1; allowed: 2 to 1000"),
        (lambda: flywheel.Plan(half_life=0), "half_life"),
        (lambda: snowball.Plan(load=1.0), r"load is 1.0; allowed: 0.05 to 0.97"),
        (lambda: snowball.Plan(correlation=2), "correlation"),
        (lambda: flywheel.run(flywheel.Plan(scenario="nowhere")), "nowhere"),
    ],
)
def test_bad_input_is_named(make: object, text: str) -> None:
    assert callable(make)
    with pytest.raises(ConfigError, match=text):
        make()
