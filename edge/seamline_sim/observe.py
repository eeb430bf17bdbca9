"""What sensors can see of a line: cumulative counters and states, without changing anything."""

from dataclasses import dataclass

from seamline_sim import tokens
from seamline_sim.core import Core
from seamline_sim.energy import closed_w, extra_w, line_mj, open_ms, open_w, running_ms
from seamline_sim.line import stitches_per_s
from seamline_sim.plant_meters import PlantMeters, SiteMeters, meters
from seamline_sim.repair import BY_HAND, life_of, wear_ppm
from seamline_sim.state import Line, Station

__all__ = [
    "LineSample",
    "PlantMeters",
    "SiteMeters",
    "StationHealth",
    "StationSample",
    "energy_mj",
    "health",
    "meters",
    "sample_line",
    "sample_station",
    "state_of",
]


@dataclass(frozen=True, slots=True)
class StationSample:
    """One station at one instant. Counters only grow.

    `wear` is truth: 0 when new, failures come around 1; sensors blur it.
    """

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


@dataclass(frozen=True, slots=True)
class StationHealth:
    """Truth about a machine, for those who score a prediction: never shown to a policy."""

    id: str
    machine: str
    wear_ppm: int
    threshold_ppm: int
    """Wear at which it fails; 0 for a table without a machine."""
    left_ms: int
    """Running time until the failure."""


def health(w: Core, line: Line) -> list[StationHealth]:
    """Return the truth about the machines of a line."""
    result = []
    for st in line.stations:
        run_ms = running_ms(w, st)
        threshold = 0 if st.machine in BY_HAND else life_of(w, line, st).threshold
        result.append(
            StationHealth(
                st.id, st.machine, wear_ppm(w, line, st, run_ms), threshold, st.hard_ms - run_ms
            )
        )
    return result


def state_of(w: Core, line: Line, st: Station) -> str:
    """Return the state of a station."""
    if st.down:
        return "down"
    if st.seg_ms or (line.token_pieces and tokens.works(w, line, st)):
        return "run"
    if not line.open or not st.manned:
        return "off"
    if line.setup_us:
        return "setup"
    return "starved" if line.sewing else "idle"


def sample_station(w: Core, line: Line, st: Station) -> StationSample:
    """Return what a station's sensors could know now."""
    running = running_ms(w, st)
    since = running - st.machine_from_ms
    energy = st.energy_mj + since * extra_w(w, st.machine)
    energy += w.fig("energy.idle_w") * open_ms(w, line)
    job = st.job
    return StationSample(
        id=st.id,
        machine=st.machine,
        state=state_of(w, line, st),
        order=job.order.id if job else "",
        op=line.plan.ops[job.op].op if job else "",
        pieces=st.pieces,
        stitches=st.stitches + since * stitches_per_s(w, st.machine) // 1000,
        running_ms=running,
        energy_wh=energy / 3_600_000,
        wear=wear_ppm(w, line, st, running) / 1_000_000,
        waiting=tokens.waiting(w, line, st) if line.token_pieces else len(st.queue),
    )


def energy_mj(w: Core, line: Line) -> int:
    """Return the electricity that a line has taken since the start, millijoule."""
    return sum(line_mj(w, line).values())


def sample_line(w: Core, line: Line) -> LineSample:
    """Return what a line's meters could know now."""
    power = open_w(w, line) if line.open else closed_w(w, line)
    power += sum(extra_w(w, st.machine) for st in line.stations if state_of(w, line, st) == "run")
    return LineSample(
        wip=line.wip,
        power_w=power,
        energy_wh=energy_mj(w, line) // 3_600_000,
        operators=line.operators,
        open=line.open,
        sewn=line.sewn,
    )
