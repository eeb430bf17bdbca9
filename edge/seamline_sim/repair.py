"""Stops: thread, needle and hard failures by running time, mechanics, repair."""

from seamline_sim import rng, station, tables
from seamline_sim.core import Core
from seamline_sim.state import Line, PlantState, Station


def entity(line: Line, st: Station) -> str:
    """Return the name under which a station draws its chance."""
    return f"{line.node}/{st.id}"


def plan_hard(w: Core, line: Line, st: Station) -> None:
    """Draw after how much more running time the machine fails (Weibull, it wears out)."""
    knot = tables.weibull2()[rng.u32(w.seed, "hard", entity(line, st), st.hard_n) >> 22]
    st.hard_n += 1
    life_ms = w.fig("machines.hard_mtbf_h") * 3_600_000 * knot // 1024
    # the first machines are not new: each has lived through some part of its life
    age_ms = 0
    if st.hard_n == 1:
        age_ms = life_ms * rng.below(rng.u32(w.seed, "age", entity(line, st)), 1000) // 1000
    st.hard_from_ms = st.run_ms - age_ms
    st.hard_ms = st.hard_from_ms + life_ms
    st.stop_ms = min(st.hard_ms, st.small_ms)


def plan_small(w: Core, line: Line, st: Station) -> None:
    """Draw after how much more running time thread or needle stop the machine (exponential)."""
    knot = tables.exponential()[rng.u32(w.seed, "small", entity(line, st), st.small_n) >> 22]
    st.small_n += 1
    st.small_ms = st.run_ms + w.fig("machines.small_mtbf_h") * 3_600_000 * knot // 1024
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
        draw = rng.u32(w.seed, "repair", entity(line, st), st.hard_n)
        knot = tables.lognormal(w.fig("machines.repair_spread_permille"))[draw >> 22]
        minutes = w.fig("machines.repair_min")
        _down(w, line, st, "breakdown", minutes * 60_000 * knot // 1024, minutes * 60_000)
        return
    draws = rng.words(w.seed, "stop", f"{entity(line, st)}|{st.small_n}", 2)
    needle = rng.below(draws[0], 1000) < w.fig("machines.needle_permille")
    if st.machine in ("MNL", "IRON", "QC", "PACK"):
        needle = False
    mean_ms = w.fig("machines.needle_stop_s" if needle else "machines.thread_stop_s") * 1000
    ms = mean_ms * tables.lognormal(500)[draws[1] >> 22] // 1024
    _down(w, line, st, "needle" if needle else "thread", ms, mean_ms)


def break_now(w: Core, line: Line, st: Station, minutes: int) -> None:
    """Break a machine on command."""
    if st.seg_ms:
        gone = (w.now_us - st.seg_start_us) // 1000
        st.run_ms += gone
        st.sewn_ms += gone
        st.left_ms += st.seg_ms - gone
        st.seg_ms = 0
        st.token += 1
    _down(w, line, st, "injected", minutes * 60_000, minutes * 60_000)


def _down(w: Core, line: Line, st: Station, cause: str, repair_ms: int, expected_ms: int) -> None:
    st.down, st.down_us, st.repair_ms = cause, w.now_us, repair_ms
    st.load += station.AWAY
    w.emit(line.node, "station", st.id, "down", cause, expected_ms)
    if cause in ("thread", "needle"):
        w.at(w.now_us + repair_ms * 1000, "up", line.index, st.index)
        return
    w.emit(line.node, "andon", st.id, "mechanic", "open")
    w.plants[line.plant].waiting.append((line.index, st.index))
    station.send_on(w, line, st, with_job=False)
    call_mechanics(w, w.plants[line.plant])


def call_mechanics(w: Core, plant: PlantState) -> None:
    """Send free mechanics to the stations that wait, in sequence."""
    while plant.free and plant.waiting:
        line_index, station_index = plant.waiting.pop(0)
        plant.free -= 1
        line = w.lines[line_index]
        st = line.stations[station_index]
        st.in_repair = True
        w.at(w.now_us + w.fig("machines.walk_s") * 1_000_000, "answered", line_index, station_index)


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
    if st.in_repair:
        st.in_repair = False
        plant = w.plants[line.plant]
        plant.free += 1
        w.emit(line.node, "andon", st.id, "mechanic", "closed")
        if cause == "breakdown":
            plan_hard(w, line, st)
        call_mechanics(w, plant)
    else:
        plan_small(w, line, st)
    w.emit(line.node, "station", st.id, "up", "repaired", 0)
    station.resume(w, line, st)
