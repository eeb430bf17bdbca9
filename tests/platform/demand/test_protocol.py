"""Loading forecasters with options, and checking what they answer."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from seamline_broker.errors import PluginError
from seamline_platform.demand.frame import forecast_table, long_frame, panel_of
from seamline_platform.demand.protocol import (
    CumulativeForecaster,
    PathSampler,
    Trainable,
    check_forecast,
    load_forecaster,
)

MODEL = """
class Plain:
    def forecast(self, history, horizon, quantiles): ...

class Season(Plain):
    def __init__(self, season_length=1, seed=0):
        self.got = (season_length, seed)
    def fit(self, history, horizon, quantiles): ...
    def sample_paths(self, history, horizon, samples, seed): ...
    def cumulative(self, history, steps, quantiles): ...

class Any(Plain):
    def __init__(self, **options):
        self.got = options

class Needs(Plain):
    def __init__(self, secret):
        self.got = secret
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(MODEL)
    return path


def test_a_constructor_gets_the_options_that_it_names(file: Path) -> None:
    given = {"season_length": 24, "threads": 2, "seed": 5}
    assert load_forecaster(f"{file}:Season", **given).got == (24, 5)
    assert load_forecaster(f"{file}:Any", **given).got == given
    assert load_forecaster(f"{file}:Season").got == (1, 0)
    load_forecaster(f"{file}:Plain", **given)


def test_a_constructor_that_needs_more_is_told_the_rule(file: Path) -> None:
    with pytest.raises(PluginError, match="needs a default; season_length"):
        load_forecaster(f"{file}:Needs", seed=3)


def test_optional_methods_are_seen(file: Path) -> None:
    full, plain = load_forecaster(f"{file}:Season"), load_forecaster(f"{file}:Plain")
    for kind in (Trainable, PathSampler, CumulativeForecaster):
        assert isinstance(full, kind)
        assert not isinstance(plain, kind)


def history(y: list[float]) -> dict[str, object]:
    return {"unique_id": ["a"] * len(y), "ds": list(range(len(y))), "y": y}


def test_a_negative_forecast_is_wrong_only_where_no_history_is_negative() -> None:
    panel = panel_of(history([3, 4]))
    table = forecast_table(["a"], 2, [0.5], np.array([[[-1.0]]]), panel.freq)
    with pytest.raises(PluginError, match="negative, down to -1"):
        check_forecast(table, panel, 1, [0.5])
    assert check_forecast(table, panel_of(history([3, -4])), 1, [0.5]).equals(table)


def test_any_frame_in_any_order_comes_back_as_one_sorted_table() -> None:
    panel = panel_of(history([3, 4]))
    table = forecast_table(["a"], 2, [0.1, 0.9], np.array([[[1.0, 2], [3, 4]]]), panel.freq)
    turned = pl.from_arrow(table.take(pa.array([3, 0, 2, 1])))
    assert check_forecast(turned, panel, 2, [0.9, 0.1]).equals(table)


@pytest.mark.parametrize(
    ("ids", "start", "levels", "value", "words"),
    [
        (["b"], 2, [0.5], 1.0, r"1 are missing \(e.g. \['a'\]\), 1 are strangers"),
        (["a"], 1, [0.5], 1.0, "from 1; asked for 1 from 2"),
        (["a"], 2, [0.4], 1.0, "asked for"),
        (["a"], 2, [0.5], np.inf, "finite"),
        (["a"], 2, [0.5], np.nan, "none for series 'a', period 1, quantile 0.5"),
    ],
)
def test_what_is_wrong_with_a_forecast_is_said(
    ids: list[str], start: int, levels: list[float], value: float, words: str
) -> None:
    panel = panel_of(history([3, 4]))
    table = forecast_table(ids, start, levels, np.array([[[value]]]), panel.freq)
    with pytest.raises(PluginError, match=words):
        check_forecast(table, panel, 1, [0.5])


def test_no_part_imports_a_learning_library_before_it_is_needed() -> None:
    code = (
        "import importlib, pkgutil, sys\n"
        "import seamline_platform.demand as demand\n"
        "for found in pkgutil.walk_packages(demand.__path__, demand.__name__ + '.'):\n"
        "    importlib.import_module(found.name)\n"
        "heavy = {'pandas', 'sklearn', 'statsforecast', 'scipy', 'polars', 'utilsforecast'}\n"
        "print(sorted(heavy & set(sys.modules)), demand.__name__ + '.adapters' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[]", "True"]


@pytest.mark.parametrize("name", ["Naive", "SeasonalNaive", "SES"])
def test_a_forecaster_takes_a_pandas_or_polars_frame_as_it_is(name: str) -> None:
    data = history([3, 5, 4, 6, 5, 7, 6, 8])
    expected = load_forecaster(name).forecast(long_frame(data), 2, [0.5])
    for frame in (pd.DataFrame(data), pl.DataFrame(data)):
        assert load_forecaster(name).forecast(frame, 2, [0.5]).equals(expected)
