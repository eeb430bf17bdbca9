"""`seamline scheduler`: write a new solver, check one, list those that are there."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from seamline_platform.cli.forecaster_commands import print_finding
from seamline_platform.cli.words import JsonOption, print_json, print_table

app = typer.Typer(
    no_args_is_help=True, help="Solvers of schedules: write a new one, check it, list them."
)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Name of the class, as in MySolver.")],
    folder: Annotated[
        Path, typer.Option("--dir", help="Where to write the file.", metavar="DIR")
    ] = Path(),
) -> None:
    """Write a starter: a whole solver in one file that passes every check."""
    from seamline_platform.experiments.scheduling.conformance.starter import write_starter

    path = write_starter(name, folder)
    sys.stdout.write(
        f"Wrote {path}\n"
        f"  check it:   seamline scheduler check {path}:{name}\n"
        f"  compare it: seamline bench schedule --quick --family garment_40x8 "
        f"--solver {path}:{name}\n"
    )


@app.command()
def check(
    solver: Annotated[str, typer.Argument(help="A registered name, or mine.py:Mine.")],
    as_json: JsonOption = False,
    cpu: Annotated[
        float, typer.Option(help="CPU seconds that one check may take.", min=1.0)
    ] = 60.0,
) -> None:
    """Run the conformance suite: each promise of a solver, and how to mend a broken one."""
    from seamline_platform.experiments.scheduling.conformance import check_scheduler
    from seamline_platform.planning.solvers.load import known_scheduler

    spec = known_scheduler(solver)
    report = check_scheduler(spec, (lambda finding: None) if as_json else print_finding, cpu_s=cpu)
    if as_json:
        found = report.document()
        print_json({"scheduler": found.pop("forecaster"), **found})
    else:
        broken = sum(not finding.ok for finding in report.findings)
        said = f"{broken} promise(s) broken" if broken else "all promises kept"
        sys.stdout.write(f"{spec}: {said}, {len(report.findings)} checks\n")
    raise typer.Exit(0 if report.ok else 1)


@app.command("list")
def list_schedulers(as_json: JsonOption = False) -> None:
    """List the solvers that are registered, what each takes, and whether it can be loaded here."""
    from seamline_broker.errors import PluginError
    from seamline_platform.planning.solvers import load_scheduler, scheduler_names

    rows = []
    for name in scheduler_names():
        try:
            made = load_scheduler(name)
            words = (type(made).__doc__ or "").strip().splitlines()
            rows.append((name, "ok", ", ".join(sorted(made.kinds)), words[0] if words else ""))
        except PluginError as exc:
            rows.append((name, "missing", "", str(exc)))
    if as_json:
        keys = ("name", "status", "takes", "text")
        print_json({"schedulers": [dict(zip(keys, row, strict=True)) for row in rows]})
        return
    print_table(("name", "status", "takes", "what it does"), rows)
