"""market-v1 is frozen: these figures never change, and anything else is refused."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.dataset import frozen, load_market_v1, open_sealed_v1, tables
from seamline_platform.experiments.dataset.frozen import Frozen, content_sha256
from seamline_platform.experiments.dataset.manifest import PUBLIC, read_manifest
from seamline_platform.experiments.dataset.reader import load, open_sealed

ORDER = tables.Order("pi", 3, 70, 8)


@pytest.fixture(scope="module")
def small() -> Frozen:
    """A frozen set that is made in a moment: what holds for it holds for market-v1."""
    drawn, _ = tables.draw(ORDER, "small", 1)
    every = {**drawn.public, **drawn.sealed}
    return Frozen("small", 1, ORDER, {n: content_sha256(t) for n, t in every.items()})


def test_content_is_hashed_whatever_file_holds_it() -> None:
    table = pa.table({"ds": [date(2025, 9, 6)], "y": [3]})
    again = pa.concat_tables([table.slice(0, 1), table.slice(0, 0)])
    assert content_sha256(again) == content_sha256(table)
    for other in (
        pa.table({"ds": [date(2025, 9, 6)], "y": [4]}),
        pa.table({"ds": [date(2025, 9, 6)], "x": [3]}),
        pa.table({"ds": [date(2025, 9, 6)] * 2, "y": [3, 3]}),
    ):
        assert content_sha256(other) != content_sha256(table)


def test_it_is_made_once_and_then_read(small: Frozen, tmp_path: Path) -> None:
    said: list[str] = []
    folder = small.folder(tmp_path / "sets", said.append)
    written = (folder / "sales.parquet").stat().st_mtime_ns
    assert small.folder(tmp_path / "sets", said.append) == folder
    assert (folder / "sales.parquet").stat().st_mtime_ns == written
    assert len(said) == 1
    assert [p.name for p in (tmp_path / "sets").iterdir()] == ["small"]
    sales, truth = load(folder, "sales"), open_sealed(folder, "truth")
    assert content_sha256(sales) == small.contents["sales"]
    assert content_sha256(truth) == small.contents["truth"]


@pytest.mark.parametrize("name", [*PUBLIC, "truth", "means", "shares", "styles"])
def test_a_market_that_draws_other_rows_is_refused_and_leaves_nothing(
    small: Frozen, tmp_path: Path, name: str
) -> None:
    other = replace(small, contents={**small.contents, name: "0" * 64})
    with pytest.raises(ConfigError, match=rf"does not draw small: table '{name}'"):
        other.folder(tmp_path / "sets")
    assert not (tmp_path / "sets").exists()


def test_an_altered_file_is_refused(small: Frozen, tmp_path: Path) -> None:
    folder = small.folder(tmp_path)
    file = folder / "calendar.parquet"
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(ConfigError, match=r"calendar\.parquet was altered"):
        load(small.folder(tmp_path), "calendar")
    assert load(small.folder(tmp_path), "prices").num_rows > 0


def test_a_folder_that_cannot_be_written_is_named(small: Frozen, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="small cannot be made in"):
        small.folder(tmp_path / "file")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sets")


@pytest.mark.slow
def test_market_v1_is_what_it_was(root: Path) -> None:
    folder = frozen.MARKET_V1.folder(root)  # made here: every table was held to its hash
    made = read_manifest(folder)
    assert sum(record.bytes for record in made.files.values()) < 4_000_000
    train, test = (load_market_v1("sales", part, root) for part in ("train", "test"))
    assert train.num_rows + test.num_rows == 1_209_495
    assert pc.min(train["ds"]).as_py() == date(2025, 9, 6)
    assert pc.min(test["ds"]).as_py() == date(2027, 6, 12)
    assert pc.max(test["ds"]).as_py() == date(2027, 9, 3)
    assert load_market_v1("hierarchy", root=root).num_rows == 4_620
    assert load_market_v1("attributes", root=root).num_rows == 120
    assert load_market_v1("prices", root=root).num_rows == 92_463


@pytest.mark.slow
def test_its_sales_are_censored_and_its_truth_has_a_door_of_its_own(root: Path) -> None:
    sales, truth = load_market_v1("sales", root=root), open_sealed_v1("truth", root)
    assert sales["unique_id"].equals(truth["unique_id"])
    filled = pc.sum(sales["y"]).as_py() / pc.sum(truth["y"]).as_py()
    assert filled == pytest.approx(0.932, abs=0.001)
    for name in PUBLIC:
        with pytest.raises(ConfigError, match="public, not sealed"):
            open_sealed_v1(name, root)
    with pytest.raises(ConfigError, match="no public table"):
        load_market_v1("truth", root=root)
