"""Drift: planted ones are found, stationary draws give no more alarms than the chart promises."""

import math

import numpy as np
import pytest
from scipy import stats

from seamline_platform.demand.drift import (
    DriftSettings,
    find_drift,
    normal_of_t,
    self_starting,
)


@pytest.mark.parametrize("freedom", [5, 6, 13, 40])
@pytest.mark.parametrize("t", [-5.0, -2.0, -0.3, 0.0, 1.0, 3.0, 5.0])
def test_student_t_becomes_normal_as_scipy_says(t: float, freedom: int) -> None:
    expected = float(stats.norm.ppf(stats.t.cdf(t, freedom)))
    assert normal_of_t(t, freedom) == pytest.approx(expected, abs=0.02)


def test_standardised_values_are_those_of_the_definition() -> None:
    values = [1.0, 2.0, 4.0, 3.0, 5.0, 2.5, 3.5, 6.0, 1.5]
    found = self_starting(values, DriftSettings(clip=50.0))
    assert found[:7] == [0.0] * 7
    for n in (8, 9):
        before = np.array(values[: n - 1])
        t = (values[n - 1] - before.mean()) / before.std(ddof=1) * math.sqrt((n - 1) / n)
        expected = float(stats.norm.ppf(stats.t.cdf(t, n - 2)))
        assert found[n - 1] == pytest.approx(expected, abs=0.02)


def test_in_control_the_values_are_standard_normal_whatever_mean_and_spread() -> None:
    rng = np.random.default_rng(1)
    draws = [
        u
        for mean, sd in ((0.0, 1.0), (50.0, 0.01), (-3.0, 200.0))
        for u in self_starting(rng.normal(mean, sd, 4_000).tolist(), DriftSettings(clip=9.0))[7:]
    ]
    assert np.mean(draws) == pytest.approx(0.0, abs=0.03)
    assert np.std(draws) == pytest.approx(1.0, abs=0.03)
    assert stats.kstest(draws, "norm").pvalue > 0.01


def _nights_to_alarm(pinball: np.ndarray, bias: np.ndarray) -> int:
    """Return the first night with an alarm, 0 if there is none."""
    for night in range(8, len(pinball) + 1):
        if find_drift(pinball[:night], bias[:night]) is not None:
            return night
    return 0


def test_stationary_scores_alarm_no_more_often_than_promised() -> None:
    """Within 74 watched nights at most 1 - exp(-74/860) = 8.2 % of runs alarm; 120 runs, 3 sd."""
    rng = np.random.default_rng(5)
    runs = 120
    alarms = sum(
        _nights_to_alarm(np.exp(rng.normal(0, 0.1, 81)), rng.normal(0.05, 0.1, 81)) > 0
        for _ in range(runs)
    )
    promised = 1 - math.exp(-74 / 860)
    assert alarms / runs <= promised + 3 * math.sqrt(promised * (1 - promised) / runs)


@pytest.mark.parametrize(
    ("stream", "up", "shift", "days"),
    [("pinball", True, 2.0, 9), ("bias", True, 2.0, 9), ("bias", False, -2.0, 9)],
)
def test_a_shift_of_two_standard_deviations_is_found_within_days(
    stream: str, up: bool, shift: float, days: int
) -> None:
    found = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        calm, after = 28, days
        logs, bias = rng.normal(0, 0.1, calm + after), rng.normal(0, 0.1, calm + after)
        (logs if stream == "pinball" else bias)[calm:] += 0.1 * shift
        if find_drift(np.exp(logs[:calm]), bias[:calm]) is not None:
            continue
        drift = next(
            (d for n in range(1, after + 1)
             if (d := find_drift(np.exp(logs[: calm + n]), bias[: calm + n]))), None
        )  # fmt: skip
        found += drift is not None and (drift.stream, drift.up) == (stream, up)
    assert found >= 0.8 * 60


def test_better_scores_are_no_drift() -> None:
    rng = np.random.default_rng(2)
    pinball = np.exp(rng.normal(0, 0.1, 60))
    pinball[30:] *= 0.5
    assert find_drift(pinball, rng.normal(0, 0.1, 60)) is None


def test_one_wild_night_is_no_drift() -> None:
    rng = np.random.default_rng(3)
    pinball, bias = np.exp(rng.normal(0, 0.05, 30)), rng.normal(0, 0.05, 30)
    pinball[-1], bias[-1] = 1e6, 40.0
    assert find_drift(pinball, bias) is None


def test_scores_that_never_vary_and_then_jump_are_a_drift() -> None:
    assert find_drift([1.0] * 20, [0.0] * 20) is None
    drift = find_drift([1.0] * 20, [0.0] * 17 + [0.5] * 3)
    assert drift is not None
    assert (drift.stream, drift.up) == ("bias", True)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_scores_that_are_no_numbers_are_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="not a number"):
        find_drift([1.0, 1.0], [0.0, bad])
    with pytest.raises(ValueError, match="never negative"):
        find_drift([-1.0], [0.0])


@pytest.mark.parametrize(
    "settings",
    [{"slack": -1.0}, {"limit": 0.0}, {"clip": 0.4}, {"warm_up": 2}],
)
def test_settings_without_sense_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"CUSUM|warm-up"):
        DriftSettings(**settings)
