"""The part of a plant that a CP-SAT model decides on, and what stands still around it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from seamline_platform.planning.shop.compiled import CANNOT, CONTINUE, OTHER, Compiled
from seamline_platform.planning.shop.decode import Plan, Times


@dataclass(frozen=True, slots=True)
class LineStart:
    """A line behind its frozen head: work at which it is free, class set up, learning so far."""

    free: int
    klass: int
    age: int
    kind: int


@dataclass(frozen=True, slots=True)
class Part:
    """Some lines of a plan, decoded: free orders, and orders that keep line and relative sequence.

    Orders at the head of a line that free orders cannot come before are frozen with their times,
    as are all orders of other lines.
    """

    c: Compiled
    plan: Plan
    times: Times
    heads: Mapping[int, tuple[int, ...]]
    """By line of the part: orders that stay as they are."""
    chains: Mapping[int, tuple[int, ...]]
    """By line of the part: orders behind the head that keep their relative sequence."""
    starts: Mapping[int, LineStart]
    options: Mapping[int, tuple[int, ...]]
    """By order of the model: lines that it may stand on."""
    free: frozenset[int]
    frozen: tuple[int, ...]
    """Orders with a place in the plan, or sewn already, that the model takes as they are."""

    @property
    def orders(self) -> tuple[int, ...]:
        """Orders of the model."""
        return tuple(self.options)

    def keeps(self, plan: Plan) -> bool:
        """Return True if the orders of every chain stand in `plan` as they do here.

        Orders that take no time could change places without the model's times showing it.
        """
        return all(
            tuple(i for i in plan.sequences[line] if i in set(chain)) == chain
            for line, chain in self.chains.items()
        )

    def on(self, line: int) -> list[int]:
        """Return the orders of the model that may stand on a line."""
        return [i for i, lines in self.options.items() if line in lines]


def part_of(
    c: Compiled,
    plan: Plan,
    times: Times,
    free: Collection[int],
    lines: Mapping[int, Collection[int]] | None,
    fixed: Sequence[int],
) -> Part:
    """Return the part in which `free` may move: to `lines` where given, else among their lines.

    `fixed` is the number of orders at the head of each line that no order may come before; free
    orders among them stay, as do those that are sewn already. A free order may always stay on its
    line.

    Raises:
        ValueError: if a free order has no place in the plan.
    """
    held = {i for n, row in zip(fixed, plan.sequences, strict=True) for i in row[:n]}
    sewn = [i for i, end in enumerate(c.sewn) if end != CANNOT]
    held.update(sewn)
    moving = sorted(set(free) - held)
    for i in moving:
        if times.line[i] < 0:
            raise ValueError(f"Order {c.problem.orders[i].order} is free but has no place.")
    here = {times.line[i] for i in moving}
    options = {i: _options(c, i, times.line[i], here, lines) for i in moving}
    involved = sorted({line for able in options.values() for line in able})
    heads, chains = {}, {}
    for line in involved:
        row = plan.sequences[line]
        comers = [i for i, able in options.items() if line in able]
        soonest = min(earliest_kit(c, i) for i in comers)
        cut = fixed[line]
        while cut < len(row) and row[cut] not in options and times.sew_start[row[cut]] < soonest:
            cut += 1
        heads[line] = row[:cut]
        chains[line] = tuple(i for i in row[cut:] if i not in options)
    for line, chain in chains.items():
        options |= dict.fromkeys(chain, (line,))
    placed = (i for row in plan.sequences for i in row)
    return Part(
        c, plan, times, heads, chains,
        {line: _line_start(c, line, head, times) for line, head in heads.items()},
        options, frozenset(moving), (*(i for i in placed if i not in options), *sewn),
    )  # fmt: skip


def _options(
    c: Compiled,
    i: int,
    line: int,
    here: Collection[int],
    lines: Mapping[int, Collection[int]] | None,
) -> tuple[int, ...]:
    allowed = here if lines is None else {*lines.get(i, ()), line}
    return tuple(k for k in sorted(allowed) if c.work[k][i] != CANNOT)


def earliest_kit(c: Compiled, i: int) -> int:
    """Return the first tick at which the kit of an order can be at a line."""
    if c.kit[i] != CANNOT:
        return c.kit[i]
    return c.release[i] + c.cut[i] + c.problem.cutting.transport


def _line_start(c: Compiled, line: int, head: Sequence[int], times: Times) -> LineStart:
    axis = c.times[line]
    free, klass = axis.to_work(c.line_free[line]), c.line_class[line]
    age, kind = c.line_age[line], OTHER
    for i in head:
        change = c.change[klass][c.klass[i]]
        if change != CONTINUE:
            age, kind = 0, change
        age += c.work[line][i]
        klass = c.klass[i]
        free = axis.to_work(times.sew_end[i])
    return LineStart(free, klass, age, kind)
