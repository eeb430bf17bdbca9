"""Curves over many instances: performance profiles, and how a plan improves with CPU seconds."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from seamline_platform.experiments.scheduling.plan import OURS
from seamline_platform.experiments.scheduling.study import CaseResult

RULES: Final = "best_rule"
POINTS: Final = 40
LEAST_CASES: Final = 3
"""A profile of fewer instances says nothing."""
TAU_MOST: Final = 10.0


@dataclass(frozen=True, slots=True)
class Curve:
    """One solver's curve."""

    column: str
    x: tuple[float, ...]
    y: tuple[float, ...]


def columns_of(cases: Sequence[CaseResult]) -> tuple[str, ...]:
    """Return the columns of some instances: the rules, ours, then the others."""
    there = dict.fromkeys(column for found in cases for column in found.outcomes)
    return (RULES, OURS, *(column for column in there if column != OURS))


def costs_of(found: CaseResult) -> dict[str, float]:
    """Return what each column's plan costs; infinity where it gave none."""
    costs = {
        column: math.inf if outcome.objective is None else float(outcome.objective)
        for column, outcome in found.outcomes.items()
    }
    best = found.rules.objective
    return {RULES: math.inf if best is None else float(best), **costs}


def ratios(costs: Mapping[str, float]) -> dict[str, float]:
    """Return each cost by the least of all; where that is 0, only 0 is as good (ratio 1)."""
    least = min(costs.values())
    if math.isinf(least):
        return dict.fromkeys(costs, math.inf)
    if least == 0:
        return {name: 1.0 if cost == 0 else math.inf for name, cost in costs.items()}
    return {name: cost / least for name, cost in costs.items()}


def profiles(cases: Sequence[CaseResult]) -> list[Curve]:
    """Return performance profiles: the share of instances solved within tau times the best.

    E. D. Dolan and J. J. More, Benchmarking optimization software with performance profiles,
    Mathematical Programming 91 (2002) 201-213. Over the instances on which all columns ran; what
    found nothing has an infinite ratio.
    """
    columns = columns_of(cases)
    whole = [found for found in cases if set(found.outcomes) == set(columns) - {RULES}]
    if len(whole) < LEAST_CASES:
        return []
    by_case = [ratios(costs_of(found)) for found in whole]
    finite = [r for row in by_case for r in row.values() if math.isfinite(r)]
    most = min(max([*finite, 1.05]), TAU_MOST)
    taus = sorted({1.0, most, *(r for r in finite if r <= most)})
    curves = []
    for column in columns:
        x: list[float] = []
        y: list[float] = []
        for tau in taus:
            share = sum(row[column] <= tau * (1 + 1e-12) for row in by_case) / len(by_case)
            if y:  # a step: the share rises at tau, not on the way to it
                x.append(tau)
                y.append(y[-1])
            x.append(tau)
            y.append(share)
        curves.append(Curve(column, tuple(x), tuple(y)))
    return curves


def anytime(cases: Sequence[CaseResult], budget_cpu_s: float) -> list[Curve]:
    """Return by column the mean of cost / best rule's cost against CPU seconds.

    A curve begins when its solver has a plan of every instance. Who was handed the best rule's
    plan begins at 1.
    """
    columns = columns_of(cases)[1:]
    grid = [budget_cpu_s * k / POINTS for k in range(POINTS + 1)]
    curves = []
    for column in columns:
        mine = [found for found in cases if column in found.outcomes and found.rules.objective]
        points = [(at, _mean_at(mine, column, at)) for at in grid]
        known = [(at, value) for at, value in points if value is not None]
        if known:
            curves.append(Curve(column, *map(tuple, zip(*known, strict=True))))
    return curves


def _mean_at(cases: Sequence[CaseResult], column: str, at: float) -> float | None:
    values = []
    for found in cases:
        outcome, rule = found.outcomes[column], found.rules.objective
        cost = outcome.start
        for seconds, objective in outcome.curve:
            if seconds <= at and (cost is None or objective < cost):
                cost = objective
        if cost is None or not rule:
            return None
        values.append(cost / rule)
    return fmean(values) if values else None
