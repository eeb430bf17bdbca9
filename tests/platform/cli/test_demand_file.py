"""A Parquet file of sales becomes the CSV that the field reads; a wrong one is named."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from seamline_broker.errors import ConfigError
from seamline_platform.cli.demand_file import as_csv


def test_csv_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    assert as_csv(file, tmp_path) == file


def test_parquet_becomes_a_long_frame_of_days(tmp_path: Path) -> None:
    table = pa.table(
        {
            "y": [3.0, 0.0],
            "ds": pa.array([date(2025, 3, 31), date(2025, 4, 7)]).cast(pa.timestamp("ns")),
            "unique_id": ["A", "A"],
            "shop": ["x", "y"],
        }
    )
    pq.write_table(table, tmp_path / "sales.parquet")
    lines = as_csv(tmp_path / "sales.parquet", tmp_path).read_text().splitlines()
    assert lines == ['"unique_id","ds","y"', '"A",2025-03-31,3', '"A",2025-04-07,0']


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["A"], "ds": ["2025-01-01"], "y": [1]}), tmp_path / "s.parquet")
    with pytest.raises(ConfigError, match="lacks 'unique_id'"):
        as_csv(tmp_path / "s.parquet", tmp_path)


def test_a_file_that_is_not_parquet_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "s.parquet").write_text("unique_id,ds,y\n")
    with pytest.raises(ConfigError, match="cannot be read"):
        as_csv(tmp_path / "s.parquet", tmp_path)
    with pytest.raises(ConfigError, match="cannot be read"):
        as_csv(tmp_path / "none.parquet", tmp_path)
