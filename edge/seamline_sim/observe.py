"""What sensors can see of a line: cumulative counters and states, without changing anything."""

from dataclasses import dataclass

from seamline_sim.core import Core
from seamline_sim.line import extra_w, stitches_per_s
from seamline_sim.state import Line, Station


@dataclass(frozen=True, slots=True)
class StationSample:
    """One station at one instant. Counters only grow. `wear` (0 to 1) is truth: sensors blur it."""

    id: str
    machine: str
    state: str
    """run | idle | starved | setup | down | off."""
    order: str
    op: str
    pieces: int
    stitches: int
    running_ms: int
    energy_wh: float
    wear: float
    waiting: int


@dataclass(frozen=True, slots=True)
class LineSample:
    """One line at one instant."""

    wip: int
    power_w: int
    energy_wh: int
    operators: int
    open: bool
    sewn: int


def _open_ms(w: Core, line: Line) -> int:
    return line.open_ms + ((w.now_us - line.mark_us) // 1000 if line.open else 0)


def state_of(line: Line, st: Station) -> str:
    """Return the state of a station."""
    if st.down:
        return "down"
    if st.seg_ms:
        return "run"
    if not line.open or not st.manned:
        return "off"
    if line.setup_us:
        return "setup"
    return "starved" if line.sewing else "idle"


def sample_station(w: Core, line: Line, st: Station) -> StationSample:
    """Return what a station's sensors could know now."""
    going = min(st.seg_ms, (w.now_us - st.seg_start_us) // 1000) if st.seg_ms else 0
    running = st.run_ms + going
    since = running - st.machine_from_ms
    energy = st.energy_mj + since * extra_w(w, st.machine)
    energy += w.fig("energy.idle_w") * _open_ms(w, line)
    job = st.job
    return StationSample(
        id=st.id,
        machine=st.machine,
        state=state_of(line, st),
        order=job.order.id if job else "",
        op=line.plan.ops[job.op].op if job else "",
        pieces=st.pieces,
        stitches=st.stitches + since * stitches_per_s(w, st.machine) // 1000,
        running_ms=running,
        energy_wh=energy / 3_600_000,
        wear=(running - st.hard_from_ms) / max(1, st.hard_ms - st.hard_from_ms),
        waiting=len(st.queue),
    )


def energy_mj(w: Core, line: Line) -> int:
    """Return the energy that a line has taken since the start, millijoule."""
    open_ms = _open_ms(w, line)
    total = open_ms * w.fig("energy.line_open_w")
    total += (w.now_us // 1000 - open_ms) * w.fig("energy.line_closed_w")
    total += len(line.stations) * w.fig("energy.idle_w") * open_ms
    for st in line.stations:
        going = min(st.seg_ms, (w.now_us - st.seg_start_us) // 1000) if st.seg_ms else 0
        total += st.energy_mj + (st.run_ms + going - st.machine_from_ms) * extra_w(w, st.machine)
    return total


def sample_line(w: Core, line: Line) -> LineSample:
    """Return what a line's meters could know now."""
    power = w.fig("energy.line_open_w") if line.open else w.fig("energy.line_closed_w")
    if line.open:
        power += len(line.stations) * w.fig("energy.idle_w")
    power += sum(extra_w(w, st.machine) for st in line.stations if st.seg_ms)
    return LineSample(
        wip=line.wip,
        power_w=power,
        energy_wh=energy_mj(w, line) // 3_600_000,
        operators=line.operators,
        open=line.open,
        sewn=line.sewn,
    )
