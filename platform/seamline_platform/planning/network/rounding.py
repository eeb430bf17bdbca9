"""From divided orders to whole ones: rounding, ejection, then exchanges until nothing is cheaper.

The linear programme divides at most as many orders as there are full buckets. Each of them goes
whole to its cheapest bucket with room; where none has, another order is ejected from a bucket to
where it fits. After that single orders move, and pairs exchange (one takes the other's place, which
goes wherever it costs least), as long as the total falls (Yagiura, Ibaraki and Glover 2004).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from seamline_platform.planning.network.prices import priced
from seamline_platform.planning.network.relaxation import Relaxed
from seamline_platform.planning.network.tables import Floats, Ints, Tables

_EPS: Final = 1e-9
_BLOCK: Final = 64


@dataclass
class Assignment:
    """A column for every order, and the room that is left in every bucket. Changes in place."""

    t: Tables
    column: Ints
    room: Floats

    @classmethod
    def of(cls, t: Tables, column: Ints) -> "Assignment":
        """Return the assignment of these columns."""
        rows = np.arange(t.orders)
        load = np.bincount(t.bucket[rows, column], t.hours[rows, column], minlength=t.buckets + 1)
        return cls(t, column.copy(), t.capacity - load)

    @property
    def bucket(self) -> Ints:
        """Bucket of every order."""
        return self.t.bucket[np.arange(self.t.orders), self.column]

    @property
    def hours(self) -> Floats:
        """Hours of every order in its bucket."""
        return self.t.hours[np.arange(self.t.orders), self.column]

    @property
    def paid(self) -> Floats:
        """Cost of every order."""
        return self.t.cost[np.arange(self.t.orders), self.column]

    @property
    def cost(self) -> float:
        """Cost of all orders."""
        return float(self.paid.sum())

    def move(self, order: int, column: int) -> None:
        """Put an order into another of its columns."""
        t, old = self.t, self.column[order]
        self.room[t.bucket[order, old]] += t.hours[order, old]
        self.room[t.bucket[order, column]] -= t.hours[order, column]
        self.column[order] = column

    def fits(self, order: int) -> Floats:
        """Return the cost of an order's columns, infinite where there is no room."""
        t = self.t
        room = self.room[t.bucket[order]]
        own = t.bucket[order] == t.bucket[order, self.column[order]]
        room = room + own * t.hours[order, self.column[order]]
        return np.where(t.hours[order] <= room + _EPS, t.cost[order], np.inf)


def round_off(t: Tables, relaxed: Relaxed) -> Assignment:
    """Return an assignment of whole orders within every capacity."""
    share = np.zeros(t.orders)
    column = np.full(t.orders, t.cost.shape[1] - 1, dtype=np.int64)
    for o, k, x in zip(relaxed.order, relaxed.column, relaxed.share, strict=True):
        if x > share[o]:
            share[o], column[o] = x, k
    divided = np.nonzero(share < 1 - 1e-6)[0]
    column[divided] = t.cost.shape[1] - 1
    result = Assignment.of(t, column)
    # the largest first: they find room least easily
    for o in sorted(divided.tolist(), key=lambda o: -float(t.hours[o].max())):
        result.move(o, int(result.fits(o).argmin()))
    return result


def round_prices(t: Tables, prices: Floats) -> Assignment:
    """Return an assignment by prices alone, without a linear programme.

    Orders take their cheapest bucket with room, cost and price together; those first that lose most
    if the best one is full.
    """
    result = Assignment.of(t, np.full(t.orders, t.cost.shape[1] - 1, dtype=np.int64))
    cost = priced(t, prices)
    loss = np.partition(cost, min(1, cost.shape[1] - 1), axis=1)
    regret = loss[:, min(1, cost.shape[1] - 1)] - loss[:, 0]
    for o in np.argsort(-regret, kind="stable").tolist():
        fits = np.where(np.isfinite(result.fits(o)), cost[o], np.inf)
        result.move(o, int(fits.argmin()))
    return result


def improve(a: Assignment, enough: Callable[[], bool] = lambda: False) -> int:
    """Move, exchange and eject until nothing is cheaper or `enough` says so; return the moves."""
    moves, before = 0, np.inf
    while a.cost < before * (1 - 1e-5) and not enough():
        before = a.cost
        moves += _shift(a, enough)
        moves += _eject(a, enough)
    return moves


def _shift(a: Assignment, enough: Callable[[], bool]) -> int:
    """Move single orders to cheaper buckets that have room."""
    moves = 0
    while not enough():
        gain = a.paid - _single(a)
        order = np.argsort(-gain)
        order = order[gain[order] > 1e-7]
        done = 0
        for o in order:
            fits = a.fits(int(o))
            best = int(fits.argmin())
            if fits[best] < a.t.cost[o, a.column[o]] - 1e-7:
                a.move(int(o), best)
                done += 1
        moves += done
        if not done:
            return moves
    return moves


def _single(a: Assignment) -> Floats:
    """Return for every order the cost of its cheapest other column that has room now."""
    t = a.t
    cost = np.where(t.hours <= a.room[t.bucket] + _EPS, t.cost, np.inf)
    cost[np.arange(t.orders), a.column] = np.inf
    return np.asarray(cost.min(axis=1))


def _eject(a: Assignment, enough: Callable[[], bool]) -> int:
    """Let orders take the place of others, which go where it costs least or take their place."""
    moves = 0
    wanting = np.nonzero(a.paid > a.t.cost.min(axis=1) + 1e-7)[0]
    regret = (a.paid - a.t.cost.min(axis=1))[wanting]
    wanting = wanting[np.argsort(-regret)]
    for first in range(0, len(wanting), _BLOCK):
        if enough():
            break
        moves += _eject_block(a, wanting[first : first + _BLOCK])
    return moves


def _eject_block(a: Assignment, block: Ints) -> int:
    t = a.t
    bucket, hours, paid = a.bucket, a.hours, a.paid
    away = _single(a)
    target = t.place[block[:, None], bucket[None, :]]
    has = target >= 0
    row = np.arange(len(block))[:, None]
    picked = np.where(has, target, 0)
    came = np.where(has, t.cost[block[row], picked], np.inf) - paid[block][:, None]
    taken = t.hours[block[row], picked]
    room = a.room[bucket][None, :] + hours[None, :] - taken >= -_EPS
    chain = np.where(room, came + (away - paid)[None, :], np.inf)
    swap = _swap_cost(a, block, came, taken, bucket, hours, paid)
    chain[np.arange(len(block)), block] = np.inf
    swap[np.arange(len(block)), block] = np.inf
    best_chain, best_swap = chain.argmin(axis=1), swap.argmin(axis=1)
    moves = 0
    for i in np.argsort(np.minimum(chain.min(axis=1), swap.min(axis=1))):
        o = int(block[i])
        if chain[i, best_chain[i]] < -1e-7:
            moves += _try_chain(a, o, int(best_chain[i]))
        if swap[i, best_swap[i]] < -1e-7:
            moves += _try_swap(a, o, int(best_swap[i]))
    return moves


def _swap_cost(
    a: Assignment, block: Ints, came: Floats, taken: Floats, bucket: Ints, hours: Floats,
    paid: Floats,
) -> Floats:  # fmt: skip
    """Return what it costs if order i of the block and order j exchange their buckets."""
    t = a.t
    mine = bucket[block]
    where = t.place[:, mine]
    picked = np.where(where >= 0, where, 0)
    rows = np.arange(t.orders)[:, None]
    back = np.where(where >= 0, t.cost[rows, picked], np.inf) - paid[:, None]
    needs = t.hours[rows, picked]
    room_there = a.room[bucket][None, :] + hours[None, :] - taken >= -_EPS
    room_here = a.room[mine][None, :] + hours[block][None, :] - needs >= -_EPS
    other = bucket[None, :] != mine[:, None]
    return np.where(room_there & room_here.T & other, came + back.T, np.inf)


def _try_chain(a: Assignment, o: int, j: int) -> int:
    """Let `o` take the place of `j`, which goes where it is cheapest; undo if that is no gain."""
    t, b = a.t, int(a.t.bucket[j, a.column[j]])
    columns = np.nonzero((t.bucket[o] == b) & np.isfinite(t.cost[o]))[0]
    if not len(columns) or b == t.buckets:
        return 0
    before, old_o, old_j = t.cost[o, a.column[o]] + t.cost[j, a.column[j]], a.column[o], a.column[j]
    outside = t.cost.shape[1] - 1
    a.move(j, outside)
    if t.hours[o, columns[0]] > a.room[b] + _EPS:
        a.move(j, int(old_j))
        return 0
    a.move(o, int(columns[0]))
    a.move(j, int(a.fits(j).argmin()))
    if t.cost[o, a.column[o]] + t.cost[j, a.column[j]] < before - 1e-7:
        return 1
    a.move(o, outside)
    a.move(j, int(old_j))
    a.move(o, int(old_o))
    return 0


def _try_swap(a: Assignment, o: int, j: int) -> int:
    """Exchange the buckets of two orders if that still fits and is cheaper."""
    t = a.t
    bo, bj = int(t.bucket[o, a.column[o]]), int(t.bucket[j, a.column[j]])
    ko = np.nonzero((t.bucket[o] == bj) & np.isfinite(t.cost[o]))[0]
    kj = np.nonzero((t.bucket[j] == bo) & np.isfinite(t.cost[j]))[0]
    if not len(ko) or not len(kj) or bo == bj:
        return 0
    gain = t.cost[o, a.column[o]] + t.cost[j, a.column[j]] - t.cost[o, ko[0]] - t.cost[j, kj[0]]
    room_o = a.room[bo] + t.hours[o, a.column[o]] - t.hours[j, kj[0]]
    room_j = a.room[bj] + t.hours[j, a.column[j]] - t.hours[o, ko[0]]
    if gain <= 1e-7 or room_o < -_EPS or room_j < -_EPS:
        return 0
    a.move(o, int(ko[0]))
    a.move(j, int(kj[0]))
    return 1
