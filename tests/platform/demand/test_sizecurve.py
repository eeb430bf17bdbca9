"""Size curves against hand calculations, scipy's own distribution, and a planted truth."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import dirichlet_multinomial

from seamline_platform.demand.sizecurve import (
    fit_concentration,
    fit_size_curves,
    moments_concentration,
    shrunk_shares,
)

CURVE = np.array([0.1, 0.25, 0.3, 0.25, 0.1])


def drawn(kappa: float, styles: int, pieces: int, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(kappa * CURVE, size=styles)
    return np.array([rng.multinomial(pieces, share) for share in shares], dtype=np.float64)


def test_shares_by_hand():
    counts = np.array([[6.0, 2.0, 2.0]])
    mean = np.array([0.2, 0.5, 0.3])
    # (6 + 10 x .2) / 20, (2 + 10 x .5) / 20, (2 + 10 x .3) / 20
    assert shrunk_shares(counts, mean, 10.0)[0] == pytest.approx([0.4, 0.35, 0.25], rel=1e-12)


def test_nothing_sold_is_the_curve_and_much_sold_is_itself():
    assert shrunk_shares(np.zeros((1, 5)), CURVE, 30.0)[0] == pytest.approx(CURVE)
    counts = np.array([[1e6, 0, 0, 0, 0]])
    assert shrunk_shares(counts, CURVE, 30.0)[0, 0] == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("kappa", [5.0, 40.0, 200.0])
def test_planted_concentration_is_found(kappa):
    counts = drawn(kappa, styles=400, pieces=300)
    assert fit_concentration(counts, CURVE) == pytest.approx(kappa, rel=0.12)
    assert moments_concentration(counts, CURVE) == pytest.approx(kappa, rel=0.3)


def test_concentration_has_the_greatest_likelihood_of_scipys_distribution():
    counts = drawn(25.0, styles=30, pieces=60)
    found = fit_concentration(counts, CURVE)

    def negative(log_kappa: float) -> float:
        alpha = np.exp(log_kappa) * CURVE
        return -float(dirichlet_multinomial.logpmf(counts, alpha, counts.sum(axis=1)).sum())

    best = minimize_scalar(negative, bounds=(0.0, 8.0), method="bounded", options={"xatol": 1e-9})
    assert found == pytest.approx(np.exp(best.x), rel=1e-4)


def test_equal_styles_have_the_greatest_concentration():
    counts = np.tile(100 * CURVE, (20, 1))
    assert fit_concentration(counts, CURVE) > 1e3


def test_shrinking_beats_both_the_raw_shares_and_the_curve():
    rng = np.random.default_rng(11)
    truth = rng.dirichlet(30 * CURVE, size=300)
    counts = np.array([rng.multinomial(25, t) for t in truth], dtype=np.float64)
    curves = fit_size_curves(counts, ["shirt"] * 300)
    mine = np.abs(curves.shares(counts, ["shirt"] * 300) - truth).mean()
    raw = np.abs(counts / counts.sum(axis=1, keepdims=True) - truth).mean()
    assert mine < 0.85 * raw
    assert mine < 0.9 * np.abs(CURVE - truth).mean()


def test_each_category_has_its_own_curve_and_a_stranger_the_common_one():
    small, large = np.array([80.0, 15.0, 5.0]), np.array([5.0, 15.0, 80.0])
    counts = np.array([small] * 6 + [large] * 6)
    curves = fit_size_curves(counts, ["kids"] * 6 + ["men"] * 6)
    nothing = np.zeros((3, 3))
    kids, men, other = curves.shares(nothing, ["kids", "men", "pets"])
    assert kids[0] > 0.7
    assert men[2] > 0.7
    assert other == pytest.approx([0.425, 0.15, 0.425], abs=0.01)


def test_too_little_to_tell():
    assert fit_concentration(np.zeros((4, 5)), CURVE) == 1.0
    assert fit_concentration(np.ones((4, 1)), np.ones(1)) == 1.0
    with pytest.raises(ValueError, match="not negative"):
        shrunk_shares(np.array([[-1.0, 2.0]]), np.array([0.5, 0.5]), 1.0)
    with pytest.raises(ValueError, match="above zero"):
        shrunk_shares(np.array([[1.0, 2.0]]), np.array([0.5, 0.5]), 0.0)
    with pytest.raises(ValueError, match="one group per style"):
        fit_size_curves(np.ones((2, 3)), ["a"])
