"""An experiment from its options to its evidence: plan, tune, run, compare."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.evidence import tuned
from seamline_platform.experiments.evidence.cache import Cache
from seamline_platform.experiments.evidence.comparison import Comparison, Plan, compare_all
from seamline_platform.experiments.evidence.designs import DESIGNS, Design
from seamline_platform.experiments.evidence.intervals import Difference, Method
from seamline_platform.experiments.evidence.jobs import Job, digest
from seamline_platform.experiments.evidence.kpis import PRIMARY
from seamline_platform.experiments.evidence.provenance import code_hash, scenario_hash
from seamline_platform.experiments.evidence.runner import Progress, Runner
from seamline_platform.experiments.evidence.tuning import Budget, Tuner
from seamline_platform.experiments.evidence.workers import Bench
from seamline_platform.experiments.season import Outcome, Setting

DEFAULT_OUT: Final = Path(".seamline/experiments")
QUICK_SEEDS: Final = 5
QUICK_DAYS: Final = 90
DEFAULT_DAYS: Final = 180
DEFAULT_SEEDS: Final = {"slack": 20, "tight": 40}
"""With capacity tight profits spread wider: twice the seeds for the same power."""
MAX_SEEDS: Final = 1_000
MORE_IS_BETTER: Final = ("machines.hard_mtbf_h", "machines.small_mtbf_h")
LESS_IS_BETTER: Final = (
    "machines.repair_min",
    "machines.walk_s",
    "machines.thread_stop_s",
    "machines.needle_stop_s",
    "style_change.setup_other_min",
)
"""Constants of the hardware that `--hardware` makes worse, then better, all together."""

Bar = Callable[[str], AbstractContextManager[Progress]]


@dataclass(frozen=True, slots=True)
class Options:
    """What a user asks for."""

    experiment: str
    setting: Setting
    seeds: int
    out: Path = DEFAULT_OUT
    fresh: bool = False
    retune: bool = False
    shapley: bool = False
    hardware_percent: int = 0
    only: tuple[str, ...] = ()
    method: Method = "t"
    budget: Budget = field(default_factory=Budget)
    workers: int = 0
    bench: Bench = field(default_factory=Bench)

    def __post_init__(self) -> None:
        if self.experiment not in DESIGNS:
            raise ConfigError(
                f"Experiment {self.experiment!r} is unknown; there are: {', '.join(DESIGNS)}."
            )
        if type(self.seeds) is not int or not 2 <= self.seeds <= MAX_SEEDS:
            raise ConfigError(f"seeds is {self.seeds!r}; allowed: 2 to {MAX_SEEDS}.")
        if not 0 <= self.hardware_percent <= 90:
            raise ConfigError(f"hardware is {self.hardware_percent!r}; allowed: 1 to 90 percent.")

    def design(self) -> Design:
        """Return the design asked for.

        Raises:
            ConfigError: if a policy of `only` is unknown.
        """
        design = DESIGNS[self.experiment](self.shapley)
        return design.only(self.only) if self.only else design


@dataclass(frozen=True, slots=True)
class Variant:
    """The same steps with hardware that is better by `percent` (worse, if below zero)."""

    percent: int
    steps: dict[tuple[str, str], Difference]
    """Profit by kind and switch."""


@dataclass(frozen=True, slots=True)
class Study:
    """Evidence, and what a reader must know of how it came about."""

    options: Options
    comparison: Comparison
    tuning: dict[str, Any]
    """The section of tuned parameters that was used; empty if there is none."""
    notes: tuple[str, ...]
    hardware: tuple[Variant, ...]
    code: str
    scenario: str
    digest: str


def silent(title: str) -> AbstractContextManager[Progress]:
    """Return a progress bar that shows nothing."""

    @contextmanager
    def nothing() -> Iterator[Progress]:
        yield lambda done, total: None

    return nothing()


def conduct(options: Options, note: Callable[[str], None], bar: Bar = silent) -> Study:
    """Run an experiment and return its evidence.

    Raises:
        ConfigError: if a policy, scenario or value is not allowed.
        ExperimentError: if a run fails, or results cannot be compared or kept.
    """
    design, setting = options.design(), options.setting
    hashes = scenario_hash(setting), code_hash()
    runner = Runner(Cache(options.out, digest(hashes), note), options.bench, note, options.workers)
    try:
        return _conduct(options, design, runner, hashes, bar)
    finally:
        runner.close()


def _conduct(
    options: Options, design: Design, runner: Runner, hashes: tuple[str, str], bar: Bar
) -> Study:
    setting = options.setting
    file = options.out / "tuned.json"
    if options.retune:
        _retune(options, design, runner, hashes, file, bar)
    sections = tuned.shipped() | tuned.read(file)
    found = tuned.pick(design, setting, sections, hashes)
    plan = Plan(design, setting, found.knobs, tuple(range(1, options.seeds + 1)))
    outcomes = _run(plan, runner, options.fresh, bar)
    comparison = compare_all(plan, outcomes, options.method)
    variants = _hardware(options, plan, runner, bar)
    parts = [comparison.digest, *(digest(_variant_digest(v)) for v in variants)]
    return Study(
        options,
        comparison,
        sections.get(tuned.section(design, setting), {}),
        found.notes,
        variants,
        hashes[1],
        hashes[0],
        digest(parts) if variants else comparison.digest,
    )


def _run(
    plan: Plan, runner: Runner, fresh: bool, bar: Bar, title: str = ""
) -> dict[tuple[str, int], Outcome]:
    jobs = plan.jobs()
    if fresh:
        for job in jobs:
            runner.cache.drop(job)
    setting = plan.setting
    with bar(title or f"{plan.design.name}, {setting.capacity}, {setting.days} days") as progress:
        done = runner.run(jobs, progress)
    world = runner.cache.world
    return {(job.name, job.seed): done[job.key(world)] for job in jobs}


def _retune(
    options: Options,
    design: Design,
    runner: Runner,
    hashes: tuple[str, str],
    file: Path,
    bar: Bar,
) -> None:
    """Tune every policy of the design and write what was found."""
    budget = options.budget
    trials = (len(design.policies) * budget.trials + 2 * budget.start_trials) * budget.seeds
    ran = 0
    with bar(f"tuning {design.name}, {options.setting.capacity}") as progress:

        def run(jobs: Any) -> dict[str, Outcome]:
            nonlocal ran
            before = ran
            some: list[Job] = list(jobs)
            if options.fresh:
                for job in some:
                    runner.cache.drop(job)
            done = runner.run(some, lambda n, _: progress(before + n, trials))
            ran += len(some)
            return done

        tuner = Tuner(options.setting, runner.cache.world, run, budget)
        searches = tuner.tune(design.policies)
    key = tuned.section(design, options.setting)
    tuned.write(file, {key: tuned.entry(options.setting, searches, budget, hashes)})


def _hardware(options: Options, plan: Plan, runner: Runner, bar: Bar) -> tuple[Variant, ...]:
    """Run the steps again with worse and with better hardware; knobs stay as they are."""
    if not options.hardware_percent:
        return ()
    variants = []
    for percent in (-options.hardware_percent, options.hardware_percent):
        hardware = dict.fromkeys(MORE_IS_BETTER, 1000 + 10 * percent)
        hardware |= dict.fromkeys(LESS_IS_BETTER, 1000 - 10 * percent)
        setting = replace(plan.setting, hardware=hardware)
        varied = replace(plan, setting=setting)
        title = f"hardware {percent:+d} %"
        outcomes = _run(varied, runner, options.fresh, bar, title)
        comparison = compare_all(varied, outcomes, options.method)
        steps: dict[tuple[str, str], Difference] = {
            (step.kind, step.switch): d[PRIMARY] for step, d in comparison.steps
        }
        variants.append(Variant(percent, steps))
    return tuple(variants)


def _variant_digest(variant: Variant) -> list[Any]:
    return [
        [*key, f"{d.interval.mean:.9g}", f"{d.interval.lo:.9g}"] for key, d in variant.steps.items()
    ]
