"""Stops by running time (thread, needle, bobbin, breakdown), mechanics, repair, maintenance."""

from seamline_sim import rng, station, tables, wear
from seamline_sim.core import Core
from seamline_sim.state import Line, PlantState, Station

BY_HAND = ("MNL", "QC", "PACK")
"""Classes of tables without a machine: nothing wears out there."""
_NO_NEEDLE = (*BY_HAND, "IRON")
NEVER = 1 << 60


def entity(line: Line, st: Station) -> str:
    """Return the name of the machine at a station, under which it draws its chance."""
    return f"{line.node}/{st.id}|{st.machine}"


def step_ms(w: Core) -> int:
    """Return the running time of one step of wear."""
    return w.fig("machines.hard_mtbf_h") * 3_600_000 // wear.STEPS


def life_of(w: Core, line: Line, st: Station) -> wear.Life:
    """Return the present life of the machine at a station."""
    return wear.life(
        w.seed,
        entity(line, st),
        st.hard_n,
        w.fig("machines.threshold_spread_permille"),
        w.fig("machines.stop_growth_permille"),
    )


def wear_ppm(w: Core, line: Line, st: Station, run_ms: int) -> int:
    """Return the wear of a machine when its station has run for `run_ms`, millionths: truth."""
    if st.machine in BY_HAND:
        return 0
    return life_of(w, line, st).wear_at(run_ms - st.hard_from_ms, step_ms(w))


def put_machine(w: Core, line: Line, st: Station) -> None:
    """Put the machine of class `st.machine` at a station.

    The one that stood here before, or one that has lived through some part of its life.
    """
    kept = st.shelf.pop(st.machine, None)
    if st.machine in BY_HAND:
        st.hard_ms = st.small_ms = st.stop_ms = NEVER
        return
    if kept is not None:
        lived_ms, st.hard_n, st.small_n, st.exposed_ms, st.small_due_ms = kept
        st.hard_from_ms = st.run_ms - lived_ms
    else:
        name = entity(line, st)
        st.hard_n, st.small_n, st.exposed_ms, st.small_due_ms = 1, 0, 0, 0
        age = rng.below(rng.u32(w.seed, "age", name), 1000)
        lived_ms = life_of(w, line, st).length(step_ms(w)) * age // 1000
        st.hard_from_ms = st.run_ms - lived_ms
        st.small_due_ms = _exposure_ms(w, line, st)
        _draw_small(w, line, st)
    _plan(w, line, st)


def take_machine(st: Station) -> None:
    """Put the machine of a station on the shelf, with what it has lived through."""
    if st.machine not in BY_HAND:
        lived_ms = st.run_ms - st.hard_from_ms
        st.shelf[st.machine] = [lived_ms, st.hard_n, st.small_n, st.exposed_ms, st.small_due_ms]


def renew(w: Core, line: Line, st: Station) -> None:
    """Begin the next life of a machine: it was repaired or maintained."""
    if st.machine in BY_HAND:
        return
    st.exposed_ms = _exposure_ms(w, line, st)
    st.hard_from_ms = st.run_ms
    st.hard_n += 1
    _plan(w, line, st)


def plan_small(w: Core, line: Line, st: Station) -> None:
    """Draw after how much more exposure thread, needle or bobbin stop a machine (exponential)."""
    _draw_small(w, line, st)
    _plan(w, line, st)


def _draw_small(w: Core, line: Line, st: Station) -> None:
    knot = tables.exponential()[rng.u32(w.seed, "small", entity(line, st), st.small_n) >> 22]
    st.small_n += 1
    st.small_due_ms += w.fig("machines.small_mtbf_h") * 3_600_000 * knot // 1024


def _exposure_ms(w: Core, line: Line, st: Station) -> int:
    here = life_of(w, line, st).exposure_at(st.run_ms - st.hard_from_ms, step_ms(w))
    return st.exposed_ms + here


def _plan(w: Core, line: Line, st: Station) -> None:
    life, step = life_of(w, line, st), step_ms(w)
    st.hard_ms = st.hard_from_ms + life.length(step)
    due = life.when(max(st.small_due_ms - st.exposed_ms, 0), step)
    st.small_ms = max(st.hard_from_ms + due, st.run_ms + 1)
    st.stop_ms = min(st.hard_ms, st.small_ms)


def stop(w: Core, line_index: int, station_index: int, token: int) -> None:
    """A machine stopped by itself in the middle of a job."""
    line = w.lines[line_index]
    st = line.stations[station_index]
    if token != st.token:
        return
    st.run_ms += st.seg_ms
    st.sewn_ms += st.seg_ms
    st.seg_ms = 0
    if st.run_ms >= st.hard_ms:
        minutes = w.fig("machines.repair_min")
        _down(w, line, st, "breakdown", repair_ms(w, line, st), minutes * 60_000)
        return
    cause, ms, mean_ms = small_stop(w, line, st)
    _down(w, line, st, cause, ms, mean_ms)


def repair_ms(w: Core, line: Line, st: Station) -> int:
    """Return how long the repair of the present breakdown takes (lognormal)."""
    draw = rng.u32(w.seed, "repair", entity(line, st), st.hard_n)
    knot = tables.lognormal(w.fig("machines.repair_spread_permille"))[draw >> 22]
    return w.fig("machines.repair_min") * 60_000 * knot // 1024


def small_stop(w: Core, line: Line, st: Station) -> tuple[str, int, int]:
    """Return cause, length and mean length (ms) of the present small stop."""
    draws = rng.words(w.seed, "stop", f"{entity(line, st)}|{st.small_n}", 2)
    kind = rng.below(draws[0], 1000)
    needle, bobbin = w.fig("machines.needle_permille"), w.fig("machines.bobbin_permille")
    cause = "thread"
    if st.machine not in _NO_NEEDLE and kind < needle:
        cause = "needle"
    elif st.machine == "SNL" and kind < needle + bobbin:
        cause = "bobbin"
    mean_ms = w.fig(f"machines.{cause}_stop_s") * 1000
    return cause, mean_ms * tables.lognormal(500)[draws[1] >> 22] // 1024, mean_ms


def break_now(w: Core, line: Line, st: Station, minutes: int) -> None:
    """Break a machine on command."""
    station.interrupt(w, st)
    _down(w, line, st, "injected", minutes * 60_000, minutes * 60_000)


def _down(w: Core, line: Line, st: Station, cause: str, length_ms: int, expected_ms: int) -> None:
    st.down, st.down_us, st.repair_ms = cause, w.now_us, length_ms
    st.load += station.AWAY
    w.emit(line.node, "station", st.id, "down", cause, expected_ms)
    if cause in ("thread", "needle", "bobbin"):
        if line.token_pieces:
            station.send_on(w, line, st, with_job=False)
        w.at(w.now_us + length_ms * 1000, "up", line.index, st.index)
        return
    w.emit(line.node, "andon", st.id, "mechanic", "open")
    w.plants[line.plant].waiting.append((line.index, st.index))
    station.send_on(w, line, st, with_job=False)
    call_mechanics(w, w.plants[line.plant])


def call_mechanics(w: Core, plant: PlantState) -> None:
    """Send free mechanics to the stations that wait, in sequence, then to planned maintenance."""
    while plant.free and plant.waiting:
        line_index, station_index = plant.waiting.pop(0)
        plant.free -= 1
        line = w.lines[line_index]
        st = line.stations[station_index]
        st.in_repair = True
        w.at(w.now_us + w.fig("machines.walk_s") * 1_000_000, "answered", line_index, station_index)
    for key in list(plant.planned):
        line = w.lines[key[0]]
        st = line.stations[key[1]]
        if plant.free and line.open and not st.down:
            plant.planned.remove(key)
            plant.free -= 1
            _maintain(w, line, st)


def _maintain(w: Core, line: Line, st: Station) -> None:
    station.interrupt(w, st)
    minutes = w.fig("machines.maintain_min")
    st.down, st.down_us, st.repair_ms = "maintenance", w.now_us, minutes * 60_000
    st.load += station.AWAY
    st.in_repair = True
    w.emit(line.node, "station", st.id, "down", "maintenance", st.repair_ms)
    station.send_on(w, line, st, with_job=False)
    w.at(w.now_us + st.repair_ms * 1000, "up", line.index, st.index)


def answered(w: Core, line_index: int, station_index: int) -> None:
    """A mechanic reached the station."""
    line = w.lines[line_index]
    st = line.stations[station_index]
    w.emit(line.node, "andon", st.id, "mechanic", "answered")
    w.at(w.now_us + st.repair_ms * 1000, "up", line_index, station_index)


def up(w: Core, line_index: int, station_index: int) -> None:
    """A station can work again."""
    line = w.lines[line_index]
    st = line.stations[station_index]
    cause, st.down = st.down, ""
    st.load -= station.AWAY
    plant = w.plants[line.plant]
    plant.stops[cause] = plant.stops.get(cause, 0) + 1
    plant.stop_ms[cause] = plant.stop_ms.get(cause, 0) + (w.now_us - st.down_us) // 1000
    if st.in_repair:
        _mechanic_done(w, plant, line, st, cause)
    else:
        plan_small(w, line, st)
    w.emit(line.node, "station", st.id, "up", "repaired", 0)
    station.resume(w, line, st)


def _mechanic_done(w: Core, plant: PlantState, line: Line, st: Station, cause: str) -> None:
    st.in_repair = False
    plant.free += 1
    plant.mechanic_ms += st.repair_ms
    if cause != "maintenance":
        plant.mechanic_ms += w.fig("machines.walk_s") * 1000
        w.emit(line.node, "andon", st.id, "mechanic", "closed")
    if cause != "injected":
        renew(w, line, st)
        if (line.index, st.index) in plant.planned:
            plant.planned.remove((line.index, st.index))
    call_mechanics(w, plant)
