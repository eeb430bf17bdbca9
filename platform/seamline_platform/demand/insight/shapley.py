"""Shapley values: how much each player brought to a result, shared out so that nothing is left.

Exact over all 2^n coalitions while they are affordable (Shapley, A value for n-person games, 1953):

    phi_i = sum over S without i of |S|! (n - |S| - 1)! / n! x (v(S + i) - v(S))

else the mean over drawn orders in which the players come in (Castro, Gomez and Tejada, Computers
and Operations Research 36 (2009) 1726-1730), each order together with its reverse. Either way the
values sum to v(all) - v(none), whatever the game.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from seamline_platform.demand.frame import FloatArray

Coalition = tuple[bool, ...]
"""For each player, whether it is in."""
Game = Callable[[Coalition], FloatArray]
"""Value of a coalition: one array, the same shape for all coalitions."""


@dataclass(frozen=True, slots=True)
class Shares:
    """What each player brought: `values[i]` has the shape of the game's value."""

    nobody: FloatArray
    everybody: FloatArray
    values: FloatArray
    exact: bool
    evaluations: int


class _Asked:
    """Asks the game once for each coalition."""

    def __init__(self, game: Game) -> None:
        self._game = game
        self.known: dict[Coalition, FloatArray] = {}

    def __call__(self, coalition: Coalition) -> FloatArray:
        if coalition not in self.known:
            value = np.asarray(self._game(coalition), dtype=np.float64)
            if not np.isfinite(value).all():
                raise ValueError(f"The value of coalition {coalition} is not finite: {value!r}.")
            self.known[coalition] = value
        return self.known[coalition]


def shapley(game: Game, players: int, budget: int = 128, seed: int = 1) -> Shares:
    """Return what each of `players` brought, asking for at most about `budget` coalitions.

    Args:
        game: value of a coalition.
        players: how many there are.
        budget: exact if 2^players coalitions are no more than this, else orders are drawn.
        seed: of the drawn orders.

    Raises:
        ValueError: if there is no player, the budget does not reach for one order, or a value is
            not finite.
    """
    if players < 1:
        raise ValueError(f"A game needs at least one player, not {players}.")
    if budget <= players:
        raise ValueError(f"A budget of {budget} does not reach for {players + 1} coalitions.")
    asked = _Asked(game)
    exact = 2**players <= budget
    values = _exact(asked, players) if exact else _drawn(asked, players, budget, seed)
    nobody, everybody = asked((False,) * players), asked((True,) * players)
    return Shares(nobody, everybody, values, exact, len(asked.known))


def _exact(game: Game, players: int) -> FloatArray:
    values = [np.zeros_like(game((False,) * players)) for _ in range(players)]
    weights = [
        math.factorial(size) * math.factorial(players - size - 1) / math.factorial(players)
        for size in range(players)
    ]
    for code in range(2**players):
        coalition = tuple(bool(code >> i & 1) for i in range(players))
        for i in (i for i, inside in enumerate(coalition) if not inside):
            joined = (*coalition[:i], True, *coalition[i + 1 :])
            values[i] = values[i] + weights[sum(coalition)] * (game(joined) - game(coalition))
    return np.stack(values)


def _drawn(game: Game, players: int, budget: int, seed: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    values = [np.zeros_like(game((False,) * players)) for _ in range(players)]
    orders = max(1, (budget - 2) // (players - 1))
    order = rng.permutation(players)
    for number in range(orders):
        order = order[::-1] if number % 2 else rng.permutation(players)
        coalition = [False] * players
        before = game(tuple(coalition))
        for i in order:
            coalition[i] = True
            after = game(tuple(coalition))
            values[i] = values[i] + (after - before) / orders
            before = after
    return np.stack(values)
