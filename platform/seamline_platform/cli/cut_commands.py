"""`seamline cut`: lays, markers, and when each lay has to start."""

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seamline_broker.errors import ConfigError
from seamline_platform.cli.files import as_text, read_bytes, read_json, write
from seamline_platform.cli.floor_print import print_cut, print_marker
from seamline_platform.cli.words import JsonOption, note, print_json

if TYPE_CHECKING:
    from seamline_platform.planning.cutting.document import CutRequest
    from seamline_platform.planning.cutting.kits import CutSchedule
    from seamline_platform.planning.cutting.marker import Marker
    from seamline_platform.planning.cutting.planner import ClothPlan


def cut(
    file: Annotated[
        Path,
        typer.Argument(
            help="Orders as CSV (order,style,colour,S,M,..) or JSON; a plant with orders "
            "(as of 'seamline plan'); or a nesting instance."
        ),
    ],
    width: Annotated[float, typer.Option(help="Usable width of the cloth, cm.", min=10)] = 175.0,
    lengths: Annotated[
        str,
        typer.Option(
            help="Cloth of a garment by size, cm.  [default: a T-shirt's at this width]",
            metavar="S=61,M=66,..",
        ),
    ] = "",
    rules: Annotated[
        str,
        typer.Option(
            help="Rules in place of the defaults: max_plies, max_garments, table_cm, overcut, "
            "end_loss_cm, lay_cost_cm, cloth_over.",
            metavar="NAME=VALUE,..",
        ),
    ] = "",
    marker: Annotated[
        bool, typer.Option("--marker", help="Also make a marker for every lay (T-shirt pieces).")
    ] = False,
    nap: Annotated[
        bool, typer.Option("--nap", help="Napped cloth: no piece is turned round.")
    ] = False,
    budget: Annotated[
        float, typer.Option(help="CPU seconds for each marker.", min=0.5, max=3_600)
    ] = 10.0,
    tables: Annotated[
        int, typer.Option(help="Cutting tables, for kits.  [default: the plant's]", min=0)
    ] = 0,
    seed: Annotated[int, typer.Option(help="Of the searches.")] = 1,
    svg: Annotated[
        Path | None, typer.Option(help="Write markers here, numbered if several.", metavar="FILE")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the lays here: .csv or .json.", metavar="FILE")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Plan the cutting room: lays, size ratios and plies; markers; and when each lay has to start.

    Orders of one style and colour are cut together. The cloth is compared with cutting each order
    on a lay of its own, and the cost with a bound. From a plant's problem file the orders are
    planned on its lines first, and lays are cut just in time for their kits.
    """
    from seamline_platform.planning.cutting.document import plan_csv, plan_document
    from seamline_platform.planning.cutting.planner import Effort, plan_cut

    read = read_json(file) if file.suffix.lower() == ".json" else None
    if isinstance(read, dict) and "strip_height" in read:
        _nest(read, budget, seed, svg, nap, as_json)
        return
    request = _request(file, read, rules, lengths, width)
    effort = Effort(seed=seed)
    plans = plan_cut(
        request.orders, request.lengths_cm, request.rules, time.process_time, effort,
        lambda share, what: note(f"{share:4.0%}  {what}") if what else None,
    )  # fmt: skip
    document = plan_document(plans)
    kits = None
    if isinstance(read, dict) and "lines" in read:
        kits, document["kits"] = _kits(read, plans, tables, seed)
    markers = _markers(plans, width, nap, budget, seed) if marker or svg is not None else []
    if markers:
        document["markers"] = [_marker_document(name, plan, m) for name, plan, m in markers]
        _draw(svg, [m for _, _, m in markers])
    if out is not None:
        as_csv = out.suffix.lower() == ".csv"
        write(out, plan_csv(plans) if as_csv else as_text(document),
               encoding="utf-8-sig" if as_csv else "utf-8")  # fmt: skip
    if as_json:
        print_json(document)
        return
    print_cut(plans, kits, document.get("kits"))
    for name, _, m in markers:
        print_marker(name, m)


def _request(file: Path, read: object, rules: str, lengths: str, width: float) -> "CutRequest":
    from seamline_platform.planning.cutting.demand import CutOrder, Rules
    from seamline_platform.planning.cutting.document import (
        CutRequest,
        read_csv,
        request_of,
        rules_of,
    )
    from seamline_platform.planning.cutting.tshirt import garment_cm
    from seamline_platform.planning.shop.document import problem_of

    if read is None:
        request = CutRequest(read_csv(read_bytes(file), file.name), {}, Rules())
    elif isinstance(read, dict) and "lines" in read:
        orders = tuple(
            CutOrder(o.order, o.style, o.colour, o.sizes or {"M": o.pieces})
            for o in problem_of(read).orders
            if o.kit is None
        )
        request = CutRequest(orders, {}, Rules())
    else:
        request = request_of(read)
    if rules:
        changed = {k: int(v) if k.startswith("max_") else v for k, v in _pairs(rules, "--rules")}
        request = replace(request, rules=rules_of(changed))
    if lengths:
        request = replace(request, lengths_cm={"": dict(_pairs(lengths, "--lengths"))})
    elif not request.lengths_cm:
        known = {size: round(garment_cm(size, width), 2) for size in request.sizes}
        request = replace(request, lengths_cm={"": known})
    return request


def _kits(
    read: dict[str, Any], plans: "tuple[ClothPlan, ...]", tables: int, seed: int
) -> "tuple[CutSchedule, dict[str, Any]]":
    from seamline_platform.planning.cutting.document import kits_document
    from seamline_platform.planning.cutting.kits import Pace, at_once, check_cuts, in_time, jobs_of
    from seamline_platform.planning.shop.annealing import Budget
    from seamline_platform.planning.shop.document import problem_of
    from seamline_platform.planning.shop.solve import solve

    problem = problem_of(read)
    note("Lines first: planning the orders for 2 CPU seconds ..")
    schedule = solve(problem, Budget(2.0), time.process_time, seed=seed).schedule
    jobs = jobs_of(problem, schedule, plans, Pace())
    count = tables or problem.cutting.places
    times = problem.times(problem.cutting.calendar)
    kits = in_time(jobs, count, times)
    wrong = check_cuts(jobs, kits, count, times)
    if wrong:
        raise ConfigError(f"The cutting schedule was refused by the check: {wrong[0]}")
    return kits, kits_document(kits, at_once(jobs, count, times))


def _markers(
    plans: "tuple[ClothPlan, ...]", width: float, nap: bool, budget: float, seed: int
) -> "list[tuple[str, Any, Marker]]":
    from seamline_platform.planning.cutting.marker import GRAIN, NAP
    from seamline_platform.planning.cutting.nest import make_marker
    from seamline_platform.planning.cutting.tshirt import pattern

    made: dict[tuple[tuple[str, int], ...], Marker] = {}
    found = []
    for cloth in plans:
        for number, lay in enumerate(cloth.plan.lays, start=1):
            ratio = dict(zip(cloth.plan.demand.sizes, lay.ratio, strict=True))
            key = tuple(ratio.items())
            name = f"{cloth.style} {cloth.colour} lay {number}".strip()
            if key not in made:
                note(f"{name}: marker, {budget:g} CPU seconds ..")
                made[key] = make_marker(
                    pattern(ratio, width, NAP if nap else GRAIN), budget, seed=seed
                )
            found.append((name, (cloth, lay), made[key]))
    return found


def _marker_document(name: str, lay: Any, marker: "Marker") -> dict[str, Any]:
    cloth, planned = lay
    return {
        "lay": name,
        "length_cm": round(marker.length, 3),
        "planned_cm": round(cloth.plan.marker_cm(planned), 3),
        "density": round(marker.density, 5),
        "pieces": len(marker.placed),
        "fabric_m": round(planned.plies * (marker.length + cloth.plan.rules.end_loss_cm) / 100, 3),
        "cpu_s": round(marker.cpu_s, 2),
    }


def _nest(
    read: dict[str, Any], budget: float, seed: int, svg: Path | None, nap: bool, as_json: bool
) -> None:
    from seamline_platform.planning.cutting.marker import NAP, Pattern, pattern_of
    from seamline_platform.planning.cutting.nest import make_marker

    asked: Pattern = pattern_of(read)
    if nap:
        asked = Pattern(
            asked.name, asked.width, tuple(replace(p, orientations=NAP) for p in asked.pieces)
        )
    best = [0.0]

    def say(marker: "Marker") -> None:
        if marker.density > best[0] + 0.01:
            best[0] = marker.density
            note(f"{marker.cpu_s:5.1f} CPU-s  {marker.density:.1%}")

    made = make_marker(asked, budget, seed=seed, on_improve=say)
    _draw(svg, [made])
    if as_json:
        print_json(
            {"name": asked.name, "length": made.length, "width": asked.width,
             "density": round(made.density, 5), "pieces": len(made.placed),
             "cpu_s": round(made.cpu_s, 2), "seed": seed,
             "placed": [[p.piece, p.degrees, p.x, p.y] for p in made.placed]}
        )  # fmt: skip
    else:
        print_marker(asked.name, made)


def _draw(svg: Path | None, markers: "list[Marker]") -> None:
    from seamline_platform.planning.cutting.marker import svg_of

    if svg is None:
        return
    for number, marker in enumerate(markers, start=1):
        file = svg if len(markers) == 1 else svg.with_stem(f"{svg.stem}-{number}")
        write(file, svg_of(marker))


def _pairs(text: str, option: str) -> list[tuple[str, float]]:
    found = []
    for part in text.split(","):
        name, _, value = part.partition("=")
        try:
            found.append((name.strip(), float(value)))
        except ValueError as exc:
            raise ConfigError(
                f"{option}: {part!r} is not understood; expected NAME=NUMBER, parted by commas."
            ) from exc
    return found
