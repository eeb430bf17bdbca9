"""Livestreams as self-exciting streams: moments by hand, draws by entity."""

import pytest

from seamline_sim import tables
from seamline_sim.market import livestream
from seamline_sim.market.livestream import gap_for


def test_without_excitement_it_is_a_poisson_stream() -> None:
    counts = [len(livestream(1, f"p{i}", 60_000, 0, 1, 3_600_000)) for i in range(400)]
    mean = sum(counts) / 400
    variance = sum((n - mean) ** 2 for n in counts) / 399
    assert mean == pytest.approx(60, abs=3 * (60 / 400) ** 0.5)
    assert variance / mean == pytest.approx(1, abs=0.25)


def test_a_stationary_stream_has_the_rate_mu_over_one_minus_n() -> None:
    # mu = 1/min, n = .6: 2.5 a minute; variance/mean about 1 / .4^2 = 6.25
    counts = [
        len(livestream(2, f"s{i}", 60_000, 600, 180_000, 3_600_000, True)) for i in range(400)
    ]
    assert sum(counts) / 400 == pytest.approx(150, abs=3 * (6.25 * 150 / 400) ** 0.5)


def test_an_empty_start_loses_what_the_formula_says() -> None:
    # 1 - n (1 - e^-kT) / (k T), n = .8, k = .2 / 5 min, T = 180 min: kT = 7.2
    assert tables.hawkes_share_permille(800, 300_000, 10_800_000) == 889
    gap = gap_for(100_000, 800, 300_000, 10_800_000)
    counts = [len(livestream(3, f"e{i}", gap, 800, 300_000, 10_800_000)) for i in range(400)]
    assert sum(counts) / 400 == pytest.approx(100, abs=3 * (25 * 100 / 400) ** 0.5)


def test_times_rise_within_the_window_and_belong_to_the_entity() -> None:
    times = livestream(4, "a", 10_000, 700, 300_000, 3_600_000)
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] < 3_600_000
    assert times == livestream(4, "a", 10_000, 700, 300_000, 3_600_000)
    assert times != livestream(4, "b", 10_000, 700, 300_000, 3_600_000)


@pytest.mark.parametrize("n", [-1, 1000, 1500])
def test_a_stream_that_would_not_die_out_is_refused(n: int) -> None:
    with pytest.raises(ValueError, match="allowed: 0 to 999"):
        livestream(1, "x", 1000, n, 1000, 1000)


def test_the_exponential_table_has_mean_variance_and_tail() -> None:
    # all 2^32 draws in equal steps: mean 1, variance 1, P(X > 5) = e^-5
    draws = [tables.exponential_micro(i << 14) / 1e6 for i in range(1 << 18)]
    mean = sum(draws) / len(draws)
    assert mean == pytest.approx(1, abs=1e-3)
    assert sum((x - mean) ** 2 for x in draws) / len(draws) == pytest.approx(1, abs=5e-3)
    assert sum(x > 5 for x in draws) / len(draws) == pytest.approx(0.006738, abs=2e-4)
