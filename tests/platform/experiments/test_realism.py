"""Features by hand, real files and bad ones, distances, and what a classifier can tell."""

import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.realism import features, ours, report
from seamline_platform.experiments.realism.compare import (
    compare,
    distance,
    judge,
    principal_axes,
    summary,
)
from seamline_platform.experiments.realism.sources import KNOWN, SeriesSet, read_set

DATA = Path(__file__).resolve().parents[4] / "shared/data"


def array(*values: float) -> features.Floats:
    return np.array(values, dtype=np.float64)


def test_counts_and_intervals_by_hand() -> None:
    y = array(0, 0, 3, 0, 1, 2, 0, 0, 0, 2)
    assert features.zero_share(y) == 0.6
    assert features.adi(y) == 2.5
    assert features.cv2(y) == pytest.approx(0.125)  # sizes 3 1 2 2: variance .5, mean 2
    assert features.burst(y) == 3.75
    assert math.isnan(features.adi(array(0, 0)))
    assert math.isnan(features.cv2(array(0, 4)))


def test_autocorrelation_by_hand() -> None:
    """1 2 3 4: deviations -1.5 -.5 .5 1.5; products .75 - .25 + .75 over 5."""
    assert features.autocorrelation(array(1, 2, 3, 4), 1) == pytest.approx(0.25)
    assert math.isnan(features.autocorrelation(array(2, 2, 2), 1))


def test_strengths_are_one_for_pure_shapes_and_nothing_for_noise() -> None:
    t = np.arange(70.0)
    assert features.trend_strength(3 + 2 * t) == pytest.approx(1)
    week = np.tile(array(1, 0, 0, 0, 0, 5, 5), 10)
    assert features.seasonal_strength(week, 7) > 0.98
    noise = [np.random.default_rng(s).normal(size=70) for s in range(60)]
    assert np.median([features.seasonal_strength(y, 7) for y in noise]) < 0.03
    assert np.median([features.trend_strength(y) for y in noise]) < 0.03
    assert math.isnan(features.seasonal_strength(t[:13], 7))


def test_entropy_of_a_wave_and_of_noise_whatever_the_length() -> None:
    t = np.arange(256.0)
    assert features.spectral_entropy(np.sin(2 * np.pi * t / 8)) < 0.4
    medians = [
        np.median([
            features.spectral_entropy(np.random.default_rng(s).normal(size=n)) for s in range(40)
        ])
        for n in (64, 512)
    ]  # fmt: skip
    assert medians[0] == pytest.approx(medians[1], abs=0.03)
    assert medians[0] > 0.93


def test_the_tail_index_by_hand() -> None:
    """Ten ones and five values of e: five logarithms of 1 over the threshold 1, so index 1."""
    y = np.concatenate([np.ones(10), np.full(5, math.e)])
    assert features.tail_index(y) == pytest.approx(1)


@pytest.mark.parametrize(
    ("y", "name"),
    [
        ([5, 5, 6, 5], "smooth"),
        ([1, 9, 1, 9, 1, 1], "erratic"),
        ([0, 0, 2, 0, 0, 2], "intermittent"),
        ([0, 0, 1, 0, 0, 9], "lumpy"),
    ],
)
def test_the_four_classes(y: list[float], name: str) -> None:
    assert features.demand_class(array(*y)) == name


def test_distances_by_hand() -> None:
    """0 1 2 3 against 2 3 4 5: half of one lies below all of the other, and all moved by 2."""
    far = distance(array(0, 1, 2, 3), array(2, 3, 4, 5))
    assert far.ks == 0.5
    width = np.subtract(*np.quantile([0, 1, 2, 3, 2, 3, 4, 5], (0.75, 0.25)))
    assert far.wasserstein == pytest.approx(2 / width)
    same = distance(array(1, 2, 3), array(1, 2, 3))
    assert (same.ks, same.wasserstein, same.p) == (0, 0, 1)


def test_ks_p_values_are_those_of_the_table() -> None:
    """Kolmogorov: 1.358 is the 5 % point of large samples."""
    a, b = np.arange(2_000.0), np.arange(2_000.0)
    b[: round(2_000 * 1.358 * math.sqrt(2 / 2_000))] += 10_000
    assert distance(a, b).p == pytest.approx(0.05, abs=0.005)


def test_a_classifier_tells_different_sets_apart_and_equal_ones_not() -> None:
    rng = np.random.default_rng(6)
    a, b = rng.normal(size=(80, 10)), rng.normal(size=(80, 10))
    fair = judge(a, b)
    assert fair.lo < 0.5 < fair.hi
    assert judge(a, b + 3).lo > 0.98
    b[:, 4] = math.nan  # a feature that one side does not have is no clue
    assert judge(a, b).lo < 0.55


def test_principal_axes_keep_what_differs_apart() -> None:
    rng = np.random.default_rng(7)
    a, b = principal_axes(rng.normal(size=(50, 10)), rng.normal(3, 1, (50, 10)))
    assert abs(a[:, 0].mean() - b[:, 0].mean()) > 1
    assert a.shape == b.shape == (50, 2)


def test_a_summary_counts_only_what_is_defined() -> None:
    assert summary(array(1, 2, 3, math.nan)).defined == 3
    assert summary(array(1, 2, 3, math.nan)).median == 2
    assert summary(array(math.nan)).defined == 0


def _file(folder: Path, text: str, name: str = "sales.csv") -> str:
    file = folder / name
    file.write_text("unique_id,ds,y\n" + text, encoding="utf-8")
    return str(file)


def _long(n: int = 12, length: int = 30, step: int = 7) -> list[tuple[str, str, int]]:
    start = np.datetime64("2025-01-06")
    return [
        (f"S{i}", str(start + step * t), (3 * i + 5 * t) % 11)
        for i in range(n)
        for t in range(length)
    ]


def test_a_long_file_is_read_and_its_frequency_found(tmp_path: Path) -> None:
    rows = _long()
    csv = _file(tmp_path, "".join(f"{a},{b},{c}\n" for a, b, c in rows))
    parquet = tmp_path / "sales.parquet"
    names = ("unique_id", "ds", "y")
    pq.write_table(pa.table(dict(zip(names, zip(*rows, strict=True), strict=True))), parquet)
    for name in (csv, str(parquet)):
        found = read_set(name, tmp_path)
        assert (found.frequency, found.period, len(found.series)) == ("weekly", 52, 12)
        assert found.series[1].tolist() == [(3 + 5 * t) % 11 for t in range(30)]
    daily = _file(tmp_path, "".join(f"{a},{b},{c}\n" for a, b, c in _long(step=1)), "d.csv")
    assert read_set(daily, tmp_path).frequency == "daily"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (("2025-01-13", "2025-01-14"), r"series 'S0' has a gap or a step that is not weekly"),
        ((",5\n", ",-5\n"), r"row 2 \('S0', '2025-01-13', '-5'\): y is out of range"),
        ((",5\n", ",five\n"), r"row 2 .*y is not a number"),
        (("S0,2025-01-13", "S0,2025-01-06"), r"row 2 .*has that date twice"),
        (("S0,2025-01-13", "S0,soon"), r"row 2 .*ds is no date"),
    ],
)
def test_bad_rows_are_named(tmp_path: Path, change: tuple[str, str], text: str) -> None:
    body = "".join(f"{a},{b},{c}\n" for a, b, c in _long()).replace(*change, 1)
    with pytest.raises(ConfigError, match=text):
        read_set(_file(tmp_path, body), tmp_path)


def test_wrong_columns_unknown_sets_and_untold_frequencies_are_named(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("id,day,y\n1,2,3\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="lacks 'unique_id'"):
        read_set(str(file), tmp_path)
    with pytest.raises(ConfigError, match="known: uci_sales_weekly"):
        read_set("nowhere.csv", tmp_path)
    with pytest.raises(ConfigError, match="--data"):
        read_set("uci_sales_weekly", tmp_path)
    rows = "".join(f"S{i},{t},{(i + t) % 5}\n" for i in range(12) for t in range(30))
    with pytest.raises(ConfigError, match="--frequency"):
        read_set(_file(tmp_path, rows), tmp_path)
    assert read_set(_file(tmp_path, rows), tmp_path, "monthly").period == 12


@pytest.mark.parametrize("name", KNOWN)
def test_known_sets_are_read(name: str) -> None:
    if not (DATA / KNOWN[name].file).exists():
        pytest.skip(f"the real set is not here: {KNOWN[name].file}")
    found = read_set(name, DATA)
    expected = {
        "uci_sales_weekly": (811, 52), "hermes_fashion": (100, 261), "walmart2014": (2_500, 117),
        "expsmooth_carparts": (2_509, 51), "expsmooth_hospital": (767, 84),
    }[name]  # fmt: skip
    assert len(found.series) + found.dropped == pytest.approx(expected[0], rel=0.2)
    assert {len(y) for y in found.series} == {expected[1]}


def test_levels_sum_what_customers_want() -> None:
    day = np.zeros(60)
    day[3:57] = 2
    cells = {("A", "A-M", "east"): day, ("A", "A-L", "east"): day, ("A", "A-M", "west"): 2 * day}
    assert [len(ours.series_of(cells, level)) for level in ours.LEVELS] == [3, 1, 0, 0]
    assert ours.series_of(cells, "style daily")[0].tolist() == [8] * 54
    long = {key: np.tile(values, 4) for key, values in cells.items()}
    assert ours.series_of(long, "style weekly")[0].sum() <= 8 * 54 * 4


def test_a_market_beside_a_set_gives_one_digest_and_a_page() -> None:
    rng = np.random.default_rng(8)
    real = SeriesSet("made", "weekly", tuple(rng.poisson(8, (40, 40)).astype(float)))
    first = report.run("pi", 1, 200, [real])
    assert first.document() == report.run("pi", 1, 200, [real]).document()
    comparison = first.comparisons[0]
    assert comparison.level == "style weekly"
    assert comparison.length <= 40
    assert set(first.acf1) == {"ours", "made"}
    page = report.report(first)
    assert page.count("<svg") == 3
    assert "真实" in page
    assert "http" not in page


def test_a_set_beside_itself_is_not_told_apart() -> None:
    rng = np.random.default_rng(9)
    series = tuple(rng.poisson(3, (120, 60)).astype(float))
    result = compare(series[::2], "style weekly", SeriesSet("half", "weekly", series[1::2]))
    assert result.judgement.lo < 0.5 < result.judgement.hi
    assert result.our_classes["smooth"] == pytest.approx(result.their_classes["smooth"], abs=0.1)
