"""Sensor models: the same state at the same time gives the same reading; physics by hand."""

import math
from dataclasses import dataclass, replace
from statistics import fmean, stdev

import pytest

from seamline_edge.field.sampling import SPACINGS_S, Schedule, spacing_s
from seamline_edge.field.sensors import StationSensors, hall, line_values, noise

T0 = 1_757_400_000_000


@dataclass(frozen=True)
class Station:
    id: str = "st-01"
    state: str = "run"
    stitches: int = 1_000
    running_ms: int = 0
    wear: float = 0.0


@dataclass(frozen=True)
class Line:
    wip: int = 12
    power_w: int = 3_450
    energy_wh: int = 812_345


def test_noise_is_a_pure_function_nearly_normal() -> None:
    assert noise(1, "a", T0) == noise(1, "a", T0)
    assert noise(1, "a", T0) != noise(2, "a", T0)
    assert noise(1, "a", T0) != noise(1, "b", T0)
    draws = [v for i in range(5_000) for v in noise(1, "a", i)]
    assert fmean(draws) == pytest.approx(0.0, abs=0.03)
    assert stdev(draws) == pytest.approx(1.0, abs=0.02)


def test_readings_do_not_depend_on_what_else_was_read() -> None:
    lonely, busy = StationSensors(7), StationSensors(7)
    for i in range(5):
        busy.sample("s/l", Station("st-02"), T0 + i, 24.0)
    assert lonely.sample("s/l", Station(), T0, 24.0) == busy.sample("s/l", Station(), T0, 24.0)


def test_a_machine_that_stands_turns_not_and_one_switched_off_draws_nothing() -> None:
    sensors = StationSensors(7)
    _, rpm, current, vibration, _ = sensors.sample("s/l", Station(state="starved"), T0, 24.0)
    assert rpm == 0.0
    assert 0.1 < current < 0.6
    assert vibration < 0.2
    assert sensors.sample("s/l", Station(state="off"), T0 + 1, 24.0)[2] == 0.0


def test_vibration_grows_with_the_square_of_wear() -> None:
    sensors = StationSensors(7)

    def mean(wear: float) -> float:
        station = Station(wear=wear)
        return fmean(sensors.sample("s/l", station, T0 + i, 24.0)[3] for i in range(400))

    new = mean(0.0)
    assert mean(0.5) / new == pytest.approx(1 + 6 * 0.25, rel=0.02)
    assert mean(1.0) / new == pytest.approx(7.0, rel=0.02)


def test_the_head_warms_up_by_the_exact_solution_of_its_balance() -> None:
    """After 25 min of running without a pause, 1 - 1/e of the way to 28 K above the air."""
    sensors = StationSensors(7)
    air_c = 24.0
    start = sensors._head("k", Station(state="starved"), T0, air_c)
    assert start == air_c
    tau_ms = 25 * 60_000
    in_one = sensors._head("k", Station(running_ms=tau_ms), T0 + tau_ms, air_c)
    assert in_one == pytest.approx(air_c + 28.0 * (1 - math.exp(-1)))
    steps = StationSensors(7)
    steps._head("k", Station(state="starved"), T0, air_c)
    for i in range(1, 26):
        part_ms = i * 60_000
        in_steps = steps._head("k", Station(running_ms=part_ms), T0 + part_ms, air_c)
    assert in_steps == pytest.approx(in_one)


def test_stitches_are_the_counter_itself() -> None:
    assert StationSensors(1).sample("s/l", Station(stitches=123_456), T0, 24.0)[0] == 123_456.0


def test_line_values_in_kilo_units() -> None:
    assert line_values(Line()) == (12.0, 3.45, 812.345)


def test_a_hall_is_warmest_in_the_afternoon() -> None:
    day = 86_400_000
    midnight = T0 // day * day
    hours = {h: fmean(hall(1, "p", midnight + h * 3_600_000 + s)[0] for s in range(50))
             for h in range(24)}  # fmt: skip
    assert max(hours, key=lambda h: hours[h]) == 15
    assert min(hours, key=lambda h: hours[h]) == 3
    assert hours[15] - hours[3] == pytest.approx(4.4, abs=0.1)
    assert all(15.0 <= hall(1, "p", midnight + h * 3_600_000)[1] <= 98.0 for h in range(24))


@pytest.mark.parametrize(
    ("values", "speed", "budget", "spacing"),
    [(1_500, 60.0, 2_000.0, 60), (100, 1.0, 2_000.0, 5), (1_000, 60.0, 60_000.0, 5),
     (1_500, 20_000.0, 1.0, 86_400)],
)  # fmt: skip
def test_the_spacing_keeps_the_budget(
    values: int, speed: float, budget: float, spacing: int
) -> None:
    assert spacing_s(values, speed, budget) == spacing
    if spacing < SPACINGS_S[-1]:
        assert values * speed / spacing <= budget


def test_moments_do_not_depend_on_the_start() -> None:
    schedule = Schedule(["a", "b", "c"], 60_000_000)
    assert [schedule.due(i, 0) for i in range(3)] == [60_000_000, 20_000_000, 40_000_000]
    for index in range(3):
        moments = set()
        for start in range(0, 300_000_000, 7_000_001):
            moments.add(schedule.due(index, start) % 60_000_000)
        assert len(moments) == 1


def test_a_worn_station_is_told_by_its_sensors_alone() -> None:
    sensors = StationSensors(3)
    station = Station(wear=0.9)
    fresh = replace(station, wear=0.0)
    worn = [sensors.sample("s/l", station, T0 + i, 24.0)[2] for i in range(200)]
    new = [sensors.sample("s/l", fresh, T0 + i, 24.0)[2] for i in range(200)]
    assert fmean(worn) - fmean(new) == pytest.approx(0.8 * 0.9, abs=0.05)
