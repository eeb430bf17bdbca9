"""The demand that every planner meets: true, by period, and what all planners start from."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from seamline_platform.experiments.forecasting.contract import Terms, Window
from seamline_platform.experiments.forecasting.decisions.wide import ids_of, wide

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Opening:
    """What is there before the first order; equal for all models.

    `mean` is demand per series and period as it was observed; `on_hand` pieces on the shelf;
    `arrivals` (series, lead time) pieces on their way, by the period in which they come.
    """

    mean: FloatArray
    on_hand: FloatArray
    arrivals: FloatArray

    @classmethod
    def steady(cls, mean: FloatArray, terms: Terms) -> "Opening":
        """Return mean demand of one review on the shelf, and a pipeline that keeps it so."""
        lot = np.round(mean * terms.review)
        arrivals = np.zeros((len(mean), terms.lead_time))
        # Orders of earlier reviews were placed in periods -review, -2 review, ..
        first = terms.lead_time % terms.review
        arrivals[:, first :: terms.review] = lot[:, None]
        return cls(mean, lot, arrivals)

    @classmethod
    def empty(cls, series: int, terms: Terms) -> "Opening":
        """Return empty shelves and an empty pipeline."""
        zero = np.zeros(series)
        return cls(zero, zero.copy(), np.zeros((series, terms.lead_time)))


@dataclass(frozen=True, slots=True)
class DemandPath:
    """True demand (series, periods) from the first origin to the end of the last order's cover.

    `ahead` is (origins, series, horizon): the truth as it lies before each origin, which perfect
    foresight is made of. Planners never see either.
    """

    ids: tuple[str, ...]
    demand: FloatArray
    ahead: FloatArray
    mean: FloatArray
    """Observed demand per period before the first origin, by series."""
    left_out: int = 0
    """Series that are not known at every origin, or whose truth has gaps."""

    @property
    def origins(self) -> int:
        """Return the number of origins."""
        return len(self.ahead)

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the demand, by which runs are seen to have met the same."""
        return demand_digest(self.demand)


def demand_digest(demand: FloatArray) -> str:
    """Return the SHA-256 of an array of demand, its shape included."""
    head = "x".join(map(str, demand.shape)).encode()
    return hashlib.sha256(head + np.ascontiguousarray(demand).tobytes()).hexdigest()


def demand_path(windows: Sequence[Window], terms: Terms, season_length: int = 1) -> DemandPath:
    """Return the demand that lies behind consecutive windows, `terms.review` periods apart.

    Negative demand (returns) counts as none. Series that are missing in a window, or have an empty
    truth, are left out for all models.

    Raises:
        ValueError: if there are no windows, they do not follow each other by one review, or do not
            reach as far as one order covers.
    """
    if not windows:
        raise ValueError("Decisions need at least one window.")
    _check_reach(windows, terms)
    common = set(ids_of(windows[0].truth)).intersection(*(ids_of(w.truth) for w in windows[1:]))
    every = set().union(*(ids_of(w.truth) for w in windows))
    ids = tuple(sorted(common))
    ahead = np.stack([wide(w.truth, ids, ["ds"], "y") for w in windows])
    whole = ~np.isnan(ahead).any(axis=(0, 2))
    ids = tuple(np.array(ids, dtype=object)[whole].tolist())
    ahead = np.maximum(ahead[:, whole], 0.0)
    _check_overlap(ahead, terms)
    parts = [origin[:, : terms.review] for origin in ahead]
    parts.append(ahead[-1][:, terms.review : terms.protection])
    history = windows[0].history
    span = max(season_length, 2 * terms.protection)
    return DemandPath(
        ids=ids,
        demand=np.concatenate(parts, axis=1),
        ahead=ahead,
        mean=observed_mean(history, ids, span),
        left_out=len(every) - len(ids),
    )


def _check_reach(windows: Sequence[Window], terms: Terms) -> None:
    for window in windows:
        if window.horizon < terms.protection:
            raise ValueError(
                f"Window {window.index} of {window.task} reaches {window.horizon} periods; an order"
                f" covers {terms.protection} (lead time {terms.lead_time} + review {terms.review})."
            )


def _check_overlap(ahead: FloatArray, terms: Terms) -> None:
    """Raise if two windows tell different truths of the same period: they are not consecutive."""
    for at in range(1, len(ahead)):
        earlier, later = ahead[at - 1][:, terms.review :], ahead[at]
        both = min(earlier.shape[1], later.shape[1])
        if not np.array_equal(earlier[:, :both], later[:, :both]):
            raise ValueError(
                f"Windows {at - 1} and {at} are not {terms.review} periods apart (one review): "
                f"their truths differ where they should overlap."
            )


def observed_mean(history: pa.Table, ids: Sequence[str], periods: int) -> FloatArray:
    """Return observed demand per period over the last `periods` periods of a history, by series."""
    known = history.filter(pc.is_valid(history["y"]))
    dates = pc.unique(known["ds"]).sort()
    if len(dates) == 0:
        return np.zeros(len(ids))
    recent = dates[max(len(dates) - periods, 0) :]
    rows = known.filter(pc.greater_equal(known["ds"], recent[0]))
    sums = rows.group_by("unique_id").aggregate([("y", "sum")])
    by_id = dict(zip(sums["unique_id"].to_pylist(), sums["y_sum"].to_pylist(), strict=True))
    return np.maximum([float(by_id.get(i) or 0.0) for i in ids], 0.0) / len(recent)
