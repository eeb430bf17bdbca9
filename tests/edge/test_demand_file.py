"""Real sales as a CSV file: what comes before the run, weekdays, and errors that name the place."""

from datetime import date
from pathlib import Path

import pytest

from seamline_broker.errors import ConfigError
from seamline_edge.field.demand import days_before, read_demand

SATURDAY = date(2025, 9, 6)
SUNDAY = date(2015, 1, 4)


def file_of(folder: Path, *lines: str) -> Path:
    path = folder / "sales.csv"
    path.write_text("\n".join(("unique_id,ds,y", *lines, "")), encoding="utf-8")
    return path


def test_half_of_a_short_file_is_history_and_weekdays_meet(tmp_path: Path) -> None:
    # 15 days from a Sunday; half is 7 days, the Sunday after; the Saturday before it is day 6
    path = file_of(tmp_path, "A,2015-01-04,3", "A,2015-01-18,4.6")
    assert read_demand(path, SATURDAY, 84) == [("A", -6, 3), ("A", 8, 5)]


def test_a_long_file_gives_as_much_history_as_is_wanted() -> None:
    first = SUNDAY.toordinal()
    before = days_before(first, first + 363, SATURDAY, 84)
    assert before == 83  # a Saturday, 84 days or up to six less
    assert (first + before - SATURDAY.toordinal()) % 7 == 0


def test_a_single_day_is_never_put_more_than_a_week_before() -> None:
    first = SUNDAY.toordinal()
    assert 0 <= days_before(first, first, SATURDAY, 84) <= 6


def test_rows_are_sorted_by_day_and_series(tmp_path: Path) -> None:
    path = file_of(tmp_path, "B,2025-09-06,1", "A,2025-09-13,2", "A,2025-09-06,3")
    assert [row[:2] for row in read_demand(path, SATURDAY, 0)] == [("A", 0), ("B", 0), ("A", 7)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("A,4 Jan,3", "line 2: ds is '4 Jan'; expected a date"),
        ("A,2015-01-04,many", "line 2: y is 'many'; expected a number"),
        ("A,2015-01-04,-1", "not negative"),
        ("A,2015-01-04,nan", "not negative"),
        (",2015-01-04,3", "unique_id is empty"),
        (
            "A,2015-01-04,1\nB,2015-01-04,1\nA,2015-01-04,2",
            "sales.csv, line 4: series 'A' comes twice on 2015-01-04, first in line 2",
        ),
        ("A,2015-01-04,-3", r"sales.csv, line 2: y is '-3'; expected a number that is not neg"),
        (
            "A,2015-01-04,1\nA,2015-01-05,1\nA,2015-01-07,2",
            "sales.csv, line 4: series 'A' has a gap from 2015-01-05 to 2015-01-07; expected a row "
            "every day, with y = 0",
        ),
        (
            "A,2015-01-04,1\nA,2015-01-11,1\nB,2015-01-18,2\nB,2015-01-04,2",
            "sales.csv, line 4: series 'B' has a gap from 2015-01-04 to 2015-01-18; expected a row "
            "every 7 days",
        ),
    ],
)
def test_a_row_that_cannot_be_used_is_named(tmp_path: Path, line: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        read_demand(file_of(tmp_path, line), SATURDAY, 84)


def test_a_file_without_rows_or_columns_or_at_all(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has no row"):
        read_demand(file_of(tmp_path), SATURDAY, 84)
    (tmp_path / "other.csv").write_text("unique_id,when,y\nA,2015-01-04,3\n")
    with pytest.raises(ConfigError, match=r"other.csv, line 1: .*lacks 'ds'"):
        read_demand(tmp_path / "other.csv", SATURDAY, 84)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_demand(tmp_path / "none.csv", SATURDAY, 84)
