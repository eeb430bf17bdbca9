"""Each local model on series that are no food for it, and the parts they are made of."""

import logging
import sys
from statistics import NormalDist

import numpy as np
import pytest
import statsforecast.models as peers

from seamline_broker.errors import PluginError
from seamline_platform.demand.frame import ForecastGrid, grid_of, long_frame, panel_of
from seamline_platform.demand.local.intermittent import count_quantiles
from seamline_platform.demand.local.naive import Naive
from seamline_platform.demand.local.naive2 import Naive2
from seamline_platform.demand.local.seasonality import is_seasonal, seasonal_factors
from seamline_platform.demand.local.series import Ask, LocalModel, predict_each, series_of
from seamline_platform.demand.local.ses import ses_panel, smoothed
from seamline_platform.demand.local.statistical import SES, AutoETS
from seamline_platform.demand.protocol import check_forecast, load_forecaster
from seamline_platform.demand.seasonal_naive import SeasonalNaive

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
LOCAL = (
    "Naive", "SeasonalNaive", "Naive2", "SES", "Theta", "DynamicOptimizedTheta", "AutoETS",
    "AutoCES", "DampedTrend", "MSTL", "SBA", "TSB",
)  # fmt: skip


def frame(*rows: list[float] | np.ndarray) -> object:
    """Return series a, b, .. that all end at time 99."""
    return long_frame({
        "unique_id": [chr(97 + i) for i, row in enumerate(rows) for _ in row],
        "ds": [100 - len(row) + t for row in rows for t in range(len(row))],
        "y": [float(value) for row in rows for value in row],
    })  # fmt: skip


def forecast(model: object, history: object, horizon: int = 4) -> ForecastGrid:
    panel = panel_of(history)
    table = model.forecast(history, horizon, LEVELS)  # type: ignore[attr-defined]
    return grid_of(check_forecast(table, panel, horizon, LEVELS), panel.freq)


@pytest.mark.parametrize("name", LOCAL)
def test_every_local_model_answers_for_every_kind_of_series(name: str) -> None:
    rng = np.random.default_rng(2)
    season = 10 + 5 * np.sin(np.arange(60) * np.pi / 6)
    history = frame(
        season + rng.normal(0, 0.5, 60), [7], [3, 4], [5] * 30, np.zeros(40),
        rng.poisson(0.3, 48), -season, [1, 2, 3, 4], 1e6 * season,
    )  # fmt: skip
    model = load_forecaster(name, season_length=12)
    grid = forecast(model, history)
    names = dict(zip("abcdefghi", grid.values, strict=True))
    assert (names["d"] == 5).all()  # constant
    assert not names["e"].any()  # nothing ever
    middle = names["b"][0]
    assert (middle[2], middle[4] - middle[2]) == pytest.approx((7, 1.645 * 7.5**0.5), abs=0.01)
    assert (names["g"][:, 2] < 0).all()  # negative stays negative
    again = forecast(load_forecaster(name, season_length=12), history)
    assert (again.values == grid.values).all()


@pytest.mark.parametrize("name", LOCAL)
def test_stock_outs_and_unknown_values_are_no_sales(name: str) -> None:
    days = [f"2026-01-{d:02d}" for d in range(1, 29)]
    y: list[float | None] = [8.0] * 28
    out = [0.0] * 28
    y[-1], out[-1] = 0.0, 1_440.0
    y[-3] = None
    history = long_frame({"unique_id": ["a"] * 28, "ds": days, "y": y, "stockout_min": out})
    assert forecast(load_forecaster(name), history, 3).values[0, :, 2].tolist() == [8, 8, 8]


def test_a_series_without_any_number_is_forecast_as_nothing() -> None:
    history = long_frame({"unique_id": ["a", "new"], "ds": [1, 2], "y": [4.0, None]})
    assert not forecast(Naive(), history).values[1].any()


def test_gaps_take_the_value_of_a_season_earlier() -> None:
    y = [1.0, 2.0, 3.0, None, 5.0, None]
    data = {"unique_id": ["a"] * 6 + ["b"], "ds": [*range(6), 5], "y": [*y, 1.0]}
    panel = panel_of(data)
    assert series_of(panel, 2)[0].tolist() == [1, 2, 3, 2, 5, 2]
    assert series_of(panel, 9)[0].tolist() == [1, 2, 3, 3, 5, 5]


class Failing(LocalModel):
    def least(self, season: int) -> int:
        return 4

    def predict(self, ask: Ask) -> np.ndarray:
        if ask.y[0] == 1:
            raise ValueError("no solution")
        value = {2: np.nan, 3: 1e9}.get(int(ask.y[0]), 7.0)
        return np.full((ask.horizon, len(ask.quantiles) - (ask.y[0] == 4)), value)


def test_where_a_model_fails_naive_takes_its_place_and_says_why(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rows = [[first, 5, 6, 8] for first in (1, 2, 3, 4, 5)]
    model = Failing()
    with caplog.at_level(logging.WARNING):
        values = forecast(model, frame(*rows, [1, 5, 8])).values
    assert values[:, 0, 2].tolist() == [8, 8, 8, 8, 7, 8]
    assert sorted(model.fallbacks) == ["a", "b", "c", "d", "f"]
    assert [model.fallbacks[key].split()[0] for key in "abcdf"] == ["no", "the", "the", "the", "3"]
    assert "runs away to 1e+09" in model.fallbacks["c"]
    assert "series=5 first=f: 3 values, needs 4; Naive took its place" in caplog.text
    assert forecast(model, frame([5, 5, 6, 8])).ids == ("a",)
    assert model.fallbacks == {}


def test_naive_spreads_like_a_random_walk() -> None:
    values = forecast(Naive(), frame([10, 12, 10, 12, 10, 12])).values[0]
    z = NormalDist().inv_cdf(0.95)
    assert values[:, 2].tolist() == [12] * 4
    assert values[:, 4] == pytest.approx(12 + 2 * z * np.sqrt([1, 2, 3, 4]))


def test_the_median_of_seasonal_naive_is_last_season_also_with_a_trend() -> None:
    y = np.arange(60.0)
    values = forecast(SeasonalNaive(season_length=12), frame(y), 24).values[0]
    assert values[:, 2].tolist() == [*range(48, 60), *range(48, 60)]
    assert values[0, 3:].tolist() == [60, 60]  # every error of one season is +12
    assert values[12, 3:].tolist() == [72, 72]  # and of two +24
    assert values[0, 0] == 48


def test_seasonal_naive_without_a_season_is_naive() -> None:
    rng = np.random.default_rng(4)
    history = frame(rng.normal(50, 5, 80))
    values = forecast(SeasonalNaive(season_length=1), history).values
    assert (values[0, :, 2] == forecast(Naive(), history).values[0, :, 2]).all()
    with pytest.raises(ValueError, match="less than one period"):
        SeasonalNaive(season_length=0)


def test_factors_of_a_pure_season_are_the_season() -> None:
    """4 quarters of 2 1 0.5 0.5 around a level of 10: moving averages are flat."""
    pure = np.array([2.0, 1.0, 0.5, 0.5])
    y = 10 * np.tile(pure, 6)
    assert is_seasonal(y, 4)
    assert seasonal_factors(y, 4) == pytest.approx(pure)
    assert seasonal_factors(y[1:], 4) == pytest.approx(np.roll(pure, -1))
    values = forecast(Naive2(season_length=4), frame(y), 8).values[0]
    assert values[:, 2] == pytest.approx(np.tile(10 * pure, 2))


@pytest.mark.parametrize(
    ("y", "season"),
    [
        (np.tile([1.0, 5.0], 2), 2),  # fewer than three seasons
        (np.ones(40), 4),  # constant
        (np.random.default_rng(0).normal(9, 1, 400), 7),  # noise
        (np.tile(np.arange(1.0, 53), 5), 52),  # beyond R's longest lag of 24
        (np.tile([1.0, 5.0], 20), 1),
    ],
)
def test_what_is_not_seasonal_by_the_rule_has_no_factors(y: np.ndarray, season: int) -> None:
    assert not is_seasonal(y, season)
    assert (seasonal_factors(y, season) == 1).all()


def test_factors_need_positive_values() -> None:
    y = np.tile([4.0, 1.0, 0.0, 2.0], 10)
    assert is_seasonal(y, 4)
    assert (seasonal_factors(y, 4) == 1).all()  # a factor would be zero
    assert (seasonal_factors(y - 9, 4) == 1).all()


def test_smoothing_by_hand() -> None:
    """Alpha 0.5 on 2 4 4: levels 2, 3, 3.5; errors 2 and 1."""
    found = ses_panel(np.array([[2.0, 4, 4], [np.nan, 2, 4], [np.nan] * 3]), (0.5,))
    assert found.level[:2].tolist() == [3.5, 3]
    assert found.sigma[:2].tolist() == [2.5**0.5, 2]
    assert np.isnan(found.level[2])
    skipped = ses_panel(np.array([[2.0, np.nan, 4]]), (0.5,))
    assert skipped.level.tolist() == [3]


def test_smoothing_agrees_with_statsforecast() -> None:
    """Its golden section search may stop on another flat spot of the error; never a better one."""
    rng = np.random.default_rng(1)
    y = np.cumsum(rng.normal(0, rng.random((40, 1)), (40, 90)), axis=1) + rng.normal(
        20, 1, (40, 90)
    )
    found = smoothed(y)
    for row, sigma, level in zip(y, found.sigma, found.level, strict=True):
        peer = peers.SimpleExponentialSmoothingOptimized().fit(row)
        error = (row - peer.model_["fitted"])[1:]
        assert sigma <= np.sqrt(np.mean(error**2)) * (1 + 1e-4)
        fixed = peers.SimpleExponentialSmoothing(alpha=0.3).forecast(row, 1)["mean"][0]
        assert ses_panel(row[None], (0.3,)).level[0] == pytest.approx(fixed, rel=1e-9)
        assert level == pytest.approx(peer.model_["mean"][0], abs=0.35)


@pytest.mark.parametrize(("y", "alphas"), [(np.ones(3), (0.5,)), (np.ones((1, 3)), (0.0,))])
def test_smoothing_refuses_nonsense(y: np.ndarray, alphas: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"dimensions|inside \(0, 1\]"):
        ses_panel(y, alphas)


def test_smoothing_of_no_series_is_nothing() -> None:
    assert len(ses_panel(np.empty((0, 5))).level) == len(smoothed(np.empty((0, 5))).level) == 0


def test_the_spread_of_ses_is_that_of_the_textbook() -> None:
    y = np.random.default_rng(3).normal(100, 10, 80)
    values = forecast(SES(season_length=1), frame(y)).values[0]
    found = smoothed(y[None])
    sd = found.sigma[0] * np.sqrt(1 + np.arange(4) * found.alpha[0] ** 2)
    assert values[:, 4] - values[:, 2] == pytest.approx(NormalDist().inv_cdf(0.95) * sd)


def test_intervals_are_those_of_the_model() -> None:
    y = np.random.default_rng(5).normal(50, 4, 60)
    values = forecast(AutoETS(season_length=1), frame(y)).values[0]
    peer = peers.AutoETS(season_length=1).forecast(y, 4, level=[90, 50])
    wanted = [peer[key] for key in ("lo-90", "lo-50", "mean", "hi-50", "hi-90")]
    assert values == pytest.approx(np.column_stack(wanted))


def test_counts_are_forecast_in_whole_pieces_around_the_mean_rate() -> None:
    y = np.random.default_rng(6).poisson(0.4, 300).astype(float)
    ask = Ask(y, 2, np.linspace(0.0005, 0.9995, 1000), 1)
    values = count_quantiles(peers.CrostonSBA(), ask)
    assert (values % 1 == 0).all()
    assert values.mean() == pytest.approx(peers.CrostonSBA().forecast(y, 1)["mean"][0], abs=0.01)
    shifted = count_quantiles(peers.CrostonSBA(), Ask(y + 0.25, 2, ask.quantiles, 1))
    assert (shifted % 1 != 0).any()


def test_a_model_of_its_own_season_is_refused_below_one() -> None:
    with pytest.raises(ValueError, match="season_length is 0"):
        Naive2(season_length=0)


def test_a_local_model_without_predict_says_so() -> None:
    with pytest.raises(TypeError, match=r"abstract class LocalModel.* method '?predict"):
        LocalModel()


def test_predict_each_takes_levels_in_any_order() -> None:
    panel = panel_of(frame([1, 2, 3, 5, 4, 6]))
    down, _ = predict_each(panel, 2, (0.9, 0.1), 1, 3, lambda asks: Naive().predict)
    up, _ = predict_each(panel, 2, (0.1, 0.9), 1, 3, lambda asks: Naive().predict)
    assert (down[:, :, ::-1] == up).all()


def test_without_statsforecast_the_way_to_get_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "statsforecast.models", None)
    with pytest.raises(PluginError, match=r"pip install 'seamline\[bench\]'"):
        load_forecaster("Theta").forecast(frame([1, 2, 4, 3, 5, 6]), 2, (0.5,))
