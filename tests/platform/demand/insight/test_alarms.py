"""Trend alarms: quiet years stay quiet, planted trends are found, common moves are no trends."""

import math
from datetime import date, timedelta

import numpy as np
import pytest

from seamline_platform.demand.frame import long_frame, panel_of
from seamline_platform.demand.insight.alarms import (
    DEFAULT_FALSE_ALARMS,
    Alarm,
    Detector,
    detect,
    find_alarms,
    threshold_for,
)
from seamline_platform.demand.insight.common import adjust
from seamline_platform.demand.insight.planted import Quiet, detection, false_alarms, judge, plant
from seamline_platform.demand.insight.style_days import plain_days, style_days

MONDAY = date(2026, 1, 5)


@pytest.mark.parametrize("level", [2, 10, 40, 150])
@pytest.mark.parametrize("k", [0.0, 5.0, 20.0])
def test_quiet_years_have_no_more_false_alarms_than_stated(level: float, k: float) -> None:
    """120 style-years each; three standard errors of a Poisson count of alarms are allowed."""
    rate = false_alarms(Quiet(level, k), styles=60, days=758, seed=11)
    years = 60 * 730 / 365
    assert rate <= DEFAULT_FALSE_ALARMS + 3 * math.sqrt(DEFAULT_FALSE_ALARMS / years)


def test_a_lower_threshold_has_the_false_alarms_that_are_stated_for_it() -> None:
    rates = [
        false_alarms(Quiet(10), 60, 393, 5, Detector(threshold=threshold_for(stated)))
        for stated in (2.0, 0.4, 0.1)
    ]
    assert rates[0] > rates[1] > rates[2]
    assert rates[0] <= 2.0 + 3 * math.sqrt(2.0 / 60)
    assert rates[1] <= 0.4 + 3 * math.sqrt(0.4 / 60)


@pytest.mark.parametrize(
    ("level", "factor", "share", "days"),
    [(20, 2.0, 1.0, 5), (20, 0.5, 1.0, 7), (80, 1.5, 1.0, 5), (5, 2.0, 0.9, 14)],
)
def test_planted_trends_are_found_in_days(
    level: float, factor: float, share: float, days: float
) -> None:
    found = detection(Quiet(level), factor, seed=3, series=200)
    assert found.planted == 20
    assert found.share >= share
    assert found.days_median <= days
    assert found.first_day_error <= 2
    assert found.ratio_median == pytest.approx(factor, rel=0.25)


def test_the_statistic_is_the_likelihood_ratio_of_two_poisson_counts() -> None:
    """28 days of 10 pieces, then 4 of 20: n1 = 280, e1 = 28, n2 = 80, e2 = 4 by hand."""
    sold = np.concatenate([np.full(28, 10.0), np.full(4, 20.0)])[None, :]
    sales = adjust(plain_days(sold))
    sales.exposure[:] = 1.0
    sales.cut[:] = sold
    sales.spread[:] = 1.0
    alarm = detect(sales, Detector(threshold=5.0, first_day=31, shortest=4, after_days=4))[0]
    common = 360 / 32
    llr = 280 * math.log(10 / common) + 80 * math.log(20 / common)
    assert alarm.strength == pytest.approx(llr / 5.0)
    assert (alarm.before, alarm.after) == (10.0, 20.0)
    assert (alarm.change_day, alarm.alarm_day, alarm.direction) == (28, 31, "up")


def test_what_all_styles_do_is_no_trend_of_one() -> None:
    """In 87 style-years of it there are no more alarms than quiet years have, 9 at most."""
    mean = np.full((12, 160), 30.0)
    mean[:, 100:] *= 1.8  # the whole market rises for good
    mean[:, 120:124] *= 3.0  # and has a festival
    found = [
        alarm
        for seed in range(20)
        for alarm in detect(adjust(plain_days(np.random.default_rng(seed).poisson(mean) * 1.0)))
    ]
    assert len(found) <= 9


def test_one_boom_does_not_look_like_the_fall_of_all_others() -> None:
    mean = np.full((6, 160), 30.0)
    mean[2, 120:] *= 4.0
    others, booms = 0, []
    for seed in range(20):
        alarms = detect(adjust(plain_days(np.random.default_rng(seed).poisson(mean) * 1.0)))
        boom = [alarm for alarm in alarms if alarm.style == "S0002"]
        assert [alarm.direction for alarm in boom] == ["up"]
        assert abs(boom[0].change_day - 120) <= 3
        assert 120 <= boom[0].alarm_day <= 123
        booms += boom
        others += len(alarms) - 1
    assert others <= 6  # in 36 style-years
    assert np.median([alarm.change_day for alarm in booms]) == 120
    assert np.median([alarm.ratio for alarm in booms]) == pytest.approx(4, rel=0.15)


def test_a_single_wild_day_is_no_trend() -> None:
    rng = np.random.default_rng(4)
    sold = rng.poisson(20.0, (8, 160)).astype(float)
    sold[3, 120] = 400.0
    assert detect(adjust(plain_days(sold))) == ()


def _panel(change: float, out_min: float = 0.0, off: float = 0.0) -> object:
    """Eight styles of two SKUs; in the last 20 days of S1 something happens."""
    rng = np.random.default_rng(9)
    rows = []
    for style in range(8):
        for size in "ML":
            for day in range(140):
                late = style == 1 and day >= 120
                open_share = 1.0 - (out_min / 1440 if late else 0.0)
                mean = 15.0 * (change if late else 1.0) * open_share
                rows.append({
                    "unique_id": f"S{style}-RED-{size}@east",
                    "ds": MONDAY + timedelta(day),
                    "y": float(rng.poisson(mean)),
                    "stockout_min": out_min if late else 0.0,
                    "price_fen": 10_000.0 * (1 - off if late else 1.0),
                    "promo": 0.0,
                })  # fmt: skip
    return panel_of(long_frame(rows))


def test_a_trend_is_found_in_a_panel_of_skus_and_told_in_words() -> None:
    (alarm,) = find_alarms(_panel(2.0))
    assert alarm.style == "S1"
    assert alarm.before == pytest.approx(30, rel=0.15)
    assert alarm.after == pytest.approx(60, rel=0.2)
    english, chinese = alarm.reason()
    assert english.startswith("S1 sells more since 5 May: about ")
    assert "times as much" in english
    assert "S1 自 5 月 5 日起销量上升" in chinese


def test_a_stock_out_is_no_fall() -> None:
    """Sales halve because half of each day is sold out: demand is what it was."""
    assert find_alarms(_panel(1.0, out_min=720.0)) == ()
    assert [alarm.direction for alarm in find_alarms(_panel(0.5))] == ["down"]


def test_a_style_taken_from_sale_is_no_fall() -> None:
    rng = np.random.default_rng(2)
    rows = [
        {
            "unique_id": f"S{style}-RED-M@east", "ds": MONDAY + timedelta(day),
            "y": float(rng.poisson(20)), "price_fen": 9_900.0,
        }
        for style in range(6) for day in range(140 if style else 110)
    ]  # fmt: skip
    assert find_alarms(panel_of(long_frame(rows))) == ()


def test_exposure_is_the_share_of_the_style_that_could_be_bought() -> None:
    rows = [
        {"unique_id": name, "ds": MONDAY + timedelta(day), "y": y, "stockout_min": out}
        for day in range(4)
        for name, y, out in (("A-RED-M@x", 30.0, 0.0), ("A-RED-L@x", 10.0, 1440.0 * (day == 3)))
    ]
    days = style_days(panel_of(long_frame(rows)))
    assert days.styles == ("A",)
    assert days.sold[0].tolist() == [40.0] * 4
    assert days.open_share[0, :3] == pytest.approx([1.0] * 3)
    # L sells 40 pieces in 3 open days, M 120 in 4: L is 40/3 of 40/3 + 30.
    assert days.open_share[0, 3] == pytest.approx(1 - (40 / 3) / (40 / 3 + 30), rel=1e-5)


def test_nothing_said_of_a_day_rests_on_a_later_one() -> None:
    rng = np.random.default_rng(1)
    sold = rng.poisson(25.0, (5, 120)).astype(float)
    other = sold.copy()
    other[:, 90:] = 7.0
    early, late = adjust(plain_days(sold)), adjust(plain_days(other))
    for name in ("cut", "exposure", "spread"):
        assert (getattr(early, name)[:, :90] == getattr(late, name)[:, :90]).all()


def test_planting_keeps_the_kind_of_count() -> None:
    rng = np.random.default_rng(1)
    sold = rng.poisson(20.0, 40_000).astype(float)
    for factor in (0.4, 1.7):
        made = plant(sold, np.full(sold.shape, 20.0), factor, rng)
        assert made.mean() == pytest.approx(20 * factor, rel=0.01)
        assert made.var() == pytest.approx(20 * factor, rel=0.04)
    with pytest.raises(ValueError, match="above 0"):
        plant(sold, sold, 0.0, rng)


def test_only_the_right_direction_in_time_counts_as_found() -> None:
    def alarm(style: str, direction: str, day: int) -> Alarm:
        return Alarm(style, direction, 10.0, 20.0, 99, day, 1.2)  # type: ignore[arg-type]

    found = judge(
        [
            alarm("a", "up", 103),
            alarm("b", "down", 103),
            alarm("c", "up", 300),
            alarm("x", "up", 9),
        ],
        {"a": (100, 2.0), "b": (100, 2.0), "c": (100, 2.0), "d": (100, 2.0)},
    )
    assert (found.planted, found.found, found.share) == (4, 1, 0.25)
    assert (found.days_median, found.first_day_error) == (4.0, 1.0)


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: threshold_for(50.0), "were measured"),
        (lambda: Detector(shortest=0), "shortest change"),
        (lambda: Detector(reference_days=90), "reference_days"),
        (lambda: Detector(threshold=0.0), "Threshold above 0"),
        (lambda: Quiet(0.0), "level above 0"),
        (lambda: false_alarms(Quiet(5), 2, 10, 1), "not more than the first"),
        (lambda: plain_days(np.full((1, 3), np.nan)), "none missing"),
        (lambda: plain_days(np.zeros((2, 3)), 0, ["a"]), "1 styles"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(make: object, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        make()  # type: ignore[operator]
