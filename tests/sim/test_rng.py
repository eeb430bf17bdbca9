"""Draws are pure in (seed, stream, entity, index); tables have the right moments."""

import hashlib
import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seamline_sim import rng, tables


def test_a_draw_is_shake_128_of_its_key_and_nothing_else() -> None:
    digest = hashlib.shake_128(b"7|sew|SO-001-02|13").digest(16)
    assert rng.words(7, "sew", "SO-001-02|13", 4) == struct.unpack("<4I", digest)
    first = int.from_bytes(hashlib.shake_128(b"7|hard|x|3").digest(4), "little")
    assert rng.u32(7, "hard", "x", 3) == first


def test_draws_do_not_depend_on_what_was_drawn_before() -> None:
    keys = [(seed, stream, entity) for seed in (1, 2) for stream in "ab" for entity in "xy"]
    forward = {key: rng.words(*key, 8) for key in keys}
    backward = {key: rng.words(*key, 8) for key in reversed(keys)}
    assert forward == backward
    assert len(set(forward.values())) == len(keys)
    assert rng.words(1, "a", "x", 3) == forward[1, "a", "x"][:3]  # more draws: the same beginning


@given(draw=st.integers(0, 2**32 - 1), low=st.integers(-500, 500), span=st.integers(0, 5000))
def test_between_keeps_its_limits(draw: int, low: int, span: int) -> None:
    assert low <= rng.between(draw, low, low + span) <= low + span
    assert 0 <= rng.below(draw, span + 1) <= span


def test_limits_are_reached() -> None:
    assert (rng.between(0, 3, 9), rng.between(2**32 - 1, 3, 9)) == (3, 9)
    assert (rng.below(0, 10), rng.below(2**32 - 1, 10)) == (0, 9)


def test_pick_gives_each_index_its_share() -> None:
    weights = [1, 0, 2, 5]
    counts = [0] * 4
    for i in range(8000):
        counts[rng.pick(i * 2**32 // 8000, weights)] += 1
    assert counts == [1000, 0, 2000, 5000]
    assert rng.pick(2**32 - 1, weights) == 3


def test_draws_are_uniform() -> None:
    draws = list(itertools.chain.from_iterable(rng.words(1, "u", str(i), 100) for i in range(200)))
    counts = [0] * 16
    for draw in draws:
        counts[draw >> 28] += 1
    chi2 = sum((n - 1250) ** 2 / 1250 for n in counts)
    assert chi2 < 37.7  # 99.9 % of chi-square with 15 degrees of freedom


def _moments(knots: tuple[int, ...]) -> tuple[float, float]:
    mean = sum(knots) / len(knots) / tables.KNOTS
    second = sum(k * k for k in knots) / len(knots) / tables.KNOTS**2
    return mean, (second - mean * mean) ** 0.5


def test_lognormal_has_mean_one_and_its_spread() -> None:
    mean, sd = _moments(tables.lognormal(180))
    assert mean == pytest.approx(1, abs=0.001)
    assert sd == pytest.approx(0.1815, abs=0.002)  # sqrt(exp(.18^2) - 1)
    assert set(tables.lognormal(0)) == {tables.KNOTS}


def test_exponential_gamma_and_beta_have_their_moments() -> None:
    mean, sd = _moments(tables.exponential())
    assert mean == pytest.approx(1, abs=0.005)
    assert sd == pytest.approx(1, abs=0.02)
    mean, sd = _moments(tables.gamma_half())
    assert mean == pytest.approx(1, abs=0.005)
    assert sd == pytest.approx(2**0.5, abs=0.03)  # shape 1/2
    mean, sd = _moments(tables.beta2(31))
    assert mean == pytest.approx(1, abs=0.002)
    assert sd == pytest.approx(0.675, abs=0.005)  # sqrt(b / (2 (b + 3)))


@pytest.mark.parametrize(("mean", "k"), [(0.2, 3), (2.0, 3), (15.0, 3), (15.0, 1)])
def test_counts_are_negative_binomial(mean: float, k: int) -> None:
    n = 40_000
    counts = [tables.count(i * 2**32 // n + 1, round(mean * 1000), k) for i in range(n)]
    m = sum(counts) / n
    variance = sum(c * c for c in counts) / n - m * m
    assert m == pytest.approx(mean, rel=0.025)  # means lie on a lattice of 2 %
    assert variance == pytest.approx(m + m * m / k, rel=0.04)


def test_counts_never_fall_with_the_draw_or_the_mean() -> None:
    for mean in (1, 50, 700, 9_000, 300_000):
        values = [tables.count(d, mean, 3) for d in range(0, 2**32, 2**27)]
        assert values == sorted(values)
    by_mean = [tables.count(2**31, m, 3) for m in range(0, 60_000, 250)]
    assert by_mean == sorted(by_mean)
    assert tables.count(2**32 - 1, 0, 3) == 0
