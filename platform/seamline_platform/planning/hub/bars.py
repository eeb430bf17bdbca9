"""Schedules of the live problem in plant time, as bars that people and other programs read."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from seamline_platform.planning.hub.live import LivePlan
from seamline_platform.planning.shop.predictions import Prediction
from seamline_platform.planning.shop.problem import Problem
from seamline_platform.planning.shop.schedule import Row, Schedule


@dataclass(frozen=True, slots=True)
class PlanBar:
    """One order in a plan; times are plant time, epoch ms. See `api.plan_models.PlannedOrder`."""

    order: str
    site: str
    line: str
    start_ms: int
    sew_ms: int
    end_ms: int
    setup_min: int
    kit_ms: int
    due_ms: int
    late_min: int
    p50_ms: int | None
    p90_ms: int | None
    style: str
    colour: str
    pieces: int
    weight: int
    state: str
    frozen: bool
    locked: bool


def bars_of(
    live: LivePlan,
    problem: Problem,
    schedule: Schedule,
    prediction: Prediction | None = None,
    locked: Collection[str] = (),
) -> tuple[PlanBar, ...]:
    """Return the bars of a schedule of `problem`, line by line in sequence.

    `live` tells the states of orders, `prediction` the quantiles of the last stitch.
    """
    quantiles = {o.order: o.sewn for o in prediction.orders} if prediction else {}
    fixed = {name for row in problem.fixed.values() for name in row}
    rows = sorted(schedule.rows, key=lambda r: (r.line, r.sew_start, r.sew_end))
    return tuple(
        _bar(live, problem, row, quantiles.get(row.order), row.order in fixed, row.order in locked)
        for row in rows
    )


def _bar(
    live: LivePlan,
    problem: Problem,
    row: Row,
    quantiles: tuple[int, int, int] | None,
    frozen: bool,
    locked: bool,
) -> PlanBar:
    order = problem.order_of[row.order]
    site, _, line = row.line.partition("/")

    def ms(tick: int) -> int:
        return problem.start_ms + tick * problem.tick_ms

    start = row.setup_start if row.setup else row.sew_start
    return PlanBar(
        order=row.order,
        site=site,
        line=line,
        start_ms=ms(start),
        sew_ms=ms(row.sew_start),
        end_ms=ms(row.sew_end),
        setup_min=row.setup,
        kit_ms=ms(order.kit or 0),
        due_ms=ms(order.due),
        late_min=row.late,
        p50_ms=quantiles[1] if quantiles else None,
        p90_ms=quantiles[2] if quantiles else None,
        style=order.style,
        colour=order.colour,
        pieces=order.pieces,
        weight=order.weight,
        state=live.states.get(row.order, "received"),
        frozen=frozen,
        locked=locked,
    )


def line_map(schedule: Schedule) -> Mapping[str, str]:
    """Return the line of each order of a schedule."""
    return {row.order: row.line for row in schedule.rows}
