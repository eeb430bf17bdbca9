"""Running totals of the plants, as their meters and their books would show them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from seamline_sim import energy
from seamline_sim.core import Core
from seamline_sim.state import Line, PlantState


@dataclass(frozen=True, slots=True)
class SiteMeters:
    """Totals of one plant (or of all) since the start of the run. Times in milliseconds.

    With them: OEE (ISO 22400-2) = availability `running / planned` x effectiveness
    `smv_good / running` (the ideal time of good pieces) x quality; DHU = 100 `defects / inspected`;
    line efficiency = `smv_good / labour` of the lines; energy and CO2 per garment by `good`.
    """

    labour_ms_by_line: Mapping[str, int]
    """Operators and helpers present x time in shifts, by `site/line`."""
    labour_ms: int
    finishing_labour_ms: int
    mechanic_ms: int
    open_ms: int
    """Time in shifts, all lines together."""
    busy_ms: int
    """Time in shifts with an order on the line."""
    running_ms: int
    """Working time of stations (actual production time)."""
    planned_ms: int
    """Time in which stations are manned in shifts with an order (planned busy time)."""
    setup_ms: int
    stop_ms: int
    energy_wh: Mapping[str, int]
    """By kind; `steam` is gas."""
    steam_g: int
    co2_g: int
    stops: Mapping[str, int]
    """Stops that are over, by cause."""
    repairs: int
    maintenance: int
    moves: int
    """Operators moved by `rebalance`."""
    entered: int
    good: int
    scrap: int
    smv_good_ms: int
    first_pass: int
    inspected: int
    """Garments that have passed the end-line inspection or were written off there, once each."""
    defects: int
    """Defects that inspections have found."""
    rework: int
    slipped: int
    """Good garments with a defect that no inspection has found."""
    finished: int
    """Garments ironed and folded."""
    wip_area_ms: int
    """Integral of WIP over time, piece milliseconds."""
    sojourn_ms: int
    """Sum over the garments that have left of their time on the line."""


@dataclass(frozen=True, slots=True)
class PlantMeters:
    """Totals by plant, and of all plants."""

    sites: Mapping[str, SiteMeters]
    all: SiteMeters


def meters(w: Core) -> PlantMeters:
    """Return the totals of all plants at this instant, without changing anything."""
    sites = {plant.id: _site(w, plant) for plant in w.plants}
    return PlantMeters(sites, _sum(sites.values()))


def _site(w: Core, plant: PlantState) -> SiteMeters:
    lines = energy.lines_of(w, plant)
    labour = {ln.node: ln.manned_ms + _tail(w, ln) * (ln.operators + ln.helpers) for ln in lines}
    steam = energy.steam_g(w, plant)
    electricity = {kind: mj // 3_600_000 for kind, mj in energy.plant_mj(w, plant).items()}
    now_open = (w.now_us - plant.open_us) // 1000 * plant.finishing_now if plant.open else 0
    return SiteMeters(
        labour_ms_by_line=labour,
        labour_ms=sum(labour.values()),
        finishing_labour_ms=plant.finishing_paid_ms + now_open,
        mechanic_ms=plant.mechanic_ms,
        open_ms=sum(energy.open_ms(w, ln) for ln in lines),
        busy_ms=sum(ln.busy_ms + (_tail(w, ln) if ln.sewing else 0) for ln in lines),
        running_ms=sum(energy.running_ms(w, st) for ln in lines for st in ln.stations),
        planned_ms=sum(
            ln.planned_ms + (_tail(w, ln) * (ln.operators + ln.helpers) if ln.sewing else 0)
            for ln in lines
        ),
        setup_ms=sum(ln.setup_ms for ln in lines),
        stop_ms=sum(plant.stop_ms.values()),
        energy_wh=electricity | {"steam": energy.steam_wh(w, steam)},
        steam_g=steam,
        co2_g=energy.co2_now_mg(w, plant) // 1000,
        stops=dict(plant.stops),
        repairs=sum(plant.stops.get(cause, 0) for cause in ("breakdown", "injected")),
        maintenance=plant.stops.get("maintenance", 0),
        moves=sum(ln.moves for ln in lines),
        entered=sum(ln.entered for ln in lines),
        good=sum(ln.sewn for ln in lines),
        scrap=sum(ln.scrapped for ln in lines),
        smv_good_ms=sum(ln.smv_done_ms for ln in lines),
        first_pass=sum(ln.first_pass for ln in lines),
        inspected=sum(ln.sewn + ln.scrapped for ln in lines),
        defects=sum(ln.found for ln in lines),
        rework=sum(ln.reworks for ln in lines),
        slipped=sum(ln.slipped for ln in lines),
        finished=plant.finished,
        wip_area_ms=sum(ln.wip_area + ln.wip * (w.now_us - ln.wip_us) for ln in lines) // 1000,
        sojourn_ms=sum(ln.sojourn_ms for ln in lines),
    )


def _tail(w: Core, line: Line) -> int:
    return energy.tail_ms(w, line) if line.open else 0


def _sum(sites: Iterable[SiteMeters]) -> SiteMeters:
    columns: dict[str, list[int | Mapping[str, int]]] = {}
    for site in sites:
        for field in fields(SiteMeters):
            columns.setdefault(field.name, []).append(getattr(site, field.name))
    return SiteMeters(**{name: _add(values) for name, values in columns.items()})  # type: ignore[arg-type]  # mappings stay mappings


def _add(values: list[int | Mapping[str, int]]) -> int | Mapping[str, int]:
    result: dict[str, int] = {}
    number = 0
    for value in values:
        if isinstance(value, int):
            number += value
        else:
            for key, n in value.items():
                result[key] = result.get(key, 0) + n
    return result if isinstance(values[0], Mapping) else number
