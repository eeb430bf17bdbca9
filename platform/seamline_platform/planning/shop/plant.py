"""The plant of a maker's catalogue as a scheduling problem without orders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, time
from typing import Final

from seamline_broker.contracts.catalogue import Catalogue, LineInfo
from seamline_platform.planning.shop.problem import (
    Line,
    Order,
    Problem,
    Ramp,
    Setups,
    Stage,
    Style,
)
from seamline_platform.planning.shop.times import Shift, work_times

MINUTE_MS: Final = 60_000
HORIZON_DAYS: Final = 400


@dataclass(frozen=True, slots=True)
class Estimates:
    """What a catalogue does not say and a planner has to assume; minutes, shares."""

    efficiency: float = 0.52
    """Line efficiency: pieces x SMV / (operators x shift minutes)."""
    cut_tables: int = 2
    cut_min_per_piece: float = 0.12
    finish_places: int = 4
    finish_min_per_piece: float = 0.2
    ramp: Ramp = field(default_factory=lambda: Ramp(0.25, 0.1, 120))


def plant_of(
    catalogue: Catalogue,
    start_ms: int,
    orders: Sequence[Order] = (),
    estimates: Estimates | None = None,
    efficiency: Mapping[str, float] | None = None,
) -> Problem:
    """Return the problem of a catalogue's lines and styles from `start_ms` on, in minutes.

    `efficiency` holds measured line efficiencies by `site/line`; others are estimated.
    """
    guess = estimates or Estimates()
    measured = efficiency or {}
    styles = tuple(
        Style(
            name,
            style.bulletin,
            catalogue.smv_ms(name) / MINUTE_MS,
            guess.cut_min_per_piece,
            guess.finish_min_per_piece,
        )
        for name, style in catalogue.styles.items()
    )
    families = sorted({style.family for style in styles})
    shifts = {(x.shift_start_min, x.shift_end_min) for x in catalogue.lines}
    calendars = {
        _calendar(shift): work_times(
            [Shift(_clock(shift[0]), _clock(shift[1]), catalogue.workdays)],
            UTC, start_ms, HORIZON_DAYS,
        )
        for shift in sorted(shifts)
    }  # fmt: skip
    return Problem(
        name="catalogue",
        styles=styles,
        orders=tuple(orders),
        lines=tuple(
            _line(x, families, measured.get(f"{x.site}/{x.line}", guess.efficiency))
            for x in catalogue.lines
        ),
        cutting=Stage(
            guess.cut_tables,
            min(calendars, default=""),
            catalogue.transport_min["same_region"],
        ),
        finishing=Stage(
            guess.finish_places,
            min(calendars, default=""),
            catalogue.transport_min["same_region"],
        ),
        setups=Setups(
            catalogue.setup_min["same_style"],
            catalogue.setup_min["same_bulletin"],
            catalogue.setup_min["other"],
        ),
        ramp=guess.ramp,
        calendars=calendars,
        start_ms=start_ms,
        tick_ms=MINUTE_MS,
    )


def _line(info: LineInfo, families: Sequence[str], efficiency: float) -> Line:
    return Line(
        f"{info.site}/{info.line}",
        info.operators,
        dict.fromkeys(families, efficiency),
        _calendar((info.shift_start_min, info.shift_end_min)),
    )


def _calendar(shift: tuple[int, int]) -> str:
    return f"{shift[0] // 60:02d}:{shift[0] % 60:02d}-{shift[1] // 60:02d}:{shift[1] % 60:02d}"


def _clock(minute: int) -> time:
    return time(minute // 60 % 24, minute % 60)
