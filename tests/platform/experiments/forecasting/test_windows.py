"""Data sets are verified or missing with a reason; windows hold only what was known."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from seamline_broker.errors import ConfigError
from seamline_platform.demand.frame import panel_of
from seamline_platform.experiments.forecasting.contract import (
    Dataset,
    MissingDataError,
    Task,
    Terms,
)
from seamline_platform.experiments.forecasting.loaders import load_dataset
from seamline_platform.experiments.forecasting.task import load_task
from seamline_platform.experiments.forecasting.windows import windows_of

DATA = Path(__file__).resolve().parents[5] / "shared/data"
MARKET = Path(".seamline/datasets/market-v1")
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="public data sets are not there")
needs_market = pytest.mark.skipif(not MARKET.is_dir(), reason="market-v1 was not made here")

TASK = Task(
    name="tiny", title="Tiny", dataset="file", horizon=3, season_length=1, metric="mase",
    windows=2, covariates=("planned", "late"), past_only=("late",), static=("kind",),
    terms=Terms(lead_time=1, review=2), decision_origins=3,
)  # fmt: skip


def table(periods: int = 20, series: int = 4) -> pa.Table:
    at = np.tile(np.arange(periods), series)
    ids = np.repeat([f"s{i}" for i in range(series)], periods)
    return pa.table(
        {
            "unique_id": ids, "ds": at, "y": at * 1.0 + 1,
            "planned": at * 10.0, "late": at * 100.0, "kind": np.repeat(["a", "b"] * 2, periods),
        }
    )  # fmt: skip


def dataset(task: Task, data: pa.Table, folder: Path) -> Dataset:
    file = folder / "own.parquet"
    pa.parquet.write_table(data, file)
    return load_dataset(replace(task, file=str(file)), None)


def test_windows_end_with_the_data_and_lie_a_step_apart(tmp_path: Path) -> None:
    first, last = windows_of(TASK, dataset(TASK, table(), tmp_path), "accuracy")
    assert pc.min_max(first.truth["ds"]).as_py() == {"min": 14, "max": 16}
    assert pc.min_max(last.truth["ds"]).as_py() == {"min": 17, "max": 19}
    assert panel_of(last.history).next_period == 17


def test_windows_for_decisions_come_at_every_review(tmp_path: Path) -> None:
    found = windows_of(TASK, dataset(TASK, table(), tmp_path), "decisions")
    assert [pc.min(w.truth["ds"]).as_py() for w in found] == [13, 15, 17]
    assert {w.horizon for w in found} == {3}


def test_only_covariates_known_ahead_reach_behind_the_origin(tmp_path: Path) -> None:
    window = windows_of(TASK, dataset(TASK, table(), tmp_path), "accuracy")[0]
    ahead = window.history.filter(pc.greater(window.history["ds"], 13))
    assert len(ahead) == 12
    assert ahead["y"].null_count == ahead["late"].null_count == 12
    assert ahead["planned"].to_pylist() == [140.0, 150.0, 160.0] * 4
    assert ahead["kind"].null_count == 0


def altered(data: pa.Table, after: int) -> pa.Table:
    late = np.asarray(data["ds"]) > after
    y = np.where(late, -7.0 * np.asarray(data["y"]), np.asarray(data["y"]))
    also = np.where(late, 5e5, np.asarray(data["late"]))
    return data.set_column(2, "y", pa.array(y)).set_column(4, "late", pa.array(also))


def buffers(window_table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, window_table.schema) as writer:
        writer.write_table(window_table)
    return sink.getvalue().to_pybytes()


def test_what_comes_after_the_origin_leaves_the_history_byte_for_byte(tmp_path: Path) -> None:
    plain = windows_of(TASK, dataset(TASK, table(), tmp_path), "accuracy")[0]
    other = windows_of(TASK, dataset(TASK, altered(table(), 13), tmp_path), "accuracy")[0]
    assert buffers(plain.history) == buffers(other.history)
    assert plain.truth != other.truth


def test_a_history_shares_no_memory_with_the_future(tmp_path: Path) -> None:
    window = windows_of(TASK, dataset(TASK, altered(table(), 13), tmp_path), "accuracy")[0]
    chunk = window.history["y"].chunk(0)
    raw = b"".join(b.to_pybytes() for b in chunk.buffers() if b is not None)
    held = np.frombuffer(raw[-8 * (len(raw) // 8) :], dtype=np.float64)
    assert not (held < -7.0).any(), "the buffer behind the history holds altered future values"


def test_series_that_begin_after_the_first_origin_are_not_scored(tmp_path: Path) -> None:
    late = pa.table({"unique_id": ["z"] * 4, "ds": [16, 17, 18, 19], "y": [1.0] * 4,
                     "planned": [1.0] * 4, "late": [1.0] * 4, "kind": ["a"] * 4})  # fmt: skip
    data = dataset(TASK, pa.concat_tables([table(), late]), tmp_path)
    for window in windows_of(TASK, data, "accuracy"):
        assert "z" not in window.truth["unique_id"].to_pylist()


def test_series_that_are_sold_no_more_sell_nothing_in_decisions(tmp_path: Path) -> None:
    data = table().filter(
        pc.or_(pc.not_equal(table()["unique_id"], "s0"), pc.less(table()["ds"], 18))
    )
    last = windows_of(TASK, dataset(TASK, data, tmp_path), "decisions")[-1]
    assert last.truth.filter(pc.equal(last.truth["unique_id"], "s0"))["y"].to_pylist() == [18, 0, 0]
    scored = windows_of(TASK, dataset(TASK, data, tmp_path), "accuracy")[-1]
    assert "s0" not in scored.truth["unique_id"].to_pylist()


def test_a_subset_is_chosen_by_name_and_not_by_order(tmp_path: Path) -> None:
    task = replace(TASK, accuracy_series=2)
    forward = windows_of(task, dataset(task, table(), tmp_path), "accuracy")[0]
    backward = table().take(pa.array(range(79, -1, -1)))
    again = windows_of(task, dataset(task, backward, tmp_path), "accuracy")[0]
    assert len(set(forward.truth["unique_id"].to_pylist())) == 2
    assert forward.truth == again.truth


def test_too_many_windows_for_the_data_are_refused(tmp_path: Path) -> None:
    task = replace(TASK, windows=7)
    with pytest.raises(ConfigError, match="7 windows of 3 every 3 periods need more than the 20"):
        windows_of(task, dataset(task, table(), tmp_path), "accuracy")


def test_a_file_that_lacks_a_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no column 'late'; columns: unique_id, ds, y"):
        dataset(TASK, table().drop_columns("late"), tmp_path)


def test_a_file_of_another_hash_than_the_task_says_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"was altered: its sha-256 is .*, the task says 00ff"):
        dataset(replace(TASK, sha256="00ff"), table(), tmp_path)


def test_missing_files_come_with_instructions(tmp_path: Path) -> None:
    task = load_task("m4_hourly")
    with pytest.raises(MissingDataError, match=r"m4/m4_hourly.parquet, and no data folder was"):
        load_dataset(task, None)
    with pytest.raises(MissingDataError, match=r"Where it comes from: github.com/Mcompetitions"):
        load_dataset(task, tmp_path)
    with pytest.raises(MissingDataError, match="name it under file: in the task"):
        load_dataset(replace(TASK, file=str(tmp_path / "none.csv")), None)


def test_an_unknown_data_set_lists_what_there_is() -> None:
    with pytest.raises(ConfigError, match="dataset is 'm5'; allowed: m3, m4_hourly"):
        load_dataset(replace(TASK, dataset="m5"), None)
    with pytest.raises(ConfigError, match="track is 'odd'; allowed: mature, "):
        load_dataset(replace(TASK, dataset="market-v1", track="odd"), None)


@needs_data
def test_an_altered_public_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "expsmooth_hospital").mkdir()
    copy = tmp_path / "expsmooth_hospital/hospital.parquet"
    shutil.copy(DATA / "expsmooth_hospital/hospital.parquet", copy)
    copy.write_bytes(copy.read_bytes() + b" ")
    with pytest.raises(ConfigError, match=r"hospital.parquet was altered: its sha-256 is"):
        load_dataset(load_task("hospital"), tmp_path)


@needs_data
@pytest.mark.parametrize("name", ["m3_yearly", "m3_other"])
def test_m3_is_the_same_from_the_package_and_from_the_file(name: str) -> None:
    task = load_task(name)
    assert load_dataset(task, None).sha256 == load_dataset(task, DATA).sha256


@needs_data
@pytest.mark.parametrize(
    ("name", "series", "origins"),
    [("m4_hourly", 414, 1), ("m4_weekly", 359, 4), ("carparts", 2509, 1), ("hospital", 767, 1),
     ("weekly_transactions", 811, 2), ("walmart", 600, 2)],
)  # fmt: skip
def test_public_data_have_the_series_that_they_are_known_for(
    name: str, series: int, origins: int
) -> None:
    task = load_task(name)
    found = windows_of(task, load_dataset(task, DATA), "accuracy")
    assert len(found) == origins
    assert {len(w.truth) for w in found} == {series * task.horizon}


@needs_market
def test_the_market_shows_sales_and_scores_demand() -> None:
    task = load_task("market_censored")
    data = load_dataset(task, None)
    sold, asked = np.asarray(data.observed["y"]), np.asarray(data.truth["y"])
    assert asked.sum() > 1.1 * sold.sum(), "the most censored series lost little"
    assert pc.max(data.observed["stockout_min"]).as_py() == 1440.0
    assert set(data.blocks.values()) <= {s.split("-")[0] for s in data.blocks}


@needs_market
def test_new_styles_are_scored_young_and_their_signals_stay_behind_the_origin() -> None:
    task = load_task("market_new_style")
    data = load_dataset(task, None)
    begins = dict(zip(data.observed["unique_id"].to_pylist(), data.observed["launch"].to_pylist(),
                      strict=True))  # fmt: skip
    for window in windows_of(task, data, "accuracy"):
        origin = np.datetime64(pc.min(window.truth["ds"]).as_py()) - 1
        ages = {int((origin - np.datetime64(begins[i])).astype(int)) + 1
                for i in window.truth["unique_id"].to_pylist()}  # fmt: skip
        assert 0 < min(ages) <= max(ages) <= task.newest
        ahead = window.history.filter(pc.greater(window.history["ds"], pa.scalar(origin.item())))
        assert ahead["deposits"].null_count == len(ahead) > 0
        assert ahead["festival"].null_count == 0


@needs_market
def test_livestream_windows_score_series_with_a_stream_ahead() -> None:
    task = load_task("market_livestream")
    for window in windows_of(task, load_dataset(task, None), "accuracy"):
        scored = set(window.truth["unique_id"].to_pylist())
        ahead = window.history.filter(pc.is_null(window.history["y"]))
        streams = ahead.filter(pc.greater(ahead["promo"], 0))
        assert scored == set(streams["unique_id"].to_pylist()) != set()
