"""The pace of a duel: days per second by a clock that is handed in."""

import pytest

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.duel.pace import Pace


def test_days_are_spaced_evenly() -> None:
    pace = Pace(2.0)
    assert pace.wait_s(10.0) == 0
    pace.began(10.0)
    assert pace.wait_s(10.1) == pytest.approx(0.4)
    pace.began(10.52)
    assert pace.wait_s(10.52) == pytest.approx(0.48), "a little late: the next is not"


def test_a_machine_that_cannot_keep_up_is_not_chased() -> None:
    pace = Pace(2.0)
    for at in (0.0, 3.0, 6.0):
        assert pace.wait_s(at) == 0
        pace.began(at)
    assert pace.wait_s(6.0) == pytest.approx(0.5), "no debt of days is paid back at once"
    assert pace.reached_per_s == pytest.approx(1 / 3)


def test_a_pause_has_no_end_of_its_own_and_is_not_caught_up() -> None:
    pace = Pace(1.0)
    pace.began(0.0)
    pace.pause()
    assert pace.wait_s(500.0) is None
    assert pace.reached_per_s is None
    pace.go_on(600.0)
    assert pace.wait_s(600.0) == 0
    pace.began(600.0)
    assert pace.wait_s(600.0) == pytest.approx(1.0)


def test_going_on_without_a_pause_changes_nothing() -> None:
    pace = Pace(1.0)
    pace.began(0.0)
    pace.go_on(0.2)
    assert pace.wait_s(0.2) == pytest.approx(0.8)


def test_a_higher_speed_counts_at_once() -> None:
    pace = Pace(0.1)
    pace.began(0.0)
    pace.set_speed(10.0, 1.0)
    assert pace.wait_s(1.0) == pytest.approx(0.1)


@pytest.mark.parametrize("wrong", [0.0, -1.0, 21.0, float("nan")])
def test_a_speed_outside_is_refused_and_the_old_one_stays(wrong: float) -> None:
    with pytest.raises(ConfigError, match=r"allowed: 0.1 to 20 plant days"):
        Pace(wrong)
    pace = Pace(2.0)
    with pytest.raises(ConfigError):
        pace.set_speed(wrong, 0.0)
    assert pace.days_per_s == 2.0
