"""Figures of the cutting room: cut plans against net cloth, markers, kits in time."""

import json
from collections.abc import Mapping
from importlib.util import find_spec
from random import Random
from typing import Any, Final

from seamline_platform.experiments.scheduling.contract import PartSettings, Progress
from seamline_platform.planning.cutting.check import check_cut
from seamline_platform.planning.cutting.demand import CutOrder, Rules
from seamline_platform.planning.cutting.generate import draw_demand
from seamline_platform.planning.cutting.kits import (
    Pace,
    at_once,
    check_cuts,
    in_time,
    jobs_of,
)
from seamline_platform.planning.cutting.marker import check_marker, pattern_of
from seamline_platform.planning.cutting.nest import make_marker
from seamline_platform.planning.cutting.planner import Effort, plan_cut, plan_demand
from seamline_platform.planning.cutting.tshirt import garment_cm
from seamline_platform.planning.shop.annealing import Budget
from seamline_platform.planning.shop.generate import Recipe, draw_plant
from seamline_platform.planning.shop.solve import solve

SIZES: Final = ((4, 118), (5, 300), (6, 600), (7, 1_200))
"""Sizes and pieces of drawn demands."""
SEEDS: Final = 3
_FROM_300: Final = 0.02
_FROM_100: Final = 0.04
DENSITY: Final = 0.86
MARKER_CPU_S: Final = 30.0
_STOP_S: Final = 0.6
"""CPU seconds that the packer may take to notice that its time is up."""
_SIZES: Final = ("S", "M", "L", "XL", "XXL")
_CLOTH_CM: Final = 175.0


def measure(settings: PartSettings, progress: Progress) -> Mapping[str, object]:
    """Return cloth over net cloth of drawn demands, cloth saved, kits in time, and a marker."""
    plans = _plans(settings, progress)
    small = [row for row in plans if row["pieces"] < 250]
    large = [row for row in plans if row["pieces"] >= 250]
    progress(0.35, "orders together and apart")
    together = _together(settings)
    progress(0.4, "kits in time")
    kits = _kits(settings)
    return {
        "pieces_100": _worst(small, _FROM_100),
        "pieces_300": _worst(large, _FROM_300),
        "plans": plans,
        "orders_together": together,
        "kits": kits,
        "shirts": _shirts(settings, progress),
    }


def _plans(settings: PartSettings, progress: Progress) -> list[dict[str, Any]]:
    cases = [
        (sizes, pieces, settings.seed + k)
        for sizes, pieces in (SIZES[:2] if settings.quick else SIZES)
        for k in range(1 if settings.quick else SEEDS)
    ]
    rows = []
    for number, (sizes, pieces, seed) in enumerate(cases):
        progress(0.35 * number / len(cases), f"cut plan of {pieces} pieces")
        demand = draw_demand(sizes, pieces, seed)
        plan = plan_demand(demand, Rules(), settings.cpu, Effort(seed=settings.seed))
        rows.append(
            {
                "name": f"{sizes} sizes, {demand.total} pieces, seed {seed}",
                "pieces": demand.total,
                "over_net": round(plan.over_net, 5),
                "lays": len(plan.lays),
                "overcut": plan.overcut,
                "cost_cm": round(plan.cost_cm, 1),
                "bound_cm": round(plan.bound_cm, 1),
                "gap": round(plan.gap, 5),
                "method": plan.method,
                "feasible": not check_cut(plan),
                "cpu_s": round(plan.cpu_s, 3),
            }
        )
    return rows


def _worst(rows: list[dict[str, Any]], most: float) -> Mapping[str, object]:
    if not rows:
        return {"not_measured": "no demand of that size in this run"}
    worst = max(row["over_net"] for row in rows)
    right = all(row["feasible"] for row in rows)
    return {
        "worst_over_net": worst, "target": f"<= {most:.0%} over net cloth", "plans": len(rows),
        "ok": right and worst <= most,
    }  # fmt: skip


def _together(settings: PartSettings) -> Mapping[str, object]:
    """Return the cloth of drawn small orders of one cloth, cut together and one by one."""
    rng = Random(f"orders together {settings.seed}")
    orders = [
        CutOrder(f"order {k + 1}", "tee", "red", {s: rng.randint(2, 40) for s in _SIZES})
        for k in range(3 if settings.quick else 6)
    ]
    lengths = {size: garment_cm(size, _CLOTH_CM) for size in _SIZES}
    (found,) = plan_cut(orders, {"": lengths}, Rules(), settings.cpu, Effort(seed=settings.seed))
    fabric = found.plan.fabric_cm
    return {
        "orders": len(orders),
        "pieces": found.plan.demand.total,
        "fabric_m": round(fabric / 100, 2),
        "over_net": round(found.plan.over_net, 5),
        "lays": len(found.plan.lays),
        "one_order_one_lay_m": round(found.one_lay_cm / 100, 2),
        "saved_against_one_order_one_lay": round(1 - fabric / found.one_lay_cm, 4),
        "planned_apart_m": round(found.apart_cm / 100, 2),
        "planned_apart_lays": found.apart_lays,
        "saved_against_planned_apart": round(1 - fabric / found.apart_cm, 4),
    }


def _kits(settings: PartSettings) -> Mapping[str, object]:
    """Return cut pieces that wait in a drawn plant, cut in time and cut at once."""
    problem = draw_plant(Recipe(20, 4, seed=settings.seed))
    schedule = solve(problem, Budget(moves=2_000), settings.cpu, seed=settings.seed).schedule
    orders = [CutOrder(o.order, o.style, o.colour, {"M": o.pieces}) for o in problem.orders]
    plans = plan_cut(orders, {"": {"M": 70.0}}, Rules(), settings.cpu, Effort(ticks=0))
    jobs = jobs_of(problem, schedule, plans, Pace(1, 0.05, 0.01), buffer=6)
    count, times = problem.cutting.places, problem.times(problem.cutting.calendar)
    timely, early = in_time(jobs, count, times), at_once(jobs, count, times)
    wrong = check_cuts(jobs, timely, count, times) + check_cuts(jobs, early, count, times)
    return {
        "lays": len(jobs),
        "late_in_time": timely.late,
        "late_at_once": early.late,
        "waiting_piece_ticks_in_time": timely.wip_piece_ticks,
        "waiting_piece_ticks_at_once": early.wip_piece_ticks,
        "saved": round(1 - timely.wip_piece_ticks / early.wip_piece_ticks, 4)
        if early.wip_piece_ticks
        else 0.0,
        "feasible": not wrong,
    }


def _shirts(settings: PartSettings, progress: Progress) -> Mapping[str, object]:
    folder = settings.instances / "nesting" if settings.instances is not None else None
    if folder is None or not (folder / "shirts.json").is_file():
        return {"not_measured": "the folder of published instances has no nesting/shirts.json"}
    if find_spec("spyrrow") is None:
        return {"not_measured": "spyrrow is not installed (pip install 'seamline[solve]')"}
    pattern = pattern_of(json.loads((folder / "shirts.json").read_text(encoding="utf-8")))
    seeds = range(settings.seed, settings.seed + (1 if settings.quick else 3))
    allowed = 4.0 if settings.quick else MARKER_CPU_S
    budget = allowed - _STOP_S
    rows: list[dict[str, Any]] = []
    for k, seed in enumerate(seeds):
        progress(0.45 + 0.55 * k / len(seeds), f"marker of shirts, seed {seed}, {budget:g} CPU-s")
        made = make_marker(pattern, budget, seed=seed)
        rows.append(
            {
                "seed": seed,
                "density": round(made.density, 5),
                "length": round(made.length, 4),
                "cpu_s": round(made.cpu_s, 2),
                "feasible": not check_marker(made),
            }
        )
    progress(1.0, "cutting")
    least = min(row["density"] for row in rows)
    within = all(row["feasible"] and row["cpu_s"] <= allowed for row in rows)
    return {
        "least_density": least, "target": f">= {DENSITY:.0%} in {MARKER_CPU_S:g} CPU-s",
        "seeds": rows, "ok": within and least >= DENSITY,
    }  # fmt: skip
