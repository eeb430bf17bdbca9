"""`seamline bench sim`: station visits per second beside SimPy; plant time against wall time."""

from collections.abc import Callable
from typing import Any

from seamline_broker.clock import WallClock

SECONDS = 20.0
WEEK_DAYS = 7
SEASON_DAYS = 180


def run(
    note: Callable[[str], None], seconds: float = SECONDS, days: float = WEEK_DAYS
) -> dict[str, Any]:
    """Measure the engine and return the figures.

    `seconds` is for the two engines together; `days` of the `demo` scenario come on top.

    Raises:
        PluginError: if SimPy is not installed.
    """
    from seamline_platform.experiments.engines import compare
    from seamline_platform.experiments.headless import run_scenario, season_cpu

    clock = WallClock()
    note(f"One line of 21 stations, our engine and SimPy in turns, {seconds:g} s ...")
    both = compare(seconds, clock)
    note(f"Scenario demo, {days:g} plant days (nights and a Sunday included), headless ...")
    demo = run_scenario(scenario="demo", days=days, seed=1, clock=clock)
    part = min(SEASON_DAYS, max(1, round(days * SEASON_DAYS / WEEK_DAYS)))
    note(f"Scenario demo as a season of {part} days in tokens, its market drawn before ...")
    season = season_cpu(part, seed=1)
    table = _table_cost(note) if days >= WEEK_DAYS else {}
    return {
        **season,
        **table,
        "visits_per_s": round(both.visits_per_s),
        "simpy_visits_per_s": round(both.simpy_visits_per_s),
        "ratio": round(both.ratio, 2),
        "rounds": both.rounds,
        "pieces_per_h": round(both.pieces_per_h, 1),
        "simpy_pieces_per_h": round(both.simpy_pieces_per_h, 1),
        "plant_time_ratio": demo["plant_time_ratio"],
        "demo_days": demo["days"],
        "demo_visits_per_s": demo["visits_per_s"],
        "demo_wall_s": demo["wall_s"],
        "digest": demo["digest"],
    }


def _table_cost(note: Callable[[str], None]) -> dict[str, float]:
    """Return what a season costs with nothing and with everything on, and a quick table."""
    from seamline_platform.experiments.evidence.cost import table2_cost

    note("A quick season with nothing and with everything switched on ...")
    return table2_cost()
