"""market-v1 is frozen: these figures never change, and an altered copy is refused."""

import shutil
from datetime import date
from pathlib import Path

import pyarrow.compute as pc
import pytest

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.dataset import frozen, load_market_v1, open_sealed_v1
from seamline_platform.experiments.dataset.manifest import (
    PUBLIC,
    read_manifest,
    record_of,
    verified,
)

FROZEN = "226db4a94bd72a3f8342d3fa4b6fdbdae288239a2551248b61319d8cc7b430d7"


def test_every_file_has_the_frozen_hash() -> None:
    folder = frozen.market_v1_folder()
    made = read_manifest(folder)
    assert made.digest == frozen.MARKET_V1_SHA256 == FROZEN
    for path, record in made.files.items():
        assert record_of(verified(folder, made, path), record.rows) == record
    on_disk = {p.relative_to(folder).as_posix() for p in folder.rglob("*.*")}
    assert on_disk == {*made.files, "manifest.json", "README.md"}
    assert sum(record.bytes for record in made.files.values()) < 4_000_000


def test_its_rows_and_days_are_those_of_the_freeze() -> None:
    train, test = load_market_v1("sales", "train"), load_market_v1("sales", "test")
    assert train.num_rows + test.num_rows == 1_209_495
    assert pc.min(train["ds"]).as_py() == date(2025, 9, 6)
    assert pc.min(test["ds"]).as_py() == date(2027, 6, 12)
    assert pc.max(test["ds"]).as_py() == date(2027, 9, 3)
    assert load_market_v1("hierarchy").num_rows == 4_620
    assert load_market_v1("attributes").num_rows == 120


def test_its_sales_are_censored_and_its_truth_says_by_how_much() -> None:
    sales, truth = load_market_v1("sales"), open_sealed_v1("truth")
    assert sales["unique_id"].equals(truth["unique_id"])
    filled = pc.sum(sales["y"]).as_py() / pc.sum(truth["y"]).as_py()
    assert filled == pytest.approx(0.932, abs=0.001)


def test_an_altered_copy_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "seamline_platform" / "datasets" / "market_v1"
    shutil.copytree(frozen.market_v1_folder(), copy)
    monkeypatch.setattr(frozen.resources, "files", lambda package: tmp_path / package)
    file = copy / "calendar.parquet"
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(ConfigError, match=r"calendar\.parquet was altered"):
        load_market_v1("calendar")
    assert load_market_v1("prices").num_rows == 92_463
    manifest = copy / "manifest.json"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace("20260", "20261"))
    with pytest.raises(ConfigError, match="not the frozen one"):
        load_market_v1("prices")


def test_the_truth_is_opened_by_its_own_door_alone() -> None:
    for name in PUBLIC:
        with pytest.raises(ConfigError, match="public, not sealed"):
            open_sealed_v1(name)
    with pytest.raises(ConfigError, match="no public table"):
        load_market_v1("truth")
