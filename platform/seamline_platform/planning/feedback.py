"""Planned against actual: what finished orders and stops say of processing times and failures.

An order's factor is actual / planned work. Factors are estimated in logarithms: one for the plant,
its deviations by line, and theirs by (line, family), each pulled towards the coarser one as its
data are few. Plans then take `factor` times as long (line efficiency is divided by it), and chance
is as wide as it was.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import Final

from seamline_broker.errors import ConfigError
from seamline_platform.planning.robust import inliers, location, shrink, spread
from seamline_platform.planning.shop.noise import Failures, Noise
from seamline_platform.planning.shop.problem import Problem
from seamline_platform.planning.shop.times import ALWAYS, WorkTimes

LEAST_ORDERS: Final = 8
"""Finished orders without which nothing is changed."""
LEAST_OF_A_LINE: Final = 3
LEAST_STOPS: Final = 4
PRIOR_STOPS: Final = 2.0
"""What is known of all lines counts as much as so many stops of one line."""
_EFFICIENCY: Final = (0.01, 2.0)
_FACTOR: Final = (0.2, 5.0)


@dataclass(frozen=True, slots=True)
class Finished:
    """An order that has been sewn; ticks of the plant's clock.

    `work` is its planned sewing in working ticks, with learning, by the efficiencies that are to
    be corrected.
    """

    order: str
    line: str
    family: str
    pieces: int
    work: int
    planned_start: int
    planned_end: int
    start: int
    end: int

    def __post_init__(self) -> None:
        if self.work <= 0 or self.end <= self.start or self.pieces <= 0:
            raise ConfigError(
                f"Order {self.order} was sewn from {self.start} to {self.end} ({self.pieces} "
                f"pieces, {self.work} ticks of work); all of these have to be above 0."
            )


@dataclass(frozen=True, slots=True)
class Stop:
    """A line that did not sew from `start` to `end`, because it could not."""

    line: str
    start: int
    end: int

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ConfigError(f"Line {self.line} stopped from {self.start} to {self.end}.")


@dataclass(frozen=True, slots=True)
class LineFit:
    """How far off plans were on a line. `late` is mean actual minus planned end, in ticks."""

    orders: int
    late: float
    factor: float


@dataclass(frozen=True)
class Feedback:
    """What follows for plans. Factors of lines and (line, family) that are missing are `factor`."""

    factor: float = 1.0
    orders: int = 0
    """Finished orders that were counted; `dropped` were not, as gross errors."""
    dropped: tuple[str, ...] = ()
    lines: Mapping[str, LineFit] = field(default_factory=dict)
    families: Mapping[tuple[str, str], float] = field(default_factory=dict)
    cv: float | None = None
    """Coefficient of variation of sewing; None: too few data."""
    failures: Mapping[str, Failures] = field(default_factory=dict)
    other_lines: Failures | None = None

    def of(self, line: str, family: str) -> float:
        """Return how many times longer than planned `line` takes for `family`."""
        fit = self.lines.get(line)
        return self.families.get((line, family), fit.factor if fit else self.factor)


def feedback(
    finished: Iterable[Finished],
    stops: Iterable[Stop] = (),
    times: Mapping[str, WorkTimes] | None = None,
) -> Feedback:
    """Return what finished orders and stops say; `times` are working times by line.

    Stops are taken out of the work of orders: they count as failures, not as slowness. Stops of a
    line that overlap count once.
    """
    orders = list(finished)
    axes = times or {}
    merged = _merge(stops)
    worked = [_worked(o, merged.get(o.line, ()), axes.get(o.line, ALWAYS)) for o in orders]
    logs = [math.log(max(w, 0.5) / o.work) for o, w in zip(orders, worked, strict=True)]
    good = inliers(logs)
    sewn: dict[str, float] = {}
    for o, w, ok in zip(orders, worked, good, strict=True):
        if ok:
            sewn[o.line] = sewn.get(o.line, 0.0) + w
    failures, other = _failures(merged, sewn, axes)
    kept = [(o, y) for o, y, ok in zip(orders, logs, good, strict=True) if ok]
    dropped = tuple(o.order for o, ok in zip(orders, good, strict=True) if not ok)
    if len(kept) < LEAST_ORDERS:
        return Feedback(
            orders=len(kept), dropped=dropped, failures=failures, other_lines=other,
            lines=_fits(kept, {}, 1.0),
        )  # fmt: skip
    return replace(_fit(kept), dropped=dropped, failures=failures, other_lines=other)


def _fit(kept: Sequence[tuple[Finished, float]]) -> Feedback:
    """Return factors; the mean of a lognormal is exp(mu + s^2 / 2), its cv sqrt(exp(s^2) - 1)."""
    mu = location([y for _, y in kept])
    by_line: dict[str, list[float]] = {}
    for o, y in kept:
        by_line.setdefault(o.line, []).append(y - mu)
    line = shrink(by_line, LEAST_OF_A_LINE)
    by_family: dict[tuple[str, str], list[float]] = {}
    for o, y in kept:
        rest = y - mu - line.effects.get(o.line, 0.0)
        by_family.setdefault((o.line, o.family), []).append(rest)
    family = shrink(by_family, LEAST_OF_A_LINE)
    half = family.within**2 / 2

    def factor(log: float) -> float:
        return min(max(math.exp(log + half), _FACTOR[0]), _FACTOR[1])

    lines = {name: factor(mu + effect) for name, effect in line.effects.items()}
    return Feedback(
        factor=factor(mu),
        orders=len(kept),
        lines=_fits(kept, lines, factor(mu)),
        families={
            key: factor(mu + line.effects.get(key[0], 0.0) + effect)
            for key, effect in family.effects.items()
        },
        cv=math.sqrt(math.expm1(family.within**2)),
    )


def _fits(
    kept: Sequence[tuple[Finished, float]], factors: Mapping[str, float], overall: float
) -> dict[str, LineFit]:
    late: dict[str, list[int]] = {}
    for o, _ in kept:
        late.setdefault(o.line, []).append(o.end - o.planned_end)
    return {
        name: LineFit(len(rows), fmean(rows), factors.get(name, overall))
        for name, rows in late.items()
    }


def _merge(stops: Iterable[Stop]) -> dict[str, list[tuple[int, int]]]:
    merged: dict[str, list[tuple[int, int]]] = {}
    for stop in sorted(stops, key=lambda s: (s.line, s.start, s.end)):
        rows = merged.setdefault(stop.line, [])
        if rows and stop.start <= rows[-1][1]:
            rows[-1] = (rows[-1][0], max(rows[-1][1], stop.end))
        else:
            rows.append((stop.start, stop.end))
    return merged


def _worked(o: Finished, stops: Iterable[tuple[int, int]], axis: WorkTimes) -> int:
    """Return the working ticks from start to end without those in which the line stood."""
    whole = axis.to_work(o.end) - axis.to_work(o.start)
    stood = sum(
        axis.to_work(min(b, o.end)) - axis.to_work(max(a, o.start))
        for a, b in stops
        if a < o.end and b > o.start
    )
    return whole - stood


def _failures(
    stops: Mapping[str, Sequence[tuple[int, int]]],
    sewn: Mapping[str, float],
    times: Mapping[str, WorkTimes],
) -> tuple[dict[str, Failures], Failures | None]:
    """Return failures by line, and of a line of which nothing is known.

    Stops per sewing tick: (n + a) / (S + a / rate of all lines), the mean of a gamma prior that is
    worth a = 2 stops, updated by Poisson counts. Repairs: lognormal, pulled alike.
    """
    repairs = {
        line: [max(axis.to_work(b) - axis.to_work(a), 1) for a, b in rows]
        for line, rows in stops.items()
        for axis in (times.get(line, ALWAYS),)
    }
    logs = [math.log(r) for rows in repairs.values() for r in rows]
    total = sum(sewn.values())
    if len(logs) < LEAST_STOPS or total <= 0:
        return {}, None
    good = inliers(logs, least_sd=0.5)
    trusted = [y for y, ok in zip(logs, good, strict=True) if ok]
    mu, sd = location(trusted), spread(trusted)
    cv = min(math.sqrt(math.expm1(min(sd, 1.5) ** 2)), 5.0)
    rate = len(logs) / total

    def made(line: str) -> Failures:
        own = [math.log(r) for r in repairs.get(line, ())]
        pulled = PRIOR_STOPS / (PRIOR_STOPS + len(own))
        mean = pulled * mu + (1 - pulled) * (location(own) if own else mu)
        per_tick = (len(own) + PRIOR_STOPS) / (sewn.get(line, 0.0) + PRIOR_STOPS / rate)
        return Failures(1 / per_tick, math.exp(mean + sd * sd / 2), cv)

    return {line: made(line) for line in sorted({*sewn, *repairs})}, made("")


def corrected(problem: Problem, known: Feedback) -> Problem:
    """Return the problem with line efficiencies as finished orders say; the same without data."""
    if known.factor == 1 and not known.lines and not known.families:
        return problem
    low, high = _EFFICIENCY
    lines = tuple(
        replace(
            line,
            efficiency={
                family: min(max(value / known.of(line.line, family), low), high)
                for family, value in line.efficiency.items()
            },
        )
        for line in problem.lines
    )
    return problem if lines == problem.lines else replace(problem, lines=lines)


def noise_of(known: Feedback, assumed: Noise) -> Noise:
    """Return chance as finished orders and stops say, and as assumed where they say nothing."""
    return replace(
        assumed,
        sewing_cv=assumed.sewing_cv if known.cv is None else min(known.cv, 3.0),
        failures=known.failures or assumed.failures,
        other_lines=known.other_lines or assumed.other_lines,
    )
