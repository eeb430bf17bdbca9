"""Shapley values: what each switch is worth on average over all orders of switching on."""

import itertools
import math
from collections.abc import Mapping, Sequence

from seamline_broker.errors import ExperimentError


def coalitions(players: Sequence[str]) -> list[frozenset[str]]:
    """Return all 2^n subsets, small ones first, each size in the order of `players`."""
    return [
        frozenset(chosen)
        for size in range(len(players) + 1)
        for chosen in itertools.combinations(players, size)
    ]


def shapley(players: Sequence[str], worth: Mapping[frozenset[str], float]) -> dict[str, float]:
    """Return each player's value: sum over S without i of |S|!(n-|S|-1)!/n! (v(S + i) - v(S)).

    The values add up to worth(all) - worth(nobody) (Shapley 1953).

    Raises:
        ExperimentError: if a coalition has no worth.
    """
    missing = [sorted(chosen) for chosen in coalitions(players) if chosen not in worth]
    if missing:
        raise ExperimentError(
            f"Shapley values need all {2 ** len(players)} coalitions; {missing[0]} is missing."
        )
    n = len(players)
    values = dict.fromkeys(players, 0.0)
    for chosen in coalitions(players)[:-1]:  # to the whole nobody can be added
        size = len(chosen)
        weight = math.factorial(size) * math.factorial(n - size - 1) / math.factorial(n)
        for player in players:
            if player not in chosen:
                values[player] += weight * (worth[chosen | {player}] - worth[chosen])
    return values
