"""Working times inside a CP-SAT model: monotone functions that rise by one per tick, rest, or jump.

A kit that is cut at 17:50 and is 30 minutes on its way is there when the line opens next morning:
in work of the cutting axis against work of the line's axis that is a function of whole numbers,
made of pieces of slope 0 or 1 with jumps between them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from seamline_platform.planning.shop.cpsat.engine import HintedModel
from seamline_platform.planning.shop.times import ALWAYS, WorkTimes

MAX_PIECES: Final = 48


@dataclass(frozen=True, slots=True)
class Piece:
    """x in low .. high gives y = value + slope (x - low); slope -1: y lies in value .. top."""

    low: int
    high: int
    value: int
    slope: int
    top: int

    def at(self, x: int) -> int:
        """Return y at x, where the piece is exact."""
        return self.value + self.slope * (x - self.low)


@dataclass(frozen=True, slots=True)
class Curve:
    """y = target.to_work(source.end_at(x + size) + delay), or that tick where there is no target.

    `x` is work of `source` at which something of `size` begins; it ends there, and after `delay`
    ticks on the wall the next resource may begin.
    """

    source: WorkTimes
    target: WorkTimes | None
    size: int = 0
    delay: int = 0

    def at(self, x: int) -> int:
        """Return y."""
        tick = self.source.end_at(x + self.size) + self.delay
        return tick if self.target is None else self.target.to_work(tick)

    @property
    def straight(self) -> bool:
        """True if y - x is the same everywhere: nothing closes, or all close together."""
        if self.target is None:
            return self.source is ALWAYS or self.source == ALWAYS
        return self.source == self.target and (self.delay == 0 or self.source == ALWAYS)

    def pieces(self, low: int, high: int) -> list[Piece]:
        """Return the pieces between two x, joined in pairs where they would be too many."""
        marks = {low, high + 1}
        ticks: tuple[int, ...] = ()
        if self.target is not None:
            ticks = (*self.target.starts, *self.target.ends)
        knees = [done + 1 for done in self.source.done]
        for tick in ticks:
            work = self.source.to_work(tick - self.delay)
            knees += [work, work + 1]
        marks |= {k - self.size for k in knees if low < k - self.size <= high}
        exact = [_piece(self.at, a, b - 1) for a, b in pairwise(sorted(marks))]
        found = _joined(exact)
        while len(found) > MAX_PIECES:
            found = _coarser(found)
        return found


def _piece(f: Callable[[int], int], low: int, high: int) -> Piece:
    first, last = f(low), f(high)
    return Piece(low, high, first, int(last > first), last)


def _joined(pieces: list[Piece]) -> list[Piece]:
    """Join neighbours on one straight line."""
    result = pieces[:1]
    for piece in pieces[1:]:
        before = result[-1]
        slope = max(piece.slope, before.slope)
        straight = Piece(before.low, piece.high, before.value, slope, piece.top)
        if all(straight.at(x) == p.at(x) for p in (before, piece) for x in (p.low, p.high)):
            result[-1] = straight
        else:
            result.append(piece)
    return result


def _coarser(pieces: list[Piece]) -> list[Piece]:
    """Join pairs; of a pair only the range of y is known (a relaxation)."""
    result = []
    for k in range(0, len(pieces), 2):
        pair = pieces[k : k + 2]
        result.append(Piece(pair[0].low, pair[-1].high, pair[0].value, -1, pair[-1].top))
    return result


def follow(m: HintedModel, x: Any, curve: Curve, span: tuple[int, int], hint: int) -> Any:
    """Return y of x as an expression or a variable; x lies in `span`, `hint` is that of x."""
    if curve.straight:
        return x + curve.at(0)
    pieces = curve.pieces(min(span[0], hint), max(span[1], hint))
    y = m.number(pieces[0].value, pieces[-1].top, curve.at(hint))
    chosen = [m.flag(p.low <= hint <= p.high) for p in pieces]
    m.cp.add_exactly_one(chosen)
    for piece, flag in zip(pieces, chosen, strict=True):
        m.cp.add_linear_constraint(x, piece.low, piece.high).only_enforce_if(flag)
        if piece.slope < 0:
            m.cp.add_linear_constraint(y, piece.value, piece.top).only_enforce_if(flag)
        else:
            m.cp.add(y == piece.slope * x + piece.at(0)).only_enforce_if(flag)
    return y
