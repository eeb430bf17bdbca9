"""A run of the world alone, with its own integer policy: KPIs, and a digest to compare machines by.

No solver and no floating-point library decides anything in here, so equal scenario, days and seed
give an equal digest wherever Python runs.
"""

import gc
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from seamline_broker.clock import Clock, WallClock
from seamline_broker.contracts.events import Event
from seamline_broker.errors import ConfigError
from seamline_platform.experiments.tally import Tally
from seamline_platform.streams import formulas
from seamline_platform.streams.sums import values
from seamline_sim import World, foreman_for, load_scenario, run_headless
from seamline_sim.core import DAY_US, HOUR_US

STEP_US = HOUR_US
"""Progress is told so often; a run in pieces equals a run in one piece."""
_MIN_PER_DAY = 1440

Progress = Callable[[float], None]
"""Called with the share of the run that is done, 0 to 1."""


def run_scenario(
    *,
    scenario: str | Path = "demo",
    days: float = 5,
    seed: int = 1,
    clock: Clock | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Run a scenario for `days` of plant time and return its KPIs, figures of speed and digest.

    Orders are dispatched and stock is replenished by `seamline_sim.Foreman`. Times of the machine
    (`wall_s`, `plant_time_ratio`, `visits_per_s`) are no part of the digest. Without `progress`, a
    bar is drawn on standard error when that is a terminal.

    Raises:
        ConfigError: if the scenario has a value that is not allowed, or `days` is not positive.
    """
    if not 0 < days <= 3_650:
        raise ConfigError(f"days is {days!r}; allowed: more than 0, at most 3650.")
    loaded = load_scenario(scenario)
    clock = clock or WallClock()
    with _bar(f"{loaded.name}, seed {seed}", progress) as shown, _no_collector():
        return _run(World.create(loaded, seed), days, clock, shown)


def season_cpu(days: int = 180, seed: int = 1) -> dict[str, Any]:
    """Run the `demo` scenario at resolution `bundle` under Foreman; return its cost in CPU seconds.

    The market's days are drawn before the clock starts: policies of one seed share them. Decisions
    are made every six hours.
    """
    world = World.create(load_scenario("demo"), seed, resolution="bundle")
    world.market.keep_days = True
    for day in range(days + 1):
        world.market.day(day, world.periods)
    policy = foreman_for(world)
    with _no_collector():
        begun_s = time.process_time()
        run_headless(world, days * DAY_US, policy, policy.learn, every_us=6 * HOUR_US)
        cpu_s = time.process_time() - begun_s
    return {
        "season_days": days,
        "season_cpu_s": round(cpu_s, 2),
        "season_garments": sum(line.sewn for line in world.lines),
    }


def _run(world: World, days: float, clock: Clock, progress: Progress) -> dict[str, Any]:
    tally = Tally()
    policy = foreman_for(world)
    end_us = round(days * DAY_US)

    def read(events: list[Event]) -> None:
        tally.take(events)
        policy.learn(events)

    began_s = clock.steady_s()
    while world.now_us < end_us:
        run_headless(world, min(world.now_us + STEP_US, end_us), policy, read)
        progress(world.now_us / end_us)
    tally.take(world.take_outbox())
    tally.close(world.now_ms)
    wall_s = max(clock.steady_s() - began_s, 1e-9)
    return {
        "scenario": world.scenario.name,
        "seed": world.seed,
        "days": days,
        **_kpis(world, tally),
        "events": world.events_done,
        "station_visits": tally.sums.operations,
        "wall_s": round(wall_s, 3),
        "plant_time_ratio": round(end_us / 1e6 / wall_s),
        "visits_per_s": round(tally.sums.operations / wall_s),
        "digest": world.digest(),
    }


def _kpis(world: World, tally: Tally) -> dict[str, Any]:
    sums = tally.sums
    energy_wh = [world.observe_line(line.node).energy_wh for line in world.lines]
    sums.energy_kwh, sums.metered_good = sum(energy_wh) / 1000, sums.good
    sums.wip = sum(line.wip for line in world.lines)
    left = sums.good + sums.scrapped
    area_us = sum(line.wip_area + line.wip * (world.now_us - line.wip_us) for line in world.lines)
    return {
        "pieces_sewn": sums.good,
        "pieces_scrapped": sums.scrapped,
        **{name: _rounded(value) for name, value in values(sums).items()},
        "wip_mean": _rounded(area_us / world.now_us),
        "line_time_h": _rounded(formulas.lead_time_h(tally.flow_ms, sums.good)),
        "first_pass_yield": _rounded(tally.first_pass / left if left else None),
        "defects_per_hundred": _rounded(100 * tally.defects / left if left else None),
        "orders": tally.orders,
        "replenishment_orders": tally.replenishment_orders,
        "dispatched": tally.dispatched,
        "delivered": sums.delivered,
        "delivered_pieces": tally.delivered_pieces,
        "orders_waiting": sum(o.state in ("received", "promised") for o in world.orders.values()),
        "breakdowns": tally.breakdowns,
        "stops": tally.stops,
        "style_changes": tally.style_changes,
        **_shop(world, tally),
    }


def _shop(world: World, tally: Tally) -> dict[str, Any]:
    """Return what consumers wanted and got: the truth, which only a scorer may see."""
    houses = world.warehouses.values()
    wanted, sold = sum(h.wanted for h in houses), sum(h.sales for h in houses)
    stock = sum(n for h in houses for n in h.stock.values())
    whole_days = world.now_us // DAY_US
    sku_min = whole_days * _MIN_PER_DAY * sum(len(h.stock) for h in houses)
    per_day = sold / (world.now_us / DAY_US)
    return {
        "demand_pieces": wanted,
        "sales_pieces": sold,
        "fill_rate": _rounded(sold / wanted if wanted else None),
        "stock_pieces": stock,
        "stock_days": _rounded(stock / per_day if sold else None),
        "stockout_share": _rounded(tally.stockout_min / sku_min if sku_min else None),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


@contextmanager
def _no_collector() -> Iterator[None]:
    """Keep Python from searching for cycles: the world makes none, but has a million objects."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


@contextmanager
def _bar(title: str, given: Progress | None) -> Iterator[Progress]:
    """Draw a bar on standard error, if a person sits there and the caller has none."""
    if given is not None or not sys.stderr.isatty():
        yield given or (lambda share: None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=1.0)
        yield lambda share: bar.update(task, completed=share)
