from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import pyarrow as pa
import pytest

from seamline_platform.demand.frame import forecast_table, panel_of
from seamline_platform.demand.leadtime import (
    error_correlation,
    gamma_quantile,
    lead_time_demand,
    moments,
)
from seamline_platform.demand.protocol import LEVELS

MakeHistory = Callable[..., pa.Table]


def normal_days(mean: float, sd: float, days: int) -> pa.Table:
    values = [NormalDist(mean, sd).inv_cdf(q) for q in LEVELS]
    return forecast_table(["a"], 20_000, LEVELS, np.tile(values, (1, days, 1)))


def test_moments_of_a_uniform_distribution_by_hand() -> None:
    levels = np.array([0.25, 0.5, 0.75])
    mean, variance = moments(levels, levels * 12)
    # Straight up to 9 at .75; above it exponential with scale 3 / ln 2.
    scale = 3 / np.log(2)
    by_hand = 0.75 * 4.5 + 0.25 * (9 + scale)
    assert float(mean) == pytest.approx(by_hand)
    second = 0.75 * 27 + 0.25 * (81 + 18 * scale + 2 * scale**2)
    assert float(variance) == pytest.approx(second - by_hand**2)


def test_means_and_variances_add_quantiles_do_not() -> None:
    one = lead_time_demand(normal_days(100, 10, 9), 1)
    nine = lead_time_demand(normal_days(100, 10, 9), 9)
    assert nine.mean[0] == pytest.approx(9 * one.mean[0])
    assert nine.sd[0] == pytest.approx(3 * one.sd[0])
    summed = 9 * NormalDist(100, 10).inv_cdf(0.95)
    assert nine.quantile(0.95)["a"] < summed - 60
    assert nine.quantile(0.95)["a"] == pytest.approx(900 + 1.645 * 30, rel=0.01)


def test_fully_correlated_errors_add_their_spreads() -> None:
    nine = lead_time_demand(normal_days(100, 10, 9), 9, correlation=1.0)
    one = lead_time_demand(normal_days(100, 10, 9), 1)
    assert nine.sd[0] == pytest.approx(9 * one.sd[0])


def test_a_gamma_quantile_is_close_to_the_true_one_and_never_negative() -> None:
    # Erlang with shape 4, scale 1: its 95 % quantile is 7.7537.
    assert gamma_quantile(np.array([4.0]), np.array([2.0]), 0.95)[0] == pytest.approx(
        7.7537, rel=0.01
    )
    assert gamma_quantile(np.array([0.0, 0.1]), np.array([0.0, 2.0]), 0.1).min() >= 0.0


def test_days_can_be_left_out_in_front() -> None:
    values = np.concatenate([np.full((1, 2, 6), 1.0), np.full((1, 2, 6), 5.0)], axis=1)
    table = forecast_table(["a"], 20_000, LEVELS, values)
    assert lead_time_demand(table, 2, skip=2).expected()["a"] == pytest.approx(10.0)


def test_a_lead_time_beyond_the_forecast_is_refused() -> None:
    with pytest.raises(ValueError, match="covers 3 days"):
        lead_time_demand(normal_days(1, 0.1, 3), 4)
    with pytest.raises(ValueError, match="outside 0 to 1"):
        lead_time_demand(normal_days(1, 0.1, 3), 2, correlation=1.5)


def test_error_correlation_sees_days_that_go_wrong_together(make_history: MakeHistory) -> None:
    rng = np.random.default_rng(5)
    alone = rng.poisson(20, (200, 84))
    assert error_correlation(panel_of(make_history(alone))) < 0.06
    level = np.repeat(rng.gamma(4, 0.25, (200, 12)), 7, axis=1)
    together = rng.poisson(20 * level)
    assert error_correlation(panel_of(make_history(together))) > 0.3


def test_a_short_history_has_no_measurable_correlation(make_history: MakeHistory) -> None:
    assert error_correlation(panel_of(make_history(np.ones((3, 20))))) == 0.0


@pytest.mark.parametrize("levels", [[0.5], [0.5, 0.4], [0.0, 0.5]])
def test_levels_that_do_not_rise_are_refused(levels: list[float]) -> None:
    with pytest.raises(ValueError, match="rising"):
        moments(levels, np.ones((1, len(levels))))
