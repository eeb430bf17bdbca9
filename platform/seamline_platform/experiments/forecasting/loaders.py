"""Data sets by name: public ones from a folder that the user names, the market, a user's file."""

from pathlib import Path
from typing import Final

import pyarrow as pa

from seamline_broker.errors import ConfigError
from seamline_platform.demand.frame import long_frame
from seamline_platform.demand.frequency import Frequency
from seamline_platform.experiments.forecasting import market_tracks
from seamline_platform.experiments.forecasting.content import content_sha256
from seamline_platform.experiments.forecasting.contract import Dataset, MissingDataError, Task
from seamline_platform.experiments.forecasting.files import file_sha256, read_table
from seamline_platform.experiments.forecasting.public_data import LOADERS

MARKET: Final = "market-v1"
FILE: Final = "file"


def dataset_names() -> list[str]:
    """Return the names of the data sets that can be loaded."""
    return [*LOADERS, MARKET, FILE]


def load_dataset(task: Task, data_dir: Path | None) -> Dataset:
    """Return a task's data, verified.

    Public data come from files below `data_dir`, held to recorded hashes; `market-v1` is made once
    and held to its own; data set `file` is the task's own file, CSV or Parquet, a long table
    `unique_id, ds, y` and whatever the task calls covariates and static columns.

    Raises:
        MissingDataError: if the data are not there; the message says how to get them.
        ConfigError: if a file was altered, cannot be read or lacks a column.
    """
    if task.dataset == MARKET:
        observed, truth, blocks = market_tracks.load_track(task)
        return _made(task, observed, truth, blocks)
    if task.dataset == FILE:
        table = _own(task)
    elif task.dataset in LOADERS:
        table = LOADERS[task.dataset](task, data_dir)
    else:
        raise ConfigError(
            f"Task {task.name}: dataset is {task.dataset!r}; allowed: {', '.join(dataset_names())}."
        )
    return _made(task, table, None, {})


def frequency_of(task: Task, ds: pa.ChunkedArray) -> Frequency:
    """Return the task's frequency; weeks, quarters and years begin where the data's do.

    Raises:
        ValueError: if the data have another frequency.
    """
    if task.frequency not in ("W", "QS", "YS"):
        return Frequency(task.frequency)
    found = Frequency.infer(ds)
    if found.name != task.frequency:
        raise ValueError(f"ds has frequency {found.name}; the task says {task.frequency}.")
    return found


def _own(task: Task) -> pa.Table:
    path = Path(task.file)
    if not task.file or not path.is_file():
        raise MissingDataError(
            f"It needs the file {task.file or '(file: is empty)'}, which is not there: a CSV or "
            "Parquet table unique_id, ds, y; name it under file: in the task."
        )
    found = file_sha256(path)
    if task.sha256 and found != task.sha256:
        raise ConfigError(
            f"{path} was altered: its sha-256 is {found}, the task says {task.sha256}."
        )
    return read_table(path)


def _made(task: Task, table: pa.Table, truth: pa.Table | None, blocks: dict[str, str]) -> Dataset:
    observed = _checked(task, table)
    if truth is None:
        known = observed.filter(observed["y"].is_valid())
        truth = known.select(["unique_id", "ds", "y"])
    return Dataset(task.dataset, observed, truth, content_sha256(observed, truth), blocks)


def _checked(task: Task, table: pa.Table) -> pa.Table:
    lacking = [name for name in (*task.covariates, *task.static) if name not in table.column_names]
    if lacking:
        raise ConfigError(
            f"Task {task.name}: its data have no column {lacking[0]!r}; "
            f"columns: {', '.join(table.column_names)}."
        )
    try:
        frame = long_frame(table)
        frequency_of(task, frame["ds"]).ordinals(frame["ds"])
    except ValueError as exc:
        raise ConfigError(f"Task {task.name}: {exc}") from exc
    kept = ["unique_id", "ds", "y", "stockout_min", "price_fen", "promo"]
    frame = frame.select([*kept, *task.covariates, *task.static])
    return frame.sort_by([("unique_id", "ascending"), ("ds", "ascending")]).combine_chunks()
