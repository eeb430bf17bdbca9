"""Trend alarms on a simulated market: most are true, few are false, planted trends are found."""

import numpy as np
import pytest

from seamline_platform.demand.insight.alarms import Alarm
from seamline_platform.demand.insight.style_days import plain_days
from seamline_platform.experiments import trends
from seamline_platform.experiments.dataset.tables import Order
from seamline_platform.experiments.trends import MarketTruth, judge_market, market_truth, net_change


def _truth(change: float) -> MarketTruth:
    """Twelve styles of 40 a day in a market that triples; the first changes on day 150."""
    means = np.full((12, 220), 40.0)
    means[:, 100:] *= 3.0
    means[0, 150:] *= change
    sold = np.random.default_rng(8).poisson(means).astype(float)
    days = plain_days(sold, first_day=20_000)
    return MarketTruth(days, means, days.styles)


def test_the_truth_of_an_alarm_is_its_change_against_all_others() -> None:
    truth = _truth(2.0)

    def alarm(style: str, change: int, day: int) -> Alarm:
        return Alarm(style, "up", 1.0, 2.0, 20_000 + change, 20_000 + day, 1.1)

    assert net_change(truth, alarm("S0000", 150, 155)) == pytest.approx(2.0)
    assert net_change(truth, alarm("S0001", 150, 155)) == pytest.approx(1.0)
    assert net_change(truth, alarm("S0001", 100, 110)) == pytest.approx(1.0)
    assert net_change(truth, alarm("S0001", 5, 10)) is None  # too young to tell


def test_true_alarms_and_planted_trends_are_counted() -> None:
    report = judge_market(_truth(2.0), seed=3)
    assert report.alarms >= 1
    assert report.true >= 1
    assert report.planted.planted == 12
    assert report.planted.share >= 0.9
    assert report.style_years == pytest.approx(12 * 220 / 365)
    assert report.false_per_year <= 0.5


def test_the_tables_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    rows = trends.planted_table(seed=2, series=20)
    assert len(rows) == 2 + len(trends.LEVELS) * 2 * len(trends.FACTORS)
    assert all(row.count("|") == 8 for row in rows)
    assert len(trends.quiet_table(seed=2, styles=4, days=60)) == 6


@pytest.mark.slow
def test_alarms_on_the_simulated_market_are_mostly_true() -> None:
    """Seed 5 was not looked at while the detector was made."""
    report = judge_market(market_truth(Order("demo", 5, 300, 48)), seed=5)
    assert report.alarms >= 40
    assert report.true / (report.alarms - report.unclear) >= 0.9
    assert report.false_per_year <= 0.5
    assert report.planted.share >= 0.5
