from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pytest

from seamline_broker.errors import PluginError
from seamline_platform.demand import combination, members
from seamline_platform.demand.combination import Combination
from seamline_platform.demand.frame import forecast_table, grid_of, long_frame, panel_of
from seamline_platform.demand.members import cast, cost_s, default_members
from seamline_platform.demand.protocol import check_forecast
from seamline_platform.demand.weighing import inverse_loss_weights, mean_loss, width_factors

MakeHistory = Callable[..., pa.Table]
LEVELS = (0.1, 0.5, 0.9)
LOCAL = ("Naive", "SeasonalNaive")


class Flat:
    """Every quantile of every period is one number."""

    def __init__(self, value: float) -> None:
        self.value = value

    def forecast(self, history: pa.Table, horizon: int, quantiles: Sequence[float]) -> pa.Table:
        panel = panel_of(history)
        values = np.full((len(panel.ids), horizon, len(quantiles)), self.value)
        return forecast_table(panel.ids, panel.next_period, quantiles, values, panel.freq)


class Broken:
    def forecast(self, history: pa.Table, horizon: int, quantiles: Sequence[float]) -> pa.Table:
        raise ValueError("no fuel")


@pytest.fixture
def years() -> pa.Table:
    """30 series of 15 years, integers of time, with a trend."""
    rng = np.random.default_rng(1)
    y = 100 + 5 * np.arange(15) + rng.normal(size=(30, 15))
    return long_frame(
        {
            "unique_id": np.repeat([f"Y{i:02d}" for i in range(30)], 15),
            "ds": np.tile(np.arange(15), 30),
            "y": y.reshape(-1),
        }
    )


def registered(monkeypatch: pytest.MonkeyPatch, **models: object) -> None:
    """Let the combination find `models` under their names."""
    monkeypatch.setattr(combination, "load_forecaster", lambda name, **_: models[name])


def test_the_loss_by_hand() -> None:
    values = np.array([[[1.0, 2.0, 4.0]]])
    truth, scale = np.array([[3.0]]), np.array([2.0])
    # errors 1, .5, -.5 scales; pinball .1 x 1, .5 x .5, .1 x .5 = .1, .25, .05; mean of the double
    assert mean_loss(values, truth, scale, LEVELS) == pytest.approx(2 * 0.4 / 3)
    assert np.isnan(mean_loss(values, np.array([[np.nan]]), scale, LEVELS))


def test_weights_by_hand() -> None:
    # losses 1 and 2 at power 1: shares 2 to 1; the third is under five in a hundred
    weights = inverse_loss_weights({"a": 1.0, "b": 2.0, "c": 40.0}, power=1.0)
    assert weights == pytest.approx({"a": 2 / 3, "b": 1 / 3})
    assert inverse_loss_weights({"a": 0.0, "b": 1.0}) == {"a": 1.0}
    assert inverse_loss_weights({"a": 1.0, "b": float("nan")}) == {"a": 1.0}


def test_weights_need_a_loss() -> None:
    with pytest.raises(ValueError, match="positive"):
        inverse_loss_weights({"a": float("nan")})


def test_widths_by_hand() -> None:
    # half widths 1 and absolute errors .1 .. 1.9: 80 % of 19 outcomes is rank 16 of 20
    error = np.arange(1, 20) / 10 * np.where(np.arange(19) % 2, 1, -1)
    deviation = np.tile([-1.0, 0.0, 1.0], (19, 1))
    assert width_factors(error, deviation, LEVELS) == pytest.approx([1.6, 1.0, 1.6])
    # nothing is stretched to more than twice, nor pressed to less than half
    assert width_factors(10 * error, deviation, LEVELS) == pytest.approx([2.0, 1.0, 2.0])
    assert width_factors(error / 100, deviation, LEVELS) == pytest.approx([0.5, 1.0, 0.5])


def test_a_level_without_its_mirror_is_stretched_by_itself() -> None:
    deviation = np.tile([0.0, 2.0], (9, 1))
    factors = width_factors(np.arange(1.0, 10.0), deviation, (0.5, 0.9))
    assert factors == pytest.approx([1.0, 2.0])  # rank 8 of 10: 8 / 2, held at 2


def test_the_better_member_leads(monkeypatch: pytest.MonkeyPatch, years: pa.Table) -> None:
    near, far = Flat(170.0), Flat(300.0)
    registered(monkeypatch, Near=near, Far=far, HistGradientBoosting=Broken())
    model = Combination(members=("Near", "Far"))
    made = grid_of(model.forecast(years, 2, LEVELS))
    assert model.weighed is not None
    assert model.weighed.weights == {"Near": 1.0}
    assert model.weighed.losses["Near"] < model.weighed.losses["Far"]
    assert (made.values == 170.0).all()


def test_what_comes_later_changes_no_weight(years: pa.Table) -> None:
    model = Combination(members=LOCAL)
    past = years.filter(pa.compute.less(years["ds"], 13))
    changed = years.set_column(
        2, "y", pa.array(np.where(np.asarray(years["ds"]) >= 13, 1e6, np.asarray(years["y"])))
    ).filter(pa.compute.less(years["ds"], 13))
    first = model.forecast(past, 2, LEVELS)
    weights = model.weighed
    assert model.forecast(changed, 2, LEVELS).equals(first)
    assert weights is not None
    assert model.weighed is not None
    assert dict(model.weighed.losses) == dict(weights.losses)


def test_a_member_that_fails_is_left_out_and_named(
    monkeypatch: pytest.MonkeyPatch, years: pa.Table
) -> None:
    registered(monkeypatch, Good=Flat(170.0), Bad=Broken(), HistGradientBoosting=Broken())
    model = Combination(members=("Good", "Bad"))
    made = grid_of(model.forecast(years, 2, LEVELS))
    assert (made.values == 170.0).all()
    assert any("Bad left out: no fuel" in note for note in model.notes)


def test_without_any_member_there_is_no_forecast(
    monkeypatch: pytest.MonkeyPatch, years: pa.Table
) -> None:
    registered(monkeypatch, Bad=Broken(), HistGradientBoosting=Broken())
    with pytest.raises(PluginError, match="No member"):
        Combination(members=("Bad",)).forecast(years, 2, LEVELS)


def test_without_an_earlier_origin_all_count_alike(
    monkeypatch: pytest.MonkeyPatch, years: pa.Table
) -> None:
    registered(monkeypatch, A=Flat(100.0), B=Flat(200.0), HistGradientBoosting=Broken())
    model = Combination(members=("A", "B"))
    short = years.filter(pa.compute.less(years["ds"], 9))
    made = grid_of(model.forecast(short, 2, LEVELS))
    assert made.values[0, 0].tolist() == [150.0] * 3
    assert any("no earlier origin" in note for note in model.notes)


def test_counts_stay_whole_and_keep_the_contract(shop: pa.Table) -> None:
    model = Combination(origins=1, sample=60)
    table = model.forecast(shop, 7, LEVELS)
    values = grid_of(check_forecast(table, panel_of(shop), 7, LEVELS)).values
    assert (values == np.round(values)).all()
    assert sum(model.weighed.weights.values()) == pytest.approx(1.0)  # type: ignore[union-attr]


def test_fit_once_then_forecast_gives_the_same(years: pa.Table) -> None:
    fitted = Combination(members=(*LOCAL, "HistGradientBoosting"))
    fitted.fit(years, 2, LEVELS)
    fresh = Combination(members=(*LOCAL, "HistGradientBoosting"))
    assert fitted.forecast(years, 2, LEVELS).equals(fresh.forecast(years, 2, LEVELS))


def test_levels_may_come_in_any_order(years: pa.Table) -> None:
    turned = grid_of(Combination(members=LOCAL).forecast(years, 2, (0.9, 0.1, 0.5)))
    straight = grid_of(Combination(members=LOCAL).forecast(years, 2, LEVELS))
    assert turned.quantiles == straight.quantiles
    assert turned.values == pytest.approx(straight.values)


def test_without_statsforecast_the_rest_takes_part(
    monkeypatch: pytest.MonkeyPatch, years: pa.Table
) -> None:
    monkeypatch.setattr(members.importlib.util, "find_spec", lambda _: None)
    chosen = cast(default_members(panel_of(years), 1), panel_of(years), 1, 60.0)
    assert chosen.names == ("HistGradientBoosting",)
    assert "pip install 'seamline[bench]'" in chosen.notes[0]


def test_the_dearest_member_goes_first_when_time_is_short(years: pa.Table) -> None:
    panel = panel_of(years)
    wanted = ("Naive", "DynamicOptimizedTheta", "MSTL")
    dear = cost_s("MSTL", panel, 1)
    chosen = cast(wanted, panel, 1, dear)
    assert chosen.names == ("Naive", "DynamicOptimizedTheta")
    assert chosen.notes[0].startswith("MSTL left out: about 0 CPU-s for 30 series")
    assert cast(wanted, panel, 1, 2 * dear).names == wanted


def test_options_are_checked() -> None:
    with pytest.raises(ValueError, match="budget_s > 0"):
        Combination(budget_s=0.0)
