"""The global model away from days and counts: any frequency, any scale, any number of levels."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from seamline_platform.demand import boosting
from seamline_platform.demand.boosting import fitted_levels, interpolated
from seamline_platform.demand.frame import grid_of, long_frame, panel_of
from seamline_platform.demand.gradient_boosting import (
    HistGradientBoosting,
    anchor_of,
    is_counts,
    some_series,
)
from seamline_platform.demand.history_sums import HistorySums
from seamline_platform.demand.known_ahead import Vocabulary, attributes_of
from seamline_platform.demand.protocol import check_forecast
from seamline_platform.demand.seasonality import cycles_of
from seamline_platform.demand.training_rows import newest_rows, spread_rows

MakeHistory = Callable[..., pa.Table]
LEVELS = (0.025, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.975)
SMALL = {"iterations": 30, "max_rows": 4_000}


def frame(y: np.ndarray, start: str, step: str, **columns: object) -> pa.Table:
    """Return series of equal length from `start` on, every `step` (numpy unit)."""
    first = np.datetime64(start, step)
    ds = (first + np.arange(y.shape[1])).astype("datetime64[us]")
    data = {
        "unique_id": np.repeat([f"S{i:03d}" for i in range(len(y))], y.shape[1]),
        "ds": np.tile(ds, len(y)),
        "y": y.reshape(-1),
    }
    return long_frame(data | columns)


def seasonal(series: int, periods: int, cycle: int, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    shape = rng.normal(size=cycle)
    level = rng.uniform(50, 5_000, series)[:, None]
    wave = 1 + 0.2 * shape[np.arange(periods) % cycle]
    return level * (wave + 0.03 * rng.normal(size=(series, periods)))


@pytest.mark.parametrize(
    ("step", "start", "periods", "cycle"),
    [("h", "2024-01-01T00", 240, 24), ("M", "2010-01", 96, 12), ("Y", "1990", 24, 1)],
)
def test_any_frequency_beats_the_last_value(
    step: str, start: str, periods: int, cycle: int
) -> None:
    y = seasonal(40, periods + cycle, cycle)
    history = frame(y[:, :periods], start, step)
    table = HistGradientBoosting(**SMALL).forecast(history, cycle, LEVELS)
    values = grid_of(check_forecast(table, panel_of(history), cycle, LEVELS)).values
    came = y[:, periods:]
    level = came.mean(axis=1, keepdims=True)
    mine = (np.abs(values[:, :, 5] - came) / level).mean()
    naive = (np.abs(y[:, periods - 1 : periods] - came) / level).mean()
    assert mine < (0.6 * naive if cycle > 1 else 1.1 * naive)
    inside = (came >= values[:, :, 1]) & (came <= values[:, :, 9])
    assert inside.mean() > 0.6


def test_negative_values_are_allowed_where_the_history_has_them() -> None:
    rng = np.random.default_rng(2)
    history = frame(rng.normal(-5, 1, (30, 60)), "2015-01", "M")
    values = grid_of(HistGradientBoosting(**SMALL).forecast(history, 3, (0.5,))).values
    assert (values < 0).all()
    positive = frame(np.abs(rng.normal(0, 1, (30, 60))), "2015-01", "M")
    low = grid_of(HistGradientBoosting(**SMALL).forecast(positive, 3, (0.025,))).values
    assert (low >= 0).all()


def test_a_covariate_known_ahead_moves_the_forecast_and_one_not_known_does_not() -> None:
    rng = np.random.default_rng(3)
    event = (rng.random((40, 80)) < 0.2).astype(float)
    y = 100 + 50 * event + rng.normal(size=(40, 80))
    past, later = y.copy(), y.copy()
    later[:, 78:] = np.nan
    event[:, 78] = 1.0
    event[:, 79] = 0.0
    history = frame(later, "2015-01", "M", event=event.reshape(-1))
    values = grid_of(HistGradientBoosting(**SMALL).forecast(history, 2, (0.5,))).values[:, :, 0]
    assert (values[:, 0] - values[:, 1]).mean() > 30
    told = frame(past[:, :78], "2015-01", "M", event=event[:, :78].reshape(-1))
    plain = frame(past[:, :78], "2015-01", "M")
    model = HistGradientBoosting(**SMALL)
    assert model.forecast(told, 2, (0.5,)).equals(model.forecast(plain, 2, (0.5,)))


def test_static_columns_are_categories_and_odd_names_are_not_taken_apart() -> None:
    y = np.ones((4, 3))
    static = np.repeat(["cold", "warm", "cold", "warm"], 3)
    panel = panel_of(frame(y, "2015-01", "M", climate=static))
    assert attributes_of(panel) == {"climate": ("cold", "warm", "cold", "warm")}
    words = Vocabulary.of(panel)
    assert words.coded(panel)[:, 0].tolist() == [0, 1, 0, 1]
    other = panel_of(frame(y, "2015-01", "M", climate=np.repeat(["hot"] * 4, 3)))
    assert words.coded(other)[:, 0].tolist() == [254] * 4


def test_fit_once_then_forecast_uses_what_was_learned() -> None:
    history = frame(seasonal(20, 60, 12), "2015-01", "M")
    model = HistGradientBoosting(**SMALL)
    fresh = model.forecast(history, 3, LEVELS)
    model.fit(history, 3, LEVELS)
    assert model.forecast(history, 3, LEVELS).equals(fresh)
    one = history.filter(pa.compute.equal(history["unique_id"], "S000"))
    assert len(model.forecast(one, 3, LEVELS)) == 3 * len(LEVELS)


def test_a_series_without_a_value_gets_the_middle_of_the_others() -> None:
    y = seasonal(9, 60, 12)
    history = frame(y, "2015-01", "M")
    empty = long_frame({"unique_id": ["new"], "ds": history["ds"][:1], "y": [None]})
    table = pa.concat_tables([history, empty])
    values = grid_of(HistGradientBoosting(**SMALL).forecast(table, 3, (0.5,))).values
    assert values[-1] == pytest.approx(np.median(values[:-1], axis=0))


def test_cycles_are_found_where_time_is_plain_integers(make_history: MakeHistory) -> None:
    def integers(y: np.ndarray) -> pa.Table:
        return long_frame({
            "unique_id": np.repeat([f"S{i}" for i in range(len(y))], y.shape[1]),
            "ds": np.tile(np.arange(y.shape[1]), len(y)),
            "y": y.reshape(-1),
        })  # fmt: skip

    assert cycles_of(panel_of(integers(seasonal(20, 200, 52)))) == (52,)
    noise = np.random.default_rng(4).normal(size=(20, 200))
    assert cycles_of(panel_of(integers(noise))) == ()
    trend = noise + 10 * np.arange(200)
    assert cycles_of(panel_of(integers(trend))) == ()
    assert cycles_of(panel_of(integers(noise)), 12) == (12,)
    assert cycles_of(panel_of(integers(noise[:, :20])), 12) == (12,)
    assert cycles_of(panel_of(integers(noise[:, :13])), 12) == ()


def test_the_anchor_is_the_longest_cycle_within_the_horizon() -> None:
    assert anchor_of((24, 168), 48) == 24
    assert anchor_of((24, 168), 168) == 168
    assert anchor_of((52,), 13) == 0
    assert anchor_of((), 5) == 0


def test_counts_are_whole_never_negative_and_sometimes_zero() -> None:
    assert is_counts(panel_of(frame(np.array([[0.0, 1.0, 2.0]]), "2015-01", "M")))
    assert not is_counts(panel_of(frame(np.array([[5.0, 1.0, 2.0]]), "2015-01", "M")))
    assert not is_counts(panel_of(frame(np.array([[0.0, 1.5, 2.0]]), "2015-01", "M")))
    assert not is_counts(panel_of(frame(np.array([[0.0, -1.0, 2.0]]), "2015-01", "M")))


def test_levels_between_those_learned_are_interpolated_along_the_normal_score() -> None:
    levels = [0.1, 0.5, 0.9]
    normal = np.array([[-1.2815515655446004, 0.0, 1.2815515655446004]])
    # of a normal distribution the interpolation is exact, also outside
    wanted = (0.025, 0.2, 0.5, 0.8, 0.975)
    exact = [-1.959963984540054, -0.8416212335729143, 0.0, 0.8416212335729143, 1.959963984540054]
    assert interpolated(levels, normal, wanted)[0] == pytest.approx(exact)
    assert fitted_levels((0.9, 0.1)) == [0.1, 0.9]
    thirteen = [0.025, 0.05, *np.arange(1, 10) / 10, 0.95, 0.975]
    assert fitted_levels(thirteen) == pytest.approx([0.025, 0.1, 0.3, 0.5, 0.7, 0.9, 0.975])


def test_sums_agree_with_a_loop() -> None:
    rng = np.random.default_rng(5)
    y = np.where(rng.random((3, 20)) < 0.2, np.nan, 1e6 + rng.normal(size=(3, 20)))
    sums = HistorySums(y)
    series, origin = np.repeat(np.arange(3), 20), np.tile(np.arange(20), 3)
    for row, (s, o) in enumerate(zip(series, origin, strict=True)):
        part = y[s, max(o - 4, 0) : o + 1]
        known = part[~np.isnan(part)]
        assert sums.mean(series, origin, 5)[row] == pytest.approx(known.mean() if len(known) else 0)
        spread = known.std() if len(known) else 0.0
        assert sums.spread(series, origin, 5)[row] == pytest.approx(spread, abs=1e-6)
        step = np.abs(np.diff(y[s, max(o - 5, 0) : o + 1]))[-5:]
        step = step[~np.isnan(step)]
        expected = step.mean() if len(step) else 0.0
        assert sums.mean_step(series, origin, 5)[row] == pytest.approx(expected, abs=1e-6)


def test_training_rows_stay_inside_the_history() -> None:
    y = seasonal(10, 40, 4)
    y[:5, :20] = np.nan
    panel = panel_of(frame(y, "2015-01", "M"))
    rng = np.random.default_rng(6)
    for series, origin, ahead in (
        spread_rows(panel.y, 6, 8, 1_000, rng),
        newest_rows(panel, 6, 1_000, rng),
    ):
        assert len(series) > 50
        assert (ahead >= 1).all()
        assert (ahead <= 6).all()
        assert (origin + ahead < panel.periods).all()
        assert (origin >= 0).all()


def test_a_few_months_are_too_short() -> None:
    with pytest.raises(ValueError, match="8 months of history, not 5"):
        HistGradientBoosting().forecast(frame(np.ones((3, 5)), "2015-01", "M"), 2, (0.5,))


def test_many_series_are_forecast_in_parts_and_learned_from_evenly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    history = frame(seasonal(30, 60, 12), "2015-01", "M")
    whole = HistGradientBoosting(**SMALL).forecast(history, 3, LEVELS)
    monkeypatch.setattr(boosting, "ROWS_AT_ONCE", 20)
    assert HistGradientBoosting(**SMALL).forecast(history, 3, LEVELS).equals(whole)
    some = some_series(panel_of(history), 4)
    assert some.ids == ("S000", "S010", "S019", "S029")
    assert some.y.shape == (4, 60)
    assert (some.y[1] == panel_of(history).y[10]).all()
