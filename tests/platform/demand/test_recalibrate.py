"""Quantiles corrected by earlier nights: exact ranks, coverage restored, counts left in peace."""

import numpy as np
import pyarrow as pa
import pytest

from seamline_platform.demand.frame import forecast_table, grid_of
from seamline_platform.demand.recalibrate import Outcomes, corrected, corrections

LEVELS = (0.1, 0.5, 0.9)


def outcomes(ahead: list[int], actual: list[float], quantiles: list[list[float]]) -> Outcomes:
    return Outcomes(np.array(ahead), np.array(actual, float), np.array(quantiles, float))


def test_a_move_is_the_order_statistic_of_the_scaled_residuals() -> None:
    """Nine residuals -4..4 at a median of 3.5 (spread 2): ranks 1, 5 and 9 of 9."""
    earlier = outcomes([1] * 9, [3.5 + r for r in range(-4, 5)], [[3.5, 3.5, 3.5]] * 9)
    moves = corrections(earlier, LEVELS, horizon=1, minimum=9, tolerance=0.0)
    assert moves.tolist() == [[-2.0, 0.0, 2.0]]
    table = forecast_table(["a"], 20_000, LEVELS, np.full((1, 1, 3), 3.5))
    assert grid_of(corrected(table, moves)).values.tolist() == [[[0.0, 3.5, 7.5]]]


def test_each_number_of_days_ahead_has_its_own_move_and_borrows_if_it_has_few() -> None:
    ahead = [1] * 20 + [2] * 20 + [3] * 5
    actual = [10.5] * 20 + [12.5] * 20 + [99.0] * 5
    earlier = outcomes(ahead, actual, [[8.5, 8.5, 8.5]] * 45)
    moves = corrections(earlier, LEVELS, horizon=4, minimum=20)
    assert moves[:, 1] == pytest.approx([2 / 3, 4 / 3, 4 / 3, 4 / 3])


def test_a_quantile_that_is_nearly_right_stays() -> None:
    """Of 100 residuals, 87 are not above the 90 % quantile: within .03; 86 are not."""
    for right, moved in ((87, False), (86, True)):
        actual = [8.5] * right + [10.5] * (100 - right)
        earlier = outcomes([1] * 100, actual, [[8.5, 8.5, 8.5]] * 100)
        assert bool(corrections(earlier, LEVELS, 1)[0, 2]) is moved


def test_quantiles_too_narrow_are_widened_to_their_level() -> None:
    rng = np.random.default_rng(1)
    truth = rng.normal(50, 10, 4_000)
    narrow = np.tile([50 - 2.0, 50, 50 + 2.0], (4_000, 1))
    moves = corrections(Outcomes(np.ones(4_000, int), truth, narrow), LEVELS, 1)
    table = forecast_table(["a"], 20_000, LEVELS, narrow[:1, None, :])
    q = grid_of(corrected(table, moves)).values[0, 0]
    fresh = rng.normal(50, 10, 20_000)
    for level, value in zip(LEVELS, q, strict=True):
        assert np.mean(fresh <= value) == pytest.approx(level, abs=0.03)


def test_counts_whose_ties_split_rightly_do_not_move() -> None:
    rng = np.random.default_rng(2)
    y = rng.poisson(2.0, 5_000).astype(float)
    right = np.tile(np.quantile(rng.poisson(2.0, 200_000), LEVELS), (5_000, 1))
    moves = corrections(Outcomes(np.ones(5_000, int), y, right), LEVELS, 1)
    assert moves.tolist() == [[0.0, 0.0, 0.0]]


def test_what_is_moved_is_never_negative_and_never_falls() -> None:
    rng = np.random.default_rng(3)
    values = np.sort(rng.gamma(1.0, 3.0, (20, 3, 3)), axis=2)
    table = forecast_table([f"s{i:02d}" for i in range(20)], 20_000, LEVELS, values)
    grid = grid_of(corrected(table, np.array([[3.0, -3.0, -5.0]] * 3)))
    assert (grid.values >= 0).all()
    assert (np.diff(grid.values, axis=2) >= 0).all()


def test_without_outcomes_nothing_moves() -> None:
    empty = Outcomes(np.empty(0, int), np.empty(0), np.empty((0, 3)))
    assert not corrections(empty, LEVELS, 5).any()


def test_what_does_not_belong_together_is_refused() -> None:
    with pytest.raises(ValueError, match="belong together"):
        outcomes([1, 1], [1.0], [[1.0, 2.0, 3.0]])
    with pytest.raises(ValueError, match="finite"):
        outcomes([1], [np.nan], [[1.0, 2.0, 3.0]])
    earlier = outcomes([1], [1.0], [[1.0, 2.0, 3.0]])
    with pytest.raises(ValueError, match="3 quantiles"):
        corrections(earlier, (0.5,), 1)
    table: pa.Table = forecast_table(["a"], 20_000, LEVELS, np.ones((1, 2, 3)))
    with pytest.raises(ValueError, match="shape"):
        corrected(table, np.zeros((1, 3)))
