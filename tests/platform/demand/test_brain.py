"""The demand brain: who is listened to, and what happens when members are silent."""

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from seamline_broker.errors import PluginError
from seamline_platform.demand import council
from seamline_platform.demand.brain import DemandBrain, classes, weighed
from seamline_platform.demand.frame import grid_of, long_frame, panel_of
from seamline_platform.demand.holdout import hold_out
from seamline_platform.demand.protocol import check_forecast

LEVELS = (0.1, 0.5, 0.9)
Make = Callable[..., pa.Table]


class Said:
    def __init__(self, value: float, series: Sequence[int]) -> None:
        self.value, self.series = value, np.asarray(series)

    def days(self, quantiles: Sequence[float]) -> np.ndarray:
        return np.full((len(self.series), 2, len(quantiles)), self.value)

    def sums(self, steps: Sequence[int], quantiles: Sequence[float]) -> np.ndarray:
        return np.full((len(self.series), len(steps), len(quantiles)), self.value)


def test_weights_by_hand() -> None:
    voices = [Said(1.0, [0, 1]), Said(2.0, [0, 1]), Said(3.0, [1])]
    losses = [np.array([1.0]), np.array([1.05]), np.array([0.5])]
    opinions = weighed(voices, losses, np.array([0, 0]))
    first = 1 / (1 + np.exp(-1))
    # the third speaks of the second series alone, and is far better there
    assert opinions[0].weight == pytest.approx([first, 0.0])
    assert opinions[1].weight == pytest.approx([1 - first, 0.0])
    assert opinions[2].weight == pytest.approx([1.0])


def test_silent_members_do_not_count() -> None:
    opinions = weighed([None, Said(2.0, [0])], [None, np.array([3.0])], np.array([0]))
    assert len(opinions) == 1
    assert opinions[0].weight.tolist() == [1.0]
    assert weighed([None], [None], np.array([0])) == []


def test_what_is_held_back_is_not_seen(make_history: Make) -> None:
    y = np.random.default_rng(1).poisson(3.0, (4, 60)).astype(float)
    history = make_history(y, price_fen=np.full((4, 60), 9900.0))
    past = hold_out(history, panel_of(history), 14)
    assert past is not None
    before = panel_of(past.history)
    assert before.periods == past.panel.periods == 46
    assert past.panel.y == pytest.approx(before.y)
    assert past.actual == pytest.approx(y[:, 46:])
    # no price is known ahead today, so none was then
    assert np.isnan(before.price[:, 46:]).all()
    changed = y.copy()
    changed[:, 46:] = 99.0
    again = hold_out(
        make_history(changed, price_fen=np.full((4, 60), 9900.0)), panel_of(history), 14
    )
    assert again is not None
    assert again.history.equals(past.history)


def test_classes_are_slow_fast_and_young(make_history: Make) -> None:
    y = np.ones((3, 80))
    y[0], y[1] = 0.2, 4.0
    y[2, :50] = np.nan
    history = make_history(y)
    assert classes(panel_of(history)).tolist() == [0, 1, 2]


def test_forecast_and_sums_are_complete(shop: pa.Table) -> None:
    panel = panel_of(shop)
    brain = DemandBrain(most_local=20)
    made = check_forecast(brain.forecast(shop, 14, LEVELS), panel, 14, LEVELS)
    sums = brain.cumulative(shop, [1, 14], (0.5, 0.9))
    assert len(sums) == len(panel.ids) * 2 * 2
    grid = grid_of(made)
    assert grid.values.shape == (120, 14, 3)
    total = sums.filter((pa.compute.field("steps") == 14) & (pa.compute.field("quantile") == 0.9))
    by_name = dict(zip(total["unique_id"].to_pylist(), total["value"].to_pylist(), strict=True))
    # the 90 % quantile of a sum is less than the sum of the days' 90 % quantiles
    summed = grid.values[:, :, LEVELS.index(0.9)].sum(axis=1)
    assert np.mean([by_name[name] < summed[i] for i, name in enumerate(grid.ids)]) > 0.95


def test_the_brain_is_better_than_seasonal_naive(shop: pa.Table) -> None:
    panel = panel_of(shop)
    past = hold_out(shop, panel, 14)
    assert past is not None
    from seamline_platform.demand.seasonal_naive import SeasonalNaive

    def loss(model: object) -> float:
        values = grid_of(model.forecast(past.history, 14, LEVELS)).values  # type: ignore[attr-defined]
        error = past.actual[:, :, None] - values
        level = np.asarray(LEVELS)
        return float(np.maximum(level * error, (level - 1) * error).mean())

    assert loss(DemandBrain(most_local=0)) < 0.85 * loss(SeasonalNaive())


@pytest.mark.parametrize(
    "error", [PluginError("pip install 'seamline[bench]'"), RuntimeError("out of its mind")]
)
def test_without_local_and_global_models_it_goes_on(
    shop: pa.Table, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    real = council.load_forecaster

    def load(name: str, **options: object) -> object:
        if name in ("DynamicOptimizedTheta", "HistGradientBoosting"):
            raise error
        return real(name, **options)

    monkeypatch.setattr(council, "load_forecaster", load)
    made = DemandBrain().forecast(shop, 7, (0.5, 0.9))
    check_forecast(made, panel_of(shop), 7, (0.5, 0.9))


def test_short_histories_and_other_frequencies() -> None:
    one = long_frame({"unique_id": ["a"], "ds": pa.array([date(2026, 1, 5)]), "y": [2.0]})
    check_forecast(DemandBrain().forecast(one, 3, (0.5,)), panel_of(one), 3, (0.5,))
    months = np.arange("2022-01", "2025-01", dtype="datetime64[M]").astype("datetime64[D]")
    y = np.random.default_rng(3).normal(0, 5, 72)
    other = long_frame(
        {"unique_id": np.repeat(["a", "b"], 36), "ds": pa.array(np.tile(months, 2)), "y": y}
    )
    check_forecast(DemandBrain().forecast(other, 6, (0.1, 0.5)), panel_of(other), 6, (0.1, 0.5))


def test_nothing_sold_and_wrong_options(make_history: Make) -> None:
    check = make_history(np.zeros((2, 60)))
    made = DemandBrain().forecast(check, 7, (0.5, 0.9))
    assert grid_of(made).values.max() == 0.0
    with pytest.raises(ValueError, match="not negative"):
        DemandBrain(most_local=-1)
    with pytest.raises(ValueError, match="from 1 on"):
        DemandBrain().cumulative(check, [], (0.5,))
