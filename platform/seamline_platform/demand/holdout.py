"""The last periods of a history held back: what was known before them, and what came."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seamline_platform.demand.frame import FloatArray, Panel

_PLANNED = ("unique_id", "ds")


@dataclass(frozen=True, slots=True)
class Holdout:
    """A history as it was `periods` periods ago, and the sales since.

    `actual` is (series, periods) in the order of the whole panel: NaN where a stock-out cut the
    sales short, or nothing was sold yet.
    """

    history: pa.Table
    panel: Panel
    actual: FloatArray


def hold_out(history: pa.Table, panel: Panel, periods: int) -> Holdout | None:
    """Return the history without its last periods; None if no series sold anything before them.

    Rows of the periods held back stay with what was known ahead of them: columns that are known
    ahead today, and texts. A series that began since stays with such rows alone.
    """
    end = panel.periods - periods
    if end < 1 or not (panel.y[:, :end] > 0).any():
        return None
    at = panel.freq.ordinals(history["ds"])
    past = at < panel.start + end
    held = ~past & (at < panel.next_period)
    ahead = history.filter(pa.array(at >= panel.next_period))
    rows = history.filter(pa.array(held))
    for place, name in enumerate(rows.column_names):
        kept = name in _PLANNED or pa.types.is_string(rows.schema.field(name).type)
        if not kept and ahead[name].null_count == len(ahead):
            empty = pa.chunked_array([pa.nulls(len(rows), rows.schema.field(name).type)])
            rows = rows.set_column(place, name, empty)
    place = rows.column_names.index("y")
    rows = rows.set_column(place, "y", pa.chunked_array([pa.nulls(len(rows), pa.float64())]))
    before = pa.concat_tables([history.filter(pa.array(past)), rows]).combine_chunks()
    hidden = panel.out_share[:, end:] > 0
    return Holdout(before, _cut(panel, end), np.where(hidden, np.nan, panel.y[:, end:]))


def _cut(panel: Panel, end: int) -> Panel:
    """Return the panel as `panel_of` would make it of the history before `end`."""
    return Panel(
        panel.ids,
        panel.freq,
        panel.start,
        panel.y[:, :end],
        panel.out_share[:, :end],
        panel.price,
        panel.promo,
        _blind(panel, end),
        panel.static,
    )


def _blind(panel: Panel, end: int) -> dict[str, FloatArray]:
    """Return covariates as known at `end`: those that are not known ahead today end there."""
    result = {}
    for name, values in panel.covariates.items():
        known_ahead = ~np.isnan(values[:, panel.periods :]).all()
        result[name] = (
            values if known_ahead and values.shape[1] > panel.periods else values[:, :end]
        )
    return result


def known(history: pa.Table, ids: list[str]) -> pa.Table:
    """Return the rows of some series."""
    return history.filter(pc.is_in(history["unique_id"], value_set=pa.array(ids, pa.string())))
