"""The Chinese year: dates that anybody can look up, and what shops and factories make of them."""

import itertools
from datetime import date, timedelta

import pytest

from seamline_sim import Scenario, World
from seamline_sim.calendar import is_workday
from seamline_sim.market import Market, festivals
from seamline_sim.market.festivals import days_from_new_year, epoch_day, lunar_new_year


@pytest.mark.parametrize(
    ("year", "month", "day"),
    [(2015, 2, 19), (2018, 2, 16), (2020, 1, 25), (2021, 2, 12), (2023, 1, 22), (2024, 2, 10),
     (2025, 1, 29), (2026, 2, 17), (2027, 2, 6), (2033, 1, 31)],
)  # fmt: skip
def test_lunar_new_year_is_on_its_published_date(year: int, month: int, day: int) -> None:
    assert lunar_new_year(year) == date(year, month, day)


def test_lunar_new_year_lies_between_21_january_and_20_february_and_moves_by_whole_moons() -> None:
    days = [lunar_new_year(year) for year in range(2014, 2037)]
    assert all(date(d.year, 1, 21) <= d <= date(d.year, 2, 20) for d in days)
    for before, after in itertools.pairwise(days):
        assert (after - before).days in (353, 354, 355, 383, 384, 385)  # 12 or 13 moons


def test_a_year_outside_the_table_is_named() -> None:
    with pytest.raises(ValueError, match="1999 is not in the table: 2014 to 2036"):
        lunar_new_year(1999)


def test_days_from_new_year_count_to_the_nearest() -> None:
    assert days_from_new_year(epoch_day(2026, 2, 17)) == 0
    assert days_from_new_year(epoch_day(2026, 2, 10)) == -7
    assert days_from_new_year(epoch_day(2026, 3, 1)) == 12
    assert days_from_new_year(epoch_day(1990, 1, 1)) == 999  # far from the table


def test_seasons_are_on_their_days() -> None:
    def season(month: int, day: int) -> str:
        return festivals.season_of(epoch_day(2025, month, day))

    assert season(11, 11) == "festivals.peak_1111_permille"
    assert season(11, 1) == "festivals.before_1111_permille"
    assert season(11, 15) == "festivals.after_1111_permille"
    assert season(6, 18) == "festivals.peak_618_permille"
    assert season(12, 12) == "festivals.peak_1212_permille"
    assert season(3, 8) == "festivals.women_day_permille"
    assert season(7, 15) == ""
    assert festivals.deposits_open(epoch_day(2025, 10, 20))
    assert not festivals.deposits_open(epoch_day(2025, 10, 19))


def test_plants_rest_around_new_year_and_come_back(demo: Scenario) -> None:
    world = World.create(demo, seed=1)
    start = date(2025, 9, 6)
    closed = [
        start + timedelta(days=d) for d in range(200)
        if demo.shift.workdays.count(world.market.weekday(d)) and not is_workday(world, d)
    ]  # fmt: skip
    assert min(closed) == date(2026, 2, 13)
    assert max(closed) == date(2026, 2, 26)
    world.now_us = (date(2026, 2, 14) - start).days * 86_400_000_000
    opens = date(2025, 9, 6) + timedelta(days=world.next_shift_start_us() // 86_400_000_000)
    assert opens == date(2026, 2, 27)


def test_many_are_away_before_plants_close_and_after_they_open(demo: Scenario) -> None:
    rhythm = Market(demo, seed=1).rhythm
    away = [d for d in range(200) if rhythm.near_new_year(d)]
    start = date(2025, 9, 6)
    assert start + timedelta(days=away[0]) == date(2026, 2, 6)  # a week before they close
    assert start + timedelta(days=away[-1]) == date(2026, 3, 8)
    assert away == list(range(away[0], away[-1] + 1))


def test_demand_rises_at_1111_by_channel_and_falls_before_and_after(demo: Scenario) -> None:
    market = Market(demo, seed=1)

    def level(month: int, day: int) -> list[int]:
        return market.rhythm.festival_permille((date(2025, month, day) - date(2025, 9, 6)).days)

    assert level(9, 10) == [1000, 1000, 1000]
    assert level(11, 11) == [4500, 7000, 1500]
    assert all(600 <= x <= 1000 for x in level(11, 1))
    assert all(700 <= x <= 1000 for x in level(11, 14))
    new_year = market.rhythm.festival_permille((date(2026, 2, 17) - date(2025, 9, 6)).days)
    assert new_year == [250, 250, 400]  # orders fall by 60 to 80 %
