"""Which orders a sub-problem frees: late ones, a window of time, some lines, a family, a cut."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Final

from seamline_platform.planning.shop.compiled import CANNOT, Compiled
from seamline_platform.planning.shop.decode import Plan, Times, lines_for

MAX_LINES: Final = 4


@dataclass(frozen=True)
class View:
    """A plan with its times, as neighbourhoods look at it; `movable` are orders not held."""

    c: Compiled
    plan: Plan
    times: Times
    movable: tuple[int, ...]

    @cached_property
    def costs(self) -> list[int]:
        """What the tardiness of each movable order costs, at least 1."""
        c, t = self.c, self.times
        return [1 + c.weight[i] * max(t.done[i] - c.due[i], 0) for i in self.movable]

    def order(self, rng: Random) -> int:
        """Return a movable order, late and heavy ones more often."""
        return rng.choices(self.movable, self.costs)[0]

    def near(self, seed: int, lines: Collection[int], size: int) -> tuple[int, ...]:
        """Return `size` movable orders on `lines` that are sewn about when `seed` is."""
        t = self.times
        there = [i for i in self.movable if t.line[i] in lines]
        there.sort(key=lambda i: (abs(t.sew_start[i] - t.sew_start[seed]), i))
        return tuple(sorted(there[:size]))


@dataclass(frozen=True, slots=True)
class Choice:
    """Free orders, and where they may go."""

    free: tuple[int, ...]
    anywhere: bool = False
    """Each may go to any line that can sew it; False: among the lines on which they stand."""


Neighbourhood = Callable[[View, Random, int], Choice]
"""Takes a view, the random stream and about how many orders to free."""


def late(view: View, rng: Random, size: int) -> Choice:
    """A late order, and its neighbours on the lines that could sew it."""
    seed = view.order(rng)
    able = [k for k in lines_for(view.c, seed) if k != view.times.line[seed]]
    lines = {view.times.line[seed], *rng.sample(able, min(len(able), rng.randint(1, 2)))}
    return Choice(view.near(seed, lines, size))


def window(view: View, rng: Random, size: int) -> Choice:
    """Whatever is sewn on four lines about the same time."""
    seed = view.order(rng)
    return Choice(view.near(seed, _with(view, rng, seed, MAX_LINES), size))


def lines(view: View, rng: Random, size: int) -> Choice:
    """Two or three lines, from a place in their sequences on."""
    seed = view.order(rng)
    chosen = _with(view, rng, seed, rng.randint(2, 3))
    t = view.times
    there = sorted((i for i in view.movable if t.line[i] in chosen), key=lambda i: t.sew_start[i])
    first = rng.randrange(max(len(there) - size, 0) + 1)
    return Choice(tuple(sorted(there[first : first + size])))


def family(view: View, rng: Random, size: int) -> Choice:
    """Orders of one family and those next to them in sequence: what saves set-ups."""
    c, t = view.c, view.times
    seed = view.order(rng)
    of = [c.problem.style_of[o.style].family for o in c.problem.orders]
    same = [i for i in view.movable if of[i] == of[seed] and i != seed]
    same.sort(key=lambda i: (abs(t.sew_start[i] - t.sew_start[seed]), i))
    chosen = {t.line[seed]}
    free = {seed}
    for i in same:
        if len(free) < size // 2 and (t.line[i] in chosen or len(chosen) < MAX_LINES):
            free.add(i)
            chosen.add(t.line[i])
    beside = [i for i in view.near(seed, chosen, size) if i not in free]
    return Choice(tuple(sorted([*free, *beside[: size - len(free)]])))


def cutting(view: View, rng: Random, size: int) -> Choice:
    """Orders that are cut about the same time as a late one, whatever their lines."""
    c, t = view.c, view.times
    cut = [i for i in view.movable if c.kit[i] == CANNOT]
    if not cut:
        return window(view, rng, size)
    costs = dict(zip(view.movable, view.costs, strict=True))
    seed = rng.choices(cut, [costs[i] for i in cut])[0]
    cut.sort(key=lambda i: (abs(t.cut_start[i] - t.cut_start[seed]), i))
    chosen: set[int] = set()
    free: list[int] = []
    for i in cut:
        if len(free) < size and (t.line[i] in chosen or len(chosen) < MAX_LINES):
            free.append(i)
            chosen.add(t.line[i])
    return Choice(tuple(sorted(free)))


def anywhere(view: View, rng: Random, size: int) -> Choice:
    """A third of the orders, near each other in time; each may go to any line that can sew it."""
    seed = view.order(rng)
    free = view.near(seed, range(len(view.c.work)), max(size // 3, 2))
    return Choice(free, anywhere=True)


def _with(view: View, rng: Random, seed: int, count: int) -> set[int]:
    """Return the line of an order and others that hold movable orders, `count` in all."""
    mine = view.times.line[seed]
    others = sorted({view.times.line[i] for i in view.movable} - {mine})
    return {mine, *rng.sample(others, min(len(others), count - 1))}


NEIGHBOURHOODS: Final[Mapping[str, Neighbourhood]] = {
    "late": late,
    "window": window,
    "lines": lines,
    "family": family,
    "cutting": cutting,
    "anywhere": anywhere,
}
