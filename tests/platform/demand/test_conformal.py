from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pytest

from seamline_platform.demand.conformal import (
    Conformal,
    conformal_quantiles,
    quantiles_by_horizon,
    scale_of,
)
from seamline_platform.demand.frame import forecast_table, grid_of, panel_of
from seamline_platform.demand.frequency import Frequency
from seamline_platform.demand.origins import history_until, known_after, spread_out
from seamline_platform.demand.protocol import check_forecast

MakeHistory = Callable[..., pa.Table]
LEVELS = (0.1, 0.5, 0.9)


class LastValue:
    """Every quantile is the last value."""

    def forecast(self, history: pa.Table, horizon: int, quantiles: Sequence[float]) -> pa.Table:
        panel = panel_of(history)
        values = np.repeat(panel.y[:, -1:, None], horizon, axis=1).repeat(len(quantiles), axis=2)
        return forecast_table(panel.ids, panel.next_period, quantiles, values, panel.freq)


def test_ranks_by_hand() -> None:
    residuals = np.array([3.0, -1.0, 2.0, 0.0, -4.0, 1.0, 5.0, -2.0, 4.0])  # n = 9, n + 1 = 10
    # sorted: -4 -2 -1 0 1 2 3 4 5; ranks 1 (0.1), 3 (0.3), 5 (0.5), 9 (0.9)
    assert conformal_quantiles(residuals, (0.1, 0.3, 0.5, 0.9)).tolist() == [-4, -1, 1, 5]
    # ranks between: 2.5 is rounded down below the middle, 7.5 up above it
    assert conformal_quantiles(residuals, (0.25, 0.75)).tolist() == [-2, 4]


def test_too_few_residuals_give_the_outermost() -> None:
    assert conformal_quantiles(np.array([1.0, 2.0]), (0.05, 0.95)).tolist() == [1.0, 2.0]


def test_unknown_residuals_do_not_count() -> None:
    assert conformal_quantiles(np.array([np.nan, 1.0, np.nan]), (0.5,)).tolist() == [1.0]


def test_without_residuals_nothing_can_be_said() -> None:
    with pytest.raises(ValueError, match="no residuals"):
        conformal_quantiles(np.array([np.nan]), (0.5,))


@pytest.mark.parametrize("level", [0.0, 1.0, 1.5])
def test_a_level_lies_inside_zero_and_one(level: float) -> None:
    with pytest.raises(ValueError, match="inside"):
        conformal_quantiles(np.array([1.0]), (level,))


def test_the_promise_holds_exactly_for_exchangeable_residuals() -> None:
    """Leave-one-out over n + 1 distinct values: at most level x (n + 1) lie below, so many at."""
    values = np.random.default_rng(5).normal(size=20)  # n + 1 = 20
    for level in (0.1, 0.35, 0.5, 0.8, 0.95):
        q = np.array([conformal_quantiles(np.delete(values, i), (level,))[0] for i in range(20)])
        if level >= 0.5:
            assert (values <= q).mean() >= level
        else:
            assert (values < q).mean() <= level
        assert abs((values <= q).mean() - level) <= 1 / 20 + 1e-12


def test_a_horizon_with_few_residuals_takes_its_neighbours_in() -> None:
    residuals = np.array([[0.0, 10.0, 20.0, 90.0]])
    by_hand = quantiles_by_horizon(residuals, (0.5,), enough=2)
    # one outcome each: horizon 1 takes 2 in, horizon 2 takes both sides, ..
    assert by_hand[:, 0].tolist() == [10.0, 10.0, 20.0, 90.0]
    assert quantiles_by_horizon(residuals, (0.5,), enough=1)[:, 0].tolist() == [0, 10, 20, 90]


def test_the_scale_is_the_mean_absolute_seasonal_change(make_history: MakeHistory) -> None:
    y = np.array([[1.0, 2.0, 4.0, 8.0], [5.0, 5.0, 5.0, 5.0], [0.0, 0.0, 0.0, 0.0]])
    panel = panel_of(make_history(y))
    # changes over two periods: 3 and 6; a constant series has no change: root of 5.5, of 0.5
    assert scale_of(panel, 2) == pytest.approx([4.5, np.sqrt(5.5), np.sqrt(0.5)])
    assert scale_of(panel) == pytest.approx([7 / 3, np.sqrt(5.5), np.sqrt(0.5)])


def test_conformal_intervals_of_a_random_walk_cover_and_widen(make_history: MakeHistory) -> None:
    rng = np.random.default_rng(2)
    walk = 1_000 + np.cumsum(rng.normal(size=(300, 90)), axis=1)
    past = make_history(walk[:, :80], [f"W{i:03d}" for i in range(300)])
    made = grid_of(Conformal(LastValue(), origins=3).forecast(past, 10, LEVELS))
    check_forecast(
        Conformal(LastValue(), origins=3).forecast(past, 10, LEVELS), panel_of(past), 10, LEVELS
    )
    width = (made.values[:, :, 2] - made.values[:, :, 0]).mean(axis=0)
    # the root of the horizon: 1.2816 x 2 x sqrt(h)
    assert width == pytest.approx(2.563 * np.sqrt(np.arange(1, 11)), rel=0.12)
    inside = (walk[:, 80:] >= made.values[:, :, 0]) & (walk[:, 80:] <= made.values[:, :, 2])
    assert 0.74 < inside.mean() < 0.86


def test_the_future_is_not_looked_at(make_history: MakeHistory) -> None:
    rng = np.random.default_rng(3)
    y = 50 + rng.normal(size=(20, 60))
    other = y.copy()
    other[:, 50:] += 1_000
    cut = Frequency("D")
    tables = [history_until(make_history(values), cut, 20_050, 5) for values in (y, other)]
    assert tables[0].equals(tables[1])


def test_what_was_planned_stays_and_what_was_sold_goes(make_history: MakeHistory) -> None:
    y = np.arange(12.0).reshape(2, 6)
    history = make_history(y, promo=np.ones((2, 6)), stockout_min=np.ones((2, 6)))
    ahead = make_history(np.full((2, 8), np.nan), promo=np.ones((2, 8))).filter(
        pa.compute.greater_equal(make_history(np.zeros((2, 8)))["ds"].cast(pa.int32()), 20_006)
    )
    known = history_until(pa.concat_tables([history, ahead]), Frequency("D"), 20_004, 2)
    late = known.filter(pa.compute.greater_equal(known["ds"].cast(pa.int32()), 20_004))
    assert len(late) == 4
    assert late["y"].null_count == late["stockout_min"].null_count == 4
    assert late["promo"].to_pylist() == [1.0] * 4
    # without anything planned ahead, no later row is left at all
    alone = history_until(history, Frequency("D"), 20_004, 2)
    assert len(alone) == 8


def test_what_came_after_is_found_by_name(make_history: MakeHistory) -> None:
    panel = panel_of(make_history(np.arange(12.0).reshape(2, 6)))
    past = panel_of(make_history(np.arange(4.0).reshape(1, 4), ["TS01-BLK-M@east"]))
    assert known_after(panel, past, 3).tolist()[0][:2] == [10.0, 11.0]
    assert np.isnan(known_after(panel, past, 3)[0, 2])


def test_series_are_chosen_evenly() -> None:
    assert spread_out("abcde", 3) == ("a", "c", "e")
    assert spread_out("ab", 3) == ("a", "b")


def test_a_history_too_short_for_earlier_origins_keeps_the_models_own(
    make_history: MakeHistory,
) -> None:
    past = make_history(np.array([[1.0, 3.0, 2.0, 5.0]]))
    own = LastValue().forecast(past, 3, LEVELS)
    assert grid_of(Conformal(LastValue()).forecast(past, 3, LEVELS)).values.tolist() == (
        grid_of(own).values.tolist()
    )


def test_options_are_checked() -> None:
    with pytest.raises(ValueError, match="at least one origin"):
        Conformal(LastValue(), origins=0)
