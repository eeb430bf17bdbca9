"""The report and the terminal table show what was measured, in both languages, from one file."""

import io
import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from rich.console import Console

from seamline_platform.cli.table_print import print_study
from seamline_platform.experiments.charts import Axis
from seamline_platform.experiments.evidence import Options, Study, conduct
from seamline_platform.experiments.evidence.figures import difference, judgement, signed
from seamline_platform.experiments.evidence.intervals import Interval, compare
from seamline_platform.experiments.evidence.report import page_of
from seamline_platform.experiments.evidence.rows import TABLE2_ROWS
from seamline_platform.experiments.evidence.strips import interval_strip, step_strip

Maker = Callable[..., Options]


class Checker(HTMLParser):
    """Collects addresses, and checks that elements are closed in order."""

    VOID = ("meta", "line", "rect", "circle")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [str(v) for k, v in attrs if k in ("src", "href", "action", "data")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def study(options: Maker) -> Study:
    return conduct(options(hardware_percent=50), lambda text: None)


def test_one_file_without_any_address(study: Study) -> None:
    text = page_of(study)
    checker = Checker()
    checker.feed(text)
    assert checker.open == []
    assert checker.addresses == []
    assert not re.search(r"https?:|url\(|@import|//[a-z]", text)


def test_rows_effects_and_words_in_both_languages(study: Study) -> None:
    text = page_of(study)
    for row in TABLE2_ROWS:
        for word in row.title:
            assert word in text
    assert text.count("unchanged by design") == 2
    assert text.count("按设计不变") == 2
    assert "-20 [-20, -20]" in text  # the step that loses
    assert study.digest in text
    assert "seamline table2 --capacity slack --seeds 3 --days 90 --hardware 50" in text
    assert text.count('class="en"') == text.count('class="zh"')
    assert "Hardware -50 %" in text


def test_shapley_and_a_choice_of_policies_render(options: Maker) -> None:
    whole = conduct(options(experiment="practices", shapley=True), lambda text: None)
    assert "Shapley values of profit" in page_of(whole)
    some = conduct(options(only=("loop",)), lambda text: None)
    assert "market+floor" not in page_of(some)


def test_terminal_table_fits_a_hundred_columns(study: Study) -> None:
    out = io.StringIO()
    print_study(study, Console(file=out, width=100, color_system=None))
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 100
    text = out.getvalue()
    assert text.count("unchanged by design") == 2
    assert "-20 [-20, -20]" in text
    assert f"digest {study.digest}" in text.replace("\n", "")


def test_verdicts_know_which_way_is_better() -> None:
    start = {"profit_k": [10.0, 11.0, 12.0], "dhu": [5.0, 5.1, 5.2]}
    end = {"profit_k": [20.0, 21.1, 22.0], "dhu": [4.0, 4.0, 4.2]}
    found = compare(start, end, "profit_k")
    assert judgement("profit_k", found["profit_k"]) == ("better", "变好")
    assert judgement("dhu", found["dhu"]) == ("better", "变好")
    assert difference("dhu", found["dhu"]).startswith("-1.03 [-")


def test_signs() -> None:
    assert [signed("profit_k", v) for v in (0.4, -0.4, 1234.4, -12)] == ["0", "0", "+1,234", "-12"]


def test_strips_put_numbers_in_their_place() -> None:
    axis = Axis(("", ""), -100.0, 100.0)
    strip = interval_strip(axis, Interval(50, 0, 100), 0, True, 10)
    assert 'x1="50.00%" x2="100.00%"' in strip
    assert 'cx="75.00%"' in strip
    assert 'x="45.00%" width="10.00%"' in strip
    fall = step_strip(axis, 0.0, Interval(-50, -60, -40), True)
    assert 'class="down" x="25.00%" width="25.00%"' in fall
