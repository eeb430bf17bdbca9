"""Models of statsforecast, sktime and scikit-learn as forecasters."""

from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
import statsforecast.models as nixtla
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression
from sktime.forecasting.base import ForecastingHorizon
from sktime.forecasting.naive import NaiveForecaster
from sktime.forecasting.theta import ThetaForecaster

from seamline_platform.demand.adapters import (
    FromSklearn,
    FromSktime,
    FromStatsforecast,
    held_out,
)
from seamline_platform.demand.frame import FloatArray, grid_of, long_frame, panel_of
from seamline_platform.demand.local.series import Ask
from seamline_platform.demand.protocol import check_forecast

# What sktime says of its coming versions is no matter of ours.
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")

LEVELS = (0.05, 0.5, 0.95)
Z = NormalDist().inv_cdf(0.95)


def forecast(model: Any, rows: Sequence[Sequence[float]], horizon: int = 3) -> FloatArray:
    history = long_frame({
        "unique_id": [chr(97 + i) for i, row in enumerate(rows) for _ in row],
        "ds": [100 - len(row) + t for row in rows for t in range(len(row))],
        "y": [float(value) for row in rows for value in row],
    })  # fmt: skip
    table = model.forecast(history, horizon, LEVELS)
    panel = panel_of(history)
    return grid_of(check_forecast(table, panel, horizon, LEVELS), panel.freq).values


NOISE = np.random.default_rng(1).normal(100, 5, (2, 60)).tolist()


def test_statsforecast_with_intervals_of_its_own() -> None:
    class Drift(FromStatsforecast):
        def model(self, season_length: int) -> Any:
            return nixtla.RandomWalkWithDrift()

    values = forecast(Drift(), NOISE)
    peer = nixtla.RandomWalkWithDrift().forecast(np.array(NOISE[0]), 3, level=[90])
    wanted = np.column_stack([peer["lo-90"], peer["mean"], peer["hi-90"]])
    assert values[0] == pytest.approx(wanted)


def test_a_blind_model_of_statsforecast_is_never_asked_for_an_interval() -> None:
    asked: list[object] = []

    class Watched(nixtla.WindowAverage):
        def forecast(self, *args: Any, level: Any = None, **kwargs: Any) -> Any:
            asked.append(level)
            return super().forecast(*args, level=level, **kwargs)

    class Window(FromStatsforecast):
        def model(self, season_length: int) -> Any:
            return Watched(window_size=2)

    values = forecast(Window(), NOISE)
    assert values[0, :, 1] == pytest.approx([np.mean(NOISE[0][-2:])] * 3)
    assert (values[:, :, 2] > values[:, :, 1]).all()
    assert set(asked) == {None}


def test_errors_on_held_back_ends_by_hand() -> None:
    """The last value of 0 1 2 .. 19 errs by k, k periods ahead, in each of three windows."""
    ask = Ask(np.arange(20.0), 2, np.array(LEVELS), 1)
    values = held_out(lambda y, horizon: np.full(horizon, y[-1]), ask)
    assert values[:, 1].tolist() == [19, 19]
    assert values[:, 2] - 19 == pytest.approx([Z, 2 * Z])
    short = held_out(lambda y, horizon: np.full(horizon, 9.0), Ask(ask.y[:4], 2, ask.quantiles, 1))
    assert short[:, 2] - 9 == pytest.approx([Z, 2**0.5 * Z])  # as wide as Naive's


def test_sktime_with_intervals_of_its_own() -> None:
    class Theta(FromSktime):
        def model(self, season_length: int) -> Any:
            return ThetaForecaster(deseasonalize=False, sp=season_length)

    import pandas as pd

    values = forecast(Theta(), NOISE)
    fh = ForecastingHorizon([1, 2, 3])
    peer = ThetaForecaster(deseasonalize=False).fit(pd.Series(NOISE[0]), fh=fh)
    assert values[0, :, 1] == pytest.approx(peer.predict().to_numpy())
    assert values[0] == pytest.approx(peer.predict_quantiles(alpha=list(LEVELS)).to_numpy())


def test_sktime_without_intervals() -> None:
    class Last(FromSktime):
        def model(self, season_length: int) -> Any:
            model = NaiveForecaster(sp=season_length)
            return model.set_tags(**{"capability:pred_int": False})

    values = forecast(Last(season_length=4), NOISE)
    assert values[0, :, 1].tolist() == NOISE[0][-4:-1]
    assert (values[:, :, 0] < values[:, :, 1]).all()


class Linear(FromSklearn):
    lags = 3

    def model(self, season_length: int) -> Any:
        return LinearRegression()


class Direct(Linear):
    strategy = "direct"


@pytest.mark.parametrize("kind", [Linear, Direct])
def test_a_regressor_learns_growth_whatever_the_size(kind: type[FromSklearn]) -> None:
    """With steady growth the next value is always the same multiple of the last three."""
    growth = 1.02 ** np.arange(66)
    values = forecast(kind(season_length=1), [growth[:60], 700 * growth[:60]], 6)
    assert values[:, :, 1] == pytest.approx(np.array([growth[60:], 700 * growth[60:]]))


def test_the_spread_of_a_regressor_is_that_of_the_ends_held_back() -> None:
    class Mean(FromSklearn):
        lags, strategy = 2, "direct"

        def model(self, season_length: int) -> Any:
            return DummyRegressor(strategy="constant", constant=1.0)

    y = [8, 12] * 10 + [13, 7]
    values = forecast(Mean(), [y], 2)[0]
    assert values[:, 1].tolist() == [10, 10]  # 1 times the mean of the last two
    assert values[:, 2] - 10 == pytest.approx([Z * 3, Z * 3])


def test_short_and_unknown_series_do_not_stop_a_regressor() -> None:
    assert forecast(Linear(), [[4.0, 6.0]])[0, :, 1].tolist() == [6, 6, 6]
    values = forecast(Linear(), [*NOISE, [5.0]])
    assert np.isfinite(values).all()
    history = {"unique_id": ["a", "b"], "ds": [1, 2], "y": [3.0, None]}
    table = Linear().forecast(long_frame(history), 1, LEVELS)
    assert table["value"].to_pylist()[3:] == [0, 0, 0]


class Unfinished(FromSklearn):
    pass


@pytest.mark.parametrize("kind", [FromStatsforecast, FromSktime, Unfinished])
def test_an_adapter_without_a_model_says_so(kind: type[Any]) -> None:
    with pytest.raises(TypeError, match=rf"abstract class {kind.__name__}.* method '?model"):
        kind()


def test_a_model_that_fails_on_every_series_is_an_error_and_not_naive() -> None:
    class Wrong(FromSktime):
        def model(self, season_length: int) -> Any:
            return ThetaForecaster(sp="no number")

    rows = [*NOISE, NOISE[0][::-1]]
    with pytest.raises(ValueError, match="failed on all 3 series"):
        forecast(Wrong(), rows)


def test_a_strategy_that_does_not_exist_is_refused() -> None:
    class Odd(Linear):
        strategy = "sideways"  # type: ignore[assignment]

    with pytest.raises(ValueError, match="'recursive' or 'direct'"):
        Odd()
