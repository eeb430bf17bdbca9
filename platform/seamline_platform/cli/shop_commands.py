"""`seamline plan`: a plan for a problem file, by rules and annealing, checked."""

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seamline_broker.errors import ConfigError
from seamline_platform.cli.words import JsonOption, note, print_json, print_table

if TYPE_CHECKING:
    from seamline_platform.planning.shop.orderlist import Clock
    from seamline_platform.planning.shop.problem import Problem
    from seamline_platform.planning.shop.solve import Solved


def plan(
    file: Annotated[
        Path | None,
        typer.Argument(help="The problem as JSON; without it, lines and styles of --scenario."),
    ] = None,
    orders: Annotated[
        Path | None,
        typer.Option(help="A list of orders as CSV, UTF-8 or GB18030.", metavar="CSV"),
    ] = None,
    scenario: Annotated[str, typer.Option(help="pi, demo, large, or a TOML file.")] = "demo",
    start: Annotated[
        str, typer.Option(help="From when to plan --orders, ISO 8601.  [default: now]")
    ] = "",
    zone: Annotated[str, typer.Option(help="Time zone of times in lists.")] = "UTC",
    budget: Annotated[
        float, typer.Option(help="CPU seconds to search for.", min=0.01, max=3_600)
    ] = 5.0,
    moves: Annotated[
        int,
        typer.Option(help="Moves at the most; with a large budget the plan is the same anywhere."),
    ] = 0,
    seed: Annotated[int, typer.Option(help="Of the search.")] = 1,
    out: Annotated[
        Path | None, typer.Option(help="Also write the plan here: .json or .csv.", metavar="FILE")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Plan orders on lines: cutting, sewing with set-ups, finishing.

    The plan never costs more than that of the best dispatch rule, and an independent checker has
    passed it. Orders that cannot be planned are listed with what would have to change.
    """
    from seamline_platform.planning.shop.annealing import Budget
    from seamline_platform.planning.shop.document import schedule_document
    from seamline_platform.planning.shop.orderlist import plan_csv
    from seamline_platform.planning.shop.solve import solve

    problem = _problem(file, orders, scenario, start, zone)
    try:
        allowed = Budget(budget, moves)
    except ValueError as exc:
        raise ConfigError(str(exc)) from exc
    solved = solve(problem, allowed, time.process_time, seed=seed)
    document = {
        **schedule_document(problem, solved.schedule),
        "best_rule": solved.rule,
        "best_rule_cost": solved.rule_cost,
        "moves": solved.moves,
        "cpu_s": round(solved.cpu_s, 3),
        "seed": seed,
    }
    if out is not None and out.suffix.lower() == ".csv":
        # with a mark of its encoding, so that spreadsheets show Chinese
        text = plan_csv(problem, solved.schedule, _clock(problem, zone))
        _write(out, text, encoding="utf-8-sig")
    elif out is not None:
        _write(out, json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    if as_json:
        print_json(document)
    else:
        _print(problem, solved)


def _problem(
    file: Path | None, orders: Path | None, scenario: str, start: str, zone: str
) -> "Problem":
    from seamline_platform.planning.shop.document import moment_of, problem_of
    from seamline_platform.planning.shop.orderlist import read_orders

    if file is None and orders is None:
        raise ConfigError("Give a problem file, a list of orders (--orders), or both.")
    if file is not None:
        problem = problem_of(_read(file))
    else:
        from seamline_broker.clock import WallClock
        from seamline_platform.planning.shop.plant import MINUTE_MS, plant_of
        from seamline_sim import World, load_scenario

        wall_ms = moment_of(start, "--start") if start else WallClock().wall_ms()
        made = World.create(load_scenario(scenario), seed=1).catalogue
        problem = plant_of(made, wall_ms // MINUTE_MS * MINUTE_MS)
    if orders is None:
        return problem
    try:
        content = orders.read_bytes()
    except OSError as exc:
        raise ConfigError(f"{orders} cannot be read: {exc}.") from exc
    return replace(problem, orders=read_orders(content, _clock(problem, zone), orders.name))


def _clock(problem: "Problem", zone: str) -> "Clock":
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from seamline_platform.planning.shop.orderlist import Clock

    try:
        return Clock(problem.start_ms, problem.tick_ms, ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError) as exc:
        raise ConfigError(
            f"Time zone {zone!r} is not known; expected an IANA name such as Asia/Shanghai."
        ) from exc


def _read(file: Path) -> object:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ConfigError(f"{file} cannot be read: {exc}.") from exc
    except ValueError as exc:
        raise ConfigError(f"{file} is not JSON: {exc}.") from exc


def _write(out: Path, text: str, encoding: str = "utf-8") -> None:
    try:
        out.write_text(text, encoding=encoding)
    except OSError as exc:
        raise ConfigError(f"The plan cannot be written to {out}: {exc}.") from exc


def _print(problem: "Problem", solved: "Solved") -> None:
    rows = solved.schedule.rows
    value = solved.schedule.value
    print_table(
        ("line", "order", "cut", "set-up", "sewn", "done", "late"),
        [
            (
                row.line, row.order,
                "" if row.cut_start is None else f"{row.cut_start}-{row.cut_end}",
                f"{row.setup_start}+{row.setup}", f"{row.sew_start}-{row.sew_end}", row.done,
                row.late or "",
            )
            for row in rows
        ],
        f"{problem.name}: ticks of {problem.tick_ms / 60_000:g} min",
    )  # fmt: skip
    for name, why in solved.schedule.unplanned.items():
        note(f"{name} is not planned. {why}")
    note(
        f"{len(rows)} orders, {value.late} late; cost {value.cost} (weighted tardiness "
        f"{value.weighted_tardiness}, set-ups {value.setup}); best rule {solved.rule}: "
        f"{solved.rule_cost}; {solved.moves} moves in {solved.cpu_s:.1f} CPU-s"
    )
