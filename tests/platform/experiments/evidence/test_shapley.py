"""Shapley values of games whose values are known."""

import itertools

import pytest

from seamline_broker.errors import ExperimentError
from seamline_platform.experiments.evidence.shapley import coalitions, shapley


def test_glove_game() -> None:
    """Two left gloves, one right: 1/6, 1/6, 2/3 (Shapley 1953's example)."""
    worth = {c: float("r" in c and len(c) > 1) for c in coalitions(["l1", "l2", "r"])}
    assert shapley(["l1", "l2", "r"], worth) == pytest.approx(
        {"l1": 1 / 6, "l2": 1 / 6, "r": 2 / 3}
    )


def test_values_equal_the_mean_over_all_orders_and_add_up() -> None:
    players = list("abcde")
    worth = {c: float(len(c) ** 2 + 3 * ("a" in c) * ("d" in c)) for c in coalitions(players)}
    found = shapley(players, worth)
    orders = list(itertools.permutations(players))
    for player in players:
        gains = [
            worth[frozenset(order[: order.index(player) + 1])]
            - worth[frozenset(order[: order.index(player)])]
            for order in orders
        ]
        assert found[player] == pytest.approx(sum(gains) / len(gains))
    assert sum(found.values()) == pytest.approx(worth[frozenset(players)] - worth[frozenset()])


def test_a_missing_coalition_is_named() -> None:
    worth = dict.fromkeys(coalitions(["a", "b"]), 0.0)
    del worth[frozenset({"b"})]
    with pytest.raises(ExperimentError, match=r"all 4 coalitions; \['b'\] is missing"):
        shapley(["a", "b"], worth)
