"""Ordinals of periods, and what a column of times says about its frequency."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from seamline_platform.demand.frequency import SEASONS, Frequency


def months(*numbers: int) -> pa.Array:
    return pa.array([date(2023 + n // 12, n % 12 + 1, 1) for n in numbers])


def times(*texts: str) -> pa.Array:
    return pa.array(np.array(texts, "datetime64[s]"))


@pytest.mark.parametrize(
    ("ds", "expected"),
    [
        (pa.array([3, 1, 7]), Frequency("int")),
        (pa.array([date(2026, 1, 3), date(2026, 1, 4), date(2026, 1, 9)]), Frequency("D")),
        (pa.array([date(2026, 1, 3)]), Frequency("D")),
        (pa.array([date(2026, 1, 5), date(2026, 1, 12), date(2026, 1, 26)]), Frequency("W")),
        (pa.array([date(2026, 1, 4), date(2026, 1, 11)]), Frequency("W", 3)),  # Sundays
        (months(0, 1, 2, 5), Frequency("MS")),
        (months(1, 2), Frequency("MS")),  # 28 days apart, and yet months
        (months(1, 4, 10), Frequency("QS", 1)),
        (months(0, 12, 24), Frequency("YS")),
        (times("2026-01-01T05:00", "2026-01-01T06:00"), Frequency("h")),
        (times("2026-01-01T00:00", "2026-01-02T00:00"), Frequency("D")),
        (pa.array([date(2026, 1, 31), date(2026, 2, 28)]), Frequency("W", 2)),
        (pa.array([date(2026, 1, 31), date(2026, 3, 1)]), Frequency("D")),
    ],
)
def test_the_frequency_of_times(ds: pa.Array, expected: Frequency) -> None:
    assert Frequency.infer(ds) == expected


@pytest.mark.parametrize("name", SEASONS)
def test_ordinals_of_consecutive_periods_differ_by_one_and_read_back(name: str) -> None:
    freq = Frequency(name)
    ordinals = np.arange(-40, 900)
    ds = freq.ds(ordinals)
    assert ds.type == freq.type
    assert (freq.ordinals(ds) == ordinals).all()
    assert Frequency.infer(ds) == freq


def test_ordinals_count_from_1970() -> None:
    when = pa.array([date(1971, 4, 1)])
    assert Frequency("D").ordinals(when).tolist() == [455]
    assert Frequency("MS").ordinals(when).tolist() == [15]
    assert Frequency("QS").ordinals(when).tolist() == [5]
    assert Frequency("YS", 3).ordinals(when).tolist() == [1]
    assert Frequency("h").ordinals(times("1970-01-02T03:00")).tolist() == [27]
    assert Frequency("W").ds([0]).to_pylist() == [date(1970, 1, 5)]


def test_times_with_a_zone_are_read_as_utc() -> None:
    ds = pa.array([0, 3_600_000], pa.timestamp("ms", "Asia/Shanghai"))
    assert Frequency.infer(ds).ordinals(ds).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("freq", "ds", "words"),
    [
        (Frequency("W"), pa.array([date(2026, 1, 6)]), "start of a week"),
        (Frequency("MS"), pa.array([date(2026, 1, 6)]), "first of a month"),
        (Frequency("QS"), months(0, 1), "quarter"),
        (Frequency("h"), times("2026-01-01T01:30"), "start of an hour"),
        (Frequency("D"), times("2026-01-01T01:00"), "start of a day"),
        (Frequency("int"), pa.array([date(2026, 1, 6)]), "integers"),
        (Frequency("D"), pa.array([3]), "date or timestamp"),
        (Frequency("D"), pa.array([None], pa.date32()), "empty"),
    ],
)
def test_what_is_no_period_is_refused(freq: Frequency, ds: pa.Array, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        freq.ordinals(ds)


def test_what_has_no_frequency_is_refused() -> None:
    with pytest.raises(ValueError, match="minutes or seconds"):
        Frequency.infer(times("2026-01-01T01:30"))
    with pytest.raises(ValueError, match="type string"):
        Frequency.infer(pa.array(["x"]))
    with pytest.raises(ValueError, match="no frequency 'M'; allowed: h, D, W"):
        Frequency("M")
    with pytest.raises(ValueError, match="anchor"):
        Frequency("W", 7)
