"""How good a forecaster is on this plant: rolling origins over the last days of the history."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seamline_platform.demand.frame import FloatArray, grid_of, panel_of
from seamline_platform.demand.leadtime import moments
from seamline_platform.demand.protocol import check_forecast
from seamline_platform.demand.registry import Metrics
from seamline_platform.demand.seasonal_naive import SeasonalNaive

WEEK: Final = 7
Answer = Callable[[pa.Table, int, Sequence[float]], object]
"""(history, horizon, quantiles) -> forecast; asked anew for each origin, trained from nothing."""


@dataclass(frozen=True, slots=True)
class _Scored:
    """One origin: actuals and quantiles of the days that count, and which day each is of."""

    y: FloatArray
    q: FloatArray
    naive: FloatArray
    day: FloatArray


def measure(
    answer: Answer,
    history: pa.Table,
    quantiles: Sequence[float],
    origins: int = 2,
    days: int = WEEK,
) -> Metrics:
    """Return how `answer` did `origins` times in a row, `days` days ahead each, up to the end.

    Days that a stock-out cut short, and series that had not begun, do not count.

    Raises:
        ValueError: if the history is too short to leave three weeks before the first origin, or
            no day counts.
        PluginError: if an answer is no complete forecast.
    """
    if origins < 1 or days < 1:
        raise ValueError(f"Need at least one origin and one day, not {origins} and {days}.")
    panel = panel_of(history)
    if panel.days < origins * days + 3 * WEEK:
        raise ValueError(
            f"{panel.days} days of history are too few to measure {origins} x {days} days on."
        )
    scored = [
        _one_origin(answer, history, panel.next_day - back * days, quantiles, days)
        for back in range(origins, 0, -1)
    ]
    whole = _Scored(
        *(np.concatenate([getattr(s, name) for s in scored]) for name in ("y", "q", "naive", "day"))
    )
    if not whole.y.size:
        raise ValueError("Every day to measure on was cut short by stock-outs.")
    return _metrics(whole, quantiles, origins)


def known_at(history: pa.Table, origin_day: int) -> pa.Table:
    """Return what was known before `origin_day` (days since 1970).

    No later row at all is left: the platform is not told prices and promotions of days to come.
    """
    day = pc.cast(pc.cast(history["ds"], pa.date32()), pa.int32())
    return history.filter(pc.less(day, origin_day))


def _one_origin(
    answer: Answer, history: pa.Table, origin_day: int, quantiles: Sequence[float], days: int
) -> _Scored:
    before = known_at(history, origin_day)
    panel, actual = panel_of(before), panel_of(history)
    made = grid_of(check_forecast(answer(before, days, quantiles), panel, days, quantiles))
    naive = grid_of(SeasonalNaive().forecast(before, days, quantiles))
    place = {name: i for i, name in enumerate(actual.ids)}
    rows = [place[name] for name in panel.ids]
    at = slice(origin_day - actual.first_day, origin_day - actual.first_day + days)
    y = actual.y[rows, at]
    usable = ~np.isnan(y) & (actual.out_share[rows, at] <= 0.0)
    day = np.broadcast_to(np.arange(origin_day, origin_day + days, dtype=np.float64), y.shape)
    return _Scored(y[usable], made.values[usable], naive.values[usable], day[usable])


def _metrics(s: _Scored, quantiles: Sequence[float], origins: int) -> Metrics:
    levels = tuple(sorted(quantiles))
    loss, naive = _losses(s.y, s.q, levels), _losses(s.y, s.naive, levels)
    point = moments(levels, s.q)[0] if len(levels) > 1 else s.q[:, 0]
    low, high = (int(np.argmin(np.abs(np.asarray(levels) - level))) for level in (0.1, 0.9))
    inside = (s.y >= s.q[:, low]) & (s.y <= s.q[:, high])
    return Metrics(
        origins=origins,
        days=len(np.unique(s.day)),
        values=int(s.y.size),
        pinball=float(loss.mean()),
        coverage_80=float(inside.mean()),
        bias=_bias(s.y, point),
        naive_pinball=float(naive.mean()),
    )


def _losses(y: FloatArray, q: FloatArray, levels: Sequence[float]) -> FloatArray:
    """Return the pinball loss of each value, the mean over the levels."""
    error = y[:, None] - q
    tau = np.asarray(levels)
    result: FloatArray = np.maximum(tau * error, (tau - 1.0) * error).mean(axis=1)
    return result


def _bias(y: FloatArray, point: FloatArray) -> float:
    total = float(y.sum())
    return float(point.sum() - total) / total if total > 0 else float(point.mean())
