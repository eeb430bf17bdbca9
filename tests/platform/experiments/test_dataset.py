"""Data sets: what is written can be read, counted and trusted; what was altered is refused."""

import json
import math
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.dataset import manifest, reader, tables, writer
from seamline_platform.experiments.dataset.manifest import Manifest
from seamline_platform.experiments.dataset.writer import Tables

ORDER = tables.Order(scenario="pi", seed=3, days=70, styles=8)


@pytest.fixture(scope="module")
def drawn() -> tuple[Tables, Manifest]:
    return tables.draw(ORDER, "a market", 1)


@pytest.fixture
def folder(tmp_path: Path, drawn: tuple[Tables, Manifest]) -> Path:
    writer.write_dataset(tmp_path / "set", *drawn)
    return tmp_path / "set"


def test_every_table_is_there_and_long(folder: Path) -> None:
    sales = reader.load(folder, "sales")
    assert sales.column_names == ["unique_id", "ds", "y"]
    assert sales.num_rows > 1_000
    hierarchy = reader.load(folder, "hierarchy")
    assert set(sales["unique_id"].to_pylist()) <= set(hierarchy["unique_id"].to_pylist())
    keys = list(zip(sales["unique_id"].to_pylist(), sales["ds"].to_pylist(), strict=True))
    assert keys == sorted(set(keys))  # in order, nothing twice
    assert reader.load(folder, "calendar").num_rows == ORDER.days
    assert reader.load(folder, "attributes").num_rows <= ORDER.styles


def test_sales_are_demand_that_stock_allowed(folder: Path) -> None:
    """Where a SKU was never out, sales are at least demand; in all, none is sold from nothing."""
    sales, stock = reader.load(folder, "sales"), reader.load(folder, "stock")
    truth = reader.open_sealed(folder, "truth")
    for name in ("unique_id", "ds"):
        assert sales[name].equals(stock[name])
        assert sales[name].equals(truth[name])
    rows = zip(
        *(t.to_pylist() for t in (sales["y"], truth["y"], stock["y"], stock["out"])), strict=True
    )
    for sold, wanted, left, out in rows:
        assert sold >= 0
        assert left >= 0
        assert out or sold >= wanted
        assert not (out and sold < wanted and left > 0)
    assert pc.sum(sales["y"]).as_py() < pc.sum(truth["y"]).as_py()
    assert pc.any(stock["out"]).as_py()


def test_equal_orders_give_equal_files(tmp_path: Path, folder: Path) -> None:
    again = writer.write_dataset(tmp_path / "again", *tables.draw(ORDER, "a market", 1))
    assert again == manifest.read_manifest(folder)
    other = tables.draw(replace(ORDER, seed=4), "a market", 1)
    assert writer.write_dataset(tmp_path / "other", *other).digest != again.digest


def test_the_parts_are_split_by_date(folder: Path) -> None:
    made = manifest.read_manifest(folder)
    parts = [reader.load(folder, "sales", part) for part in ("train", "test", "all")]
    assert parts[0].num_rows + parts[1].num_rows == parts[2].num_rows
    border = date.fromordinal(date.fromisoformat(made.first_day).toordinal() + made.train_days)
    assert pc.max(parts[0]["ds"]).as_py() < border <= pc.min(parts[1]["ds"]).as_py()


def test_an_altered_file_is_refused(folder: Path) -> None:
    file = folder / "sales.parquet"
    content = bytearray(file.read_bytes())
    content[100] ^= 1
    file.write_bytes(bytes(content))
    with pytest.raises(ConfigError, match=r"sales\.parquet was altered"):
        reader.load(folder, "sales")
    reader.load(folder, "prices")
    (folder / "prices.parquet").unlink()
    with pytest.raises(ConfigError, match=r"lacks prices\.parquet"):
        reader.load(folder, "prices")


def test_the_truth_is_apart(folder: Path) -> None:
    with pytest.raises(ConfigError, match="no public table"):
        reader.load(folder, "truth")
    with pytest.raises(ConfigError, match="public, not sealed"):
        reader.open_sealed(folder, "sales")
    public = {path.name for path in folder.glob("*.parquet")}
    assert public == {f"{name}.parquet" for name in manifest.PUBLIC}
    assert {path.name for path in (folder / "sealed").iterdir()} == {
        "truth.parquet", "means.parquet", "shares.parquet", "styles.parquet",
    }  # fmt: skip
    attributes = reader.load(folder, "attributes").column_names
    assert not [name for name in attributes if "log" in name or "elastic" in name]


def test_nothing_is_overwritten_and_strange_folders_are_named(
    folder: Path, tmp_path: Path, drawn: tuple[Tables, Manifest]
) -> None:
    with pytest.raises(ConfigError, match="not empty"):
        writer.write_dataset(folder, *drawn)
    with pytest.raises(ConfigError, match="is no data set"):
        reader.load(tmp_path, "sales")
    with pytest.raises(ConfigError, match="split is 'future'"):
        reader.load(folder, "sales", "future")  # type: ignore[arg-type]
    (folder / "manifest.json").write_text(json.dumps({"format": 9}), encoding="utf-8")
    with pytest.raises(ConfigError, match="not as expected"):
        reader.load(folder, "sales")


def test_csv_is_written_and_read_too(tmp_path: Path, drawn: tuple[Tables, Manifest]) -> None:
    writer.write_dataset(tmp_path / "csv", *drawn, kind="csv")
    table = reader.load(tmp_path / "csv", "sales", "test")
    assert table.column_names == ["unique_id", "ds", "y"]
    assert table.num_rows > 0


def test_the_readme_names_every_file(folder: Path) -> None:
    text = (folder / "README.md").read_text(encoding="utf-8")
    for name in (*manifest.PUBLIC, "sealed/truth", "sealed/means", "sealed/styles"):
        assert f"`{name}`" in text


def test_the_sealed_means_are_the_means_of_what_is_wanted(folder: Path) -> None:
    truth, means = reader.open_sealed(folder, "truth"), reader.open_sealed(folder, "means")
    shares = reader.open_sealed(folder, "shares")
    styles = len({name.partition("@")[0] for name in means["unique_id"].to_pylist()})
    regions = len({name.partition("@")[2] for name in means["unique_id"].to_pylist()})
    assert pc.sum(shares["share"]).as_py() == pytest.approx(styles * regions, abs=0.01)
    wanted = pc.sum(truth["y"]).as_py()
    mean = np.array(means["y"].to_pylist())
    spread = math.sqrt(float((mean + mean**2 / 3).sum()))  # negative binomial, k = 3
    assert wanted == pytest.approx(mean.sum(), abs=4 * spread)
    assert spread < 0.1 * mean.sum()


def test_days_in_which_no_style_lives_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"None of 6 styles \(seed 3\) lives within 60 days"):
        tables.draw(tables.Order("pi", 3, 60, 6), "too short", 1)
