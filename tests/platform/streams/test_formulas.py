"""The formulas give the numbers of a hand calculation, and nothing where there is nothing."""

import pytest

from seamline_platform.streams import formulas as f


def test_a_shift_worked_by_hand() -> None:
    # 5 stations, 60 minutes: 300 minutes planned, 240 worked, 216 standard, 95 good of 100.
    a = f.availability(240, 300)
    p = f.performance(216, 240)
    q = f.quality_ratio(95, 5)
    assert (a, p, q) == (0.8, 0.9, 0.95)
    assert f.oee(a, p, q) == pytest.approx(0.684)


def test_line_efficiency_is_pieces_times_smv_over_operators_times_minutes() -> None:
    pieces, smv_ms, operators, minutes = 400, 600_000, 10, 480
    assert f.line_efficiency(pieces * smv_ms, operators * minutes * 60_000) == pytest.approx(5 / 6)


def test_rates_and_means() -> None:
    assert f.throughput_per_h(30, 1_800_000) == 60
    assert f.lead_time_h(3_600_000 * 30, 3) == 10
    assert f.on_time_delivery(9, 10) == 0.9
    assert f.energy_per_piece_kwh(12.5, 50) == 0.25


def test_no_value_without_a_base() -> None:
    assert f.availability(0, 0) is None
    assert f.performance(0, 0) is None
    assert f.quality_ratio(0, 0) is None
    assert f.oee(0.9, None, 1.0) is None
    assert f.line_efficiency(5, 0) is None
    assert f.throughput_per_h(0, 0) is None
    assert f.lead_time_h(0, 0) is None
    assert f.on_time_delivery(0, 0) is None
    assert f.energy_per_piece_kwh(1.0, 0) is None
