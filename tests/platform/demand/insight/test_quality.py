"""Quality of forecasts: sums that add up over nights, horizons and levels, by hand."""

from datetime import date, timedelta

import numpy as np
import pytest

from seamline_platform.demand.frame import forecast_table, grid_of, long_frame, panel_of
from seamline_platform.demand.insight.quality import add_up, tally
from seamline_platform.demand.scoring import score

MONDAY = date(2026, 1, 5)
START = (MONDAY - date(1970, 1, 1)).days
LEVELS = (0.1, 0.5, 0.9)


def _grid(values: list[list[list[float]]], start: int = START, ids: tuple[str, ...] = ("a",)):
    return grid_of(forecast_table(ids, start, LEVELS, np.array(values)))


def _panel(sold: dict[str, list[float]], out: float = 0.0):
    return panel_of(long_frame([
        {"unique_id": name, "ds": MONDAY + timedelta(d), "y": y, "stockout_min": out}
        for name, days in sold.items() for d, y in enumerate(days)
    ]))  # fmt: skip


def test_two_days_by_hand() -> None:
    """Sold 4 and 8 against (2, 4, 6) twice: one tie with the median, one above everything."""
    made = tally(_grid([[[2, 4, 6], [2, 4, 6]]]), _panel({"a": [4, 8]}))
    assert made.values.tolist() == [1, 1]
    assert made.loss == pytest.approx(np.array([[0.2, 0.0, 0.2], [0.6, 2.0, 1.8]]))
    assert made.pinball() == pytest.approx(4.8 / 6)
    assert made.coverage_80() == 0.5
    assert made.calibration() == ((0.1, 0.0, 0.0), (0.5, 0.0, 0.5), (0.9, 0.5, 0.5))
    assert made.step(2).pinball() == pytest.approx(4.4 / 3)
    assert made.step(2).coverage_80() == 0.0
    assert made.sold.sum() == 12


def test_it_agrees_with_the_score_of_a_night() -> None:
    rng = np.random.default_rng(1)
    values = np.sort(rng.gamma(2.0, 4.0, (3, 9, 3)), axis=2)
    ids = ("a", "b", "c")
    table = forecast_table(ids, START, LEVELS, values)
    sold = {name: rng.poisson(8, 7).astype(float).tolist() for name in ids}
    history = long_frame([
        {"unique_id": name, "ds": MONDAY + timedelta(d), "y": y}
        for name, days in sold.items() for d, y in enumerate(days)
    ])  # fmt: skip
    night = score(table, history)
    made = tally(grid_of(table), panel_of(history))
    assert night is not None
    assert made.pinball() == pytest.approx(night.pinball)
    assert made.coverage_80() == pytest.approx(night.coverage_80)
    assert made.bias() == pytest.approx(night.bias)
    for mine, theirs in zip(made.calibration(), night.levels, strict=True):
        assert mine == pytest.approx(theirs)


def test_days_to_come_and_days_sold_out_do_not_count() -> None:
    grid = _grid([[[2, 4, 6]] * 4])
    assert tally(grid, _panel({"a": [4, 8]})).values.tolist() == [1, 1, 0, 0]
    nothing = tally(grid, _panel({"a": [4, 8]}, out=30.0))
    assert nothing.values.sum() == 0
    assert nothing.pinball() is nothing.coverage_80() is nothing.bias() is None
    assert nothing.calibration() == ()
    stranger = tally(grid, _panel({"z": [4, 8]}))
    assert stranger.values.sum() == 0


def test_nights_add_up_and_other_levels_are_left_out() -> None:
    first = tally(_grid([[[2, 4, 6]] * 2]), _panel({"a": [4, 8]}))
    second = tally(_grid([[[2, 4, 6]]], START + 1), _panel({"a": [4, 8]}))
    other = tally(
        grid_of(forecast_table(("a",), START, (0.2, 0.5), np.array([[[1.0, 2.0]]]))),
        _panel({"a": [4.0]}),
    )
    total = add_up([first, second, other])
    assert total is not None
    assert total.values.tolist() == [2, 1]
    assert total.loss[0].tolist() == pytest.approx([0.2 + 0.6, 0.0 + 2.0, 0.2 + 1.8])
    assert add_up([]) is None
    assert other.coverage_80() is None
