from datetime import UTC, datetime

import pytest

from seamline_platform.planning import explain

HOUR = 3_600_000
MONDAY = int(datetime(2026, 3, 2, 8, tzinfo=UTC).timestamp() * 1000)


def test_the_example_of_the_handbook() -> None:
    en, zh = explain.choice("hangzhou/line-2", "chengdu/line-1", round(2.1 * 24 * HOUR), 40)
    assert en == "hangzhou/line-2: 2.1 days earlier than chengdu/line-1, 0.40 yuan per piece dearer"
    assert zh == "hangzhou/line-2：比 chengdu/line-1 早 2.1 天，每件贵 0.40 元"


@pytest.mark.parametrize(
    ("earlier", "dearer", "words"),
    [
        (-3 * HOUR, -40, "3.0 hours later than b, 0.40 yuan per piece cheaper"),
        (60_000, 0, "as early as b, at the same cost"),
        (80 * 60_000, 0, "80 min earlier than b"),
    ],
)
def test_other_comparisons(earlier: int, dearer: float, words: str) -> None:
    assert words in explain.choice("a", "b", earlier, dearer)[0]


def test_a_single_line_needs_no_comparison() -> None:
    assert explain.choice("a", None, 0, 0)[0] == "a: the only line that can take it"


def test_times_are_told_by_weekday_and_by_date_when_far() -> None:
    assert explain.when(MONDAY + 30 * HOUR, MONDAY) == ("Tue 14:00", "周二 14:00")
    assert explain.when(MONDAY + 10 * 24 * HOUR, MONDAY) == ("12 Mar 08:00", "3月12日 08:00")


def test_lateness_is_told() -> None:
    en, zh = explain.finish(MONDAY + 60 * HOUR, MONDAY + 10 * HOUR, MONDAY)
    assert "2.1 days after its due date Mon 18:00" in en
    assert "晚 2.1 天" in zh
