"""Windows: what was known at each origin, and, apart from it, what came.

The last window ends with the data; origins lie `step` periods apart (for decisions one review).
History is cut at the origin and copied, so that nothing behind it is within reach; rows after the
origin have an empty `y` and only covariates that were known ahead.
"""

import hashlib

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from seamline_broker.errors import ConfigError
from seamline_platform.demand.frequency import Frequency
from seamline_platform.experiments.forecasting.contract import Dataset, Kind, Task, Window
from seamline_platform.experiments.forecasting.loaders import frequency_of
from seamline_platform.experiments.forecasting.market_tracks import streams_ahead

_PLANNED = ("price_fen", "promo")


def windows_of(task: Task, dataset: Dataset, kind: Kind) -> tuple[Window, ...]:
    """Return the task's windows in order of time; none for decisions that the task does not ask.

    Raises:
        ConfigError: if the data are too short, or no series can be scored.
    """
    plan = _Plan.of(task, kind)
    if plan is None:
        return ()
    cutter = _Cutter(task, dataset, kind, plan)
    return tuple(cutter.window(index) for index in range(plan.count))


class _Plan:
    """How many origins, how far apart, how far ahead."""

    def __init__(self, count: int, step: int, horizon: int, series: int) -> None:
        self.count, self.step, self.horizon, self.series = count, step, horizon, series

    @classmethod
    def of(cls, task: Task, kind: Kind) -> "_Plan | None":
        if kind == "accuracy":
            step = task.step or task.horizon
            return cls(task.windows, step, task.horizon, task.accuracy_series)
        if task.terms is None:
            return None
        terms = task.terms
        horizon = max(terms.protection, task.decision_horizon)
        return cls(task.decision_origins, terms.review, horizon, task.max_series)


class _Cutter:
    """Cuts one data set at each origin."""

    def __init__(self, task: Task, dataset: Dataset, kind: Kind, plan: _Plan) -> None:
        self.task, self.kind, self.plan = task, kind, plan
        self.freq = frequency_of(task, dataset.truth["ds"])
        self.observed, self.truth = dataset.observed, dataset.truth
        self.seen_at = self.freq.ordinals(self.observed["ds"])
        self.true_at = self.freq.ordinals(self.truth["ds"])
        self.last = int(self.true_at.max())
        self.first_sale = _first_sales(self.truth["unique_id"], self.true_at)
        first_origin = self.origin(0)
        if first_origin <= int(self.true_at.min()):
            raise ConfigError(
                f"Task {task.name}: {plan.count} windows of {plan.horizon} every {plan.step} "
                f"periods need more than the {self.last - int(self.true_at.min()) + 1} there are."
            )
        self.chosen = self._choose(first_origin)

    def origin(self, index: int) -> int:
        return self.last - self.plan.horizon - (self.plan.count - 1 - index) * self.plan.step

    def _choose(self, first_origin: int) -> frozenset[str]:
        """Return the series that may be scored: begun by the first origin, the first by hash.

        Tasks on the newest series take all; each window chooses by age.
        """
        by_age = self.task.newest and self.kind == "accuracy"
        begun = [n for n, first in self.first_sale.items() if by_age or first <= first_origin]
        if self.task.newest and self.kind == "decisions":
            oldest = first_origin - self.task.newest
            begun = [name for name in begun if self.first_sale[name] > oldest]
        if not begun:
            raise ConfigError(f"Task {self.task.name}: no series had begun by the first origin.")
        if self.plan.series and len(begun) > self.plan.series:
            begun = sorted(begun, key=_hash)[: self.plan.series]
        return frozenset(begun)

    def window(self, index: int) -> Window:
        origin = self.origin(index)
        end = origin + self.plan.horizon
        ids, truth = self._truth(origin, end)
        history = self._history(origin, end, ids)
        if self.task.track == "livestream" and self.kind == "accuracy":
            ids = ids & streams_ahead(history, int(origin))
            truth = truth.filter(_among(truth["unique_id"], ids))
        if not len(truth):
            raise ConfigError(f"Task {self.task.name}: window {index} has no series to score.")
        return Window(self.task.name, index, self.kind, history, truth, self.plan.horizon)

    def _truth(self, origin: int, end: int) -> tuple[frozenset[str], pa.Table]:
        """Return who is scored, and the truth of the horizon, complete for each of them."""
        inside = (self.true_at > origin) & (self.true_at <= end)
        rows = self.truth.filter(pa.array(inside))
        ids = self.chosen & frozenset(
            name for name, first in self.first_sale.items() if first <= origin
        )
        if self.kind == "decisions":
            return ids, _filled(rows.filter(_among(rows["unique_id"], ids)), ids,
                                np.arange(origin + 1, end + 1), self.freq)  # fmt: skip
        if self.task.newest:
            oldest = origin - self.task.newest
            ids = frozenset(name for name in ids if self.first_sale[name] > oldest)
        counts = rows.group_by("unique_id").aggregate([("ds", "count")])
        whole = counts.filter(pc.equal(counts["ds_count"], end - origin))["unique_id"]
        ids = ids & frozenset(whole.to_pylist())
        return ids, _owned(rows.filter(_among(rows["unique_id"], ids)))

    def _history(self, origin: int, end: int, scored: frozenset[str]) -> pa.Table:
        """Return what was known: everybody's past for the newest, else the scored series' own."""
        ids: pa.ChunkedArray = self.observed["unique_id"]
        past = self.seen_at <= origin
        mine: npt.NDArray[np.bool_]
        if self.task.newest:
            begun = frozenset(n for n, first in self.first_sale.items() if first <= origin)
            mine = _among(ids, begun).to_numpy(zero_copy_only=False)
        else:
            mine = _among(ids, scored).to_numpy(zero_copy_only=False)
        history = self.observed.filter(pa.array(past & mine))
        known_ahead = [c for c in self.task.covariates if c not in self.task.past_only]
        ahead = (self.seen_at > origin) & (self.seen_at <= end) & mine
        rows = self.observed.filter(pa.array(ahead))
        planned = [n for n in _PLANNED if rows[n].null_count < len(rows)]
        if known_ahead or planned:
            history = pa.concat_tables([history, self._blanked(rows, known_ahead)])
        ordered = history.sort_by([("unique_id", "ascending"), ("ds", "ascending")])
        return _owned(ordered)

    def _blanked(self, rows: pa.Table, known_ahead: list[str]) -> pa.Table:
        kept = {"unique_id", "ds", *_PLANNED, *known_ahead, *self.task.static}
        for place, name in enumerate(rows.column_names):
            if name not in kept:
                empty = pa.chunked_array([pa.nulls(len(rows), rows.schema.field(name).type)])
                rows = rows.set_column(place, name, empty)
        return rows


def _first_sales(ids: pa.ChunkedArray, at: npt.NDArray[np.int64]) -> dict[str, int]:
    coded = ids.combine_chunks().dictionary_encode()
    first = np.full(len(coded.dictionary), np.iinfo(np.int64).max)
    np.minimum.at(first, coded.indices.to_numpy(zero_copy_only=False), at)
    return dict(zip(coded.dictionary.to_pylist(), first.tolist(), strict=True))


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _among(column: pa.ChunkedArray, names: frozenset[str]) -> pa.ChunkedArray:
    return pc.is_in(column, value_set=pa.array(sorted(names), pa.string()))


def _filled(
    rows: pa.Table, ids: frozenset[str], periods: npt.NDArray[np.int64], freq: Frequency
) -> pa.Table:
    """Return one row per series and period; a series that is not sold any more sells 0."""
    names = sorted(ids)
    place = {name: index for index, name in enumerate(names)}
    grid = np.zeros((len(names), len(periods)))
    at = freq.ordinals(rows["ds"]) - periods[0]
    series = np.array([place[name] for name in rows["unique_id"].to_pylist()], dtype=np.int64)
    grid[series, at] = rows["y"].to_numpy()
    return pa.table(
        {
            "unique_id": pa.array(np.repeat(np.array(names, dtype=object), len(periods))),
            "ds": freq.ds(np.tile(periods, len(names))),
            "y": grid.reshape(-1),
        }
    )


def _owned(table: pa.Table) -> pa.Table:
    """Return a copy that shares no memory with its source: a slice would carry the future along."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return pa.ipc.open_stream(sink.getvalue()).read_all()
