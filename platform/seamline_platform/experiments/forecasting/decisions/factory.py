"""The full factory: every model drives the same plant, and what it earned and lost is compared.

For each seed all models start from one morning (stock, garments on the lines, sales so far, the
customers to come) and share night planner and hub. What a model sees are the sales that its own
decisions made possible; what consumers truly wanted is known to the ledger alone. Forecasts are
made once a week, stock is reviewed every night. Sums over the cover come by the stated default of
`demand.leadtime` for every model, with one correlation per seed, estimated from the common history.

Intervals are Student's t over seeds: a seed is one independent life of the factory.
"""

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from seamline_broker.errors import SeamlineError
from seamline_platform.demand.protocol import LEVELS, canonical_name
from seamline_platform.experiments.forecasting.contract import (
    DecisionRow,
    Forecasted,
    Status,
    Task,
    Window,
)
from seamline_platform.experiments.forecasting.decisions.factory_money import Money
from seamline_platform.experiments.forecasting.decisions.factory_world import (
    FactorySettings,
    Morning,
    Teller,
    perfect,
    run_factory,
)
from seamline_platform.experiments.forecasting.decisions.ladder import MOMENTS
from seamline_platform.experiments.forecasting.decisions.study import REFERENCES

FloatArray = npt.NDArray[np.float64]

SEEDS: Final = (1, 2, 3)
DEFAULT_MODELS: Final = ("SeasonalNaive", "SES", "DemandBrain")
"""Models of the factory where none are named; one run is about 6 CPU seconds and its forecasts."""
PERFECT: Final = "(perfect foresight)"

ForecastOf = Callable[[str, Task, Window], Forecasted]
"""What `Runner.forecast` is: a model's name, the task and a window to a forecast."""
Progress = Callable[[str, float], None]
"""Told what is running, and the share of all runs that is done."""


class FactoryStoppedError(SeamlineError):
    """A model gave no forecast, so that its factory stopped; `status` as in `Forecasted`."""

    def __init__(self, status: Status, note: str) -> None:
        super().__init__(f"The forecaster gave no forecast ({status}): {note}")
        self.status = status


def task_name(settings: FactorySettings) -> str:
    """Return the name under which a factory's rows are listed."""
    return f"factory_{settings.scenario}"


def factory_task(settings: FactorySettings) -> Task:
    """Return the factory as a task, for a runner of models."""
    return Task(
        name=task_name(settings),
        title="Seamline's factory, driven by the forecast",
        dataset="factory",
        horizon=settings.horizon,
        season_length=7,
        metric="scaled_pinball",
        levels=LEVELS,
        static=("style", "colour", "size", "category"),
        frequency="D",
    )


def teller_of(forecast: ForecastOf, model: str, settings: FactorySettings) -> Teller:
    """Return a teller that asks a model by a runner's `forecast`."""
    task = factory_task(settings)
    nothing = pa.table({"unique_id": pa.array([], pa.string()), "ds": pa.array([], pa.date32()),
                        "y": pa.array([], pa.float64())})  # fmt: skip
    asked = 0

    def tell(history: pa.Table, horizon: int) -> pa.Table:
        nonlocal asked
        window = Window(task.name, asked, "accuracy", history, nothing, horizon)
        asked += 1
        found = forecast(model, task, window)
        if found.status != "ok" or found.table is None:
            raise FactoryStoppedError(found.status, found.note)
        return found.table

    return tell


@dataclass(frozen=True, slots=True)
class FactoryRuns:
    """All runs of a study: money by model, in the order of the seeds; None where one stopped."""

    settings: FactorySettings
    seeds: tuple[int, ...]
    perfect: tuple[Money, ...]
    models: Mapping[str, tuple[Money, ...]]
    stopped: Mapping[str, tuple[Status, str]]
    demand_sha256: str


def run_all(
    models: Sequence[str],
    forecast: ForecastOf,
    settings: FactorySettings | None = None,
    seeds: Sequence[int] = SEEDS,
    progress: Progress = lambda what, share: None,
    jobs: int = 1,
) -> FactoryRuns:
    """Run the factory of every model, and of perfect foresight, on every seed.

    `jobs` factories run at once: while one waits for its forecast, another goes on.

    Raises:
        ValueError: if there are fewer than two seeds: nothing would tell chance from skill.
    """
    if len(set(seeds)) < 2:
        raise ValueError(f"A factory needs two different seeds or more, not {list(seeds)}.")
    chosen = settings or FactorySettings()
    specs = {canonical_name(model): model for model in models}
    mornings = [Morning.of(chosen, seed) for seed in seeds]
    digest = hashlib.sha256("".join(m.demand_digest() for m in mornings).encode()).hexdigest()
    bar = _Bar(progress, task_name(chosen), len(seeds) * (len(specs) + 1))
    course = _Course(specs, forecast, bar)
    course.run(mornings, jobs)
    made = {name: course.money(name, seeds) for name in (*specs, PERFECT)}
    known = made.pop(PERFECT)
    whole = {name: runs for name, runs in made.items() if name not in course.stopped}
    return FactoryRuns(chosen, tuple(seeds), known, whole, course.stopped, digest)


class _Bar:
    """Counts factories that are done, from several threads."""

    def __init__(self, progress: Progress, task: str, whole: int) -> None:
        self._progress, self._task, self._whole = progress, task, whole
        self._done, self._lock = 0, threading.Lock()

    def tell(self, what: str, step: int) -> None:
        with self._lock:
            self._done += step
            self._progress(f"{self._task}, {what}", min(self._done / self._whole, 1.0))


class _Course:
    """All factories of a study, several at once."""

    def __init__(self, specs: Mapping[str, str], forecast: ForecastOf, bar: _Bar) -> None:
        self._specs, self._forecast, self._bar = specs, forecast, bar
        self._money: dict[tuple[str, int], Money] = {}
        self.stopped: dict[str, tuple[Status, str]] = {}

    def run(self, mornings: Sequence[Morning], jobs: int) -> None:
        """Run every model on every morning; one that stopped once is not run again."""
        pairs = [(name, m) for name in (*self._specs, PERFECT) for m in mornings]
        pool = ThreadPoolExecutor(max(jobs, 1))
        try:
            for _ in pool.map(lambda pair: self._one(*pair), pairs):
                pass
        finally:
            pool.shutdown(cancel_futures=True)  # an interrupt waits for what runs, for no more

    def money(self, name: str, seeds: Sequence[int]) -> tuple[Money, ...]:
        """Return a model's results, in the order of the seeds; of a stopped one, what there is."""
        return tuple(self._money[name, s] for s in seeds if (name, s) in self._money)

    def _one(self, name: str, morning: Morning) -> None:
        self._bar.tell(f"seed {morning.seed}: {name}", 0)
        try:
            if name not in self.stopped:
                teller = self._teller(name, morning)
                self._money[name, morning.seed] = run_factory(morning, teller)
        except FactoryStoppedError as exc:
            note = f"left out: seed {morning.seed}: {exc}"
            self.stopped.setdefault(name, (exc.status, note))
        finally:
            self._bar.tell(f"seed {morning.seed}: {name}", 1)

    def _teller(self, name: str, morning: Morning) -> Teller:
        if name == PERFECT:
            return perfect(morning)
        return teller_of(self._forecast, self._specs[name], morning.settings)


def factory_rows(runs: FactoryRuns) -> tuple[DecisionRow, ...]:
    """Return one row per model, cheapest first, those that stopped last.

    `cost` is yuan lost per SKU and day; `regret` is against the same factory with perfect
    forecasts, which is no bound: the planner's rules are fixed.
    """
    rows = [_row(runs, model) for model in runs.models]
    rows.sort(key=lambda row: (row.cost or 0.0, row.model))
    rows += [
        DecisionRow(
            task=task_name(runs.settings), model=model, cost=None, cost_lo=None, cost_hi=None,
            fill_rate=None, regret=None, status=status, note=note,
            demand_sha256=runs.demand_sha256,
        )
        for model, (status, note) in runs.stopped.items()
    ]  # fmt: skip
    return tuple(rows)


def _row(runs: FactoryRuns, model: str) -> DecisionRow:
    mine = runs.models[model]
    cost = np.array([m.cost for m in mine])
    known = np.array([m.cost for m in runs.perfect])
    low, high = student(cost)
    versus = {
        base: _relative(cost, np.array([m.cost for m in runs.models[base]]))
        for base in REFERENCES
        if base in runs.models and base != model
    }
    return DecisionRow(
        task=task_name(runs.settings),
        model=model,
        cost=float(cost.mean()),
        cost_lo=low,
        cost_hi=high,
        fill_rate=_mean([m.fill_rate for m in mine]),
        regret=float((cost - known).mean()),
        parts=_parts(mine, runs.perfect),
        aggregation=MOMENTS,
        versus=versus,
        note=f"{len(mine)} seeds, {runs.settings.days} days each after {runs.settings.warm_up_days}"
        f" of warm-up; yuan per SKU and day; intervals are Student's t over seeds",
        demand_sha256=runs.demand_sha256,
    )


def _parts(mine: Sequence[Money], known: Sequence[Money]) -> dict[str, float]:
    per = 1.0 / (mine[0].skus * mine[0].days)
    gap = np.array([k.profit - m.profit for m, k in zip(mine, known, strict=True)])
    low, high = student(gap)
    parts = {
        "holding": _mean([m.holding for m in mine]) * per,
        "shortage": _mean([m.lost_margin for m in mine]) * per,
        "late": _mean([m.late for m in mine]) * per,
        "terminal": _mean([m.write_down for m in mine]) * per,
        "profit_k": _mean([m.profit for m in mine]) / 1000,
        "profit_regret_k": float(gap.mean()) / 1000,
        "profit_regret_k_lo": low / 1000,
        "profit_regret_k_hi": high / 1000,
        "lateness": _mean([m.late_days for m in mine]),
        "stock": _mean([m.stock / m.skus for m in mine]),
        "oracle_cost": _mean([m.cost for m in known]),
        "series": float(mine[0].skus),
        "periods": float(mine[0].days),
        "seeds": float(len(mine)),
    }
    for name in ("on_time", "bullwhip"):
        told = [getattr(m, name) for m in mine]
        if all(value is not None for value in told):
            parts[name] = _mean(told)
    return parts


def student(values: FloatArray) -> tuple[float, float]:
    """Return the 95 % interval of a mean by Student's t over independent values."""
    from scipy.stats import t

    half = float(t.ppf(0.975, len(values) - 1)) * float(values.std(ddof=1)) / len(values) ** 0.5
    return float(values.mean()) - half, float(values.mean()) + half


def _relative(mine: FloatArray, base: FloatArray) -> tuple[float, float, float]:
    """Return the mean paired difference over seeds, relative to the base's mean: mean, lo, hi."""
    gap = mine - base
    low, high = student(gap)
    over = float(base.mean())
    return float(gap.mean()) / over, low / over, high / over


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))
