"""Earlier origins inside a history: what was known there, and what came after."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seamline_platform.demand.frame import FloatArray, Panel
from seamline_platform.demand.frequency import Frequency


def spread_out(ids: Sequence[str], most: int) -> tuple[str, ...]:
    """Return at most `most` of the names, evenly spread over their order."""
    if len(ids) <= most:
        return tuple(ids)
    places = np.linspace(0, len(ids) - 1, most).round().astype(int)
    return tuple(ids[place] for place in places)


def history_until(
    history: pa.Table,
    freq: Frequency,
    origin: int,
    horizon: int,
    ids: Sequence[str] | None = None,
    memory: int = 0,
) -> pa.Table:
    """Return what was known before period `origin` (an ordinal) of the series `ids`, or of all.

    Rows of the `horizon` periods from `origin` on stay with an empty `y`, without stock-outs, if
    their prices, promotions or covariates are known ahead at the end of the history too: what is
    not planned there was not planned then. `memory` above 0 keeps only so many periods before the
    origin. Series without a value before the origin are left out.
    """
    period = freq.ordinals(history["ds"])
    known = pc.is_valid(history["y"]).to_numpy(zero_copy_only=False)
    planned = _planned(history, period > period[known].max())
    before = period < origin
    if memory > 0:
        before &= period >= origin - memory
    begun = pc.unique(history["unique_id"].filter(pa.array(before & known)))
    wanted = begun if ids is None else pa.array(sorted(set(ids) & set(begun.to_pylist())))
    mine = pc.is_in(history["unique_id"], value_set=wanted).to_numpy(zero_copy_only=False)
    past = history.filter(pa.array(before & mine))
    if not planned:
        return past
    ahead = history.filter(pa.array(mine & (period >= origin) & (period < origin + horizon)))
    return pa.concat_tables([past, _blanked(ahead, planned)])


def _planned(history: pa.Table, ahead: np.ndarray) -> frozenset[str]:
    """Return the columns besides `y` and stock-outs that have values after the last known `y`."""
    rows = history.filter(pa.array(ahead))
    others = [n for n in rows.column_names if n not in ("unique_id", "ds", "y", "stockout_min")]
    numbers = [n for n in others if pa.types.is_floating(rows.schema.field(n).type)]
    return frozenset(n for n in numbers if rows[n].null_count < len(rows))


def _blanked(rows: pa.Table, planned: frozenset[str]) -> pa.Table:
    """Return rows without what was not known ahead; texts that belong to a series stay."""
    for place, name in enumerate(rows.column_names):
        kind = rows.schema.field(name).type
        if name == "y" or (pa.types.is_floating(kind) and name not in planned):
            rows = rows.set_column(place, rows.schema.field(name), pa.nulls(len(rows), kind))
    return rows


def known_after(panel: Panel, past: Panel, horizon: int) -> FloatArray:
    """Return (series of `past`, horizon) what came after `past`, out of the later `panel`.

    NaN where it is not known, or was cut short by a stock-out.
    """
    place = {name: i for i, name in enumerate(panel.ids)}
    rows = [place[name] for name in past.ids]
    first = past.next_period - panel.start
    span = slice(first, first + horizon)
    came = np.full((len(rows), horizon), np.nan)
    found = np.where(panel.out_share[rows, span] > 0.0, np.nan, panel.y[rows, span])
    came[:, : found.shape[1]] = found
    return came
