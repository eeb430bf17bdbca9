"""`seamline plan`: a plan for a problem file, by rules and annealing, checked."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seamline_broker.errors import ConfigError
from seamline_platform.cli.words import JsonOption, note, print_json, print_table

if TYPE_CHECKING:
    from seamline_platform.planning.shop.problem import Problem
    from seamline_platform.planning.shop.solve import Solved


def plan(
    file: Annotated[Path, typer.Argument(help="The problem as JSON.", metavar="FILE")],
    budget: Annotated[
        float, typer.Option(help="CPU seconds to search for.", min=0.01, max=3_600)
    ] = 5.0,
    moves: Annotated[
        int,
        typer.Option(help="Moves at the most; with a large budget the plan is the same anywhere."),
    ] = 0,
    seed: Annotated[int, typer.Option(help="Of the search.")] = 1,
    out: Annotated[
        Path | None, typer.Option(help="Also write the plan as JSON here.", metavar="FILE")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Plan the orders of a problem file on its lines: cutting, sewing with set-ups, finishing.

    The plan never costs more than that of the best dispatch rule, and an independent checker has
    passed it. Orders that cannot be planned are listed with what would have to change.
    """
    from seamline_platform.planning.shop.annealing import Budget
    from seamline_platform.planning.shop.document import problem_of, schedule_document
    from seamline_platform.planning.shop.solve import solve

    problem = problem_of(_read(file))
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
    if out is not None:
        _write(out, document)
    if as_json:
        print_json(document)
    else:
        _print(problem, solved)


def _read(file: Path) -> object:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ConfigError(f"{file} cannot be read: {exc}.") from exc
    except ValueError as exc:
        raise ConfigError(f"{file} is not JSON: {exc}.") from exc


def _write(out: Path, document: object) -> None:
    try:
        out.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
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
