"""Re-balancing after an absence: what is left at once, and the best with few changes."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from seamline_platform.planning.balancing.balance import Balance
from seamline_platform.planning.balancing.hanger import Limits, Pair, balance, fixed, rate_bound
from seamline_platform.planning.balancing.line import HangerLine
from seamline_platform.planning.shop.annealing import Timer

TAX_SHARE = 0.002
"""Of the bound: what one person at one new operation has to bring in, at the least."""
QUICK = Limits(gap=0.02, nodes=10)
"""The tax makes the last per cent of the proof slow, and an absence is known at eight o'clock."""


@dataclass(frozen=True, slots=True)
class Move:
    """A change in who does what."""

    operator: str
    takes: tuple[str, ...]
    gives_up: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rebalance:
    """The line before and after an absence."""

    before: Balance
    absent: tuple[str, ...]
    bound: float
    """A rate that those who are there cannot exceed; known at once."""
    kept: Balance
    """Nobody takes a new operation; its rate is 0 if one is left without anybody."""
    after: Balance

    @property
    def moves(self) -> tuple[Move, ...]:
        """Return who takes or gives up operations; giving up alone is not listed."""
        now = _by_operator(self.after)
        was = _by_operator(self.before)
        moves = []
        for operator, ops in now.items():
            takes = sorted(ops - was.get(operator, set()))
            if takes:
                gives = sorted(was.get(operator, set()) - ops)
                moves.append(Move(operator, tuple(takes), tuple(gives)))
        return tuple(moves)


def rebalance(
    before: Balance,
    absent: Collection[str],
    cpu: Timer,
    limits: Limits = QUICK,
    *,
    tax: float | None = None,
) -> Rebalance:
    """Return the line without `absent`; each new (operator, operation) costs `tax` pieces/h.

    The plan is never worse than that in which nobody takes a new operation.

    Raises:
        ConfigError: if an operator is not known, or if nobody is left.
    """
    line = before.line.without(absent)
    here = line.operator_of
    known = frozenset(pair for pair in before.minutes if pair[0] in here)
    bound = rate_bound(line)
    kept = fixed(line, known, cpu, bound=bound)
    tax = TAX_SHARE * bound if tax is None else tax
    after = balance(line, cpu, limits, known=known, tax=tax)
    if _worth(kept, known, tax) >= _worth(after, known, tax):
        after = replace(kept, nodes=after.nodes, cpu_s=kept.cpu_s + after.cpu_s)
    return Rebalance(before, tuple(absent), bound, kept, after)


def restored(line: HangerLine, pairs: Collection[Pair], cpu: Timer) -> Balance:
    """Return the balance of an assignment that is known from somewhere else."""
    return fixed(line, pairs, cpu)


def _worth(plan: Balance, known: Collection[Pair], tax: float) -> float:
    return plan.rate - tax * sum(pair not in known for pair in plan.minutes)


def _by_operator(plan: Balance) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for operator, op in plan.minutes:
        found.setdefault(operator, set()).add(op)
    return found
