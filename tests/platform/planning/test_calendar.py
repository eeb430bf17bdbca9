from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seamline_platform.planning.calendar import DAY_MS, HOUR_MS, WorkCalendar

CALENDAR = WorkCalendar(8 * HOUR_MS, 10 * HOUR_MS, (0, 1, 2, 3, 4, 5))


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def test_work_that_does_not_fit_today_goes_on_at_the_next_shift() -> None:
    saturday = CALENDAR.to_work(at("2026-03-07T17:00"))
    assert CALENDAR.end_at(saturday + 2 * HOUR_MS) == at("2026-03-09T09:00")


def test_a_shift_end_is_an_end_and_the_next_shift_start_is_a_start() -> None:
    work = CALENDAR.to_work(at("2026-03-02T18:00"))
    assert CALENDAR.end_at(work) == at("2026-03-02T18:00")
    assert CALENDAR.start_at(work) == at("2026-03-03T08:00")


@pytest.mark.parametrize("moment", ["2026-03-07T20:00", "2026-03-08T12:00", "2026-03-09T07:59"])
def test_nothing_is_done_between_shifts(moment: str) -> None:
    assert CALENDAR.start_at(CALENDAR.to_work(at(moment))) == at("2026-03-09T08:00")


@given(st.integers(0, 40_000 * DAY_MS), st.integers(0, 40_000 * DAY_MS))
def test_working_time_never_runs_backwards_and_reads_back(a: int, b: int) -> None:
    work_a, work_b = CALENDAR.to_work(min(a, b)), CALENDAR.to_work(max(a, b))
    assert work_a <= work_b <= work_a + abs(a - b)
    assert CALENDAR.to_work(CALENDAR.start_at(work_a)) == work_a
    assert CALENDAR.to_work(CALENDAR.end_at(work_a)) == work_a


def test_a_line_without_a_shift_is_refused() -> None:
    with pytest.raises(ValueError, match="workday"):
        WorkCalendar(0, 0, (0,))
