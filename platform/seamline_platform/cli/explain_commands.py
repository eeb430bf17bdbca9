"""`seamline explain`: a plan under chance, its lateness by cause, and why an order is there."""

import json
import sys
import time
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seamline_broker.errors import ConfigError
from seamline_platform.cli.words import JsonOption, note, print_json, print_table

if TYPE_CHECKING:
    from seamline_platform.planning.shop.noise import Noise
    from seamline_platform.planning.shop.problem import Problem
    from seamline_platform.planning.shop.schedule import Schedule

_HOUR_MS = 3_600_000


def explain(
    file: Annotated[Path, typer.Argument(help="The problem as JSON, as for 'seamline plan'.")],
    order: Annotated[
        str, typer.Argument(help="The order to explain; without it, all orders in a table.")
    ] = "",
    plan: Annotated[
        Path | None,
        typer.Option(help="A plan by 'seamline plan --out'; without it, one is made.",
                     metavar="JSON"),
    ] = None,
    budget: Annotated[
        float, typer.Option(help="CPU seconds to search for a plan.", min=0.01, max=3_600)
    ] = 5.0,
    moves: Annotated[int, typer.Option(help="Moves of that search at the most.")] = 0,
    seed: Annotated[int, typer.Option(help="Of the search and of chance.")] = 1,
    runs: Annotated[int, typer.Option(help="Runs under chance.", min=1, max=100_000)] = 200,
    cv: Annotated[
        float, typer.Option(help="Standard deviation over mean of times.", min=0, max=3)
    ] = 0.15,
    mtbf: Annotated[
        float, typer.Option(help="Hours of sewing between two stops of a line; 0: none.", min=0)
    ] = 0.0,
    mttr: Annotated[float, typer.Option(help="Hours that a stop lasts on average.", min=0)] = 0.5,
    zone: Annotated[str, typer.Option(help="Time zone of times in sentences.")] = "UTC",
    chinese: Annotated[bool, typer.Option("--chinese", help="Sentences in Chinese.")] = False,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Say when orders are done (P50, P90), what makes them late, and why one is where it is.

    Chance: times vary around the planned ones, lines stop; every run begins with the state in the
    problem file. Explanations come from laying the plan out again with one thing changed.
    """
    from seamline_platform.planning.shop.document import problem_of
    from seamline_platform.planning.shop.explained import explained, overview

    problem = problem_of(_read(file))
    schedule = _schedule(problem, plan, budget, moves, seed)
    noise = _noise(problem, cv, mtbf, mttr)
    document = overview(problem, schedule, noise, seed, runs)
    if order:
        document["explanation"] = explained(problem, schedule, order, _zone(zone))
    if as_json:
        print_json(document)
    elif order:
        _print_one(document, order, chinese)
    else:
        _print_all(document)


def _read(file: Path) -> object:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ConfigError(f"{file} cannot be read: {exc}.") from exc
    except ValueError as exc:
        raise ConfigError(f"{file} is not JSON: {exc}.") from exc


def _schedule(
    problem: "Problem", plan: Path | None, budget: float, moves: int, seed: int
) -> "Schedule":
    from seamline_platform.planning.shop.annealing import Budget
    from seamline_platform.planning.shop.explained import schedule_from
    from seamline_platform.planning.shop.solve import solve

    if plan is not None:
        return schedule_from(problem, _read(plan))
    try:
        allowed = Budget(budget, moves)
    except ValueError as exc:
        raise ConfigError(str(exc)) from exc
    return solve(problem, allowed, time.process_time, seed=seed).schedule


def _noise(problem: "Problem", cv: float, mtbf: float, mttr: float) -> "Noise":
    from seamline_platform.planning.shop.noise import Failures, Noise

    hour = _HOUR_MS / problem.tick_ms
    stops = Failures(mtbf * hour, mttr * hour) if mtbf else None
    return Noise(cv, cv, cv, cv, other_lines=stops)


def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as exc:
        raise ConfigError(
            f"Time zone {name!r} is not known; expected an IANA name such as Asia/Shanghai."
        ) from exc


def _print_all(document: dict[str, Any]) -> None:
    print_table(
        ("order", "line", "due", "done", "P50", "P90", "in time", "late", "mostly by"),
        [
            (
                o["order"], o["line"], o["due"], o["planned"], f"{o['done']['p50']:.0f}",
                f"{o['done']['p90']:.0f}", f"{o['in_time']:.0%}", o["late"] or "", _mostly(o),
            )
            for o in document["orders"]
        ],
        f"{document['problem']}: ticks of {document['tick_ms'] / 60_000:g} min",
    )  # fmt: skip
    cost = document["cost"]
    for name, why in document["unplanned"].items():
        note(f"{name} is not planned. {why}")
    note(
        f"Cost {cost['planned']}; in {document['runs']} runs mean {cost['mean']:.0f}, P50 "
        f"{cost['p50']:.0f}, P90 {cost['p90']:.0f}; {document['late']['mean']:.1f} orders late on "
        "average"
    )


def _mostly(order: dict[str, Any]) -> str:
    parts: dict[str, int] = order["late_by_cause"]
    return max(parts, key=lambda p: parts[p]) if parts else ""


def _print_one(document: dict[str, Any], order: str, chinese: bool) -> None:
    for sentence in document["explanation"]["sentences"]:
        sys.stdout.write(sentence["text_zh" if chinese else "text"] + "\n")
    for o in document["orders"]:
        if o["order"] == order:
            sys.stdout.write(
                f"P50 {o['done']['p50']:.0f}, P90 {o['done']['p90']:.0f}, in time "
                f"{o['in_time']:.0%} ({document['runs']} runs, ticks)\n"
            )
