"""A streaming benchmark's task and outcome: the same few series in all windows, scored as ever."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.forecasting.cardfile import plain
from seamline_platform.experiments.forecasting.contract import (
    Dataset,
    DecisionRow,
    Forecasted,
    ModelScore,
    Task,
    Window,
)
from seamline_platform.experiments.forecasting.decisions import decide
from seamline_platform.experiments.forecasting.scorecard import scores_of
from seamline_platform.experiments.forecasting.stream.scorebook import Punctuality


@dataclass(frozen=True, slots=True)
class Outcome:
    """One model: what its forecasts were worth, over the stream and from the whole data at once."""

    model: str
    streamed: ModelScore
    batch: ModelScore | None
    """None: a model of somebody else's, which speaks over the stream alone."""
    punctuality: Punctuality
    cost: DecisionRow | None = None
    batch_cost: DecisionRow | None = None

    def document(self) -> dict[str, Any]:
        """Return the outcome as JSON values."""
        mine: dict[str, Any] = {
            "model": self.model,
            "given": self.punctuality.given,
            "late": self.punctuality.late,
            "refused": self.punctuality.refused,
            "worst_delay_ms": self.punctuality.worst_delay_ms,
            "streamed": plain(self.streamed.metrics),
            "batch": plain(self.batch.metrics) if self.batch else None,
        }
        if self.cost is not None:
            mine["cost"] = self.cost.cost
        if self.batch_cost is not None:
            mine["batch_cost"] = self.batch_cost.cost
        return mine


def narrowed(windows: Sequence[Window], series: int) -> tuple[Window, ...]:
    """Return windows with the same series in all of them, at most so many, the first by hash.

    Raises:
        ConfigError: if no series is scored in every window.
    """
    if not windows:
        raise ConfigError("The task has no such windows.")
    common = set(windows[0].truth["unique_id"].to_pylist())
    for window in windows[1:]:
        common &= set(window.truth["unique_id"].to_pylist())
    if not common:
        raise ConfigError(
            f"Task {windows[0].task} has no series that is scored in all of its {len(windows)} "
            "windows; a stream needs some."
        )
    chosen = sorted(common, key=lambda name: hashlib.sha256(name.encode()).hexdigest())[:series]
    names = pa.array(sorted(chosen), pa.string())
    return tuple(
        replace(
            window,
            history=window.history.filter(pc.is_in(window.history["unique_id"], value_set=names)),
            truth=window.truth.filter(pc.is_in(window.truth["unique_id"], value_set=names)),
        )
        for window in windows
    )


def outcomes(
    task: Task,
    dataset: Dataset,
    windows: Sequence[Window],
    streamed: Mapping[str, Sequence[Forecasted]],
    batch: Mapping[str, Sequence[Forecasted]],
    kept: Mapping[str, Punctuality],
    seed: int,
) -> tuple[Outcome, ...]:
    """Return an outcome per streamed model; `batch` also holds models that metrics refer to."""
    references = {model: said for model, said in batch.items() if model not in streamed}
    ours = {s.model: s for s in scores_of(task, dataset, windows, {**references, **streamed}, seed)}
    theirs = {score.model: score for score in scores_of(task, dataset, windows, batch, seed)}
    costs: dict[str, DecisionRow] = {}
    batch_costs: dict[str, DecisionRow] = {}
    if windows[0].kind == "decisions":
        costs = {r.model: r for r in decide(task, dataset, windows, streamed, seed)}
        batch_costs = {r.model: r for r in decide(task, dataset, windows, batch, seed)}
    return tuple(
        Outcome(
            model, ours[model], theirs.get(model), kept[model],
            costs.get(model), batch_costs.get(model),
        )
        for model in streamed
    )  # fmt: skip
