"""What the benchmark's parts hand to each other: a task, its windows, forecasts, and results."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

import pyarrow as pa

from seamline_broker.errors import ConfigError, SeamlineError

Unmet = Literal["lost", "backorder"]
Status = Literal["ok", "failed", "leak", "skipped"]
Kind = Literal["accuracy", "decisions"]

LEVELS: Final = (0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975)
"""Quantile levels that every model is asked for; the point forecast is the median."""


class MissingDataError(SeamlineError):
    """A task's data are not there; the message says how to get them."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The inventory problem in which a task's forecasts are used. Money per piece, no currency.

    Every `review` periods an order is placed that arrives `lead_time` periods later.
    """

    lead_time: int = 2
    review: int = 1
    underage: float = 9.0
    """Cost of a piece that was asked for and not there (per period it waits, if backordered)."""
    overage: float = 1.0
    """Cost of a piece held over one period (of which a review may have several)."""
    unmet: Unmet = "lost"
    moq: int = 0
    capacity: float | None = None
    """Pieces that may be ordered per review over all series, in mean demand; None: no limit."""
    warm_up: int = 0
    """First origins that fill the pipeline and are not charged."""
    order_cost: float = 0.0
    """Cost of one order of one series, whatever its size."""
    carry_over: bool = True
    """False: what is left after a period is gone (perishable), charged `overage` once."""

    def __post_init__(self) -> None:
        for name, least in (("lead_time", 0), ("review", 1), ("moq", 0), ("warm_up", 0)):
            came = getattr(self, name)
            if type(came) is not int or came < least:
                raise ConfigError(f"Terms.{name} is {came!r}; allowed: a whole number >= {least}.")
        for name in ("underage", "overage"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"Terms.{name} is {getattr(self, name)!r}; allowed: above 0.")
        if not self.order_cost >= 0:
            raise ConfigError(f"Terms.order_cost is {self.order_cost!r}; allowed: 0 or more.")
        if type(self.carry_over) is not bool:
            raise ConfigError(f"Terms.carry_over is {self.carry_over!r}; allowed: true, false.")
        if self.unmet not in get_args(Unmet):
            raise ConfigError(
                f"Terms.unmet is {self.unmet!r}; allowed: {', '.join(get_args(Unmet))}."
            )
        if self.capacity is not None and not self.capacity > 0:
            raise ConfigError(f"Terms.capacity is {self.capacity!r}; allowed: above 0, or none.")

    @property
    def protection(self) -> int:
        """Return the periods that one order has to cover: lead time and review."""
        return self.lead_time + self.review

    @property
    def risk(self) -> float:
        """Return what a piece too many costs until the next order can be smaller by it.

        That is `overage` over one review; with backorders (`underage` counts per period, as holding
        does) and with perishables (charged once) it is `overage` itself.
        """
        lasting = self.unmet == "lost" and self.carry_over
        return self.overage * (self.review if lasting else 1)

    @property
    def critical_ratio(self) -> float:
        """Return cu / (cu + co), co = `risk`: there one more piece earns what it risks."""
        return self.underage / (self.underage + self.risk)


@dataclass(frozen=True, slots=True)
class Task:
    """What is forecast, how far, from which origins, judged by which metric."""

    name: str
    title: str
    dataset: str
    """Name of a loader."""
    horizon: int
    season_length: int
    metric: str
    """The metric that ranks models on this task."""
    windows: int = 1
    step: int = 0
    """Periods between origins; 0: the horizon."""
    track: str = ""
    """Subset of the data set, as its loader knows it."""
    official_test: bool = False
    """Score on the data set's own test part, with one window."""
    nonnegative: bool = True
    covariates: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    levels: tuple[float, ...] = LEVELS
    terms: Terms | None = None
    """None: no decisions are made in this task."""
    decision_origins: int = 0
    decision_horizon: int = 0
    """Periods forecast for decisions, for the sensitivity to lead time; at least what one order
    covers, which 0 means."""
    max_series: int = 0
    """Series that decisions are made for, the first by hash of name; 0: all."""
    published: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Figures from the literature by model and metric, printed beside ours."""
    published_source: str = ""
    tuned_on: str = ""
    """What shipped models were tuned on, if that is this data."""
    frequency: str = "int"
    """Name of a `Frequency`: h, D, W, MS, QS, YS, int."""
    past_only: tuple[str, ...] = ()
    """Covariates that are not known ahead: empty in the rows after a cut-off."""
    accuracy_series: int = 0
    """Series that accuracy is scored on, the first by hash of name; 0: all."""
    newest: int = 0
    """Score series alone that began at most so many periods before the origin; 0: any."""
    refit: int = 1
    """Windows from one training to the next, of models that train."""
    hierarchy: tuple[tuple[str, ...], ...] = ()
    """Levels of WRMSSE, each the columns that it sums over equal values of; (): the total."""
    not_for: Mapping[str, str] = field(default_factory=dict)
    """Shipped models that are left out by default, and why."""
    file: str = ""
    """The file of data set `file`, and `sha256` what it has to be (empty: anything)."""
    sha256: str = ""
    about: str = ""
    """Where the data come from, and what was done to them."""

    def __post_init__(self) -> None:
        for name in ("horizon", "season_length", "windows", "refit"):
            came = getattr(self, name)
            if type(came) is not int or came < 1:
                raise ConfigError(f"Task {self.name}: {name} is {came!r}; allowed: 1 or more.")
        if list(self.levels) != sorted(set(self.levels)) or not 0 < self.levels[0] <= 0.5:
            raise ConfigError(f"Task {self.name}: levels must rise inside (0, 1): {self.levels}.")
        if 0.5 not in self.levels or not self.levels[-1] < 1:
            raise ConfigError(f"Task {self.name}: levels need 0.5 and stay below 1: {self.levels}.")
        if self.terms is not None and self.decision_origins < 2:
            raise ConfigError(
                f"Task {self.name}: decisions need decision_origins >= 2, "
                f"not {self.decision_origins}."
            )


@dataclass(frozen=True, slots=True)
class Dataset:
    """A task's data: what a model may see over time, and what was truly asked for.

    `observed` is a long frame (`unique_id, ds, y`, covariates, static columns); `truth` has
    `unique_id, ds, y`. They are equal where nothing was censored.
    """

    name: str
    observed: pa.Table
    truth: pa.Table
    sha256: str
    blocks: Mapping[str, str] = field(default_factory=dict)
    """Block of a series for the bootstrap (its style); by default each series is its own."""


@dataclass(frozen=True, slots=True)
class Window:
    """One origin: what was known there (with what was known ahead), and what came."""

    task: str
    index: int
    kind: Kind
    history: pa.Table
    """Long frame up to the cut-off; rows with an empty `y` carry covariates known ahead."""
    truth: pa.Table
    """`unique_id, ds, y` of the horizon. Scorers alone read it."""
    horizon: int


@dataclass(frozen=True, slots=True)
class Forecasted:
    """What a model said in one window; `table` is `unique_id, ds, quantile, value`, checked."""

    model: str
    task: str
    window: int
    status: Status
    table: pa.Table | None
    cumulative: pa.Table | None = None
    """`unique_id, steps, quantile, value` if the model itself forecasts sums over steps."""
    aggregation: str = ""
    """How sums over the lead time come about: `own`, `paths`, or the stated default."""
    correlation: float = 0.0
    """Correlation of errors of different periods that the default aggregation uses."""
    train_seconds: float = 0.0
    predict_seconds: float = 0.0
    cpu_seconds: float = 0.0
    rss_mb: float = 0.0
    note: str = ""
    model_hash: str = ""


@dataclass(frozen=True, slots=True)
class ModelScore:
    """A model on a task: metrics by name, with intervals, and what it cost to compute."""

    model: str
    status: Status
    metrics: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]
    train_seconds: float
    predict_seconds: float
    cpu_seconds: float
    rss_mb: float
    note: str = ""
    model_hash: str = ""
    per_series: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """Losses by metric, one per series in order of name: for tests between models."""
    calibration: tuple[tuple[float, float, float], ...] = ()
    """Per quantile level: (level, share of truth below the forecast, share at or below it)."""
    fans: Mapping[str, tuple[tuple[float, ...], ...]] = field(default_factory=dict)
    """Forecasts of the task's example series: one row per level, one number per period."""

    @property
    def seconds(self) -> float:
        """Return training and prediction together."""
        return self.train_seconds + self.predict_seconds


@dataclass(frozen=True, slots=True)
class TaskResult:
    """All models on one task; `skipped` holds the reason when its data are not there."""

    task: Task
    models: tuple[ModelScore, ...]
    data_sha256: str = ""
    skipped: str = ""
    examples: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]] = field(
        default_factory=dict
    )
    """A few series for pictures: the last values known at the last origin, and what came."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Shipped models that were not run here, and why."""


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """What the same planner paid with one model's forecasts on one task.

    A model without a usable forecast at every origin has `status` other than `ok`, a `note` that
    says why, and None for every figure: it is never NaN and takes part in no ranking.
    """

    task: str
    model: str
    cost: float | None
    """Per series and period charged."""
    cost_lo: float | None
    cost_hi: float | None
    fill_rate: float | None
    regret: float | None
    """Cost above perfect foresight under the same policy. No bound: a fixed policy may lose money
    with the truth, so a regret may be negative."""
    parts: Mapping[str, float] = field(default_factory=dict)
    """The cost's parts (holding, shortage, ..), lateness, bullwhip, stability, .."""
    aggregation: str = ""
    versus: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    """Paired difference in cost to another model, relative to it: mean, low, high."""
    curve: tuple[tuple[float, float, float], ...] = ()
    """Trade-off: (service level, stock held, fill rate)."""
    status: Status = "ok"
    note: str = ""
    demand_sha256: str = ""
    """Digest of the demand that the planner met; equal for all models of a task."""
    rank: float | None = None
    """Mean rank by cost over blocks, 1 = cheapest."""
    rank_lo: float | None = None
    rank_hi: float | None = None
    """Bounds of multiple comparison with the best: ranks that overlap the best's do not differ."""


@dataclass(frozen=True, slots=True)
class RankFlip:
    """How an accuracy metric orders models, against cost, on one task (or `all`)."""

    task: str
    metric: str
    kendall_tau: float
    models: int
    cheapest: str
    most_accurate: str


@dataclass(frozen=True, slots=True)
class OtherTerms:
    """One model under terms that differ from the task's in one parameter (sensitivity)."""

    task: str
    parameter: str
    """`base`, `lead_time`, `cost_ratio`, `capacity`, `moq` or `unmet`."""
    value: str
    model: str
    cost: float | None
    """Per series and period charged; None: could not be played, see `note`."""
    fill_rate: float | None
    rank: int | None
    """1 = cheapest under these terms."""
    cheapest_changes: bool = False
    """True if another model is cheapest here than under the task's own terms."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """A whole benchmark run."""

    tasks: tuple[TaskResult, ...]
    decisions: tuple[DecisionRow, ...]
    rank_flips: tuple[RankFlip, ...]
    seed: int
    sensitivity: tuple[OtherTerms, ...] = ()
    notes: tuple[str, ...] = ()
    """What a reader has to know of this run: subsets, refused data, how it was timed."""
