"""The examples of docs/balancing.md and docs/cutting.md run, and give what the pages say."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from seamline_platform.cli.main import app

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write the named blocks of both pages, and two files that they only name."""
    for page in ("balancing.md", "cutting.md"):
        text = (DOCS / page).read_text(encoding="utf-8")
        for name, block in re.findall(r"```(?:json|csv|text) (\S+)\n(.*?)```", text, re.DOTALL):
            (tmp_path / name).write_text(block, encoding="utf-8")
    (tmp_path / "alike.txt").write_text("4\n3\n5\n4\n6\n1 2\n1 3\n3 4\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> str:
    result = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def document(*words: str) -> dict[str, object]:
    found = json.loads(run(*words, "--json"))
    assert isinstance(found, dict)
    return found


@pytest.mark.usefixtures("files")
def test_the_line_of_the_page_makes_the_pieces_that_it_says() -> None:
    page = (DOCS / "balancing.md").read_text(encoding="utf-8")
    found = document("balance", "line.json")
    assert f"{found['rate_pieces_per_h']:.2f} pieces/h, at most" in page
    words = found["words"]
    assert isinstance(words, list)
    assert words[0] in page
    assert words[3] in page


def test_who_does_what_is_written(files: Path) -> None:
    run("balance", "line.json", "--skills", "skills.csv", "--most", "2", "--out", "who.csv",
        "--skills-out", "matrix.csv")  # fmt: skip
    assert (files / "who.csv").read_text("utf-8-sig").startswith("operator,op,name,min_per_h")
    assert "Wang,0.95,0.95,,0.95,,1" in (files / "matrix.csv").read_text("utf-8-sig")


@pytest.mark.usefixtures("files")
def test_an_absence_and_a_line_of_the_demo() -> None:
    changed = document("balance", "line.json", "--absent", "Wang")
    assert changed["rate_without_new_operations"] <= changed["rate_after"]  # type: ignore[operator]
    demo = document("balance", "--scenario", "demo", "--style", "TS01", "--line", "hangzhou/line-1")
    assert demo["gap"] <= 0.01  # type: ignore[operator]


@pytest.mark.usefixtures("files")
def test_bundle_lines() -> None:
    pytest.importorskip("ortools")
    own = document("balance", "bundle.txt", "--bundle")
    assert (own["cycle"], own["optimal"]) == (7, True)
    alike = document("balance", "alike.txt", "--bundle", "--stations", "3")
    assert (alike["cycle"], alike["optimal"]) == (7, True)
    fewest = document("balance", "alike.txt", "--bundle", "--cycle", "12")
    assert (fewest["objective"], fewest["optimal"]) == (2, True)


def test_lays_of_the_page(files: Path) -> None:
    found = document("cut", "orders-to-cut.csv")
    assert found["over_net"] < 0.04  # type: ignore[operator]
    run("cut", "orders-to-cut.csv", "--rules", "max_plies=40,max_garments=8,overcut=0.02",
        "--out", "lays.csv")  # fmt: skip
    rows = (files / "lays.csv").read_text("utf-8-sig").splitlines()
    assert rows[0] == "style,colour,lay,plies,S,M,L,XL,marker_cm,orders"
    assert all(int(row.split(",")[3]) <= 40 for row in rows[1:])
    given = document("cut", "orders-to-cut.csv", "--lengths", "S=61,M=66,L=70,XL=75")
    assert given["net_m"] == pytest.approx((62 * 61 + 125 * 66 + 121 * 70 + 49 * 75) / 100)
    assert document("cut", "cut.json")["lays"] >= 1  # type: ignore[operator]


def test_markers_are_drawn(files: Path) -> None:
    pytest.importorskip("spyrrow")
    found = document("cut", "cut.json", "--budget", "1", "--svg", "marker.svg")
    markers = found["markers"]
    assert isinstance(markers, list)
    drawn = list(files.glob("marker*.svg"))
    assert len(drawn) == len(markers)
    assert drawn[0].read_text().startswith("<svg")


def test_kits_of_a_plant(files: Path) -> None:
    text = (DOCS / "plan.md").read_text(encoding="utf-8")
    block = re.search(r"```json plant.json\n(.*?)```", text, re.DOTALL)
    assert block is not None
    (files / "plant.json").write_text(block[1], encoding="utf-8")
    kits = document("cut", "plant.json")["kits"]
    assert isinstance(kits, dict)
    assert len(kits["cuts"]) == 3
    assert kits["waiting_piece_ticks"] <= kits["waiting_piece_ticks_at_once"]
