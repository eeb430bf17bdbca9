"""Charts and the report page: every number is where its axis says, both languages, well-formed."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from seamline_broker.errors import ConfigError
from seamline_platform.experiments import charts, document

NAME = ("a < b", "甲 & 乙")


def test_an_axis_places_its_ends_and_marks_round_values() -> None:
    axis = charts.Axis(NAME, 10, 1_000, log=True)
    assert [axis.place(v) for v in (10, 100, 1_000)] == pytest.approx([0, 0.5, 1])
    assert axis.ticks() == [10, 20, 50, 100, 200, 500, 1_000]
    assert charts.Axis(NAME, 0, 1).ticks() == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])


def test_a_line_chart_is_well_formed_and_speaks_both_languages() -> None:
    line = charts.Line(NAME, [1, 2, 4], [3.0, 2.0, 1.0], [2.5, 1.5, 0.5], [3.5, 2.5, 1.5])
    theory = charts.Line(("theory", "理论"), [1, 4], [3.0, 1.0], dashed=True, colour=1)
    svg = charts.line_chart(NAME, ("n", "数量"), ("cost", "成本"), [line, theory], log_x=True)
    root = ElementTree.fromstring(svg)
    texts = ["".join(t.itertext()) for t in root.iter("text")]
    assert {"a < b", "甲 & 乙", "theory", "理论", "成本"} <= set(texts)
    dots = [(float(c.get("cx", 0)), float(c.get("cy", 0))) for c in root.iter("circle")]
    assert len(dots) == 3
    assert dots[0][0] < dots[1][0] < dots[2][0]
    assert dots[1][0] - dots[0][0] == pytest.approx(dots[2][0] - dots[1][0], abs=0.2)  # log
    assert dots[0][1] < dots[1][1] < dots[2][1]  # smaller values lie lower


def test_scatter_and_quartiles_are_well_formed() -> None:
    ElementTree.fromstring(charts.scatter_chart(
        NAME, NAME, NAME, [charts.Points(NAME, [1.0, 2.0], [2.0, 3.0])]))  # fmt: skip
    root = ElementTree.fromstring(charts.quartile_chart(
        NAME, NAME, [(("ADI", "ADI"), [charts.Quartiles(NAME, 1.0, 1.5, 2.0)])]))  # fmt: skip
    assert len(list(root.iter("rect"))) == 1


def test_a_line_of_unequal_parts_is_refused() -> None:
    with pytest.raises(ValueError, match="lengths"):
        charts.Line(NAME, [1, 2], [1.0])


def test_a_page_is_one_file_that_asks_for_nothing(tmp_path: Path) -> None:
    part = document.section(NAME, document.table([NAME], [["1"], [("two", "二")]]))
    text = document.page(NAME, NAME, [part])
    assert "http" not in text
    assert "src=" not in text
    assert "a &lt; b" in text
    assert "甲 &amp; 乙" in text
    document.write(tmp_path / "sub" / "r.html", text)
    assert (tmp_path / "sub" / "r.html").read_text(encoding="utf-8") == text
    with pytest.raises(ConfigError, match="cannot be written"):
        document.write(tmp_path / "sub", text)
