"""What a run of the scheduling benchmark does: families, columns, parts, and how long it takes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from seamline_broker.errors import ConfigError, PluginError
from seamline_platform.experiments.scheduling import catalogue
from seamline_platform.experiments.scheduling.contract import Case, Family
from seamline_platform.experiments.scheduling.store import solver_sha256
from seamline_platform.experiments.scheduling.worker import kind_of
from seamline_platform.planning.solvers import load_scheduler
from seamline_platform.planning.solvers.load import canonical_scheduler

FOLDER: Final = Path(".seamline") / "schedule-bench"
OURS: Final = "Seamline"
Peers = Literal["all", "some", "none"]


@dataclass(frozen=True, slots=True)
class Options:
    """What is run. Families or parts alone where only these are named; everything by default."""

    instances: Path | None = None
    families: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    solvers: tuple[str, ...] = ()
    """More columns: registered names or `mine.py:Mine`."""
    peers: Peers = "some"
    budget_cpu_s: float | None = None
    moves: int = 0
    """Instead of CPU seconds: rows come out equal on every machine, where a solver counts moves."""
    seed: int = 1
    jobs: int = 2
    quick: bool = False
    out: Path = FOLDER
    fresh: bool = False

    def __post_init__(self) -> None:
        if self.jobs < 1 or self.moves < 0 or (self.budget_cpu_s or 1.0) <= 0:
            raise ConfigError(
                f"--jobs is {self.jobs}, --moves {self.moves}, --budget {self.budget_cpu_s}; "
                "allowed: jobs of 1 or more, moves of 0 or more, a budget above 0."
            )
        if self.peers not in ("all", "some", "none"):
            raise ConfigError(f"--peers is {self.peers!r}; allowed: all, some, none.")


@dataclass(frozen=True, slots=True)
class Lane:
    """A column: a solver, and whether it begins with the best rule's plan."""

    column: str
    solver: str
    started: bool
    sha256: str
    kinds: frozenset[str]


@dataclass(slots=True)
class WorkPlan:
    """What is to be done."""

    families: list[Family] = field(default_factory=list)
    cases: list[tuple[Case, float, tuple[Lane, ...]]] = field(default_factory=list)
    parts: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)

    def cpu_s(self, quick: bool) -> float:
        """Return the CPU seconds of all budgets."""
        solving = sum(budget * len(lanes) for _, budget, lanes in self.cases)
        return solving + sum(catalogue.part_cpu_s(part, quick) for part in self.parts)


def lanes_of(solvers: Sequence[str]) -> tuple[tuple[Lane, ...], tuple[Lane, ...], list[str]]:
    """Return our and the user's columns, those of the peers, and why a peer cannot take part.

    Raises:
        PluginError: if one of `solvers` cannot be loaded.
    """
    own = [_lane(OURS, OURS, started=True)]
    for spec in dict.fromkeys(canonical_scheduler(name) for name in solvers):
        if spec != OURS:
            own.append(_lane(spec, _absolute(spec), started=True))
    peers: list[Lane] = []
    notes: list[str] = []
    for column, spec, started in (
        ("cpsat_cold", "CpSat", False), ("cpsat_hinted", "CpSat", True),
        ("pyjobshop", "PyJobShop", False),
    ):  # fmt: skip
        missing = _missing_library(spec)
        try:
            peers += [] if missing else [_lane(column, spec, started)]
        except PluginError as exc:
            missing = str(exc)
        if missing:
            notes.append(f"{column} is left out: {missing}")
    return tuple(own), tuple(peers), notes


def _lane(column: str, spec: str, started: bool) -> Lane:
    kinds = load_scheduler(spec).kinds
    return Lane(column, spec, started, solver_sha256(spec), frozenset(map(str, kinds)))


def _missing_library(spec: str) -> str:
    from importlib.util import find_spec

    if find_spec("ortools") is None:
        return "OR-Tools is not installed: pip install 'seamline[solve]'."
    if spec == "PyJobShop" and find_spec("pyjobshop") is None:
        return "PyJobShop is not installed: pip install pyjobshop."
    return ""


def _absolute(spec: str) -> str:
    """Return a loose file by its whole path: the worker may stand elsewhere."""
    file, colon, name = spec.rpartition(":")
    return f"{Path(file).resolve()}:{name}" if colon and file.endswith(".py") else spec


def plan_of(options: Options) -> WorkPlan:
    """Return what a run would do.

    Raises:
        ConfigError: if a family or a part is unknown.
        PluginError: if a solver cannot be loaded.
    """
    own, peers, notes = lanes_of(options.solvers)
    plan = WorkPlan(notes=notes if options.peers != "none" else [])
    plan.parts = catalogue.chosen_parts(options.parts)
    if not options.parts and not options.families:
        plan.parts = catalogue.PARTS
    only_parts = bool(plan.parts) and bool(options.parts) and not options.families
    for family in () if only_parts else catalogue.chosen_families(options.families):
        _add_family(plan, family, options, own, peers)
    return plan


def _add_family(
    plan: WorkPlan, family: Family, options: Options, own: Sequence[Lane], peers: Sequence[Lane]
) -> None:
    if family.needs_instances and options.instances is None:
        plan.notes.append(f"{family.name} is left out: it needs --instances DIR.")
        return
    cases = catalogue.load_cases(family, options.instances, options.quick)
    if not cases:
        plan.notes.append(f"{family.name} is left out: {options.instances} does not hold it.")
        return
    budgeted = catalogue.with_budget(family, options.budget_cpu_s, options.quick)
    count = len(cases) if options.peers == "all" or not family.needs_instances else (
        catalogue.PEER_CASES
    )  # fmt: skip
    if options.quick:
        count = 1
    with_peers = catalogue.spread(cases, count) if options.peers != "none" else ()
    plan.families.append(budgeted)
    for case in cases:
        lanes = [*own, *(peers if case in with_peers else ())]
        kind = kind_of(case.problem)
        fitting = tuple(lane for lane in lanes if kind in lane.kinds)
        plan.cases.append((case, budgeted.budget_cpu_s, fitting))


def estimate_text(plan: WorkPlan, options: Options) -> str:
    """Return in a sentence how long a run will take."""
    total = plan.cpu_s(options.quick)
    minutes = total / options.jobs / 60 * 1.25
    return (
        f"{len(plan.cases)} instances, {len(plan.parts)} parts: {total:,.0f} CPU-s of budgets, "
        f"about {minutes:.0f} min with {options.jobs} jobs; what was done before is not done again."
    )
