"""How needs become orders: whole pieces, a minimum order, and capacity that all series share."""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def whole_orders(need: FloatArray, moq: int) -> FloatArray:
    """Return orders for needs: whole pieces, the nearest; below the minimum, filled up to it.

    This is the (R, S, Qmin) policy of Kiesmüller, de Kok and Dabia (International Journal of
    Production Economics 133 (2011) 280-285): whoever is below S orders, and at least Qmin.
    """
    pieces = np.floor(np.maximum(need, 0.0) + 0.5)
    return np.where(pieces > 0, np.maximum(pieces, moq), 0.0)


def share_capacity(
    ladder: FloatArray, target: int, position: FloatArray, capacity: float, moq: int
) -> FloatArray:
    """Return orders of one review that add up to at most `capacity` pieces.

    `ladder` is (rungs, series), `target` the rung wanted, `position` stock, pipeline and backlog.
    All series are ordered up to the highest common service level that fits: there, one more piece
    of any series is worth the same, which is the optimum of newsvendors with one common limit
    (Hadley and Whitin, Analysis of Inventory Systems, 1963). With a minimum order, orders are
    granted whole, the one most likely to run short first; the last may be cut, not below the
    minimum.
    """
    wanted = whole_orders(ladder[target] - position, moq)
    if wanted.sum() <= capacity:
        return wanted
    if moq > 0:
        return _granted(ladder, wanted, position, capacity, moq)
    level = _common_level(ladder[: target + 1], position, capacity)
    return _round_within(np.maximum(level - position, 0.0), capacity)


def _common_level(ladder: FloatArray, position: FloatArray, capacity: float) -> FloatArray:
    """Return order-up-to levels between two rungs that need exactly `capacity` pieces."""
    needs = np.maximum(ladder - position, 0.0).sum(axis=1)
    upper = int(np.argmax(needs > capacity))
    if needs[upper] <= capacity:
        return np.asarray(ladder[-1])  # rounding alone went over
    low_level = ladder[upper - 1] if upper else np.minimum(ladder[0], position)
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        level = low_level + middle * (ladder[upper] - low_level)
        if np.maximum(level - position, 0.0).sum() > capacity:
            high = middle
        else:
            low = middle
    return np.asarray(low_level + low * (ladder[upper] - low_level))


def _round_within(need: FloatArray, capacity: float) -> FloatArray:
    """Return whole pieces, as many as fit, by largest remainder."""
    pieces = np.floor(need)
    rest = need - pieces
    spare = int(
        min(np.floor(capacity - pieces.sum() + 1e-6), np.floor(need.sum() + 0.5 - pieces.sum()))
    )
    if spare > 0:
        most = np.argsort(-rest, kind="stable")[:spare]
        pieces[most[rest[most] > 0]] += 1
    return np.asarray(pieces)


def _granted(
    ladder: FloatArray, wanted: FloatArray, position: FloatArray, capacity: float, moq: int
) -> FloatArray:
    # The rungs that a position covers say how likely it is to last; fewest first, then the
    # greatest need.
    covered = (ladder <= position).sum(axis=0)
    order = np.lexsort((-wanted, covered))
    order = order[wanted[order] > 0]
    total = np.cumsum(wanted[order])
    fits = total <= capacity
    result = np.zeros_like(wanted)
    result[order[fits]] = wanted[order[fits]]
    if not fits.all():
        first = int(np.argmin(fits))
        left = np.floor(capacity - (total[first - 1] if first else 0.0))
        if left >= moq:
            result[order[first]] = left
    return result
