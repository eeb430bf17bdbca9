"""What a problem file may say, what is refused and how, and plans of impossible orders."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from seamline_broker.errors import ConfigError
from seamline_platform.cli.main import app
from seamline_platform.planning.shop.annealing import Budget
from seamline_platform.planning.shop.check import check, open_ticks
from seamline_platform.planning.shop.document import document_of, problem_of
from seamline_platform.planning.shop.generate import Recipe, draw_plant
from seamline_platform.planning.shop.schedule import Schedule
from seamline_platform.planning.shop.solve import solve
from seamline_platform.planning.shop.times import FOREVER, Shift, WorkTimes, work_times

BERLIN = ZoneInfo("Europe/Berlin")
DAY = Shift(time(6), time(18), (0, 1, 2, 3, 4, 5, 6), ((time(12), time(12, 30)),))
NIGHT = Shift(time(22), time(6), (0, 1, 2, 3, 4, 5, 6))


def _ms(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=BERLIN).timestamp() * 1000)  # type: ignore[misc]


def test_json_reads_back_to_an_equal_problem() -> None:
    p = draw_plant(Recipe(9, 3, 4, ramp=True))
    p = replace(p, calendars={"x": WorkTimes((0, 50), (30, FOREVER))}, fixed={"L1": ()})
    assert problem_of(json.loads(json.dumps(document_of(p)))) == p


def test_times_with_an_offset_become_ticks() -> None:
    d = document_of(draw_plant(Recipe(1, 1, 1)))
    d["start"] = "2026-11-02T08:00:00+08:00"
    d["orders"][0].update(release="2026-11-02T10:00:00+08:00", due="2026-11-02T04:00:00Z")
    order = problem_of(d).orders[0]
    assert (order.release, order.due) == (12, 24)


def test_a_night_shift_is_an_hour_longer_when_clocks_go_back() -> None:
    # 2026-10-25, 03:00 -> 02:00 in Berlin; 2026-03-29, 02:00 -> 03:00.
    for begin, hours in (((2026, 10, 24, 12), 9), ((2026, 3, 28, 12), 7), ((2026, 6, 6, 12), 8)):
        times = work_times([NIGHT], BERLIN, _ms(*begin), 5)
        assert times.ends[0] - times.starts[0] == hours * 60
        assert times.starts[0] == 600


def test_breaks_holidays_and_the_first_hours_of_a_running_shift() -> None:
    times = work_times([DAY], BERLIN, _ms(2026, 6, 1, 9), 4, holidays=[date(2026, 6, 2)])
    assert times.starts[:3] == (0, 210, 2 * 1440 - 180)
    assert times.ends[:2] == (180, 540)
    assert times.ends[-1] == FOREVER
    assert open_ticks(times, 0, 540) == 510 == times.to_work(540)
    assert (times.start_at(180), times.end_at(180)) == (210, 180)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d["orders"][2].update(style="S99"), r"Order O3: style is 'S99'; there is: S1"),
        (lambda d: d["orders"][2].update(pieces="many"), r"orders\[2\].*pieces is 'many'"),
        (lambda d: d["orders"][0].update(after=["O2"]) or d["orders"][1].update(after=["O1"]),
         r"circle: O\d after O\d after O\d"),
        (lambda d: d["orders"].append(dict(d["orders"][0])), "order 'O1' is there twice"),
        (lambda d: d.update(fixed={"L1": ["O1"], "L2": ["O1"]}), "fixed on L1 and on L2"),
        (lambda d: d.update(fixed={"L9": []}), "Fixed line is 'L9'"),
        (lambda d: d["lines"][0].update(calendar="late"), "Calendar of line L1 is 'late'"),
        (lambda d: d.update(colour="red"), "The problem has 'colour'; there is: format"),
        (lambda d: d["orders"][0].update(due="soon"), r"orders.0..due is .soon.; expected a time"),
        (lambda d: d.update(calendars={"x": {"zone": "Mars/Base"}}), "zone is 'Mars/Base'"),
        (lambda d: d.update(format="other/9"), "format is 'other/9'"),
        (lambda d: d["orders"][0].update(sizes={"M": 1}), "its sizes sum to 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(change: object, message: str) -> None:
    d = document_of(draw_plant(Recipe(5, 2, 3)))
    d["lines"] = [{**x, "efficiency": {f"F{k}": 0.9 for k in range(1, 9)}} for x in d["lines"]]
    change(d)  # type: ignore[operator]
    with pytest.raises(ConfigError, match=message):
        problem_of(d)


def _plan(d: dict[str, object]) -> Schedule:
    return solve(problem_of(d), Budget(moves=100), lambda: 0.0).schedule


def test_orders_that_cannot_be_planned_are_told_what_would_have_to_change() -> None:
    d = document_of(draw_plant(Recipe(4, 2, 3)))
    d["styles"].append({"style": "X", "family": "FX", "smv": 1.0})
    d["orders"][0].update(style="X")
    d["orders"][1].update(after=["O1"])
    schedule = _plan(d)
    assert len(schedule.rows) == 2
    assert schedule.unplanned["O1"] == "No line sews FX. Give a line an efficiency for it."
    assert "come after O1" in schedule.unplanned["O2"]


def test_an_empty_plant_and_no_orders() -> None:
    d = document_of(draw_plant(Recipe(2, 1, 3)))
    assert _plan({**d, "lines": []}).unplanned["O1"] == "There is no line. Add one."
    assert _plan({**d, "orders": []}).rows == ()


def test_due_before_release_is_planned_and_late() -> None:
    d = document_of(draw_plant(Recipe(1, 1, 1)))
    d["orders"][0].update(release=50, due=-10)
    row = _plan(d).rows[0]
    assert row.cut_start == 50
    assert row.late == row.done + 10


def test_the_checker_finds_what_is_wrong() -> None:
    p = draw_plant(Recipe(8, 2, 6))
    schedule = solve(p, Budget(moves=50), lambda: 0.0).schedule
    assert check(p, schedule) == []
    first, *rest = schedule.rows
    bent = (
        replace(first, sew_start=first.sew_start - 1),
        replace(first, setup=first.setup + 1),
        replace(first, line="L7"),
        replace(first, order="O99"),
        replace(first, cut_start=-5),
        replace(first, done=first.done - 1),
        replace(first, sew_end=first.sew_end + 30),
        replace(rest[0], order=first.order),
    )
    for row in bent:
        assert check(p, replace(schedule, rows=(row, *rest))), row
    assert check(p, replace(schedule, rows=tuple(rest)))
    assert check(p, replace(schedule, value=replace(schedule.value, cost=1)))


def test_the_command_plans_a_file(tmp_path: Path) -> None:
    file = tmp_path / "plant.json"
    file.write_text(json.dumps(document_of(draw_plant(Recipe(15, 3, 8)))))
    options = ["plan", str(file), "--budget", "60", "--moves", "2000", "--json"]
    ran = CliRunner().invoke(app, options)
    assert ran.exit_code == 0, ran.output
    d = json.loads(ran.stdout)
    assert d["cost"] <= d["best_rule_cost"]
    assert len(d["rows"]) == 15
    assert d["moves"] == 2000


def test_the_clock_is_in_utc_where_no_offset_is_given() -> None:
    d = document_of(draw_plant(Recipe(1, 1, 1)))
    d["start"] = "2026-11-02T08:00:00"
    assert problem_of(d).start_ms == int(datetime(2026, 11, 2, 8, tzinfo=UTC).timestamp() * 1000)
