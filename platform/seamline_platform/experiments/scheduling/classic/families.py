"""The classical families of the scheduling benchmark, and which instances it runs by default.

Job shops: all of ft and la, for the figures of the literature are means over them. Flexible job
shops: all of Brandimarte's mk. Set-ups and weighted tardiness: all of Cicirello's that are there.
Of the other families, evenly spread ones, so that every size and every class of due dates is
there: hybrid flow shops and flow shops are numbered by size, the OR-Library's come in 25 classes of
five. `cases` loads any others by name.
"""

import fnmatch
import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from seamline_platform.experiments.scheduling.classic.cases import MachineCase
from seamline_platform.experiments.scheduling.classic.library import instances
from seamline_platform.experiments.scheduling.contract import Case, Family

SPREAD: Final = 12
"""Instances of a flow shop family that are run by default."""


def cases(root: Path, family: str, patterns: Sequence[str]) -> tuple[MachineCase, ...]:
    """Return the cases of a family whose names match one of the patterns (`ta0*`, `swv01`).

    Raises:
        ConfigError: if a file that matches is malformed, or there is no such family.
    """
    return instances(root, family, lambda name: any(fnmatch.fnmatchcase(name, p) for p in patterns))


def _load(family: str, select: "_Select", root: Path | None) -> tuple[Case, ...]:
    return () if root is None else tuple(select(root, family))


_Select = Callable[[Path, str], Sequence[Case]]


def _matching(*patterns: str) -> _Select:
    return lambda root, family: cases(root, family, patterns)


def _spread(root: Path, family: str) -> Sequence[Case]:
    """Return `SPREAD` cases evenly over the family; toy instances (number 0) are left out."""
    everything = cases(root, family, ["[1-9]*"])
    step = max(len(everything) / SPREAD, 1.0)
    return [everything[int(k * step)] for k in range(min(SPREAD, len(everything)))]


def _one_per_class(root: Path, family: str) -> Sequence[Case]:
    """Return the first of every five of wt40 and the third of every five of wt50."""
    forty = cases(root, family, ["wt40_*"])[::5]
    return [*forty, *cases(root, family, ["wt50_*"])[2::5]]


def _family(
    name: str, title: str, title_zh: str, budget_cpu_s: float, select: _Select, objective: str
) -> Family:
    return Family(
        name, title, title_zh, budget_cpu_s, functools.partial(_load, name, select), objective
    )


FAMILIES: Final[tuple[Family, ...]] = (
    _family("jobshop", "Job shop (ft, la)", "作业车间 (ft, la)", 20.0,
            _matching("ft*", "la*"), "makespan"),
    _family("fjsp", "Flexible job shop (mk)", "柔性作业车间 (mk)", 20.0,
            _matching("mk*"), "makespan"),
    _family("hybrid_flowshop", "Hybrid flow shop", "混合流水车间", 20.0, _spread, "makespan"),
    _family("tardiness_pfsp", "Permutation flow shop, tardiness", "置换流水车间（拖期）", 20.0,
            _spread, "total tardiness"),
    _family("sdst_pfsp", "Permutation flow shop with set-ups", "置换流水车间（序列相关换型）", 20.0,
            _spread, "makespan"),
    _family("wt_sds", "One machine, set-ups, weighted tardiness",
            "单机加权拖期（序列相关换型）", 5.0, _matching("*"), "weighted tardiness"),
    _family("wt", "One machine, weighted tardiness (OR-Library)", "单机加权拖期（OR-Library）",
            1.0, _one_per_class, "weighted tardiness"),
)  # fmt: skip
