"""`seamline plan`: a plan for a problem file, by rules, annealing and CP-SAT, checked."""

import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seamline_broker.errors import ConfigError
from seamline_platform.cli.words import JsonOption, print_json

if TYPE_CHECKING:
    from seamline_platform.cli.shop_search import Planned
    from seamline_platform.planning.shop.annealing import Budget
    from seamline_platform.planning.shop.explanation import Explanation
    from seamline_platform.planning.shop.gantt import Lang
    from seamline_platform.planning.shop.orderlist import Clock
    from seamline_platform.planning.shop.problem import Problem
    from seamline_platform.planning.shop.risk import Risk


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
    ticks: Annotated[
        float,
        typer.Option(help="Deterministic time of CP-SAT behind that, for the same reason.", min=0),
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="Of the search.")] = 1,
    rule: Annotated[
        str,
        typer.Option(help="Begin with this dispatch rule, not the best of all.", metavar="NAME"),
    ] = "",
    solver: Annotated[
        str,
        typer.Option(
            help="Another solver: a name that 'seamline scheduler list' shows, or mine.py:Mine.",
            metavar="NAME|FILE:CLASS",
        ),
    ] = "",
    risk: Annotated[
        int,
        typer.Option(help="Also run the plan forward so many times under chance.", min=0),
    ] = 0,
    explain: Annotated[
        str, typer.Option(help="Also explain the place of this order.", metavar="ORDER")
    ] = "",
    out: Annotated[
        Path | None, typer.Option(help="Also write the plan here: .json or .csv.", metavar="FILE")
    ] = None,
    gantt: Annotated[
        Path | None, typer.Option(help="Also draw the plan here.", metavar="FILE.html")
    ] = None,
    pareto: Annotated[
        Path | None,
        typer.Option(
            help="Also draw plans of less cost against plans of less electricity, with the budget "
            "once more.",
            metavar="FILE.html",
        ),
    ] = None,
    lang: Annotated[str, typer.Option(help="Language of these pages: en or zh.")] = "en",
    as_json: JsonOption = False,
) -> None:
    """Plan orders on lines: cutting, sewing with set-ups, finishing.

    The plan never costs more than that of the best dispatch rule, and an independent checker has
    passed it. Orders that cannot be planned are listed with what would have to change. Ctrl-C ends
    the search with the best plan so far.
    """
    from seamline_platform.planning.shop.document import schedule_document

    if rule and solver:
        raise ConfigError("--rule begins our own search; with --solver it has no meaning.")
    problem = _problem(file, orders, scenario, start, zone)
    _check_extras(problem, explain, lang, pareto)
    allowed = _budget(budget, moves, ticks)
    planned = _search(problem, allowed, seed, rule, solver)
    extras = _extras(problem, planned, risk, explain, seed)
    document = {
        **schedule_document(problem, planned.schedule), **planned.facts, **extras.document
    }  # fmt: skip
    _write_files(_Files(out, gantt, lang, zone), problem, planned, document)
    if pareto is not None:
        _write(pareto, _pareto_page(problem, allowed, seed, lang))
    if as_json:
        print_json(document)
    else:
        _print(problem, planned, extras)


def _check_extras(problem: "Problem", explain: str, lang: str, pareto: Path | None) -> None:
    """Refuse what the problem cannot be asked for, before any search."""
    if explain and explain not in problem.order_of:
        some = ", ".join(list(problem.order_of)[:5]) or "none"
        raise ConfigError(f"The order to explain is {explain!r}; there is: {some}.")
    if lang not in ("en", "zh"):
        raise ConfigError(f"The language is {lang!r}; there is: en, zh.")
    if pareto is not None and problem.tariff is None:
        raise ConfigError("--pareto weighs cost against electricity; the problem has no 'tariff'.")


@dataclass(frozen=True, slots=True)
class _Files:
    out: Path | None
    gantt: Path | None
    lang: str
    zone: str


def _write_files(
    files: _Files, problem: "Problem", planned: "Planned", document: dict[str, object]
) -> None:
    if files.out is not None and files.out.suffix.lower() == ".csv":
        from seamline_platform.planning.shop.orderlist import plan_csv

        # with a mark of its encoding, so that spreadsheets show Chinese
        text = plan_csv(problem, planned.schedule, _clock(problem, files.zone))
        _write(files.out, text, encoding="utf-8-sig")
    elif files.out is not None:
        _write(files.out, json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    if files.gantt is not None:
        from seamline_platform.planning.shop.gantt import gantt_html

        local = _clock(problem, files.zone).zone
        _write(files.gantt, gantt_html(problem, planned.schedule, _lang(files.lang), local))


def _lang(lang: str) -> "Lang":
    return "zh" if lang == "zh" else "en"


def _pareto_page(problem: "Problem", budget: "Budget", seed: int, lang: str) -> str:
    from seamline_platform.cli.shop_progress import watching
    from seamline_platform.planning.shop.pareto import pareto, pareto_html

    with watching(budget.cpu_s, time.process_time) as watch:
        watch.stage("pareto")
        points = pareto(problem, budget, time.process_time, seed, progress=lambda _: watch.look())
    return pareto_html(problem, points, _lang(lang))


def _budget(cpu_s: float, moves: int, ticks: float) -> "Budget":
    from seamline_platform.planning.shop.annealing import Budget

    try:
        return Budget(cpu_s, moves, ticks)
    except ValueError as exc:
        raise ConfigError(str(exc)) from exc


def _search(problem: "Problem", budget: "Budget", seed: int, rule: str, solver: str) -> "Planned":
    from seamline_platform.cli.shop_progress import watching
    from seamline_platform.cli.shop_search import search, search_with

    with watching(budget.cpu_s, time.process_time) as watch:
        if solver:
            return search_with(problem, solver, budget, time.process_time, seed, watch)
        return search(problem, budget, time.process_time, seed, watch, rule)


@dataclass(frozen=True, slots=True)
class _Extras:
    """What was asked for besides the plan."""

    risk: "Risk | None"
    explanation: "Explanation | None"
    document: dict[str, object]


def _extras(problem: "Problem", planned: "Planned", runs: int, order: str, seed: int) -> _Extras:
    from seamline_platform.cli.shop_print import explanation_document, risk_document

    document: dict[str, object] = {}
    risk = explanation = None
    if runs:
        from seamline_platform.planning.shop.noise import Noise
        from seamline_platform.planning.shop.risk import simulate

        risk = simulate(planned.c, planned.plan, Noise(), seed, runs)
        document["risk"] = risk_document(risk)
    if order:
        from seamline_platform.planning.shop.why import explain

        explanation = explain(problem, planned.schedule, order)
        document["explanation"] = explanation_document(explanation)
    return _Extras(risk, explanation, document)


def _print(problem: "Problem", planned: "Planned", extras: _Extras) -> None:
    from seamline_platform.cli.shop_print import print_explanation, print_plan, print_risk

    print_plan(problem, planned)
    if extras.risk is not None:
        print_risk(problem, extras.risk)
    if extras.explanation is not None:
        print_explanation(extras.explanation)


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
