"""NewStyle: forecasts of styles with little or no history, from styles that are like them."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from seamline_platform.demand.frame import forecast_table, panel_of
from seamline_platform.demand.stylecast import StyleCast


class NewStyle:
    """Attribute analogues, signals before the launch, early sales: one gamma belief per style.

    What is known of a style that was never sold are its attributes (text columns of the frame:
    category, fabric, price band, ..) and what came in before the launch (number columns
    `favourites` and `deposits`). Earlier styles say what attributes and signals are worth; early
    sales correct it, stock-outs considered; text columns `launch` and `last` (dates) place a style
    in its life, whose shape earlier lives tell. Without any of these columns it is a level per
    style with the rhythm of the week. See `stylemodel` for the formulas, docs/brain.md for all of
    it in words.

    Sales below zero are returns and count as 0. Frames of other frequencies than days are taken
    without rhythm of the week and lives.
    """

    def __init__(self, seed: int = 7) -> None:
        self._seed = seed

    def forecast(self, history: pa.Table, horizon: int, quantiles: Sequence[float]) -> pa.Table:
        """Return the forecast as the long table `unique_id, ds, quantile, value`.

        Raises:
            ValueError: if nothing was ever sold.
        """
        panel = panel_of(history)
        values = StyleCast(panel, horizon, self._seed).daily(quantiles)
        return forecast_table(panel.ids, panel.next_period, quantiles, values, panel.freq)

    def cumulative(
        self, history: pa.Table, steps: Sequence[int], quantiles: Sequence[float]
    ) -> pa.Table:
        """Return quantiles of sums over the first `steps` periods.

        They come from earlier sums over as many periods: no quantile of a day is added.

        Raises:
            ValueError: if nothing was ever sold, or a step is below 1.
        """
        if not steps or min(steps) < 1:
            raise ValueError(f"Steps are whole numbers of periods from 1 on, not {list(steps)}.")
        panel = panel_of(history)
        values = StyleCast(panel, max(steps), self._seed).sums(steps, quantiles)
        return cumulative_table(panel.ids, steps, quantiles, values)


def cumulative_table(
    ids: Sequence[str], steps: Sequence[int], quantiles: Sequence[float], values: object
) -> pa.Table:
    """Return `values` (series, steps, quantiles) as table `unique_id, steps, quantile, value`."""
    array = np.asarray(values, dtype=np.float64)
    series, counts, levels = array.shape
    names = pa.array(list(ids), pa.string())
    return pa.table(
        {
            "unique_id": names.take(pa.array(np.repeat(np.arange(series), counts * levels))),
            "steps": pa.array(
                np.tile(np.repeat(np.asarray(steps, dtype=np.int64), levels), series)
            ),
            "quantile": pa.array(np.tile(np.asarray(quantiles, dtype=np.float64), series * counts)),
            "value": pa.array(array.reshape(-1)),
        }
    )
