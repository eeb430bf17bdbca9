"""Intervals, corrections and verdicts against published tables and hand calculations."""

import math

import pytest

from seamline_broker.errors import ExperimentError
from seamline_platform.experiments.evidence.intervals import (
    compare,
    detectable,
    holm,
    mean_interval,
    p_value,
)

SLEEP = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SLEEP_2 = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
"""Student's (1908) sleep data: t = 4.0621, p = .002833, 95 % interval .7001 to 2.4599."""


def test_student_s_own_data() -> None:
    gap = [b - a for a, b in zip(SLEEP, SLEEP_2, strict=True)]
    found = mean_interval(gap)
    assert found.mean == pytest.approx(1.58)
    assert (found.lo, found.hi) == pytest.approx((0.7001142, 2.4598858), abs=1e-6)
    assert p_value(gap) == pytest.approx(0.00283289, abs=1e-7)


def test_smallest_detectable_difference_by_hand() -> None:
    gap = [float(n) for n in range(20)]  # s = sqrt(35); t19: .975 -> 2.0930, .8 -> 0.8610
    assert detectable(gap) == pytest.approx((2.0930 + 0.8610) * math.sqrt(35 / 20), abs=2e-3)


def test_bootstrap_agrees_with_t_and_repeats() -> None:
    values = [math.sin(n) * 10 + 5 for n in range(40)]
    t, b = mean_interval(values), mean_interval(values, "bootstrap")
    assert b == mean_interval(values, "bootstrap")
    assert b.mean == t.mean
    assert (b.lo, b.hi) == pytest.approx((t.lo, t.hi), abs=0.35)


def test_holm_by_hand() -> None:
    # .01 x 4, .02 x 3 = .06, .03 x 2 = .06, .04 x 1 raised to .06
    found = holm({"d": 0.04, "a": 0.01, "c": 0.03, "b": 0.02})
    assert found == pytest.approx({"a": 0.04, "b": 0.06, "c": 0.06, "d": 0.06})
    assert holm({"x": 0.5, "y": 0.9}) == {"x": 1.0, "y": 1.0}


def test_the_primary_metric_is_not_corrected_and_the_others_are() -> None:
    start = {name: [10.0] * 10 for name in ("profit_k", "b", "c")}
    gap = [b - a for a, b in zip(SLEEP, SLEEP_2, strict=True)]
    end = {name: [10 + g for g in gap] for name in start}
    found = compare(start, end, "profit_k")
    assert found["profit_k"].p_adjusted == found["profit_k"].p == pytest.approx(0.0028329, abs=1e-6)
    assert found["b"].p_adjusted == pytest.approx(2 * found["b"].p)


@pytest.mark.parametrize(
    ("gaps", "verdict"),
    [
        ([20.0, 22.0, 21.0, 19.0], "more"),
        ([-20.0, -22.0, -21.0, -19.0], "less"),
        ([200.0, -190.0, 30.0, -50.0], "not distinguishable"),
        ([2.0, -2.0, 1.0, -1.0], "equal"),  # the interval lies within one percent of 1000
        ([7.0, 7.1, 6.9, 7.2], "equal"),  # certain, and small
        ([0.0, 0.0, 0.0, 0.0], "equal"),
        ([50.0, 50.0, 50.0, 50.0], "more"),
    ],
)
def test_verdicts(gaps: list[float], verdict: str) -> None:
    start = [1000.0, 1010.0, 990.0, 1000.0]
    end = [a + g for a, g in zip(start, gaps, strict=True)]
    assert (
        compare({"profit_k": start}, {"profit_k": end}, "profit_k")["profit_k"].verdict == verdict
    )


def test_a_single_seed_other_seeds_or_no_number_is_an_error() -> None:
    with pytest.raises(ExperimentError, match="at least two seeds; there are 1"):
        mean_interval([1.0])
    with pytest.raises(ExperimentError, match="3 seeds on one side, 2 on the other"):
        compare({"m": [1.0, 2.0, 3.0]}, {"m": [1.0, 2.0]}, "m")
    with pytest.raises(ExperimentError, match="finite"):
        mean_interval([1.0, math.nan])
