"""A balance: how many minutes of each hour every operator gives to every operation."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from seamline_platform.planning.balancing.line import HangerLine

Minutes = Mapping[tuple[str, str], float]
"""(operator, operation): minutes of an hour."""


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """What holds the rate down, while everybody stays at his or her operations.

    `share` is an elasticity, from the duals of the linear programme: 1 % less work in the
    operation (or 1 % more time of the operator) raises the rate by `share` %. The shares of all
    operations sum to 1, and so do those of all operators.
    """

    name: str
    share: float
    gain: float
    """Pieces per hour that 5 % less work, or 5 % more time, would give (marginal)."""


@dataclass(frozen=True)
class Balance:
    """An assignment with its rate, and how far it may be from the best.

    `bound` is a rate that no assignment can exceed.
    """

    line: HangerLine
    rate: float
    """Pieces per hour."""
    minutes: Minutes
    bound: float
    operations: tuple[Bottleneck, ...] = ()
    operators: tuple[Bottleneck, ...] = ()
    nodes: int = 0
    """Nodes of the search tree: equal on every machine."""
    cpu_s: float = 0.0

    @property
    def gap(self) -> float:
        """Return how much higher the rate might be at the most, as a share of the bound."""
        return max(1 - self.rate / self.bound, 0.0) if self.bound > 0 else 0.0

    @cached_property
    def load(self) -> Mapping[str, float]:
        """Minutes of work per hour by operator."""
        total = {w.operator: 0.0 for w in self.line.operators}
        for (operator, _), minutes in self.minutes.items():
            total[operator] += minutes
        return total

    @property
    def efficiency(self) -> float:
        """Line efficiency: standard minutes made per minute of operators who are there."""
        return self.rate * self.line.work / (60 * len(self.line.operators))

    @property
    def loss(self) -> float:
        """Balance loss: the share of operators' time that is idle because work is uneven."""
        return 1 - sum(self.load.values()) / (60 * len(self.line.operators))

    def pieces(self, operator: str, op: str) -> float:
        """Return the pieces per hour that an operator passes at an operation."""
        minutes = self.minutes.get((operator, op), 0.0)
        operation = self.line.operation_of[op]
        return minutes * self.line.operator_of[operator].pace(operation) / operation.smv

    def words(self) -> tuple[str, ...]:
        """Return what holds the line down, and what would help, in sentences."""
        nobody = self.line.nobody_for
        if nobody:
            titles = ", ".join(self.line.operation_of[op].title for op in nobody)
            return (f"Nobody who is there can do {titles}: the line cannot finish a piece.",)
        said = []
        for b in self.operations[:3]:
            title = self.line.operation_of[b.name].title
            said.append(
                f"{title} holds the line: 5 % less work there would give {b.gain:+.2f} pieces/h."
            )
        for b in self.operators[:3]:
            said.append(
                f"{b.name} is fully loaded: 3 minutes more per hour would give "
                f"{b.gain:+.2f} pieces/h."
            )
        return tuple(said)
