"""Energy by kind, steam, and the carbon dioxide of both: what meters in a plant would show."""

from collections.abc import Mapping

from seamline_sim.core import Core
from seamline_sim.state import Line, PlantState, Station

KINDS = ("sewing", "ironing", "light", "air", "hanger", "climate", "standby")
"""Kinds of electricity; `steam` (gas) is counted beside them."""
_OPEN = ("light", "air", "hanger", "climate")
_SPECIAL = ("BT", "BH", "BS")


def kind_of(machine: str) -> str:
    """Return the kind of energy that a machine class takes while it works."""
    if machine == "IRON":
        return "ironing"
    return "light" if machine in ("MNL", "QC", "PACK") else "sewing"


def extra_w(w: Core, machine: str) -> int:
    """Return the power that a machine takes while it works, above its idle power."""
    name = {"SNL": "sewing", "OL": "overlock", "FL": "overlock", "IRON": "iron"}.get(machine)
    if name is None:
        name = "special" if machine in _SPECIAL else "manual"
    return w.fig(f"energy.{name}_w") - w.fig("energy.idle_w")


def open_w(w: Core, line: Line) -> int:
    """Return the power of a line's hall, hanger drive and idle machines during a shift."""
    idle = len(line.stations) * w.fig("energy.idle_w")
    return sum(w.fig(f"energy.{kind}_line_w") for kind in _OPEN) + idle


def closed_w(w: Core, line: Line) -> int:
    """Return the power of a line outside its shifts; one that has not joined takes none."""
    return w.fig("energy.line_closed_w") if line.active else 0


def tail_ms(w: Core, line: Line) -> int:
    """Return the time since the last booking of a line."""
    return (w.now_us - line.mark_us) // 1000


def open_ms(w: Core, line: Line) -> int:
    """Return the time in shifts since the start."""
    return line.open_ms + (tail_ms(w, line) if line.open else 0)


def running_ms(w: Core, st: Station) -> int:
    """Return how long a station has ever worked."""
    if not st.seg_ms:
        return st.run_ms
    return st.run_ms + min(st.seg_ms, (w.now_us - st.seg_start_us) // 1000)


def line_mj(w: Core, line: Line) -> dict[str, int]:
    """Return the electricity of a line since the start by kind, millijoule."""
    opened = open_ms(w, line)
    closed = line.closed_ms + (0 if line.open or not line.active else tail_ms(w, line))
    total = dict.fromkeys(KINDS, 0)
    for kind in _OPEN:
        total[kind] += opened * w.fig(f"energy.{kind}_line_w")
    total["standby"] += closed * w.fig("energy.line_closed_w")
    total["standby"] += opened * len(line.stations) * w.fig("energy.idle_w")
    for kind, mj in line.folded_mj.items():
        total[kind] += mj
    for st in line.stations:
        since = running_ms(w, st) - st.machine_from_ms
        total[kind_of(st.machine)] += since * extra_w(w, st.machine)
    return total


def pressed_ms(w: Core, line: Line) -> int:
    """Return how long the irons of a line have worked."""
    return line.pressed_ms + sum(
        running_ms(w, st) - st.machine_from_ms for st in line.stations if st.machine == "IRON"
    )


def fold(w: Core, line: Line, st: Station) -> None:
    """Book the energy of the present machine before another one takes its place."""
    ms = st.run_ms - st.machine_from_ms
    kind = kind_of(st.machine)
    line.folded_mj[kind] = line.folded_mj.get(kind, 0) + ms * extra_w(w, st.machine)
    if st.machine == "IRON":
        line.pressed_ms += ms
    st.energy_mj += ms * extra_w(w, st.machine)


def plant_mj(w: Core, plant: PlantState) -> dict[str, int]:
    """Return the electricity of a plant, its lines and its finishing, by kind, millijoule."""
    total = dict.fromkeys(KINDS, 0)
    for line in lines_of(w, plant):
        for kind, mj in line_mj(w, line).items():
            total[kind] += mj
    total["ironing"] += plant.pressed_ms * w.fig("energy.iron_w")
    return total


def lines_of(w: Core, plant: PlantState) -> list[Line]:
    """Return the lines of a plant."""
    return [line for line in w.lines if line.site == plant.id]


def steam_g(w: Core, plant: PlantState) -> int:
    """Return the steam that a plant's irons have used since the start, gram."""
    ms = plant.pressed_ms + sum(pressed_ms(w, line) for line in lines_of(w, plant))
    return ms * w.fig("energy.steam_g_per_h") // 3_600_000


def steam_wh(w: Core, steam: int) -> int:
    """Return the gas that the boiler burns for so much steam (gram), watt hours."""
    return steam * w.fig("energy.gas_wh_per_kg_steam") // 1000


def grid_mg_per_kwh(figures: Mapping[str, int], grid: str, year: int) -> int:
    """Return the emission factor of a grid region in a year, mg CO2 per kWh.

    Published for 2022 and 2023; earlier years take the first, later ones the last.
    """
    return figures[f"grid.{grid}_{min(max(year, 2022), 2023)}"]


def co2_mg(electric_mj: int, grid_factor: int, steam: int, gas_factor: int) -> int:
    """Return the carbon dioxide of electricity (mJ) and of the gas (Wh) for steam, mg."""
    return electric_mj * grid_factor // 3_600_000_000 + steam * gas_factor // 1000


def book_day(w: Core) -> None:
    """Book the carbon dioxide since the last booking with the factor of the day that ends."""
    for plant in w.plants:
        plant.co2_mg = co2_now_mg(w, plant)
        plant.booked_mj = sum(plant_mj(w, plant).values())
        plant.booked_steam_g = steam_g(w, plant)


def co2_now_mg(w: Core, plant: PlantState) -> int:
    """Return the carbon dioxide of a plant's electricity and steam since the start, mg."""
    electric = sum(plant_mj(w, plant).values()) - plant.booked_mj
    steam = steam_wh(w, steam_g(w, plant)) - steam_wh(w, plant.booked_steam_g)
    grid = next(r.grid for r in w.scenario.regions if r.id == plant.region)
    factor = grid_mg_per_kwh(w.scenario.figures, grid, year_of(w.now_ms - 1))
    return plant.co2_mg + co2_mg(electric, factor, steam, w.fig("grid.gas_mg_per_kwh"))


def year_of(ms: int) -> int:
    """Return the calendar year (UTC) of an epoch time in milliseconds."""
    days = ms // 86_400_000 + 719_468  # civil-from-days, Howard Hinnant: eras of 400 years
    era, doe = divmod(days, 146_097)
    yoe = (doe - doe // 1_460 + doe // 36_524 - doe // 146_096) // 365
    day_of_year = doe - (365 * yoe + yoe // 4 - yoe // 100)
    return yoe + era * 400 + (day_of_year >= 306)
