"""Makes or restores the running plant of a run folder: first start with its past, or going on."""

import logging
import multiprocessing
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from seamline_broker.clock import Clock, WallClock
from seamline_broker.contracts.events import Event
from seamline_broker.errors import ConfigError, SeamlineError, StoreError
from seamline_broker.parentwatch import die_with_parent
from seamline_edge.field.demand import DemandRow, read_demand
from seamline_edge.field.journal import Entry, Journal
from seamline_edge.field.pace import Pacer, PaceState
from seamline_edge.field.plant import RunningPlant
from seamline_sim import Scenario, World, load_scenario
from seamline_sim.drivers import Input
from seamline_sim.prerun import prerun

_log = logging.getLogger(__name__)

HISTORY_DAYS: Final = 84


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What a run is started with. Scenario, seed and demand cannot change later."""

    folder: Path
    scenario: str = "demo"
    seed: int = 1
    speed: float = 60.0
    sample_budget: float = 2_000.0
    demand: Path | None = None
    fresh: bool = False
    prerun: bool = True
    start: str = ""
    """Names one start by a supervisor: a field that died and comes again keeps its pace."""

    def __post_init__(self) -> None:
        if not 0.1 <= self.speed <= 20_000:
            raise ConfigError(f"--speed {self.speed:g} is not in 0.1 to 20000.")
        if not 1 <= self.sample_budget <= 1_000_000:
            raise ConfigError(f"--sample-budget {self.sample_budget:g} is not in 1 to 1000000.")


def open_plant(settings: RunSettings, clock: Clock) -> tuple[RunningPlant, str]:
    """Return the running plant of a folder and the id of its run.

    Raises:
        ConfigError: if scenario or demand cannot be used, or are not those of the run.
        StoreError: if the folder cannot be read or written.
    """
    journal = Journal(settings.folder)
    if settings.fresh:
        journal.clear()
    scenario = load_scenario(settings.scenario)
    rows = None
    if settings.demand is not None:
        start = datetime.fromtimestamp(scenario.start_ms / 1000, UTC).date()
        rows = read_demand(settings.demand, start, HISTORY_DAYS)
    wanted = {
        "scenario": settings.scenario,
        "scenario_sha": sha256(repr(scenario).encode()).hexdigest()[:16],
        "seed": settings.seed,
        "demand_sha": sha256(repr(rows).encode()).hexdigest()[:16] if rows is not None else "",
    }
    identity = journal.identity()
    if identity is None:
        _prepare(settings, scenario, rows, wanted)
        identity = Journal(settings.folder).identity() or {}
    for key, value in wanted.items():
        if key == "demand_sha" and rows is None:
            continue  # a second start need not name the file again: its sales are in the snapshot
        if identity.get(key) != value:
            raise ConfigError(
                f"The run in {settings.folder} was started with {key}={identity.get(key)!r}, not "
                f"{value!r}. Start with --fresh for a new run, or choose another run folder."
            )
    restored = journal.restore()
    plant = _plant(settings, World.restore(restored.world), scenario, journal, clock)
    plant.resume(restored)
    if _is_new_start(settings):
        plant.set_pace(settings.speed)
    _log.info("Run goes on run=%s plant_ms=%d", identity["run"], plant.plant_ms)
    return plant, str(identity["run"])


def _is_new_start(settings: RunSettings) -> bool:
    """Tell whether somebody has just started the run, so that the speed asked for counts."""
    if not settings.start:
        return True
    path = settings.folder / "start.txt"
    try:
        known = path.read_text() if path.exists() else ""
        path.write_text(settings.start)
    except OSError as exc:
        raise StoreError(f"{path} cannot be written: {exc}.") from exc
    return known != settings.start


def _prepare(
    settings: RunSettings,
    scenario: Scenario,
    rows: Sequence[DemandRow] | None,
    wanted: dict[str, Any],
) -> None:
    """Make a first start in a process of its own: what it leaves in memory goes with it."""
    context = multiprocessing.get_context("fork")  # no other thread runs yet
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(
        target=_prepared, args=(sender, settings, scenario, rows, wanted), name="first-start"
    )
    process.start()
    sender.close()
    try:
        error: SeamlineError | None = receiver.recv()
    except EOFError:
        error = StoreError(f"The first start in {settings.folder} ended before it was done.")
    process.join()
    if error is not None:
        raise error


def _prepared(
    sender: Connection,
    settings: RunSettings,
    scenario: Scenario,
    rows: Sequence[DemandRow] | None,
    wanted: dict[str, Any],
) -> None:
    ask_kernel = die_with_parent()
    if ask_kernel is not None:
        ask_kernel()
    try:
        _first_start(settings, scenario, rows, wanted)
    except SeamlineError as exc:
        sender.send(exc)
    else:
        sender.send(None)


def _plant(
    settings: RunSettings, world: World, scenario: Scenario, journal: Journal, clock: Clock
) -> RunningPlant:
    return RunningPlant(
        world, journal, Pacer(PaceState(settings.speed)), scenario.sellers,
        settings.seed, settings.sample_budget, clock.steady_s,
    )  # fmt: skip


def _first_start(
    settings: RunSettings,
    scenario: Scenario,
    rows: Sequence[DemandRow] | None,
    wanted: dict[str, Any],
) -> None:
    """Let the world have its past and write the first snapshot."""
    clock = WallClock()
    journal = Journal(settings.folder)
    journal.clear()  # what an interrupted first start has left
    world = World.create(scenario, settings.seed, rows)
    past: list[Event] = []
    inputs: list[Entry] = []
    if settings.prerun:
        before = prerun(world, history_days=HISTORY_DAYS)
        past, inputs = before.events, list(_entries(before.inputs))
    plant = _plant(settings, world, scenario, journal, clock)
    plant.begin([*past, *world.take_outbox()])
    run = secrets.token_hex(4)
    journal.begin(wanted | {"run": run, "start_ms": world.start_ms}, inputs)


def _entries(inputs: Iterable[Input]) -> Iterator[Entry]:
    """Yield the inputs of the pre-run as entries of the journal: time first, then the command."""
    for entry in inputs:
        yield ["t", entry.t_us]
        if entry.name:
            yield ["c", entry.id, entry.node, entry.name, dict(entry.args)]
