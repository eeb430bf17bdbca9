"""Models run in a process of their own: what goes wrong there is named, and the rest goes on."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet
import pytest

from seamline_platform.experiments.forecasting.contract import Task, Terms, Window
from seamline_platform.experiments.forecasting.fingerprint import is_shipped, model_hash
from seamline_platform.experiments.forecasting.loaders import load_dataset
from seamline_platform.experiments.forecasting.packing import (
    join,
    pack_frame,
    split,
    unpack_frame,
)
from seamline_platform.experiments.forecasting.runner import Runner
from seamline_platform.experiments.forecasting.windows import windows_of

MODELS = '''
import os
import numpy as np
from seamline_platform.demand.frame import forecast_table, panel_of

SECRET = os.environ.get("SEAMLINE_TEST_SECRET", "")

class Flat:
    """Last value, spread by level."""
    def __init__(self, seed: int = 0, season_length: int = 0):
        self.options = (seed, season_length)
    def forecast(self, history, horizon, quantiles):
        panel = panel_of(history)
        last = np.nan_to_num(panel.y[:, -1])[:, None, None] + np.zeros((1, horizon, 1))
        values = last * (0.5 + np.asarray(quantiles))
        return forecast_table(panel.ids, panel.next_period, quantiles, values, panel.freq)

class Options(Flat):
    def forecast(self, history, horizon, quantiles):
        assert self.options == (7, 4), self.options
        return super().forecast(history, horizon, quantiles)

class Raises(Flat):
    def forecast(self, *asked):
        raise ZeroDivisionError("no way")

class Exits(Flat):
    def forecast(self, *asked):
        raise SystemExit(1)

class Dies(Flat):
    def forecast(self, *asked):
        os._exit(3)

class Never(Flat):
    def forecast(self, *asked):
        while True:
            pass

class Short(Flat):
    def forecast(self, history, horizon, quantiles):
        return super().forecast(history, horizon, quantiles).slice(0, 5)

class Nan(Flat):
    def forecast(self, history, horizon, quantiles):
        table = super().forecast(history, horizon, quantiles)
        return table.set_column(3, "value", [[float("nan")] * len(table)])

class Crossing(Flat):
    def forecast(self, history, horizon, quantiles):
        table = super().forecast(history, horizon, quantiles)
        return table.set_column(3, "value", [[*reversed(table["value"].to_pylist())]])

class Negative(Flat):
    def forecast(self, history, horizon, quantiles):
        table = super().forecast(history, horizon, quantiles)
        return table.set_column(3, "value", [[v - 1e6 for v in table["value"].to_pylist()]])

class Talks(Flat):
    def forecast(self, history, horizon, quantiles):
        print("not on standard output, please")
        return super().forecast(history, horizon, quantiles)

class Reads(Flat):
    def forecast(self, history, horizon, quantiles):
        try:
            open(SECRET, "rb").read()
        except OSError:
            pass
        return super().forecast(history, horizon, quantiles)

class ReadsByArrow(Flat):
    def forecast(self, history, horizon, quantiles):
        import pyarrow.parquet
        try:
            pyarrow.parquet.read_table(SECRET)
        except OSError:
            pass
        return super().forecast(history, horizon, quantiles)

class Learns(Flat):
    seen = []
    def fit(self, history, horizon, quantiles):
        self.learned = panel_of(history).next_period
    def forecast(self, history, horizon, quantiles):
        table = super().forecast(history, horizon, quantiles)
        return table.set_column(3, "value", [[float(self.learned)] * len(table)])

class Sums(Flat):
    def cumulative(self, history, steps, quantiles):
        ids = panel_of(history).ids
        rows = [(i, s, q, 100.0 + q) for i in ids for s in steps for q in quantiles]
        names = ("unique_id", "steps", "quantile", "value")
        return {n: [row[k] for row in rows] for k, n in enumerate(names)}

class Paths(Flat):
    def sample_paths(self, history, horizon, samples, seed):
        ids = panel_of(history).ids
        rows = [(i, t, s, float(s)) for i in ids for t in range(horizon) for s in range(samples)]
        return {n: [row[k] for row in rows]
                for k, n in enumerate(("unique_id", "ds", "sample", "value"))}

class BadSums(Sums):
    def cumulative(self, history, steps, quantiles):
        table = super().cumulative(history, steps, quantiles)
        return table | {"value": [float("inf")] * len(table["value"])}
'''

TASK = Task(
    name="tiny", title="Tiny", dataset="file", horizon=3, season_length=4, metric="mase",
    windows=4, levels=(0.1, 0.5, 0.9), terms=Terms(lead_time=1, review=2), decision_origins=3,
    refit=2,
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("models")
    (made / "mine.py").write_text(MODELS)
    (made / "data").mkdir()
    periods, series = 40, 3
    at = np.tile(np.arange(periods), series)
    table = pa.table(
        {"unique_id": np.repeat(["a", "b", "c"], periods), "ds": at, "y": 5.0 + at % 7}
    )
    pa.parquet.write_table(table, made / "data/own.parquet")
    return made


@pytest.fixture(scope="module")
def windows(folder: Path) -> tuple[Window, ...]:
    task = replace(TASK, file=str(folder / "data/own.parquet"))
    return windows_of(task, load_dataset(task, None), "accuracy")


@pytest.fixture
def runner(folder: Path, tmp_path: Path) -> Runner:
    return Runner(tmp_path / "cache", seed=7, timeout_s=60, forbidden=[folder / "data"])


def test_a_good_model_forecasts_every_window(
    runner: Runner, folder: Path, windows: tuple[Window, ...]
) -> None:
    heard: list[int] = []
    found = runner.forecast_all(f"{folder}/mine.py:Options", TASK, windows, lambda: heard.append(1))
    assert [f.note for f in found] == [""] * 4
    assert len(heard) == 4
    assert {len(f.table) for f in found if f.table is not None} == {3 * 3 * 3}
    assert all(f.rss_mb > 10 and f.predict_seconds > 0 for f in found)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("Raises", "ZeroDivisionError: no way at mine.py:"),
        ("Exits", "it raised SystemExit"),
        ("Dies", "its process ended with code 3"),
        ("Short", "The forecast is not complete"),
        ("Nan", "The forecast is not complete"),
        ("Crossing", "falls with the quantile"),
        ("Negative", "values that are negative"),
        ("Missing", "has no class 'Missing'"),
    ],
)
def test_a_failure_is_named_and_the_run_goes_on(
    runner: Runner, folder: Path, windows: tuple[Window, ...], model: str, said: str
) -> None:
    found = runner.forecast_all(f"{folder}/mine.py:{model}", TASK, windows)
    assert [f.status for f in found] == ["failed"] * 4
    assert said in found[0].note
    assert found[0].table is None
    assert runner.forecast(f"{folder}/mine.py:Flat", TASK, windows[0]).status == "ok"


def test_a_model_that_never_ends_is_stopped(
    folder: Path, tmp_path: Path, windows: tuple[Window, ...]
) -> None:
    runner = Runner(tmp_path, timeout_s=1.0)
    before = {p.pid for p in psutil.Process().children(recursive=True)}
    found = runner.forecast_all(f"{folder}/mine.py:Never", TASK, windows)
    assert {f.note for f in found} == {"it did not end: stopped after 1 s for this task"}
    left = [p for p in psutil.Process().children(recursive=True) if p.pid not in before]
    assert all("Never" not in " ".join(p.cmdline()) for p in left)
    assert not any(p.cpu_times().user > 0.5 and p.status() == "running" for p in left)


def test_prints_of_a_model_do_not_reach_standard_output(
    runner: Runner, folder: Path, windows: tuple[Window, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    assert runner.forecast(f"{folder}/mine.py:Talks", TASK, windows[0]).status == "ok"
    assert "please" not in capfd.readouterr().out


@pytest.mark.parametrize("model", ["Reads", "ReadsByArrow"])
def test_a_model_that_opens_what_it_is_scored_on_is_a_leak_by_name(
    folder: Path, tmp_path: Path, windows: tuple[Window, ...], model: str
) -> None:
    secret = folder / "data/own.parquet"
    text = MODELS.replace('os.environ.get("SEAMLINE_TEST_SECRET", "")', repr(str(secret)))
    (tmp_path / "spy.py").write_text(text)
    runner = Runner(tmp_path / "cache", forbidden=[folder / "data"])
    found = runner.forecast_all(f"{tmp_path}/spy.py:{model}", TASK, windows)
    assert [f.status for f in found] == ["leak"] * 4
    assert found[0].note == f"it opened {secret}, which holds what it is scored on"


def test_training_happens_where_it_is_due_and_nowhere_else(
    runner: Runner, folder: Path, windows: tuple[Window, ...]
) -> None:
    spec = f"{folder}/mine.py:Learns"
    ends = [w.history["ds"].to_numpy().max() + 1 for w in windows]
    found = runner.forecast_all(spec, TASK, windows)
    learned = [f.table["value"][0].as_py() for f in found if f.table is not None]
    assert learned == [ends[0], ends[0], ends[2], ends[2]]
    assert [f.train_seconds > 0 for f in found] == [True, False, True, False]


def test_a_run_that_goes_on_gives_what_an_unbroken_one_gives(
    folder: Path, tmp_path: Path, windows: tuple[Window, ...]
) -> None:
    spec = f"{folder}/mine.py:Learns"
    whole = Runner(tmp_path / "whole", seed=7).forecast_all(spec, TASK, windows)
    broken = Runner(tmp_path / "broken", seed=7)
    kept = broken.forecast_all(spec, TASK, windows)
    files = sorted((tmp_path / "broken").rglob("*.forecast"), key=lambda f: f.stat().st_mtime_ns)
    for file in files[1::2]:
        file.unlink()
    again = Runner(tmp_path / "broken", seed=7).forecast_all(spec, TASK, windows)
    assert [f.table for f in again] == [f.table for f in whole] == [f.table for f in kept]


def test_a_kept_forecast_is_not_made_again_and_a_damaged_one_is(
    folder: Path, tmp_path: Path, windows: tuple[Window, ...]
) -> None:
    spec, said = f"{folder}/mine.py:Flat", []
    runner = Runner(tmp_path, note=said.append)
    first = runner.forecast(spec, TASK, windows[0])
    assert runner.forecast(spec, TASK, windows[0]) == first, "its seconds are those of the first"
    (file,) = tmp_path.rglob("*.forecast")
    content = bytearray(file.read_bytes())
    content[-9] ^= 1
    file.write_bytes(bytes(content))
    assert runner.forecast(spec, TASK, windows[0]).table == first.table
    assert len(said) == 1
    assert "damaged" in said[0]


@pytest.mark.parametrize(
    "change",
    ["seed", "levels", "code", "history"],
)
def test_what_decides_a_forecast_decides_where_it_is_kept(
    folder: Path, tmp_path: Path, windows: tuple[Window, ...], change: str
) -> None:
    (tmp_path / "mine.py").write_text(MODELS)
    spec = f"{tmp_path}/mine.py:Flat"
    task, seed, window = TASK, 7, windows[0]
    Runner(tmp_path, seed=seed).forecast(spec, task, window)
    if change == "seed":
        seed = 8
    elif change == "levels":
        task = replace(TASK, levels=(0.1, 0.5, 0.8))
    elif change == "code":
        (tmp_path / "mine.py").write_text(MODELS + "\n")
    else:
        window = replace(window, history=windows[1].history)
    Runner(tmp_path, seed=seed).forecast(spec, task, window)
    assert len(list(tmp_path.rglob("*.forecast"))) == 2


def test_alteration_of_everything_after_the_origin_changes_no_byte_of_a_forecast(
    folder: Path, tmp_path: Path
) -> None:
    table = pa.parquet.read_table(folder / "data/own.parquet")
    late = np.asarray(table["ds"]) > 27
    wild = np.where(late, 1e6 - np.asarray(table["y"]), np.asarray(table["y"]))
    pa.parquet.write_table(table.set_column(2, "y", pa.array(wild)), tmp_path / "wild.parquet")
    found = []
    for place, file in enumerate((folder / "data/own.parquet", tmp_path / "wild.parquet")):
        task = replace(TASK, file=str(file))
        window = windows_of(task, load_dataset(task, None), "accuracy")[0]
        for model in (f"{folder}/mine.py:Flat", "SeasonalNaive"):
            # a cache of its own: what is compared is made, not read
            made = Runner(tmp_path / f"cache{place}", seed=3).forecast(model, TASK, window)
            assert made.status == "ok", made.note
            assert made.table is not None
            found.append(pack_frame(made.table))
    assert found[:2] == found[2:]


def test_sums_over_the_lead_time_are_the_models_own_if_it_knows_them(
    runner: Runner, folder: Path
) -> None:
    task = replace(TASK, file=str(folder / "data/own.parquet"))
    window = windows_of(task, load_dataset(task, None), "decisions")[0]
    own = runner.forecast(f"{folder}/mine.py:Sums", TASK, window)
    assert own.aggregation == "own"
    assert own.cumulative is not None
    assert set(own.cumulative["steps"].to_pylist()) == {3}
    assert own.cumulative["value"].to_pylist() == [100.1, 100.5, 100.9] * 3
    paths = runner.forecast(f"{folder}/mine.py:Paths", TASK, window)
    assert paths.aggregation == "paths"
    assert paths.cumulative is not None
    expected = np.quantile(3.0 * np.arange(500), [0.1, 0.5, 0.9])
    assert np.allclose(paths.cumulative["value"].to_numpy()[:3], expected)
    plain = runner.forecast(f"{folder}/mine.py:Flat", TASK, window)
    assert (plain.aggregation, plain.cumulative) == ("", None)
    bad = runner.forecast(f"{folder}/mine.py:BadSums", TASK, window)
    assert (bad.status, "not numbers" in bad.note) == ("failed", True)


def test_a_loose_file_hashes_by_its_content_and_not_by_its_place(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine.py").write_text(MODELS)
    one, two = (model_hash(f"{tmp_path}/{name}/mine.py:Flat") for name in ("one", "two"))
    assert one == two
    assert model_hash(f"{tmp_path}/one/mine.py:Nan") != one
    assert model_hash("Naive") == model_hash("naive") != model_hash("SES")
    assert is_shipped("seasonal_naive")
    assert not is_shipped(f"{tmp_path}/one/mine.py:Flat")


def test_frames_come_out_of_the_pipe_as_they_went_in() -> None:
    table = pa.table({"unique_id": ["b", "a", "b"], "ds": [1, 1, 2], "y": [1.0, None, 3.0]})
    assert unpack_frame(pack_frame(table)) == table
    assert split(join([b"", b"ab", b"c"])) == [b"", b"ab", b"c"]
    with pytest.raises(ValueError, match="cut off"):
        split(join([b"abc"])[:-1])
