"""A price that is known only where something was sold must not tell that nothing was."""

import numpy as np

from seamline_platform.demand.frame import grid_of, long_frame, panel_of
from seamline_platform.demand.gradient_boosting import HistGradientBoosting
from seamline_platform.demand.known_ahead import PriceAndPromo


def test_a_hole_takes_the_last_known_price_and_so_does_the_future() -> None:
    nan = np.nan
    panel = panel_of(
        {"unique_id": ["a"] * 5, "ds": range(5), "y": [1.0] * 5, "price_fen": [nan, 8, nan, 6, nan]}
    )
    offers = PriceAndPromo(panel)
    assert offers.price.tolist() == [[8, 8, 8, 6, 6]]
    zero, far = np.array([0]), np.array([9])
    assert offers.price_at(zero, far).tolist() == [6 / 7]
    unpriced = panel_of({"unique_id": ["a"] * 2, "ds": range(2), "y": [1.0, 2.0]})
    assert PriceAndPromo(unpriced).price_at(zero, far).tolist() == [1]


def test_sales_rows_alone_with_drifting_prices_do_not_halve_the_forecast() -> None:
    rng = np.random.default_rng(4)
    y = rng.poisson(1.5, (120, 70)).astype(float)
    price = np.linspace(9_000, 11_000, 70) * rng.uniform(0.8, 1.2, (120, 1))
    sold = np.flatnonzero(y.ravel() > 0)
    rows = long_frame({
        "unique_id": np.repeat([f"TS{i:03d}-BLK-M@east" for i in range(120)], 70)[sold],
        "ds": np.tile(np.arange(20_000, 20_070), 120).astype("datetime64[D]")[sold],
        "y": y.ravel()[sold],
        "price_fen": price.ravel()[sold],
    })  # fmt: skip
    levels = tuple(np.linspace(0.05, 0.95, 7))
    made = grid_of(HistGradientBoosting().forecast(rows, 7, levels)).values
    assert made.mean() > 0.85 * y.mean()
