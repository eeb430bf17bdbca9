"""Which families and parts there are, and what a run takes of them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.scheduling import garment
from seamline_platform.experiments.scheduling.classic import families as classic
from seamline_platform.experiments.scheduling.contract import Case, Family

PARTS: Final = ("replan", "dispatch", "balancing", "cutting", "decoder", "twin")
PART_CPU_S: Final = {"replan": 900.0, "dispatch": 40.0, "balancing": 90.0, "cutting": 200.0,
                     "decoder": 40.0, "twin": 25.0}  # fmt: skip
"""About what a part takes, for the estimate that is shown first."""
QUICK_SHARE: Final = 0.08
QUICK_CASES: Final = 2
QUICK_BUDGET_CPU_S: Final = 1.5
PEER_CASES: Final = 3
"""Instances of a family of the literature on which peers run too, by default."""


def families() -> tuple[Family, ...]:
    """Return all families: garment plants, then those of the literature."""
    return (*garment.FAMILIES, *classic.FAMILIES)


def part_cpu_s(part: str, quick: bool) -> float:
    """Return about how many CPU seconds a part takes."""
    return PART_CPU_S[part] * (QUICK_SHARE if quick else 1.0)


def chosen_families(names: Sequence[str]) -> tuple[Family, ...]:
    """Return the families of these names, or all where none is named.

    Raises:
        ConfigError: if one is unknown.
    """
    there = families()
    known = {family.name: family for family in there}
    for name in names:
        if name not in known:
            raise ConfigError(f"There is no family {name!r}; there are: {', '.join(known)}.")
    return tuple(known[name] for name in dict.fromkeys(names)) if names else there


def chosen_parts(names: Sequence[str]) -> tuple[str, ...]:
    """Return the parts of these names; `none` alone means no part.

    Raises:
        ConfigError: if one is unknown.
    """
    if tuple(names) == ("none",):
        return ()
    for name in names:
        if name not in PARTS:
            raise ConfigError(f"There is no part {name!r}; there are: {', '.join(PARTS)}, or none.")
    return tuple(dict.fromkeys(names))


def spread(cases: Sequence[Case], count: int) -> tuple[Case, ...]:
    """Return `count` cases, evenly spread over the sequence (the first is one of them)."""
    if count >= len(cases):
        return tuple(cases)
    return tuple(cases[k * len(cases) // count] for k in range(count))


def with_budget(family: Family, budget_cpu_s: float | None, quick: bool) -> Family:
    """Return a family with the budget of a run."""
    if budget_cpu_s is not None:
        return replace(family, budget_cpu_s=budget_cpu_s)
    return replace(family, budget_cpu_s=QUICK_BUDGET_CPU_S) if quick else family


def load_cases(family: Family, instances: Path | None, quick: bool) -> tuple[Case, ...]:
    """Return the instances of a family that a run takes."""
    cases = family.load(instances)
    return spread(cases, QUICK_CASES) if quick else cases
