from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from seamline_platform.experiments.scheduling.contract import GanttBar
from seamline_platform.planning.shop.annealing import Budget
from seamline_platform.planning.shop.document import problem_of
from seamline_platform.planning.shop.gantt import bars_of, frame_of, gantt_html, gantt_svg
from seamline_platform.planning.shop.gantt_axis import moments, round_ticks
from seamline_platform.planning.shop.problem import Problem
from seamline_platform.planning.shop.schedule import Schedule
from seamline_platform.planning.shop.solve import solve

ZONE = ZoneInfo("Asia/Shanghai")
DAY = {"shifts": [{"from": "08:00", "to": "18:00", "breaks": [["12:00", "13:00"]]}]}
DOCUMENT = {
    "name": "two <lines>",
    "start": "2026-11-02T08:00:00+08:00",
    "styles": [
        {"style": "TS01", "family": "tee", "smv": 6.5, "cut": 0.2, "finish": 0.3},
        {"style": "PO01", "family": "polo", "smv": 11.0, "cut": 0.3, "finish": 0.4},
    ],
    "orders": [
        {"order": "A", "style": "TS01", "colour": "red", "pieces": 100, "due": 1500},
        {"order": "B", "style": "PO01", "colour": "navy", "pieces": 420, "due": 900},
        {"order": "C", "style": "TS01", "colour": "blue", "pieces": 400, "due": 1600},
    ],
    "lines": [
        {"line": "a", "operators": 9, "efficiency": {"tee": 0.5, "polo": 0.5}, "calendar": "day"},
        {"line": "b", "operators": 9, "efficiency": {"tee": 0.6}, "calendar": "day"},
    ],
    "cutting": {"places": 1, "calendar": "day"},
    "finishing": {"places": 2, "calendar": "day"},
    "calendars": {"day": {"zone": "Asia/Shanghai", **DAY}},
}


@pytest.fixture(scope="module")
def plan() -> tuple[Problem, Schedule]:
    problem = problem_of(DOCUMENT)
    return problem, solve(problem, Budget(moves=200), lambda: 0.0).schedule


def test_every_stage_of_every_order_is_a_bar_and_no_two_bars_of_a_row_overlap(
    plan: tuple[Problem, Schedule],
) -> None:
    bars = bars_of(*plan)
    assert len(bars) == 9
    assert {b.row for b in bars} <= {"a", "b", "Cutting 1", "Finishing 1", "Finishing 2"}
    for row in {b.row for b in bars}:
        mine = sorted((b.start, b.end) for b in bars if b.row == row)
        assert all(x[1] <= y[0] for x, y in pairwise(mine))
    late = {r.order for r in plan[1].rows if r.late}
    assert {b.label for b in bars if b.late} == late != set()
    assert len(bars_of(*plan, stages=False)) == 3


def test_closed_hours_are_shaded_in_time_of_the_plant(plan: tuple[Problem, Schedule]) -> None:
    frame = frame_of(plan[0], bars_of(*plan), "en", ZONE)
    # 12:00-13:00 is 240-300 after 08:00; the night follows at 18:00.
    assert list(frame.closed["a"][:2]) == [(240, 300), (600, 1440)]
    assert frame.rows[0] == "Cutting 1"
    assert frame.rows[1:3] == ["a", "b"]


def test_the_page_stands_alone_and_speaks_both_languages(plan: tuple[Problem, Schedule]) -> None:
    html = gantt_html(*plan, "en", ZONE)
    assert "two &lt;lines&gt;" in html
    assert "two <lines>" not in html
    assert html.count("<title>") == 1 + 9
    assert 'class="late"' in html
    assert 'class="setup' in html
    assert 'class="shut"' in html
    assert "http" not in html.replace("http://www.w3.org/2000/svg", "")
    chinese = gantt_html(*plan, "zh", ZONE)
    assert 'lang="zh"' in chinese
    assert "裁剪 1" in chinese
    assert "Cutting" not in chinese


def test_bars_of_the_benchmark_are_drawn_too() -> None:
    bars = [GanttBar("m1", "j1", "j1", 0, 40), GanttBar("m2", "j1", "j1", 40, 90, before=5)]
    svg = gantt_svg(bars)
    assert svg.count("<title>") == 2
    assert ">20</text>" in svg
    assert gantt_svg([]).startswith("<svg")


def test_marks_stay_on_the_clock_when_clocks_change() -> None:
    # Berlin, 25 October 2026, 00:00 to 24:00: 25 hours; every 3 hours from midnight.
    marks = moments(1_792_879_200_000, 60_000, 25 * 60, ZoneInfo("Europe/Berlin"))
    assert [m.text for m in marks][:3] == ["10-25 00:00", "10-25 02:00", "10-25 05:00"]
    assert (marks[-1].text, marks[-1].tick) == ("10-26 00:00", 25 * 60)
    days = moments(1_792_879_200_000, 60_000, 6 * 1440, ZoneInfo("Europe/Berlin"))
    assert [(m.text, m.tick) for m in days][:2] == [("10-25 00:00", 0), ("10-25 11:00", 12 * 60)]
    weeks = moments(1_792_879_200_000, 60_000, 11 * 1440, ZoneInfo("Europe/Berlin"))
    assert [(m.text, m.tick) for m in weeks][:2] == [("10-25", 0), ("10-26", 25 * 60)]


def test_round_ticks() -> None:
    assert [m.tick for m in round_ticks(90)] == list(range(0, 91, 10))
    assert [m.text for m in round_ticks(12_000)][1] == "1,000"
