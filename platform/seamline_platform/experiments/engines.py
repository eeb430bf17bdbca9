"""Our engine beside SimPy on the same line, in turns, so that other load falls on both."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from seamline_broker.clock import Clock
from seamline_broker.errors import PluginError
from seamline_platform.experiments.one_line import OneLine

HOURS_PER_STEP = 4
_WARM_UP_H = 4


class Engine(Protocol):
    """A running line: it goes on for some plant hours, and counts its station visits."""

    @property
    def visits(self) -> int:
        """Station visits done so far."""

    def advance(self, hours: int) -> None:
        """Run on."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Medians over the rounds, and what both models made of the same line."""

    visits_per_s: float
    simpy_visits_per_s: float
    ratio: float
    """Median of the rounds' ratios: both parts of a round ran one right after the other."""
    rounds: int
    pieces_per_h: float
    simpy_pieces_per_h: float


def compare(seconds: float, clock: Clock, rounds: int = 5) -> Comparison:
    """Run both engines in turns for about `seconds` and return their speeds.

    Raises:
        PluginError: if SimPy is not installed.
    """
    try:
        from seamline_platform.experiments.simpy_line import SimpyLine
    except ImportError as exc:
        raise PluginError(
            "SimPy is not installed; it is a development dependency: pip install 'simpy>=4.1'."
        ) from exc
    ours = OneLine()
    theirs = SimpyLine(ours)
    ours.advance(_WARM_UP_H)
    theirs.advance(_WARM_UP_H)
    start, start_theirs = ours.line.sewn, theirs.sewn
    hours = hours_theirs = 0
    speeds: list[tuple[float, float]] = []
    for _ in range(rounds):
        speed, done = measure(ours, seconds / rounds / 2, clock.steady_s)
        speed_theirs, done_theirs = measure(theirs, seconds / rounds / 2, clock.steady_s)
        speeds.append((speed, speed_theirs))
        hours += done
        hours_theirs += done_theirs
    return Comparison(
        statistics.median(a for a, _ in speeds),
        statistics.median(b for _, b in speeds),
        statistics.median(a / b for a, b in speeds),
        rounds,
        (ours.line.sewn - start) / hours,
        (theirs.sewn - start_theirs) / hours_theirs,
    )


def measure(engine: Engine, seconds: float, now_s: Callable[[], float]) -> tuple[float, int]:
    """Run for about `seconds`; return visits per second, and the plant hours that were run."""
    visits, hours, began = engine.visits, 0, now_s()
    while True:
        engine.advance(HOURS_PER_STEP)
        hours += HOURS_PER_STEP
        gone = now_s() - began
        if gone >= seconds and gone > 0:
            return (engine.visits - visits) / gone, hours
