"""Small histories with known answers."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from seamline_platform.demand.frame import long_frame

FIRST_DAY = 20_000


def history_of(y: np.ndarray, ids: list[str] | None = None, **columns: np.ndarray) -> pa.Table:
    """Return a long frame of `y[series, day]` from day 20000 on."""
    series, days = y.shape
    names = ids or [f"TS{i:02d}-BLK-M@east" for i in range(series)]
    data: dict[str, object] = {
        "unique_id": np.repeat(names, days),
        "ds": np.tile(np.arange(FIRST_DAY, FIRST_DAY + days), series).astype("datetime64[D]"),
        "y": y.reshape(-1).astype(float),
    }
    data |= {name: values.reshape(-1).astype(float) for name, values in columns.items()}
    return long_frame(data)


@pytest.fixture
def make_history() -> Callable[..., pa.Table]:
    return history_of


@pytest.fixture
def shop() -> pa.Table:
    """120 series x 84 days of Poisson sales with a weekly rhythm and promotions."""
    rng = np.random.default_rng(3)
    days = np.arange(84)
    rate = rng.gamma(2.0, 2.0, 120)[:, None] * np.where(days % 7 >= 5, 1.5, 1.0)
    promo = rng.random((120, 84)) < 0.03
    y = rng.poisson(rate * np.where(promo, 2.0, 1.0))
    names = [f"TS{i // 12:02d}-C{i // 6 % 2}-S{i // 3 % 2}@r{i % 3}" for i in range(120)]
    return history_of(y, names, promo=promo)
