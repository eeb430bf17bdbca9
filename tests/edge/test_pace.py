"""Plant time against wall time: speed, pause, idle hours, slow motion, and a machine too slow."""

import pytest

from seamline_edge.field.pace import (
    MAX_IDLE_WALL_S,
    SKIP_SPEED,
    SLOW_SPEED,
    SLOW_WALL_S,
    Pacer,
    PaceState,
)

S = 1_000_000
HOUR = 3_600 * S


def test_plant_time_is_wall_time_times_speed() -> None:
    pacer = Pacer(PaceState(60.0))
    assert pacer.step(0.5, 0, idle=False, next_start_us=0) == 30 * S
    assert (pacer.mode, pacer.speed) == ("running", 60.0)


def test_a_pause_stops_it_and_survives_a_restart() -> None:
    pacer = Pacer(PaceState(60.0))
    pacer.pause()
    assert pacer.step(1.0, 5 * S, idle=False, next_start_us=0) == 5 * S
    again = Pacer(pacer.state)
    assert again.mode == "paused"
    again.resume()
    assert again.step(1.0, 5 * S, idle=False, next_start_us=0) == 65 * S


def test_idle_hours_are_skipped_but_never_past_the_start_of_a_shift() -> None:
    pacer = Pacer(PaceState(60.0))
    reached = pacer.step(0.5, 0, idle=True, next_start_us=14 * HOUR)
    assert reached == round(0.5 * SKIP_SPEED) * S
    assert pacer.mode == "skipping"
    assert pacer.step(0.5, 14 * HOUR - S, idle=True, next_start_us=14 * HOUR) == 14 * HOUR
    pacer.step(0.1, 14 * HOUR, idle=False, next_start_us=0)
    assert (pacer.mode, pacer.speed) == ("running", 60.0)


@pytest.mark.parametrize("gap_h", [14, 38, 62])
def test_a_weekend_takes_no_longer_than_a_night(gap_h: int) -> None:
    pacer = Pacer(PaceState(60.0))
    now_us, wall_s = 0, 0.0
    while now_us < gap_h * HOUR:
        now_us = pacer.step(0.05, now_us, idle=True, next_start_us=gap_h * HOUR)
        wall_s += 0.05
    assert wall_s <= MAX_IDLE_WALL_S + 0.1


def test_a_run_faster_than_the_skip_keeps_its_speed_at_night() -> None:
    pacer = Pacer(PaceState(20_000.0))
    assert pacer.step(1.0, 0, idle=True, next_start_us=14 * HOUR) == 20_000 * S
    assert pacer.mode == "running"


def test_slow_motion_lasts_a_while_and_the_speed_before_returns() -> None:
    pacer = Pacer(PaceState(60.0))
    pacer.slow_motion()
    assert pacer.speed == SLOW_SPEED
    assert pacer.state.speed == 60.0  # a restart does not keep it
    pacer.slow_motion()  # a second breakdown meanwhile does not make x10 the speed to return to
    pacer.step(SLOW_WALL_S - 0.1, 0, idle=False, next_start_us=0)
    assert pacer.speed == SLOW_SPEED
    pacer.step(0.2, 0, idle=False, next_start_us=0)
    assert pacer.speed == 60.0


def test_slow_motion_never_speeds_up() -> None:
    pacer = Pacer(PaceState(2.0))
    pacer.slow_motion()
    assert pacer.speed == 2.0


def test_a_pause_does_not_use_up_slow_motion() -> None:
    pacer = Pacer(PaceState(60.0))
    pacer.slow_motion()
    pacer.pause()
    pacer.step(10 * SLOW_WALL_S, 0, idle=False, next_start_us=0)
    pacer.resume()
    assert pacer.speed == SLOW_SPEED


def test_the_next_morning_is_reached_and_not_passed() -> None:
    pacer = Pacer(PaceState(60.0))
    pacer.pause()
    pacer.skip_to(8 * HOUR)
    now_us = 0
    for _ in range(2_000):
        now_us = pacer.step(0.05, now_us, idle=False, next_start_us=0)
        if now_us == 8 * HOUR:
            break
    assert now_us == 8 * HOUR
    assert pacer.step(1.0, now_us, idle=False, next_start_us=0) == now_us + 60 * S


def test_a_machine_that_cannot_keep_up_lowers_the_speed_and_raises_it_when_calm() -> None:
    pacer = Pacer(PaceState(600.0))
    assert not pacer.report(0.5, 300.0)
    assert pacer.report(2.0, 450.0)
    assert pacer.speed == pytest.approx(450.0 * 0.8)
    assert pacer.limited
    for _ in range(40):  # five calm seconds for each quarter more
        pacer.step(1.0, 0, idle=False, next_start_us=0)
    assert pacer.speed == 600.0
    assert not pacer.limited


def test_one_bad_second_costs_at_most_half() -> None:
    pacer = Pacer(PaceState(600.0))
    pacer.report(5.0, 1.0)
    assert pacer.speed == pytest.approx(240.0)


def test_a_new_speed_lifts_the_limit() -> None:
    pacer = Pacer(PaceState(600.0))
    pacer.report(5.0, 1.0)
    pacer.set_speed(100.0)
    assert (pacer.speed, pacer.limited) == (100.0, False)
