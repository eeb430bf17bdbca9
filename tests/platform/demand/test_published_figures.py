"""Local models against the figures that the M4 and M3 competitions published."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from utilsforecast.losses import mase, smape

from seamline_platform.demand.frame import grid_of, long_frame, panel_of
from seamline_platform.demand.protocol import check_forecast, load_forecaster

DATA = Path(__file__).resolve().parents[4] / "shared/data"

needs_data = pytest.mark.skipif(
    not (DATA / "m4").is_dir() or not (DATA / "m3").is_dir(),
    reason="the competitions' data (shared/data/m4 and m3) are not here",
)


@cache
def competition(name: str, kind: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return training and test part; time 0 is the end of each series' training part."""
    frame = pd.read_parquet(DATA / name)
    if kind:
        frame = frame[frame["type"] == kind]
    train, test = (frame[frame["split"] == part] for part in ("train", "test"))
    end = train.groupby("unique_id")["ds"].max()
    return tuple(
        part.assign(ds=part["ds"] - part["unique_id"].map(end))[["unique_id", "ds", "y"]]
        for part in (train, test)
    )  # type: ignore[return-value]


def measured(model: str, name: str, kind: str, season: int) -> tuple[float, float]:
    """Return sMAPE in percent and MASE of the medians, means over the series."""
    train, test = competition(name, kind)
    history, horizon = long_frame(train), int(test["ds"].max())
    made = load_forecaster(model, season_length=season).forecast(history, horizon, (0.5,))
    panel = panel_of(history)
    grid = grid_of(check_forecast(made, panel, horizon, (0.5,)), panel.freq)
    frame = pd.DataFrame({
        "unique_id": np.repeat(grid.ids, horizon),
        "ds": np.tile(np.arange(1, horizon + 1), len(grid.ids)),
        "model": grid.values.ravel(),
    }).merge(test, on=["unique_id", "ds"], validate="1:1")  # fmt: skip
    assert len(frame) == len(test)
    scaled = mase(frame, ["model"], seasonality=season, train_df=train)
    return 200 * smape(frame, ["model"])["model"].mean(), scaled["model"].mean()


@needs_data
@pytest.mark.parametrize(
    ("model", "published"),
    [("Naive", (43.003, 11.608)), ("SeasonalNaive", (13.912, 1.193)), ("Naive2", (18.383, 2.395))],
)
def test_m4_hourly_to_the_printed_digit(model: str, published: tuple[float, float]) -> None:
    found = measured(model, "m4/m4_hourly.parquet", "", 24)
    assert tuple(round(value, 3) for value in found) == published


@needs_data
@pytest.mark.parametrize(
    ("model", "published"), [("SES", (18.094, 2.385)), ("Theta", (18.138, 2.455))]
)
def test_m4_hourly_within_a_hundredth(model: str, published: tuple[float, float]) -> None:
    assert measured(model, "m4/m4_hourly.parquet", "", 24) == pytest.approx(published, abs=0.01)


@needs_data
def test_m3_monthly_theta() -> None:
    found, _ = measured("Theta", "m3/m3.parquet", "monthly", 12)
    assert found == pytest.approx(13.85, abs=0.1)
