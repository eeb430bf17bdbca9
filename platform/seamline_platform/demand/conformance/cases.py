"""Histories that a forecaster meets sooner or later, small and the same every time."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from seamline_platform.demand.frame import FloatArray, long_frame
from seamline_platform.demand.frequency import Frequency

DAYS: Final = 84
START: Final = 20_000
SERIES: Final = 6


@dataclass(frozen=True, slots=True)
class Case:
    """A history, how far it is to be forecast, and what it is, in words."""

    history: pa.Table
    horizon: int
    words: str


def sales(series: int = SERIES, periods: int = DAYS, seed: int = 3, season: int = 7) -> FloatArray:
    """Return counts (series, periods) with levels of 1 to 30 and a season."""
    rng = np.random.default_rng(seed)
    level = np.linspace(1.0, 30.0, series)[:, np.newaxis]
    wave = 1.0 + 0.5 * np.sin(2 * np.pi * np.arange(periods) / season)
    return rng.poisson(level * wave).astype(np.float64)


def frame_of(
    y: FloatArray, freq: Frequency | None = None, start: int = START, **columns: FloatArray
) -> pa.Table:
    """Return the long frame of `y` (series, periods); NaN is an empty `y`."""
    series, periods = y.shape
    freq = freq or Frequency("D")
    ids = [f"TS{i:02d}-BLK-M@east" for i in range(series)]
    data: dict[str, object] = {
        "unique_id": pa.array(ids).take(pa.array(np.repeat(np.arange(series), periods))),
        "ds": freq.ds(np.tile(np.arange(start, start + periods), series)),
        "y": y.reshape(-1),
    }
    data |= {name: values.reshape(-1) for name, values in columns.items()}
    return long_frame(data)


def daily() -> Case:
    """Return twelve weeks of daily sales of six series."""
    return Case(frame_of(sales()), 14, f"{SERIES} series x {DAYS} days of counts")


def with_extras() -> Case:
    """Return daily sales with price, promotion, a covariate and a text, two weeks ahead known."""
    y = sales(periods=DAYS + 14)
    y[:, DAYS:] = np.nan
    rng = np.random.default_rng(5)
    heat = rng.normal(20, 5, y.shape)
    heat[0] = np.nan
    promo = (rng.random(y.shape) < 0.1).astype(np.float64)
    table = frame_of(y, price_fen=np.full(y.shape, 9_900.0), promo=promo, heat=heat)
    fabric = pa.array([None if i % 3 else "denim" for i in range(len(table))], pa.string())
    words = "daily sales with price, promotions, a covariate and a text column, known 14 days ahead"
    return Case(table.append_column("fabric", fabric), 14, words)


def with_gaps() -> Case:
    """Return daily sales with missing rows, empty values, and whole weeks out of stock."""
    y = sales()
    out = np.zeros_like(y)
    y[1, 10:20] = np.nan
    y[2, -9:] = np.nan
    y[3, -10:], out[3, -10:] = 0.0, 1_440.0
    y[4, :60] = np.nan
    keep = np.random.default_rng(8).random(y.size) < 0.8
    table = frame_of(y, stockout_min=out).filter(pa.array(keep))
    return Case(table, 14, "daily sales with missing rows, empty y, and days out of stock")


def late_starters() -> Case:
    """Return five full series and three that have existed for one, two and three days."""
    y = sales(series=8)
    for i, known in enumerate((1, 2, 3)):
        y[5 + i, :-known] = np.nan
    return Case(_dropped(y), 14, "five full series, and three of 1, 2 and 3 days")


def odd_neighbours() -> Case:
    """Return series that are constant, all zero, rare, huge, tiny, and one without any value."""
    y = sales(series=8)
    y[0], y[1] = 5.0, 0.0
    y[2] = (np.arange(DAYS) % 29 == 0) * 3.0
    y[3] *= 1e6
    y[4] *= 1e-6
    y[5] = np.nan
    table = frame_of(y)
    words = "series that are constant, all zero, rare, huge, tiny, or have no value at all"
    return Case(table, 14, words)


def negative() -> Case:
    """Return daily values that go below zero, as returns and corrections do."""
    y = sales() - 10.0
    return Case(frame_of(y), 14, "daily values of which some are below zero")


def wild() -> Case:
    """Return values with a heavy tail, on which quantiles cross that are made one by one."""
    y = np.floor(np.random.default_rng(9).pareto(1.1, (SERIES, DAYS)) * 10)
    return Case(frame_of(y), 14, "daily sales with a heavy tail")


def of_frequency(name: str) -> Case:
    """Return 60 periods of any frequency."""
    freq = Frequency(name)
    y = sales(periods=60, season=max(min(freq.season_length, 24), 2))
    start = {"h": 480_000, "int": 1}.get(name, 300)
    return Case(frame_of(y, freq, start=start), 8, f"60 periods of frequency {name!r}")


def only(periods: int) -> Case:
    """Return a whole history of few periods."""
    return Case(frame_of(sales(periods=periods)), 7, f"a whole history of {periods} day(s)")


def nothing_sold() -> Case:
    """Return a history in which nothing was ever sold."""
    return Case(frame_of(np.zeros((3, DAYS))), 14, "a whole history of zeros")


def all_constant() -> Case:
    """Return a history in which every series is constant."""
    y = np.repeat(np.array([[4.0], [9.0]]), DAYS, axis=1)
    return Case(frame_of(y), 14, "a whole history of constant series")


def many(series: int, periods: int = 30) -> Case:
    """Return many short series."""
    words = f"{series:,} series x {periods} days"
    return Case(frame_of(sales(series=series, periods=periods)), 7, words)


def known_at(cut: int, changed_after: int, factor: float) -> Case:
    """Return what is known at day `cut` of a data set altered from day `changed_after` on."""
    y = sales(periods=DAYS + 28)
    y[:, changed_after:] = np.floor(y[:, changed_after:] * factor) + factor
    promo = (np.random.default_rng(6).random(y.shape) < 0.1).astype(np.float64)
    y = y[:, : cut + 14].copy()
    y[:, cut:] = np.nan
    return Case(frame_of(y, promo=promo[:, : cut + 14]), 14, f"what is known at day {cut}")


def _dropped(y: FloatArray) -> pa.Table:
    table = frame_of(y)
    return table.filter(table["y"].is_valid())
