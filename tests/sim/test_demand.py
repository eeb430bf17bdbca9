"""A demand file becomes the market, value for value."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from seamline_broker.errors import ConfigError
from seamline_sim import Scenario, World, history
from seamline_sim.collection import fixed_collection
from seamline_sim.core import DAY_MS, DAY_US
from seamline_sim.demand import check_frame

FIXED = fixed_collection()


def _per_day(world: World) -> dict[int, Counter[str]]:
    days: dict[int, Counter[str]] = {}
    for event in world.take_outbox():
        if event.kind == "sale_day":
            day = (int(event.values[5]) - world.start_ms) // DAY_MS
            days.setdefault(day, Counter())[str(event.values[0])] += int(event.values[1])
    return days


def test_named_series_are_sold_day_by_day(pi: Scenario) -> None:
    rows = [("TS01-WHT-M@east", day, float(day + 30)) for day in range(-28, 14)]
    rows += [("PO02-NVY-L@east", day, 5.0) for day in range(-28, 14)]
    world = World.create(pi, seed=1, demand=rows)
    world.step_until(5 * DAY_US)
    days = _per_day(world)
    for day in range(5):
        assert days[day] == {"TS01-WHT-M": day + 30, "PO02-NVY-L": 5}


def test_history_shows_the_days_before_the_start(pi: Scenario) -> None:
    rows = [("TS01-WHT-M@east", day, float(day + 30)) for day in range(-28, 14)]
    events = history(pi, seed=1, days=3, demand=rows)
    assert [(e.values[0], e.values[1], e.values[4]) for e in events] == [
        ("TS01-WHT-M", 27, False), ("TS01-WHT-M", 28, False), ("TS01-WHT-M", 29, False),
    ]  # fmt: skip


def test_weekly_values_are_spread_over_their_week(pi: Scenario) -> None:
    frame = check_frame([("TS01-WHT-M@east", -7, 16.0), ("TS01-WHT-M@east", 0, 7.4)], pi, FIXED)
    series = [frame.wanted("east", "TS01-WHT-M", day) for day in range(-7, 7)]
    assert series == [3, 3, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1]  # 16 and 7 (rounded)
    assert frame.mean_milli("east", "TS01-WHT-M") == 23 * 1000 // 14


def test_after_its_end_the_file_repeats_in_whole_weeks(pi: Scenario) -> None:
    frame = check_frame([("TS01-WHT-M@east", day, day % 10) for day in range(-3, 5)], pi, FIXED)
    # eight days, so a period of fourteen: days 11 to 18 are those of -3 to 4
    assert [frame.wanted("east", "TS01-WHT-M", d) for d in range(11, 19)] == [
        frame.wanted("east", "TS01-WHT-M", d) for d in range(-3, 5)
    ]
    assert frame.wanted("east", "TS01-WHT-M", 5) == 0
    assert frame.wanted("east", "TS02-WHT-M", 0) == 0


def test_other_names_get_free_skus_of_many_styles(demo: Scenario) -> None:
    rows = [(f"P{i:03d}", 0, 1.0) for i in range(60)]
    frame = check_frame(rows, demo, FIXED)
    assert len(frame.series) == 60
    assert len({sku.partition("-")[0] for _, sku in frame.series}) == 20
    assert {region for region, _ in frame.series} == {"east", "south", "west"}
    mixed = check_frame([*rows, ("TS01-WHT-S@south", 0, 9.0)], demo, FIXED)
    assert mixed.wanted("south", "TS01-WHT-S", 0) == 9
    assert len(mixed.series) == 61


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("A", 0, -1.0), "out of range"),
        (("A", 0, float("nan")), "not a number"),
        (("A", 0, float("inf")), "not a number"),
        (("A", 0, 1_000_001), "out of range"),
        (("A", "x", 1.0), "not a whole number"),
    ],
)
def test_bad_rows_are_named(pi: Scenario, row: tuple, reason: str) -> None:
    with pytest.raises(ConfigError, match=f"row 2 .*{reason}"):
        check_frame([("A", 7, 1.0), row], pi, FIXED)


def test_a_gap_is_named_with_its_row(pi: Scenario) -> None:
    daily = [("A", 0, 1.0), ("A", 1, 1.0), ("B", 0, 1.0), ("B", 2, 1.0)]
    with pytest.raises(ConfigError, match=r"row 4 .*'B', day 2.*gap after day 0.*every day"):
        check_frame(daily, pi, FIXED)
    weekly = [("A", 0, 1.0), ("A", 7, 1.0), ("A", 21, 1.0)]
    with pytest.raises(ConfigError, match=r"row 3 .*gap after day 7.*every 7 days"):
        check_frame(weekly, pi, FIXED)


def test_a_day_that_comes_twice_or_no_row_or_too_many_series(pi: Scenario) -> None:
    with pytest.raises(ConfigError, match=r"row 2 .*twice, first in row 1"):
        check_frame([("A", 7, 1.0), ("A", 7, 2.0)], pi, FIXED)
    with pytest.raises(ConfigError, match="no row"):
        check_frame([], pi, FIXED)
    with pytest.raises(ConfigError, match="allowed: up to"):
        check_frame([(f"X{i}", 0, 1.0) for i in range(5_000)], pi, FIXED)


WEEKLY = (
    Path(__file__).resolve().parents[3]
    / "shared/data/uci_sales_weekly/Sales_Transactions_Dataset_Weekly.csv"
)


@pytest.mark.skipif(not WEEKLY.exists(), reason=f"the real sales are not here: {WEEKLY.name}")
def test_a_year_of_real_weekly_sales_is_sold_value_for_value(demo: Scenario) -> None:
    with WEEKLY.open(encoding="utf-8", newline="") as file:
        weekly = {
            row["Product_Code"]: [int(row[f"W{week}"]) for week in range(52)]
            for row in csv.DictReader(file)
        }
    rows = [
        (product, 7 * week - 84, float(y))
        for product, values in weekly.items()
        for week, y in enumerate(values)
    ]
    assert len(rows) == len(weekly) * 52 > 40_000
    world = World.create(demo, seed=1, demand=rows)
    for house in world.warehouses.values():
        for sku in house.stock:
            house.stock[sku] = 1_000  # nothing is censored
    world.step_until(7 * DAY_US)
    # the first twelve weeks are history: the first week of the run is W12
    wanted = sorted(values[12] for values in weekly.values() if values[12])
    sold: Counter[tuple[str, str]] = Counter()
    for event in world.take_outbox():
        if event.kind == "sale_day":
            sold[event.node, str(event.values[0])] += int(event.values[1])
    assert sorted(n for n in sold.values() if n) == wanted
    past = history(demo, seed=1, days=84, demand=rows)
    assert sum(int(e.values[1]) for e in past) == sum(sum(v[:12]) for v in weekly.values())
