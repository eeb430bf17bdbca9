"""Shapley values: hand examples, and the axioms that make them what they are."""

import itertools

import numpy as np
import pytest

from seamline_platform.demand.insight.shapley import shapley


def test_the_glove_game_of_the_textbooks() -> None:
    """One left and two right gloves; a pair is worth 1: 2/3, 1/6, 1/6."""

    def game(coalition: tuple[bool, ...]) -> np.ndarray:
        return np.array([float(coalition[0] and (coalition[1] or coalition[2]))])

    shares = shapley(game, 3)
    assert shares.exact
    assert shares.evaluations == 8
    assert shares.values[:, 0] == pytest.approx([2 / 3, 1 / 6, 1 / 6])


def test_the_airport_game_shares_costs_by_hand() -> None:
    """Runways of 1, 2 and 4: the first third is paid by all, and so on: 1/3, 5/6, 17/6."""
    needs = np.array([1.0, 2.0, 4.0])

    def game(coalition: tuple[bool, ...]) -> np.ndarray:
        return np.array(
            [max([n for n, inside in zip(needs, coalition, strict=True) if inside] or [0])]
        )

    assert shapley(game, 3).values[:, 0] == pytest.approx([1 / 3, 5 / 6, 17 / 6])


def _random_game(seed: int, players: int, shape: tuple[int, ...]) -> dict:
    rng = np.random.default_rng(seed)
    return {c: rng.normal(size=shape) for c in itertools.product((False, True), repeat=players)}


@pytest.mark.parametrize("budget", [64, 20])
def test_shares_add_up_to_what_all_bring_whatever_the_game(budget: int) -> None:
    values = _random_game(3, 6, (2, 5))
    shares = shapley(values.__getitem__, 6, budget, seed=2)
    assert shares.exact == (budget == 64)
    total = shares.nobody + shares.values.sum(axis=0)
    assert np.abs(total - shares.everybody).max() < 1e-12


def test_who_brings_nothing_gets_nothing_and_equals_get_the_same() -> None:
    base = _random_game(5, 2, (1,))

    def game(coalition: tuple[bool, ...]) -> np.ndarray:
        a, b, _idle, twin_1, twin_2 = coalition
        return base[a, b] + 3.0 * (twin_1 + twin_2) * (1 + a)

    values = shapley(game, 5).values[:, 0]
    assert values[2] == pytest.approx(0.0)
    assert values[3] == pytest.approx(values[4])


def test_drawn_orders_come_near_the_exact_shares_and_repeat_by_seed() -> None:
    values = _random_game(7, 5, (1,))
    exact = shapley(values.__getitem__, 5).values
    asked: list[tuple[bool, ...]] = []

    def game(coalition: tuple[bool, ...]) -> np.ndarray:
        asked.append(coalition)
        return values[coalition]

    drawn = shapley(game, 5, budget=30, seed=4)
    assert not drawn.exact
    assert len(asked) == len(set(asked)) == drawn.evaluations <= 30
    assert np.abs(drawn.values - exact).max() < 0.6
    assert (drawn.values == shapley(values.__getitem__, 5, budget=30, seed=4).values).all()


@pytest.mark.parametrize(
    ("players", "budget", "what"), [(0, 10, "at least one"), (4, 4, "does not reach")]
)
def test_a_game_that_cannot_be_played_is_refused(players: int, budget: int, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        shapley(lambda _: np.zeros(1), players, budget)


def test_a_value_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        shapley(lambda _: np.array([np.nan]), 2)
