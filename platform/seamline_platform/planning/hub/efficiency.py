"""Line efficiencies to plan with, from how long finished orders really took; bounded."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from seamline_broker.contracts.catalogue import Catalogue
from seamline_platform.planning.calendar import MINUTE_MS
from seamline_platform.planning.feedback import LEAST_ORDERS, Finished, Stop, feedback, noise_of
from seamline_platform.planning.hub.actuals import Actual
from seamline_platform.planning.hub.live import shift_times
from seamline_platform.planning.params import DispatchParams
from seamline_platform.planning.shop.noise import Noise
from seamline_platform.planning.shop.times import WorkTimes

BOUND: Final = 0.3
"""Measured efficiencies stay within this share of the planned one: data may be wrong too."""

Stops = Iterable[tuple[str, int, int]]
"""`site/line`, and when it stood: plant times, epoch ms."""


def learned(
    actuals: Iterable[Actual],
    stops: Stops,
    catalogue: Catalogue,
    params: DispatchParams,
    assumed: Noise,
) -> tuple[Mapping[str, float], Noise]:
    """Return efficiencies by `site/line` of lines whose finished orders say enough, and chance.

    Chance is as orders and stops say, and as `assumed` where they say nothing.

    Orders overlap on a line, so an order counts from the last stitch of the one before it (or from
    its own first stitch, if that came later) to its own last stitch. Working times are those of the
    line; stops count as breakdowns, not as slowness.
    """
    done = sorted((a for a in actuals if a.actual_end_ms), key=lambda a: a.actual_end_ms)
    if len(done) < LEAST_ORDERS:
        return {}, assumed
    base_ms = min(min(a.planned_start_ms, a.actual_start_ms) for a in done)
    base_ms -= base_ms % (24 * 60 * MINUTE_MS)
    times = shift_times(catalogue, base_ms)

    def tick(t_ms: int) -> int:
        return max((t_ms - base_ms) // MINUTE_MS, 0)

    stood = [Stop(line, tick(a), tick(b)) for line, a, b in stops if tick(b) > tick(a)]
    known = feedback(_finished(done, catalogue, params, times, tick), stood, times)
    low, high = params.efficiency * (1 - BOUND), params.efficiency * (1 + BOUND)
    efficiencies = {
        line: round(min(max(params.efficiency / fit.factor, low), high), 4)
        for line, fit in known.lines.items()
        if fit.factor != 1.0
    }
    return efficiencies, noise_of(known, assumed)


def _finished(
    done: Iterable[Actual],
    catalogue: Catalogue,
    params: DispatchParams,
    times: Mapping[str, WorkTimes],
    tick: Callable[[int], int],
) -> Iterable[Finished]:
    """Yield what feedback counts, with the work as it would be at `params.efficiency`."""
    last: dict[str, int] = {}
    for a in done:
        line = f"{a.site}/{a.line}"
        start, end = max(tick(a.actual_start_ms), last.get(line, 0)), tick(a.actual_end_ms)
        last[line] = end
        axis = times.get(line)
        if axis is None or a.style not in catalogue.styles:
            continue
        planned = axis.to_work(tick(a.planned_end_ms)) - axis.to_work(tick(a.planned_start_ms))
        work = round(planned * a.efficiency / params.efficiency)
        if work > 0 and axis.to_work(end) > axis.to_work(start):
            family = catalogue.styles[a.style].bulletin
            yield Finished(
                a.order, line, family, max(a.pieces, 1), work, tick(a.planned_start_ms),
                tick(a.planned_end_ms), start, end,
            )  # fmt: skip
