"""`seamline balance`: who sews what on a line, and what holds it."""

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seamline_broker.errors import ConfigError
from seamline_platform.cli.files import as_text, read_bytes, read_json, write
from seamline_platform.cli.floor_print import print_balance, print_bundle, print_rebalance
from seamline_platform.cli.words import JsonOption, note, print_json

if TYPE_CHECKING:
    from seamline_platform.planning.balancing.line import HangerLine


def balance(
    file: Annotated[
        Path | None,
        typer.Argument(help="The line as JSON, or a bundle line as text (see --bundle)."),
    ] = None,
    scenario: Annotated[
        str, typer.Option(help="Without a file, a line of it: pi, demo, large, or a TOML file.")
    ] = "demo",
    style: Annotated[str, typer.Option(help="Style to sew, with --scenario.")] = "",
    line: Annotated[
        str, typer.Option(help="Line as site/line, with --scenario.  [default: the first]")
    ] = "",
    skills: Annotated[
        Path | None,
        typer.Option(help="Skill matrix as CSV, in place of the line's operators.", metavar="CSV"),
    ] = None,
    absent: Annotated[
        str, typer.Option(help="Operators who are away: re-balance.", metavar="NAME,..")
    ] = "",
    most: Annotated[
        int | None, typer.Option(help="Operations per operator at the most.", min=1)
    ] = None,
    gap: Annotated[
        float, typer.Option(help="Stop within this share of the bound.", min=0, max=0.5)
    ] = 0.008,
    bundle: Annotated[
        bool, typer.Option("--bundle", help="FILE is a bundle line: n, n rows of times, arcs.")
    ] = False,
    stations: Annotated[
        int, typer.Option(help="With --bundle and equal workers: so many stations.", min=0)
    ] = 0,
    cycle: Annotated[
        int, typer.Option(help="With --bundle: cycle time, as few stations as it takes.", min=0)
    ] = 0,
    ticks: Annotated[
        float, typer.Option(help="With --bundle: deterministic time to search for.", min=0.01)
    ] = 20.0,
    out: Annotated[
        Path | None, typer.Option(help="Write who does what here: .csv or .json.", metavar="FILE")
    ] = None,
    skills_out: Annotated[
        Path | None, typer.Option(help="Write the skill matrix here as CSV.", metavar="CSV")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Balance a line: rate, who does which operation, bottlenecks, and how far it is from the best.

    Hanger lines share operations among operators by skill (a mixed-integer programme with a
    bound). With --absent the line is balanced again with few changes. --bundle balances stations
    in a row (SALBP, ALWABP) and needs the extra `solve`.
    """
    if bundle:
        _balance_bundle(file, stations, cycle, ticks, out, as_json)
        return
    from seamline_platform.planning.balancing.absence import rebalance
    from seamline_platform.planning.balancing.document import (
        balance_csv,
        balance_document,
        rebalance_document,
        skills_csv,
    )
    from seamline_platform.planning.balancing.hanger import Limits
    from seamline_platform.planning.balancing.hanger import balance as balanced

    asked = _line(file, scenario, style, line, skills, most)
    if skills_out is not None:
        write(skills_out, skills_csv(asked), encoding="utf-8-sig")
    note(f"{asked.name}: {len(asked.operations)} operations, {len(asked.operators)} operators ..")
    found = balanced(asked, time.process_time, Limits(gap=gap))
    names = [name.strip() for name in absent.split(",") if name.strip()]
    document = balance_document(found)
    now = found
    if names:
        changed = rebalance(found, names, time.process_time)
        document, now = rebalance_document(changed), changed.after
    _refuse_wrong_balance(now)
    if out is not None:
        text = balance_csv(now) if out.suffix.lower() == ".csv" else as_text(document)
        write(out, text, encoding="utf-8-sig" if out.suffix.lower() == ".csv" else "utf-8")
    if as_json:
        print_json(document)
    elif names:
        print_rebalance(changed)
    else:
        print_balance(found)


def _line(
    file: Path | None, scenario: str, style: str, line: str, skills: Path | None, most: int | None
) -> "HangerLine":
    from seamline_platform.planning.balancing.document import line_of, skills_of

    if file is not None:
        read = read_json(file)
        if skills is not None and isinstance(read, dict):
            rows = skills_of(read_bytes(skills), skills.name)
            read = {**read, "operators": [
                {"operator": w.operator, "efficiency": dict(w.efficiency)} for w in rows
            ]}  # fmt: skip
        asked = line_of(read)
    else:
        asked = _line_of_scenario(scenario, style, line)
        if skills is not None:
            asked = replace(asked, operators=skills_of(read_bytes(skills), skills.name))
    return replace(asked, most=most) if most is not None else asked


def _line_of_scenario(scenario: str, style: str, line: str) -> "HangerLine":
    """Return a line of the simulated world: a style's bulletin, and what its people can do."""
    from seamline_platform.planning.balancing.line import HangerLine, Operator, operations_of
    from seamline_sim import World, crew, load_scenario

    world = World.create(load_scenario(scenario), seed=1)
    made = world.catalogue
    if style not in made.styles:
        raise ConfigError(
            f"Style {style!r} is not known; give --style, one of {', '.join(made.styles)}, or a "
            "line as a file."
        )
    lines = {f"{x.site}/{x.line}": x for x in made.lines}
    name = line or next(iter(lines))
    if name not in lines:
        raise ConfigError(f"Line {name!r} is not known; there is: {', '.join(lines)}.")
    operations = operations_of(made.bulletins[made.styles[style].bulletin])
    here = world.line_of[name]
    classes = dict.fromkeys(o.machine for o in operations)
    people = tuple(
        Operator(
            f"op-{k + 1:02d}",
            {m: p / 1000 for m in classes if (p := crew.pace_of(world, here, k, m))},
        )
        for k in range(lines[name].operators)
    )
    return HangerLine(f"{name} {style}", operations, people)


def _balance_bundle(
    file: Path | None, stations: int, cycle: int, ticks: float, out: Path | None, as_json: bool
) -> None:
    from seamline_platform.planning.balancing.bundle import check_bundle, read_alwabp
    from seamline_platform.planning.balancing.stations import (
        fewest_stations,
        shortest_cycle,
        shortest_cycle_alike,
    )

    if file is None:
        raise ConfigError("--bundle needs a file: number of tasks, rows of times, arcs.")
    line = read_alwabp(read_bytes(file).decode("utf-8", "replace"), file.name)
    if cycle:
        found = fewest_stations(line, cycle, time.process_time, ticks=ticks)
    elif stations:
        found = shortest_cycle_alike(line, stations, time.process_time, ticks=ticks)
    else:
        found = shortest_cycle(line, time.process_time, ticks=ticks)
    wrong = check_bundle(found, alike=bool(cycle or stations))
    if wrong:
        raise ConfigError(f"The balance was refused by the check: {wrong[0]}")
    document = {
        "line": line.name, "cycle": found.cycle, "stations": [
            {"worker": w + 1, "tasks": [t + 1 for t in tasks]}
            for w, tasks in zip(found.worker, found.stations, strict=True)
        ],
        "objective": found.objective, "bound": found.bound, "gap": round(found.gap, 5),
        "optimal": found.optimal, "ticks": round(found.ticks, 4), "cpu_s": round(found.cpu_s, 3),
    }  # fmt: skip
    if out is not None:
        write(out, as_text(document))
    if as_json:
        print_json(document)
    else:
        print_bundle(found)


def _refuse_wrong_balance(found: Any) -> None:
    from seamline_platform.planning.balancing.check import check_balance

    wrong = check_balance(found)
    if wrong:
        raise ConfigError(f"The balance was refused by the check: {wrong[0]}")
