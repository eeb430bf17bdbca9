"""The folders of published instances: which files a family has, and the best known values."""

import csv
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.scheduling.classic import readers_shops as shops
from seamline_platform.experiments.scheduling.classic.cases import MachineCase
from seamline_platform.experiments.scheduling.classic.readers_one_machine import (
    read_setup_weighted_tardiness,
    read_values,
    read_weighted_tardiness,
)
from seamline_platform.experiments.scheduling.classic.reading import read_text
from seamline_platform.planning.machines.problem import MachineProblem

_Reader = Callable[[Path, str], MachineProblem]
_FOLDERS: Final[dict[str, tuple[str, str, _Reader]]] = {
    "jobshop": ("jobshop", "*/*.txt", shops.read_job_shop),
    "fjsp": ("fjsp", "*/*.txt", shops.read_flexible_job_shop),
    "hybrid_flowshop": ("hybrid_flowshop", "[0-9]*.txt", shops.read_hybrid_flow_shop),
    "tardiness_pfsp": ("tardiness_pfsp", "[0-9]*.txt", shops.read_tardiness_flow_shop),
    "sdst_pfsp": ("sdst_pfsp", "[0-9]*.txt", shops.read_setup_flow_shop),
    "wt_sds": (
        "sdst_weighted_tardiness", "wtsds/*.instance", read_setup_weighted_tardiness,
    ),
}  # fmt: skip
_ORLIB: Final = "sdst_weighted_tardiness/orlib_wt"
FAMILY_NAMES: Final = (*_FOLDERS, "wt")


def instances(root: Path, family: str, wanted: Callable[[str], bool]) -> tuple[MachineCase, ...]:
    """Return the cases of a family whose names are wanted, in the order of their names.

    Names are those of the literature: `ft10`, `mk01`, `la01_edata`, `dpp05a`, `wt_sds_1`,
    `wt40_3`; flow shops of Naderi et al. (2023) have numbers. A family that is not there is empty.

    Raises:
        ConfigError: if a wanted file is malformed, or there is no such family.
    """
    if family == "wt":
        return tuple(case for case in _orlib(root) if wanted(case.name))
    if family not in _FOLDERS:
        raise ConfigError(f"No family {family!r}; there are {', '.join(FAMILY_NAMES)}.")
    folder, pattern, reader = _FOLDERS[family]
    best = best_known(root / folder / "bks.csv") if family != "wt_sds" else {}
    named = {name_of(path): path for path in (root / folder).glob(pattern)}
    return tuple(
        MachineCase(family, name, reader(named[name], name), best.get(name))
        for name in sorted(named, key=natural)
        if wanted(name)
    )


def name_of(path: Path) -> str:
    """Return an instance's name in the literature: its file's, changed where those are not unique.

    Hurink's files are named after the job shops they come from (`la01_edata`), those of
    Dauzere-Peres and Paulli by number alone (`dpp01a`).
    """
    parent = path.parent.name
    if parent.startswith("hurink_"):
        return f"{path.stem}_{parent.removeprefix('hurink_')}"
    return f"dpp{path.stem}" if parent == "dauzere" else path.stem


def natural(name: str) -> tuple[tuple[str, int], ...]:
    """Return a key by which wt40_9 comes before wt40_10."""
    return tuple((text, int(number or 0)) for text, number in re.findall(r"(\D*)(\d*)", name))


def best_known(path: Path) -> dict[str, int]:
    """Return the best known values (column `ub`) by instance; empty if there is no such file.

    Raises:
        ConfigError: if a column is missing or a value is not a whole number.
    """
    if not path.exists():
        return {}
    rows = csv.DictReader(read_text(path).splitlines())
    best: dict[str, int] = {}
    for line, row in enumerate(rows, start=2):
        try:
            best[row["instance"].removesuffix(".txt")] = int(row["ub"])
        except (KeyError, TypeError, ValueError) as exc:
            raise ConfigError(
                f"{path}, line {line}: expected columns instance and ub, ub a whole number."
            ) from exc
    return best


def _orlib(root: Path) -> Iterator[MachineCase]:
    """Yield the OR-Library's cases, with optima where their file is there."""
    for path in sorted((root / _ORLIB).glob("wt[0-9]*.txt"), key=lambda p: natural(p.name)):
        jobs = int(path.stem.removeprefix("wt"))
        optima = next(
            (
                read_values(found)
                for name in (f"wtopt{jobs}", f"wtbest{jobs}b", f"wtbest{jobs}", f"wtbest{jobs}a")
                if (found := path.with_name(f"{name}.txt")).exists()
            ),
            (),
        )
        for number, problem in enumerate(read_weighted_tardiness(path, jobs)):
            best = optima[number] if number < len(optima) else None
            yield MachineCase("wt", problem.name, problem, best)
